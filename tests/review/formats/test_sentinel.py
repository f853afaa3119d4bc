"""Rules of Microsoft Sentinel: read from YAML and from templates, and written anew."""

import json
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.errors import Place
from cloudcascade.review.errors import NoFix, Unreadable
from cloudcascade.review.format import Repository
from cloudcascade.review.formats.sentinel import FORMAT
from cloudcascade.review.judge import Records, verdicts
from cloudcascade.review.rule import EXPLAINED, Exclusion, Rule, Source, Term
from cloudcascade.tests.exporters.kusto import service

QUERY = """\
let names = dynamic(["DeleteLoginProfile", "DeleteUser"]);
AWSCloudTrail
| where EventName in (names) // both
| where isempty(ErrorCode)
| extend who = tostring(split(UserIdentityArn, "/")[-1])
"""
BRANCHES = """\
union
    (AWSCloudTrail | where EventName == "DeleteUser" | project AwsEventId, EventName),
    AWSCloudTrail
| where EventName startswith "Delete"
"""
JOINED = """\
let Removed = AWSCloudTrail | where EventName == "DeleteUser";
Removed
| join kind=inner (AWSCloudTrail | where EventName == "CreateUser") on UserIdentityArn
"""
ATTESTED = Exclusion(
    "x",
    "a service\ndoes it",
    (
        Term("eventSource", ("iam.amazonaws.com",)),
        Term("userIdentity.invokedBy", ('a"b', "c\\d")),
        Term("errorCode"),
        Term("requestParameters.user-name", ("bob",)),
        Term("readOnly", ("false",)),
    ),
)
LOOKUP = Exclusion("cascade_explained", "what a cascade explains", explained=True)


def record(**change: Any) -> dict[str, Any]:
    return {
        "eventID": "e-1",
        "eventName": "DeleteUser",
        "eventSource": "iam.amazonaws.com",
        "readOnly": False,
        "userIdentity": {"invokedBy": 'a"b', "arn": "arn:aws:iam::1:user/al"},
        "requestParameters": {"user-name": "bob"},
        **change,
    }


def yaml_of(query: str = QUERY, head: str = "", tail: str = "", indent: int = 2) -> str:
    return (
        f"id: 11111111-2222-3333-4444-555555555555\nname: Profiles # kept\nseverity: Medium\n"
        f"kind: Scheduled\ntriggerOperator: gt\ntriggerThreshold: 0\n{head}tactics:\n  - Impact\nquery: |\n"
        f"{textwrap.indent(query, ' ' * indent)}{tail or 'version: 1.0.0'}\n"
    )


def template_of(query: str = QUERY, **properties: Any) -> str:
    rule = {
        "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
        "kind": "Scheduled",
        "name": "rule-1",
        "properties": {"displayName": "Übung", "severity": "High", "query": query, **properties},
    }
    return json.dumps(
        {"$schema": "x", "resources": [{"type": "x/y", "properties": {"query": 1}}, rule]}, indent=2
    )


def rules(text: str, path: str = "rules/a.yaml") -> list[Rule]:
    source = Source(path, text)
    assert FORMAT.claims(source)
    return list(FORMAT.read(source, Repository(None, [source])))


def one(text: str, path: str = "rules/a.yaml") -> Rule:
    (rule,) = rules(text, path)
    return rule


def fired(rule: Rule, *records: dict[str, Any]) -> list[bool | None]:
    return list(verdicts(rule, Records(records)))


def test_a_rule_of_yaml_is_read_with_its_place() -> None:
    rule = one(yaml_of())
    assert (rule.id, rule.title, rule.severity) == (
        "11111111-2222-3333-4444-555555555555",
        "Profiles",
        "Medium",
    )
    assert rule.place == Place("rules/a.yaml", 10, 1)
    assert fired(rule, record(), record(errorCode="AccessDenied"), record(eventName="GetUser")) == [
        True,
        False,
        False,
    ]


def test_a_rule_of_a_template_is_read_with_its_place() -> None:
    rule = one(template_of(), "a.json")
    assert (rule.id, rule.title, rule.severity) == ("rule-1", "Übung", "High")
    assert (
        template_of().splitlines()[rule.place.line - 1].lstrip().startswith('"query": "let names')
    )
    assert fired(rule, record(), record(eventName="GetUser")) == [True, False]


def test_a_template_in_a_template_is_read() -> None:
    inner = json.loads(template_of())
    text = json.dumps(
        {"resources": [{"type": "x/contentTemplates", "properties": {"mainTemplate": inner}}]}
    )
    changed = FORMAT.exclude(one(text, "a.json"), [LOOKUP]).text
    assert fired(one(changed, "a.json"), record(), record(**{EXPLAINED: True})) == [True, False]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sigma.yml", "title: x\ndetection:\n  selection:\n    eventName: y\n"),
        ("splunk.yml", "name: x\nsearch: index=x\n"),
        ("rule.yaml", "query: x\nname: y\n"),
        ("package.json", '{"query": "x"}'),
    ],
)
def test_files_of_other_formats_are_not_claimed(path: str, text: str) -> None:
    assert not FORMAT.claims(Source(path, text))


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("a.yaml", "tactics: [a\nquery: x\n", 2),
        ("a.yaml", "tactics: x\nquery: [1]\n", 2),
        ("a.yaml", "tactics: x\nquery: x\nz: " + "[" * 500 + "\n", 3),
        ("a.json", '{"type": "alertRules",\n "properties": {"query": "x}', 2),
        (
            "a.json",
            '{"alertRules": "properties", "query": "properties",\n"properties": ' + "[" * 100_000,
            0,
        ),
    ],
)
def test_a_broken_file_is_told_with_its_place(path: str, text: str, line: int) -> None:
    with pytest.raises(Unreadable) as refused:
        rules(text, path)
    assert refused.value.place.line == line


@pytest.mark.parametrize(
    ("query", "ours", "reason"),
    [
        ("SigninLogs | take 1", False, None),
        ("AWSCloudTrail | where NoSuch == 1", True, "there is no column 'NoSuch'"),
    ],
)
def test_what_is_not_judged_says_why(query: str, ours: bool, reason: str | None) -> None:
    rule = one(yaml_of(f"{query}\n"))
    assert (rule.about_cloudtrail, rule.test, rule.not_judged) == (ours, None, reason)


@pytest.mark.parametrize(
    ("operator", "threshold", "counts", "reason"),
    [
        ("gt", 0, None, None),
        ("GreaterThan", 3, "a run yields more than 3 rows", None),
        ("lt", 5, None, "it fires where the number of rows is lt 5"),
        ("eq", 0, None, "it fires where the number of rows is eq 0"),
    ],
)
def test_a_threshold_of_rows_counts(
    operator: str, threshold: int, counts: str | None, reason: str | None
) -> None:
    rule = one(template_of(triggerOperator=operator, triggerThreshold=threshold), "a.json")
    assert (rule.counts, rule.not_judged) == (counts, reason)


def test_an_expression_of_a_template_is_not_judged() -> None:
    assert (
        one(template_of("[concat('AWSCloudTrail', ' | take 1')]"), "a.json").not_judged is not None
    )


def test_an_exclusion_stands_behind_the_first_filter_and_all_else_stays() -> None:
    patch = FORMAT.exclude(one(yaml_of()), [ATTESTED, LOOKUP])
    anchor = "  | where EventName in (names) // both\n"
    added = """\
  // a service does it
  | where not(EventSource == "iam.amazonaws.com" and UserIdentityInvokedBy in ("a\\"b", "c\\\\d")
      and isempty(ErrorCode) and tostring(parse_json(RequestParameters)["user-name"]) == "bob"
      and tostring(ReadOnly) == "false")
  // what a cascade explains
  | join kind=leftanti (_GetWatchlist("cascade_explained")
      | where isnotempty(AwsEventId) and todatetime(Expires) > now()
      | project AwsEventId = tostring(AwsEventId)) on AwsEventId
"""
    assert patch.text == yaml_of().replace(anchor, anchor + added)


_OTHERS = [
    record(userIdentity={"invokedBy": "c"}),
    record(userIdentity={}),
    record(requestParameters={"user-name": "al"}),
    record(requestParameters=None),
    record(readOnly=True),
    record(readOnly=None),
    record(eventSource="x"),
]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (yaml_of(), "a.yaml"),
        (yaml_of(indent=7), "a.yaml"),
        (yaml_of("\n\n" + QUERY), "a.yaml"),
        (yaml_of().replace("\n", "\r\n"), "a.yaml"),
        (yaml_of().replace("query: |", "query: |2-"), "a.yaml"),
        (yaml_of().replace("name: Profiles", "name: Profiles \U0001f600\u2028"), "a.yaml"),
        (
            'tactics: [x]\nquery: "AWSCloudTrail | where EventName == \\"DeleteUser\\"" # why\nid: x\n',
            "a.yaml",
        ),
        (
            "tactics: [x]\nquery: 'AWSCloudTrail | where EventName == ''DeleteUser'''\nid: x\n",
            "a.yaml",
        ),
        ("tactics: [x]\nquery: AWSCloudTrail | where EventName == 'DeleteUser'\nid: x\n", "a.yaml"),
        (yaml_of(BRANCHES), "a.yaml"),
        (yaml_of(JOINED), "a.yaml"),
        (template_of(), "a.json"),
        (
            template_of(
                'AWSCloudTrail | where "\u00e9\U0001f600" != "x" | where EventName == "DeleteUser"'
            ),
            "a.json",
        ),
        (template_of(BRANCHES), "a.json"),
    ],
)
def test_an_exclusion_silences_what_it_names_and_nothing_else(text: str, path: str) -> None:
    rule = one(text, path)
    changed = one(FORMAT.exclude(rule, [ATTESTED]).text, path)
    assert changed.not_judged is None
    assert fired(rule, record(), *_OTHERS) == [True] * 8
    assert fired(changed, record(), record(userIdentity={"invokedBy": "c\\d"}), *_OTHERS) == [
        False,
        False,
        *[True] * 7,
    ]
    looked_up = one(FORMAT.exclude(rule, [LOOKUP]).text, path)
    assert fired(looked_up, record(), record(**{EXPLAINED: True})) == [True, False]
    assert (changed.counts, changed.group_by) == (rule.counts, rule.group_by)


def test_only_the_rule_of_a_template_that_is_meant_is_changed() -> None:
    both = json.loads(template_of())
    both["resources"].append({**both["resources"][1], "name": "rule-2"})
    text = json.dumps(both, ensure_ascii=True)
    first, second = rules(text, "a.json")
    changed = FORMAT.exclude(second, [LOOKUP]).text
    assert [fired(each, record(**{EXPLAINED: True})) for each in rules(changed, "a.json")] == [
        [True],
        [False],
    ]
    assert changed.startswith(text[: text.index('"rule-2"') - 200])
    assert first.query == rules(changed, "a.json")[0].query


@pytest.mark.parametrize(
    ("text", "exclusion"),
    [
        (yaml_of().replace("query: |", "query: >"), LOOKUP),
        (yaml_of(), Exclusion("x", "y", (Term("resources[].ARN", ("x",)),))),
        (yaml_of(), Exclusion("x", "y", (Term("eventTime", ("x",)),))),
        (yaml_of(), Exclusion("x", "y", (Term("eventName", ("",)),))),
        (yaml_of(), Exclusion("x", "y")),
        (yaml_of("AWSCloudTrail | where NoSuch\n"), LOOKUP),
        (
            yaml_of(
                "let T = AWSCloudTrail | where ReadOnly == false;\n"
                "T | join kind=leftanti (T | where EventName == 'x') on UserIdentityArn\n"
            ),
            LOOKUP,
        ),
    ],
)
def test_what_cannot_be_written_is_refused(text: str, exclusion: Exclusion) -> None:
    with pytest.raises(NoFix):
        FORMAT.exclude(one(text), [exclusion])


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1)


@given(name=_TEXTS, other=_TEXTS, why=st.text(max_size=50), as_json=st.booleans())
def test_whatever_the_value_only_it_is_silenced(
    name: str, other: str, why: str, as_json: bool
) -> None:
    text, path = (template_of(), "a.json") if as_json else (yaml_of(), "a.yaml")
    exclusion = Exclusion("x", why, (Term("requestParameters.user-name", (name,)),))
    changed = one(FORMAT.exclude(one(text, path), [exclusion]).text, path)
    records = [record(requestParameters={"user-name": each}) for each in (name, other)]
    assert fired(changed, *records) == [False, other != name]


@pytest.mark.parametrize("exclusions", [[ATTESTED], [LOOKUP], [ATTESTED, LOOKUP]])
@pytest.mark.parametrize(
    "tail", ["", "alertDetailsOverride:\n    alertDisplayNameFormat: x {{who}}\nversion: 1.0.0"]
)
def test_a_label_lowers_the_severity_and_silences_nothing(
    exclusions: list[Exclusion], tail: str
) -> None:
    assert FORMAT.label is not None
    text = FORMAT.label(one(yaml_of(tail=tail)), exclusions).text
    changed = one(text)
    assert "alertSeverityColumnName: CascadeSeverity" in text
    assert "extend CascadeSeverity = iff(" in changed.query
    assert '"Informational", "Medium")' in changed.query
    assert fired(changed, record(), record(**{EXPLAINED: True}), record(eventName="GetUser")) == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (template_of(), "a.json"),
        (yaml_of().replace("Medium", "Informational"), "a.yaml"),
        (yaml_of(QUERY + "| project EventName\n"), "a.yaml"),
        (yaml_of(QUERY + "| summarize count() by AwsEventId\n"), "a.yaml"),
        (yaml_of(tail="alertDetailsOverride:\n  alertSeverityColumnName: x"), "a.yaml"),
        ("tactics: [x]\nquery: AWSCloudTrail | take 1\n", "hunting.yaml"),
    ],
)
def test_a_label_that_has_no_place_is_refused(text: str, path: str) -> None:
    assert FORMAT.label is not None
    with pytest.raises(NoFix):
        FORMAT.label(one(text, path), [LOOKUP])


@pytest.mark.parametrize("query", [QUERY, BRANCHES, JOINED])
def test_microsoft_s_parser_takes_what_was_written(query: str) -> None:
    assert FORMAT.label is not None
    written = [one(FORMAT.exclude(one(yaml_of(query)), [ATTESTED, LOOKUP]).text).query]
    if query == QUERY:
        written.append(one(FORMAT.label(one(yaml_of(query)), [ATTESTED, LOOKUP]).text).query)
    assert service.problems(written) == [[]] * len(written)
