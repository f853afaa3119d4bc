"""Panther's scheduled queries are Snowflake's SQL in one statement, and its rules run."""

import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import sqlglot
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from cloudcascade.exporters.export import write
from cloudcascade.exporters.languages.python_source import constant, function, module, text_of
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")


def read(**options: Any) -> dict[PurePosixPath, Any]:
    made = make_export("panther", SUPPRESSIBLE, **options).artefacts
    return {each.path: yaml.safe_load(each.text) for each in made if each.path.suffix == ".yml"}


def test_every_query_is_one_statement_of_snowflake() -> None:
    queries = [each for each in read().values() if each["AnalysisType"] == "scheduled_query"]
    assert len(queries) == 2 * len(SUPPRESSIBLE)
    for query in queries:
        (statement,) = sqlglot.parse(query["Query"], dialect="snowflake")
        assert isinstance(statement, exp.Select)


def test_each_rule_reads_a_query_that_is_there_and_has_its_file() -> None:
    documents = read()
    names = {each.get("QueryName") for each in documents.values()}
    made = {each.path for each in make_export("panther", SUPPRESSIBLE).artefacts}
    rules = {path: each for path, each in documents.items() if path.parts[0] == "rules"}
    assert len(rules) == len(SUPPRESSIBLE)
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
    assert names["title"](row) == "DeleteThing by b in 111111111111 is explained by no cascade"
    assert names["dedup"](row) == "a"


def test_the_schedule_is_the_one_that_was_asked_for() -> None:
    rates = {
        each["Schedule"]["RateMinutes"] for each in read(every=1_800).values() if "Schedule" in each
    }
    assert rates == {30}


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
    write(make_export("panther", SUPPRESSIBLE).artefacts, tmp_path)
    run = subprocess.run(
        [program, "test", "--path", "."], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"Passed: {len(SUPPRESSIBLE)}\n" in run.stdout


def test_panthers_own_runner_fails_a_wrong_expectation(tmp_path: Path) -> None:
    program = runner()
    write(make_export("panther", GOLDEN[:1]).artefacts, tmp_path)
    rule = tmp_path / "rules" / "cloudcascade" / "aws_iam_delete_user.yml"
    rule.write_text(rule.read_text().replace("ExpectedResult: true", "ExpectedResult: false"))
    run = subprocess.run([program, "test", "--path", "."], cwd=tmp_path, timeout=240, check=False)
    assert run.returncode != 0


def test_golden_files() -> None:
    check_golden("panther", make_export("panther", GOLDEN).artefacts)
