"""A prefix of an S3 bucket into which log files are delivered."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ...events import OnProblem, Problem, Record
from ..source import SourceError
from .aws import Backoff, Refused, ask, connect
from .clock import SYSTEM, Clock
from .dated_folders import packed_hashes, today, unpacked_hashes
from .options import SourceOptions
from .position_types import Count, Moment
from .s3_listing import ListedObject, Listing, Progress
from .s3_objects import ObjectReader, S3Object
from .trail_prefixes import LOGS, is_region_folder, leads_to_trails

_INTERVAL = 60.0
_DISCOVERY = 600.0
_PENDING = 100_000
_ATTEMPTS = 5
_DAMAGED = frozenset({"FlexibleChecksumError", "IncompleteReadError"})


class _Current(msgspec.Struct, forbid_unknown_fields=True):
    prefix: str
    key: str
    etag: str
    given: Count


class _Place(msgspec.Struct, forbid_unknown_fields=True):
    progress: Progress
    seen: dict[int, bytes]


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    form: Literal["s3-1"]
    bucket: str
    prefix: str
    since: Moment
    places: dict[str, _Place]
    current: _Current | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class S3Prefix:
    """The objects below a prefix as they are delivered, found by listing it every `poll_interval` seconds.

    Below AWSLogs/ each region's folder of each account's CloudTrail/ is listed from `lookback_days` before the newest
    day seen; new folders are looked for every ten minutes, and files of all folders are read in the order of
    their delivery. Any other prefix is listed as a whole each time, in the order of its keys.

    An object is known by key and ETag: written anew, it is read again. Position and memory: eight bytes for each
    object modified within a day before the last pass began, or since; a few words for each folder. What turns up
    with a time of modification of more than a day ago (a replica that was late by so much) is not found.

    `start="latest"` begins with objects modified from now on.
    """

    forgets = False

    def __init__(
        self, name: str, on_problem: OnProblem, options: SourceOptions, *, clock: Clock = SYSTEM
    ) -> None:
        self.name = name
        self._bucket, self._prefix = _parts(name)
        self._on_problem = on_problem
        self._options = options
        self._clock = clock
        self._client = connect("s3", options)
        self._reader = ObjectReader(self._client, options, on_problem)
        self._backoff = Backoff(name, on_problem, clock)
        self._interval = options.poll_interval or _INTERVAL
        self._since = int(clock.wall()) if options.start == "latest" else 0
        self._listings: dict[str, Listing] = {}
        self._to_discover: deque[str] = deque()
        self._next_discovery = 0.0
        self._object: tuple[Listing, ListedObject, S3Object] | None = None
        self._resumed: _Current | None = None
        self._attempts = 0
        self._busy = True

    def poll(self, wait: float) -> Sequence[Record] | None:
        """See `Source`. A prefix never ends."""
        now = self._clock.steady
        deadline = now() + wait
        while True:
            pause = self._backoff.left
            if not pause:
                try:
                    records = self._step()
                except Refused as refused:
                    self._failed(refused)
                    records = []
                self._busy = records is not None
                if records:
                    return records
                if records is None:
                    pause = max(0.0, self._next_due() - now())
            if now() >= deadline:
                return []
            if pause:
                self._clock.wait(min(pause, deadline - now()))

    @property
    def busy(self) -> bool:
        """See `Source`."""
        return self._busy

    def position(self) -> bytes:
        """See `Source`."""
        current = self._resumed
        if self._object is not None:
            listing, item, reading = self._object
            current = _Current(listing.prefix, item.key, reading.etag, reading.given)
        places = {
            prefix: _Place(
                listing.progress,
                {modified: packed_hashes(hashes) for modified, hashes in listing.seen.items()},
            )
            for prefix, listing in self._listings.items()
        }
        return _encode(_Stored("s3-1", self._bucket, self._prefix, self._since, places, current))

    def resume(self, position: bytes) -> None:
        """See `Source`."""
        try:
            stored = _decode(position)
            if (stored.bucket, stored.prefix) != (self._bucket, self._prefix):
                raise ValueError("of another prefix")
            for prefix, place in stored.places.items():
                seen = {each: unpacked_hashes(packed) for each, packed in place.seen.items()}
                self._add(prefix, place.progress, seen)
        except ValueError as error:
            reason = "the stored position is none of this prefix"
            raise SourceError(f"{self.name}: {reason}") from error
        self._since = stored.since
        self._resumed = stored.current

    def settle(self) -> None:
        """See `Source`. Nothing is deleted."""

    def close(self) -> None:
        """See `Source`."""
        if self._object is not None:
            self._object[2].close()
        self._client.close()

    def _step(self) -> list[Record] | None:
        """One request, or a portion of an object; None when there is nothing to do for now."""
        if self._object is not None:
            return self._read(*self._object)
        now = self._clock.steady()
        if now >= self._next_discovery and not self._to_discover:
            self._to_discover.append(self._folder())
            self._next_discovery = now + _DISCOVERY
        if self._to_discover:
            self._discover()
            return []
        listings = self._listings.values()
        # What was found is read before anything is listed again: listing many folders takes longer than the interval.
        if not any(each.progress.begun for each in listings):
            for each in listings:
                if now >= each.due:
                    each.begin(self._clock.wall())
                    each.due = now + self._interval
        for each in listings:
            if each.wants_page:
                self._list(each)
                return []
        pending = [each for each in listings if each.pending]
        if not pending:
            return None
        # The engine wants events in order of time: the oldest of all folders first.
        self._begin(min(pending, key=lambda each: each.pending[0].order))
        return []

    def _next_due(self) -> float:
        return min([self._next_discovery, *(each.due for each in self._listings.values())])

    def _folder(self) -> str:
        return (
            self._prefix if not self._prefix or self._prefix.endswith("/") else f"{self._prefix}/"
        )

    # Where files are delivered.

    def _discover(self) -> None:
        """Look one level deeper."""
        prefix = self._to_discover[0]
        if not leads_to_trails(prefix):
            self._choose_layout(f"{prefix}{LOGS}/")
        elif is_region_folder(prefix):
            self._add_new(prefix)
        else:
            more: dict[str, str] = {}
            below: list[str] = []
            while True:
                page = self._page(Prefix=prefix, Delimiter="/", **more)
                below += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
                if not page.get("IsTruncated"):
                    break
                more = {"ContinuationToken": page["NextContinuationToken"]}
            self._to_discover += [each for each in below if leads_to_trails(each)]
        self._to_discover.popleft()

    def _choose_layout(self, logs: str) -> None:
        """Whether trails deliver below the prefix, or it is another layout, which it then stays."""
        if self._prefix in self._listings:
            return
        if self._page(Prefix=logs, MaxKeys=1).get("Contents"):
            self._to_discover.append(logs)
        elif self._page(Prefix=self._prefix, MaxKeys=1).get("Contents"):
            self._add_new(self._prefix)
        else:  # nothing was delivered yet
            self._next_discovery = self._clock.steady() + self._interval

    def _add_new(self, prefix: str) -> None:
        if prefix not in self._listings:
            progress = Progress(horizon=self._since)
            if self._since:
                progress.newest = today(self._since)
            self._add(prefix, progress, {})

    def _add(self, prefix: str, progress: Progress, seen: dict[int, set[bytes]]) -> None:
        lookback = self._options.lookback_days if is_region_folder(prefix) else None
        self._listings[prefix] = Listing(prefix, progress, seen, lookback=lookback)

    # Listing and reading.

    def _list(self, listing: Listing) -> None:
        size = max(10, min(1_000, _PENDING // len(self._listings)))
        after = listing.start_after()
        more = {"StartAfter": after} if after else {}
        page = self._page(Prefix=listing.prefix, MaxKeys=size, **more)
        listing.add(page, self._clock.wall())

    def _page(self, **arguments: object) -> Any:
        try:
            page = ask(self._client.list_objects_v2, Bucket=self._bucket, **arguments)
        except Refused as refused:
            if refused.code == "NoSuchBucket":
                raise SourceError(f"{self.name}: there is no such bucket") from refused
            if refused.denied:
                reason = f"listing takes s3:ListBucket on the bucket: {refused}"
                raise SourceError(f"{self.name}: {reason}") from refused
            raise
        self._backoff.succeeded()
        return page

    def _begin(self, listing: Listing) -> None:
        item, resumed = listing.pending[0], self._resumed
        self._attempts = 0
        etag, skip = "", 0
        if resumed is not None and (resumed.prefix, resumed.key) == (listing.prefix, item.key):
            etag, skip = resumed.etag, resumed.given
            self._resumed = None
        reading = self._reader.open(self._bucket, item.key, etag=etag, skip=skip)
        self._object = (listing, item, reading)

    def _read(self, listing: Listing, item: ListedObject, reading: S3Object) -> list[Record]:
        records = self._reader.step(reading)
        self._backoff.succeeded()
        if records is not None:
            return records
        reading.close()
        self._object = None
        listing.done(item, self._clock.wall())
        return []

    def _failed(self, refused: Refused) -> None:
        """Wait before it is tried again; an object that comes damaged each time is given up."""
        if self._object is None or refused.code not in _DAMAGED:
            self._backoff.failed("S3", refused)
            return
        self._attempts += 1
        if self._attempts < _ATTEMPTS:
            self._backoff.failed("S3", refused)
            return
        listing, item, reading = self._object
        reason = f"came damaged {_ATTEMPTS} times: {refused}"
        self._on_problem(Problem(reading.name, "object", reason))
        self._object = None
        self._backoff.succeeded()
        listing.done(item, self._clock.wall())


def _parts(name: str) -> tuple[str, str]:
    """Bucket and prefix of s3://BUCKET/PREFIX or of arn:aws:s3:::BUCKET/PREFIX.

    Raises:
        SourceError: no bucket is named.
    """
    path = name.split(":", 5)[5] if name.startswith("arn:") else name.partition("://")[2]
    bucket, _, prefix = path.partition("/")
    if not bucket:
        raise SourceError(f"{name}: no bucket is named; write s3://BUCKET/PREFIX")
    return bucket, prefix
