"""What a plan consists of: actions, and the nodes and spoilers of cascades, each compiled."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from ...catalog.models import Condition
from ...catalog.terms import Policy
from ..actors.callers import Caller
from .conditions import Test
from .fields import KeyValue, Path, View

Pairs = tuple[tuple[str, int, int], ...]

REGION = "awsRegion"
"""The name of the key of an edge whose events must name one Region."""


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
    asked: list[Condition | None] = field(default_factory=list, repr=False)
    """The conditions on these paths; None where it is not the document that asks."""
    asked_words: dict[int, str] = field(default_factory=dict, repr=False)
    """What those of them ask for, in words, by their numbers, as far as anybody wanted to know."""
    node_mask: int = 0
    """The bits of the conditions of nodes: of one that does not hold an event keeps what was found instead."""
    names: list[tuple[str, int]] = field(default_factory=list)
    """The names of the keys by which nodes of this action are joined, each with a slot."""
    wants_agent: bool = False
    orphans: bool = False
    """Whether an event that nothing explains may be an orphan."""
    origins: list["NodePlan"] = field(default_factory=list)
    effects: list["NodePlan"] = field(default_factory=list)

    caller_mask: int = 0
    members: tuple[str, ...] = ()
    """The undecoded members of a record that are read of such an event, besides `userIdentity`."""
    partner: bool = False
    """Whether something hangs on such an event: it is a root, a parent or a required member."""
    spoils: list["CascadePlan"] = field(default_factory=list, repr=False)
    callers: dict[Caller, int] = field(default_factory=dict, repr=False)
    """What `caller_tests` say of the callers seen last."""
    unmet: dict[int, tuple[tuple[int, Path], ...]] = field(default_factory=dict, repr=False)
    """The paths of conditions that did not hold, by their bits, for those seen last."""

    listed: bool = False
    """Whether an event of this action gets a verdict: it is some origin or effect."""
    quiet: bool = False
    """Whether an event that nothing explains needs no verdict, and no other event rests on it."""


@dataclass(frozen=True, slots=True, eq=False)
class NodePlan:
    """One node of a cascade, compiled. Equality is identity.

    `join` and `distinct` hold (key name, slot in this node's events, slot in the parent's events).
    `mask` has a bit for each condition of the action that must hold, `told` one that says of each part of the call that
    failed which value it is about, where the action's calls may fail in part; `caller_mask` has those bits of `mask`
    that say who calls. `before` and `after` are seconds.
    `service` is the caller that `actor` asks AWS to attest, if it does; `by_service`: a service makes the call in its
    caller's name, and with its own address. `rank` is the class of its explanations, the best 0.
    """

    cascade: "CascadePlan" = field(repr=False)
    order: int
    name: str
    action: ActionPlan = field(repr=False)
    mask: int
    caller_mask: int
    told: int
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
    by_service: bool
    rank: int
    orphan: bool
    relation: str | None
    policy: Policy | None
    techniques: tuple[str, ...]
    names: dict[str, int] = field(default_factory=dict, repr=False)
    """The keys by which it and what hangs on it are joined, with their slots: what its events are about."""

    @property
    def named(self) -> Pairs:
        """The keys of `join` that name what the events are about: without the Region."""
        return tuple(pair for pair in self.join if pair[0] != REGION)


@dataclass(frozen=True, slots=True, eq=False)
class SpoilerPlan:
    """A spoiler, compiled like an edge from the root.

    With `between` it is asked of each path whether the spoiler lies on it in time; `before` and `after` are then how
    far from the root a path may reach.
    """

    action: ActionPlan = field(repr=False)
    mask: int
    join: Pairs
    before: int
    after: int
    same_account: bool
    reason: str
    between: bool = False
    any_outcome: bool = False
    told: int = 0


@dataclass(slots=True, eq=False)
class CascadePlan:
    """A cascade, compiled. `nodes` holds the effects, parents before children; not an ensemble's root.

    `spoilers` are judged by the root, those that lie `between` by the path; `judged_by` are the slots of the root's
    events that they join on, and with `judged_by_account` they ask for its account.
    `required` are the members besides the root without which an ensemble explains nothing, `inner` the
    nodes besides the root on which others hang.
    """

    id: str
    ensemble: bool
    root: NodePlan = field(init=False)
    nodes: list[NodePlan] = field(default_factory=list)
    required: tuple[NodePlan, ...] = ()
    spoilers: tuple[SpoilerPlan, ...] = ()
    between: tuple[SpoilerPlan, ...] = ()
    judged_by: tuple[int, ...] = ()
    judged_by_account: bool = False
    inner: frozenset[NodePlan] = frozenset()
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled catalogue.

    `by_name` leads from eventName and eventSource, in AWS's spelling and in those of exports, to the action's plan;
    `actions` holds these plans, whose order follows from the documents, so that equal documents give equal numbers.
    `thorough` holds the event names of which more is read than a `Brief` record has. `controllers` leads from an
    ARN to the name that the user gave the principal, and `services` from a service principal that AWS attests, or from
    the end of several that begins with a full stop, to the name of the known controller.
    """

    by_name: dict[str, dict[str, ActionPlan]]
    actions: tuple[ActionPlan, ...]
    cascades: tuple[CascadePlan, ...]
    thorough: frozenset[str]
    controllers: dict[str, str]
    services: Mapping[str, str]

    def action(self, name: str, source: str) -> ActionPlan | None:
        """The plan of the action, if the catalogue knows it."""
        sources = self.by_name.get(name)
        return sources.get(source) if sources else None

    def is_listed(self, name: str, source: str) -> bool:
        """Whether events of the action get a verdict: it is some origin or effect."""
        action = self.action(name, source)
        return action is not None and action.listed

    def controller_of(self, arn: str | None, issuer: str | None, attested: Set[str]) -> str | None:
        """The name of the controller that made a call: the user's own name for its principal, or else that of the
        service which AWS attests."""
        named = self.controllers
        if named and (own := named.get(arn or "") or named.get(issuer or "")):
            return own
        for service in sorted(attested):
            if name := self.services.get(service) or self._by_end(service):
                return name
        return None

    def _by_end(self, service: str) -> str | None:
        ends = (f".{end}" for end in _ends(service))
        return next((self.services[end] for end in ends if end in self.services), None)


def _ends(service: str) -> Iterator[str]:
    """What follows each full stop, the longest first."""
    while service:
        _, _, service = service.partition(".")
        yield service
