"""Sigma: which records a rule finds, what decides beside it, and what it is after an exclusion."""

import difflib
import re
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.collection import SigmaCollection
from sigma.rule import SigmaRule

from cloudcascade.review import (
    EXPLAINED,
    Exclusion,
    NoFix,
    Predicate,
    Repository,
    ReviewError,
    Rule,
    Source,
    Term,
    Unreadable,
)
from cloudcascade.review.expression import Call, Field, Literal, compiled, literals_of, walk
from cloudcascade.review.formats.sigma import FORMAT

RECORD = {
    "eventSource": "iam.amazonaws.com",
    "eventName": "DeleteAccessKey",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "Boto3/1.35 md/Botocore#1.35",
    "readOnly": False,
    "errorCode": None,
    "userIdentity": {
        "type": "IAMUser",
        "userName": "ana",
        "arn": "arn:aws:iam::111122223333:user/ana",
    },
    "requestParameters": {
        "userName": "ana",
        "count": 5,
        "path": "C:\\temp\\*",
        "items": [{"port": 22}, {"port": 443}],
    },
    "responseElements": None,
    "tlsDetails": {"tlsVersion": "TLSv1.3"},
}


def rule_text(
    detection: str, *, extra: str = "", logsource: str = "product: aws\n    service: cloudtrail"
) -> str:
    body = "\n".join(f"    {line}" for line in detection.strip("\n").splitlines())
    head = f"title: T\nid: 6f1f5a1e-9a3c-4d59-8a52-2a7a3c6f1a11\nlogsource:\n    {logsource}\n"
    return f"{head}detection:\n{body}\nlevel: high\n{extra}"


def read(text: str, *others: str, path: str = "rules/a.yml") -> list[Rule]:
    source = Source(path, text)
    beside = [Source(f"rules/other{number}.yml", other) for number, other in enumerate(others)]
    return list(FORMAT.read(source, Repository(None, [source, *beside])))


def fires(rule: Rule, record: dict[str, object]) -> bool:
    test = rule.test
    assert isinstance(test, Predicate), rule.not_judged
    fields = test.fields
    row = [test.spelling.value(record, name) for name in fields]
    return compiled(test.condition, fields, test.functions)(row) is True


def finds(detection: str, record: dict[str, object] = RECORD) -> bool:
    (rule,) = read(rule_text(detection))
    return fires(rule, record)


def selection(*lines: str) -> str:
    return "s:\n" + "".join(f"    {line}\n" for line in lines) + "condition: s"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("eventName: deleteaccesskey", True),
        ("eventName|cased: deleteaccesskey", False),
        ("eventName|cased: DeleteAccessKey", True),
        ("eventName: Delete*", True),
        ("eventName: Delete*Key", True),
        ("eventName: Delete*Keys", False),
        ("eventName: DeleteAccess???", True),
        ("eventName: DeleteAccess??", False),
        ("eventName: [CreateUser, DeleteAccessKey]", True),
        ("eventName|contains: access", True),
        ("eventName|startswith: delete", True),
        ("eventName|endswith: key", True),
        ("eventName|contains|all: [Delete, Key]", True),
        ("eventName|contains|all: [Delete, User]", False),
        ("eventName|neq: CreateUser", True),
        ("eventName|re: '^Delete[A-Z]'", True),
        ("eventName|re: '^delete'", False),
        ("eventName|re|i: '^delete'", True),
        ("requestParameters.path: 'C:\\temp\\\\\\*'", True),
        ("requestParameters.path: 'C:\\temp\\*'", False),
        ("requestParameters.path|contains: '\\*'", True),
        ("sourceIPAddress|cidr: 198.51.100.0/24", True),
        ("sourceIPAddress|cidr: 203.0.113.0/24", False),
        ("userAgent|cidr: 198.51.100.0/24", False),
        ("errorCode: null", True),
        ("errorMessage: null", True),
        ("errorCode: ''", False),
        ("eventName: null", False),
        ("errorCode|exists: false", True),
        ("eventName|exists: true", True),
        ("requestParameters.count: 5", True),
        ("requestParameters.count: '5'", True),
        ("requestParameters.count|gte: 5", True),
        ("requestParameters.count|lt: 5", False),
        ("userAgent|gt: 5", False),
        ("readOnly: false", True),
        ("readOnly: 'false'", True),
        ("readOnly: true", False),
        ("requestParameters.items.port: 443", True),
        ("requestParameters.items.port: 80", False),
        ("requestParameters.userName|fieldref: userIdentity.userName", True),
        ("userIdentity.arn|fieldref: requestParameters.userName", False),
        ("userIdentity.arn|fieldref|endswith: requestParameters.userName", True),
        ("requestParameters|contains: ana", True),
        ("requestParameters|contains: bob", False),
        ("eventName: []", False),
    ],
)
def test_a_line_of_a_selection_finds(line: str, found: bool) -> None:
    assert finds(selection(line)) is found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("yes_a", True),
        ("no_a", False),
        ("not no_a", True),
        ("yes_a and not no_a", True),
        ("no_a or yes_a and yes_b", True),
        ("(no_a or yes_a) and no_b", False),
        ("1 of no_*", False),
        ("any of yes_*", True),
        ("all of yes_*", True),
        ("all of them", False),
        ("1 of them", True),
        ("yes_a and not 1 of no_*", True),
        ("not (yes_a and not all of no*)", False),
    ],
)
def test_a_condition_joins_selections(condition: str, found: bool) -> None:
    names = "yes_a:\n    eventName: Delete*\nyes_b:\n    userIdentity.type: IAMUser\n"
    names += "no_a:\n    eventName: Create*\nno_b:\n    userIdentity.type: Root\n"
    assert finds(f"{names}condition: {condition}") is found


def test_them_leaves_out_what_begins_with_an_underscore() -> None:
    assert not finds(
        "_a:\n    eventName: DeleteAccessKey\nb:\n    eventName: X\ncondition: 1 of them"
    )


def test_of_several_conditions_one_is_enough() -> None:
    both = "a:\n    eventName: X\nb:\n    eventName: DeleteAccessKey\ncondition:\n    - a\n    - b"
    assert finds(both)


def test_a_list_of_maps_is_one_of_them() -> None:
    assert finds("s:\n    - eventName: X\n    - userIdentity.type: iamuser\ncondition: s")


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ("- botocore", True),
        ("- accesskey", True),
        ("- nobody", False),
        ("'|all':\n        - boto3\n        - ana", True),
    ],
)
def test_keywords_are_looked_for_in_every_value(keywords: str, found: bool) -> None:
    assert finds(f"s:\n    {keywords}\ncondition: s") is found


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("source.geo.country_name: X", "source.geo.country_name"),
        ("eventName|expand: '%admins%'", "%admins%"),
        ("eventTime|hour: 3", "eventTime"),
        ("eventName|sometimes: a", "sometimes"),
        ("requestParameters|contains: '\"a\":'", "requestParameters"),
        ("eventName|re: '(a+)+$'", "repeats"),
        ("eventName|re: '(a|aa)*$'", "choice"),
        ("eventName|re: '(x)\\1'", "groups"),
    ],
)
def test_what_is_not_judged_is_named(line: str, reason: str) -> None:
    (rule,) = read(rule_text(selection(line)))
    assert rule.test is None
    assert reason in (rule.not_judged or "")


def test_an_object_behind_a_field_is_not_compared_with_a_text() -> None:
    with pytest.raises(ReviewError, match="object"):
        finds(selection("requestParameters.items: '*\"port\": 22*'"))


@pytest.mark.parametrize(
    ("logsource", "about"),
    [
        ("product: aws\n    service: cloudtrail", True),
        ("product: AWS\n    service: CloudTrail", True),
        ("product: aws", True),
        ("service: cloudtrail", True),
        ("product: aws\n    service: guardduty", False),
        ("product: windows\n    category: process_creation", False),
        ("product: azure", False),
    ],
)
def test_the_log_source_says_what_a_rule_is_about(logsource: str, about: bool) -> None:
    (rule,) = read(rule_text(selection("eventName: a"), logsource=logsource))
    assert rule.about_cloudtrail is about


def test_a_rule_tells_where_it_stands() -> None:
    (rule,) = read(rule_text(selection("eventName:", "    - DeleteUser", "    - '*Key'")))
    assert (rule.place.line, rule.severity, rule.title) == (11, "high", "T")
    assert isinstance(rule.test, Predicate)
    lines = {
        each.value: each.line for each in walk(rule.test.condition) if isinstance(each, Literal)
    }
    assert lines == {"DeleteUser": 9, "*Key": 10}
    assert {each.line for each in walk(rule.test.condition) if isinstance(each, Field)} == {8}
    assert literals_of(rule.test.condition) == ("DeleteUser", "*Key")


CORRELATION = """---
title: Many
correlation:
    type: event_count
    rules:
        - base
    group-by:
        - userIdentity.arn
    timespan: 10m
    condition:
        gte: 10
level: high
"""


def test_a_correlation_tells_what_it_counts() -> None:
    base, many = read(
        rule_text(selection("eventName: DeleteAccessKey"), extra="name: base\n") + CORRELATION
    )
    assert many.counts == "event_count within 10m: gte 10"
    assert many.group_by == ("userIdentity.arn",)
    assert fires(many, RECORD)
    assert not fires(many, {**RECORD, "eventName": "x"})
    assert "Many" in (base.counts or "")


def test_what_a_correlation_wants_to_be_absent_is_no_part_of_its_filter() -> None:
    effect = rule_text(selection("eventName: DeleteAccessKey"), extra="name: effect\n")
    origin = rule_text(selection("eventName: DeleteUser"), extra="name: origin\n")
    both = "title: C\ncorrelation:\n    type: temporal\n    timespan: 5m\n    condition: effect and not origin\n"
    (rule,) = read(both, effect, origin)
    assert fires(rule, RECORD)
    assert not fires(rule, {**RECORD, "eventName": "DeleteUser"})


def test_a_correlation_of_an_unknown_rule_is_not_judged() -> None:
    (rule,) = read(CORRELATION)
    assert rule.test is None
    assert "base" in (rule.not_judged or "")


FILTER = """title: No ana
logsource:
    product: aws
filter:
    rules: {rules}
    selection:
        userIdentity.userName: ana
    condition: {condition}
"""


@pytest.mark.parametrize(
    ("rules", "condition", "found", "polarity"),
    [
        ("any", "not selection", False, False),
        ("[6f1f5a1e-9a3c-4d59-8a52-2a7a3c6f1a11]", "not selection", False, False),
        ("[another]", "not selection", True, False),
        ("any", "selection", True, True),
    ],
)
def test_a_filter_is_joined_by_and(rules: str, condition: str, found: bool, polarity: bool) -> None:
    (rule,) = read(
        rule_text(selection("eventName: DeleteAccessKey")),
        FILTER.format(rules=rules, condition=condition),
    )
    assert fires(rule, RECORD) is found
    assert any("must say `not`" in each for each in rule.remarks) is polarity


@pytest.mark.parametrize(
    "text",
    [
        "title: T\nlogsource:\n    product: aws\ndetection:\n    a: [\n",
        rule_text("s:\n    eventName: a"),
        rule_text("s:\n    eventName: a\ncondition: t"),
        rule_text("s:\n    eventName: a\ncondition: 1 of t*"),
        rule_text("s:\n    eventName: a\ncondition: s and"),
        rule_text("s:\n    eventName: a\ncondition: s", extra="x: " + "[" * 60 + "]" * 60),
        rule_text("s:\n    eventName: a\ncondition: s", extra="action: global\n"),
    ],
)
def test_what_breaks_the_format_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.place.line


def test_a_mark_of_byte_order_costs_nothing() -> None:
    (rule,) = read("\ufeff" + rule_text(LAYOUTS[0]))
    assert fires(rule, RECORD)
    (changed,) = read(FORMAT.exclude(rule, [BY_SERVICE]).text)
    assert not fires(changed, RECORD)


def test_a_deep_condition_is_not_judged() -> None:
    (rule,) = read(rule_text(f"s:\n    eventName: a\ncondition: {'(' * 500}s{')' * 500}"))
    assert "deeply" in (rule.not_judged or "")


@pytest.mark.parametrize(
    ("path", "text", "claimed"),
    [
        ("a.yml", rule_text(selection("eventName: a")), True),
        ("a.yaml", CORRELATION, True),
        ("a.yml", "\ufeff" + rule_text(selection("eventName: a")).replace("\n", "\r\n"), True),
        ("a.json", rule_text(selection("eventName: a")), False),
        ("a.yml", "name: x\nsearch: y\ntype: TTP\n", False),
        ("a.yml", "AnalysisType: rule\nFilename: a.py\n", False),
    ],
)
def test_a_file_is_claimed_by_its_keys(path: str, text: str, claimed: bool) -> None:
    assert FORMAT.claims(Source(path, text)) is claimed


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigma.rule", None)
    with pytest.raises(ReviewError, match=r"pip install 'cloudcascade\[review\]'"):
        read(rule_text(selection("eventName: a")))


# Exclusions

BY_SERVICE = Exclusion(
    "by_iam",
    "IAM deletes keys itself.",
    (Term("userIdentity.type", ("IAMUser", "it's *")), Term("errorMessage")),
)
KNOWN = Exclusion("explained", "A cascade explains it.", explained=True)
LAYOUTS = [
    "s:\n    eventName: DeleteAccessKey\ncondition: s",
    "s:\n    eventName: DeleteAccessKey # which\ncondition: s # only",
    "s:\n    eventName: DeleteAccessKey\nt:\n    eventName: X\ncondition: 's or t'",
    's:\n    eventName: DeleteAccessKey\nt:\n    eventName: X\ncondition: "1 of them"',
    "s:\n    eventName: DeleteAccessKey\nfilter_main_x:\n    eventName: X\ncondition: s and not 1 of filter_main_*",
    "s:\n    eventName: DeleteAccessKey\nfilter_x:\n    eventName: X\ncondition: s and not all of filter*",
    "s:\n    eventName: DeleteAccessKey\ncondition:\n    - s\n    - all of s*",
    "s:\n    eventName: DeleteAccessKey\ncondition: |\n    s\n    or s\n",
    "condition: s\ns:\n    eventName: DeleteAccessKey",
    "s:\n    eventName: DeleteAccessKey\nfilter_main_by_iam:\n    eventName: X\n"
    "condition: s and not filter_main_by_iam",
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_an_exclusion_silences_what_it_holds_for(layout: str, ending: str) -> None:
    text = f"# ä head\n{rule_text(layout)}".replace("\n", ending)
    (rule,) = read(text)
    patch = FORMAT.exclude(rule, [BY_SERVICE])
    (changed,) = read(patch.text)
    assert fires(rule, RECORD)
    assert not fires(changed, RECORD)
    assert fires(changed, {**RECORD, "errorMessage": "no"})
    assert fires(changed, {**RECORD, "userIdentity": {"type": "Root"}})
    assert not fires(changed, {**RECORD, "userIdentity": {"type": "it's *"}})
    assert fires(changed, {**RECORD, "userIdentity": {"type": "it's more"}})
    assert "# IAM deletes keys itself." in patch.text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_exclusion_leaves_every_other_line_alone(layout: str) -> None:
    text = rule_text(layout)
    (rule,) = read(text)
    changed = FORMAT.exclude(rule, [BY_SERVICE]).text
    differs = difflib.ndiff(text.splitlines(), changed.splitlines())
    lost = [line[2:] for line in differs if line.startswith("- ")]
    assert all(re.fullmatch(r" *(condition:.*|(- )?(or )?(all of )?s\*?)", line) for line in lost)


def test_a_rule_that_asks_for_its_filters_by_pattern_keeps_its_condition() -> None:
    (rule,) = read(rule_text(LAYOUTS[4]))
    assert "condition: s and not 1 of filter_main_*\n" in FORMAT.exclude(rule, [BY_SERVICE]).text


def test_only_the_rule_itself_is_changed() -> None:
    other = rule_text(selection("eventName: DeleteAccessKey")).replace("title: T", "title: U")
    text = f"{rule_text(LAYOUTS[0])}---\n{other}"
    changed = FORMAT.exclude(read(text)[0], [BY_SERVICE]).text
    assert changed.endswith(f"---\n{other}")
    assert [fires(rule, RECORD) for rule in read(changed)] == [False, True]


def test_what_is_explained_is_asked_of_a_placeholder() -> None:
    (rule,) = read(rule_text(LAYOUTS[0]))
    patch = FORMAT.exclude(rule, [KNOWN])
    assert "eventID|expand: '%cascade_explained%'" in patch.text
    assert "pipeline" in (patch.note or "")
    (changed,) = read(patch.text)
    assert fires(changed, RECORD)
    assert not fires(changed, {**RECORD, EXPLAINED: True})


def test_a_label_is_a_second_rule_of_a_low_level() -> None:
    (rule,) = read(rule_text(LAYOUTS[2]))
    assert FORMAT.label is not None
    high, low = read(FORMAT.label(rule, [KNOWN, BY_SERVICE]).text)
    assert (high.severity, low.severity) == ("high", "low")
    assert high.id != low.id
    plain = {**RECORD, "userIdentity": {"type": "Root"}}
    assert (fires(high, plain), fires(low, plain)) == (True, False)
    for told in ({**plain, EXPLAINED: True}, RECORD):
        assert (fires(high, told), fires(low, told)) == (False, True)


def test_a_correlation_is_changed_in_the_rules_that_it_alone_counts() -> None:
    text = rule_text(selection("eventName: DeleteAccessKey"), extra="name: base\n") + CORRELATION
    changed = FORMAT.exclude(read(text)[1], [BY_SERVICE]).text
    assert not fires(read(changed)[1], RECORD)
    with pytest.raises(NoFix, match="alerts beside it"):
        FORMAT.exclude(
            read(text.replace("timespan", "generate: true\n    timespan"))[1], [BY_SERVICE]
        )


@pytest.mark.parametrize(
    "detection",
    [
        "x: &c s\ns:\n    eventName: a\ncondition: *c",
        "s:\n    eventName: a\n\ncondition: &c s",
    ],
)
def test_an_anchor_is_not_written_into(detection: str) -> None:
    (rule,) = read(rule_text(detection))
    with pytest.raises(NoFix, match="alias"):
        FORMAT.exclude(rule, [BY_SERVICE])


@pytest.mark.parametrize(
    "exclusion",
    [
        Exclusion("a", "w"),
        Exclusion("a", "w", (Term("a.b", ("x",)),)),
        Exclusion("a", "w", (Term("eventName", ("x",)), Term("eventName", ("y",)))),
    ],
)
def test_an_exclusion_that_cannot_be_said_is_refused(exclusion: Exclusion) -> None:
    (rule,) = read(rule_text(LAYOUTS[0]))
    with pytest.raises(NoFix):
        FORMAT.exclude(rule, [exclusion])


@settings(max_examples=150, deadline=None)
@given(
    value=st.text(min_size=1, max_size=12),
    why=st.text(max_size=20),
    layout=st.sampled_from(LAYOUTS),
)
def test_any_value_is_excluded_and_nothing_else(value: str, why: str, layout: str) -> None:
    (rule,) = read(rule_text(layout))
    exclusion = Exclusion("v", why, (Term("requestParameters.userName", (value,)),))
    text = FORMAT.exclude(rule, [exclusion]).text
    (changed,) = read(text)
    record = {**RECORD, "requestParameters": {"userName": value}}
    assert fires(rule, record)
    assert not fires(changed, record)
    other = {**RECORD, "requestParameters": {"userName": f"{value}x"}}
    assert fires(changed, other)
    assert list(yaml.safe_load_all(text))


def test_functions_know_every_call() -> None:
    (rule,) = read(rule_text(selection("eventName|contains: a")))
    assert isinstance(rule.test, Predicate)
    calls = {each.function for each in walk(rule.test.condition) if isinstance(each, Call)}
    assert calls <= set(rule.test.functions)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pysigma_takes_what_is_written(layout: str) -> None:
    (rule,) = read(rule_text(layout))
    assert FORMAT.label is not None
    for write, rules in ((FORMAT.exclude, 1), (FORMAT.label, 2)):
        text = write(rule, [BY_SERVICE, KNOWN]).text
        collection = SigmaCollection.from_yaml(text)
        assert len(collection.rules) == rules
        for each in collection.rules:
            assert isinstance(each, SigmaRule)
            assert all(condition.parsed for condition in each.detection.parsed_condition)
