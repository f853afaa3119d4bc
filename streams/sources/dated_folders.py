"""The layout in which CloudTrail delivers, and others that file by day: FOLDER/YYYY/MM/DD/...

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b

DIGESTS = "CloudTrail-Digest"
_DAY = re.compile(
    r"(?:(?P<group>.*)/)?(?P<day>[12][0-9]{3}/[01][0-9]/[0-3][0-9])/(?P<rest>.+)", re.S
)
_STAMP = re.compile(r"_([0-9]{8}T[0-9]{4})Z_")
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file's place: the folder it was delivered to, the day, and the path below that day."""

    group: str
    day: date
    rest: str


def delivered(path: str) -> Delivered | None:
    """The parts of a path (or key) that is filed by day; None where it is not."""
    found = _DAY.fullmatch(path)
    if found is None:
        return None
    try:
        day = datetime.strptime(found["day"], "%Y/%m/%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return Delivered(found["group"] or "", day, found["rest"])


def day_folder(day: date) -> str:
    """How a day is written in a path."""
    return f"{day.year:04}/{day.month:02}/{day.day:02}"


def days_before(day: date, days: int) -> date:
    """The day so many days earlier, or the first there is."""
    return date.fromordinal(max(1, day.toordinal() - days))


def today(wall: float) -> date:
    """The day, in UTC, of a time in seconds since 1970."""
    return datetime.fromtimestamp(wall, UTC).date()


def is_digest(path: str) -> bool:
    """Whether it is a file of hashes that CloudTrail delivers beside its logs, known by its folder."""
    return f"/{DIGESTS}/" in f"/{path}"


def order(path: str) -> tuple[str, str]:
    """Sorts files of several folders by when they were delivered, as far as their paths say."""
    stamp = _STAMP.search(path)
    if stamp is not None:
        return stamp[1], path
    place = delivered(path)
    return (place.day.strftime("%Y%m%d") if place is not None else "", path)


def name_hash(*parts: str) -> bytes:
    """Eight bytes that stand for a name: enough to tell the files of a folder from each other."""
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=_HASH_BYTES).digest()


@dataclass(slots=True)
class DatedFolder:
    """Which files of one dated folder were read.

    `newest` is the last day of which one was read. Of the days from `lookback` days before it, what was read
    is remembered, eight bytes a file; days before these are over and are not looked at again.
    """

    lookback: int
    newest: date | None = None
    read: dict[date, set[bytes]] = field(default_factory=dict)

    def is_over(self, day: date) -> bool:
        """Whether that day is not looked at any more."""
        return self.newest is not None and day < days_before(self.newest, self.lookback)

    def has(self, place: Delivered) -> bool:
        """Whether the file was read."""
        return self.is_over(place.day) or name_hash(place.rest) in self.read.get(place.day, ())

    def add(self, place: Delivered) -> None:
        """The file was read."""
        if self.is_over(place.day):
            return
        self.read.setdefault(place.day, set()).add(name_hash(place.rest))
        if self.newest is None or place.day > self.newest:
            self.newest = place.day
            for day in [each for each in self.read if self.is_over(each)]:
                del self.read[day]


def packed_hashes(hashes: Iterable[bytes]) -> bytes:
    """Hashes as one value, in an order that does not depend on chance."""
    return b"".join(sorted(hashes))


def unpacked_hashes(packed: bytes) -> set[bytes]:
    """What `packed_hashes` was given.

    Raises:
        ValueError: it gave no such value.
    """
    if len(packed) % _HASH_BYTES:
        raise ValueError("a hash is cut short")
    return {packed[at : at + _HASH_BYTES] for at in range(0, len(packed), _HASH_BYTES)}
