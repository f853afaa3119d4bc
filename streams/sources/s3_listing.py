"""What is new below a prefix of S3, found by listing it again and again.

S3 lists in order of keys, not of time: a pass lists everything, and notes when it began. What S3 says was modified
well before that needs no name afterwards; of what is younger the name is remembered.
"""

from collections import deque
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from .dated_folders import day_folder, days_before, delivered, is_digest, name_hash, order, today
from .position_types import Moment

# For clocks that differ, uploads that take long, and replicas, which keep the time of their original.
MARGIN = 24 * 3_600


class Progress(msgspec.Struct, forbid_unknown_fields=True):
    """How far a prefix was listed and read.

    What was modified before `horizon` (seconds since 1970) was seen. `begun` is when the pass began that is under
    way, `cursor` the last key it has dealt with; 0 and empty between passes. `newest` is the last day of a file seen.
    """

    horizon: Moment = 0
    begun: Moment = 0
    cursor: str = ""
    newest: date | None = None


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object that is to be read."""

    key: str
    etag: str
    modified: int
    order: tuple[str, str]


class Listing:
    """One prefix: the objects of the pages listed so far that are to be read, in order of their keys.

    Of objects modified less than a day before the last pass began, and later, eight bytes of name are kept,
    of older ones nothing. Where all keys are filed by day (`lookback` is not None), a pass begins so many days before
    the newest day seen.
    """

    def __init__(
        self,
        prefix: str,
        progress: Progress,
        seen: dict[int, set[bytes]],
        *,
        lookback: int | None = None,
    ) -> None:
        self.prefix = prefix
        self.progress = progress
        self.seen = seen
        self.pending: deque[ListedObject] = deque()
        self.due = 0.0
        """When, on the steady clock, the next pass may begin."""
        self._lookback = lookback
        self._page_end = ""
        self._has_more = True

    @property
    def wants_page(self) -> bool:
        """Whether a page is to be listed before anything else of it can be read."""
        return not self.pending and bool(self.progress.begun)

    def begin(self, wall: float) -> None:
        """Begin a pass."""
        self.progress.begun = int(wall)

    def start_after(self) -> str:
        """Behind which key the next page begins."""
        after = max(self._page_end, self.progress.cursor)
        if self.progress.newest is not None and self._lookback is not None:
            oldest = days_before(self.progress.newest, self._lookback)
            return max(after, self.prefix + day_folder(oldest))
        return after

    def add(self, page: Any, wall: float) -> None:
        """Take in a page of the listing: an answer to ListObjectsV2."""
        for each in page.get("Contents", ()):
            self._page_end = each["Key"]
            item = ListedObject(
                each["Key"],
                each.get("ETag", ""),
                int(each["LastModified"].timestamp()),
                order(each["Key"]),
            )
            if self._is_new(item, each["Size"]):
                self.pending.append(item)
            else:
                self._note_day(item.key, wall)
        self._has_more = bool(page.get("IsTruncated"))
        self._go_on()

    def done(self, item: ListedObject, wall: float) -> None:
        """The first of those pending was dealt with."""
        self.pending.popleft()
        progress = self.progress
        if item.modified >= progress.begun - MARGIN:
            self.seen.setdefault(item.modified, set()).add(name_hash(item.key, item.etag))
        self._note_day(item.key, wall)
        progress.cursor = item.key
        self._go_on()

    def _is_new(self, item: ListedObject, size: int) -> bool:
        if not size or item.key.endswith("/") or is_digest(item.key):
            return False
        if item.modified < self.progress.horizon:
            return False
        return name_hash(item.key, item.etag) not in self.seen.get(item.modified, ())

    def _note_day(self, key: str, wall: float) -> None:
        place = delivered(key) if self._lookback is not None else None
        # A name from the future must not hide what is delivered until then.
        if place is None or f"{place.group}/" != self.prefix or place.day > today(wall):
            return
        if self.progress.newest is None or place.day > self.progress.newest:
            self.progress.newest = place.day

    def _go_on(self) -> None:
        """With nothing pending the page is dealt with, and behind the last page so is the pass."""
        if self.pending:
            return
        progress = self.progress
        if self._has_more:
            progress.cursor = max(progress.cursor, self._page_end)
            return
        progress.horizon = max(progress.horizon, progress.begun - MARGIN)
        progress.begun, progress.cursor = 0, ""
        self._page_end, self._has_more = "", True
        for modified in [each for each in self.seen if each < progress.horizon]:
            del self.seen[modified]
