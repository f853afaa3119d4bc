"""ES|QL over records, by the rules of its reference."""

from typing import Any

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.expression import compiled, fields_of
from cloudcascade.review.languages.elastic import ecs, esql
from cloudcascade.review.languages.elastic.esql_functions import FUNCTIONS
from cloudcascade.review.languages.elastic.parsing import SyntaxProblem

RECORD = {
    "eventName": "CreateUser",
    "eventSource": "iam.amazonaws.com",
    "userAgent": "aws-cli/2",
    "sourceIPAddress": "10.1.2.3",
    "readOnly": False,
    "requestParameters": {"userName": "bob", "instanceId": "i-7"},
    "resources": [{"ARN": "arn:1"}, {"ARN": "arn:2"}],
}


def fires(query: str, record: Any = RECORD) -> object:
    condition = esql.parsed(f"FROM logs-aws.cloudtrail-* METADATA _id {query}").condition
    fields = fields_of(condition)
    test = compiled(condition, fields, FUNCTIONS)
    return test([ecs.value(record, name) for name in fields])


@pytest.mark.parametrize(
    "query",
    [
        "",
        '| WHERE event.action == "CreateUser"',
        '| where `event.action` != "x" and event.provider in ("a", "iam.amazonaws.com")',
        '| WHERE event.action LIKE "Create*" AND NOT event.action LIKE "create*"',
        '| WHERE event.action LIKE ("x", "*User")',
        '| WHERE event.action RLIKE "Create(User|Role)" AND event.action NOT RLIKE "User"',
        "| WHERE event.id IS NULL AND event.action IS NOT NULL",
        '| WHERE NOT COALESCE(event.id == "x", false)',
        '| WHERE TO_LOWER(event.action) == "createuser"',
        '| WHERE CONTAINS(event.action, "eUs") AND STARTS_WITH(event.action, "Cr")',
        '| WHERE CASE(event.id == "x", "a", event.action == "CreateUser", "b", "c") == "b"',
        '| WHERE CIDR_MATCH(source.ip, "10.0.0.0/8")',
        "| WHERE LENGTH(event.action) - 1 == 3 * 3 AND aws.cloudtrail.read_only == false",
        '| WHERE event.action : "CreateUser" AND NOT event.id : "x"',
        '| WHERE KQL("""event.action: Create* and not event.id: *""")',
        "| WHERE MV_COUNT(aws.cloudtrail.resources.arn) == 2",
        '| WHERE FIELD_EXTRACT(aws.cloudtrail.flattened.request_parameters, "userName") == "bob"',
        '| EVAL who = user.target.name, low = TO_UPPER(who) | WHERE low == "BOB" | KEEP who',
        '| RENAME event.action AS did | WHERE did == "CreateUser"',
        '| GROK aws.cloudtrail.request_parameters "instanceId=(?<id>[^,}]+)" | WHERE id == "i-7"',
        '| GROK event.action "%{WORD:a.b}" | WHERE `a.b` == "CreateUser"',
        '| DISSECT user_agent.original "%{tool}/%{version}" | WHERE tool == "aws-cli" AND version == "2"',
        '// a | comment\n| WHERE event.action == "CreateUser" /* and | more */',
        '| WHERE true IN (starts_with(event.action, "x"), ends_with(event.action, "User"))',
        '| WHERE event.id == "x" OR event.action == "CreateUser"',
    ],
)
def test_a_row_is_kept(query: str) -> None:
    assert fires(query) is True


@pytest.mark.parametrize(
    "query",
    [
        '| WHERE event.action == "createuser"',
        # What is compared with null is null, and so is its opposite.
        '| WHERE event.id != "x"',
        '| WHERE NOT event.id LIKE "x*"',
        '| WHERE event.id NOT IN ("x")',
        '| WHERE event.action NOT IN ("x", null)',
        # So is what is compared with several values.
        '| WHERE aws.cloudtrail.resources.arn == "arn:1"',
        '| WHERE NOT aws.cloudtrail.resources.arn == "arn:3"',
        '| GROK event.action "x=(?<x>.*)" | WHERE x == "a"',
        '| DISSECT event.action "%{a}/%{b}" | WHERE b IS NOT NULL',
    ],
)
def test_a_row_is_not_kept(query: str) -> None:
    assert fires(query) is not True


def test_what_follows_an_aggregation_is_told() -> None:
    query = esql.parsed(
        "FROM logs-aws.cloudtrail-* | EVAL bucket = DATE_TRUNC(5 minutes, @timestamp)\n"
        '| WHERE event.action == "A"\n'
        "| STATS n = COUNT(*) WHERE event.id IS NOT NULL, m = MIN(@timestamp) BY user.id, bucket\n"
        "| WHERE n > 5"
    )
    assert query.counts == "STATS by user.id; and then n > 5"
    assert query.group_by == ("user.id",)
    assert fields_of(query.condition) == ("event.action",)


def test_of_inline_stats_only_tests_of_single_events_filter() -> None:
    query = esql.parsed(
        "FROM logs-aws.cloudtrail-* | INLINE STATS n = COUNT(*) BY user.id\n"
        '| WHERE n > 5 AND event.action == "A"'
    )
    assert fields_of(query.condition) == ("event.action",)
    assert query.counts is not None
    assert "n > 5" in query.counts


def test_the_time_of_looking_is_left_out() -> None:
    query = esql.parsed('FROM x | WHERE @timestamp > NOW() - 1 hour AND event.action == "A"')
    assert fields_of(query.condition) == ("event.action",)
    assert query.remarks


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("FROM x | ENRICH hosts", "ENRICH"),
        ("FROM x | WHERE " + "/*" * 1_000, "comments"),
        ("FROM x | LOOKUP JOIN t ON event.id", "LOOKUP JOIN"),
        ('FROM x | WHERE LEVENSHTEIN(event.action, "x") == 1', "levenshtein"),
        ("ROW a = 1", "ROW"),
        ('FROM x | WHERE source.geo.city_name == "Lima"', "source.geo.city_name"),
        ('FROM x | WHERE aws.cloudtrail.flattened.request_parameters.a == "x"', "flattened"),
        ("FROM x | WHERE event.action == ?name", "parameter"),
        ('FROM x | GROK event.action "%{COMBINEDAPACHELOG}"', "COMBINEDAPACHELOG"),
        ('FROM x | WHERE event.action RLIKE "(a*)*"', "repeats"),
        (
            "FROM x | EVAL a = event.action "
            + "| EVAL a = CONCAT(a, a) " * 50
            + '| WHERE a == "x"',
            "too large",
        ),
    ],
)
def test_what_cannot_be_executed_is_named(query: str, reason: str) -> None:
    with pytest.raises(NotJudged, match=reason):
        esql.parsed(query)


def test_a_broken_query_says_in_which_line() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        esql.parsed('FROM x\n| WHERE event.action ==\n| WHERE event.action == "a" "b"', 7)
    assert caught.value.line in (2, 3)
