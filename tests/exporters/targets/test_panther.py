"""Panther's scheduled queries are Snowflake's SQL in one statement, and its rules run."""

import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import sqlglot
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from cloudcascade.catalog import Controller
from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.export import Export, write
from cloudcascade.exporters.languages.panther import cloudcascade_signal
from cloudcascade.exporters.languages.panther.correlation import lookback, rate, reach
from cloudcascade.exporters.languages.panther.python_source import (
    constant,
    function,
    module,
    text_of,
)
from cloudcascade.exporters.target import Artefact, Options
from cloudcascade.tests.support.cloudtrail import Event, session
from cloudcascade.tests.support.golden import (
    SUPPRESSIBLE,
    check_golden,
    make_export,
    make_options,
)
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import Scenario, deactivate, delete_user, strip
from cloudcascade.tests.support.query_oracle import alerts, candidates, session_actor

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")


@cache
def scheduled() -> Export:
    return make_export("panther", SUPPRESSIBLE)


def read(**options: Any) -> dict[PurePosixPath, Any]:
    made = (make_export("panther", SUPPRESSIBLE, **options) if options else scheduled()).artefacts
    return {each.path: yaml.safe_load(each.text) for each in made if each.path.suffix == ".yml"}


def made_of_all() -> int:
    """How many of the suppressible cascades are made; the others ask what a request carries, which cannot be said."""
    omitted = scheduled().omitted
    assert all("'only'" in omission.reason for omission in omitted)
    return len(SUPPRESSIBLE) - len(omitted)


def test_every_query_is_one_statement_of_snowflake() -> None:
    queries = [each for each in read().values() if each["AnalysisType"] == "scheduled_query"]
    assert len(queries) == 2 * made_of_all()
    for query in queries:
        (statement,) = sqlglot.parse(query["Query"], dialect="snowflake")
        assert isinstance(statement, exp.Select)


def test_a_query_asks_p_event_time_a_day_further_back_than_what_it_reads() -> None:
    queries = [each for each in read().values() if each["AnalysisType"] == "scheduled_query"]
    for query in queries:
        (statement,) = sqlglot.parse(query["Query"], dialect="snowflake")
        assert statement is not None
        steps = {step.alias: step for step in statement.find_all(exp.CTE)}
        reading = [name for name, step in steps.items() if _reads_the_log(step)]
        assert reading == ["read_events"], query["QueryName"]
        (asked,) = [
            each for each in statement.find_all(exp.GTE) if each.this.name == "p_event_time"
        ]
        assert asked.find_ancestor(exp.CTE) is steps["read_events"]
        # Nothing but AND stands above it, so that no row without it is read.
        where = steps["read_events"].find(exp.Where)
        assert where is not None
        assert asked in where.this.flatten()
        (start,) = [each.expression for each in steps["recent_events"].find_all(exp.GTE)]
        since = sqlglot.parse_one(f"{start.sql('snowflake')} - 86400", dialect="snowflake")
        assert asked.expression.find(exp.Sub) == since, query["QueryName"]


def _reads_the_log(step: exp.CTE) -> bool:
    return any(table.name == "aws_cloudtrail" for table in step.find_all(exp.Table))


def test_each_rule_reads_a_query_that_is_there_and_has_its_file() -> None:
    documents = read()
    names = {each.get("QueryName") for each in documents.values()}
    made = {each.path for each in scheduled().artefacts}
    rules = {path: each for path, each in documents.items() if path.parts[0] == "rules"}
    assert len(rules) == made_of_all()
    for path, rule in rules.items():
        assert set(rule["ScheduledQueries"]) <= names
        assert path.with_name(rule["Filename"]) in made
        assert not set(rule["RuleID"]) & set('<>&"%')
        assert not set(rule["DisplayName"]) & set('<>&"%')


def test_the_rule_passes_its_own_test() -> None:
    made = {each.path: each.text for each in make_export("panther", GOLDEN[:1]).artefacts}
    folder = PurePosixPath("rules/cloudcascade")
    rule = yaml.safe_load(made[folder / "aws_iam_delete_user.yml"])
    names: dict[str, Any] = {}
    exec(compile(made[folder / "aws_iam_delete_user.py"], "rule", "exec"), names)
    for test in rule["Tests"]:
        assert names["rule"](test["Log"]) is test["ExpectedResult"]
    row = rule["Tests"][0]["Log"]
    who = f"{row['event_name']} by {row['principal']} in {row['account']}"
    assert names["title"](row) == f"{who} is explained by no cascade"
    assert names["dedup"](row) == row["event_id"]


def test_the_tests_of_a_rule_are_the_rows_of_the_samples_that_alert() -> None:
    made = make_export("panther", GOLDEN)
    documents = {each.path: yaml.safe_load(each.text) for each in made.artefacts if is_yaml(each)}
    rules = {each["RuleID"]: each for each in documents.values() if "RuleID" in each}
    for job in made.jobs:
        tests = rules[f"Cascade.{job.query.cascade}"]["Tests"]
        expected = [event_id for case in job.samples for event_id in case.alerts]
        assert [test["Log"]["event_id"] for test in tests] == expected
        assert expected
        assert {test["Log"]["event_name"] for test in tests} <= {
            action.partition(":")[2] for action in job.query.actions
        }
        names = [test["Name"] for test in tests]
        assert len(set(names)) == len(names)


def is_yaml(made: Artefact) -> bool:
    return made.path.suffix == ".yml"


def test_the_schedule_is_the_one_that_was_asked_for() -> None:
    rates = {
        (path.stem.rpartition("_")[2], each["Schedule"]["RateMinutes"])
        for path, each in read(every=1_800).items()
        if "Schedule" in each
    }
    assert rates == {("alert", 30), ("silenced", 30)}


@pytest.mark.parametrize(
    ("every", "nearest"), [(60, "the nearest: 2m"), (150, "the nearest: 2m or 3m")]
)
@pytest.mark.parametrize("style", ["scheduled", "correlation"])
def test_what_panther_cannot_say_is_refused(style: str, every: int, nearest: str) -> None:
    with pytest.raises(ExportError, match=nearest):
        make_export("panther", GOLDEN[:1], style, every=every, allow_fail_closed=True)


def test_rows_of_one_event_are_one_alert_and_rows_without_an_id_are_not() -> None:
    made = {each.path.name: each.text for each in make_export("panther", GOLDEN[:1]).artefacts}
    names: dict[str, Any] = {}
    exec(compile(made["aws_iam_delete_user.py"], "rule", "exec"), names)
    row = {"event_name": "DeleteThing", "principal": "b", "account": "1", "event_time": 9}
    assert names["dedup"]({**row, "event_id": "a"}) == names["dedup"]({"event_id": "a"}) == "a"
    assert names["dedup"](row) == "DeleteThing b 1 9"


def test_every_file_says_which_overlay_was_in_force() -> None:
    for style in ("scheduled", "correlation"):
        made = make_export(
            "panther", GOLDEN[:1], style, overlay="ours 1.2", allow_fail_closed=True
        ).artefacts
        for each in made:
            shared = each.path.name == "cloudcascade_signal.py"
            assert shared or "overlay in force: ours 1.2" in each.text, each.path


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=2_048))
def test_any_text_is_a_constant_and_nothing_else(value: str) -> None:
    names: dict[str, Any] = {}
    source = module(
        value, function("one", constant(value), value), function("two", text_of(value, "!"), "")
    )
    exec(compile(source, "made", "exec"), names)
    assert names["one"](None) == value
    assert names["two"](None) == value + "!"


@pytest.mark.parametrize("answer", ["alert", "silenced"])
def test_the_companion_is_there(answer: str) -> None:
    paths = {str(path) for path in read()}
    assert f"queries/cloudcascade/aws_iam_delete_user_{answer}.yml" in paths


def runner() -> Path:
    """Panther's own program, in an environment of its own: it asks for old versions of much."""
    program = Path(__file__).parents[3] / ".dev" / "panther" / "bin" / "panther_analysis_tool"
    if not program.is_file():
        pytest.skip("panther_analysis_tool is not installed in .dev/panther")
    return program


def test_panthers_own_runner_passes_every_rule(tmp_path: Path) -> None:
    program = runner()
    write(scheduled().artefacts, tmp_path)
    run = subprocess.run(
        [program, "test", "--path", "."], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"Passed: {made_of_all()}\n" in run.stdout


def test_panthers_own_runner_fails_a_wrong_expectation(tmp_path: Path) -> None:
    program = runner()
    write(make_export("panther", GOLDEN[:1]).artefacts, tmp_path)
    rule = tmp_path / "rules" / "cloudcascade" / "aws_iam_delete_user.yml"
    rule.write_text(rule.read_text().replace("ExpectedResult: true", "ExpectedResult: false"))
    run = subprocess.run([program, "test", "--path", "."], cwd=tmp_path, timeout=240, check=False)
    assert run.returncode != 0


def test_the_correlation_is_refused_unless_it_is_asked_for() -> None:
    made = make_export("panther", GOLDEN[:1], "correlation")
    assert not made.artefacts
    assert "fails closed" in made.omitted[0].reason


@cache
def correlations(cascade: str) -> tuple[Artefact, ...]:
    return make_export("panther", [cascade], "correlation", allow_fail_closed=True).artefacts


def signals(monkeypatch: pytest.MonkeyPatch, cascade: str) -> dict[str, dict[str, Any]]:
    """The signals of a cascade, effect and origin, as Panther would load them."""
    monkeypatch.setitem(sys.modules, "cloudcascade_signal", cloudcascade_signal)
    found: dict[str, dict[str, Any]] = {}
    for artefact in correlations(cascade):
        if artefact.path.parts[0] == "rules" and artefact.path.suffix == ".py":
            names = found.setdefault(artefact.path.stem.rpartition("_")[2], {})
            exec(compile(artefact.text, str(artefact.path), "exec"), names)
    return found


def correlated(
    made: dict[str, dict[str, Any]], events: Iterable[Event], first_run: int, options: Options
) -> set[str]:
    """What a correlation rule with an absent origin alerts on, by Panther's description of it: each run
    looks at the signals of its look-back, by key, and wants an effect and no origin. Runs are in seconds."""
    every, back = rate(options) * 60, lookback(QUERY, options) * 60
    seen = [
        (int(datetime.fromisoformat(event["eventTime"]).timestamp()), event) for event in events
    ]
    last = max((moment for moment, _ in seen), default=0) + back
    found: set[str] = set()
    for run in range(
        min((moment for moment, _ in seen), default=0) + first_run, last + every, every
    ):
        window = [event for moment, event in seen if run - back <= moment <= run]
        origins = {key(made, "origin", event) for event in window if made["origin"]["rule"](event)}
        found |= {
            event["eventID"]
            for event in window
            if made["effect"]["rule"](event) and key(made, "effect", event) not in origins
        }
    return found


def key(made: dict[str, dict[str, Any]], role: str, event: Event) -> str:
    return str(made[role]["alert_context"](event)["cascade_key"])


OPTIONS = make_options()
(_JOB,) = make_export("panther", GOLDEN[:1], "correlation", allow_fail_closed=True).jobs
QUERY = _JOB.query


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("first_run", [0, 1, 450, 899])
def test_only_an_origin_within_reach_silences(
    monkeypatch: pytest.MonkeyPatch, scenario: Scenario, first_run: int
) -> None:
    made = signals(monkeypatch, GOLDEN[0])
    events = list({event["eventID"]: event for event in scenario.events}.values())
    found = correlated(made, events, first_run, OPTIONS)
    moments = {each["eventID"]: datetime.fromisoformat(each["eventTime"]) for each in events}
    by_id = {each["eventID"]: each for each in events}
    origins = [each for each in events if made["origin"]["rule"](each)]
    assert found <= candidates(QUERY, events)
    for id_ in alerts(QUERY, events, session_actor) - found:
        assert any(
            key(made, "origin", each) == key(made, "effect", by_id[id_])
            and abs((moments[each["eventID"]] - moments[id_]).total_seconds())
            <= reach(QUERY, OPTIONS)
            for each in origins
        )


def test_a_run_after_both_sees_the_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    made = signals(monkeypatch, GOLDEN[0])
    log = [strip("DeleteLoginProfile", "login", 0), delete_user("gone", 60)]
    assert correlated(made, log, 120, OPTIONS) == set()
    assert correlated(made, log, 30, OPTIONS) == {"login"}


def test_an_effect_and_its_origin_have_one_key_and_another_users_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = signals(monkeypatch, GOLDEN[0])
    login, gone = strip("DeleteLoginProfile", "login", 0, "Bob"), delete_user("gone", 60, "bob")
    assert made["effect"]["rule"](login)
    assert made["origin"]["rule"](gone)
    assert key(made, "effect", login) == key(made, "origin", gone)
    assert key(made, "effect", login) != key(made, "origin", delete_user("other", 60, "eve"))
    elsewhere = {**gone, "sourceIPAddress": "203.0.113.99"}
    assert key(made, "effect", login) != key(made, "origin", elsewhere)


def test_a_failed_call_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = signals(monkeypatch, GOLDEN[0])
    login = {**strip("DeleteLoginProfile", "login", 0), "errorMessage": "no"}
    assert made["effect"]["rule"](login)
    assert key(made, "effect", login) == '{"unresolved": "login"}'


def test_an_event_without_a_key_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = signals(monkeypatch, GOLDEN[0])
    login = strip("DeleteLoginProfile", "login", 0, None)
    assert key(made, "effect", login) == '{"unresolved": "login"}'


def test_panthers_own_runner_passes_the_signals(tmp_path: Path) -> None:
    program = runner()
    made = make_export("panther", SUPPRESSIBLE, "correlation", allow_fail_closed=True).artefacts
    write(made, tmp_path)
    run = subprocess.run(
        [program, "test", "--path", "."], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Failed: 0" in run.stdout


def test_panthers_own_runner_fails_a_wrong_expectation_of_a_signal(tmp_path: Path) -> None:
    program = runner()
    made = make_export("panther", GOLDEN[:1], "correlation", allow_fail_closed=True).artefacts
    write(made, tmp_path)
    rule = next(tmp_path.glob("rules/*/*_effect.yml"))
    text = rule.read_text()
    assert "ExpectedResult: true" in text
    rule.write_text(text.replace("ExpectedResult: true", "ExpectedResult: false", 1))
    run = subprocess.run([program, "test", "--path", "."], cwd=tmp_path, timeout=240, check=False)
    assert run.returncode != 0


def test_a_signal_raises_no_alert_and_its_correlation_does() -> None:
    made = make_export("panther", SUPPRESSIBLE, "correlation", allow_fail_closed=True).artefacts
    documents = [yaml.safe_load(each.text) for each in made if each.path.suffix == ".yml"]
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for each in documents:
        by_kind.setdefault(each["AnalysisType"], []).append(each)
    assert not any(signal["CreateAlert"] for signal in by_kind["rule"])
    names = {signal["RuleID"] for signal in by_kind["rule"]}
    for rule in by_kind["correlation_rule"]:
        (detection,) = rule["Detection"]
        effect, origin = detection["Group"]
        assert {effect["RuleID"], origin["RuleID"]} <= names
        assert rule["CreateAlert"] is origin.get("Absence", False)
        assert detection["LookbackWindowMinutes"] * 2 >= detection["Schedule"]["RateMinutes"] * 3


def passes(written: dict[str, Any], event: dict[str, Any], missing: bool) -> bool:
    """Whether an inline filter lets an event through to the rule. Panther does not say what a negative
    comparison with a missing field gives; `missing` is that answer."""

    def holds(test: dict[str, Any]) -> bool:
        if "Any" in test:
            return any(map(holds, test["Any"]))
        if "All" in test:
            return all(map(holds, test["All"]))
        found = cloudcascade_signal.value(event, test["KeyPath"])
        match test["Condition"]:
            case "IsNullOrEmpty":
                return not found
            case "IsNotNullOrEmpty":
                return bool(found)
            case "DoesNotEqual":
                return missing if found is None else bool(found != test["Value"])
            case "IsNotIn":
                return missing if found is None else found not in test["Values"]
        raise ValueError(test)

    return all(map(holds, written["InlineFilters"]))


@pytest.mark.parametrize("missing", [True, False], ids=["missing-differs", "missing-is-no-answer"])
def test_an_inline_filter_keeps_away_the_controllers_calls_of_the_cascade_and_nothing_else(
    missing: bool,
) -> None:
    role = Controller(name="offboarding", arn="arn:aws:iam::111111111111:role/offboarding")
    made = make_export(
        "panther", GOLDEN[:1], "filter", controllers=(role,), allow_fail_closed=True
    ).artefacts
    written = yaml.safe_load(made[0].text)
    by_role = session("offboarding", "AROA", "ASIA")
    mfa = {**deactivate("mfa", 0), "userIdentity": by_role}
    others = [
        deactivate("mfa", 0),
        {**mfa, "errorCode": "AccessDenied"},
        {**mfa, "errorMessage": "User is not authorized"},
        {**mfa, "eventName": "CreateUser"},
        {**mfa, "eventSource": "sso.amazonaws.com"},
        {**mfa, "userIdentity": session("somebody", "AROB", "ASIB")},
        {**mfa, "userIdentity": {"type": "AWSService", "invokedBy": "iam.amazonaws.com"}},
        {**mfa, "userIdentity": None},
    ]
    assert not passes(written, mfa, missing)
    assert [each for each in others if not passes(written, each, missing)] == []


def test_an_inline_filter_asks_by_no_condition_that_panther_does_not_list() -> None:
    role = Controller(name="offboarding", arn="arn:aws:iam::111111111111:role/offboarding")
    made = make_export(
        "panther", GOLDEN, "filter", controllers=(role,), allow_fail_closed=True
    ).artefacts
    asked = {
        line.split()[-1] for each in made for line in each.text.splitlines() if "Condition:" in line
    }
    assert asked == {"DoesNotEqual", "IsNotIn", "IsNotNullOrEmpty", "IsNullOrEmpty"}


def test_nobody_is_filtered_when_there_are_no_controllers() -> None:
    made = make_export("panther", GOLDEN[:1], "filter", allow_fail_closed=True)
    assert "names no controllers" in made.omitted[0].reason


def test_golden_correlation() -> None:
    made = make_export("panther", GOLDEN, "correlation", allow_fail_closed=True).artefacts
    check_golden("panther-correlation", made)


def test_golden_filter() -> None:
    role = Controller(name="offboarding", arn="arn:aws:iam::111111111111:role/offboarding")
    made = make_export("panther", GOLDEN, "filter", controllers=(role,), allow_fail_closed=True)
    check_golden("panther-filter", made.artefacts)


def test_golden_files() -> None:
    check_golden("panther", make_export("panther", GOLDEN).artefacts)
