"""What a stream's engine needs to go on after a restart: what has changed since the last time, and how far it is."""

from typing import Self

import msgspec

from ...events import Record
from ..event import Event
from .revision import Said
from .sessions import Issued

_encode = msgspec.json.Encoder().encode
_MEMBERS = Record.__struct_fields__


class Taken(msgspec.Struct, frozen=True, gc=False):
    """An event that was taken in: the members of its record that are read, as JSON.

    `time`, `due` (when its verdict is due; None where it gets none) and `expires` are seconds since the epoch, UTC.
    """

    id: str
    time: int
    due: int | None
    expires: int
    late: bool
    record: bytes

    @classmethod
    def of(cls, record: Record, event: Event, due: int | None, expires: int, *, late: bool) -> Self:
        """What there is to keep of an event and its record."""
        # An empty text is told as it came, and not as if it were missing.
        members = {
            name: value for name in _MEMBERS if (value := getattr(record, name)) or value == ""
        }
        # A record without an id is named by its content, of which some is left out here.
        members["eventID"] = event.id
        return cls(event.id, event.time, due, expires, late, _encode(members))


class Changes(msgspec.Struct, gc=False):
    """What has happened since the last time: events and credentials seen, and what was said of events that wait
    (None: the last word was)."""

    taken: list[Taken] = msgspec.field(default_factory=list)
    issued: list[Issued] = msgspec.field(default_factory=list)
    said: dict[str, Said | None] = msgspec.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.taken) + len(self.issued) + len(self.said)


class Mark(msgspec.Struct, frozen=True, gc=False):
    """How far a stream has come: the latest eventTime, the instant up to which events were taken up, and
    the last event that was judged, by the instant at which that was due and by its id."""

    latest: int | None = None
    front: int | None = None
    judged: tuple[int, str] = (0, "")
    records: int = 0
    duplicates: int = 0
    late: int = 0
    undated: int = 0

    @property
    def expired(self) -> int | None:
        """The instant from before which what has expired is asked for no more: verdicts that are due, and not given
        yet, may lie before the front. None before the first verdicts were asked for."""
        return None if self.front is None else min(self.front, self.judged[0])

    def waits(self, event: Taken) -> bool:
        """Whether an event still waited for its verdict then."""
        return not event.late and event.due is not None and (event.due, event.id) > self.judged
