"""Makes the graph out of the catalogue."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar

from ..catalog.attack import technique
from ..catalog.controllers import KnownController
from ..catalog.known_actions import KnownAction
from ..catalog.models import Cascade, Effect, Origin
from .schema import (
    ActionNode,
    CascadeNode,
    ControllerNode,
    Edge,
    Emits,
    Includes,
    Indicates,
    InTactic,
    MapsTo,
    MayCall,
    Node,
    Originates,
    PartOf,
    ServiceNode,
    SpoiledBy,
    SubtechniqueOf,
    TacticNode,
    TechniqueNode,
    Via,
    edge_order,
    node_order,
)
from .store import EdgeT, GraphStore, NodeT

StoreT = TypeVar("StoreT", bound=GraphStore)


class TacticFacts(Protocol):
    """What the graph wants to know of a tactic; `catalog.Tactic` has it."""

    @property
    def id(self) -> str: ...
    @property
    def shortname(self) -> str: ...
    @property
    def name(self) -> str: ...


class TechniqueFacts(Protocol):
    """What the graph wants to know of a technique; `catalog.Technique` has it."""

    @property
    def name(self) -> str: ...
    @property
    def tactics(self) -> Sequence[TacticFacts]: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def status(self) -> Literal["current", "revoked", "deprecated"]: ...


Lookup = Callable[[str], TechniqueFacts | None]
_NO_ACTIONS: Mapping[str, KnownAction] = MappingProxyType({})
_NO_CONTROLLERS: Mapping[str, KnownController] = MappingProxyType({})


def build_graph(
    cascades: Iterable[Cascade],
    store: StoreT,
    *,
    lookup: Lookup = technique,
    known: Mapping[str, KnownAction] = _NO_ACTIONS,
    controllers: Mapping[str, KnownController] = _NO_CONTROLLERS,
) -> StoreT:
    """Write the graph of `cascades` and of the `known` actions into `store`, and hand the store back.

    What the store holds already stays, as far as it is not replaced. For the rest see `draw_graph`.
    """
    drawing = draw_graph(cascades, lookup=lookup, known=known, controllers=controllers)
    store.write(drawing.all_nodes.values(), drawing.all_edges)
    return store


def draw_graph(
    cascades: Iterable[Cascade],
    *,
    lookup: Lookup = technique,
    known: Mapping[str, KnownAction] = _NO_ACTIONS,
    controllers: Mapping[str, KnownController] = _NO_CONTROLLERS,
) -> "Drawing":
    """The graph of `cascades` and of the `known` actions, without a store.

    `lookup` says what is known of an ATT&CK id; `known` holds actions to write whether or not a cascade has
    them (`catalog.known_actions`), and `controllers` those to write with the actions of the graph that they
    may call (`catalog.known_controllers`). The documents must be sound (`catalog.structure`); the loader sees to that.
    """
    drawing = Drawing(known)
    for action in drawing.known:
        drawing.add_known(action)
    for cascade in cascades:
        drawing.add_cascade(cascade)
    drawing.add_controllers(controllers)
    drawing.add_techniques(lookup)
    return drawing


class Drawing:
    """Nodes and edges as they are collected: a store is written to once.

    It is a `GraphReader` without indexes, which looks at every edge for each question: made at once, and
    meant for one question.
    """

    def __init__(self, known: Mapping[str, KnownAction]) -> None:
        self.known = known
        self.all_nodes: dict[str, Node] = {}
        self.all_edges: list[Edge] = []

    def node(self, kind: type[NodeT], node_id: str) -> NodeT | None:
        """The node of that kind and id, if there is one."""
        found = self.all_nodes.get(f"{kind.KIND}:{node_id}")
        assert found is None or isinstance(found, kind)
        return found

    def nodes(self, kind: type[NodeT]) -> list[NodeT]:
        """All nodes of a kind, sorted."""
        values = self.all_nodes.values()
        return sorted((node for node in values if isinstance(node, kind)), key=node_order)

    def edges(
        self, kind: type[EdgeT], *, source: str | None = None, target: str | None = None
    ) -> list[EdgeT]:
        """The edges of a kind, sorted; only those from `source` or to `target`, by id, where given."""
        # Of two with the same ends and key the later one counts, as in a store.
        found = {
            (edge.source, edge.target, edge.key): edge
            for edge in self.all_edges
            if isinstance(edge, kind)
            and source in (None, edge.source)
            and target in (None, edge.target)
        }
        return sorted(found.values(), key=edge_order)

    def add_known(self, action: str) -> None:
        self._action(action)
        for technique_id in self.known[action].attack:
            self.all_edges.append(Indicates(source=action, target=technique_id))

    def add_cascade(self, cascade: Cascade) -> None:
        self._node(
            CascadeNode(
                id=cascade.id,
                title=cascade.title,
                provider=cascade.provider,
                policy=cascade.suppression.policy,
                ensemble=cascade.ensemble is not None,
            )
        )
        required = cascade.ensemble.require if cascade.ensemble else ()
        if cascade.origin is not None:
            self._action(cascade.origin.action)
            self.all_edges.append(Originates(source=cascade.id, target=cascade.origin.action))
            self._maps_to(cascade, cascade.origin)
        for effect in cascade.effects:
            self._action(effect.action)
            self.all_edges.append(
                Includes(
                    source=cascade.id,
                    target=effect.action,
                    node=effect.node,
                    relation=effect.relation,
                    policy=cascade.policy_of(effect),
                    required=effect.node in required,
                    evidence=cascade.evidence_for(effect),
                )
            )
            self._maps_to(cascade, effect)
        for index, spoiler in enumerate(cascade.spoilers):
            self._action(spoiler.action)
            self.all_edges.append(
                SpoiledBy(
                    source=cascade.id,
                    target=spoiler.action,
                    index=index,
                    before_s=spoiler.within.before if spoiler.within else 0,
                    after_s=spoiler.within.after if spoiler.within else 0,
                    join=spoiler.join,
                    reason=spoiler.reason,
                    between=spoiler.within is None,
                )
            )
        self.all_edges.extend(_emissions(cascade))
        self.all_edges.extend(_hops(cascade))

    def add_controllers(self, controllers: Mapping[str, KnownController]) -> None:
        actions = sorted(
            node.id for node in self.all_nodes.values() if isinstance(node, ActionNode)
        )
        for name, controller in controllers.items():
            self._node(
                ControllerNode(
                    id=name,
                    title=controller.title,
                    attested=controller.attested,
                    note=controller.note,
                )
            )
            self.all_edges.extend(
                MayCall(source=name, target=action)
                for action in actions
                if controller.expects(action)
            )

    def add_techniques(self, lookup: Lookup) -> None:
        waiting = {edge.target for edge in self.all_edges if isinstance(edge, MapsTo | Indicates)}
        while waiting:
            id_ = waiting.pop()
            facts = lookup(id_)
            self._node(
                TechniqueNode(
                    id=id_,
                    name=facts.name if facts else "",
                    status=facts.status if facts else "unknown",
                )
            )
            parent = facts.parent if facts else id_.rpartition(".")[0]
            if parent:
                self.all_edges.append(SubtechniqueOf(source=id_, target=parent))
                if f"technique:{parent}" not in self.all_nodes:
                    waiting.add(parent)
            for tactic in facts.tactics if facts else ():
                self._node(TacticNode(id=tactic.id, shortname=tactic.shortname, name=tactic.name))
                self.all_edges.append(InTactic(source=id_, target=tactic.id))

    def _node(self, node: Node) -> None:
        self.all_nodes[node.ref] = node

    def _action(self, action: str) -> None:
        service = action.partition(":")[0]
        known = self.known.get(action)
        if known is None:
            self._node(ActionNode(id=action))
        else:
            self._node(ActionNode(id=action, log=known.log, note=known.note))
        self._node(ServiceNode(id=service))
        self.all_edges.append(PartOf(source=action, target=service))

    def _maps_to(self, cascade: Cascade, node: Origin | Effect) -> None:
        effect = node if isinstance(node, Effect) else None
        for technique_id in node.attack:
            self.all_edges.append(
                MapsTo(
                    source=node.action,
                    target=technique_id,
                    cascade=cascade.id,
                    node=effect.node if effect else node.action,
                    role="effect" if effect else "origin",
                    relation=effect.relation if effect else None,
                    policy=cascade.policy_of(effect) if effect else None,
                )
            )


def _emissions(cascade: Cascade) -> Iterator[Emits]:
    if cascade.ensemble is None:
        sources = [(cascade.root_node, cascade.root, (0, 0))]
    else:
        members = [cascade.effect(name) for name in cascade.ensemble.require]
        sources = [(member.node, member, _window(cascade, member)) for member in members]
    for from_node, source, (source_before, source_after) in sources:
        for effect in cascade.effects:
            if effect.node == from_node:
                continue
            before, after = _window(cascade, effect)
            parent = cascade.parent_node(effect)
            # The root hangs on nothing: what ties it to a member is what ties that member to it.
            tie = source if effect is cascade.root and isinstance(source, Effect) else effect
            yield Emits(
                source=source.action,
                target=effect.action,
                cascade=cascade.id,
                from_node=from_node,
                node=effect.node,
                relation=effect.relation,
                policy=cascade.policy_of(effect),
                before_s=before + source_after,
                after_s=after + source_before,
                actor=tie.actor,
                join=tie.join,
                occurs=effect.occurs,
                depth=_depth(cascade, effect),
                via=None if parent == cascade.root_node else cascade.effect(parent).action,
                ensemble=cascade.ensemble is not None,
                evidence=cascade.evidence_for(effect),
            )


def _hops(cascade: Cascade) -> Iterator[Via]:
    for effect in cascade.effects:
        parent = cascade.parent_node(effect)
        if parent == cascade.root_node:
            continue
        yield Via(
            source=cascade.effect(parent).action,
            target=effect.action,
            cascade=cascade.id,
            from_node=parent,
            node=effect.node,
            relation=effect.relation,
            policy=cascade.policy_of(effect),
            before_s=effect.within.before,
            after_s=effect.within.after,
            actor=effect.actor,
            join=effect.join,
        )


def _path(cascade: Cascade, effect: Effect) -> Iterator[Effect]:
    """The effect and those it hangs on, up to but without the root."""
    while effect is not cascade.root:
        yield effect
        parent = cascade.parent_node(effect)
        if parent == cascade.root_node:
            return
        effect = cascade.effect(parent)


def _window(cascade: Cascade, effect: Effect) -> tuple[int, int]:
    """The widest window relative to the root: before and after, in seconds."""
    hops = [hop.within for hop in _path(cascade, effect)]
    return sum(hop.before for hop in hops), sum(hop.after for hop in hops)


def _depth(cascade: Cascade, effect: Effect) -> int:
    # An ensemble's root is one hop from each other member.
    return max(1, sum(1 for _ in _path(cascade, effect)))
