"""The events of a stream that may take part in an instance, filed so that what explains one is found at once.

It says of one event what `explain.Instances` says of all events of a log, from what it was given so far.
"""

from collections.abc import Iterable

from ..batch.instances import MAX_INSTANCES, Found, Path, prolong
from ..event import Held
from ..joins import edge_holds, fits, spoils
from ..plan.compile import CascadePlan, NodePlan, Plan, SpoilerPlan
from .index import LiveIndex, Roles


class Partners:
    """File events in `roles` in any order, best in that of time; ask for the explanations of one.

    The answer is final when all events have been given that the explanation may rest on (`spans`).
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
            for spoiler in cascade.spoilers:
                self._spoilers[spoiler] = self.roles.of_spoiler(spoiler, spoiler, of_parents=False)
            for member in cascade.required:
                self._members[member] = self.roles.of_node(member, member, of_parents=False)

    def found(self, event: Held) -> list[Found]:
        """Every explanation of the event, at most one for each node and instance."""
        found = []
        for node in event.action.effects:
            if not fits(node, event):
                continue
            if node.parent is None:
                if self._begins(node.cascade, event):
                    found.append(Found(node, (event,)))
                continue
            first: dict[str, Path] = {}
            for path in self._paths(node, event):
                first.setdefault(path[-1].id, path)
            found += (Found(node, path) for path in first.values())
        return found

    def _paths(self, node: NodePlan, event: Held) -> list[Path]:
        cascade = node.cascade
        paths: list[Path] = []
        roots: set[str] = set()
        near = self._parents[node].near(event, event.time - node.after, event.time + node.before)
        for parent in near:
            if not edge_holds(node, event, parent):
                continue
            onward = self._onward(node, parent)
            if cascade.repeats:  # an event from the spill is equal to itself by its id only
                onward = [path for path in onward if all(step.id != event.id for step in path)]
            prolong(event, onward, paths, roots, repeats=cascade.repeats)
            if len(roots) >= MAX_INSTANCES:
                break
        return paths

    def _onward(self, node: NodePlan, parent: Held) -> Iterable[Path]:
        assert node.parent is not None
        if node.parent.parent is not None:
            return self._paths(node.parent, parent)
        return ((parent,),) if self._begins(node.cascade, parent) else ()

    def _begins(self, cascade: CascadePlan, root: Held) -> bool:
        """Whether an event that fits the root begins an instance."""
        for spoiler in cascade.spoilers:
            suspects = self._spoilers[spoiler].near(
                root, root.time - spoiler.before, root.time + spoiler.after
            )
            if any(spoils(spoiler, suspect, root) for suspect in suspects):
                return False
        for member in cascade.required:
            others = self._members[member].near(
                root, root.time - member.before, root.time + member.after
            )
            if not any(edge_holds(member, other, root) for other in others):
                return False
        return True
