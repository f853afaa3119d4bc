"""Splunk's rules: found, read, and changed so that nothing else of their file is."""

import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.review import (
    EXPLAINED,
    Exclusion,
    NoFix,
    Patch,
    Predicate,
    Repository,
    Rule,
    Source,
    Term,
    Unreadable,
    format_of,
)
from cloudcascade.review.expression import compiled
from cloudcascade.review.formats.splunk import FORMAT
from cloudcascade.review.severity import is_lower

HEAD = """# Ours.
name: Policy Detached
id: 0b1c9a52-0000-4000-8000-000000000001
type: TTP
data_source:
- AWS CloudTrail DetachUserPolicy
"""
TAIL = """
tags:
  risk_score: 40   # of one hundred
tests: []
"""
WRITTEN = {
    "plain": "search: sourcetype=aws:cloudtrail eventName=DetachUserPolicy\n"
    "  errorCode=success | stats count by src\n  awsRegion | `policy_detached_filter`",
    "single": 'search: \'`cloudtrail` eventName=DetachUserPolicy errorCode="success" |\n'
    "  stats count by src awsRegion'",
    "double": 'search: "`cloudtrail` eventName=DetachUserPolicy errorCode=\\"success\\"| stats \\\n'
    '  count by src awsRegion"',
    "literal": "search: |-\n  `cloudtrail` eventName=DetachUserPolicy\n"
    "  errorCode=success\n  | stats count by src awsRegion",
    "folded": "search: >\n  `cloudtrail` eventName=DetachUserPolicy\n\n"
    "  errorCode=success\n    | stats count by src awsRegion\n",
    "without bars": "search: '`cloudtrail` eventName=DetachUserPolicy errorCode=success'",
}
CONF = """[default]
dispatch.ttl = 1

[Policy Detached]
search = `cloudtrail` eventName=DetachUserPolicy \\
  errorCode=success \\
| stats count by src awsRegion
alert.severity = 5
disabled = 1

# Another.
[Other log]
search = sourcetype=linux_secure failed
"""


def record(**changed: Any) -> dict[str, Any]:
    return {
        "eventName": "DetachUserPolicy",
        "eventSource": "iam.amazonaws.com",
        "eventID": "e-1",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userIdentity": {"type": "IAMUser"},
        "requestParameters": {"userName": "ann"},
        **changed,
    }


def read(text: str, path: str = "detections/rule.yml", beside: Sequence[Source] = ()) -> list[Rule]:
    source = Source(path, text)
    assert FORMAT.claims(source)
    return list(FORMAT.read(source, Repository(None, [source, *beside])))


def fires(rule: Rule, record: dict[str, Any]) -> bool:
    assert isinstance(rule.test, Predicate), rule.not_judged
    names = rule.test.fields
    row = [rule.test.spelling.value(record, name) for name in names]
    return compiled(rule.test.condition, names, rule.test.functions)(row) is True


def detection(style: str) -> str:
    return HEAD + WRITTEN[style] + TAIL


@pytest.mark.parametrize(
    ("path", "text", "claimed"),
    [
        ("a.yml", detection("plain"), True),
        ("a.yml", detection("plain").replace("TTP", "Baseline"), False),
        ("a.yml", "title: x\nlogsource: {}\ndetection: {}\nname: x\nsearch: y\ntype: TTP\n", False),
        ("a.yml", "name: x\ndefinition: y\n", False),
        ("default/savedsearches.conf", CONF, True),
        ("default/mysavedsearches.conf", CONF, False),
    ],
)
def test_its_own_files_are_claimed(path: str, text: str, claimed: bool) -> None:
    assert FORMAT.claims(Source(path, text)) is claimed


def test_a_detection_is_found_by_the_registry() -> None:
    found = format_of(Source("a.yml", detection("plain")))
    assert found is not None
    assert found.name == "splunk"


def test_a_detection_is_read_with_its_place() -> None:
    (rule,) = read(detection("literal"))
    assert (rule.id, rule.title) == ("0b1c9a52-0000-4000-8000-000000000001", "Policy Detached")
    assert rule.severity == "risk 40"
    assert str(rule.place) == "detections/rule.yml:8:3"
    assert rule.counts is None


@pytest.mark.parametrize("style", WRITTEN)
def test_yaml_is_read_in_all_its_styles(style: str) -> None:
    (rule,) = read(detection(style))
    assert fires(rule, record())
    assert not fires(rule, record(errorCode="AccessDenied"))


def test_saved_searches_are_read_with_what_they_are_about() -> None:
    rules = read(CONF, "savedsearches.conf")
    assert [(each.title, each.about_cloudtrail) for each in rules] == [
        ("Policy Detached", True),
        ("Other log", False),
    ]
    assert rules[0].severity == "high"
    assert rules[0].remarks == ("it is disabled in this file",)
    assert str(rules[0].place) == "savedsearches.conf:5:10"
    assert fires(rules[0], record())


def test_macros_are_found_beside_the_rule() -> None:
    text = detection("single").replace("eventName=DetachUserPolicy", "`detaching(User)`")
    macro = Source(
        "macros/detaching.yml",
        'name: detaching\narguments: [what]\ndefinition: eventName="Detach$what$Policy"\n',
    )
    (rule,) = read(text, beside=[macro])
    assert fires(rule, record())
    (rule,) = read(text)
    assert rule.not_judged == "the macro `detaching` is not among the files"


def test_macros_of_an_app_are_found() -> None:
    app = (
        "[cloudtrail]\ndefinition = index=aws \\\n sourcetype=aws:cloudtrail awsRegion=eu*\n"
        "[f(1)]\nargs = x\ndefinition = eventName=$x$\n"
    )
    text = CONF.replace("eventName=DetachUserPolicy", "`f(DetachUserPolicy)`")
    rule = read(text, "default/savedsearches.conf", [Source("default/macros.conf", app)])[0]
    assert not fires(rule, record())
    assert fires(rule, record(awsRegion="eu-west-1"))


def test_security_lake_is_not_judged() -> None:
    text = HEAD + "search: '`amazon_security_lake` api.operation=DeleteTrail'" + TAIL
    (rule,) = read(text)
    assert rule.about_cloudtrail
    assert rule.test is None
    assert "Security Lake" in str(rule.not_judged)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: x\ntype: TTP\nsearch: 'a\n", 3),
        ("name: x\ntype: TTP\nsearch: [a]\n", 3),
        ("type: TTP\nname: x\nsearch: a\n\tb: [\n", 4),
    ],
)
def test_a_broken_file_says_where(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as broken:
        list(FORMAT.read(Source("a.yml", text), Repository(None, [])))
    assert broken.value.place.line in (line, line + 1)


def test_a_deep_file_is_refused_and_does_no_harm() -> None:
    text = f"name: x\ntype: TTP\nsearch: a\nother: {'[' * 50_000}"
    with pytest.raises(Unreadable):
        list(FORMAT.read(Source("a.yml", text), Repository(None, [])))


BY_SERVICE = Exclusion(
    "by_service",
    "A service's own clean-up: AWS says so",
    (Term("userIdentity.invokedBy", ("cloudformation.amazonaws.com",)), Term("errorCode")),
)


@pytest.mark.parametrize("style", WRITTEN)
def test_an_exclusion_silences_what_it_says_and_nothing_else(style: str) -> None:
    text = detection(style)
    (before,) = read(text)
    patch = FORMAT.exclude(before, [BY_SERVICE])
    (after,) = read(patch.text)
    served = record(userIdentity={"invokedBy": "cloudformation.amazonaws.com"})
    assert fires(before, served)
    assert not fires(after, served)
    assert fires(after, record())
    assert fires(after, record(userIdentity={"invokedBy": "Cloudformation.amazonaws.com"}))
    assert "# A service's own clean-up: AWS says so\n" in patch.text
    assert _only_adds(text, patch.text)


def _only_adds(before: str, after: str) -> bool:
    """Whether every letter of the file is still there, in order, and its data but the search are the same."""
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    one, other = yaml.safe_load(before), yaml.safe_load(after)
    return {step[0] for step in steps} == {"equal", "insert"} and one | {"search": ""} == other | {
        "search": ""
    }


def test_an_exclusion_leaves_other_stanzas_as_they_are() -> None:
    before = read(CONF, "savedsearches.conf")[0]
    patch = FORMAT.exclude(before, [BY_SERVICE])
    after = read(patch.text, "savedsearches.conf")
    assert not fires(after[0], record(userIdentity={"invokedBy": "cloudformation.amazonaws.com"}))
    assert fires(after[0], record())
    assert after[1].query == "sourcetype=linux_secure failed"
    kept = [line for line in patch.text.splitlines() if line in CONF.splitlines()]
    assert len(kept) == len(CONF.splitlines()) - 1


@pytest.mark.parametrize("style", WRITTEN)
def test_explained_events_are_left_out_by_the_lookup(style: str) -> None:
    (before,) = read(detection(style))
    patch = FORMAT.exclude(
        before, [Exclusion("explained", "what a cascade explains", explained=True)]
    )
    (after,) = read(patch.text)
    assert "| lookup cascade_explained event_id AS eventID OUTPUT" in after.query
    assert fires(after, record())
    assert not fires(after, record(**{EXPLAINED: True}))


IS_EXPLAINED = Exclusion("explained", "what a cascade explains", explained=True)
BY_AGENT = Exclusion("by_agent", "a tool", (Term("userAgent", ('a "tool"\\1*',)),))
SERVED = record(userIdentity={"invokedBy": "cloudformation.amazonaws.com"})
RECORDS = [
    record(),
    SERVED,
    {**SERVED, "errorCode": "AccessDenied"},
    record(userAgent='a "tool"\\1*'),
    record(**{EXPLAINED: True}),
    record(eventName="AttachUserPolicy", userAgent='a "tool"\\1*'),
]


def second_of(patch: Patch, folder: str = "detections") -> Rule:
    """The one detection in a new file."""
    ((name, text),) = patch.beside.items()
    (rule,) = read(text, f"{folder}/{name}")
    return rule


@pytest.mark.parametrize(
    ("chosen", "labelled"),
    [
        ((BY_SERVICE,), [SERVED]),
        ((BY_SERVICE, BY_AGENT), [SERVED, RECORDS[3]]),
        ((IS_EXPLAINED,), [RECORDS[4]]),
    ],
    ids=["one", "two", "lookup"],
)
@pytest.mark.parametrize("style", [*WRITTEN, "conf"])
def test_a_second_search_takes_what_is_labelled_and_nothing_else(
    style: str, chosen: Sequence[Exclusion], labelled: Sequence[dict[str, Any]]
) -> None:
    assert FORMAT.label is not None
    if style == "conf":
        before, other = read(CONF, "savedsearches.conf")
        patch = FORMAT.label(before, chosen)
        first, same, second = read(patch.text, "savedsearches.conf")
        assert same.query == other.query
        assert second.title == "Policy Detached - cascade labelled"
    else:
        (before,) = read(detection(style))
        patch = FORMAT.label(before, chosen)
        (first,), second = read(patch.text), second_of(patch)
        assert second.title == "Policy Detached Cascade Labelled"
    assert first.severity == before.severity
    assert is_lower(second.severity, before.severity)
    for each in RECORDS:
        assert fires(first, each) is (fires(before, each) and each not in labelled)
        assert fires(second, each) is (fires(before, each) and each in labelled)


def test_a_second_detection_is_another_one_of_lower_risk() -> None:
    assert FORMAT.label is not None
    text = detection("plain").replace("type: TTP", "type: TTP\nstatus: production")
    text = text.replace("tags:\n", "tags:\n  confidence: 80\n  impact: 50\n")
    text += "rba:\n  risk_objects:\n  - field: user\n    score: 64\n  - {field: src, score: 5}\n"
    patch = FORMAT.label(read(text)[0], [BY_SERVICE])
    assert list(patch.beside) == ["rule_cascade_labelled.yml"]
    before, after = yaml.safe_load(text), yaml.safe_load(patch.beside["rule_cascade_labelled.yml"])
    assert after["name"] == "Policy Detached Cascade Labelled"
    assert after["id"] != before["id"]
    assert (after["type"], after["status"]) == ("Anomaly", "experimental")
    assert after["tags"] == {"confidence": 80, "impact": 12, "risk_score": 10}
    assert [each["score"] for each in after["rba"]["risk_objects"]] == [10, 4]
    assert after["search"].endswith("| `policy_detached_cascade_labelled_filter`")
    assert "# Ours.\n" in patch.beside["rule_cascade_labelled.yml"]


def test_a_second_stanza_is_milder_in_all_that_it_says() -> None:
    assert FORMAT.label is not None
    risk = 'action.risk.param._risk = [{"risk_object_field": "user", "risk_score": 64}]\n'
    text = CONF.replace(
        "disabled = 1\n", f"disabled = 1\naction.notable.param.severity = high\n{risk}"
    )
    patch = FORMAT.label(read(text, "savedsearches.conf")[0], [BY_SERVICE])
    before, _, after = patch.text.partition("[Policy Detached - cascade labelled]\n")
    assert before.rstrip().endswith("failed\n\n# A service's own clean-up: AWS says so")
    assert "alert.severity = 3\n" in after
    assert "action.notable.param.severity = low\n" in after
    assert '"risk_score": 10}]\n' in after
    assert "Another" not in after


def test_a_stanza_without_a_severity_has_that_of_splunk() -> None:
    assert FORMAT.label is not None
    text = CONF.replace("alert.severity = 5\n", "")
    before = read(text, "savedsearches.conf")[0]
    assert before.severity == "low"
    found = read(FORMAT.label(before, [BY_SERVICE]).text, "savedsearches.conf")
    assert [each.severity for each in found] == ["low", "low", "informational"]


NESTED = "other: &a [1]\n" + "".join(
    f"o{i}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(8)
)


@pytest.mark.parametrize(
    ("text", "path", "chosen", "reason"),
    [
        (detection("plain").replace("TTP", "Hunting"), "a.yml", [BY_SERVICE], "hunting"),
        (detection("plain").replace("risk_score: 40", "x: 1"), "a.yml", [BY_SERVICE], "no risk"),
        (detection("plain").replace("score: 40", "score: 1"), "a.yml", [BY_SERVICE], "could not"),
        (detection("plain"), "a.yml", [BY_SERVICE, IS_EXPLAINED], "one search"),
        (detection("plain"), "a.yml", [Exclusion("x", "x")], "nothing"),
        (detection("plain") + NESTED, "a.yml", [BY_SERVICE], "too much"),
        (CONF.replace("severity = 5", "severity = 2"), "savedsearches.conf", [BY_SERVICE], "lower"),
        (CONF + "[Policy Detached]\nx = y\n", "savedsearches.conf", [BY_SERVICE], "twice"),
    ],
)  # fmt: skip
def test_what_has_nothing_lower_is_no_fix(
    text: str, path: str, chosen: Sequence[Exclusion], reason: str
) -> None:
    assert FORMAT.label is not None
    with pytest.raises(NoFix, match=reason):
        FORMAT.label(read(text, path)[0], chosen)


VALUES = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Cf", "Co", "Zs"]
    )
    | st.sampled_from(" *'\"\\:#%_|$[]{}"),
    min_size=1,
    max_size=12,
)


@given(value=VALUES, other=VALUES, style=st.sampled_from(sorted(WRITTEN)))
def test_any_value_is_meant_as_it_stands(value: str, other: str, style: str) -> None:
    (before,) = read(detection(style))
    exclusion = Exclusion("one", "why", (Term("requestParameters.userName", (value,)),))
    try:
        patch = FORMAT.exclude(before, [exclusion])
    except NoFix:
        assert "`" in value or not value.isprintable()
        return
    (after,) = read(patch.text)
    for name in (value, other, value.upper(), value + "x"):
        assert fires(after, record(requestParameters={"userName": name})) is (name != value)
    assert fires(after, record(requestParameters=None))


@given(value=VALUES)
def test_any_value_is_meant_as_it_stands_in_a_conf_file(value: str) -> None:
    before = read(CONF, "savedsearches.conf")[0]
    exclusion = Exclusion("one", "why", (Term("requestParameters.userName", (value,)),))
    try:
        patch = FORMAT.exclude(before, [exclusion])
    except NoFix:
        assert "`" in value or not value.isprintable()
        return
    after = read(patch.text, "savedsearches.conf")[0]
    for name in (value, value.upper(), value + "x"):
        assert fires(after, record(requestParameters={"userName": name})) is (name != value)


@given(value=VALUES, style=st.sampled_from([*sorted(WRITTEN), "conf"]))
def test_any_value_is_labelled_alone(value: str, style: str) -> None:
    assert FORMAT.label is not None
    conf = style == "conf"
    path = "savedsearches.conf" if conf else "detections/rule.yml"
    before = read(CONF if conf else detection(style), path)[0]
    exclusion = Exclusion("one", "why", (Term("requestParameters.userName", (value,)),))
    try:
        patch = FORMAT.label(before, [exclusion])
    except NoFix:
        assert "`" in value or not value.isprintable()
        return
    second = read(patch.text, path)[2] if conf else second_of(patch)
    for name in (value, value.upper(), value + "x"):
        assert fires(second, record(requestParameters={"userName": name})) is (name == value)
    assert not fires(second, record(requestParameters=None))


@pytest.mark.parametrize(
    ("held", "silent"),
    [
        ({}, True),
        ({"reason": None}, True),
        ({"reason": "x"}, False),
        ({"reason": {"a": 1}}, False),
        ({"reason": []}, False),
    ],
    ids=json.dumps,
)
def test_a_missing_member_is_told_from_an_object(held: dict[str, Any], silent: bool) -> None:
    (before,) = read(detection("literal"))
    patch = FORMAT.exclude(before, [Exclusion("x", "why", (Term("requestParameters.reason"),))])
    (after,) = read(patch.text)
    assert fires(after, record(requestParameters=held)) is not silent


@pytest.mark.parametrize("value", ["a`b", "a\nb", "a\0b"])
def test_what_spl_cannot_hold_is_refused(value: str) -> None:
    (rule,) = read(detection("plain"))
    with pytest.raises(NoFix):
        FORMAT.exclude(rule, [Exclusion("x", "why", (Term("userAgent", (value,)),))])


def test_a_comment_stays_on_its_line() -> None:
    (rule,) = read(detection("plain"))
    why = "first\nsearch: '*'"
    patch = FORMAT.exclude(rule, [Exclusion("x", why, BY_SERVICE.terms)])
    assert "# first search: '*'\n" in patch.text


def test_a_rule_that_is_not_executed_is_not_changed() -> None:
    (rule,) = read(detection("single").replace("eventName=", "user=x eventName="))
    with pytest.raises(NoFix, match="`user`"):
        FORMAT.exclude(rule, [BY_SERVICE])


def test_a_macro_of_several_commands_is_not_changed_from_outside() -> None:
    macro = Source(
        "macros/cloudtrail.yml",
        "name: cloudtrail\ndefinition: sourcetype=aws:cloudtrail | rename userIdentity.invokedBy as by\n",
    )
    (rule,) = read(detection("single"), beside=[macro])
    with pytest.raises(NoFix, match="macro"):
        FORMAT.exclude(rule, [BY_SERVICE])


def test_a_search_that_stands_elsewhere_is_not_changed() -> None:
    text = (
        detection("single").replace("search: ", "other: &it ").replace(TAIL, f"\nsearch: *it{TAIL}")
    )
    (rule,) = read(text)
    assert fires(rule, record())
    with pytest.raises(NoFix, match="cannot edit"):
        FORMAT.exclude(rule, [BY_SERVICE])


def test_line_ends_stay_as_they_are() -> None:
    text = CONF.replace("\n", "\r\n")
    before = read(text, "savedsearches.conf")[0]
    patch = FORMAT.exclude(before, [BY_SERVICE])
    assert patch.text.count("\n") == patch.text.count("\r\n")
    assert fires(read(patch.text, "savedsearches.conf")[0], record())


def test_a_huge_search_is_not_judged() -> None:
    (rule,) = read(HEAD + "search: '" + "```a " * 30_000 + "'" + TAIL)
    assert "letters" in str(rule.not_judged)


def test_a_setting_of_very_many_lines_is_read() -> None:
    (rule,) = read("[x]\nsearch = eventSource=a " + "\\\n" * 200_000 + "x\n", "savedsearches.conf")
    assert "letters" in str(rule.not_judged)
