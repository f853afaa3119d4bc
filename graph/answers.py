"""What the questions of `queries.py` are answered with: plain frozen values."""

from dataclasses import dataclass
from typing import TypeAlias

from ..catalog.terms import POLICY_ORDER, Policy, Relation
from .schema import EdgeKind, Emits, NodeKind


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
class Silenced:
    """What else goes out of sight where a cascade explains a technique's trace away.

    `origins` are the actions that bring `action` along in `cascade`. `also` are the other techniques that the very
    same action stands for: who silences the action silences them.
    """

    technique: str
    action: str
    cascade: str
    policy: Policy
    origins: tuple[str, ...]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hiding:
    """A controller among whose ordinary calls an action of a technique does not stand out."""

    controller: str
    title: str
    attested: bool
    action: str
    technique: str


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


def masking_order(each: Masking) -> tuple[int, str, str, str, str]:
    """Sorts maskings: those that suppress first, then by technique, cascade, action and node."""
    rank = POLICY_ORDER.index(each.policy)
    return rank, each.technique, each.cascade, each.action, each.node


def silenced_order(each: Silenced) -> tuple[int, str, str, str]:
    """Sorts what is silenced: by policy as maskings are, then by action, cascade and technique."""
    return POLICY_ORDER.index(each.policy), each.action, each.cascade, each.technique


def hiding_order(each: Hiding) -> tuple[str, str, str]:
    """Sorts by controller, action and technique."""
    return each.controller, each.action, each.technique
