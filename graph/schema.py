"""What the knowledge graph is made of: nodes and edges, as typed frozen values.

A node is known by its `ref`, `kind:id` (`action:iam:DeleteUser`). An edge names the `id` of both
ends; its class says which kinds they are. Seconds are relative to the edge's source: an effect lies
at most `before_s` before and `after_s` after it.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec

from ..catalog.terms import (
    ACTION_PATTERN,
    ACTOR_PATTERN,
    CASCADE_ID_PATTERN,
    KEY_NAME_PATTERN,
    NODE_NAME_PATTERN,
    TECHNIQUE_PATTERN,
    EvidenceKind,
    Occurs,
    Policy,
    Relation,
)


def _whole(pattern: str) -> str:
    # `$` alone lets a trailing line feed pass.
    return pattern.removesuffix("$") + r"\Z"


Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=10_000)]
ActionName: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=_whole(ACTION_PATTERN), max_length=1_000)
]
CascadeName: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=_whole(CASCADE_ID_PATTERN), max_length=1_000)
]
TechniqueName: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=_whole(TECHNIQUE_PATTERN), max_length=20)
]
TacticName: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^TA[0-9]{4}\Z")]
ServiceName: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]*\Z", max_length=1_000)
]
ControllerName: TypeAlias = ServiceName
NodeName: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=_whole(NODE_NAME_PATTERN), max_length=1_000)
]
KeyName: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=_whole(KEY_NAME_PATTERN), max_length=1_000)
]
Actor: TypeAlias = Annotated[str, msgspec.Meta(pattern=_whole(ACTOR_PATTERN), max_length=1_000)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]

NodeKind = Literal["action", "cascade", "technique", "tactic", "service", "controller"]
EdgeKind = Literal[
    "EMITS",
    "VIA",
    "ORIGINATES",
    "INCLUDES",
    "SPOILED_BY",
    "MAPS_TO",
    "INDICATES",
    "IN_TACTIC",
    "SUBTECHNIQUE_OF",
    "PART_OF",
    "MAY_CALL",
]


class _Node(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    KIND: ClassVar[NodeKind]
    id: str

    @property
    def ref(self) -> str:
        """The node's name in the whole graph: `kind:id`."""
        return f"{self.KIND}:{self.id}"


class ActionNode(_Node, frozen=True, tag="action"):
    """`iam:DeleteUser`. `log` (where CloudTrail records it) and `note` are known of the actions that the
    literature on attacks names; of others they are None and empty."""

    KIND = "action"
    id: ActionName
    log: Literal["write", "read", "data", "service", "sign-in"] | None = None
    note: Text = ""


class CascadeNode(_Node, frozen=True, tag="cascade"):
    """A cascade document."""

    KIND = "cascade"
    id: CascadeName
    title: Text
    provider: Text
    policy: Policy
    ensemble: bool


class TechniqueNode(_Node, frozen=True, tag="technique"):
    """An ATT&CK technique or sub-technique. Of an id that the table lacks, only the id is known."""

    KIND = "technique"
    id: TechniqueName
    name: Text
    status: Literal["current", "revoked", "deprecated", "unknown"]


class TacticNode(_Node, frozen=True, tag="tactic"):
    """An ATT&CK tactic; `shortname` is `credential-access`."""

    KIND = "tactic"
    id: TacticName
    shortname: Text
    name: Text


class ServiceNode(_Node, frozen=True, tag="service"):
    """An AWS service, named as in an action: `iam`."""

    KIND = "service"
    id: ServiceName


class ControllerNode(_Node, frozen=True, tag="controller"):
    """A noisy principal that every account has. `attested`: AWS vouches for it, and not merely a name."""

    KIND = "controller"
    id: ControllerName
    title: Text
    attested: bool
    note: Text


class _Edge(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    KIND: ClassVar[EdgeKind]
    ENDS: ClassVar[tuple[NodeKind, NodeKind]]
    # The fields which, besides the ends, tell an edge from its parallels.
    KEY: ClassVar[tuple[str, ...]] = ()
    source: str
    target: str

    @property
    def source_ref(self) -> str:
        """`ref` of the node it leaves."""
        return f"{self.ENDS[0]}:{self.source}"

    @property
    def target_ref(self) -> str:
        """`ref` of the node it reaches."""
        return f"{self.ENDS[1]}:{self.target}"

    @property
    def key(self) -> str:
        """What tells it from other edges between the same ends. Writing the same key again replaces."""
        return " ".join((self.KIND, *(str(getattr(self, name)) for name in self.KEY)))


class Emits(_Edge, frozen=True, tag="EMITS"):
    """An action brings another along: from a cascade's origin to every effect, however many hops off.

    In an ensemble, from every required member to every other member: each is explained by the rest.
    `depth` counts the hops from the cascade's root (1 for what hangs on it), and `via` names the
    action of the effect in between. Over several hops the window is the sum of the hops' windows, the
    widest that the document allows; `actor` and `join` are those of the last hop. `evidence` says what kinds of
    evidence there are for the effect, the strongest first.
    """

    KIND = "EMITS"
    ENDS = ("action", "action")
    KEY = ("cascade", "from_node", "node")
    source: ActionName
    target: ActionName
    cascade: CascadeName
    from_node: NodeName
    node: NodeName
    relation: Relation
    policy: Policy
    before_s: Count
    after_s: Count
    actor: Actor
    join: tuple[KeyName, ...]
    occurs: Occurs
    depth: Count
    via: ActionName | None
    ensemble: bool
    evidence: tuple[EvidenceKind, ...] = ()


class Via(_Edge, frozen=True, tag="VIA"):
    """One hop beyond the first: from an effect to an effect that hangs on it, as the document says it."""

    KIND = "VIA"
    ENDS = ("action", "action")
    KEY = ("cascade", "from_node", "node")
    source: ActionName
    target: ActionName
    cascade: CascadeName
    from_node: NodeName
    node: NodeName
    relation: Relation
    policy: Policy
    before_s: Count
    after_s: Count
    actor: Actor
    join: tuple[KeyName, ...]


class Originates(_Edge, frozen=True, tag="ORIGINATES"):
    """A cascade begins with an action. An ensemble has no such edge."""

    KIND = "ORIGINATES"
    ENDS = ("cascade", "action")
    source: CascadeName
    target: ActionName


class Includes(_Edge, frozen=True, tag="INCLUDES"):
    """A cascade has an effect. `required` is true of the members which an ensemble must have; `evidence`
    says what kinds of evidence there are, the strongest first."""

    KIND = "INCLUDES"
    ENDS = ("cascade", "action")
    KEY = ("node",)
    source: CascadeName
    target: ActionName
    node: NodeName
    relation: Relation
    policy: Policy
    required: bool
    evidence: tuple[EvidenceKind, ...] = ()


class SpoiledBy(_Edge, frozen=True, tag="SPOILED_BY"):
    """An action that voids a cascade. `index` is the spoiler's place in the document, from 0.

    The window is relative to the cascade's root; with `between` it lies between an effect and the root instead.
    """

    KIND = "SPOILED_BY"
    ENDS = ("cascade", "action")
    KEY = ("index",)
    source: CascadeName
    target: ActionName
    index: Count
    before_s: Count
    after_s: Count
    join: tuple[KeyName, ...]
    reason: Text
    between: bool = False


class MapsTo(_Edge, frozen=True, tag="MAPS_TO"):
    """What an action is in an attacker's hands, as one cascade states it.

    `policy` is what the cascade does about it when it is an explained effect; None for the origin.
    """

    KIND = "MAPS_TO"
    ENDS = ("action", "technique")
    KEY = ("cascade", "node")
    source: ActionName
    target: TechniqueName
    cascade: CascadeName
    node: NodeName
    role: Literal["origin", "effect"]
    relation: Relation | None
    policy: Policy | None


class Indicates(_Edge, frozen=True, tag="INDICATES"):
    """What an action is in an attacker's hands, whatever the cascades say of it."""

    KIND = "INDICATES"
    ENDS = ("action", "technique")
    source: ActionName
    target: TechniqueName


class InTactic(_Edge, frozen=True, tag="IN_TACTIC"):
    """A technique serves a tactic."""

    KIND = "IN_TACTIC"
    ENDS = ("technique", "tactic")
    source: TechniqueName
    target: TacticName


class SubtechniqueOf(_Edge, frozen=True, tag="SUBTECHNIQUE_OF"):
    """A sub-technique refines a technique."""

    KIND = "SUBTECHNIQUE_OF"
    ENDS = ("technique", "technique")
    source: TechniqueName
    target: TechniqueName


class PartOf(_Edge, frozen=True, tag="PART_OF"):
    """An action belongs to a service."""

    KIND = "PART_OF"
    ENDS = ("action", "service")
    source: ActionName
    target: ServiceName


class MayCall(_Edge, frozen=True, tag="MAY_CALL"):
    """A controller is expected to call an action."""

    KIND = "MAY_CALL"
    ENDS = ("controller", "action")
    source: ControllerName
    target: ActionName


Node: TypeAlias = (
    ActionNode | CascadeNode | TechniqueNode | TacticNode | ServiceNode | ControllerNode
)
Edge: TypeAlias = (
    Emits
    | Via
    | Originates
    | Includes
    | SpoiledBy
    | MapsTo
    | Indicates
    | InTactic
    | SubtechniqueOf
    | PartOf
    | MayCall
)
NODE_TYPES: tuple[type[Node], ...] = (
    ActionNode,
    CascadeNode,
    TechniqueNode,
    TacticNode,
    ServiceNode,
    ControllerNode,
)
EDGE_TYPES: tuple[type[Edge], ...] = (
    Emits,
    Via,
    Originates,
    Includes,
    SpoiledBy,
    MapsTo,
    Indicates,
    InTactic,
    SubtechniqueOf,
    PartOf,
    MayCall,
)
_NODE_RANK = {kind.KIND: rank for rank, kind in enumerate(NODE_TYPES)}
_EDGE_RANK = {kind.KIND: rank for rank, kind in enumerate(EDGE_TYPES)}


def node_order(node: Node) -> tuple[int, str]:
    """Sorts nodes: by kind in the order of `NODE_TYPES`, then by id. Text sorts by code point."""
    return _NODE_RANK[node.KIND], node.id


def edge_order(edge: Edge) -> tuple[int, str, str, tuple[tuple[int, str], ...]]:
    """Sorts edges: by kind in the order of `EDGE_TYPES`, then by source, target and key."""
    return _EDGE_RANK[edge.KIND], edge.source, edge.target, tuple(_key_parts(edge))


def _key_parts(edge: Edge) -> Iterator[tuple[int, str]]:
    for name in edge.KEY:
        value = getattr(edge, name)
        yield (value, "") if isinstance(value, int) else (0, value)
