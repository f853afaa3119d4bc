"""Files the events of a stream under what must be equal on an edge, one by one, and forgets them again."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain
from operator import attrgetter

from ..event import Event
from ..joins import Equal, PartnerIndex, fits
from ..plan.nodes import ActionPlan, NodePlan, Pairs, SpoilerPlan
from .spill import Place, Spill, key_of

_time_of: Callable[[Event], int] = attrgetter("time")


class Count:
    """How many places are taken, in all the indexes that share it."""

    __slots__ = ("places",)

    def __init__(self) -> None:
        self.places = 0


class LiveIndex(PartnerIndex):
    """A partner index that takes events one by one, forgets them again, and finds those in the spill, too.

    `number` tells its places from those of other indexes there.
    """

    __slots__ = ("_count", "_filed", "number", "spill")

    def __init__(
        self,
        pairs: Pairs,
        equal: Equal,
        number: int,
        count: Count,
        *,
        of_parents: bool,
        lenient: bool = False,
    ) -> None:
        super().__init__((), pairs, equal, of_parents=of_parents, lenient=lenient)
        self._filed: deque[tuple[int, Place]] = deque()
        self._count = count
        self.number = number
        self.spill: Spill | None = None

    def add(self, event: Event) -> None:
        places = self.file(event)
        self._filed.extend((event.time, place) for place in places)
        self._count.places += len(places)

    def remove(self, event: Event) -> None:
        """Take an event out, as it was when it was added; nothing happens where it was not."""
        for place in self.places_filed(event):
            bucket = self._index.get(place, [])
            bucket[:] = [each for each in bucket if each.id != event.id]
            if not bucket:
                self._index.pop(place, None)

    def forget(self, before: int) -> None:
        """Drop the events before an instant. Of one that came late, some later one keeps it a while."""
        while self._filed and self._filed[0][0] < before:
            _, place = self._filed.popleft()
            self._count.places -= 1
            bucket = self._index.get(place)
            if bucket is None:
                continue
            del bucket[: bisect_left(bucket, before, key=_time_of)]
            if not bucket:
                del self._index[place]

    def drain(self) -> Iterator[tuple[int, Event]]:
        """Give away everything, with the place as the spill knows it."""
        index, self._index = self._index, {}
        self._count.places -= len(self._filed)
        self._filed.clear()
        while index:
            place, bucket = index.popitem()
            key = key_of((self.number, *place))
            for event in bucket:
                yield key, event

    def near(self, event: Event, earliest: int, latest: int) -> Iterable[Event]:
        """See `PartnerIndex.near`."""
        if self.spill is None or not self.spill.filed:
            # Most parents are not there at any time, and need not be asked for by key.
            return super().near(event, earliest, latest) if self._index else ()
        return self._near_everywhere(self.spill, event, earliest, latest)

    def _near_everywhere(
        self, spill: Spill, event: Event, earliest: int, latest: int
    ) -> Iterator[Event]:
        kept = [
            spill.near((self.number, *place), event.time, earliest, latest)
            for place in self.places_asked(event)
        ]
        here = iter(super().near(event, earliest, latest))
        first = next(here, None)
        if first is None and len(kept) == 1:
            yield from (partner for partner in kept[0] if partner.id != event.id)
            return
        seen = {event.id}
        for partner in merge(
            *([] if first is None else [chain((first,), here)]),
            *kept,
            key=lambda each: (abs(each.time - event.time), each.id),
        ):
            if partner.id not in seen:
                seen.add(partner.id)
                yield partner


class Roles:
    """The parts that events may play, each with an index of the events that play it."""

    def __init__(self) -> None:
        self._roles: dict[ActionPlan, list[tuple[NodePlan | SpoilerPlan, LiveIndex]]] = {}
        self._indexes: list[tuple[ActionPlan, LiveIndex]] = []
        self._count = Count()

    def of_node(self, node: NodePlan, plays: NodePlan, *, of_parents: bool) -> LiveIndex:
        """A new index of the events that fit `plays`, on either side of the edge of `node`."""
        return self._role(plays, node.join, Equal.on(node), of_parents=of_parents)

    def of_spoiler(
        self, spoiler: SpoilerPlan, plays: NodePlan | SpoilerPlan, *, of_parents: bool
    ) -> LiveIndex:
        """A new index of the events that fit `plays`, on either side of a spoiler."""
        equal = Equal(account=spoiler.same_account)
        return self._role(plays, spoiler.join, equal, of_parents=of_parents, lenient=True)

    def _role(
        self,
        plays: NodePlan | SpoilerPlan,
        pairs: Pairs,
        equal: Equal,
        *,
        of_parents: bool,
        lenient: bool = False,
    ) -> LiveIndex:
        number = len(self._indexes)
        index = LiveIndex(pairs, equal, number, self._count, of_parents=of_parents, lenient=lenient)
        self._roles.setdefault(plays.action, []).append((plays, index))
        self._indexes.append((plays.action, index))
        return index

    def __len__(self) -> int:
        """In how many places of memory events are filed."""
        return self._count.places

    def add(self, event: Event) -> None:
        """File an event whose actor is settled in every part that it plays."""
        for plays, index in self._roles.get(event.action, ()):
            if fits(plays, event):
                index.add(event)

    def remove(self, event: Event) -> None:
        """Take an event out again, as it was when it was added."""
        for _, index in self._roles.get(event.action, ()):
            index.remove(event)

    def forget(self, keep: Mapping[ActionPlan, int], now: int) -> None:
        """Drop the events that lie more than `keep` seconds, by action, before `now`."""
        for action, index in self._indexes:
            index.forget(now - keep[action])

    def drain(self, spill: Spill | None) -> Iterator[tuple[int, Event]]:
        """Give away everything that is filed, place by place, and look for it in `spill` from now on."""
        for _, index in self._indexes:
            index.spill = spill
            yield from index.drain()

    def places(self, event: Event) -> Iterator[Place]:
        """The places, as the spill knows them, that an event is filed in."""
        for plays, index in self._roles.get(event.action, ()):
            if fits(plays, event):
                for place in index.places_filed(event):
                    yield (index.number, *place)
