"""EQL over records, by the rules of its reference."""

from typing import Any

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.expression import compiled, fields_of
from cloudcascade.review.languages.elastic import ecs, eql
from cloudcascade.review.languages.elastic.eql_functions import FUNCTIONS

RECORD = {
    "eventName": "CreateUser",
    "eventSource": "iam.amazonaws.com",
    "userAgent": "aws-cli/2 a*b",
    "sourceIPAddress": "10.1.2.3",
    "requestParameters": {"userName": "bob", "principal": "*"},
    "resources": [{"ARN": "arn:1"}, {"ARN": "arn:2"}],
}


def fires(query: str, record: Any = RECORD, category: str = "event.category") -> object:
    condition = eql.parsed(query, 1, category).condition
    fields = fields_of(condition)
    test = compiled(condition, fields, FUNCTIONS)
    return test([ecs.value(record, name) for name in fields])


@pytest.mark.parametrize(
    "condition",
    [
        'event.action == "CreateUser"',
        'event.action != "DeleteUser"',
        '"CreateUser" == event.action',
        'event.action : "createuser"',
        'event.action : ("x", "CREATE*")',
        'event.action like ("Create????")',
        'event.action like~ "create*"',
        'event.action in ("a", "CreateUser")',
        'event.action not in ("a", "b")',
        'event.action in~ ("createuser")',
        'event.action regex "Create.+"',
        'event.action regex~ "create(user|role)"',
        'match(event.action, "x", "Create.*")',
        'wildcard(event.action, "x", "*User")',
        'startsWith(event.action, "Create")',
        'startsWith~(event.action, "create")',
        'endsWith(event.action, "User")',
        'stringContains(aws.cloudtrail.request_parameters, "userName=bob")',
        # A search with wildcards: an escaped star is one, a plain one is anything.
        'stringContains(aws.cloudtrail.request_parameters, "principal=\\\\*")',
        'stringContains(aws.cloudtrail.request_parameters, "userName=*")',
        'cidrMatch(source.ip, "11.0.0.0/8", "10.0.0.0/8")',
        'aws.cloudtrail.resources.arn == "arn:2"',
        "length(event.action) == 10 and length(event.action) + 1 > 10",
        'substring(event.action, -4) == "User"',
        'between(event.action, "Cr", "User") == "eate"',
        'indexOf(event.action, "User") == 6',
        'concat(event.action, "!", 1) == "CreateUser!1"',
        "?event.id == null",
        "event.action != null",
        # A search of a field: its opposite holds where the field is missing.
        'event.id != "x"',
        'not event.id : "x*"',
        'not stringContains(event.id, "x")',
        'not not event.action == "CreateUser"',
        'event.id == "x" or event.action == "CreateUser" and true',
        'user_agent.original == """aws-cli/2 a*b""" // a comment',
        '/* one */ event.action == "CreateUser"',
    ],
)
def test_a_condition_holds(condition: str) -> None:
    assert fires(f"any where {condition}") is True


@pytest.mark.parametrize(
    "condition",
    [
        'event.action == "createuser"',
        'event.action == "Create*"',
        'event.action : "Create"',
        'event.id == "x"',
        'event.action in ("createuser")',
        'event.action like "create*"',
        'event.action regex "Create"',
        # A script of a missing field is null, and so is its opposite.
        "length(event.id) == 1",
        "not length(event.id) == 1",
        'not startsWith~(event.id, "x")',
        "not stringContains(aws.cloudtrail.request_parameters, event.id)",
    ],
)
def test_a_condition_does_not_hold(condition: str) -> None:
    assert fires(f"any where {condition}") is not True


def test_a_category_is_asked_for() -> None:
    assert fires("iam where true") is True
    assert fires("file where true") is False
    assert fires("creation where true", category="event.type") is True


def test_a_sequence_is_the_union_of_the_steps_that_must_happen() -> None:
    query = eql.parsed(
        "sequence by user.id with maxspan=5m\n"
        '  [any where event.action == "A"] by cloud.region\n'
        '  ![any where event.action == "B"] by cloud.region\n'
        '  [any where event.action == "C"] by cloud.region\n'
        'until [any where event.action == "D"]'
    )
    assert query.counts == (
        "a sequence of 3 events by user.id, cloud.region within 5m, of which 1 must be missing"
    )
    assert query.group_by == ("user.id", "cloud.region")
    condition = query.condition
    test = compiled(condition, fields_of(condition), FUNCTIONS)
    assert [test([name]) for name in "ABCD"] == [True, False, True, False]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("any where event.action == event.provider", "two fields"),
        ('any where soundex(event.action) == "C"', "soundex"),
        ("any where true | unique event.action", "unique"),
        ('any where event.action regex "(a+)+b"', "repeats"),
        ('any where process.name == "x"', "process.name"),
        ('any where aws.cloudtrail.flattened.request_parameters.a == "x"', "flattened"),
        ("any where " + "(" * 500 + "true" + ")" * 500, "nested too deeply"),
    ],
)
def test_what_cannot_be_executed_is_named(query: str, reason: str) -> None:
    with pytest.raises(NotJudged, match=reason):
        eql.parsed(query)


def test_many_opposites_end() -> None:
    assert fires("any where " + "not " * 2_001 + 'event.action == "x"') is True
