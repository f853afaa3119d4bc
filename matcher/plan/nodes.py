"""What a plan consists of: actions, and the nodes and spoilers of cascades, each compiled."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..actors.callers import Caller
from .conditions import Test
from .fields import KeyValue, View

Pairs = tuple[tuple[str, int, int], ...]


@dataclass(slots=True, eq=False)
class ActionPlan:
    """What the catalogue wants to know of one action, and where it plays a part."""

    action: str
    number: int = -1
    """Its place among `Plan.actions`."""
    keys: list[Callable[[View], KeyValue]] = field(default_factory=list)
    tests: list[tuple[int, Test]] = field(default_factory=list)
    """Conditions, each with the bit that says it holds."""
    caller_tests: list[tuple[int, Test]] = field(default_factory=list)
    """Those that rest on `userIdentity` alone, and so hold for all or none of a caller's events."""
    conditions: list[str] = field(default_factory=list)
    wants_agent: bool = False
    orphans: bool = False
    """Whether an event that nothing explains is an orphan."""
    origins: list["NodePlan"] = field(default_factory=list)
    effects: list["NodePlan"] = field(default_factory=list)

    caller_mask: int = 0
    members: tuple[str, ...] = ()
    """The undecoded members of a record that are read of such an event, besides `userIdentity`."""
    partner: bool = False
    """Whether something hangs on such an event: it is a root, a parent, a required member or a spoiler."""
    callers: dict[Caller, int] = field(default_factory=dict, repr=False)
    """What `caller_tests` say of the callers seen last."""

    listed: bool = False
    """Whether an event of this action gets a verdict: it is some origin or effect."""
    quiet: bool = False
    """Whether an event that nothing explains needs no verdict, and no other event rests on it."""


@dataclass(frozen=True, slots=True, eq=False)
class NodePlan:
    """One node of a cascade, compiled. Equality is identity.

    `join` and `distinct` hold (key name, slot in this node's events, slot in the parent's events).
    `mask` has a bit for each condition of the action that must hold. `before` and `after` are seconds.
    `service` is the caller that `actor` asks AWS to attest, if it does.
    """

    cascade: "CascadePlan" = field(repr=False)
    order: int
    name: str
    action: ActionPlan = field(repr=False)
    mask: int
    any_outcome: bool
    parent: "NodePlan | None" = field(repr=False)
    join: Pairs
    distinct: Pairs
    before: int
    after: int
    actor: str
    service: str | None
    same_account: bool
    same_tool: bool
    relation: str | None
    policy: str | None
    techniques: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SpoilerPlan:
    """A spoiler, compiled like an edge from the root."""

    action: ActionPlan = field(repr=False)
    mask: int
    join: Pairs
    before: int
    after: int
    same_account: bool
    reason: str
    any_outcome: bool = False


@dataclass(slots=True, eq=False)
class CascadePlan:
    """A cascade, compiled. `nodes` holds the effects, parents before children; not an ensemble's root.

    `required` are the members besides the root without which an ensemble explains nothing, `inner` the
    nodes besides the root on which others hang.
    """

    id: str
    ensemble: bool
    root: NodePlan = field(init=False)
    nodes: list[NodePlan] = field(default_factory=list)
    required: tuple[NodePlan, ...] = ()
    spoilers: tuple[SpoilerPlan, ...] = ()
    inner: frozenset[NodePlan] = frozenset()
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled catalogue.

    `by_name` leads from eventName and eventSource to the action's plan, and `actions` holds these plans; their
    order follows from the documents, so that equal documents give equal numbers. `thorough` holds the event names of
    which more is read than a `Brief` record has. `controllers` leads from an
    ARN to the name that the user gave the principal.
    """

    by_name: dict[str, dict[str, ActionPlan]]
    actions: tuple[ActionPlan, ...]
    cascades: tuple[CascadePlan, ...]
    thorough: frozenset[str]
    controllers: dict[str, str]

    def action(self, name: str, source: str) -> ActionPlan | None:
        """The plan of the action, if the catalogue knows it."""
        sources = self.by_name.get(name)
        return sources.get(source) if sources else None
