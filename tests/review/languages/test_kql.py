"""KQL over records, by the rules of its reference."""

from typing import Any

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.expression import compiled, fields_of, literals_of
from cloudcascade.review.languages.elastic import ecs, kql
from cloudcascade.review.languages.elastic.parsing import SyntaxProblem

RECORD = {
    "eventName": "CreateUser",
    "eventSource": "iam.amazonaws.com",
    "userAgent": 'aws-cli/2 "x" a*b or',
    "sourceIPAddress": "10.1.2.3",
    "readOnly": False,
    "requestParameters": {"userName": "bob", "ids": ["a", "b"], "mode": "full"},
    "resources": [{"ARN": "arn:1"}, {"ARN": "arn:2"}],
}
FLAT = "aws.cloudtrail.flattened.request_parameters"


def fires(query: str, record: Any = RECORD) -> object:
    condition = kql.parsed(query)
    fields = fields_of(condition)
    test = compiled(condition, fields, kql.FUNCTIONS)
    return test([ecs.value(record, name) for name in fields])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "event.action: CreateUser",
        'event.action : "CreateUser"',
        "event.action:(DeleteUser or CreateUser)",
        "event.action: Create*",
        "event.action: *eUs*",
        "event.action: (Create* and *User and not Delete*)",
        "EVENT.ACTION: x OR event.action: CreateUser".replace("EVENT.ACTION", "event.id"),
        "not event.id: *",
        "not event.id: x",
        "event.id: x or event.action: CreateUser and event.provider: iam*",
        "not (event.action: DeleteUser)",
        'user_agent.original: "aws-cli/2 \\"x\\" a*b or"',
        "user_agent.original: aws-cli/2*a\\*b*",
        "source.ip: 10.0.0.0/8",
        "source.ip: *",
        "aws.cloudtrail.read_only: false",
        'aws.cloudtrail.resources.arn: "arn:2"',
        f"{FLAT}.ids: b",
        f"{FLAT}.ids: *",
        f"{FLAT}.mode: fu*",
        f"{FLAT}: bob",
        "aws.cloudtrail.request_parameters: *mode=full*",
        "aws.cloudtrail.*: *",
        "*: *",
        "event.action >= CreateUser and event.action < D",
        "event.dataset: aws.cloudtrail and data_stream.dataset: (aws.cloudtrail)",
        "event.action: \\u0043reateUser",
    ],
)
def test_a_query_holds(query: str) -> None:
    assert fires(query) is True


@pytest.mark.parametrize(
    "query",
    [
        "event.action: createuser",
        'event.action: "Create*"',
        "event.action: Create",
        "event.action: Cr?ateUser",
        "event.id: *",
        "event.id: x",
        "event.action: (Create* and Delete*)",
        "not event.action: CreateUser or event.id: *",
        "aws.cloudtrail.user_identity.*: *",
        "source.ip: 11.0.0.0/8",
        f"{FLAT}.mode: Fu*",
        f"{FLAT}.mo: *",
        "user_agent.original: a\\*b",
    ],
)
def test_a_query_does_not_hold(query: str) -> None:
    assert fires(query) is False


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("alice", "in every field"),
        ("aws.cloudtrail.resources: { arn: x }", "nested"),
        ("aws.*: alice", "in the fields"),
        ("source.geo.country_name: Peru", "source.geo.country_name"),
        ("@timestamp > now-1d", "@timestamp"),
        (f"{FLAT}.mode: *ll", "flattened"),
        ("aws.cloudtrail.request_parameters.text: x", "words"),
        ("(" * 500 + "event.id: x" + ")" * 500, "nested too deeply"),
        ("event.id: x or " * 8_000 + "event.id: x", "too long"),
    ],
)
def test_what_cannot_be_executed_is_named(query: str, reason: str) -> None:
    with pytest.raises(NotJudged, match=reason):
        kql.parsed(query)


@pytest.mark.parametrize("query", ["event.action:", "event.action: (a or", "and x: y", 'a: "b'])
def test_a_broken_query_says_where(query: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        kql.parsed(query)
    assert caught.value.line == 1


def test_texts_and_lines_stand_in_the_expression() -> None:
    condition = kql.parsed('event.action: "A"\n  and event.id: (b* or\n c)', 10)
    assert literals_of(condition) == ("A", "b*", "c")
    lines = [each.line for each in condition.arguments]  # type: ignore[union-attr]
    assert lines == [10, 11]
