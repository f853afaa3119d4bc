"""Says whether an edge holds between two events, and finds the partners of an event quickly.

An index files events under everything that must be equal on an edge (joined keys, account, actor), so
that the partners of an event lie in one time-ordered list. It may over-approximate; `edge_holds` decides.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from operator import attrgetter

from .fields import covers, differs, elements
from .held import Held
from .plan import NodePlan, Pairs, SpoilerPlan

Bucket = list[Held]
Index = dict[tuple[object, ...], Bucket]

_in_time: Callable[[Held], tuple[int, str]] = attrgetter("time", "id")
_time_of: Callable[[Held], int] = attrgetter("time")


def meets(node: NodePlan | SpoilerPlan, event: Held) -> bool:
    """Whether `event`, of the node's action, meets the node's conditions, failed or not."""
    return event.holds & node.mask == node.mask


def fits(node: NodePlan | SpoilerPlan, event: Held) -> bool:
    """Whether `event`, of the node's action, meets the node's conditions and outcome."""
    if not meets(node, event):
        return False
    return not event.error or (isinstance(node, NodePlan) and node.any_outcome)


def edge_holds(node: NodePlan, child: Held, parent: Held) -> bool:
    """Whether the edge of `node` holds between two events that fit their nodes."""
    return (
        child is not parent
        and parent.time - node.before <= child.time <= parent.time + node.after
        and (
            not node.same_account or (child.account is not None and child.account == parent.account)
        )
        and actor_fits(node.actor, child, parent)
        and all(covers(parent.values[theirs], child.values[ours]) for _, ours, theirs in node.join)
        and all(
            differs(parent.values[theirs], child.values[ours]) for _, ours, theirs in node.distinct
        )
        and (not node.same_tool or tools_agree(child, parent))
    )


def actor_fits(rule: str, child: Held, parent: Held) -> bool:
    """Whether the actor rule holds between two events."""
    if rule == "any":
        return True
    if rule.startswith("service:"):
        return rule.removeprefix("service:") in child.services
    if child.actor is not None and child.actor == parent.actor:
        return True
    return rule == "same-role" and child.role is not None and child.role == parent.role


def tools_agree(one: Held, other: Held) -> bool:
    """Whether both tools are known and are the same."""
    return one.agent is not None and one.agent == other.agent


def spoils(spoiler: SpoilerPlan, event: Held, root: Held) -> bool:
    """Whether `event`, which fits the spoiler, voids the instance of `root`."""
    return (
        event is not root
        and root.time - spoiler.before <= event.time <= root.time + spoiler.after
        and (
            not spoiler.same_account
            or (event.account is not None and event.account == root.account)
        )
        and all(covers(root.values[theirs], event.values[ours]) for _, ours, theirs in spoiler.join)
    )


def _places(
    event: Held, slots: Iterable[int], account: bool, actor: bool, spread: bool
) -> Iterator[tuple[object, ...]]:
    """Where `event` is filed: nowhere when something is missing, in several places with `spread` and a set.

    A child's set must lie within the parent's, so one value of it leads to all its parents.
    """
    fixed: list[object] = []
    if account:
        fixed.append(event.account)
    if actor:
        fixed.append(event.actor)
    if None in fixed:
        return
    values = [event.values[slot] for slot in slots]
    if None in values:
        return
    if not any(isinstance(value, frozenset) for value in values):
        yield (*fixed, *values)
        return
    sets = [elements(value) for value in values]
    if spread:
        for combination in product(*sets):
            yield (*fixed, *combination)
    else:
        yield (*fixed, *(min(each, key=repr) for each in sets))


class PartnerIndex:
    """Events filed for look-up across one edge, from the child's side or the parent's.

    `pairs`, `account` and `actor` say what must be equal. With `of_parents` the index holds parents
    and is asked with a child; otherwise the other way round.
    """

    __slots__ = ("_account", "_actor", "_ask", "_file", "_index", "_of_parents")

    def __init__(
        self, events: Iterable[Held], pairs: Pairs, *, account: bool, actor: bool, of_parents: bool
    ) -> None:
        child_slots = [ours for _, ours, _ in pairs]
        parent_slots = [theirs for _, _, theirs in pairs]
        self._ask = child_slots if of_parents else parent_slots
        self._file = parent_slots if of_parents else child_slots
        self._account = account
        self._actor = actor
        self._of_parents = of_parents
        self._index: Index = {}
        for event in sorted(events, key=_in_time):
            self.file(event)

    def file(self, event: Held) -> list[tuple[object, ...]]:
        """Take in an event, fastest in order of time and id; where it is filed now."""
        places = list(self.places_filed(event))
        for place in places:
            bucket = self._index.setdefault(place, [])
            if bucket and (event.time, event.id) < (bucket[-1].time, bucket[-1].id):
                insort(bucket, event, key=_in_time)
            else:
                bucket.append(event)
        return places

    def places_asked(self, event: Held) -> Iterator[tuple[object, ...]]:
        """Where the partners of `event` are filed."""
        return _places(event, self._ask, self._account, self._actor, spread=not self._of_parents)

    def places_filed(self, event: Held) -> Iterator[tuple[object, ...]]:
        """Where `event` itself is filed."""
        return _places(event, self._file, self._account, self._actor, spread=self._of_parents)

    def near(self, event: Held, earliest: int, latest: int) -> Iterator[Held]:
        """The partners filed for `event` between two instants, nearest first, then by event id."""
        buckets = [self._index[place] for place in self.places_asked(event) if place in self._index]
        if len(buckets) == 1:
            yield from _outward(buckets[0], event.time, earliest, latest)
            return
        found = {
            partner.id: partner
            for bucket in buckets
            for partner in bucket[
                bisect_left(bucket, earliest, key=_time_of) : bisect_right(
                    bucket, latest, key=_time_of
                )
            ]
        }
        yield from sorted(found.values(), key=lambda each: (abs(each.time - event.time), each.id))


def _outward(bucket: Bucket, time: int, earliest: int, latest: int) -> Iterator[Held]:
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
        tied: list[Held] = []
        while left >= low and time - bucket[left].time == distance:
            tied.append(bucket[left])
            left -= 1
        while right < high and bucket[right].time - time == distance:
            tied.append(bucket[right])
            right += 1
        if len(tied) > 1:
            tied.sort(key=_in_id)
        yield from tied


_in_id: Callable[[Held], str] = attrgetter("id")
