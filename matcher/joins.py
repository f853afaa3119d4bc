"""Says whether an edge holds between two events, and finds the partners of an event quickly.

An index files events under everything that must be equal on an edge (joined keys, account, actor, tool), so
that the partners of an event lie in one time-ordered list. It may over-approximate; `edge_holds` decides.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import product
from operator import attrgetter
from typing import NamedTuple, Self, cast

from .event import Event
from .plan.fields import UNREADABLE, KeyValue, covers, differs, elements
from .plan.nodes import NodePlan, Pairs, SpoilerPlan

Bucket = list[Event]
Place = tuple[object, ...]

# Where an index of spoilers files those that cannot be read, or the roots that one of them would void.
_ANY: Place = ("\0any",)

_in_time: Callable[[Event], tuple[int, str]] = attrgetter("time", "id")
_time_of: Callable[[Event], int] = attrgetter("time")


def meets(node: NodePlan | SpoilerPlan, event: Event) -> bool:
    """Whether `event`, of the node's action, meets the node's conditions, failed or not."""
    return event.holds & node.mask == node.mask


def fits(node: NodePlan | SpoilerPlan, event: Event) -> bool:
    """Whether `event`, of the node's action, meets the node's conditions and outcome."""
    asked = node.mask | node.told
    return event.holds & asked == asked and (event.error is None or node.any_outcome)


def edge_holds(node: NodePlan, child: Event, parent: Event) -> bool:
    """Whether the edge of `node` holds between two events that fit their nodes."""
    return (
        child is not parent
        and parent.time - node.before <= child.time <= parent.time + node.after
        and (
            not node.same_account or (child.account is not None and child.account == parent.account)
        )
        and actor_fits(node, child, parent)
        and joined(node.join, child, parent)
        and (not node.distinct or _all_differ(node.distinct, child, parent))
        and (not node.same_tool or tools_agree(child, parent))
    )


def joined(pairs: Pairs, child: Event, parent: Event) -> bool:
    """Whether all of these keys are present on both and equal."""
    mine, others = child.values, parent.values
    for _, ours, theirs in pairs:
        value = mine[ours]
        if type(value) is str and value == others[theirs]:
            continue
        if not covers(others[theirs], value):
            return False
    return True


def _all_differ(pairs: Pairs, child: Event, parent: Event) -> bool:
    return all(differs(parent.values[theirs], child.values[ours]) for _, ours, theirs in pairs)


def actor_fits(node: NodePlan, child: Event, parent: Event) -> bool:
    """Whether the actor rule of `node` holds between two events."""
    if node.actor == "any":
        return True
    if node.service is not None:
        return node.service in child.services
    if child.actor is not None and child.actor == parent.actor:
        return True
    return node.actor == "same-role" and child.role is not None and child.role == parent.role


def tools_agree(one: Event, other: Event) -> bool:
    """Whether both tools are known and are the same."""
    return one.agent is not None and one.agent == other.agent


def spoils(spoiler: SpoilerPlan, event: Event, root: Event) -> bool:
    """Whether `event`, which fits the spoiler, voids the instance of `root`, or with `between` may cut a path to it."""
    return (
        event is not root
        and root.time - spoiler.before <= event.time <= root.time + spoiler.after
        and (not spoiler.same_account or event.account is None or event.account == root.account)
        and joined(spoiler.join, event, root)
    )


def _places_of(
    fixed: tuple[object, ...], values: Sequence[KeyValue], *, spread: bool
) -> Sequence[Place]:
    place = (*fixed, *values)
    if None in place:
        return ()
    for value in values:
        if type(value) is frozenset:
            return _places_of_sets(fixed, values, spread=spread)
    return (place,)


def _places_of_sets(
    fixed: Sequence[object], values: Sequence[KeyValue], *, spread: bool
) -> list[Place]:
    """Where an event is filed some of whose keys are sets: in several places with `spread`."""
    sets = [elements(value) for value in values]
    if spread:
        return [(*fixed, *combination) for combination in product(*sets)]
    return [(*fixed, *(min(each, key=repr) for each in sets))]


class Equal(NamedTuple):
    """What must be equal on an edge besides keys. With `role` two sessions of one role are one actor."""

    account: bool = False
    actor: bool = False
    role: bool = False
    tool: bool = False

    @classmethod
    def on(cls, node: NodePlan) -> Self:
        """What the edge of `node` asks for."""
        by_role = node.actor == "same-role"
        return cls(node.same_account, node.actor == "same" or by_role, by_role, node.same_tool)


def _reader_of(equal: Equal) -> Callable[[Event], tuple[object, ...]]:
    names = [name for name in ("account", "actor") if getattr(equal, name)]
    if equal.tool:
        names.append("agent")
    if not names:
        return lambda event: ()
    read: Callable[[Event], object] = attrgetter(*names)
    if len(names) > 1:
        return cast("Callable[[Event], tuple[object, ...]]", read)
    return lambda event: (read(event),)


class PartnerIndex:
    """Events filed for look-up across one edge, from the child's side or the parent's.

    `pairs` and `equal` say what must be equal. With `of_parents` the index holds parents and is asked with a child;
    otherwise the other way round. With `lenient` a child that lacks something belongs to every parent.
    """

    __slots__ = ("_ask", "_file", "_fixed_of", "_index", "_lenient", "_of_parents", "_of_role")

    def __init__(
        self,
        events: Iterable[Event],
        pairs: Pairs,
        equal: Equal,
        *,
        of_parents: bool,
        lenient: bool = False,
    ) -> None:
        child_slots = [ours for _, ours, _ in pairs]
        parent_slots = [theirs for _, _, theirs in pairs]
        self._ask = child_slots if of_parents else parent_slots
        self._file = parent_slots if of_parents else child_slots
        self._fixed_of = _reader_of(equal)
        # Of two sessions of one role the actors may differ: they meet in a place of the role's.
        self._of_role = _reader_of(equal._replace(actor=False)) if equal.role else None
        self._of_parents = of_parents
        self._lenient = lenient
        self._index: dict[Place, Bucket] = {}
        for event in events:
            self.file(event)

    def _places(self, event: Event, slots: Sequence[int], *, spread: bool) -> Sequence[Place]:
        """Where `event` is filed, or looked for: nowhere when something is missing."""
        values = [event.values[slot] for slot in slots]
        places = _places_of(self._fixed_of(event), values, spread=spread)
        if self._of_role is not None and event.role is not None:
            fixed = ("role", event.role, *self._of_role(event))
            return (*places, *_places_of(fixed, values, spread=spread))
        return places

    def file(self, event: Event) -> Sequence[Place]:
        """Take in an event, fastest in order of time and id; where it is filed now."""
        places = self.places_filed(event)
        for place in places:
            bucket = self._index.get(place)
            if bucket is None:
                self._index[place] = [event]
            elif bucket and (event.time, event.id) < (bucket[-1].time, bucket[-1].id):
                insort(bucket, event, key=_in_time)
            else:
                bucket.append(event)
        return places

    def places_asked(self, event: Event) -> Sequence[Place]:
        """Where the partners of `event` are filed."""
        if self._lenient and self._of_parents:
            return self._places_of_spoiler(event, self._ask)
        places = self._places(event, self._ask, spread=not self._of_parents)
        return (*places, _ANY) if self._lenient else places

    def places_filed(self, event: Event) -> Sequence[Place]:
        """Where `event` itself is filed."""
        # A child's set must lie within the parent's, so one value of it leads to all its parents.
        if self._lenient and not self._of_parents:
            return self._places_of_spoiler(event, self._file)
        places = self._places(event, self._file, spread=self._of_parents)
        return (*places, _ANY) if self._lenient else places

    def _places_of_spoiler(self, event: Event, slots: Sequence[int]) -> Sequence[Place]:
        """Where a spoiler is filed, or its roots are looked for: those of all, where it cannot be read."""
        values = [event.values[slot] for slot in slots]
        if None not in values and (UNREADABLE in values or None in self._fixed_of(event)):
            return (_ANY,)
        return self._places(event, slots, spread=False)

    def near(self, event: Event, earliest: int, latest: int) -> Iterable[Event]:
        """The partners filed for `event` between two instants, nearest first, then by event id."""
        buckets = [self._index[place] for place in self.places_asked(event) if place in self._index]
        if not buckets:
            return ()
        if len(buckets) == 1:
            (bucket,) = buckets
            if len(bucket) == 1:
                return bucket if earliest <= bucket[0].time <= latest else ()
            return _outward(bucket, event.time, earliest, latest)
        return _merged(
            event.time, [_outward(bucket, event.time, earliest, latest) for bucket in buckets]
        )


def _merged(time: int, partners: Iterable[Iterable[Event]]) -> Iterator[Event]:
    """Partners of several buckets, each once."""
    seen: set[str] = set()
    for partner in merge(*partners, key=lambda each: (abs(each.time - time), each.id)):
        if partner.id not in seen:
            seen.add(partner.id)
            yield partner


def _outward(bucket: Bucket, time: int, earliest: int, latest: int) -> Iterator[Event]:
    """The events of a bucket from `time` outwards, equal distances by event id."""
    low = bisect_left(bucket, earliest, key=_time_of)
    high = bisect_right(bucket, latest, key=_time_of)
    right = bisect_left(bucket, time, lo=low, hi=high, key=_time_of)
    left = right
    # Events of one second lie in order of their ids: a run of them is looked for whole, and given one by one.
    while low < left or right < high:
        before = time - bucket[left - 1].time if low < left else None
        after = bucket[right].time - time if right < high else None
        runs: list[range] = []
        if before is not None and (after is None or before <= after):
            start = bisect_left(bucket, time - before, lo=low, hi=left, key=_time_of)
            runs.append(range(start, left))
            left = start
        if after is not None and (before is None or after <= before):
            end = bisect_right(bucket, time + after, lo=right, hi=high, key=_time_of)
            runs.append(range(right, end))
            right = end
        if len(runs) == 1:
            for place in runs[0]:
                yield bucket[place]
        else:
            yield from merge(*(_each(bucket, run) for run in runs), key=_in_id)


def _each(bucket: Bucket, places: range) -> Iterator[Event]:
    for place in places:
        yield bucket[place]


_in_id: Callable[[Event], str] = attrgetter("id")
