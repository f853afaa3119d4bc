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
    `unsure`: see `Event`.
    """

    id: str
    time: int
    due: int | None
    expires: int
    late: bool
    record: bytes
    unsure: bool = False

    @classmethod
    def of(cls, record: Record, event: Event, due: int | None, expires: int, *, late: bool) -> Self:
        """What there is to keep of an event and its record."""
        # An empty text is told as it came, and not as if it were missing.
        members = {
            name: value for name in _MEMBERS if (value := getattr(record, name)) or value == ""
        }
        # A record without an id is named by its content, of which some is left out here.
        members["eventID"] = event.id
        return cls(event.id, event.time, due, expires, late, _encode(members), event.unsure)


class Silenced(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A final verdict that silenced an event, and is remembered until then, in seconds since the epoch, UTC.

    `events` are all that it is remembered with, by id and initial principal, whose records are to be kept as long.
    `paths` explain the event: cascade, node, and the path as places in `events`. `open` are the places of stricter
    explanations that nobody takes: cascade, node, an event's place in `events`, and whether the node is required
    beside that event, and not its own.
    """

    id: str
    until: int
    verdict: str
    events: tuple[tuple[str, str | None], ...]
    paths: tuple[tuple[str, str, tuple[int, ...]], ...]
    open: tuple[tuple[str, str, int, bool], ...]

    def is_sound(self) -> bool:
        """Whether all places are those of events."""
        places = [*(at for *_, path in self.paths for at in path), *(at for *_, at, _ in self.open)]
        return all(0 <= at < len(self.events) for at in places)


class Changes(msgspec.Struct, gc=False):
    """What has happened since the last time: events and credentials seen, what was said of events that wait
    (None: the last word was), and which were silenced (None: are no longer)."""

    taken: list[Taken] = msgspec.field(default_factory=list)
    issued: list[Issued] = msgspec.field(default_factory=list)
    said: dict[str, Said | None] = msgspec.field(default_factory=dict)
    silenced: dict[str, Silenced | None] = msgspec.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.taken) + len(self.issued) + len(self.said) + len(self.silenced)


class Mark(msgspec.Struct, frozen=True, gc=False):
    """How far a stream has come: the latest eventTime, the instant up to which events were taken up, and
    the last event that was judged, by the instant at which that was due and by its id. It has listened from
    `since` until `until`; `conflicting` are the ids of which copies differ, and `doubtful` the actions of which
    an event is in doubt, each with the last instant seen then."""

    latest: int | None = None
    front: int | None = None
    judged: tuple[int, str] = (0, "")
    records: int = 0
    duplicates: int = 0
    late: int = 0
    undated: int = 0
    since: int | None = None
    until: int | None = None
    conflicting: tuple[str, ...] = ()
    doubtful: tuple[tuple[str, int], ...] = ()

    @property
    def expired(self) -> int | None:
        """The instant from before which what has expired is asked for no more: verdicts that are due, and not given
        yet, may lie before the front. None before the first verdicts were asked for."""
        return None if self.front is None else min(self.front, self.judged[0])

    def waits(self, event: Taken) -> bool:
        """Whether an event still waited for its verdict then."""
        return not event.late and event.due is not None and (event.due, event.id) > self.judged
