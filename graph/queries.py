"""The questions that the graph answers. Each answer is a plain value in one fixed order.

They are functions over `GraphReader`, so that every store gives the same answers. Of a store in memory each
reads the edges it needs at once and walks them. A store that can do better `Answers` itself: what is far away is
asked for once, not edge by edge.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from .answers import (
    Chain,
    Cycles,
    Hiding,
    Masking,
    Reach,
    Relay,
    Silenced,
    Stats,
    hiding_order,
    masking_order,
    silenced_order,
)
from .errors import GraphError, missing
from .schema import (
    EDGE_TYPES,
    NODE_TYPES,
    ActionNode,
    CascadeNode,
    ControllerNode,
    Emits,
    Includes,
    Indicates,
    MapsTo,
    MayCall,
    Originates,
    SubtechniqueOf,
    TechniqueNode,
)
from .store import GraphReader, NodeT
from .walks import chains_from, chains_to, rings


@runtime_checkable
class Answers(GraphReader, Protocol):
    """A store that answers by itself. Each method is the function of its name and answers the same."""

    def emits(self, action: str) -> list[Emits]:
        """See `emits`."""
        ...

    def emitters(self, action: str) -> list[Emits]:
        """See `emitters`."""
        ...

    def emits_transitively(self, action: str, max_steps: int | None) -> list[Reach]:
        """See `emits_transitively`; `max_steps` is at least 1."""
        ...

    def emitters_transitively(self, action: str, max_steps: int | None) -> list[Reach]:
        """See `emitters_transitively`; `max_steps` is at least 1."""
        ...

    def shortest_path(self, source: str, target: str) -> Chain | None:
        """See `shortest_path`."""
        ...

    def techniques_masked(self, cascade: str) -> list[Masking]:
        """See `techniques_masked`."""
        ...

    def cascades_masking(self, technique: str, subtechniques: bool) -> list[Masking]:
        """See `cascades_masking`."""
        ...

    def blast_radius(self, technique: str) -> list[Silenced]:
        """See `blast_radius`."""
        ...

    def controllers_hiding(self, technique: str) -> list[Hiding]:
        """See `controllers_hiding`."""
        ...

    def callers_of(self, action: str) -> list[ControllerNode]:
        """See `callers_of`."""
        ...

    def relays(self) -> list[Relay]:
        """See `relays`."""
        ...

    def cycles(self, limit: int, max_length: int, ensembles: bool) -> Cycles:
        """See `cycles`; both bounds are at least 1."""
        ...

    def stats(self) -> Stats:
        """See `stats`."""
        ...


def emits(graph: GraphReader, action: str) -> list[Emits]:
    """What an action emits itself: one edge for each cascade and effect, multi-hop effects included.

    Raises:
        GraphError: the graph has no such action.
    """
    if isinstance(graph, Answers):
        return graph.emits(action)
    _require(graph, ActionNode, action)
    return graph.edges(Emits, source=action)


def emitters(graph: GraphReader, action: str) -> list[Emits]:
    """What emits an action itself.

    Raises:
        GraphError: the graph has no such action.
    """
    if isinstance(graph, Answers):
        return graph.emitters(action)
    _require(graph, ActionNode, action)
    return graph.edges(Emits, target=action)


def emits_transitively(
    graph: GraphReader, action: str, *, max_steps: int | None = None
) -> list[Reach]:
    """What an action emits, also through effects that are origins themselves; nearest first, then by name.

    `max_steps` bounds the steps from one action to the next. The action itself is left out, even where a
    cycle leads back to it (`cycles` tells). The members of an ensemble go along with each other but set
    nothing off, so that an ensemble's edge is followed from `action` only.

    Raises:
        GraphError: the graph has no such action, or `max_steps` is less than 1.
    """
    _require_at_least_1(max_steps=max_steps)
    if isinstance(graph, Answers):
        return graph.emits_transitively(action, max_steps)
    _require(graph, ActionNode, action)
    return chains_from(graph.edges(Emits), action, max_steps)


def emitters_transitively(
    graph: GraphReader, action: str, *, max_steps: int | None = None
) -> list[Reach]:
    """What emits an action, also through others; nearest first, then by name. Chains end at the action.

    An emitter is found here exactly when `emits_transitively` of it finds `action`.

    Raises:
        GraphError: the graph has no such action, or `max_steps` is less than 1.
    """
    _require_at_least_1(max_steps=max_steps)
    if isinstance(graph, Answers):
        return graph.emitters_transitively(action, max_steps)
    _require(graph, ActionNode, action)
    return chains_to(graph.edges(Emits), action, max_steps)


def shortest_path(graph: GraphReader, source: str, target: str) -> Chain | None:
    """The fewest steps by which `source` emits `target`; of equally short paths the first by name.

    Empty when they are the same action, None when there is no path.

    Raises:
        GraphError: the graph lacks one of the actions.
    """
    if isinstance(graph, Answers):
        return graph.shortest_path(source, target)
    _require(graph, ActionNode, target)
    if source == target:
        return ()
    for reached in emits_transitively(graph, source):
        if reached.action == target:
            return reached.chain
    return None


def techniques_masked(graph: GraphReader, cascade: str) -> list[Masking]:
    """The techniques of a cascade's effects that are suppressed, then those that are annotated.

    Effects with the policy `never` mask nothing.

    Raises:
        GraphError: the graph has no such cascade.
    """
    if isinstance(graph, Answers):
        return graph.techniques_masked(cascade)
    _require(graph, CascadeNode, cascade)
    return _maskings(graph, lambda edge: edge.cascade == cascade)


def cascades_masking(
    graph: GraphReader, technique: str, *, subtechniques: bool = True
) -> list[Masking]:
    """The cascades whose effects leave the trace of a technique, those that suppress it first.

    With `subtechniques` a technique stands for its sub-techniques, too.

    Raises:
        GraphError: no cascade of the graph names the technique.
    """
    if isinstance(graph, Answers):
        return graph.cascades_masking(technique, subtechniques)
    _require(graph, TechniqueNode, technique)
    wanted = _family(graph, technique) if subtechniques else {technique}
    return _maskings(graph, lambda edge: edge.target in wanted)


def blast_radius(graph: GraphReader, technique: str) -> list[Silenced]:
    """What goes out of sight with a technique, sub-techniques included, when its cascades are let have their way.

    Raises:
        GraphError: the graph has no such technique.
    """
    if isinstance(graph, Answers):
        return graph.blast_radius(technique)
    maskings = {
        (each.technique, each.action, each.cascade, each.policy)
        for each in cascades_masking(graph, technique)
    }
    origins: dict[tuple[str, str], set[str]] = {}
    for edge in graph.edges(Emits):
        origins.setdefault((edge.cascade, edge.target), set()).add(edge.source)
    family = _family(graph, technique)
    stands_for = _stands_for(graph)
    found = [
        Silenced(
            technique=each,
            action=action,
            cascade=cascade,
            policy=policy,
            origins=tuple(sorted(origins.get((cascade, action), ()))),
            also=tuple(sorted(stands_for[action] - family)),
        )
        for each, action, cascade, policy in maskings
    ]
    return sorted(found, key=silenced_order)


def controllers_hiding(graph: GraphReader, technique: str) -> list[Hiding]:
    """The controllers that may call an action of a technique, sub-techniques included, as a matter of course.

    Raises:
        GraphError: the graph has no such technique.
    """
    if isinstance(graph, Answers):
        return graph.controllers_hiding(technique)
    _require(graph, TechniqueNode, technique)
    family = _family(graph, technique)
    stands_for = _stands_for(graph)
    controllers = {node.id: node for node in graph.nodes(ControllerNode)}
    found = [
        Hiding(
            controller=edge.source,
            title=controllers[edge.source].title,
            attested=controllers[edge.source].attested,
            action=edge.target,
            technique=each,
        )
        for edge in graph.edges(MayCall)
        for each in stands_for.get(edge.target, frozenset()) & family
    ]
    return sorted(found, key=hiding_order)


def callers_of(graph: GraphReader, action: str) -> list[ControllerNode]:
    """The controllers that are expected to call an action, by name; not those that may call anything.

    Raises:
        GraphError: the graph has no such action.
    """
    if isinstance(graph, Answers):
        return graph.callers_of(action)
    _require(graph, ActionNode, action)
    names = {edge.source for edge in graph.edges(MayCall, target=action)}
    reach = {name: len(graph.edges(MayCall, source=name)) for name in names}
    everything = len(graph.nodes(ActionNode))
    return [
        node
        for node in graph.nodes(ControllerNode)
        if node.id in names and reach[node.id] < everything
    ]


def relays(graph: GraphReader) -> list[Relay]:
    """The actions that are an origin of one cascade and an effect of one, by name."""
    if isinstance(graph, Answers):
        return graph.relays()
    origins = _by_action(graph.edges(Originates))
    effects = _by_action(graph.edges(Includes))
    return [
        Relay(action, origins[action], effects[action])
        for action in sorted(origins.keys() & effects.keys())
    ]


def cycles(
    graph: GraphReader, *, limit: int = 100, max_length: int = 6, ensembles: bool = False
) -> Cycles:
    """Rings of at most `max_length` actions that emit each other, at most `limit` of them.

    An action that emits itself is a ring of one. The members of an ensemble emit each other by
    definition; their edges count only with `ensembles`.

    Raises:
        GraphError: `limit` or `max_length` is less than 1.
    """
    _require_at_least_1(limit=limit, max_length=max_length)
    if isinstance(graph, Answers):
        return graph.cycles(limit, max_length, ensembles)
    after: dict[str, set[str]] = {}
    for edge in graph.edges(Emits):
        if ensembles or not edge.ensemble:
            after.setdefault(edge.source, set()).add(edge.target)
    targets = {action: sorted(reached) for action, reached in after.items()}
    return rings(targets, limit, max_length)


def stats(graph: GraphReader) -> Stats:
    """How many nodes and edges of each kind there are."""
    if isinstance(graph, Answers):
        return graph.stats()
    return Stats(
        nodes={kind.KIND: len(graph.nodes(kind)) for kind in NODE_TYPES},
        edges={kind.KIND: len(graph.edges(kind)) for kind in EDGE_TYPES},
    )


def _require(graph: GraphReader, kind: type[NodeT], id_: str) -> None:
    if graph.node(kind, id_) is None:
        raise missing(kind.KIND, id_)


def _require_at_least_1(**bounds: int | None) -> None:
    for name, bound in bounds.items():
        if bound is not None and bound < 1:
            raise GraphError(f"{name} is at least 1")


def _maskings(graph: GraphReader, wanted: Callable[[MapsTo], bool]) -> list[Masking]:
    names = {node.id: node.name for node in graph.nodes(TechniqueNode)}
    found = [
        Masking(
            technique=edge.target,
            name=names[edge.target],
            cascade=edge.cascade,
            action=edge.source,
            node=edge.node,
            relation=edge.relation,
            policy=edge.policy,
        )
        for edge in graph.edges(MapsTo)
        if edge.relation is not None
        and edge.policy is not None
        and edge.policy != "never"
        and wanted(edge)
    ]
    return sorted(found, key=masking_order)


def _family(graph: GraphReader, technique: str) -> set[str]:
    return {technique, *(edge.source for edge in graph.edges(SubtechniqueOf, target=technique))}


def _stands_for(graph: GraphReader) -> dict[str, set[str]]:
    """The techniques of each action, whoever says so."""
    found: dict[str, set[str]] = {}
    for edge in (*graph.edges(MapsTo), *graph.edges(Indicates)):
        found.setdefault(edge.source, set()).add(edge.target)
    return found


def _by_action(edges: list[Originates] | list[Includes]) -> dict[str, tuple[str, ...]]:
    cascades: dict[str, set[str]] = {}
    for edge in edges:
        cascades.setdefault(edge.target, set()).add(edge.source)
    return {action: tuple(sorted(ids)) for action, ids in cascades.items()}
