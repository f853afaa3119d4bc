"""The list says everything that it takes to silence an event, and nothing that a spreadsheet would run."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import cloudcascade.exporters.targets.suppression_list as target_module
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import (
    SAME_TOOL,
    Condition,
    Denied,
    Edge,
    Key,
    KeyPair,
    Pattern,
    Query,
    Test,
)
from cloudcascade.exporters.target import Job
from cloudcascade.tests.oracle_fields import account_of, readable, time_of
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export, make_options
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import Scenario
from cloudcascade.tests.support.query_oracle import (
    alerts,
    candidates,
    edge_holds,
    fits,
    initial_principal,
    key_values,
    keys_equal,
)
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs

SCHEMA = json.loads(
    (Path(target_module.__file__).parents[1] / "data" / "suppression-list.schema.json").read_text(
        encoding="utf-8"
    )
)
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")


def silenced(document: dict[str, Any], log: list[Event]) -> set[str]:
    """The ids of the events that the list silences: what a pipeline would make of it, step by step."""
    log = list({event["eventID"]: event for event in log}.values())
    return {
        event["eventID"]
        for event in log
        if any(
            entry["policy"] == "suppress" and _explains(entry, event, log)
            for entry in document["entries"]
        )
        and not any(_explains(veto, event, log) for veto in document["vetoes"])
    }


def _explains(entry: dict[str, Any], event: Event, log: list[Event]) -> bool:
    return fits(_pattern(entry["effect"]), event) and _climbs(entry, entry["steps"], (event,), log)


def _climbs(
    entry: dict[str, Any], steps: list[dict[str, Any]], path: tuple[Event, ...], log: list[Event]
) -> bool:
    if not steps:
        return _begins(entry, path[-1], log) and not _is_cut(entry, path, log)
    step, *rest = steps
    return any(
        not any(parent is earlier for earlier in path)
        and fits(_pattern(step["parent"]), parent)
        and edge_holds(_edge(step), path[-1], parent, log, initial_principal)
        and _climbs(entry, rest, (*path, parent), log)
        for parent in log
    )


def _is_cut(entry: dict[str, Any], path: tuple[Event, ...], log: list[Event]) -> bool:
    times = [time_of(event) for event in path]
    return any(
        spoiler["between"]
        and min(times) <= time_of(event) <= max(times)
        and not any(event is step for step in path)
        and _concerns(spoiler, event, path[-1])
        for spoiler in entry["spoilers"]
        for event in log
    )


def _concerns(spoiler: dict[str, Any], event: Event, root: Event) -> bool:
    pattern, pairs = _pattern(spoiler["event"]), [_pair(pair) for pair in spoiler["join"]]
    told = tuple(test for test in pattern.where if readable(event, test.path))
    unreadable = not all(key_values(pair.own, event) for pair in pairs)
    account = account_of(event)
    return (
        fits(Pattern(pattern.action, told, pattern.may_fail), event)
        and (unreadable or all(keys_equal(pair, event, root) for pair in pairs))
        and (not spoiler["same_account"] or account is None or account == account_of(root))
    )


def _begins(entry: dict[str, Any], root: Event, log: list[Event]) -> bool:
    there = all(key_values(_own_key("key", key), root) for key in entry["root_keys"])
    if not there or (entry["root_account"] and account_of(root) is None):
        return False
    voided = any(
        event is not root
        and not spoiler["between"]
        and _concerns(spoiler, event, root)
        and -spoiler["before_seconds"] <= time_of(event) - time_of(root) <= spoiler["after_seconds"]
        for spoiler in entry["spoilers"]
        for event in log
    )
    return not voided and all(
        any(
            event is not root
            and fits(_pattern(member["event"]), event)
            and edge_holds(_edge(member), event, root, log, initial_principal)
            for event in log
        )
        for member in entry["members"]
    )


def _pattern(written: dict[str, Any]) -> Pattern:
    service = written["eventSource"].removesuffix(".amazonaws.com")
    return Pattern(
        f"{service}:{written['eventName']}",
        tuple(_condition(condition) for condition in written["conditions"]),
        written["may_fail"],
    )


def _condition(written: dict[str, Any]) -> Condition:
    if written["operator"] == "not":
        return Denied(written["path"], tuple(map(_condition, written["conditions"])))
    return Test(written["path"], written["operator"], tuple(written["values"]))


def _edge(written: dict[str, Any]) -> Edge:
    return Edge(
        join=(*map(_pair, written["join"]), *([SAME_TOOL] if written["same_tool"] else [])),
        distinct=tuple(map(_pair, written["distinct"])),
        before=written["before_seconds"],
        after=written["after_seconds"],
        actor=written["actor"],
        service=written["service"],
        same_account=written["same_account"],
    )


def _pair(written: dict[str, Any]) -> KeyPair:
    own, parent = (_own_key(written["name"], written[side]) for side in ("own", "parent"))
    return KeyPair(own, parent)


def _own_key(name: str, key: dict[str, Any]) -> Key:
    return Key(name, tuple(key["paths"]), arn_name=key["arn_name"], fold=key["ignore_case"])


def listed(*queries: Query) -> dict[str, Any]:
    """The list of these queries, as it comes back from its file."""
    jobs = [Job(query, ()) for query in queries]
    (artefact,) = target_module.TARGET.style("json").render(jobs, make_options())
    document: dict[str, Any] = json.loads(artefact.text)
    return document


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_an_offboarding_or_an_attack(scenario: Scenario) -> None:
    query = lower(DELETE_USER)
    left = candidates(query, scenario.events) - silenced(listed(query), scenario.events)
    assert left == alerts(query, scenario.events)


@settings(deadline=None)
@given(st.data())
def test_random_catalogues_and_logs(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    log = data.draw(logs(cascades))
    for cascade in cascades:
        query = lower(cascade, cascades)
        if query.actions and query.purpose == "alert":
            document = listed(query, *query.rivals)
            jsonschema.validate(document, SCHEMA)
            assert candidates(query, log) - silenced(document, log) == alerts(query, log)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("style", ["json", "yaml"])
def test_the_whole_catalogue_fits_the_schema(style: str) -> None:
    (artefact,) = make_export("suppression-list", SUPPRESSIBLE, style).artefacts
    document = json.loads(artefact.text) if style == "json" else yaml.safe_load(artefact.text)
    jsonschema.validate(document, SCHEMA)
    assert {entry["cascade"] for entry in document["entries"]} == set(SUPPRESSIBLE)


def test_yaml_says_what_json_says() -> None:
    (as_json,) = make_export("suppression-list", GOLDEN, "json").artefacts
    (as_yaml,) = make_export("suppression-list", GOLDEN, "yaml").artefacts
    assert yaml.safe_load(as_yaml.text) == json.loads(as_json.text)


def test_what_is_merely_labelled_says_so() -> None:
    (artefact,) = make_export("suppression-list", ["aws.iam.access-key-rotation"]).artefacts
    entries = json.loads(artefact.text)["entries"]
    assert {entry["policy"] for entry in entries} == {"annotate"}


@pytest.mark.parametrize("owner", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_spreadsheet_runs_nothing(owner: str) -> None:
    (artefact,) = make_export("suppression-list", GOLDEN, "csv", owner=owner).artefacts
    rows = list(csv.DictReader(io.StringIO(artefact.text, newline="")))
    assert {row["owner"] for row in rows} == {f"'{owner}"}
    assert len(rows) == sum(1 for row in rows if row["cascade"] in GOLDEN)


@pytest.mark.parametrize("style", ["json", "yaml", "csv"])
def test_golden_files(style: str) -> None:
    check_golden("suppression-list", make_export("suppression-list", GOLDEN, style).artefacts)
