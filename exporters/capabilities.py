"""What a target can express of docs/semantics.md, and what it means for a detection that it cannot."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Side = Literal["origin-first", "effect-first", "both"]
ActorKey = Literal["initial-principal", "session", "none"]
ConditionName = Literal[
    "equals", "in", "startswith", "endswith", "exists", "absent", "grants", "only", "denied"
]

EVERY_CONDITION: frozenset[ConditionName] = frozenset(
    ("equals", "in", "startswith", "endswith", "exists", "absent", "grants", "only", "denied")
)
PLAIN_CONDITIONS: frozenset[ConditionName] = EVERY_CONDITION - {"grants", "only"}


class Direction(StrEnum):
    """What a loss does to a detection."""

    OPEN = "fails open"
    """Extra alerts: what the cascade explains is still shown."""
    CLOSED = "fails closed"
    """Missed attacks: what the cascade does not explain is silenced."""
    UNCOVERED = "not covered"
    """The artefact says nothing of these events: keep whatever alerts on them today."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the reference semantics that an artefact does not keep."""

    direction: Direction
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a target's artefact keeps of docs/semantics.md. All of it, unless a field says otherwise."""

    sides: Side = "both"
    """Whether the origin is found before its effect, after it, or on both sides."""
    hold: bool = True
    """Waits for the window's end and for late events before it judges."""
    finished_log: bool = False
    """Judges a log that has ended, so that how far a veto reaches ahead delays nothing."""
    same_second: bool = True
    """Sees an origin in the very second of its effect."""
    sliding: bool = True
    """Windows lie around each event; False: fixed buckets of time, which cut a cascade at their edges."""
    hop: bool = True
    """Joins through a third event."""
    spoilers: bool = True
    between: bool = True
    """A spoiler may be asked to lie between the events of a path; False: it voids wherever they may reach."""
    unreadable_spoilers: bool = True
    """A spoiler of which a key or the account is missing, or what a condition reads, voids, too."""
    root_keys: bool = True
    """A root that lacks a key or the account that a spoiler joins on begins no instance."""
    log_ends: bool = True
    """Silences nothing where a spoiler's window leaves the log: it sees from when until when that reaches, or waits
    for the windows' ends and looks back as far as they do."""
    copies: bool = True
    """Silences nothing that rests on an event of which two copies differ; False: it sees one of them."""
    undated: bool = True
    """Silences nothing where an event that may void it has no time that can be read; False: it lies elsewhere."""
    ensembles: bool = True
    rivals: bool = True
    """Asks in one query whether another cascade explains the event."""
    vetoes: bool = True
    """Asks in one query whether a node of a stricter policy explains the event, too."""
    list_keys: bool = True
    nested_lists: bool = False
    """A key may be the set of values of lists within lists."""
    list_conditions: bool = False
    """A condition may ask something of every element of a list."""
    number_keys: bool = False
    """Whole numbers are values of keys, too, not only texts."""
    distinct_keys: bool = True
    repeated_actions: bool = False
    """An action may stand again further up on the way to the origin: three events that must all differ."""
    case_fold: bool = True
    first_of: bool = True
    """A key may be read from the first of several fields."""
    arn_name: bool = True
    """A key may be the last part of an ARN."""
    resource_name: bool = False
    """A key may be the name in an ARN, wherever it stands there."""
    conditions: frozenset[ConditionName] = PLAIN_CONDITIONS
    actor: ActorKey = "session"
    """`initial-principal` follows credentials through the AssumeRole events of the log. `session` compares
    principalId and, but for IAM users and root, accessKeyId."""
    same_role: bool = True
    service_actor: bool = True
    any_account: bool = True
    same_hand: bool = True
    """Compares source addresses, and credentials as far as `first_of` reaches: else access keys alone."""
    error_message: bool = True
    """Takes an event with an errorMessage for failed even if it has no errorCode."""
    same_tool: bool = True
    """Compares userAgents; False: any tool's origin explains."""
    tool_family: bool = True
    """Tells the tool by its userAgent; False: compares userAgents as they stand."""
    any_window: bool = True
    """Each effect has a window of its own; False: one window, the widest, for all."""
    max_window: int | None = None
    """The widest window, in seconds, that the platform keeps."""
    expiry: bool = False
    """The platform lets the artefact expire by itself."""
