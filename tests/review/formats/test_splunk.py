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
