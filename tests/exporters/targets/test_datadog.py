"""Datadog's rules and suppressions: their models take them, and their polarity is right."""

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudcascade.catalog import Controller
from cloudcascade.exporters.capabilities import Direction
from cloudcascade.exporters.errors import CannotEncode, ExportError
from cloudcascade.exporters.languages.datadog import bare, quoted
from cloudcascade.exporters.target import Artefact
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export

RULE = "SecurityMonitoringStandardRuleCreatePayload"
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)/x"
ROLE_ARN = HOSTILE.replace("*", "")  # a controller has no wildcards
ROLE = Controller(name="off boarding", arn=ROLE_ARN)


def is_taken(body: dict[str, Any], model: str) -> bool:
    """Whether Datadog's client reads the body as its model of that name; what it cannot read is marked."""
    client = pytest.importorskip("datadog_api_client", reason="datadog-api-client is not installed")
    tools = import_module(f"{client.__name__}.model_utils")
    models = import_module(f"{client.__name__}.v2.models")
    kind = getattr(models, model)
    read = tools.validate_and_convert_types(body, (kind,), ["body"], True, True, None)
    return not read._unparsed


def rules(artefacts: tuple[Artefact, ...]) -> list[dict[str, Any]]:
    return [json.loads(each.text) for each in artefacts if each.path.parts[1] == "rules"]


@pytest.mark.parametrize("style", ["verdict", "rule", "threshold"])
def test_the_clients_model_takes_every_rule(style: str) -> None:
    made = make_export("datadog", SUPPRESSIBLE, style, allow_fail_closed=True).artefacts
    assert rules(made)
    for rule in rules(made):
        assert is_taken(rule, RULE)


def test_the_clients_model_tells_a_window_that_the_api_refuses() -> None:
    rule = rules(make_export("datadog", GOLDEN[:1], "rule").artefacts)[0]
    rule["options"]["evaluationWindow"] = 1_234
    assert not is_taken(rule, RULE)


def test_the_rule_alerts_on_what_the_table_does_not_hold_and_its_companion_counts_the_rest() -> (
    None
):
    unexplained, silenced = rules(make_export("datadog", GOLDEN[:1], "rule").artefacts)
    assert [table["checkPresence"] for table in unexplained["referenceTables"]] == [False]
    assert [table["checkPresence"] for table in silenced["referenceTables"]] == [True]
    assert unexplained["queries"][0]["query"] == silenced["queries"][0]["query"]
    assert silenced["cases"][0]["status"] == "info"


def test_an_event_that_many_runs_read_is_one_signal() -> None:
    for rule in rules(make_export("datadog", SUPPRESSIBLE, "rule").artefacts):
        (query,) = rule["queries"]
        options = rule["options"]
        assert "@eventID" in query["groupByFields"]
        assert options["evaluationWindow"] <= options["keepAlive"] <= options["maxSignalDuration"]


def test_a_run_reads_back_what_it_judges_and_what_two_skipped_runs_left() -> None:
    made = make_export("datadog", GOLDEN[:1], "rule", every=1_800, lateness=600)
    (job,) = made.jobs
    window = rules(made.artefacts)[0]["options"]["evaluationWindow"]
    assert window >= job.query.hold + 4 * 1_800


@pytest.mark.parametrize(
    ("every", "rrule"), [(60, 1), (900, 15), (45 * 60, 45), (90 * 60, 90), (86_400, 1_440)]
)
def test_the_schedule_is_exactly_as_often_as_was_asked(every: int, rrule: int) -> None:
    made = make_export("datadog", GOLDEN[:1], "rule", every=every).artefacts
    assert rules(made)[0]["schedulingOptions"]["rrule"] == f"FREQ=MINUTELY;INTERVAL={rrule}"


@pytest.mark.parametrize(
    ("every", "nearest"), [(90, "1m or 2m"), (3_601, "1h or 61m"), (2 * 86_400, "1d")]
)
def test_a_schedule_that_cannot_be_said_is_refused_with_the_nearest(
    every: int, nearest: str
) -> None:
    with pytest.raises(ExportError, match=f"the nearest: {nearest}"):
        make_export("datadog", GOLDEN[:1], "rule", every=every)


def test_the_rule_that_asks_a_table_says_that_it_alerts_early() -> None:
    (job,) = make_export("datadog", GOLDEN[:1], "rule").jobs
    early = [loss for loss in job.losses if "before the window is over" in loss.text]
    assert [loss.direction for loss in early] == [Direction.OPEN]


def test_failed_calls_alert_too() -> None:
    rule = rules(make_export("datadog", GOLDEN[:1], "rule").artefacts)[0]
    assert "error" not in rule["queries"][0]["query"]


def test_only_successful_calls_are_suppressed() -> None:
    made = make_export(
        "datadog", GOLDEN[:1], "suppression", allow_fail_closed=True, controllers=(ROLE,)
    ).artefacts
    asked = json.loads(made[0].text)["data"]["attributes"]["suppression_query"]
    assert "-@error.kind:* -@error.message:*" in asked


@pytest.mark.parametrize("style", ["verdict", "rule", "threshold"])
def test_a_call_that_lacks_what_is_grouped_by_is_not_ignored(style: str) -> None:
    made = make_export("datadog", GOLDEN[:1], style, allow_fail_closed=True).artefacts
    for rule in rules(made):
        assert all(query["hasOptionalGroupByFields"] for query in rule["queries"])


@pytest.mark.parametrize(
    ("cascade", "said"),
    [
        (
            "aws.organizations.close-account",
            "organizations:CloseAccountResult where eventType is not as the cascade has it",
        ),
        ("aws.s3.delete-bucket", "failed calls of s3:DeleteBucketCors"),
        (
            "aws.iam.delete-user",
            "iam:DeactivateMFADevice: aws.iam.mfa-replace-device may explain it by a stricter policy, "
            "which cannot be asked",
        ),
        (
            "aws.iam.delete-user",
            "iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteUserPermissionsBoundary: the policy is annotate, "
            "and nothing is said of it",
        ),
    ],
)
def test_the_threshold_rule_says_which_calls_it_passes_by(cascade: str, said: str) -> None:
    (job,) = make_export("datadog", [cascade], "threshold", allow_fail_closed=True).jobs
    assert said in [loss.text for loss in job.losses if loss.direction is Direction.UNCOVERED]


def test_the_threshold_rule_is_refused_unless_it_is_asked_for() -> None:
    made = make_export("datadog", ["aws.iam.delete-user"], "threshold")
    assert not made.artefacts
    assert "fails closed" in made.omitted[0].reason


def test_a_suppression_is_refused_unless_it_is_asked_for() -> None:
    made = make_export("datadog", GOLDEN[:1], "suppression", controllers=(ROLE,))
    assert not made.artefacts


def test_a_suppression_mutes_the_controllers_effects_and_ends() -> None:
    made = make_export(
        "datadog", GOLDEN[:1], "suppression", allow_fail_closed=True, controllers=(ROLE,)
    )
    (artefact,) = made.artefacts
    body = json.loads(artefact.text)
    assert is_taken(body, "SecurityMonitoringSuppressionCreateRequest")
    attributes = body["data"]["attributes"]
    assert quoted(ROLE_ARN) in attributes["suppression_query"]
    assert '@evt.name:("DeactivateMFADevice" OR ' in attributes["suppression_query"]
    assert "data_exclusion_query" not in attributes  # that would drop the origins, too
    assert attributes["expiration_date"] == 1_810_771_200_000
    assert "owner:detection@example.com" in attributes["tags"]


def test_without_controllers_there_is_nothing_to_suppress() -> None:
    made = make_export("datadog", GOLDEN[:1], "suppression", allow_fail_closed=True)
    assert not made.artefacts


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=2_048))
@example(HOSTILE)
def test_a_quoted_value_ends_where_it_should(value: str) -> None:
    written = quoted(value)
    inner = written[1:-1]
    read, escaped = "", False
    for char in inner:
        assert escaped or char != '"'
        if char == "\\" and not escaped:
            escaped = True
        else:
            read, escaped = read + char, False
    assert not escaped
    assert read == value


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "a\u2028b"])
def test_a_control_character_is_refused(value: str) -> None:
    for encode in (quoted, bare):
        with pytest.raises(CannotEncode, match="control characters"):
            encode(value)


def test_beside_a_wildcard_nothing_has_a_meaning() -> None:
    assert bare('a*b:(c) "d"') == 'a\\*b\\:\\(c\\)\\ \\"d\\"'


def test_golden_files() -> None:
    check_golden("datadog", make_export("datadog", GOLDEN, "rule").artefacts)


def test_golden_threshold() -> None:
    made = make_export("datadog", GOLDEN[:1], "threshold", allow_fail_closed=True)
    check_golden("datadog-threshold", made.artefacts)
