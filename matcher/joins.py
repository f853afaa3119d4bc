"""Says whether an edge holds between two events, and finds the partners of an event quickly.

An index files events under everything that must be equal on an edge (joined keys, account, actor), so
that the partners of an event lie in one time-ordered list. It may over-approximate; `edge_holds` decides.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from operator import attrgetter

from .event import Event
from .plan.fields import KeyValue, covers, differs, elements
from .plan.nodes import NodePlan, Pairs, SpoilerPlan

Bucket = list[Event]
Place = tuple[object, ...]

_in_time: Callable[[Event], tuple[int, str]] = attrgetter("time", "id")
_time_of: Callable[[Event], int] = attrgetter("time")


def meets(node: NodePlan | SpoilerPlan, event: Event) -> bool:
    """Whether `event`, of the node's action, meets the node's conditions, failed or not."""
    return event.holds & node.mask == node.mask


def fits(node: NodePlan | SpoilerPlan, event: Event) -> bool:
    """Whether `event`, of the node's action, meets the node's conditions and outcome."""
    return event.holds & node.mask == node.mask and (event.error is None or node.any_outcome)


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
    """Whether `event`, which fits the spoiler, voids the instance of `root`."""
    return (
        event is not root
        and root.time - spoiler.before <= event.time <= root.time + spoiler.after
        and (
            not spoiler.same_account
            or (event.account is not None and event.account == root.account)
        )
        and joined(spoiler.join, event, root)
    )


def _places_of_sets(
    fixed: Sequence[object], values: Sequence[KeyValue], *, spread: bool
) -> list[Place]:
    """Where an event is filed some of whose keys are sets: in several places with `spread`."""
    sets = [elements(value) for value in values]
    if spread:
        return [(*fixed, *combination) for combination in product(*sets)]
    return [(*fixed, *(min(each, key=repr) for each in sets))]


# What must be equal besides keys, by whether the account and the actor must be.
_FIXED: dict[tuple[bool, bool], Callable[[Event], tuple[object, ...]]] = {
    (False, False): lambda event: (),
    (True, False): lambda event: (event.account,),
    (False, True): lambda event: (event.actor,),
    (True, True): attrgetter("account", "actor"),
}


class PartnerIndex:
    """Events filed for look-up across one edge, from the child's side or the parent's.

    `pairs`, `account` and `actor` say what must be equal. With `of_parents` the index holds parents
    and is asked with a child; otherwise the other way round.
    """

    __slots__ = ("_ask", "_file", "_fixed_of", "_index", "_of_parents")

    def __init__(
        self, events: Iterable[Event], pairs: Pairs, *, account: bool, actor: bool, of_parents: bool
    ) -> None:
        child_slots = [ours for _, ours, _ in pairs]
        parent_slots = [theirs for _, _, theirs in pairs]
        self._ask = child_slots if of_parents else parent_slots
        self._file = parent_slots if of_parents else child_slots
        self._fixed_of = _FIXED[account, actor]
        self._of_parents = of_parents
        self._index: dict[Place, Bucket] = {}
        for event in events:
            self.file(event)

    def _places(self, event: Event, slots: Sequence[int], *, spread: bool) -> Sequence[Place]:
        """Where `event` is filed, or looked for: nowhere when something is missing."""
        values = [event.values[slot] for slot in slots]
        fixed = self._fixed_of(event)
        place = (*fixed, *values)
        if None in place:
            return ()
        for value in values:
            if type(value) is frozenset:
                return _places_of_sets(fixed, values, spread=spread)
        return (place,)

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
        return self._places(event, self._ask, spread=not self._of_parents)

    def places_filed(self, event: Event) -> Sequence[Place]:
        """Where `event` itself is filed."""
        # A child's set must lie within the parent's, so one value of it leads to all its parents.
        return self._places(event, self._file, spread=self._of_parents)

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
        found = {
            partner.id: partner
            for bucket in buckets
            for partner in bucket[
                bisect_left(bucket, earliest, key=_time_of) : bisect_right(
                    bucket, latest, key=_time_of
                )
            ]
        }
        return sorted(found.values(), key=lambda each: (abs(each.time - event.time), each.id))


def _outward(bucket: Bucket, time: int, earliest: int, latest: int) -> Iterator[Event]:
    """The events of a bucket from `time` outwards, equal distances by event id."""
    low = bisect_left(bucket, earliest, key=_time_of)
    high = bisect_right(bucket, latest, key=_time_of)
    if high - low == 1:
        yield bucket[low]
        return
    right = bisect_left(bucket, time, lo=low, hi=high, key=_time_of)
    left = right - 1
    while left >= low or right < high:
        before = time - bucket[left].time if left >= low else None
        after = bucket[right].time - time if right < high else None
        distance = min(each for each in (before, after) if each is not None)
        tied: list[Event] = []
        while left >= low and time - bucket[left].time == distance:
            tied.append(bucket[left])
            left -= 1
        while right < high and bucket[right].time - time == distance:
            tied.append(bucket[right])
            right += 1
        if len(tied) > 1:
            tied.sort(key=_in_id)
        yield from tied


_in_id: Callable[[Event], str] = attrgetter("id")
