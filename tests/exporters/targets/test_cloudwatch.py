"""CloudWatch's queries have one outer join, fit the service's limit, and have the right polarity."""

import re
from typing import Any

import pytest
import sqlglot
import yaml
from botocore.session import get_session  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from sqlglot import exp

from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.target import Artefact
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")


def parsed(text: str) -> exp.Select:
    (statement,) = [each for each in sqlglot.parse(text, dialect="spark") if each is not None]
    assert isinstance(statement, exp.Select)
    return statement


def queries(artefacts: tuple[Artefact, ...]) -> list[Artefact]:
    return [each for each in artefacts if each.path.suffix == ".sql"]


def schedules(**options: Any) -> list[dict[str, Any]]:
    made = make_export("cloudwatch", GOLDEN[:1], **options).artefacts
    return [yaml.safe_load(each.text) for each in made if each.path.suffix == ".yaml"]


def test_every_query_has_one_left_outer_join_and_fits() -> None:
    made = make_export("cloudwatch", SUPPRESSIBLE)
    assert not made.omitted
    for artefact in queries(made.artefacts):
        (join,) = parsed(artefact.text).args["joins"]
        assert join.side == "LEFT"
        assert len(artefact.text[artefact.text.index("SELECT") :]) < 10_000


@pytest.mark.parametrize(("part", "missing"), [("alert", True), ("silenced", False)])
def test_polarity(part: str, missing: bool) -> None:
    made = make_export("cloudwatch", GOLDEN[:1]).artefacts
    (text,) = [each.text for each in made if each.path.name.endswith(f"{part}.sql")]
    assert ("NOT known.`event_id` IS NULL" in text) is not missing
    assert "known.`event_id` IS NULL" in text


def test_a_schedule_asks_what_the_query_does_and_the_api_takes_it() -> None:
    model = get_session().get_service_model("logs").operation_model("CreateScheduledQuery")
    made = make_export("cloudwatch", SUPPRESSIBLE).artefacts
    texts = {each.path: each.text for each in made}
    for path, text in texts.items():
        if path.suffix == ".yaml":
            asked = yaml.safe_load(text)
            report = ParamValidator().validate(
                {**asked, "executionRoleArn": "arn:aws:iam::111111111111:role/x"},
                model.input_shape,
            )
            assert not report.has_errors(), report.generate_report()
            assert f"{asked['queryString']};\n" in texts[path.with_suffix(".sql")]
            assert max(map(len, text.splitlines())) < 700


def test_a_run_judges_when_the_hold_is_over_and_again_what_skipped_runs_left() -> None:
    (job,) = make_export("cloudwatch", GOLDEN[:1]).jobs
    alert, count = schedules()
    assert alert["endTimeOffset"] == count["endTimeOffset"] == job.query.hold
    assert alert["startTimeOffset"] == job.query.hold + 900 + 3 * 900
    assert count["startTimeOffset"] == job.query.hold + 900


def test_what_may_come_later_is_waited_for_longer_and_read_again_as_long() -> None:
    (job,) = make_export("cloudwatch", GOLDEN[:1], lateness=7_200).jobs
    alert, _ = schedules(lateness=7_200)
    assert job.query.lateness == 7_200
    assert alert["endTimeOffset"] == job.query.reach_after + 7_200
    assert alert["startTimeOffset"] - alert["endTimeOffset"] == 900 + 7_200


@pytest.mark.parametrize(
    ("every", "cron"),
    [
        (900, r"cron\((\d|1[0-4])/15 \* \* \* \? \*\)"),
        (3_600, r"cron\([0-5]?\d \* \* \* \? \*\)"),
        (7_200, r"cron\([0-5]?\d 0/2 \* \* \? \*\)"),
        (86_400, r"cron\([0-5]?\d 0 \* \* \? \*\)"),
    ],
)
def test_the_schedule_runs_exactly_as_often_as_was_asked(every: int, cron: str) -> None:
    assert re.fullmatch(cron, schedules(every=every)[0]["scheduleExpression"])


@pytest.mark.parametrize(
    ("every", "nearest"), [(90, "1m or 2m"), (45 * 60, "30m or 1h"), (2 * 86_400, "1d")]
)
def test_a_schedule_that_cron_cannot_say_is_refused_with_the_nearest(
    every: int, nearest: str
) -> None:
    with pytest.raises(ExportError, match=f"the nearest: {nearest}"):
        schedules(every=every)


def test_failed_calls_alert_too() -> None:
    alert = make_export("cloudwatch", GOLDEN[:1]).artefacts[0].text
    assert "errorCode" not in alert


@pytest.mark.parametrize("name", ["org trail", "a`; SELECT 1; --", "/aws/cloudtrail"])
def test_a_log_group_with_an_odd_name_is_quoted(name: str) -> None:
    alert = make_export("cloudwatch", GOLDEN[:1], table=name).artefacts[0].text
    assert name in {table.name for table in parsed(alert).find_all(exp.Table)}


def test_golden_files() -> None:
    check_golden("cloudwatch", make_export("cloudwatch", GOLDEN).artefacts)
