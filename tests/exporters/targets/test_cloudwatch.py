"""CloudWatch's queries have one outer join, fit the service's limit, and have the right polarity."""

import pytest
import sqlglot
from sqlglot import exp

from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")


def parsed(text: str) -> exp.Select:
    (statement,) = [each for each in sqlglot.parse(text, dialect="spark") if each is not None]
    assert isinstance(statement, exp.Select)
    return statement


def test_every_query_has_one_left_outer_join_and_fits() -> None:
    made = make_export("cloudwatch", SUPPRESSIBLE)
    assert not made.omitted
    for artefact in made.artefacts:
        (join,) = parsed(artefact.text).args["joins"]
        assert join.side == "LEFT"
        assert len(artefact.text[artefact.text.index("SELECT") :]) < 10_000


@pytest.mark.parametrize(("part", "missing"), [("alert", True), ("silenced", False)])
def test_polarity(part: str, missing: bool) -> None:
    made = make_export("cloudwatch", GOLDEN[:1]).artefacts
    (text,) = [each.text for each in made if each.path.name.endswith(f"{part}.sql")]
    assert ("NOT known.`event_id` IS NULL" in text) is not missing
    assert "known.`event_id` IS NULL" in text


def test_only_successful_calls_alert() -> None:
    alert = make_export("cloudwatch", GOLDEN[:1]).artefacts[0].text
    assert "trail.`errorCode` IS NULL" in alert


@pytest.mark.parametrize("name", ["org trail", "a`; SELECT 1; --", "/aws/cloudtrail"])
def test_a_log_group_with_an_odd_name_is_quoted(name: str) -> None:
    alert = make_export("cloudwatch", GOLDEN[:1], table=name).artefacts[0].text
    assert name in {table.name for table in parsed(alert).find_all(exp.Table)}


def test_golden_files() -> None:
    check_golden("cloudwatch", make_export("cloudwatch", GOLDEN).artefacts)
