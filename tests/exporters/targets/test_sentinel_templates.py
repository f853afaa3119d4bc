"""Every file of the whole catalogue is what the Azure-Sentinel repository takes, by its documented fields."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cloudcascade.exporters.detections import DETECTIONS
from cloudcascade.exporters.export import export_detections
from cloudcascade.exporters.languages.sentinel.kusto import folded
from cloudcascade.exporters.targets.sentinel import RULE, TARGET
from cloudcascade.tests.exporters.kusto.service import result_columns
from cloudcascade.tests.support.golden import CATALOG, make_export, make_options

SCHEMA = json.loads(
    Path(__file__).parents[1].joinpath("kusto", "rule.schema.json").read_text(encoding="utf-8")
)
_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
WIDE = 240


def faults(document: dict[str, Any]) -> list[str]:
    """What is wrong with a rule or a hunting query."""
    scheduled = "kind" in document
    schema = SCHEMA if scheduled else {"$ref": "#/$defs/hunting", "$defs": SCHEMA["$defs"]}
    found = [error.message for error in Draft202012Validator(schema).iter_errors(document)]
    if found or not scheduled:
        return found
    every, period = (_seconds(document[name]) for name in ("queryFrequency", "queryPeriod"))
    if not 300 <= every <= period <= 14 * 86_400:
        found.append("the times are not those of a rule")
    if period >= 2 * 86_400 and every < 3_600:
        found.append("a rule that looks back two days runs every hour at most")
    grouping = document["incidentConfiguration"]["groupingConfiguration"]
    if not set(grouping["groupByCustomDetails"]) <= document["customDetails"].keys():
        found.append("groups by details that it does not have")
    return found


def _seconds(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1]]


@pytest.fixture(scope="module")
def documents() -> dict[str, tuple[str, dict[str, Any]]]:
    made = {
        f"{style}/{artefact.path}": artefact.text
        for style in ("rule", "automation")
        for artefact in make_export(
            "sentinel", [cascade.id for cascade in CATALOG.cascades], style
        ).artefacts
    }
    for artefact in export_detections(DETECTIONS, TARGET, RULE, make_options()):
        made[f"detections/{artefact.path}"] = artefact.text
    return {
        name: (text, yaml.safe_load(text)) for name, text in made.items() if name.endswith(".yaml")
    }


Documents = dict[str, tuple[str, dict[str, Any]]]


def test_every_document_has_the_fields_and_keeps_the_limits(documents: Documents) -> None:
    found = {name: faults(document) for name, (_, document) in documents.items()}
    assert sum("kind" in document for _, document in documents.values()) > 25
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_no_id_is_that_of_two_documents(documents: Documents) -> None:
    # The count of what is silenced is one file, which two styles write.
    ids = {(document["id"], Path(name).name) for name, (_, document) in documents.items()}
    assert len({identifier for identifier, _ in ids}) == len(ids)


def test_every_entity_and_detail_is_a_column_of_the_answer(documents: Documents) -> None:
    rules = [document for _, document in documents.values() if "kind" in document]
    for rule, columns in zip(rules, result_columns([rule["query"] for rule in rules]), strict=True):
        named = {
            field["columnName"]
            for each in rule["entityMappings"]
            for field in each["fieldMappings"]
        }
        assert named | set(rule["customDetails"].values()) <= set(columns), rule["name"]


def test_no_line_of_a_query_is_longer_than_a_reviewer_reads(documents: Documents) -> None:
    """Only a condition in brackets is, which nothing breaks."""
    for name, (_, document) in documents.items():
        lines = document["query"].splitlines()
        assert max(map(len, lines)) <= WIDE, name
        assert folded(lines) == document["query"], name


def _drop(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(name)


def _set(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update({name: value})


def broken() -> Iterator[Any]:
    for name in SCHEMA["required"]:
        if name != "kind":
            yield pytest.param(_drop(name), id=f"without {name}")
    yield pytest.param(_set("id", "delete-user"), id="an id that is no guid")
    yield pytest.param(_set("name", "x" * 257), id="a name too long")
    yield pytest.param(_set("query", "x" * 10_001), id="a query too long")
    yield pytest.param(_set("tactics", ["Stealth"]), id="a tactic that Sentinel has not")
    yield pytest.param(_set("queryFrequency", "4m"), id="too often")
    yield pytest.param(_set("queryFrequency", "90s"), id="seconds")
    yield pytest.param(_set("queryPeriod", "15d"), id="too far back")
    yield pytest.param(_set("queryPeriod", "2d"), id="two days back every quarter of an hour")
    yield pytest.param(_set("customDetails", {"An-Id": "EventId"}), id="a detail of odd name")
    yield pytest.param(_set("customDetails", {"Other": "EventId"}), id="grouped by another detail")
    yield pytest.param(_set("version", "1.0"), id="a version of two numbers")


@pytest.mark.parametrize("change", tuple(broken()))
def test_a_fault_is_found(documents: Documents, change: Callable[[dict[str, Any]], None]) -> None:
    _, sound = documents["detections/Detections/AWSCloudTrail/AwsDetectionDiscoveryBurst.yaml"]
    document = deepcopy(sound)
    assert faults(document) == []
    change(document)
    assert faults(document)
