"""A change of a rule is executed again before it is shown: what it is for falls silent, and nothing else."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.review import (
    Cases,
    Exclusion,
    Fix,
    NoFix,
    Patch,
    Rule,
    Unfixed,
    fixes,
    read_rules,
)
from cloudcascade.review.severity import is_lower
from cloudcascade.tests.support.toy_rules import TOY, exclude

CATALOG = load_catalog()
MFA = [{"id": "mfa", "all": [["eventName", "DeactivateMFADevice"]]}]


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TOY)


def use(monkeypatch: pytest.MonkeyPatch, *formats: Any) -> None:
    for module in ("registry", "reading", "fix"):
        target = f"cloudcascade.review.{module}.formats"
        monkeypatch.setattr(target, lambda: formats)


def found(tmp_path: Path, rules: list[dict[str, Any]], *cascades: str) -> list[Fix | Unfixed]:
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    read = read_rules([tmp_path])
    (rule, *_) = read.rules
    cases = Cases([CATALOG.get(each) for each in cascades])
    fired = [case for case in cases.benign if case.action.endswith(rules[0]["all"][0][1])]
    return list(fixes(rule, fired, cases, read))


def test_side_effects_are_looked_up_where_nothing_attests_them(tmp_path: Path) -> None:
    (fix,) = found(tmp_path, MFA, "aws.iam.delete-user")
    assert isinstance(fix, Fix)
    assert fix.kind == "explained"
    assert fix.proof.holds
    assert fix.proof.silent == fix.proof.meant == 5
    assert fix.proof.seen == fix.proof.others > 5
    assert "the lookup must be filled" in fix.limits[0]


def test_the_change_is_a_diff_of_the_rules_own_file(tmp_path: Path) -> None:
    (fix,) = found(tmp_path, MFA, "aws.iam.delete-user")
    assert isinstance(fix, Fix)
    assert fix.diff.startswith("--- a/")
    assert (
        '+[{"id": "mfa", "all": [["eventName", "DeactivateMFADevice"]], "explained": true}]'
        in fix.diff
    )


def attested_cases(cascade: str, action: str) -> Cases:
    cases = Cases([CATALOG.get(cascade)])
    made = tuple(
        replace(case, policy="suppress") if case.action == action else case for case in cases.benign
    )
    cases.__dict__["benign"] = made
    return cases


def test_what_aws_attests_is_excluded_by_what_aws_writes(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('[{"id": "s", "all": [["eventName", "CreateSnapshot"]]}]')
    read = read_rules([tmp_path])
    cases = attested_cases("aws.backup.start-backup-job", "ec2:CreateSnapshot")
    fired = [case for case in cases.benign if case.action == "ec2:CreateSnapshot"]
    (fix,) = fixes(read.rules[0], fired, cases, read)
    assert isinstance(fix, Fix)
    assert fix.kind == "attested"
    (exclusion,) = fix.exclusions
    assert {term.path: term.values for term in exclusion.terms} == {
        "eventSource": ("ec2.amazonaws.com",),
        "eventName": ("CreateSnapshot",),
        "userIdentity.invokedBy": ("backup.amazonaws.com",),
        "errorCode": (),
    }
    assert fix.proof.holds
    assert fix.proof.others > 0
    assert "what somebody does through backup.amazonaws.com is not seen" in fix.limits[0]


def too_much(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    listed = json.loads(rule.source.text)
    listed[0]["unless"] = [["eventSource", "*"]]
    return Patch(json.dumps(listed))


def nothing(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    return Patch(rule.source.text)


def renamed(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    return Patch(exclude(rule, exclusions).text.replace('"mfa"', '"other"'))


def broken(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    return Patch('"all" [')


def impossible(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
    raise NoFix("Toy has no lookup")


@pytest.mark.parametrize(
    ("write", "against"),
    [
        pytest.param(too_much, "other records are lost", id="hides attacks"),
        pytest.param(nothing, "side effects still fire", id="changes nothing"),
    ],
)
def test_a_change_that_does_not_do_it_is_not_proved(
    write: Any, against: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, replace(TOY, exclude=write))
    (fix,) = found(tmp_path, MFA, "aws.iam.delete-user")
    assert isinstance(fix, Fix)
    assert not fix.proof.holds
    assert against in fix.proof.against[0]


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        pytest.param(renamed, "does not hold the rule any more", id="another rule"),
        pytest.param(broken, "could not be proved", id="no rule at all"),
        pytest.param(impossible, "Toy has no lookup", id="the format cannot"),
    ],
)
def test_what_cannot_be_changed_says_why(
    write: Any, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, replace(TOY, exclude=write))
    (unfixed,) = found(tmp_path, MFA, "aws.iam.delete-user")
    assert isinstance(unfixed, Unfixed)
    assert reason in unfixed.reason


def test_what_may_only_be_labelled_is_not_silenced(tmp_path: Path) -> None:
    (unfixed,) = found(tmp_path, MFA, "aws.iam.mfa-replace-device")
    assert isinstance(unfixed, Unfixed)
    assert unfixed.actions == ["iam:DeactivateMFADevice"]
    assert "only be labelled" in unfixed.reason


def test_another_rule_of_the_file_stays_as_it_is(tmp_path: Path) -> None:
    other = {"id": "other", "all": [["eventName", "DeleteUser"]]}
    (fix,) = found(tmp_path, [*MFA, other], "aws.iam.delete-user")
    assert isinstance(fix, Fix)
    assert json.loads(fix.patch.text)[1] == other


SNAPSHOT = [{"id": "s", "severity": "high", "all": [["eventName", "CreateSnapshot"]]}]
BY_BACKUP = ["userIdentity.invokedBy", "backup.amazonaws.com"]
TAKEN = [{"id": "l", "severity": "low", "all": [["eventName", "CreateSnapshot"], BY_BACKUP]}]


def second(new: Any, *, excluded: bool = True, name: str = "labelled.json") -> Any:
    """A label that is a second rule in a file of its own."""

    def label(rule: Rule, exclusions: Sequence[Exclusion]) -> Patch:
        if any(each.explained for each in exclusions):
            raise NoFix("Toy has no lookup")
        text = exclude(rule, exclusions).text if excluded else rule.source.text
        return Patch(text, beside={name: json.dumps(new)})

    return label


def labelled(tmp_path: Path, *, unattested: bool = False, attack: bool = False) -> Fix | Unfixed:
    (tmp_path / "rules.json").write_text(json.dumps(SNAPSHOT))
    read = read_rules([tmp_path])
    cases = Cases([CATALOG.get("aws.backup.start-backup-job")])
    made = [replace(each, policy="annotate") for each in cases.benign]
    fired = [case for case in made if case.action == "ec2:CreateSnapshot"]
    if unattested:
        identity = {"type": "IAMUser", "userName": "ann"}
        record = {**fired[0].record, "userIdentity": identity}
        fired.append(replace(fired[0], cascade="other", record=record, attested=False))
    cases.__dict__["benign"] = tuple(fired)
    record = {**fired[0].record, "userIdentity": {"type": "IAMUser", "userName": "eve"}}
    attacks = [replace(fired[0], record=record, attested=False, attack="direct", policy=None)]
    fired += attacks if attack else []
    (fix,) = fixes(read.rules[0], fired, cases, read)
    return fix


def test_a_second_rule_in_a_file_of_its_own_takes_what_is_labelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, replace(TOY, label=second(TAKEN)))
    fix = labelled(tmp_path)
    assert isinstance(fix, Fix)
    assert fix.kind == "label"
    assert fix.proof.holds
    assert fix.proof.silent == fix.proof.meant > 0
    assert "+++ b/" in fix.diff
    assert "labelled.json" in fix.diff


@pytest.mark.parametrize(
    ("write", "against"),
    [
        pytest.param(second([]), "no longer fire", id="no second rule"),
        pytest.param(second(TAKEN, excluded=False), "keep the severity", id="the old one stays"),
        pytest.param(second([{**TAKEN[0], "severity": "high"}]), "to be lower", id="as severe"),
        pytest.param(second([{**TAKEN[0], "severity": "odd"}]), "to be lower", id="unknown"),
    ],
)
def test_a_second_rule_that_does_not_do_it_is_not_proved(
    write: Any, against: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, replace(TOY, label=write))
    fix = labelled(tmp_path)
    assert isinstance(fix, Fix)
    assert against in " ".join(fix.proof.against)


def test_a_second_rule_that_finds_more_is_not_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = [{**TAKEN[0], "all": SNAPSHOT[0]["all"]}]
    use(monkeypatch, replace(TOY, label=second(everything)))
    fix = labelled(tmp_path, attack=True)
    assert isinstance(fix, Fix)
    assert fix.proof.against == ("the new rule fires on 4 of 4 other records, too",)


def test_a_second_file_replaces_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "labelled.json").write_text("[]")
    use(monkeypatch, replace(TOY, label=second(TAKEN)))
    fix = labelled(tmp_path)
    assert isinstance(fix, Unfixed)


def test_of_several_causes_those_are_labelled_that_aws_attests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, replace(TOY, label=second(TAKEN)))
    fix = labelled(tmp_path, unattested=True)
    assert isinstance(fix, Fix)
    assert fix.proof.holds
    assert fix.limits[0] == (
        f"of {fix.proof.meant + 1} cases of these side effects only the {fix.proof.meant} that AWS attests are "
        "labelled: what backup.amazonaws.com does"
    )


@pytest.mark.parametrize(
    ("severity", "than", "lower"),
    [
        ("low", "High", True),
        ("LOW", "medium", True),
        ("low", "low", False),
        ("low, building block", "low", True),
        ("high", "low, building block", False),
        ("risk 9", "risk 40", True),
        ("risk 40", "risk 40", False),
        ("risk 9", "high", False),
        ("low", None, False),
        ("odd", "high", False),
    ],
)
def test_severities_are_compared_where_both_are_known(
    severity: str, than: str | None, lower: bool
) -> None:
    assert is_lower(severity, than) is lower
