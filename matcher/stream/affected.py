"""The other way round: which events an event may help to explain, or keep from being explained."""

from collections.abc import Iterable, Iterator

from ..event import Event
from ..joins import edge_holds, fits, spoils
from ..plan.nodes import ActionPlan, CascadePlan, NodePlan, Plan, SpoilerPlan
from .index import LiveIndex, Roles

# What a single event may put in question. A flood of equal keys would cost the square of its size otherwise.
MAX_AFFECTED = 1_000


class Affected:
    """File events in `roles`, then ask which of them one more event puts in question."""

    def __init__(self, plan: Plan) -> None:
        self.roles = Roles()
        self._children: dict[NodePlan, list[tuple[NodePlan, LiveIndex]]] = {}
        self._nodes: dict[ActionPlan, list[NodePlan]] = {}
        self._roots: dict[
            ActionPlan, list[tuple[NodePlan | SpoilerPlan, CascadePlan, LiveIndex]]
        ] = {}
        for cascade in plan.cascades:
            self._nodes.setdefault(cascade.root.action, []).append(cascade.root)
            for node in cascade.nodes:
                assert node.parent is not None
                self._nodes.setdefault(node.action, []).append(node)
                index = self.roles.of_node(node, node, of_parents=False)
                self._children.setdefault(node.parent, []).append((node, index))
            for spoiler in (*cascade.spoilers, *cascade.between):
                index = self.roles.of_spoiler(spoiler, cascade.root, of_parents=True)
                self._roots.setdefault(spoiler.action, []).append((spoiler, cascade, index))
            for member in cascade.required:
                index = self.roles.of_node(member, cascade.root, of_parents=True)
                self._roots.setdefault(member.action, []).append((member, cascade, index))

    def by(self, event: Event) -> list[Event]:
        """The events whose verdicts `event` may change, itself not among them; at most `MAX_AFFECTED`."""
        found: dict[str, Event] = {}
        for other in self._reached(event):
            found[other.id] = other
            if len(found) >= MAX_AFFECTED:
                break
        found.pop(event.id, None)
        return list(found.values())

    def _reached(self, event: Event) -> Iterator[Event]:
        open_: list[tuple[NodePlan, Event]] = [
            (node, event) for node in self._nodes.get(event.action, ()) if fits(node, event)
        ]
        for cascade, root in self._roots_of(event):
            if cascade.ensemble:
                yield root
            open_.append((cascade.root, root))
        seen = {(node, each.id) for node, each in open_}
        while open_:
            parent_node, parent = open_.pop()
            for node, child in self._hanging_on(parent_node, parent):
                if (node, child.id) not in seen:
                    seen.add((node, child.id))
                    yield child
                    open_.append((node, child))

    def _roots_of(self, event: Event) -> Iterator[tuple[CascadePlan, Event]]:
        """The roots that `event` spoils, or of which it is a required member."""
        for role, cascade, index in self._roots.get(event.action, ()):
            if not fits(role, event):
                continue
            for root in index.near(event, event.time - role.after, event.time + role.before):
                if (
                    spoils(role, event, root)
                    if isinstance(role, SpoilerPlan)
                    else edge_holds(role, event, root)
                ):
                    yield cascade, root

    def _hanging_on(self, parent_node: NodePlan, parent: Event) -> Iterable[tuple[NodePlan, Event]]:
        for node, index in self._children.get(parent_node, ()):
            for child in index.near(parent, parent.time - node.before, parent.time + node.after):
                if edge_holds(node, child, parent):
                    yield node, child
