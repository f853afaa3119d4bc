"""The questions that the graph answers. Each answer is a plain value in one fixed order.

They are functions over `GraphReader`, so that every store gives the same answers. Each reads the
edges it needs at once and walks them in memory: a catalogue has thousands of edges, not millions.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..catalog.terms import POLICY_ORDER, Policy, Relation
from .errors import GraphError
from .schema import (
    EDGE_TYPES,
    NODE_TYPES,
    ActionNode,
    CascadeNode,
    ControllerNode,
    EdgeKind,
    Emits,
    Includes,
    MapsTo,
    MayCall,
    NodeKind,
    Originates,
    SubtechniqueOf,
    TechniqueNode,
)
from .store import GraphReader, NodeT


@dataclass(frozen=True, slots=True)
class Step:
    """One action emits another; `emissions` are all cascades' reasons why."""

    source: str
    target: str
    emissions: tuple[Emits, ...]


Chain: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """An action that is reached, and the shortest chain of steps in emission order."""

    action: str
    chain: Chain


@dataclass(frozen=True, slots=True)
class Masking:
    """A technique whose trace a cascade explains away.

    With `policy` suppress exports may silence `action`; with annotate it is labelled and shown.
    """

    technique: str
    name: str
    cascade: str
    action: str
    node: str
    relation: Relation
    policy: Policy


@dataclass(frozen=True, slots=True)
class Relay:
    """An action that is an origin and an effect; the cascades are given by id."""

    action: str
    origin_of: tuple[str, ...]
    effect_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cycles:
    """Rings of actions that emit each other, the shortest first, each from its smallest action.

    `truncated` says that there are more than were asked for.
    """

    found: tuple[tuple[str, ...], ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Stats:
    """How much there is, by kind; every kind is named."""

    nodes: dict[NodeKind, int]
    edges: dict[EdgeKind, int]


def emits(graph: GraphReader, action: str) -> list[Emits]:
    """What an action emits itself: one edge for each cascade and effect, multi-hop effects included.

    Raises:
        GraphError: the graph has no such action.
    """
    _require(graph, ActionNode, action)
    return graph.edges(Emits, source=action)


def emitters(graph: GraphReader, action: str) -> list[Emits]:
    """What emits an action itself.

    Raises:
        GraphError: the graph has no such action.
    """
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
    _require_steps(graph, action, max_steps)
    edges = graph.edges(Emits)
    onward: dict[str, list[Step]] = {}
    for step in _steps(edge for edge in edges if edge.source == action or not edge.ensemble):
        onward.setdefault(step.source, []).append(step)
    chains: dict[str, Chain] = {action: ()}
    waiting = deque([action])
    while waiting:
        chain = chains[here := waiting.popleft()]
        if len(chain) == max_steps:
            continue
        for step in onward.get(here, ()):
            if step.target not in chains:
                chains[step.target] = (*chain, step)
                waiting.append(step.target)
    del chains[action]
    return _sorted_reach(chains)


def emitters_transitively(
    graph: GraphReader, action: str, *, max_steps: int | None = None
) -> list[Reach]:
    """What emits an action, also through others; nearest first, then by name. Chains end at the action.

    An emitter is found here exactly when `emits_transitively` of it finds `action`.

    Raises:
        GraphError: the graph has no such action, or `max_steps` is less than 1.
    """
    _require_steps(graph, action, max_steps)
    edges = graph.edges(Emits)
    back: dict[str, list[Step]] = {}
    for step in _steps(edge for edge in edges if not edge.ensemble):
        back.setdefault(step.target, []).append(step)
    # Chains of origins alone; any edge may then lead into one of them as the first step.
    tails: dict[str, Chain] = {action: ()}
    waiting = deque([action])
    while waiting:
        chain = tails[here := waiting.popleft()]
        for step in back.get(here, ()):
            if step.source not in tails:
                tails[step.source] = (step, *chain)
                waiting.append(step.source)
    chains: dict[str, Chain] = {}
    for step in _steps(edge for edge in edges if edge.target in tails and edge.source != action):
        chain = (step, *tails[step.target])
        known = chains.get(step.source)
        if (max_steps is None or len(chain) <= max_steps) and (
            known is None or _chain_order(chain) < _chain_order(known)
        ):
            chains[step.source] = chain
    return _sorted_reach(chains)


def shortest_path(graph: GraphReader, source: str, target: str) -> Chain | None:
    """The fewest steps by which `source` emits `target`; of equally short paths the first by name.

    Empty when they are the same action, None when there is no path.

    Raises:
        GraphError: the graph lacks one of the actions.
    """
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
    _require(graph, TechniqueNode, technique)
    wanted = {technique}
    if subtechniques:
        wanted.update(edge.source for edge in graph.edges(SubtechniqueOf, target=technique))
    return _maskings(graph, lambda edge: edge.target in wanted)


def callers_of(graph: GraphReader, action: str) -> list[ControllerNode]:
    """The controllers that are expected to call an action, by name; not those that may call anything.

    Raises:
        GraphError: the graph has no such action.
    """
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
    if limit < 1 or max_length < 1:
        raise GraphError("limit and max_length are at least 1")
    after: dict[str, set[str]] = {}
    for edge in graph.edges(Emits):
        if ensembles or not edge.ensemble:
            after.setdefault(edge.source, set()).add(edge.target)
    neighbours = {action: sorted(targets) for action, targets in after.items()}
    found: list[tuple[str, ...]] = []
    for length in range(1, max_length + 1):
        for start in sorted(neighbours):
            steps_home = _steps_home(neighbours, start, length)
            if not _rings(neighbours, (start,), length, steps_home, found, limit):
                return Cycles(tuple(found[:limit]), truncated=True)
    return Cycles(tuple(found), truncated=False)


def stats(graph: GraphReader) -> Stats:
    """How many nodes and edges of each kind there are."""
    return Stats(
        nodes={kind.KIND: len(graph.nodes(kind)) for kind in NODE_TYPES},
        edges={kind.KIND: len(graph.edges(kind)) for kind in EDGE_TYPES},
    )


def _require(graph: GraphReader, kind: type[NodeT], id_: str) -> None:
    if graph.node(kind, id_) is None:
        raise GraphError(f"the graph has no {kind.KIND} {id_!r}")


def _require_steps(graph: GraphReader, action: str, max_steps: int | None) -> None:
    _require(graph, ActionNode, action)
    if max_steps is not None and max_steps < 1:
        raise GraphError("max_steps is at least 1")


def _steps(edges: Iterable[Emits]) -> list[Step]:
    """The edges in bundles of the same ends, sorted."""
    bundles: dict[tuple[str, str], list[Emits]] = {}
    for edge in edges:
        bundles.setdefault((edge.source, edge.target), []).append(edge)
    return [Step(*ends, tuple(bundle)) for ends, bundle in sorted(bundles.items())]


def _chain_order(chain: Chain) -> tuple[int, list[str]]:
    return len(chain), [step.target for step in chain]


def _sorted_reach(chains: dict[str, Chain]) -> list[Reach]:
    reached = [Reach(action, chain) for action, chain in chains.items()]
    return sorted(reached, key=lambda each: (len(each.chain), each.action))


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
    return sorted(
        found,
        key=lambda each: (
            POLICY_ORDER.index(each.policy),
            each.technique,
            each.cascade,
            each.action,
            each.node,
        ),
    )


def _by_action(edges: list[Originates] | list[Includes]) -> dict[str, tuple[str, ...]]:
    cascades: dict[str, set[str]] = {}
    for edge in edges:
        cascades.setdefault(edge.target, set()).add(edge.source)
    return {action: tuple(sorted(ids)) for action, ids in cascades.items()}


def _steps_home(neighbours: dict[str, list[str]], start: str, length: int) -> dict[str, int]:
    """The fewest steps from each action back to `start` through actions that sort after it."""
    before: dict[str, list[str]] = {}
    for action, targets in neighbours.items():
        for target in targets:
            if action >= start and target >= start:
                before.setdefault(target, []).append(action)
    steps = {start: 0}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if steps[here] == length:
            continue
        for action in before.get(here, ()):
            if action not in steps:
                steps[action] = steps[here] + 1
                waiting.append(action)
    return steps


def _rings(
    neighbours: dict[str, list[str]],
    path: tuple[str, ...],
    length: int,
    steps_home: dict[str, int],
    found: list[tuple[str, ...]],
    limit: int,
) -> bool:
    """Append the rings of exactly `length` that begin with `path`; false once there are over `limit`."""
    for action in neighbours.get(path[-1], ()):
        if len(path) == length:
            if action == path[0]:
                found.append(path)
                if len(found) > limit:
                    return False
        elif (
            action not in path
            and action in steps_home
            and steps_home[action] <= length - len(path)
            and not _rings(neighbours, (*path, action), length, steps_home, found, limit)
        ):
            return False
    return True
