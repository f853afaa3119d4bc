"""What review says of a rule."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ..catalog import Policy
from ..errors import Place
from .cases import Case
from .rule import Rule

Level = Literal["error", "warning", "note"]
Aim = Literal["action", "identity", "everything"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""The levels of findings, the gravest first."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "side-effect": "the rule fires on what a benign action sets off",
        "bypassable": "a value that the caller chooses suffices to be excluded from the rule",
        "unknown-name": "the rule looks for an event that CloudTrail does not log under that name",
        "ignores-event-source": "other services log an event of that name, and the rule does not ask which one it was",
        "ignores-success": "the rule fires on calls that were refused, too",
        "everything": "the rule fires on too much to be about any action",
        "counts-by-caller": "the rule counts by who calls, and not by what is called",
        "overlap": "another rule fires on the same events",
        "not-judged": "the rule could not be executed",
    }
)
"""The kinds of finding, with what each says of a rule."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one rule. `about` is the action, name or field that it concerns, "" where it concerns the whole.

    `message` is a sentence; `remedy` says what to do, "" where there is nothing to do. `details` are members for
    machines.
    """

    kind: str
    level: Level
    rule: str
    place: Place
    message: str
    about: str = ""
    remedy: str = ""
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def fingerprint(self) -> str:
        """The same for the same finding in another version of the rule's file: what a baseline holds."""
        text = "\0".join((self.kind, self.rule, self.about))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class SideEffect:
    """A benign effect on which a rule fires, in all cascades that have it.

    `policy` is the most that the catalogue allows for one of the cascades, `least` the least. `attested` says that AWS
    writes who is behind it in all of them, `attested_some` in some. `attacks` are how many records of an attack that
    looks like it there are, `seen` on how many of them the rule fires.
    """

    action: str
    cascades: Sequence[str]
    profiles: Sequence[str]
    policy: Policy
    least: Policy
    attested: bool
    attested_some: bool
    attacks: int
    seen: int


@dataclass(frozen=True, slots=True)
class Fired:
    """How often a rule fired in a log, and what of it cascades explain. `silent` may be suppressed."""

    events: int
    explained: int
    silent: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was found out about one rule. `not_judged` is the reason why it was not executed, None where it was.

    `actions` counts those on which it fires, and `fired` are the benign cases themselves. `log` is None where no log
    was asked for, or the rule could not be executed on it.
    """

    rule: Rule
    not_judged: str | None
    aim: Aim | None
    actions: int
    side_effects: Sequence[SideEffect]
    findings: Sequence[Finding]
    log: Fired | None = None
    fired: Sequence[Case] = field(default=(), compare=False, repr=False)
