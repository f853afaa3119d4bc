"""The events of a stream that wait: to be taken up, and for their verdict; and the ids that copies are known by."""

from collections import deque
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush

from ..event import Event
from ..plan.nodes import ActionPlan
from .horizon import Horizon
from .spill import Spill

SLICE = 1_000
Due = tuple[int, str, Event]
Filed = dict[str, tuple[Event, list[int]]]


class Timers:
    """Two queues, by time and by the instant at which a verdict is due, of which a part may lie in a spill.

    Copies of an event are known for `lateness` seconds after its verdict was due.
    """

    def __init__(self, horizon: Horizon, lateness: int) -> None:
        self._horizon = horizon
        self._lateness = lateness
        self._arrived: list[tuple[int, str, Event]] = []
        self._open: list[Due] = []
        self._known: dict[str, int] = {}
        self._told: deque[tuple[int, str]] = deque()
        self._spill: Spill | None = None

    def __len__(self) -> int:
        return self.in_memory + (self._spill.waiting if self._spill else 0)

    @property
    def in_memory(self) -> int:
        """How many events wait in memory."""
        return len(self._arrived) + len(self._open)

    @property
    def ids(self) -> int:
        """How many ids are known, in memory."""
        return len(self._known)

    def digest(self, id_: str) -> int | None:
        """The digest of the event of this id that was seen; None where none was."""
        digest = self._known.get(id_)
        if digest is None and self._spill is not None:
            return self._spill.digest(id_)
        return digest

    def in_reach(self, id_: str) -> bool:
        """Whether an event was seen, and its id lies in memory."""
        return id_ in self._known

    def know(self, id_: str, digest: int) -> None:
        """Note that an event was seen; copies that say the same have the same digest."""
        self._known[id_] = digest

    def arrive(self, event: Event) -> None:
        """Take in an event that waits to be taken up."""
        heappush(self._arrived, (event.time, event.id, event))

    def take_up(self, before: int) -> tuple[list[Event], int]:
        """The next slice of the events before an instant, by time and id, and up to which instant none is left."""
        reached = before
        if self._spill is not None:
            back = self._spill.take_arrived(before, SLICE)
            for event in back:
                self.arrive(event)
            if len(back) == SLICE:
                reached = back[-1].time
        slice_: list[Event] = []
        while self._arrived and self._arrived[0][0] < before and len(slice_) < SLICE:
            slice_.append(heappop(self._arrived)[2])
        if self._arrived and self._arrived[0][0] < reached:
            reached = self._arrived[0][0]
        return slice_, reached

    def wait(self, event: Event, due: int | None = None) -> None:
        """Let an event that was taken up wait for its verdict, until its hold is over unless told otherwise; one that
        gets none is only known for a while."""
        if due is None:
            due = event.time + self._horizon.hold[event.action]
        if event.action.listed:
            heappush(self._open, (due, event.id, event))
        else:
            self.done(event, due)

    def due(self, before: int, most: int) -> tuple[list[Due], bool]:
        """The verdicts that are due before an instant, in order of that and of the id, at most so many; whether there
        are more."""
        due: list[Due] = []
        while self._open and self._open[0][0] < before and len(due) <= most:
            due.append(heappop(self._open))
        if self._spill is not None:
            found = self._spill.take_due(before, most + 1)
            due += ((when, event.id, event) for when, event in found)
            due.sort(key=lambda each: each[:2])
        for later in due[most:]:
            heappush(self._open, later)
        return due[:most], len(due) > most

    def done(self, event: Event, due: int) -> None:
        """Know copies of an event whose verdict was due then for a while: one may still be on its way."""
        if event.id in self._known:
            self._told.append((due + self._lateness, event.id))

    def forget(self, before: int) -> list[str]:
        """Forget the ids whose time is over; which ones."""
        over = []
        while self._told and self._told[0][0] < before:
            id_ = self._told.popleft()[1]
            if self._known.pop(id_, None) is not None:
                over.append(id_)
        return over

    def all(self) -> Iterator[Event]:
        """Give away all events that wait."""
        waiting = [event for *_, event in (*self._open, *self._arrived)]
        self._open.clear()
        self._arrived.clear()
        while waiting:
            yield from waiting
            waiting = []
            if self._spill is not None:
                waiting += self._spill.take_arrived(1 << 62, SLICE)
                waiting += (event for _, event in self._spill.take_due(1 << 62, SLICE))

    def drain(self, spill: Spill, filed: Filed) -> None:
        """Move everything to `spill`, and look there from now on: with what is `filed` somewhere, by id."""
        keep = self._horizon.keep
        for _, id_, _ in self._arrived:
            filed.pop(id_, None)  # it is filed when it is taken up
        spill.put_ids(self._forgotten_at())
        spill.put(_with_places(self._open, filed, keep))
        spill.put(
            (event, event.time + keep[event.action], None, places)
            for event, places in filed.values()
        )
        spill.put_arrived(event for *_, event in self._arrived)
        self._open.clear()
        self._arrived.clear()
        self._known.clear()
        self._told.clear()
        self._spill = spill

    def _forgotten_at(self) -> Iterator[tuple[str, int, int]]:
        told = {id_: forget for forget, id_ in self._told}
        waiting = {id_: due + self._lateness for due, id_, _ in self._open}
        for time, id_, event in self._arrived:
            waiting[id_] = time + self._horizon.hold[event.action] + self._lateness
        latest = max((*told.values(), *waiting.values()), default=0)
        for id_, digest in self._known.items():
            yield id_, waiting.get(id_, told.get(id_, latest)), digest


def _with_places(
    open_: list[Due], filed: Filed, keep: Mapping[ActionPlan, int]
) -> Iterator[tuple[Event, int, int, list[int]]]:
    """The events that wait, each with the places it is filed in, which are taken out of `filed`."""
    for due, id_, event in open_:
        _, places = filed.pop(id_, (event, []))
        expires = max(due + 1, event.time + keep[event.action]) if places else due
        yield event, expires, due, places
