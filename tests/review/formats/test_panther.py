"""Panther's rules: what is read, what executing them says, and what a change of them does."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.review import (
    Exclusion,
    NoFix,
    NotJudged,
    Repository,
    Rule,
    Source,
    Term,
    Unreadable,
)
from cloudcascade.review.formats.panther import FORMAT
from cloudcascade.review.rule import Predicate

YAML = """\
# Kept as it is.
AnalysisType: rule
Filename: deleted.py
RuleID: "Own.Deleted"
DisplayName: A user was deleted
Enabled: true
LogTypes: [AWS.CloudTrail]
Severity: High
"""
PYTHON = '''\
"""Deleted users."""

# Which calls.
NAMES = ("DeleteUser", "DeleteLoginProfile")


def rule(event):
    """Whether somebody was deleted."""
    # Failed calls are no harm.
    if event.get("errorCode"):
        return False
    return event.get("eventName") in NAMES


def title(event):
    return event.deep_get("userIdentity", "arn", default="somebody")
'''
DELETED = {
    "eventID": "1",
    "eventTime": "2024-05-14T09:00:00Z",
    "eventSource": "iam.amazonaws.com",
    "eventName": "DeleteUser",
    "userIdentity": {"type": "IAMUser", "invokedBy": "cloudformation.amazonaws.com"},
}
BY_SOMEBODY = {**DELETED, "userIdentity": {"type": "IAMUser"}}
FAILED = {**DELETED, "errorCode": "AccessDenied"}
OTHER = {**DELETED, "eventName": "CreateUser"}
BY_SERVICE = Exclusion(
    "by_service",
    "CloudFormation deletes users with their stack.",
    (Term("userIdentity.invokedBy", ("cloudformation.amazonaws.com",)), Term("errorCode")),
)


def read(files: Mapping[str, str], path: str = "rules/deleted.yml") -> Rule:
    sources = [Source(name, text) for name, text in files.items()]
    (rule,) = FORMAT.read(
        next(each for each in sources if each.path == path), Repository(None, sources)
    )
    return rule


def both(yaml: str = YAML, python: str = PYTHON, **beside: str) -> dict[str, str]:
    return {"rules/deleted.yml": yaml, "rules/deleted.py": python, **beside}


def python(body: str) -> Rule:
    return read(both(python=body))


def fires(rule: Rule, *records: Mapping[str, object]) -> Sequence[bool | None]:
    assert rule.test is not None, rule.not_judged
    assert not isinstance(rule.test, Predicate)
    return list(rule.test.fires(records))


def test_a_rule_is_what_its_yaml_says_and_where_its_function_stands() -> None:
    rule = read(both())
    assert (rule.id, rule.title, rule.severity) == ("Own.Deleted", "A user was deleted", "High")
    assert rule.source.path == "rules/deleted.py"
    assert str(rule.place) == "rules/deleted.py:7:1"
    assert rule.about_cloudtrail
    assert rule.test is not None


def test_a_rule_fires_as_its_python_says() -> None:
    records = (DELETED, BY_SOMEBODY, FAILED, OTHER)
    assert fires(read(both()), *records) == [True, True, False, False]


def test_literals_are_the_texts_of_the_python_and_no_docstrings() -> None:
    rule = read(both())
    assert rule.test is not None
    assert not isinstance(rule.test, Predicate)
    assert "DeleteLoginProfile" in rule.test.literals
    assert all("Deleted users" not in each for each in rule.test.literals)


@pytest.mark.parametrize(
    ("path", "text", "claimed"),
    [
        ("a.yml", "AnalysisType: rule\n", True),
        ("a.yaml", 'AnalysisType: "scheduled_rule"\n', True),
        ("a.yml", "AnalysisType: correlation_rule # a comment\n", True),
        ("a.yml", "AnalysisType: policy\n", False),
        ("a.yml", "AnalysisType: global\n", False),
        ("a.yml", "title: x\ndetection: {selection: {eventName: AnalysisType}}\n", False),
        ("a.yml", "description: |\n  AnalysisType: rule\n", False),
    ],
)
def test_a_file_is_claimed_by_what_it_says_it_is(path: str, text: str, claimed: bool) -> None:
    assert FORMAT.claims(Source(path, text)) is claimed


def test_a_rule_of_another_log_is_left_out() -> None:
    rule = read({"rules/deleted.yml": YAML.replace("AWS.CloudTrail", "Okta.SystemLog")})
    assert not rule.about_cloudtrail


NOT_JUDGED = {
    "no Python file": ({"rules/deleted.yml": YAML}, "deleted.py is not beside it"),
    "simple detection": (
        both(YAML.replace("Filename: deleted.py", "Detection: [{Key: eventName}]")),
        "simple detection",
    ),
    "unknown inline filter": (
        both(f"{YAML}InlineFilters:\n- All: [{{KeyPath: a, Condition: Sounds, Value: b}}]\n"),
        "inline filter Sounds",
    ),
}


@pytest.mark.parametrize("case", NOT_JUDGED)
def test_what_is_not_executed_here_says_why(case: str) -> None:
    files, reason = NOT_JUDGED[case]
    rule = read(files)
    assert rule.test is None
    assert reason in (rule.not_judged or "")


def test_a_scheduled_rule_is_not_judged_and_about_the_table_that_its_query_reads() -> None:
    scheduled = "AnalysisType: scheduled_rule\nRuleID: Own.Rows\nFilename: deleted.py\nScheduledQueries: [Rows]\n"
    query = "AnalysisType: scheduled_query\nQueryName: Rows\nQuery: select * from TABLE\n"
    for table, about in (("aws_cloudtrail", True), ("okta_systemlog", False)):
        files = {"rules/deleted.yml": scheduled, "queries/q.yml": query.replace("TABLE", table)}
        rule = read(files)
        assert rule.about_cloudtrail is about
        assert "scheduled query" in (rule.not_judged or "")


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (both("AnalysisType: rule\nRuleID: [a\n"), 3),
        (both(python="import re\ndef rule(event)\n    return True\n"), 2),
        (both("- AnalysisType\n"), 1),
        (both(YAML.replace('RuleID: "Own.Deleted"', "Tags: []")), 1),
    ],
)
def test_a_broken_file_is_unreadable_at_its_line(files: dict[str, str], line: int) -> None:
    with pytest.raises(Unreadable) as told:
        read(files)
    assert told.value.place.line == line


@pytest.mark.parametrize(
    "yaml",
    [
        YAML + "Tests: " + "[" * 5000 + "]" * 5000,
        YAML + "Tests:\n" + "- " * 5000 + "a\n",
        YAML
        + "A: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{after}: &{after} [{', '.join([f'*{name}'] * 10)}]\n"
            for name, after in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        YAML + "A: &a [*a]\n",
    ],
)
def test_yaml_that_is_built_to_grow_is_refused(yaml: str) -> None:
    with pytest.raises(Unreadable):
        read(both(yaml))


@pytest.mark.parametrize("body", ["(" * 5000, "-" * 100_000 + "1", "x = 1\n" * 100_000])
def test_python_that_is_built_to_break_its_reader_is_refused(body: str) -> None:
    with pytest.raises(Unreadable):
        python(f"RULE = {body}")


ASKED = {
    "the key-value store": (
        "from panther_detection_helpers.caching import get_string_set\n"
        "def rule(event):\n    return bool(get_string_set('seen'))",
        "asks the key-value store",
    ),
    "AWS": ("import boto3\ndef rule(event):\n    return bool(boto3.client('s3'))", "asks AWS"),
    "the network": (
        "import requests\ndef rule(event):\n    return requests.get('https://example.com').ok",
        "uses the network",
    ),
    "a module that is not here": (
        "from own_helpers import ADMINS\ndef rule(event):\n    return event['eventName'] in ADMINS",
        "needs own_helpers.ADMINS",
    ),
    "enrichment": (
        "def rule(event):\n    return bool(event.deep_get('p_enrichment', 'tor_exit_nodes'))",
        "reads p_enrichment",
    ),
    "an indicator": (
        "def rule(event):\n    return '1.2.3.4' in event.get('p_any_ip_addresses', [])",
        "reads p_any_ip_addresses",
    ),
    "a lookup table": (
        "def rule(event):\n    return bool(event.lookup('t', 'k'))",
        "lookup table t",
    ),
    "a data model that is not here": (
        "def rule(event):\n    return event.udm('actor_user') == 'root'",
        "no data model",
    ),
}


@pytest.mark.parametrize("case", ASKED)
def test_a_rule_that_asks_what_only_panther_has_is_not_judged(case: str) -> None:
    source, reason = ASKED[case]
    rule = python(source)
    assert rule.test is not None
    assert not isinstance(rule.test, Predicate)
    with pytest.raises(NotJudged, match=reason):
        rule.test.fires([DELETED])


def test_what_is_imported_and_not_used_is_no_harm() -> None:
    rule = python(
        "import boto3, requests, policyuniverse.policy\n"
        "from panther_detection_helpers.caching import put_string_set\n"
        "TABLE: boto3.resource = None\n"
        "def rule(event):\n    return event.get('eventName') == 'DeleteUser'\n"
        "def title(event):\n    return requests.get('https://example.com').text\n"
    )
    assert fires(rule, DELETED, OTHER) == [True, False]


HELD = {
    "a name in another case": ("event.get('EVENTNAME') == 'DeleteUser'", True),
    "what is missing": ("event.get('errorCode') is None and event.get('x', 3) == 3", True),
    "below": ("event.deep_get('useridentity', 'type') == 'IAMUser'", True),
    "below what is missing": ("event.deep_get('a', 'b', default='c') == 'c'", True),
    "lists": ("event.deep_walk('resources', 'ARN') == ['a', 'b']", True),
    "the first of lists": ("event.deep_walk('resources', 'ARN', return_val='first') == 'a'", True),
    "a list equals a list": ("event.get('ids') == [1, 2]", True),
    "a list is none of Python's": ("isinstance(event.get('ids'), list)", False),
    "the log": ("event.get('p_log_type') == 'AWS.CloudTrail'", True),
    "the time": ("event.get('p_event_time') == '2024-05-14 09:00:00.000000000'", True),
    "seconds": ("event.event_time_epoch() == 1715677200", True),
    "in": ("'eventName' in event and 'errorCode' not in event", True),
}


@pytest.mark.parametrize("case", HELD)
def test_the_event_is_as_panther_gives_it(case: str) -> None:
    asked, answer = HELD[case]
    record = {**DELETED, "resources": [{"ARN": "a"}, {"ARN": "b"}, {}], "ids": [1, 2]}
    assert fires(python(f"def rule(event):\n    return {asked}"), record) == [answer]


def test_an_event_cannot_be_changed() -> None:
    rule = python("def rule(event):\n    event['eventName'] = 'x'\n    return True")
    assert not isinstance(rule.test, Predicate | None)
    with pytest.raises(NotJudged, match="item assignment"):
        rule.test.fires([DELETED])


def test_globals_are_found_by_their_id_with_all_that_they_import() -> None:
    files = both(
        python="from own_names import names\ndef rule(event):\n    return event['eventName'] in names()",
        **{
            "global_helpers/names.yml": "AnalysisType: global\nGlobalID: own_names\nFilename: names.py\n",
            "global_helpers/names.py": "import own_list\ndef names():\n    return own_list.NAMES\n",
            "global_helpers/own_list.py": "NAMES = {'DeleteUser'}\n",
        },
    )
    assert fires(read(files), DELETED, OTHER) == [True, False]


def test_common_helpers_are_there_for_a_rule_that_comes_without_them() -> None:
    rule = python(
        "from panther_base_helpers import deep_get, pattern_match\n"
        "from panther_aws_helpers import aws_cloudtrail_success\n"
        "def rule(event):\n"
        "    return aws_cloudtrail_success(event) and pattern_match(event['eventName'], 'Del*')"
        " and deep_get(event, 'userIdentity', 'type') == 'IAMUser'\n"
    )
    assert fires(rule, DELETED, FAILED) == [True, False]


def test_udm_asks_the_data_model_of_cloudtrail() -> None:
    files = both(
        python="def rule(event):\n"
        "    return event.udm('agent') == 'x' and event.udm('who') == 'IAMUser'"
        " and event.udm('gone', default=1) == 1\n",
        **{
            "data_models/m.yml": "AnalysisType: datamodel\nDataModelID: Own\nFilename: m.py\n"
            "Enabled: true\nLogTypes: [AWS.CloudTrail]\nMappings:\n"
            "- {Name: agent, Path: userAgent}\n- {Name: who, Method: who}\n"
            "- {Name: gone, Path: $.responseElements.user}\n",
            "data_models/m.py": "def who(event):\n    return event['userIdentity']['type']\n",
        },
    )
    assert fires(read(files), {**DELETED, "userAgent": "x"}, DELETED) == [True, False]


TEST = """\
Tests:
- Name: A user
  ExpectedResult: EXPECTED
  Log: {eventName: DeleteUser, p_log_type: LOG}
"""


@pytest.mark.parametrize(
    ("expected", "log", "agrees"),
    [
        ("true", "AWS.CloudTrail", True),
        ("false", "AWS.CloudTrail", False),
        ("false", "Okta.SystemLog", True),
    ],
)
def test_a_rule_whose_own_tests_do_not_agree_is_not_judged(
    expected: str, log: str, agrees: bool
) -> None:
    rule = read(both(YAML + TEST.replace("EXPECTED", expected).replace("LOG", log)))
    assert not isinstance(rule.test, Predicate | None)
    if agrees:
        assert fires(rule, DELETED) == [True]
    else:
        with pytest.raises(NotJudged, match="own tests do not agree in our shim: A user"):
            rule.test.fires([DELETED])


def test_a_mock_of_a_test_stands_in_for_that_test_alone() -> None:
    body = (
        "from unittest.mock import MagicMock\n"
        "def known():\n    return 'no'\n"
        "def rule(event):\n"
        "    return (known() == 'yes') if isinstance(known, MagicMock) else known() == 'no'\n"
    )
    mocks = "  Mocks: [{objectName: known, returnValue: 'yes'}]\n"
    yaml = YAML + TEST.replace("EXPECTED", "true").replace("LOG", "AWS.CloudTrail") + mocks
    assert fires(read(both(yaml, body)), DELETED) == [True]


def test_what_decides_beside_the_filter_is_told() -> None:
    rule = read(
        both(
            f"{YAML}Threshold: 5\nDedupPeriodMinutes: 30\nCreateAlert: false\n",
            "import datetime\ndef rule(event):\n    return True\n"
            "def severity(event):\n    return 'LOW'\n"
            "def dedup(event):\n    return str(datetime.datetime.now())\n",
        )
    )
    assert rule.counts is not None
    assert "5 such records" in rule.counts
    assert "30 minutes" in rule.counts
    said = " ".join(rule.remarks)
    assert all(word in said for word in ("signal", "severity()", "dedup()", "what time it is"))
    assert read(both()).counts is None


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("- All: []", [True, True]),
        ("- All: [{KeyPath: userIdentity.type, Condition: Equals, Value: Root}]", [True, False]),
        ("- {KeyPath: userIdentity.type, Condition: IsNotIn, Values: [Root]}", [False, True]),
        (
            "- Any: [{KeyPath: awsRegion, Condition: StartsWith, Value: eu-},"
            " {KeyPath: userIdentity.type, Condition: Contains, Value: oo}]",
            [True, False],
        ),
        # Panther does not say what it answers of a field that is not there.
        ("- All: [{KeyPath: errorCode, Condition: Equals, Value: x}]", [None, None]),
        ("- All: [{KeyPath: errorCode, Condition: IsNullOrEmpty}]", [True, True]),
    ],
)
def test_inline_filters_decide_what_a_rule_sees(written: str, told: list[bool | None]) -> None:
    rule = read(both(f"{YAML}InlineFilters:\n{written}\n"))
    root = {**DELETED, "userIdentity": {"type": "Root"}, "awsRegion": "us-east-1"}
    user = {**root, "userIdentity": {"type": "IAMUser"}}
    assert fires(rule, root, user) == told


CORRELATION = """\
AnalysisType: correlation_rule
RuleID: Own.Both
Severity: High
Detection:
- Sequence:
  - {ID: One, RuleID: Own.Deleted}
  - {ID: Two, RuleID: Own.Created}
"""


def test_a_correlation_rule_looks_at_what_one_of_its_rules_fires_on() -> None:
    other = YAML.replace("Own.Deleted", "Own.Created").replace("deleted.py", "created.py")
    files = both(
        **{
            "both.yml": CORRELATION,
            "rules/created.yml": other,
            "rules/created.py": "def rule(event):\n    return event['eventName'] == 'CreateUser'\n",
        }
    )
    rule = read(files, "both.yml")
    assert fires(rule, DELETED, FAILED, OTHER) == [True, False, True]
    assert rule.counts == "it alerts where Own.Deleted, Own.Created come together"
    with pytest.raises(NoFix, match=r"change the rules that it correlates: Own\.Deleted"):
        FORMAT.exclude(rule, [BY_SERVICE])


def test_a_correlation_rule_whose_rules_are_not_all_there_is_not_judged() -> None:
    rule = read(both(**{"both.yml": CORRELATION}), "both.yml")
    assert rule.about_cloudtrail
    assert rule.test is None
    assert "Own.Created" in (rule.not_judged or "")


def excluded(rule: Rule, *exclusions: Exclusion, yaml: str = YAML) -> Rule:
    return read(both(yaml, FORMAT.exclude(rule, exclusions).text))


def test_an_exclusion_is_a_guard_at_the_top_of_the_function_and_nothing_else() -> None:
    patch = FORMAT.exclude(read(both()), [BY_SERVICE])
    guard = """\
    # CloudFormation deletes users with their stack.
    if (
        event.deep_get("userIdentity", "invokedBy") == "cloudformation.amazonaws.com"
        and event.get("errorCode") is None
    ):
        return False
"""
    before, after = PYTHON.split("    # Failed calls are no harm.\n")
    assert patch.text == f"{before}{guard}    # Failed calls are no harm.\n{after}"
    assert not patch.beside


def test_what_is_excluded_is_silent_and_the_rest_is_as_it_was() -> None:
    rule = excluded(read(both()), BY_SERVICE)
    assert fires(rule, DELETED, BY_SOMEBODY, FAILED, OTHER) == [False, True, False, False]


LAYOUTS = {
    "one line": "def rule(event): return event['eventName'] == 'DeleteUser'\n",
    "one line with more": "def rule(event): name = event['eventName']; return name == 'DeleteUser'\n",
    "no line break at the end": "def rule(event):\n    return event['eventName'] == 'DeleteUser'",
    "tabs": "def rule(event):\n\treturn event['eventName'] == 'DeleteUser'\n",
    "carriage returns": "def rule(event):\r\n    return event['eventName'] == 'DeleteUser'\r\n",
    "another parameter": "def rule(log):\n    return log['eventName'] == 'DeleteUser'\n",
    "a long head": "def rule(\n    event,  # the event\n) -> bool:\n    return event['eventName'] == 'DeleteUser'\n",
    "letters beyond ASCII": "É = 'é'; É2 = 'è'\ndef rule(event): return (É, event['eventName'])[1] == 'DeleteUser'\n",
    "a docstring of several lines": (
        'def rule(event):\n    """One.\n\n    # Two.\n    """\n\n'
        "    return event['eventName'] == 'DeleteUser'\n"
    ),
    "a form feed": "X = 1\n\x0c\ndef rule(event):\n    return event['eventName'] == 'DeleteUser'\n",
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_a_guard_fits_every_layout(case: str) -> None:
    rule = python(LAYOUTS[case])
    assert fires(rule, DELETED, BY_SOMEBODY, OTHER) == [True, True, False]
    assert fires(excluded(rule, BY_SERVICE), DELETED, BY_SOMEBODY, OTHER) == [False, True, False]


UNFIT = {
    "assigned": "def other(event):\n    return True\nrule = other\n",
    "given twice": "def rule(event):\n    return True\nrule = rule\n",
    "imported over": "def rule(event):\n    return True\nfrom own import *\n",
    "decorated": "def turned(f):\n    return lambda e: not f(e)\n@turned\ndef rule(event):\n    return True\n",
    "without a parameter": "def rule(*given):\n    return True\n",
    "begun beside its docstring": 'def rule(event):\n    "What."; return True\n',
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_function_that_a_guard_would_not_decide_is_left_alone(case: str) -> None:
    with pytest.raises(NoFix):
        FORMAT.exclude(python(UNFIT[case]), [BY_SERVICE])


def test_a_file_of_several_rules_is_left_alone() -> None:
    second = YAML.replace("Own.Deleted", "Own.Second")
    with pytest.raises(NoFix, match="several rules"):
        FORMAT.exclude(read(both(**{"rules/second.yml": second})), [BY_SERVICE])


def test_explained_ids_come_after_panther_has_enriched_an_event() -> None:
    with pytest.raises(NoFix, match="cascade export panther"):
        FORMAT.exclude(read(both()), [Exclusion("explained", "Why.", explained=True)])


def test_an_exclusion_of_everything_is_refused() -> None:
    with pytest.raises(NoFix, match="no condition"):
        FORMAT.exclude(read(both()), [Exclusion("everything", "Why.")])


@pytest.mark.parametrize(
    ("value", "held", "other"),
    [("true", True, 1), ("false", False, 0), ("1", 1, True), ("443", 443, 44), ("-5", -5, 5)],
)
def test_values_that_a_record_holds_as_json_are_met(
    value: str, held: object, other: object
) -> None:
    rule = excluded(
        read(both()), Exclusion("x", "Why.", (Term("additionalEventData.x", (value,)),))
    )
    records = [{**DELETED, "additionalEventData": {"x": each}} for each in (value, held, other)]
    assert fires(rule, *records) == [False, False, True]


@settings(max_examples=40)
@given(
    values=st.lists(st.text(max_size=12), min_size=1, max_size=3, unique=True),
    others=st.lists(st.text(max_size=12), min_size=1, max_size=3),
    member=st.text(min_size=1, max_size=8).filter(lambda text: "." not in text),
    why=st.text(max_size=30),
)
def test_whatever_the_values_are_the_guard_means_them_and_nothing_else(
    values: list[str], others: list[str], member: str, why: str
) -> None:
    exclusion = Exclusion("any", why, (Term(f"requestParameters.{member}", tuple(values)),))
    rule = read(both())
    changed = excluded(rule, exclusion)
    found = [
        {**DELETED, "requestParameters": {member: value}} for value in (*values, *others, None)
    ]
    before = fires(rule, *found)
    meant = [value in values for value in (*values, *others, None)]
    assert fires(changed, *found) == [
        False if silent else told for silent, told in zip(meant, before, strict=True)
    ]


def test_a_label_adds_a_severity_that_else_says_what_the_yaml_says() -> None:
    assert FORMAT.label is not None
    text = FORMAT.label(read(both()), [BY_SERVICE]).text
    assert text.startswith(PYTHON)
    assert 'return "INFO"' in text
    assert text.endswith('    return "DEFAULT"\n')
    assert fires(read(both(python=text)), DELETED, OTHER) == [True, False]


def test_a_label_goes_into_the_severity_that_is_there() -> None:
    assert FORMAT.label is not None
    body = f"{PYTHON}\n\ndef severity(log):\n    severity = 'LOW'\n    return severity\n"
    text = FORMAT.label(python(body), [BY_SERVICE]).text
    # Asked through rule(), which is what is executed here.
    asking = f"{text}\n\ndef rule(event):\n    return severity(event) == 'INFO'\n"
    assert fires(python(asking), DELETED, BY_SOMEBODY) == [True, False]
    assert text.count("def severity") == 1
