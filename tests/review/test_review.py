"""What review says of rules that are executed on the catalogue's own events."""

from collections.abc import Sequence
from typing import Any

import pytest

from cloudcascade.catalog import load_catalog, load_service_models
from cloudcascade.review import (
    Cases,
    EventNames,
    Finding,
    NotJudged,
    Predicate,
    Records,
    Reviewed,
    Rule,
    review,
    verdicts,
)
from cloudcascade.review.cases import DIRECT, attested, denied, made_directly
from cloudcascade.tests.support.toy_rules import RAW, line, rule

CATALOG = load_catalog()
SOME = (
    "aws.iam.delete-user",
    "aws.iam.mfa-replace-device",
    "aws.ec2.delete-vpc",
    "aws.cloudformation.delete-stack",
    "aws.backup.start-backup-job",
    "aws.elasticache.delete-usergroup",
)


@pytest.fixture(scope="module")
def cases() -> Cases:
    return Cases([CATALOG.get(each) for each in SOME])


@pytest.fixture(scope="module")
def names() -> EventNames:
    return EventNames(CATALOG.cascades, load_service_models())


def one(rule: Rule, cases: Cases, names: EventNames) -> Reviewed:
    (reviewed,) = review([rule], cases, names)
    return reviewed


def kinds(reviewed: Reviewed) -> set[str]:
    return {each.kind for each in reviewed.findings}


def of_kind(reviewed: Reviewed, kind: str) -> Finding:
    (found,) = (each for each in reviewed.findings if each.kind == kind)
    return found


DEACTIVATED = rule([["eventSource", "iam.amazonaws.com"], ["eventName", "DeactivateMFADevice"]])


def test_a_rule_fires_on_the_side_effects_that_it_looks_for(
    cases: Cases, names: EventNames
) -> None:
    reviewed = one(DEACTIVATED, cases, names)
    assert [each.action for each in reviewed.side_effects] == ["iam:DeactivateMFADevice"]
    (effect,) = reviewed.side_effects
    assert list(effect.cascades) == ["aws.iam.delete-user", "aws.iam.mfa-replace-device"]
    assert (effect.policy, effect.least) == ("suppress", "annotate")
    assert set(effect.profiles) == {"console", "cli", "pipeline", "service", "cross-account"}


def test_the_attacks_that_look_like_a_side_effect_are_counted(
    cases: Cases, names: EventNames
) -> None:
    (effect,) = one(DEACTIVATED, cases, names).side_effects
    assert effect.seen == effect.attacks > 10


def test_an_attack_that_a_rule_does_not_see_is_not_counted_as_seen(
    cases: Cases, names: EventNames
) -> None:
    guarded = rule([["eventName", "DeactivateMFADevice"]], [["userIdentity.type", "IAMUser"]])
    (effect,) = one(guarded, cases, names).side_effects
    assert 0 < effect.seen < effect.attacks


def test_what_aws_attests_is_told_apart(cases: Cases, names: EventNames) -> None:
    backed_up = rule([["eventSource", "ec2.amazonaws.com"], ["eventName", "CreateSnapshot"]])
    (effect,) = one(backed_up, cases, names).side_effects
    assert effect.attested
    (effect,) = one(DEACTIVATED, cases, names).side_effects
    assert not effect.attested


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        pytest.param(
            rule([["eventName", "DeactivateMFADevices"]]), "unknown-name", id="a misspelt name"
        ),
        pytest.param(
            rule([["eventName", "DeleteUser"]]), "ignores-event-source", id="any service's event"
        ),
        pytest.param(DEACTIVATED, "ignores-success", id="refused calls"),
        pytest.param(rule([["eventVersion", "1.*"]]), "everything", id="everything"),
        pytest.param(
            rule(
                [["eventName", "DeactivateMFADevice"]],
                counts="5 in 10 minutes",
                group_by=("userIdentity.arn",),
            ),
            "counts-by-caller",
            id="counting by caller",
        ),
    ],
)
def test_a_fault_of_a_rule_is_found(
    asked: Rule, kind: str, cases: Cases, names: EventNames
) -> None:
    assert kind in kinds(one(asked, cases, names))


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        pytest.param(DEACTIVATED, "unknown-name", id="a name that is logged"),
        pytest.param(DEACTIVATED, "ignores-event-source", id="with its service"),
        pytest.param(
            rule([["eventName", "DeactivateMFADevice"], ["errorCode"]]),
            "ignores-success",
            id="successful calls only",
        ),
        pytest.param(DEACTIVATED, "everything", id="one action"),
        pytest.param(
            rule(
                [["eventName", "DeactivateMFADevice"]],
                counts="5 in 10 minutes",
                group_by=("userIdentity.arn", "requestParameters.userName"),
            ),
            "counts-by-caller",
            id="counting by caller and target",
        ),
    ],
)
def test_a_sound_rule_is_not_reproached(
    asked: Rule, kind: str, cases: Cases, names: EventNames
) -> None:
    assert kind not in kinds(one(asked, cases, names))


def test_the_nearest_name_is_proposed(cases: Cases, names: EventNames) -> None:
    found = of_kind(
        one(rule([["eventName", "DeactivateMFADevices"]]), cases, names), "unknown-name"
    )
    assert found.remedy == "did you mean DeactivateMFADevice?"


def test_without_service_models_no_name_is_unknown(cases: Cases) -> None:
    unknown = EventNames(CATALOG.cascades, None)
    reviewed = one(rule([["eventName", "DeactivateMFADevices"]]), cases, unknown)
    assert "unknown-name" not in kinds(reviewed)


def test_a_rule_about_who_calls_is_told_apart(cases: Cases, names: EventNames) -> None:
    reviewed = one(rule([["userIdentity.type", "AssumedRole"]]), cases, names)
    assert reviewed.aim == "identity"
    assert "side-effect" not in kinds(reviewed)


def test_a_rule_that_cannot_be_executed_is_never_clean(cases: Cases, names: EventNames) -> None:
    reviewed = one(rule([], test=None, not_judged="it asks a table"), cases, names)
    assert reviewed.not_judged == "it asks a table"
    assert of_kind(reviewed, "not-judged").message == "not judged: it asks a table"


class Answers:
    """A program with given answers."""

    literals: Sequence[str] = ()

    def __init__(self, answers: Sequence[bool | None]) -> None:
        self.answers = answers

    def fires(self, records: Sequence[Any]) -> Sequence[bool | None]:
        return self.answers


def test_a_program_must_answer_for_every_record() -> None:
    records = Records([{}, {}])
    assert verdicts(rule([], test=Answers([True, None])), records) == [True, None]
    with pytest.raises(NotJudged, match="every record"):
        verdicts(rule([], test=Answers([True])), records)


def test_two_rules_that_fire_on_the_same_are_told(cases: Cases, names: EventNames) -> None:
    other = rule([["eventName", "Deactivate*"]], id="other", title="Other")
    first, second = review([DEACTIVATED, other], cases, names)
    assert "overlap" not in kinds(first)
    assert of_kind(second, "overlap").about == DEACTIVATED.id


def test_a_finding_has_the_same_fingerprint_when_the_file_has_moved(
    cases: Cases, names: EventNames
) -> None:
    before = of_kind(one(DEACTIVATED, cases, names), "side-effect")
    moved = rule(
        [["eventName", "DeactivateMFADevice"]], place=type(before.place)("elsewhere.json", 9, 1)
    )
    assert of_kind(one(moved, cases, names), "side-effect").fingerprint == before.fingerprint


def test_records_of_one_value_are_asked_once() -> None:
    asked = []

    def seen(value: Any, pattern: str) -> bool:
        asked.append(value)
        return bool(value == pattern)

    counting = Predicate(line("x", "a"), RAW, {"matches": seen})
    told = verdicts(rule([], test=counting), Records([{"x": "a"}, {"x": "b"}, {"x": "a"}]))
    assert told == [True, False, True]
    assert asked == ["a", "b"]


def test_one_and_true_are_two_values() -> None:
    typed = Predicate(line("x", "a"), RAW, {"matches": lambda value, _: value is True})
    assert verdicts(rule([], test=typed), Records([{"x": 1}, {"x": True}])) == [False, True]


@pytest.mark.parametrize("profile", ["cli", "console", "cross-account"])
def test_a_call_made_directly_is_not_attested(profile: str, cases: Cases) -> None:
    services = [case for case in cases.benign if case.attested]
    assert services
    for case in services[:40]:
        made = made_directly(case.record, profile)
        assert not attested(made)
        assert made["eventID"] != case.record["eventID"]
        assert made.get("requestParameters") == case.record.get("requestParameters")


def test_attacks_are_alone_or_twins(cases: Cases) -> None:
    case = next(case for case in cases.benign if case.node == "iam:DeactivateMFADevice")
    kinds = [attack.attack for attack in cases.attacks(case)]
    assert kinds[:2] == [DIRECT, DIRECT]
    assert {"alone", "other-actor", "other-tool"} <= set(kinds)
    assert not any(attack.side_effect for attack in cases.attacks(case))


def test_a_refused_call_says_so() -> None:
    made = denied({"eventName": "X", "responseElements": {"a": 1}})
    assert made == {
        "eventName": "X",
        "responseElements": None,
        "errorCode": "AccessDenied",
        "errorMessage": "User is not authorized to perform this operation",
    }
