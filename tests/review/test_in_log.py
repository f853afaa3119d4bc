"""How often rules fire in a log, and what of that is explained."""

import json
from pathlib import Path

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.events import Problem, expand_sources
from cloudcascade.matcher import compile_catalog
from cloudcascade.review import Fired, Rule, fired_in
from cloudcascade.review import in_log as module
from cloudcascade.samples import instance, twin
from cloudcascade.tests.support.toy_rules import rule

CATALOG = load_catalog()
PLAN = compile_catalog(CATALOG.cascades)
MFA = rule([["eventName", "DeactivateMFADevice"]])
WHOLE = instance(CATALOG.get("aws.iam.delete-user"), "cli", effects=["iam:DeactivateMFADevice"])
ALONE = twin(
    instance(CATALOG.get("aws.iam.delete-user"), "cli", seed=1), "alone", "iam:DeactivateMFADevice"
)


def elsewhen(time: str) -> dict[str, object]:
    """Something else, so far off that nothing unseen can speak against what is explained."""
    return {
        **WHOLE.records[0],
        "eventTime": time,
        "eventID": time,
        "eventSource": "sts.amazonaws.com",
        "eventName": "GetCallerIdentity",
        "requestParameters": None,
    }


AROUND = (elsewhen("2026-01-01T00:00:00Z"), elsewhen("2026-06-01T00:00:00Z"))


def counted(tmp_path: Path, rules: list[Rule], *records: object) -> list[Fired | None]:
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"Records": [*AROUND, *records]}))
    problems: list[Problem] = []
    found = fired_in(rules, PLAN, expand_sources([str(path)]), on_problem=problems.append)
    assert problems == []
    return found


def test_what_is_explained_is_told_apart(tmp_path: Path) -> None:
    found = counted(tmp_path, [MFA], *WHOLE.records, *ALONE.records)
    assert found == [Fired(events=2, explained=1, silent=1)]


def test_an_event_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    found = counted(tmp_path, [MFA], *WHOLE.records, *WHOLE.records)
    assert found == [Fired(events=1, explained=1, silent=1)]


def test_a_rule_that_cannot_be_executed_has_no_count(tmp_path: Path) -> None:
    unknown = rule([], test=None, not_judged="it asks a table")
    found = counted(tmp_path, [unknown, MFA], *WHOLE.records)
    assert found[0] is None
    assert found[1] is not None


def test_portions_of_a_log_are_counted_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    found = counted(tmp_path, [MFA], *WHOLE.records, *ALONE.records)
    assert found == [Fired(events=2, explained=1, silent=1)]
