"""What makes an orphan worth a look: what may be seen of it in one log, each with a weight and in words.

The weights only order what a person reads; nothing is hidden by them. They are small whole numbers, so that an order is
the same everywhere: what a technique is for weighs most, then how rare the action is for its principal, then whose
hand it was. https://attack.mitre.org/tactics/enterprise/ says what the tactics are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ..catalog import attested_services, technique
from ..matcher import Verdict

# What does lasting harm, or blinds those who watch, comes first; to look around is what everybody does.
_TACTICS = {
    "defense-impairment": 6,
    "exfiltration": 6,
    "impact": 6,
    "persistence": 5,
    "privilege-escalation": 5,
    "credential-access": 4,
    "lateral-movement": 4,
    "stealth": 4,
    "collection": 3,
    "command-and-control": 3,
    "execution": 3,
    "initial-access": 3,
    "discovery": 1,
    "reconnaissance": 1,
    "resource-development": 1,
}
_DENIED = ("accessdenied", "unauthorized", "notauthorized", "forbidden")
FEW = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for a look, or against one where `weight` is below nought.

    Where `words` name a technique, `tactic` is what it is for.
    """

    weight: int
    words: str
    tactic: str = ""

    def __str__(self) -> str:
        return f"{self.words} ({self.tactic})" if self.tactic else self.words


@dataclass(frozen=True, slots=True)
class Rarity:
    """How often an action was seen in a log: of its principal, and of anybody in the account.

    Nought: nobody counted it, since there were too many; then it counts as rare.
    """

    principal: int = 0
    account: int = 0


def reasons(verdict: Verdict, rarity: Rarity) -> tuple[Reason, ...]:
    """All that can be said of an orphan, what weighs most first; of equal weight in the order of this module."""
    found = (
        *_of_techniques(verdict.techniques),
        *_of_rarity(rarity),
        *_of_hand(verdict),
        *_of_failure(verdict),
    )
    return tuple(sorted(found, key=lambda each: -abs(each.weight)))


def _of_techniques(identifiers: tuple[str, ...]) -> Iterator[Reason]:
    """Only the gravest of an action's techniques weighs."""
    told = [(each, identifier) for identifier in identifiers if (each := _told(identifier))]
    if told:
        yield min(told, key=lambda each: (-each[0].weight, each[1]))[0]


@cache
def _told(identifier: str) -> Reason | None:
    known = technique(identifier)
    if known is None or not known.tactics:
        return None
    gravest = max(known.tactics, key=lambda each: _TACTICS.get(each.shortname, 0))
    weight = _TACTICS.get(gravest.shortname, 0)
    return Reason(weight, f"{identifier} {known.name}", gravest.name)


def _of_rarity(rarity: Rarity) -> Iterator[Reason]:
    if not rarity.principal or not rarity.account:
        yield Reason(6, "its frequency was not counted")
        return
    if rarity.principal == 1:
        yield Reason(4, "once by this principal")
    elif rarity.principal <= FEW:
        yield Reason(2, f"{rarity.principal} times by this principal")
    if rarity.account == 1:
        yield Reason(2, "once in the account")
    elif rarity.account <= FEW:
        yield Reason(1, f"{rarity.account} times in the account")


def _of_hand(verdict: Verdict) -> Iterator[Reason]:
    if verdict.controller:
        # AWS vouches for the one; the other is what the configuration calls a principal, which may have been stolen.
        attested = verdict.controller in _attested()
        yield Reason(-4 if attested else -1, f"called by {verdict.controller}")
        return
    arn, actor = verdict.actor_arn or "", verdict.actor or ""
    if arn.endswith(":root"):
        yield Reason(4, "the account's root user")
    elif actor.startswith("AIDA") and ":assumed-role/" in arn:
        yield Reason(2, "an IAM user behind a role's session")
    elif actor.startswith("AIDA") or ":user/" in arn:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
        lasting = (verdict.session or "").startswith("AKIA")
        yield Reason(2, "an IAM user's long-lived key" if lasting else "an IAM user")
    if verdict.tool == "console":
        yield Reason(1, "in the console")


@cache
def _attested() -> frozenset[str]:
    return frozenset(attested_services().values())


def _of_failure(verdict: Verdict) -> Iterator[Reason]:
    if not verdict.failed:
        return
    error = verdict.error or ""
    denied = any(word in error.lower() for word in _DENIED)
    # Who is refused may be trying doors; what failed otherwise mostly changed nothing.
    yield Reason(
        -2 if denied else -3, f"{'denied' if denied else 'failed'}: {error or 'no reason'}"
    )
