"""Datadog: which records a rule finds, what decides beside it, and what it is after an exclusion."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.review import (
    EXPLAINED,
    Exclusion,
    NoFix,
    Patch,
    Predicate,
    Repository,
    ReviewError,
    Rule,
    Source,
    Term,
    Unreadable,
)
from cloudcascade.review.expression import compiled, literals_of
from cloudcascade.review.formats.datadog import FORMAT

RECORD: dict[str, Any] = {
    "eventSource": "iam.amazonaws.com",
    "eventName": "DeleteAccessKey",
    "eventID": "e1",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "aws-cli/2.1 (x)",
    "readOnly": False,
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana"},
    "requestParameters": {
        "userName": "ana",
        "count": 5,
        "items": [{"port": 22}, {"port": 443}],
    },
}


def rule_of(
    *queries: str | dict[str, Any], cases: list[str] | None = None, **more: Any
) -> dict[str, Any]:
    listed = [{"query": each} if isinstance(each, str) else each for each in queries]
    wanted = cases or ["a > 0"]
    return {
        "name": "T",
        "type": "log_detection",
        "isEnabled": True,
        "queries": listed,
        "cases": [{"status": "high", "condition": each} for each in wanted],
        "options": {"detectionMethod": "threshold", "evaluationWindow": 300},
        **more,
    }


def read(rule: dict[str, Any] | list[Any] | str, *, indent: int | None = 2) -> list[Rule]:
    text = rule if isinstance(rule, str) else json.dumps(rule, indent=indent)
    source = Source("rules/a.json", text)
    return list(FORMAT.read(source, Repository(None, [source])))


def fires(rule: Rule, record: dict[str, Any]) -> bool:
    test = rule.test
    assert isinstance(test, Predicate), rule.not_judged
    fields = test.fields
    row = [test.spelling.value(record, name) for name in fields]
    return compiled(test.condition, fields, test.functions)(row) is True


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("@evt.name:DeleteAccessKey", True),
        ("@evt.name:deleteaccesskey", False),
        ("@evt.name:Delete*", True),
        ("@evt.name:*Access*", True),
        ("@evt.name:Delete*Keys", False),
        ("@evt.name:DeleteAccess???", True),
        ('@evt.name:"Delete*"', False),
        ('@evt.name:"DeleteAccessKey"', True),
        ("@evt.name:(CreateUser OR DeleteAccessKey)", True),
        ("@evt.name:(Delete* AND *Key)", True),
        ("@evt.name:(Delete* -*Key)", False),
        ("-@evt.name:DeleteAccessKey", False),
        ("NOT @evt.name:CreateUser", True),
        ("@evt.name:DeleteAccessKey AND @userIdentity.type:IAMUser", True),
        ("@evt.name:CreateUser OR @userIdentity.type:IAMUser @readOnly:false", True),
        ("(@evt.name:CreateUser OR @userIdentity.type:IAMUser) @readOnly:true", False),
        ("@error.kind:*", False),
        ("-@error.kind:*", True),
        ("@requestParameters:*", True),
        ("@requestParameters.items.port:443", True),
        ("@requestParameters.items.port:80", False),
        ("@requestParameters.count:[1 TO 5]", True),
        ("@requestParameters.count:{1 TO 5}", False),
        ("@requestParameters.count:[6 TO *]", False),
        ("@requestParameters.count:>=5", True),
        ("@requestParameters.count:<5", False),
        ("@userIdentity.arn:arn\\:aws\\:iam\\:\\:*\\:user/ana", True),
        ('@userIdentity.arn:"arn:aws:iam::111122223333:user/ana"', True),
        ("@http.useragent:aws-cli/2.1\\ \\(x\\)", True),
        ("@http.useragent:*?\\(x\\)", True),
        ("@network.client.ip:198.51.100.*", True),
        ("CIDR(@network.client.ip, 198.51.100.0/24)", True),
        ("NOT(CIDR(@network.client.ip,10.0.0.0/8, 198.51.100.0/24))", False),
        ("*", True),
        ("sourcecategory:aws", True),
    ],
)
def test_a_search_finds(search: str, found: bool) -> None:
    (rule,) = read(rule_of(f"source:cloudtrail {search}"))
    assert fires(rule, RECORD) is found


@pytest.mark.parametrize(
    ("search", "reason"),
    [
        ("denied", "message"),
        ("*:denied", "`*:`"),
        ("@usr.name:x", "@usr.name"),
        ("@network.client.geoip.country.name:x", "geoip"),
        ("@evt.outcome:failure", "@evt.outcome"),
        ("@eventName:x", "@evt.name"),
        ("env:prod", "env"),
        ("@userIdentity.arn:arn:aws", "cannot be read"),
        (f"{'(' * 200}@evt.name:x{')' * 200}", "deeply"),
        (f"{'NOT ' * 200}@evt.name:x", "deeply"),
    ],
)
def test_what_is_not_judged_is_named(search: str, reason: str) -> None:
    (rule,) = read(rule_of(f"source:cloudtrail {search}"))
    assert rule.test is None
    assert reason in (rule.not_judged or "")


@pytest.mark.parametrize(
    ("rule", "about"),
    [
        (rule_of("source:cloudtrail @evt.name:x"), True),
        (rule_of("source:(cloudtrail OR guardduty)"), True),
        (rule_of("@evt.name:x @eventSource:y"), True),
        (rule_of("source:okta @evt.name:x"), False),
        (rule_of("@http.status_code:500"), False),
        (rule_of({"query": "source:cloudtrail", "dataSource": "audit"}), False),
        (rule_of("source:cloudtrail", type="workload_security"), False),
    ],
)
def test_the_source_says_what_a_rule_is_about(rule: dict[str, Any], about: bool) -> None:
    (found,) = read(rule)
    assert found.about_cloudtrail is about


@pytest.mark.parametrize(
    ("cases", "counts"),
    [
        (["a > 0"], None),
        (["a >= 1"], None),
        (["a > 5", "a > 0"], None),
        (["a > 5"], "a > 5 within 300 s"),
        (["a == 1"], "a == 1 within 300 s"),
        (["a > 0 && b == 0"], "a > 0 && b == 0 within 300 s"),
        (["a > 0 && b > 0"], "a > 0 && b > 0 within 300 s"),
        (["a > 0 || b > 5"], None),
    ],
)
def test_the_cases_say_what_is_counted(cases: list[str], counts: str | None) -> None:
    queries = [
        "source:cloudtrail @evt.name:DeleteAccessKey",
        "source:cloudtrail @evt.name:DeleteUser",
    ]
    (rule,) = read(rule_of(*queries, cases=cases))
    assert rule.counts == counts
    assert fires(rule, RECORD)
    second = {**RECORD, "eventName": "DeleteUser"}
    assert fires(rule, second) is ("&& b > 0" in cases[0])


def test_a_record_that_a_case_wants_to_be_absent_does_not_fire() -> None:
    queries = ["source:cloudtrail @evt.name:Delete*", "source:cloudtrail @evt.name:DeleteAccessKey"]
    (rule,) = read(rule_of(*queries, cases=["a > 0 && b == 0"]))
    assert not fires(rule, RECORD)
    assert fires(rule, {**RECORD, "eventName": "DeleteUser"})


@pytest.mark.parametrize(
    ("cases", "reason"),
    [(["b > 0"], "no query"), (["a == 0"], "absent"), (["a + b > 1"], "not modelled")],
)
def test_cases_that_are_not_judged_are_named(cases: list[str], reason: str) -> None:
    (rule,) = read(rule_of("source:cloudtrail", cases=cases))
    assert reason in (rule.not_judged or "")


@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("new_value", "first time that @awsRegion"),
        ("impossible_travel", "too far"),
        ("third_party", None),
    ],
)
def test_the_method_says_what_decides(method: str, part: str | None) -> None:
    query = {"query": "source:cloudtrail", "metrics": ["@awsRegion"], "aggregation": "new_value"}
    (rule,) = read(rule_of(query, options={"detectionMethod": method}, cases=["a > 0"]))
    assert part in (rule.counts or "") if part else rule.test is None


def test_logs_without_a_group_are_passed_over() -> None:
    query = {
        "query": "source:cloudtrail",
        "groupByFields": ["@requestParameters.roleName", "@usr.id"],
    }
    (rule,) = read(rule_of(query))
    assert rule.group_by == ("@requestParameters.roleName", "@usr.id")
    assert not fires(rule, RECORD)
    assert any("@usr.id" in each for each in rule.remarks)
    (kept,) = read(rule_of({**query, "hasOptionalGroupByFields": True}))
    assert fires(kept, RECORD)


@pytest.mark.parametrize(
    ("action", "found"), [("suppress", (False, True)), ("require", (True, False))]
)
def test_filters_suppress_or_require(action: str, found: tuple[bool, bool]) -> None:
    (rule,) = read(
        rule_of("source:cloudtrail", filters=[{"action": action, "query": "@evt.name:Delete*"}])
    )
    assert (fires(rule, RECORD), fires(rule, {**RECORD, "eventName": "X"})) == found


def test_another_reference_table_is_not_judged() -> None:
    table = {"tableName": "bad_ips", "columnName": "ip", "logFieldPath": "network.client.ip"}
    (rule,) = read(rule_of("source:cloudtrail", referenceTables=[table]))
    assert "bad_ips" in (rule.not_judged or "")


def test_a_rule_tells_where_it_stands() -> None:
    (rule,) = read(rule_of("source:cloudtrail @evt.name:(DeleteUser OR *Key)"))
    assert (rule.place.line, rule.severity, rule.title) == (7, "high", "T")
    assert isinstance(rule.test, Predicate)
    assert literals_of(rule.test.condition) == ("cloudtrail", "DeleteUser", "*Key")


@pytest.mark.parametrize(
    "wrap", [lambda each: [each], lambda each: {"rules": [each]}, lambda each: {"data": [each]}]
)
def test_a_file_holds_one_rule_or_a_list(wrap: Any) -> None:
    assert [each.title for each in read(wrap(rule_of("source:cloudtrail")))] == ["T"]


@pytest.mark.parametrize(
    "text",
    [
        '{"queries": [], "cases": []}',
        '{"queries": [{"name": "a"}], "cases": []}',
        '{"queries": [',
        '{"queries": 1} 2',
        '{"a": 1, "a": 2}',
        "[" * 5_000,
    ],
)
def test_what_breaks_the_format_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.place.line == 1


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        (json.dumps(rule_of("source:okta")), True),
        ('{"query": "x", "name": "y"}', False),
        ('resource "x" { "queries" "cases" "query" }', False),
    ],
)
def test_a_file_is_claimed_by_its_keys(text: str, claimed: bool) -> None:
    assert FORMAT.claims(Source("a.json", text)) is claimed


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lark", None)
    with pytest.raises(ReviewError, match=r"pip install 'cloudcascade\[review\]'"):
        read(rule_of("source:cloudtrail"))


# Exclusions

BY_USER = Exclusion(
    "by_user", "why", (Term("userIdentity.type", ("IAMUser", 'q"\\*')), Term("errorMessage"))
)
KNOWN = Exclusion("explained", "why", explained=True)
RULES = [
    rule_of("source:cloudtrail @evt.name:DeleteAccessKey"),
    rule_of("source:cloudtrail @evt.name:X OR source:cloudtrail @evt.name:DeleteAccessKey"),
    rule_of("source:cloudtrail @evt.name:Delete*", filters=[]),
    rule_of("source:cloudtrail", filters=[{"action": "suppress", "query": "@evt.name:X"}]),
    rule_of("source:cloudtrail", "source:cloudtrail @evt.name:X", cases=["a > 0 && b == 0"]),
    rule_of(
        {"name": "ä", "query": "source:cloudtrail"},
        {"name": "b", "query": "source:cloudtrail"},
        cases=["b > 3"],
    ),
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("indent", [None, 2])
def test_an_exclusion_silences_what_it_holds_for(rule: dict[str, Any], indent: int | None) -> None:
    (before,) = read(rule, indent=indent)
    (after,) = read(FORMAT.exclude(before, [BY_USER]).text)
    assert fires(before, RECORD)
    assert not fires(after, RECORD)
    assert not fires(after, {**RECORD, "userIdentity": {"type": 'q"\\*'}})
    assert fires(after, {**RECORD, "userIdentity": {"type": 'q"\\x'}})
    assert fires(after, {**RECORD, "errorMessage": "no"})


@pytest.mark.parametrize("rule", RULES)
def test_what_is_explained_is_asked_of_the_reference_table(rule: dict[str, Any]) -> None:
    (before,) = read(rule)
    text = FORMAT.exclude(before, [KNOWN]).text
    (after,) = read(text)
    assert fires(after, RECORD)
    assert not fires(after, {**RECORD, EXPLAINED: True})
    assert json.loads(text)["referenceTables"][0]["tableName"] == "cascade_explained"


@pytest.mark.parametrize("rule", RULES)
def test_an_exclusion_changes_nothing_else(rule: dict[str, Any]) -> None:
    other = rule_of("source:cloudtrail @evt.name:DeleteAccessKey")
    text = json.dumps([rule, other], indent=3)
    changed = FORMAT.exclude(read(text)[0], [BY_USER, KNOWN]).text
    first, second = json.loads(changed)
    assert second == other
    assert {
        key: value
        for key, value in first.items()
        if key not in ("queries", "filters", "referenceTables")
    } == {key: value for key, value in rule.items() if key not in ("queries", "filters")}
    assert changed.endswith(text[text.rindex('"name": "T"') :])


def test_a_rule_with_filters_gets_one_more() -> None:
    (rule,) = read(RULES[3])
    changed = json.loads(FORMAT.exclude(rule, [BY_USER]).text)
    assert [each["action"] for each in changed["filters"]] == ["suppress", "suppress"]
    assert changed["queries"] == RULES[3]["queries"]


@pytest.mark.parametrize("value", ["a\nb", "\x00"])
def test_a_value_that_no_query_can_hold_is_refused(value: str) -> None:
    (rule,) = read(RULES[0])
    with pytest.raises(NoFix):
        FORMAT.exclude(rule, [Exclusion("a", "w", (Term("eventName", (value,)),))])


@settings(max_examples=150, deadline=None)
@given(value=st.text(min_size=1, max_size=12), rule=st.sampled_from(RULES))
def test_any_value_is_excluded_and_nothing_else(value: str, rule: dict[str, Any]) -> None:
    (before,) = read(rule)
    exclusion = Exclusion("v", "w", (Term("requestParameters.userName", (value,)),))
    try:
        text = FORMAT.exclude(before, [exclusion]).text
    except NoFix:
        assert any(not char.isprintable() for char in value)
        return
    (after,) = read(text)
    assert not fires(after, {**RECORD, "requestParameters": {"userName": value}})
    assert fires(after, {**RECORD, "requestParameters": {"userName": f"{value}x"}})


def second_of(patch: Patch) -> Rule:
    """The one rule in a new file."""
    (text,) = patch.beside.values()
    (rule,) = read(text)
    return rule


LABELLED = Exclusion("x", "y", (Term("userAgent", ("a b",)), Term("errorCode")))
OTHERS = Exclusion("z", "y", (Term("userAgent", ("c",)),))
LOOKUP = Exclusion("explained", "y", explained=True)


@pytest.mark.parametrize(
    ("chosen", "labelled"),
    [((LABELLED,), {0}), ((LABELLED, OTHERS), {0, 2}), ((LOOKUP,), {3})],
    ids=["one", "two", "lookup"],
)
@pytest.mark.parametrize("more", [{}, {"filters": [{"action": "require", "query": "*"}]}])
@pytest.mark.parametrize("listed", [False, True])
def test_a_second_rule_takes_what_is_labelled_and_nothing_else(
    chosen: tuple[Exclusion, ...], labelled: set[int], more: dict[str, Any], *, listed: bool
) -> None:
    assert FORMAT.label is not None
    held = rule_of(
        "source:cloudtrail @evt.name:DeleteAccessKey OR @evt.name:CreateUser", id="r-1", **more
    )
    before = read([held, rule_of("source:cloudtrail x:y", id="r-2")] if listed else held)[0]
    patch = FORMAT.label(before, chosen)
    first, second = read(patch.text)[0], second_of(patch)
    assert (first.id, first.severity) == ("r-1", "high")
    assert second.id != "r-1"
    assert (second.title, second.severity) == ("T (explained by cloudcascade)", "low")
    records = [
        {**RECORD, "userAgent": "a b"},
        {**RECORD, "userAgent": "a b", "errorCode": "AccessDenied"},
        {**RECORD, "userAgent": "c"},
        {**RECORD, EXPLAINED: True},
        {**RECORD, "eventName": "GetUser", "userAgent": "a b"},
    ]
    for number, record in enumerate(records):
        assert fires(first, record) is (number < 4 and number not in labelled)
        assert fires(second, record) is (number in labelled)


@pytest.mark.parametrize(
    ("chosen", "status", "reason"),
    [
        ([LABELLED, LOOKUP], "high", "one rule"),
        ([LABELLED], "info", "lower"),
        ([Exclusion("x", "y")], "high", "no terms"),
    ],
)
def test_what_has_no_second_severity_is_no_fix(
    chosen: list[Exclusion], status: str, reason: str
) -> None:
    assert FORMAT.label is not None
    held = rule_of("source:cloudtrail @evt.name:DeleteAccessKey")
    held["cases"][0]["status"] = status
    with pytest.raises(NoFix, match=reason):
        FORMAT.label(read(held)[0], chosen)


@given(value=st.text(min_size=1, max_size=12), name=st.text(min_size=1, max_size=8))
def test_any_value_is_labelled_alone_or_refused(value: str, name: str) -> None:
    assert FORMAT.label is not None
    held = rule_of("source:cloudtrail @evt.name:DeleteAccessKey") | {"name": name}
    before = read(held)[0]
    try:
        patch = FORMAT.label(before, [Exclusion("x", "y", (Term("userAgent", (value,)),))])
    except NoFix:
        return
    first, second = read(patch.text)[0], second_of(patch)
    assert second.title == f"{name} (explained by cloudcascade)"
    for agent in (value, f"{value}x"):
        assert fires(first, {**RECORD, "userAgent": agent}) is (agent != value)
        assert fires(second, {**RECORD, "userAgent": agent}) is (agent == value)
