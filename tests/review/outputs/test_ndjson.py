"""Lines of JSON: one for each rule and a summary, as their schema says."""

import json
from typing import Any

import jsonschema
import pytest

from cloudcascade.cli.schemas import Kind, schema_text
from cloudcascade.review import Fired
from cloudcascade.review.outputs import ndjson
from cloudcascade.review.report import Report
from cloudcascade.tests.support.review_reports import (
    finding,
    held,
    hostile,
    report,
    reviewed,
    rule,
    sample,
)


def lines(told: Report) -> list[dict[str, Any]]:
    text = "".join(ndjson(told)).encode("utf-8", "backslashreplace")
    return [json.loads(line) for line in text.splitlines()]


def closed() -> Any:
    """The schema, as one that allows no member that it does not name."""
    schema = json.loads(schema_text(Kind.review))
    for each in schema["$defs"].values():
        if each.get("properties"):
            each["additionalProperties"] = False
    return schema


@pytest.mark.parametrize("made", [sample, hostile, report])
def test_every_line_keeps_to_the_schema(made: Any) -> None:
    validator = jsonschema.Draft202012Validator(closed())
    for each in lines(made()):
        validator.validate(each)


@pytest.mark.parametrize("member", ["document", "findings", "not_judged"])
def test_a_line_without_a_member_breaks_the_schema(member: str) -> None:
    line = lines(sample())[0]
    del line[member]
    assert not jsonschema.Draft202012Validator(closed()).is_valid(line)


def test_there_is_a_line_for_each_rule_in_order_and_the_summary_is_last() -> None:
    told = lines(sample())
    assert [each["document"] for each in told] == ["rule", "rule", "rule", "summary"]
    assert [each["id"] for each in told[:-1]] == ["r1", "r2", "r3"]


def test_a_rule_says_what_was_found() -> None:
    first, _, other, _ = lines(sample())
    assert (first["file"], first["line"], first["format"]) == ("rules/a.yml", 7, "sigma")
    assert [each["kind"] for each in first["findings"]] == [
        "bypassable",
        "side-effect",
        "ignores-success",
    ]
    assert first["side_effects"][0]["attested"] is True
    assert other["not_judged"] == "the function geo is not modelled"


def test_the_summary_counts() -> None:
    summary = lines(sample())[-1]
    assert summary["totals"]["firing"] == 1
    assert summary["levels"]["note"] == {"findings": 2, "new": 2}
    assert summary["other_rules"] == 4
    assert summary["problems"] == [
        {"file": "c.yml", "line": 2, "column": 5, "reason": "a mapping was not closed"}
    ]
    assert summary["baseline"] is None


def test_beside_a_baseline_it_says_what_is_new_and_fixed() -> None:
    old, gone = finding(about="iam:A"), held(finding(about="iam:B"))
    told = lines(report(reviewed(rule(), old, finding(about="iam:C")), baseline=[held(old), gone]))
    assert [each["new"] for each in told[0]["findings"]] == [False, True]
    assert [each["about"] for each in told[1]["fixed"]] == ["iam:B"]


def test_how_often_a_rule_fired_in_a_log_is_told() -> None:
    told = lines(report(reviewed(rule(), log=Fired(9, 5, 2))))
    assert told[0]["log"] == {"events": 9, "explained": 5, "silent": 2}
