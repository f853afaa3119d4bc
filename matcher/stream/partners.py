"""The events of a stream that may take part in an instance, filed so that what explains one is found at once."""

from collections.abc import Iterable

from ..event import Event
from ..plan.nodes import NodePlan, Plan, SpoilerPlan
from .index import LiveIndex, Roles


class LivePartners:
    """File events in `roles` in any order, best in that of time; then ask as `Instances` does.

    The answers are final when all events have been given that an explanation may rest on (`horizon`).
    """

    def __init__(self, plan: Plan) -> None:
        self.roles = Roles()
        self._parents: dict[NodePlan, LiveIndex] = {}
        self._spoilers: dict[SpoilerPlan, LiveIndex] = {}
        self._members: dict[NodePlan, LiveIndex] = {}
        for cascade in plan.cascades:
            for node in cascade.nodes:
                assert node.parent is not None
                self._parents[node] = self.roles.of_node(node, node.parent, of_parents=True)
            for spoiler in (*cascade.spoilers, *cascade.between):
                self._spoilers[spoiler] = self.roles.of_spoiler(spoiler, spoiler, of_parents=False)
            for member in cascade.required:
                self._members[member] = self.roles.of_node(member, member, of_parents=False)

    def parents(self, node: NodePlan, event: Event) -> Iterable[Event]:
        """See `Partners.parents`."""
        return self._parents[node].near(event, event.time - node.after, event.time + node.before)

    def spoilers(
        self, spoiler: SpoilerPlan, root: Event, earliest: int, latest: int
    ) -> Iterable[Event]:
        """See `Partners.spoilers`."""
        return self._spoilers[spoiler].near(root, earliest, latest)

    def members(self, member: NodePlan, root: Event) -> Iterable[Event]:
        """See `Partners.members`."""
        earliest, latest = root.time - member.before, root.time + member.after
        return self._members[member].near(root, earliest, latest)
