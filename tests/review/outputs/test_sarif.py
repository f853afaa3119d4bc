"""SARIF: what it says, that its schema holds, and GitHub's limits."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cloudcascade.review.finding import KINDS
from cloudcascade.review.outputs.sarif import sarif
from cloudcascade.review.report import Report
from cloudcascade.tests.support.review_reports import (
    finding,
    held,
    hostile,
    report,
    reviewed,
    rule,
    sample,
    unjudged,
)

LIMITS = import_module("cloudcascade.review.outputs.sarif")
ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / ".dev/sarif/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


def run_of(told: Report, root: Path | None = None) -> dict[str, Any]:
    text = sarif(told, root or Path.cwd())
    found: dict[str, Any] = json.loads(text.encode("utf-8", "backslashreplace"))["runs"][0]
    return found


def notifications(run: dict[str, Any]) -> list[tuple[str, str]]:
    [invocation] = run["invocations"]
    return [
        (each["descriptor"]["id"], each["message"]["text"])
        for each in invocation["toolExecutionNotifications"]
    ]


@pytest.mark.parametrize("made", [sample, hostile, report])
def test_it_keeps_to_the_schema_of_sarif(made: Any) -> None:
    if not SCHEMA.is_file():
        pytest.skip("the schema is not installed (tests/review/outputs/sarif_schema)")
    schema = json.loads(SCHEMA.read_text("utf-8"))
    text = sarif(made(), Path.cwd()).encode("utf-8", "backslashreplace")
    jsonschema.Draft4Validator(schema).validate(json.loads(text))


def test_a_result_names_its_kind_level_and_place() -> None:
    error, warning, note = run_of(sample())["results"]
    assert (error["ruleId"], error["level"]) == ("bypassable", "error")
    assert (warning["ruleId"], warning["level"]) == ("side-effect", "warning")
    assert note["level"] == "note"
    assert warning["message"]["text"] == (
        "Rule r1: says side-effect of iam:DeleteUser. What to do: ask less."
    )
    assert warning["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "rules/a.yml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 7, "startColumn": 3},
            }
        }
    ]
    assert error["properties"]["details"] == {"value": "x"}


def test_each_kind_is_described_and_results_point_at_their_own() -> None:
    run = run_of(sample())
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("cloudcascade", "1.2.3")
    assert [each["id"] for each in driver["rules"]] == [k for k in KINDS if k != "not-judged"]
    assert all(each["help"]["text"] and each["fullDescription"]["text"] for each in driver["rules"])
    for each in run["results"]:
        assert driver["rules"][each["ruleIndex"]]["id"] == each["ruleId"]


def test_what_is_not_known_is_a_notification_and_no_result() -> None:
    run = run_of(sample())
    assert "not-judged" not in {each["ruleId"] for each in run["results"]}
    assert notifications(run) == [
        ("unreadable", "not read: a mapping was not closed"),
        ("not-judged", "Rule r3: not judged: the function geo is not modelled"),
    ]


def test_files_are_named_from_the_root_of_the_repository(tmp_path: Path) -> None:
    inside = rule("r1", str(tmp_path / "a b" / "ü:1.yml"), 0)
    outside = rule("r2", "/elsewhere/x.yml")
    run = run_of(
        report(reviewed(inside, finding(of=inside)), reviewed(outside, finding(of=outside))),
        tmp_path,
    )
    places = [each["locations"][0]["physicalLocation"] for each in run["results"]]
    assert places[0]["artifactLocation"] == {
        "uri": "a%20b/%C3%BC%3A1.yml",
        "uriBaseId": "%SRCROOT%",
    }
    assert places[0]["region"] == {"startLine": 1}
    assert places[1]["artifactLocation"] == {"uri": "file:///elsewhere/x.yml"}


def test_a_baseline_says_what_is_new() -> None:
    old, new = finding(about="iam:A"), finding(about="iam:B")
    run = run_of(report(reviewed(rule(), old, new), baseline=[held(old)]))
    assert [each["baselineState"] for each in run["results"]] == ["unchanged", "new"]
    assert "baselineState" not in run_of(sample())["results"][0]


def test_fingerprints_tell_copies_apart() -> None:
    run = run_of(report(reviewed(rule(), finding()), reviewed(rule(file="copy.yml"), finding())))
    prints = [each["partialFingerprints"] for each in run["results"]]
    assert prints[0]["cloudcascadeFinding/v1"] == prints[1]["cloudcascadeFinding/v1"]
    assert prints[0]["primaryLocationLineHash"] != prints[1]["primaryLocationLineHash"]


def test_a_long_message_is_cut_with_a_sentence() -> None:
    run = run_of(report(reviewed(rule(), finding(message="x" * 3_000))))
    text = run["results"][0]["message"]["text"]
    assert len(text) == 1_000
    assert text.endswith("(cut: `cascade review --rule` tells all of it)")


def test_of_too_many_results_the_new_and_grave_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIMITS, "MAX_RESULTS", 2)
    known = finding("bypassable", "error", "a")
    note, warning, error = (
        finding("overlap", "note", "b"), finding(about="c"), finding("bypassable", "error", "d"),
    )  # fmt: skip
    run = run_of(report(reviewed(rule(), known, note, warning, error), baseline=[held(known)]))
    assert {each["properties"]["about"] for each in run["results"]} == {"c", "d"}
    assert notifications(run)[-1][1].startswith("2 findings are left out")


def test_a_file_that_would_be_too_large_is_cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIMITS, "MAX_BYTES", 60_000)
    rules = [reviewed(rule(), *(finding(about=f"a{number}") for number in range(200)))]
    rules += [unjudged(rule(f"u{number}"), "reason") for number in range(200)]
    text = sarif(report(*rules), Path.cwd())
    assert len(text.encode()) <= 60_000
    run = json.loads(text)["runs"][0]
    assert 20 < len(run["results"]) < 200
    words = [text for name, text in notifications(run) if name == "left-out"]
    assert any("findings are left out" in each for each in words)
    assert any("notifications are left out" in each for each in words)


def test_nothing_unprintable_reaches_a_message() -> None:
    run = run_of(hostile())
    texts = [each["message"]["text"] for each in run["results"]] + [
        text for _, text in notifications(run)
    ]
    assert all(text.isprintable() for text in texts)
