"""Rules of Google SecOps: read, and written anew with an exclusion."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.errors import Place
from cloudcascade.review.errors import NoFix, Unreadable
from cloudcascade.review.format import Repository
from cloudcascade.review.formats.secops import FORMAT
from cloudcascade.review.judge import Records, verdicts
from cloudcascade.review.rule import EXPLAINED, Exclusion, Rule, Source, Term
from cloudcascade.tests.support.golden import make_export

RULE = """\
// Keys of people.
rule deleted_profile {
  meta:
    rule_name = "Profile \\"deleted\\""
    severity = "Medium"

  events:
    $e.metadata.product_name = "AWS CloudTrail"
    (
      $e.metadata.product_event_type = "DeleteLoginProfile" or
      $e.metadata.product_event_type = "DeleteUser"
    )
    $e.security_result.action = "ALLOW" // not refused

  outcome:
    $risk_score = max(35)

  condition:
    $e
}

rule other { meta: severity = "Low" events: $f.metadata.log_type = "AWS_CLOUDTRAIL" condition: $f }
"""
WAY = Exclusion(
    "x",
    "offboarding\nby \u2028HR",
    (Term("eventName", ("DeleteUser",)), Term("userAgent", ('a"b', "c\\d"))),
)
LOOKUP = Exclusion("cascade_explained", "what a cascade explains", explained=True)


def record(**change: Any) -> dict[str, Any]:
    return {"eventID": "e-1", "eventName": "DeleteUser", "userAgent": "cli", **change}


def rules(text: str = RULE) -> list[Rule]:
    source = Source("rules/iam.yaral", text)
    assert FORMAT.claims(source)
    return list(FORMAT.read(source, Repository(None, [source])))


def fired(rule: Rule, *records: dict[str, Any]) -> list[bool | None]:
    return list(verdicts(rule, Records(records)))


def test_every_rule_of_a_file_is_read_with_its_place() -> None:
    first, second = rules()
    assert (first.id, first.title, first.severity) == (
        "deleted_profile",
        'Profile "deleted"',
        "Medium",
    )
    assert first.place == Place("rules/iam.yaral", 8, 1)
    assert "rule other" in RULE.splitlines()[second.place.line - 1]
    assert fired(
        first, record(), record(errorCode="AccessDenied"), record(eventName="GetUser")
    ) == [True, False, False]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("// a rule\n// events:", "no rule"),
        ('rule a { events: $e.metadata.log_type = "AWS_CLOUDTRAIL" condition: $e', "not closed"),
        ('// events:\nrule a { meta: x = "y" condition: $e }', "has no events"),
    ],
)
def test_a_broken_file_is_told_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        rules(text)


def test_a_rule_of_another_log_is_left_out() -> None:
    (rule,) = rules('rule g { events: $e.metadata.product_name = "AWS GuardDuty" condition: $e }')
    assert not rule.about_cloudtrail


def test_an_exclusion_is_written_behind_the_last_predicate_of_its_rule_alone() -> None:
    patch = FORMAT.exclude(rules()[0], [WAY, LOOKUP])
    added = """\
    // offboarding by HR
    not ($e.metadata.product_event_type = "DeleteUser" and
      ($e.network.http.user_agent = "a\\"b" or $e.network.http.user_agent = "c\\\\d"))
    // what a cascade explains
    not $e.metadata.product_log_id in %cascade_explained.event_id
"""
    anchor = '    $e.security_result.action = "ALLOW" // not refused\n'
    assert patch.text == RULE.replace(anchor, anchor + added)


def test_an_exclusion_silences_what_it_names_and_nothing_else() -> None:
    changed = rules(FORMAT.exclude(rules()[0], [WAY, LOOKUP]).text)[0]
    records = [
        record(),
        record(userAgent='a"b'),
        record(userAgent="c\\d"),
        record(userAgent='a"b', eventName="DeleteLoginProfile"),
        record(**{EXPLAINED: True}),
    ]
    assert fired(changed, *records) == [True, False, False, True, False]


def test_a_rule_on_one_line_is_changed_too() -> None:
    changed = rules(FORMAT.exclude(rules()[1], [LOOKUP]).text)
    assert fired(changed[1], record(), record(**{EXPLAINED: True})) == [True, False]
    assert fired(changed[0], record(**{EXPLAINED: True})) == [True]


def test_every_event_of_a_rule_is_excluded() -> None:
    text = (
        'rule two { events: $a.metadata.log_type = "AWS_CLOUDTRAIL" $a.metadata.product_event_type = "A"\n'
        '$b.metadata.log_type = "AWS_CLOUDTRAIL" $b.metadata.product_event_type = "B"\n'
        "$a.principal.ip = $i $b.principal.ip = $i\nmatch: $i over 5m condition: $a and $b }"
    )
    (changed,) = rules(FORMAT.exclude(rules(text)[0], [LOOKUP]).text)
    records = [record(eventName=name, **more) for name in "AB" for more in ({}, {EXPLAINED: True})]
    assert fired(changed, *records) == [True, False, True, False]


def test_lines_end_as_the_file_s_do() -> None:
    text = FORMAT.exclude(rules(RULE.replace("\n", "\r\n"))[0], [LOOKUP]).text
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize(
    "term",
    [
        Term("userIdentity.invokedBy", ("x.amazonaws.com",)),
        Term("sourceIPAddress", ("x.amazonaws.com",)),
        Term("eventName", ("a\nb",)),
        Term("eventName", ("",)),
    ],
)
def test_what_udm_cannot_say_is_refused(term: Term) -> None:
    with pytest.raises(NoFix):
        FORMAT.exclude(rules()[0], [Exclusion("x", "y", (term,))])


_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1
)


@given(agent=_TEXTS, other=_TEXTS, why=st.text(max_size=50))
def test_whatever_the_value_only_it_is_silenced(agent: str, other: str, why: str) -> None:
    exclusion = Exclusion("x", why, (Term("userAgent", (agent,)),))
    changed = rules(FORMAT.exclude(rules()[0], [exclusion]).text)[0]
    assert fired(changed, record(userAgent=agent), record(userAgent=other)) == [
        False,
        other != agent,
    ]


def labelled(text: str = RULE, *exclusions: Exclusion, at: int = 0) -> tuple[str, list[Rule]]:
    assert FORMAT.label is not None
    changed = FORMAT.label(rules(text)[at], exclusions).text
    return changed, rules(changed)


def test_a_second_rule_of_the_file_takes_what_is_labelled() -> None:
    text, (first, other, second) = labelled(RULE, WAY)
    assert (second.id, second.title, second.severity) == (
        "deleted_profile_cascade_labelled",
        'Profile "deleted" (explained by cloudcascade)',
        "Low",
    )
    assert (first.severity, other.id) == ("Medium", "other")
    assert "$risk_score = max(10)" in text
    assert text.startswith(FORMAT.exclude(rules()[0], [WAY]).text)
    records = [
        record(),
        record(userAgent='a"b'),
        record(userAgent="c\\d"),
        record(userAgent='a"b', eventName="DeleteLoginProfile"),
        record(userAgent='a"b', eventName="GetUser"),
    ]
    assert fired(first, *records) == [True, False, False, True, False]
    assert fired(second, *records) == [False, True, True, False, False]


@pytest.mark.parametrize("at", [0, 1])
def test_of_what_is_explained_the_second_rule_asks_the_table(at: int) -> None:
    _, found = labelled(RULE, LOOKUP, at=at)
    records = [record(), record(**{EXPLAINED: True})]
    assert fired(found[at], *records) == [True, False]
    assert fired(found[2], *records) == [False, True]
    assert found[2].severity == ("Low", "Informational")[at]


def test_of_two_exclusions_one_suffices() -> None:
    _, found = labelled(RULE, WAY, LOOKUP)
    records = [record(), record(userAgent='a"b'), record(**{EXPLAINED: True})]
    assert fired(found[0], *records) == [True, False, False]
    assert fired(found[2], *records) == [False, True, True]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (RULE.replace('    severity = "Medium"\n', ""), "no severity"),
        (RULE.replace("Medium", "Informational"), "no severity"),
        (labelled(RULE, WAY)[0], "already"),
        (
            'rule two { meta: severity = "High" events: $a.metadata.log_type = "AWS_CLOUDTRAIL"\n'
            '$b.metadata.log_type = "AWS_CLOUDTRAIL"\n$a.principal.ip = $i $b.principal.ip = $i\n'
            "match: $i over 5m condition: $a and $b }",
            "several events",
        ),
    ],
)
def test_what_has_no_second_severity_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NoFix, match=reason):
        labelled(text, LOOKUP)


def test_lines_of_a_second_rule_end_as_the_file_s_do() -> None:
    text, _ = labelled(RULE.replace("\n", "\r\n"), WAY)
    assert "\n" not in text.replace("\r\n", "")


@given(agent=_TEXTS, other=_TEXTS, why=st.text(max_size=50))
def test_whatever_the_value_only_it_is_labelled(agent: str, other: str, why: str) -> None:
    exclusion = Exclusion("x", why, (Term("userAgent", (agent,)),))
    _, (first, _, second) = labelled(RULE, exclusion)
    records = [record(userAgent=agent), record(userAgent=other), record()]
    assert fired(first, *records) == [False, other != agent, agent != "cli"]
    assert fired(second, *records) == [True, other == agent, agent == "cli"]


def test_what_our_own_export_asks_is_executed() -> None:
    made = make_export("secops", ["aws.iam.delete-user"], "rule").artefacts
    text = next(each.text for each in made if each.path.name.endswith("_unexplained.yaral"))
    (rule,) = rules(text)
    event = {"eventID": "e", "eventSource": "iam.amazonaws.com", "eventName": "DeleteLoginProfile"}
    records: list[dict[str, Any]] = [
        event,
        {**event, EXPLAINED: True},
        {**event, "eventName": "GetUser"},
    ]
    assert fired(rule, *records) == [True, False, False]
