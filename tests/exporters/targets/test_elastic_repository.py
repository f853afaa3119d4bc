"""Elastic's rules as files of a detection-rules repository: its facts, and where it is there, its own tools.

The repository is no package of a registry. Whoever has a checkout puts it and its environment below .dev:

    git clone https://github.com/elastic/detection-rules .dev/detection-rules
    cd .dev/detection-rules && python3.12 -m venv venv && venv/bin/pip install ./lib/kql ./lib/kibana '.[dev]'
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cloudcascade.catalog import Controller, technique
from cloudcascade.exporters.detections import DETECTIONS, Lineage
from cloudcascade.exporters.export import export_detections, write
from cloudcascade.exporters.languages.elastic.threat import threat, threat_18
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.target import Artefact
from cloudcascade.tests.support.golden import SUPPRESSIBLE, make_export, make_options

SCHEMA = json.loads(Path(__file__).with_name("elastic_rule.schema.json").read_text())
CONTROLLERS = (
    Controller(name="one", arn="arn:aws:iam::111111111111:role/one"),
    Controller(name="two", arn="arn:aws:iam::111111111111:role/two"),
)


@cache
def artefacts() -> tuple[Artefact, ...]:
    target = find_target("elastic")
    wanted = [each for each in DETECTIONS if not isinstance(each, Lineage)]
    options = make_options(controllers=CONTROLLERS)
    return (
        *make_export("elastic", SUPPRESSIBLE).artefacts,
        *make_export("elastic", SUPPRESSIBLE, "origin").artefacts,
        *export_detections(wanted, target, target.styles[0], options),
    )


def files() -> dict[str, dict[str, Any]]:
    found = {
        each.path.name: tomllib.loads(each.text)
        for each in artefacts()
        if each.path.suffix == ".toml"
    }
    assert len(found) > 30
    return found


def imported() -> Iterator[dict[str, Any]]:
    for each in artefacts():
        if each.path.suffix == ".ndjson":
            yield from map(json.loads, each.text.splitlines())


def problems(document: dict[str, Any]) -> list[str]:
    return [each.message for each in Draft202012Validator(SCHEMA).iter_errors(document)]


def test_every_file_is_one_of_the_repository() -> None:
    assert {name: found for name, each in files().items() if (found := problems(each))} == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tags", ["Domain: Cloud", "cloudcascade"]),
        ("threat", []),
        ("rule_id", "aws.iam.delete-user"),
        ("from", "now-1w"),
        ("interval", "0m"),
        ("severity", "high"),
        ("enabled", False),
        ("setup", ""),
        ("query", "FROM logs-aws.cloudtrail-*\n| WHERE true"),
    ],
)
def test_a_file_that_is_none_is_found(name: str, value: Any) -> None:
    document = files()["aws_iam_delete_user_not_explained.toml"]
    assert problems({**document, "rule": {**document["rule"], name: value}})


def test_no_two_rules_share_an_id_or_a_file() -> None:
    ids = [each["rule"]["rule_id"] for each in files().values()]
    assert len(set(ids)) == len(ids)
    paths = [each.path for each in artefacts()]
    assert len(set(paths)) == len(paths)


def test_the_repository_and_the_import_hold_the_same_rules() -> None:
    kept = {each["rule"]["rule_id"]: each["rule"] for each in files().values()}
    for rule in imported():
        mine = kept.pop(rule["rule_id"])
        for name in ("name", "query", "interval", "from", "note", "type", "setup", "description"):
            assert mine[name] == rule[name]
    assert kept == {}


def test_every_rule_names_tactics_and_techniques_of_the_catalogue() -> None:
    for rule in imported():
        assert rule["threat"], rule["name"]
        for entry in rule["threat"]:
            assert f"Tactic: {entry['tactic']['name']}" in rule["tags"]
            for each in (*entry["technique"], *sub_techniques(entry)):
                known = technique(each["id"])
                assert known is not None
                assert (known.name, known.url) == (each["name"], each["reference"])
                assert entry["tactic"]["id"] in {tactic.id for tactic in known.tactics}


def sub_techniques(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for each in entry["technique"]:
        yield from each.get("subtechnique", ())


def test_each_tactic_stands_once_and_holds_sub_techniques_below_their_technique() -> None:
    entries = threat(["T1098.001", "T1098.003", "T1098"])
    assert [entry["tactic"]["id"] for entry in entries] == ["TA0003", "TA0004"]
    (account_manipulation,) = entries[0]["technique"]
    assert account_manipulation["id"] == "T1098"
    assert [each["id"] for each in account_manipulation["subtechnique"]] == [
        "T1098.001",
        "T1098.003",
    ]


@pytest.mark.parametrize(
    ("now", "then", "name"),
    [
        ("T1685", "T1562.001", "Disable or Modify Tools"),
        ("T1685.002", "T1562.008", "Disable or Modify Cloud Logs"),
        ("T1686.001", "T1562.007", "Disable or Modify Cloud Firewall"),
    ],
)
def test_the_repository_reads_version_18_of_attack(now: str, then: str, name: str) -> None:
    (entry,) = threat_18([now])
    assert (entry["tactic"]["id"], entry["tactic"]["name"]) == ("TA0005", "Defense Evasion")
    (impair,) = entry["technique"]
    assert (impair["id"], impair["name"]) == ("T1562", "Impair Defenses")
    assert [(each["id"], each["name"]) for each in impair["subtechnique"]] == [(then, name)]
    # MITRE says of the old id that the new one took its place.
    old = technique(then)
    assert old is not None
    assert (old.name, old.revoked_by) == (name, now)


def test_a_text_reads_as_it_is_and_any_text_comes_back() -> None:
    (rule,) = (
        each.text
        for each in artefacts()
        if each.path.name.endswith("delete_user_not_explained.toml")
    )
    assert "\nquery = '''\nFROM logs-aws.cloudtrail-* METADATA _id, _version, _index\n" in rule
    hostile = "a'''\n'\"\"\"\\ \x07 b'"
    target = find_target("elastic")
    (detection,) = (each for each in DETECTIONS if each.id.endswith("discovery-burst"))
    made = export_detections(
        [replace(detection, description=hostile, misses=(hostile,))],
        target,
        target.styles[0],
        make_options(owner=hostile),
    )
    (read,) = (tomllib.loads(each.text) for each in made if each.path.suffix == ".toml")
    (rule_of_kibana,) = (json.loads(each.text) for each in made if each.path.suffix == ".ndjson")
    assert read["metadata"]["extended"]["owner"] == hostile
    assert read["rule"]["note"] == rule_of_kibana["note"]


REPOSITORY = Path(__file__).parents[3] / ".dev" / "detection-rules"
PYTHON = REPOSITORY / "venv" / "bin" / "python"
# These ask Git for the repository's own history, or have rules of their own on other integrations.
NOT_OURS = (
    "test_deprecated_rules_modified",
    "test_rule_change_has_updated_date",
    "test_invalid_queries",
)


def ask(rules: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-m", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **({"CUSTOM_RULES_DIR": str(rules)} if rules else {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder of custom rules with all that the exporter makes."""
    made = ask(None, "detection_rules", "custom-rules", "setup-config", str(tmp_path), "9.5.0")
    assert (tmp_path / "_config.yaml").exists(), made.stderr
    write([each for each in artefacts() if each.path.suffix == ".toml"], tmp_path)
    (tmp_path / "etc" / "test_config.yaml").write_text("unit_tests:\n  bypass: []\n")
    return tmp_path


# No registry has it, so that where it is not there nothing is skipped for want of it.
if PYTHON.exists():

    def test_the_repository_validates_every_rule(checkout: Path) -> None:
        found = ask(checkout, "detection_rules", "validate-all")
        assert "Rule validation successful" in found.stdout, found.stdout + found.stderr
        for name in ("aws_iam_delete_user_not_explained", "aws_detection_discovery_burst"):
            path = checkout / "rules" / "integrations" / "aws" / f"{name}.toml"
            assert ask(checkout, "detection_rules", "validate-rule", str(path)).returncode == 0

    def test_the_repositorys_rule_tests_pass(checkout: Path) -> None:
        deselected = " and ".join(f"not {each}" for each in NOT_OURS)
        found = ask(checkout, "pytest", "-q", "tests/test_all_rules.py", "-k", deselected)
        assert found.returncode == 0, found.stdout[-4_000:]
        assert " passed" in found.stdout

    def test_the_repositorys_rule_tests_find_a_fault(checkout: Path) -> None:
        path = checkout / "rules" / "integrations" / "aws" / "aws_detection_discovery_burst.toml"
        path.write_text(path.read_text().replace('name = "Discovery"', 'name = "Impact"'))
        found = ask(checkout, "pytest", "-q", "tests/test_all_rules.py", "-k", "tactic")
        assert found.returncode == 1
        assert "test_tactic_to_technique_correlations" in found.stdout
