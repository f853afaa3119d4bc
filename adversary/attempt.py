"""What somebody tries who knows a document: the events in order, and what is to be silenced of them."""

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
By = Literal["attacker", "owner", "AWS", "others"]

FOREVER = 1 << 40


@dataclass(frozen=True, slots=True)
class Step:
    """One event. `needed`: without it the sequence would be no attack, whatever the matcher says of the rest."""

    what: str
    at: int
    record: Json
    by: By = "attacker"
    needed: bool = False

    @property
    def id(self) -> str:
        """The record's eventID."""
        return str(self.record["eventID"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sequence that is an attack if the event `target` is silenced. `loses`: what it costs besides calls.

    `since` and `until` say from when on and up to when the log is whole; None: from its first event, to its last.
    """

    story: str
    steps: tuple[Step, ...]
    target: str
    loses: str
    since: int | None = 0
    until: int | None = FOREVER


@dataclass(frozen=True, slots=True)
class Barred:
    """There is nothing to try; `clause` says what of the document, or of AWS, stands in the way."""

    clause: str


@dataclass(frozen=True, slots=True)
class Untried:
    """What cannot be tried here, such as without the service models."""

    reason: str


Tried = Attempt | Barred | Untried
