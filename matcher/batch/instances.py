"""The instances in a finished log: what `Instances` says, each thing worked out once."""

from collections.abc import Iterable, Mapping, Sequence

from ..event import Event
from ..instances import MAX_CANDIDATES, Instances, Path
from ..joins import Equal, PartnerIndex, fits
from ..plan.nodes import ActionPlan, NodePlan, SpoilerPlan

Events = Mapping[ActionPlan, Sequence[Event]]


class LogPartners:
    """The events of a log, each action's in order of time and id. An edge is indexed when it is first asked of."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self._parents: dict[NodePlan, PartnerIndex] = {}
        self._spoilers: dict[SpoilerPlan, PartnerIndex | None] = {}
        self._members: dict[NodePlan, PartnerIndex] = {}
        self._occurs: dict[NodePlan, bool] = {}

    def parents(self, node: NodePlan, event: Event) -> Iterable[Event]:
        """See `Partners.parents`."""
        index = self._parents.get(node)
        if index is None:
            assert node.parent is not None
            index = self._parents[node] = self._index(node, node.parent, of_parents=True)
        return index.near(event, event.time - node.after, event.time + node.before)

    def spoilers(
        self, spoiler: SpoilerPlan, root: Event, earliest: int, latest: int
    ) -> Iterable[Event]:
        """See `Partners.spoilers`."""
        if spoiler not in self._spoilers:
            suspects = self._fitting(spoiler)
            self._spoilers[spoiler] = (
                PartnerIndex(
                    suspects,
                    spoiler.join,
                    Equal(account=spoiler.same_account),
                    of_parents=False,
                    lenient=True,
                )
                if suspects
                else None
            )
        index = self._spoilers[spoiler]
        return () if index is None else index.near(root, earliest, latest)

    def members(self, member: NodePlan, root: Event) -> Iterable[Event]:
        """See `Partners.members`."""
        index = self._members.get(member)
        if index is None:
            index = self._members[member] = self._index(member, member, of_parents=False)
        return index.near(root, root.time - member.before, root.time + member.after)

    def occurs(self, node: NodePlan) -> bool:
        """Whether there is an event that fits `node`."""
        known = self._occurs.get(node)
        if known is None:
            events = self.events.get(node.action, ())
            known = self._occurs[node] = any(fits(node, event) for event in events)
        return known

    def _fitting(self, part: NodePlan | SpoilerPlan) -> list[Event]:
        return [event for event in self.events.get(part.action, ()) if fits(part, event)]

    def _index(self, node: NodePlan, part: NodePlan, *, of_parents: bool) -> PartnerIndex:
        return PartnerIndex(
            self._fitting(part),
            node.join,
            Equal.on(node),
            of_parents=of_parents,
        )


class LogInstances(Instances):
    """`Instances` of a log that is complete, so that no answer changes and each is kept."""

    def __init__(self, events: Events) -> None:
        partners = LogPartners(events)
        super().__init__(partners)
        self._occurs = partners.occurs
        self._nodes: dict[ActionPlan, list[NodePlan]] = {}
        self._paths: dict[NodePlan, dict[str, tuple[list[Path], bool]]] = {}

    def nodes(self, event: Event) -> Iterable[NodePlan]:
        """See `Instances.nodes`: those for which there are events that fit them and all nodes up to the root."""
        action = event.action
        nodes = self._nodes.get(action)
        if nodes is None:
            nodes = [node for node in action.effects if self._is_reachable(node)]
            self._nodes[action] = nodes
        return nodes

    def _is_reachable(self, node: NodePlan) -> bool:
        step: NodePlan | None = node
        while step is not None:
            if not self._occurs(step):
                return False
            step = step.parent
        return True

    def _ways(self, node: NodePlan, event: Event) -> list[Path]:
        """See `Instances._ways`."""
        if node not in node.cascade.inner:
            return super()._ways(node, event)  # nobody asks twice
        known = self._paths.setdefault(node, {})
        if event.id not in known:
            left, self._left = self._left, MAX_CANDIDATES
            bounded, self.bounded = self.bounded, False
            known[event.id] = super()._ways(node, event), self.bounded
            self._left, self.bounded = left, bounded
        paths, partial = known[event.id]
        self.bounded |= partial
        return paths

    def _left_after(self, left: int, looked_at: int) -> int:
        """See `Instances._left_after`: that is done once for all."""
        return left

    def _forget(self) -> None:
        """See `Instances._forget`: nothing changes."""
