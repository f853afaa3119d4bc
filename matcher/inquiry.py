"""The whole story of one event: what might have explained it, what held, and what did not."""

import msgspec

from ..catalog.terms import Policy
from .verdict import Fault, Verdict


class Seen(msgspec.Struct, frozen=True):
    """An event that plays a part. `file` and `position` say where it was read; see `Verdict`."""

    event_id: str
    event_time: str
    action: str
    actor: str | None
    actor_arn: str | None
    source_ip: str | None
    error: str | None
    file: str | None
    position: int | None


class Check(msgspec.Struct, frozen=True):
    """One thing that a node or an edge asks for, and whether it holds.

    `field` is what is compared, `expected` what is asked for in words that follow it, `found` what is there. Of a
    condition that holds `found` is null: the event meets `expected`, and no more of it is kept.
    """

    holds: bool
    field: str
    expected: str
    found: str | None = None


class Edge(msgspec.Struct, frozen=True):
    """An event at a node, tried against another at the node on which it hangs; at the root of a cascade without that.

    `checks` are those of the node, that is of the event by itself, and then those of the edge.
    """

    node: str
    event: Seen
    parent: Seen | None
    holds: bool
    checks: tuple[Check, ...]


class Spoiled(msgspec.Struct, frozen=True):
    """Why an instance is void, or a path cut. `by` is the event that does it, where one is known."""

    reason: str
    by: Seen | None


class Attempt(msgspec.Struct, frozen=True):
    """A way from the event to a root. `explains`: everything holds. `faults` are what is wrong besides the checks that
    fail: `void` and `lacking` in the words of a near miss."""

    explains: bool
    instance: str | None
    edges: tuple[Edge, ...]
    void: Spoiled | None = None
    cut: Spoiled | None = None
    lacking: str | None = None
    faults: tuple[Fault, ...] = ()


class Candidate(msgspec.Struct, frozen=True):
    """A cascade that lists the event's action at `node`. `relation` is null where it is the cascade's origin.

    `attempts` are those that explain first, then the nearest; `none` says why there is none.
    """

    cascade: str
    node: str
    relation: str | None
    policy: Policy | None
    explains: bool
    attempts: tuple[Attempt, ...]
    none: str | None = None


class Inquiry(msgspec.Struct, frozen=True):
    """What is known of an event. `verdict` is null where it gets none: the action is listed by no cascade, or its
    conditions do not hold. `why` says in words where the verdict and its policy come from."""

    event: Seen
    verdict: Verdict | None
    why: tuple[str, ...]
    candidates: tuple[Candidate, ...]
