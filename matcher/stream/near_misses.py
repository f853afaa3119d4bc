"""What nearly explained an orphan of a stream, as far as it is still known.

The events around it are gathered and judged as a small log by `near_misses`, so that a stream says the same as a log.
"""

from collections.abc import Iterator, Mapping

from ..batch.instances import LogInstances
from ..batch.near_misses import BEYOND, CANDIDATES, NearMisses
from ..event import Event
from ..joins import Equal, PartnerIndex
from ..plan.nodes import ActionPlan, CascadePlan, NodePlan, Plan, SpoilerPlan
from ..verdict import NearMiss
from .index import Count, LiveIndex

# More events than these are not gathered around one orphan.
MAX_GATHERED = 500

_Asked = tuple[ActionPlan, tuple[tuple[int, int], ...], bool, bool, bool]


class LiveNearMisses:
    """Files events under what near misses are looked for by: keys alone, whoever made the call, failed or not."""

    def __init__(self, plan: Plan) -> None:
        self._count = Count()
        self._indexes: dict[_Asked, LiveIndex] = {}
        self._of_action: dict[ActionPlan, list[LiveIndex]] = {}
        self._parents: dict[NodePlan, LiveIndex] = {}
        self._members: dict[NodePlan, LiveIndex] = {}
        self._spoilers: dict[SpoilerPlan, LiveIndex] = {}
        for cascade in plan.cascades:
            for node in cascade.nodes:
                assert node.parent is not None
                self._parents[node] = self._index(node, node.parent.action, of_parents=True)
            for member in cascade.required:
                self._members[member] = self._index(member, member.action, of_parents=False)
            for spoiler in (*cascade.spoilers, *cascade.between):
                self._spoilers[spoiler] = self._index(spoiler, spoiler.action, of_parents=False)

    def _index(
        self, edge: NodePlan | SpoilerPlan, action: ActionPlan, *, of_parents: bool
    ) -> LiveIndex:
        """The index of an edge: edges that ask for the same share one."""
        pairs = edge.named if isinstance(edge, NodePlan) else edge.join
        actor = isinstance(edge, NodePlan) and not pairs and edge.actor == "same"
        lenient = isinstance(edge, SpoilerPlan)
        slots = tuple((ours, theirs) for _, ours, theirs in pairs)
        asked = (action, slots, actor, of_parents, lenient)
        index = self._indexes.get(asked)
        if index is None:
            index = LiveIndex(
                pairs,
                Equal(actor=actor),
                0,
                self._count,
                of_parents=of_parents,
                lenient=lenient,
            )
            self._indexes[asked] = index
            self._of_action.setdefault(action, []).append(index)
        return index

    def __len__(self) -> int:
        """In how many places events are filed."""
        return self._count.places

    def add(self, event: Event) -> None:
        """File an event whose actor is settled."""
        for index in self._of_action.get(event.action, ()):
            index.add(event)

    def remove(self, event: Event) -> None:
        """Take an event out again, as it was when it was added."""
        for index in self._of_action.get(event.action, ()):
            index.remove(event)

    def forget(self, keep: Mapping[ActionPlan, int], now: int) -> None:
        """Drop the events that lie more than `keep` seconds, by action, before `now`."""
        for (action, *_), index in self._indexes.items():
            index.forget(now - keep[action])

    def clear(self) -> None:
        """Drop everything."""
        for index in self._indexes.values():
            for _ in index.drain():
                pass

    def misses(
        self, event: Event, due: int, keep: Mapping[ActionPlan, int]
    ) -> tuple[NearMiss, ...]:
        """The near misses of an orphan whose verdict is due then, among what had happened and was not forgotten."""
        gathered = {event.id: event}
        for other in self._around(event):
            if other.time <= due <= other.time + keep[other.action]:
                gathered[other.id] = other
            if len(gathered) > MAX_GATHERED:
                break
        # Without its key an event has nothing to be near to, and that is all there is to say.
        events: dict[ActionPlan, list[Event]] = {
            node.parent.action: []
            for node in event.action.effects
            if node.parent is not None
            and any(event.values[ours] is None for _, ours, _ in node.join)
        }
        if len(gathered) == 1 and not events:
            return ()
        for each in sorted(gathered.values(), key=lambda each: (each.time, each.id)):
            events.setdefault(each.action, []).append(each)
        return NearMisses(events, LogInstances(events)).of(event)

    def _around(self, event: Event) -> Iterator[Event]:
        open_ = [(node, event) for node in event.action.effects]
        seen = {(node, event.id) for node, event in open_}
        while open_:
            node, child = open_.pop()
            if node.parent is None:
                yield from self._beside(node.cascade, child)
                continue
            near = _nearest(self._parents[node], child, node.after + BEYOND, node.before + BEYOND)
            for parent in near:
                if (node.parent, parent.id) not in seen:
                    seen.add((node.parent, parent.id))
                    open_.append((node.parent, parent))
                    yield parent

    def _beside(self, cascade: CascadePlan, root: Event) -> Iterator[Event]:
        """What may void an instance, or is required in it."""
        for spoiler in (*cascade.spoilers, *cascade.between):
            yield from _nearest(self._spoilers[spoiler], root, spoiler.before, spoiler.after)
        for member in cascade.required:
            index = self._members[member]
            yield from _nearest(index, root, member.before + BEYOND, member.after + BEYOND)


def _nearest(index: PartnerIndex, event: Event, before: int, after: int) -> Iterator[Event]:
    near = iter(index.near(event, event.time - before, event.time + after))
    for _, partner in zip(range(CANDIDATES + 1), near, strict=False):
        yield partner
