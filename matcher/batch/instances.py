"""The instances in a finished log: what `Instances` says, each thing worked out once."""

from collections.abc import Iterable, Mapping, Sequence

from ..event import Event
from ..instances import Instances, Path
from ..joins import PartnerIndex, fits
from ..plan.nodes import ActionPlan, CascadePlan, NodePlan, SpoilerPlan

Events = Mapping[ActionPlan, Sequence[Event]]


class LogPartners:
    """The events of a log, each action's in order of time and id. An edge is indexed when it is first asked of."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self._parents: dict[NodePlan, PartnerIndex] = {}
        self._spoilers: dict[SpoilerPlan, PartnerIndex | None] = {}
        self._members: dict[NodePlan, PartnerIndex] = {}

    def parents(self, node: NodePlan, event: Event) -> Iterable[Event]:
        """See `Partners.parents`."""
        index = self._parents.get(node)
        if index is None:
            assert node.parent is not None
            index = self._parents[node] = self._index(node, node.parent, of_parents=True)
        return index.near(event, event.time - node.after, event.time + node.before)

    def spoilers(self, spoiler: SpoilerPlan, root: Event) -> Iterable[Event]:
        """See `Partners.spoilers`."""
        if spoiler not in self._spoilers:
            suspects = self._fitting(spoiler)
            self._spoilers[spoiler] = (
                PartnerIndex(
                    suspects,
                    spoiler.join,
                    account=spoiler.same_account,
                    actor=False,
                    of_parents=False,
                )
                if suspects
                else None
            )
        index = self._spoilers[spoiler]
        if index is None:
            return ()
        return index.near(root, root.time - spoiler.before, root.time + spoiler.after)

    def members(self, member: NodePlan, root: Event) -> Iterable[Event]:
        """See `Partners.members`."""
        index = self._members.get(member)
        if index is None:
            index = self._members[member] = self._index(member, member, of_parents=False)
        return index.near(root, root.time - member.before, root.time + member.after)

    def _fitting(self, part: NodePlan | SpoilerPlan) -> list[Event]:
        return [event for event in self.events.get(part.action, ()) if fits(part, event)]

    def _index(self, node: NodePlan, part: NodePlan, *, of_parents: bool) -> PartnerIndex:
        return PartnerIndex(
            self._fitting(part),
            node.join,
            account=node.same_account,
            actor=node.actor == "same",
            of_parents=of_parents,
        )


class LogInstances(Instances):
    """`Instances` of a log that is complete, so that no answer changes and each is kept."""

    def __init__(self, events: Events) -> None:
        super().__init__(LogPartners(events))
        self._events = events
        self._nodes: dict[ActionPlan, list[NodePlan]] = {}
        self._paths: dict[NodePlan, dict[str, list[Path]]] = {}
        self._begins: dict[CascadePlan, dict[str, bool]] = {}

    def nodes(self, event: Event) -> Iterable[NodePlan]:
        """See `Instances.nodes`: those of which there are events of all actions up to the root."""
        action = event.action
        nodes = self._nodes.get(action)
        if nodes is None:
            nodes = [node for node in action.effects if self._is_reachable(node)]
            self._nodes[action] = nodes
        return nodes

    def _is_reachable(self, node: NodePlan) -> bool:
        step: NodePlan | None = node
        while step is not None:
            if step.action not in self._events:
                return False
            step = step.parent
        return True

    def paths(self, node: NodePlan, event: Event) -> list[Path]:
        """See `Instances.paths`."""
        if node not in node.cascade.inner:
            return super().paths(node, event)  # nobody asks twice
        known = self._paths.setdefault(node, {})
        paths = known.get(event.id)
        if paths is None:
            paths = known[event.id] = super().paths(node, event)
        return paths

    def begins(self, cascade: CascadePlan, root: Event) -> bool:
        """See `Instances.begins`."""
        if not cascade.spoilers and not cascade.required:
            return True
        known = self._begins.get(cascade)
        if known is None:
            known = self._begins[cascade] = {}
        begins = known.get(root.id)
        if begins is None:
            begins = known[root.id] = super().begins(cascade, root)
        return begins
