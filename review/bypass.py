"""Whether values that a caller chooses suffice to be excluded from a rule: tried out, with the record that shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .cases import Case, made_directly
from .chosen import Choice, changed, choices
from .errors import NotJudged
from .expression import literals_of
from .finding import Finding
from .judge import Records, verdicts
from .rule import Predicate, Rule
from .samples_of import texts

_BASES = 4  # attacks from which is begun, of different actions where there are
_LITERALS = 60
_ATTACKERS = ("pipeline", "cli")
# What consoles send as their user agent.
_CONSOLE = frozenset({"console.amazonaws.com", "signin.amazonaws.com", "AWS Internal"})


@dataclass(frozen=True, slots=True)
class Bypass:
    """A way past a rule: the member, who chooses it, the value that suffices, and the record that is not seen.

    `before` is the same record as the rule fires on it: they differ in that one member.
    """

    path: str
    by: str
    value: str
    before: dict[str, Any]
    witness: dict[str, Any]


def bypasses(rule: Rule, fired: Sequence[Case]) -> tuple[Bypass, ...]:
    """The ways past a rule by one changed member, at most one for each member.

    `fired` are the cases on which it fires. Combinations of several members are not tried.

    Raises:
        NotJudged: the rule cannot be executed.
    """
    bases = _bases(rule, fired)
    tries: list[tuple[dict[str, Any], Choice, str, dict[str, Any]]] = []
    words = [text for literal in _literals(rule) for text in texts(literal)]
    for base in bases:
        for choice in choices(base):
            for text in dict.fromkeys(words):
                witness = changed(base, choice, text)
                if witness is not None:
                    tries.append((base, choice, text, witness))
    if not tries:
        return ()
    answers = verdicts(rule, Records([each[3] for each in tries]))
    found: dict[str, Bypass] = {}
    for (base, choice, text, witness), fires in zip(tries, answers, strict=True):
        if fires is False and choice.path not in found:
            found[choice.path] = Bypass(choice.path, choice.by, text, base, witness)
    return tuple(found.values())


def _literals(rule: Rule) -> Sequence[str]:
    test = rule.test
    if test is None:
        raise NotJudged(rule.not_judged or "it cannot be executed here")
    found = literals_of(test.condition) if isinstance(test, Predicate) else tuple(test.literals)
    return found[:_LITERALS]


def _bases(rule: Rule, fired: Sequence[Case]) -> list[dict[str, Any]]:
    """Attacks on which the rule fires: the same calls as those in `fired`, made by somebody himself."""
    by_action = {case.action: case for case in reversed(fired)}
    records = [
        made_directly(case.record, profile)
        for case in list(by_action.values())[-_BASES:]
        for profile in _ATTACKERS
    ]
    if not records:
        return []
    answers = verdicts(rule, Records(records))
    return [record for record, fires in zip(records, answers, strict=True) if fires]


def bypass_findings(rule: Rule, found: Sequence[Bypass]) -> Iterator[Finding]:
    """Each way past a rule as a finding, with what should stand there instead."""
    for each in found:
        yield Finding(
            "bypassable",
            "error",
            rule.id,
            rule.place,
            f"the same call is not seen with {each.path} = {each.value!r}, which {each.by} chooses",
            about=each.path,
            remedy=_instead(each),
            details={
                "path": each.path,
                "value": each.value,
                "by": each.by,
                "witness": each.witness,
            },
        )


def _instead(found: Bypass) -> str:
    """The attested condition that should stand in the place of what the caller chooses."""
    if found.value in _CONSOLE:
        return "ask whether sessionCredentialFromConsole is true: AWS writes it"
    if found.value.endswith(".amazonaws.com"):
        return f"ask whether userIdentity.invokedBy is {found.value}: AWS writes it"
    if found.path.startswith("requestParameters"):
        return "exclude the principal that makes such things, by the whole ARN of its role, and not what it names"
    return (
        "ask for the whole ARN in userIdentity.sessionContext.sessionIssuer.arn, account included, of the role that "
        "may do this"
    )
