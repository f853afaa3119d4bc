"""Finds the instances of one cascade among the events of a log, and what they explain."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from ..event import Held
from ..joins import PartnerIndex, edge_holds, fits, spoils
from ..plan.compile import ActionPlan, CascadePlan, NodePlan

Events = Mapping[ActionPlan, Sequence[Held]]
Path = tuple[Held, ...]

# How many instances are followed from one event, nearest first. `also` lists fewer; the bound keeps a
# flood of events with equal keys from costing the square of its size.
MAX_INSTANCES = 64


class Found(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One explanation: the node that the event fits, and the events from it to the root."""

    node: NodePlan
    path: Path

    @property
    def root(self) -> Held:
        """The event that names the instance."""
        return self.path[-1]


def prolong(
    event: Held, onward: Iterable[Path], paths: list[Path], roots: set[str], *, repeats: bool
) -> None:
    """Add to `paths` those from `event` along `onward`: one to each root, unless an action repeats on the way."""
    for path in onward:
        root = path[-1].id
        if (root in roots and not repeats) or event in path:
            continue
        roots.add(root)
        paths.append((event, *path))


class Instances:
    """The instances of one cascade in a finished log.

    `roots` are the root events that begin one, `voided` those that a spoiler stopped, with the reason.
    """

    def __init__(self, cascade: CascadePlan, events: Events) -> None:
        self.cascade = cascade
        self.voided: dict[str, str] = {}
        self.lacking: dict[str, str] = {}
        self._events = events
        self.roots = self._live_roots()
        self._paths: dict[NodePlan, dict[str, list[Path]]] = {}
        if self.roots:
            for node in cascade.nodes:
                self._paths[node] = self._paths_of(node)

    def found(self) -> Iterator[tuple[Held, Found]]:
        """Every explained event with each of its explanations, at most one per node and instance."""
        for node, paths_by_event in self._paths.items():
            for paths in paths_by_event.values():
                if len(paths) == 1:
                    yield paths[0][0], Found(node, paths[0])
                    continue
                roots = set()
                for path in paths:
                    if path[-1].id not in roots:
                        roots.add(path[-1].id)
                        yield path[0], Found(node, path)
        if self.cascade.ensemble:
            for root in self.roots:
                yield root, Found(self.cascade.root, (root,))

    def explains(self, node: NodePlan, event: Held) -> bool:
        """Whether `event` hangs on some instance at `node`."""
        return event.id in self._paths.get(node, ())

    def instance_at(self, node: NodePlan, event: Held) -> str:
        """The event id of the instance on which an explained `event` hangs at `node`, the nearest by edges."""
        return self._paths[node][event.id][0][-1].id

    def _live_roots(self) -> list[Held]:
        root = self.cascade.root
        roots = [event for event in self._events.get(root.action, ()) if fits(root, event)]
        for spoiler in self.cascade.spoilers if roots else ():
            suspects = [
                event for event in self._events.get(spoiler.action, ()) if fits(spoiler, event)
            ]
            if not suspects:
                continue
            index = PartnerIndex(
                suspects, spoiler.join, account=spoiler.same_account, actor=False, of_parents=False
            )
            for event in roots:
                near = index.near(event, event.time - spoiler.before, event.time + spoiler.after)
                if any(spoils(spoiler, suspect, event) for suspect in near):
                    self.voided.setdefault(event.id, spoiler.reason)
        roots = [event for event in roots if event.id not in self.voided]
        for member in self.cascade.required if roots else ():
            index = self._index(member, self._fitting(member), of_parents=False)
            for event in roots:
                near = index.near(event, event.time - member.before, event.time + member.after)
                if not any(edge_holds(member, other, event) for other in near):
                    self.lacking.setdefault(event.id, member.name)
        return [event for event in roots if event.id not in self.lacking]

    def _fitting(self, node: NodePlan) -> list[Held]:
        return [event for event in self._events.get(node.action, ()) if fits(node, event)]

    def _index(self, node: NodePlan, events: Iterable[Held], *, of_parents: bool) -> PartnerIndex:
        return PartnerIndex(
            events,
            node.join,
            account=node.same_account,
            actor=node.actor == "same",
            of_parents=of_parents,
        )

    def _paths_of(self, node: NodePlan) -> dict[str, list[Path]]:
        """For every event that hangs on an instance at `node`: its paths, by event id.

        Unless an action repeats on the way, the first path to each root is the best one.
        """
        assert node.parent is not None
        if node.parent is self.cascade.root:
            onward: dict[str, list[Path]] = {root.id: [(root,)] for root in self.roots}
            parents: Iterable[Held] = self.roots
        else:
            onward = self._paths[node.parent]
            parents = [paths[0][0] for paths in onward.values()]
        if not onward or node.action not in self._events:
            return {}
        index = self._index(node, parents, of_parents=True)
        at_root = node.parent is self.cascade.root
        before, after = node.before, node.after
        result: dict[str, list[Path]] = {}
        for event in self._fitting(node):
            near = index.near(event, event.time - after, event.time + before)
            if not near:
                continue
            if at_root:
                holding = (root for root in near if edge_holds(node, event, root))
                paths: list[Path] = [(event, root) for root in islice(holding, MAX_INSTANCES)]
            else:
                paths = self._paths_along(node, event, near, onward)
            if paths:
                result[event.id] = paths
        return result

    def _paths_along(
        self,
        node: NodePlan,
        event: Held,
        near: Iterable[Held],
        onward: Mapping[str, list[Path]],
    ) -> list[Path]:
        paths: list[Path] = []
        roots: set[str] = set()
        for parent in near:
            if not edge_holds(node, event, parent):
                continue
            prolong(event, onward[parent.id], paths, roots, repeats=self.cascade.repeats)
            if len(roots) >= MAX_INSTANCES:
                break
        return paths
