"""Reviews that are made up, hostile ones among them: what an output is asked for, without anything executed."""

from collections.abc import Sequence
from typing import Any

from cloudcascade.errors import Place
from cloudcascade.review import Finding, Found, Problem, Reviewed, Rule, SideEffect, Source
from cloudcascade.review.baseline import Baseline, Held
from cloudcascade.review.report import Report
from cloudcascade.tests.support.line_rules import EVIL

DIGEST = "0123456789abcdef0123456789abcdef"


def rule(id_: str = "r1", file: str = "rules/a.yml", line: int = 7, **members: Any) -> Rule:
    given: dict[str, Any] = {"title": f"Rule {id_}", "format": "sigma", **members}
    return Rule(id=id_, source=Source(file, ""), place=Place(file, line, 3), **given)


def finding(
    kind: str = "side-effect",
    level: Any = "warning",
    about: str = "iam:DeleteUser",
    *,
    of: Rule | None = None,
    **members: Any,
) -> Finding:
    of = of or rule()
    given: dict[str, Any] = {"message": f"says {kind} of {about}", "remedy": "ask less", **members}
    return Finding(kind, level, of.id, of.place, about=about, **given)


def effect(action: str = "iam:DeleteUser", *, attested: bool = False, **members: Any) -> SideEffect:
    given: dict[str, Any] = {
        "cascades": ("aws.iam.delete-user",), "profiles": ("cli",), "policy": "suppress", "least": "annotate",
        "attested_some": attested, "attacks": 3, "seen": 3, **members,
    }  # fmt: skip
    return SideEffect(action=action, attested=attested, **given)


def reviewed(of: Rule, *findings: Finding, **members: Any) -> Reviewed:
    given: dict[str, Any] = {
        "not_judged": None, "aim": "action", "actions": 1, "side_effects": (), **members,
    }  # fmt: skip
    return Reviewed(of, findings=findings, **given)


def unjudged(of: Rule, reason: str) -> Reviewed:
    told = Finding("not-judged", "note", of.id, of.place, f"not judged: {reason}")
    return Reviewed(of, reason, None, 0, (), (told,))


def held(each: Finding) -> Held:
    return Held(each.rule, each.kind, each.about, each.level, each.fingerprint)


def report(
    *rules: Reviewed,
    baseline: Sequence[Held] | None = None,
    problems: Sequence[Problem] = (),
    others: int = 0,
) -> Report:
    found = Found([each.rule for each in rules], others, len(rules), problems)
    known = None if baseline is None else Baseline("baseline.json", tuple(baseline))
    return Report(rules, found, known, DIGEST, "1.2.3")


def sample() -> Report:
    """A rule with an error, a warning and a note; one that is clean; one of another format that was not judged; a file
    that could not be read."""
    first, clean, other = rule("r1"), rule("r2", line=20), rule("r3", "b.toml", 4, format="elastic")
    return report(
        reviewed(
            first,
            finding("ignores-success", "note", "", of=first),
            finding("side-effect", "warning", "iam:DeleteUser", of=first),
            finding("bypassable", "error", "userAgent", of=first, details={"value": "x"}),
            side_effects=(effect(attested=True),),
        ),
        reviewed(clean),
        unjudged(other, "the function geo is not modelled"),
        problems=[Problem(Place("c.yml", 2, 5), "a mapping was not closed")],
        others=4,
    )


def hostile() -> Report:
    """Every text of a rule, a file and a finding is hostile."""
    evil = rule(EVIL, f"{EVIL}.yml", title=EVIL, severity=EVIL, counts=EVIL, remarks=(EVIL,))
    told = finding(
        "side-effect", "warning", EVIL, of=evil, message=EVIL, remedy=EVIL, details={EVIL: [EVIL]}
    )
    other = rule("r2", title=EVIL)
    bad = effect(EVIL, cascades=(EVIL,))
    return report(
        reviewed(evil, told, side_effects=(bad,)),
        unjudged(other, EVIL),
        baseline=[
            Held("r9", EVIL, EVIL, "note", "0" * 20),
            Held("r2", "overlap", EVIL, "note", "1" * 20),
        ],
        problems=[Problem(Place(EVIL, 1, 1), EVIL)],
    )
