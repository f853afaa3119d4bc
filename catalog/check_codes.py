"""What `cascade check` can find fault with: the codes, and one problem before it has a place in a file.

docs/checks.md tells of each code with an example and the mend; a test holds the two in step.
"""

from dataclasses import dataclass

from .findings import Severity
from .structure import Loc


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding. Errors fail the check, warnings only with `--strict`, notes never."""

    severity: Severity
    says: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in one cascade; `loc` are the keys and indices that lead to it in the document."""

    loc: Loc
    code: str
    message: str


def _error(says: str) -> Code:
    return Code("error", says)


def _warning(says: str) -> Code:
    return Code("warning", says)


def _note(says: str) -> Code:
    return Code("note", says)


CHECK_CODES: dict[str, Code] = {
    "structure": _error("Parts of the document refer to each other wrongly."),
    "unknown-service": _error("No event source of CloudTrail has this name."),
    "unknown-action": _error("The service has no such action in CloudTrail's spelling."),
    "unknown-path": _error("The field cannot occur in records of the action."),
    "unverified-path": _note("The models allow the field, but no record has shown its spelling."),
    "unverified-absence": _warning(
        "Silence rests on a field being absent, or on a spoiler, whose spelling no record has shown."
    ),
    "undescribed-path": _warning("No model describes the field, and no record has shown it."),
    "key-without-value": _error("The key's path leads to a list, an object or true/false."),
    "condition-on-object": _error("A condition compares a list or an object with a value."),
    "null-member": _error("Records of the action have null where a key or a condition reads."),
    "unset-flag": _error(
        "A condition asks for the mark of console sessions, which the service does not set."
    ),
    "unseen-flag": _warning(
        "A condition asks for the mark of console sessions; the records seen lack it."
    ),
    "never-equal": _error("A join compares two spellings of which none can equal the other."),
    "one-spelling": _warning("A join holds for one of several spellings of a value only."),
    "exact-spelling": _note(
        "An effect is suppressed for one of several spellings of a value only."
    ),
    "other-member": _note("A key reads one of two members of which the caller gives either."),
    "not-last": _error("A key takes the last part of an ARN that may have more behind the name."),
    "window-zero": _warning("The window admits only the very second of the parent."),
    "window-long": _warning("The window reaches further than 15 minutes, and no reason is given."),
    "window-direction": _error("The window lies on the wrong side of the origin."),
    "window-wide": _warning("An effect is suppressed over hours on both sides of its parent."),
    "attack-unknown": _error("The ATT&CK table has no technique of this id."),
    "attack-revoked": _error("MITRE has replaced the technique by another."),
    "attack-deprecated": _error("MITRE has withdrawn the technique."),
    "attack-platform": _error("The technique is not about a cloud's control plane."),
    "attack-differs": _warning("The same action has other techniques elsewhere."),
    "relation-differs": _warning("The same mechanism has another relation elsewhere."),
    "everyday": _warning("A call that is made all day says that it is an orphan unexplained."),
    "tool-unasked": _error("A cascade is named after a tool that it does not ask for."),
    "placeholder": _error("What the scaffold left for its author to write is still there."),
    "evidence-missing": _error("No evidence supports the effect."),
    "evidence-ref": _warning("The reference cannot be followed."),
    "evidence-operation": _error("The service model has no such operation."),
    "evidence-kind": _error("Evidence says that it shows a cascade and shows the call alone."),
    "evidence-weak": _error(
        "An effect is suppressed, and no evidence shows that it belongs to its origin."
    ),
    "unjoined": _error("An effect is suppressed without a key that ties it to its parent."),
    "unjoined-service": _warning(
        "Only the calling service ties a suppressed effect to its parent."
    ),
    "no-entity": _error("A joined key does not tell one entity from another."),
    "claimed-only": _error("An effect is suppressed on the caller's word alone."),
    "any-actor": _error("An effect is suppressed whoever causes it."),
    "any-account": _error("An effect is suppressed whatever account it is in."),
    "regionless": _error("An effect is suppressed that may be about a namesake in another Region."),
    "first-origin": _error(
        "An effect is suppressed that may be about an earlier thing of the name."
    ),
    "lossy-join": _error("An effect is suppressed by a name that was taken out of an ARN."),
    "way-back": _error(
        "What is removed may be there again under its name, and no spoiler says so."
    ),
    "silences-origin": _error("An effect is suppressed that vouches for others as their origin."),
    "forgeable": _error("An effect that gives access is suppressed whatever it gives."),
    "suppresses-telemetry": _error("An effect that blinds a security service is suppressed."),
    "suppresses-logs": _warning("An effect that removes logs or alarms is suppressed."),
    "abuse-missing": _error("A suppressing cascade does not say how it could be abused."),
    "residual-risk": _warning("A suppressing cascade says nothing of what remains to fear."),
    "attack-succeeds": _error(
        "A sequence succeeds by which an attacker has the effect suppressed (`cascade prove`)."
    ),
}
