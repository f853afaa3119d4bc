"""Sigma's regression data: laid out as SigmaHQ wants it, and on SQLite each rule finds as many calls as is said."""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from cloudcascade.tests.support.golden import CATALOG, check_golden, make_export

pytest.importorskip("sigma", reason="pySigma is not installed")
pytest.importorskip("sigma.backends.sqlite", reason="pySigma's SQLite backend is not installed")

from sigma.collection import SigmaCollection
from sigma.validation import SigmaValidator
from sigma.validators.core import validators

SQLITE: Any = import_module("sigma.backends.sqlite").sqliteBackend
FULL = bool(os.environ.get("CASCADE_FULL"))
VPC = "aws.ec2.delete-vpc"
# Its origin is a service's, which names no caller.
CALLERLESS = "aws.cognito.hosted-ui"
SOME = tuple(
    dict.fromkeys((VPC, CALLERLESS, *(c.id for c in CATALOG.cascades[:: 4 if FULL else 12])))
)
STYLES: Mapping[str, Mapping[str, Any]] = {
    "rules": {},
    "absence": {"sigma_version": "2.2", "allow_fail_closed": True},
}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule, what its `info.yml` says, and the log that this names."""

    rule: Json
    info: Json
    log: tuple[Json, ...]

    @property
    def test(self) -> Json:
        (test,) = self.info["regression_tests_info"]
        assert isinstance(test, dict)
        return test


@cache
def files(style: str) -> Mapping[str, str]:
    made = make_export("sigma", SOME, style, beside=True, **STYLES[style])
    return {str(each.path): each.text for each in made.artefacts}


@cache
def rules(style: str) -> tuple[Json, ...]:
    return tuple(
        rule
        for path, text in files(style).items()
        if path.startswith("rules/cloud/")
        for rule in yaml.safe_load_all(text)
    )


@cache
def trials(style: str) -> tuple[Trial, ...]:
    return tuple(_trials(files(style), rules(style)))


def _trials(made: Mapping[str, str], written: Sequence[Json]) -> Iterator[Trial]:
    for rule in written:
        if "regression_tests_path" in rule:
            info = yaml.safe_load(made[rule["regression_tests_path"]])
            (test,) = info["regression_tests_info"]
            yield Trial(rule, info, tuple(map(json.loads, made[test["path"]].splitlines())))


def found(rule: Json, log: Sequence[Json]) -> list[str]:
    """The ids of the calls of `log` that the rule finds."""
    (query,) = SQLITE().convert(SigmaCollection.from_dicts([rule]))
    columns = dict.fromkeys(["eventID", *_fields(rule)])
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE logs ({', '.join(map(_quoted, columns))})")
    database.executemany(
        f"INSERT INTO logs VALUES ({', '.join('?' * len(columns))})",
        [[_at(record, name) for name in columns] for record in log],
    )
    database.row_factory = sqlite3.Row
    rows = database.execute(str(query).replace("<TABLE_NAME>", "logs")).fetchall()
    return [row["eventID"] for row in rows]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _fields(rule: Json) -> Iterator[str]:
    for part in rule["detection"].values():
        for each in part if isinstance(part, list) else [part]:
            if isinstance(each, dict):
                yield from (name.partition("|")[0] for name in each)


def _at(record: Json, path: str) -> Any:
    held: Any = record
    for member in path.split("."):
        held = held.get(member) if isinstance(held, dict) else None
    return held if isinstance(held, str | int) else None


@pytest.mark.parametrize("style", STYLES)
def test_each_rule_finds_as_many_calls_as_its_info_says(style: str) -> None:
    assert len(trials(style)) >= 8
    for each in trials(style):
        assert len(found(each.rule, each.log)) == each.test["match_count"], each.rule["name"]


@pytest.mark.parametrize("style", STYLES)
def test_each_log_holds_a_call_that_the_rule_does_not_find(style: str) -> None:
    for each in trials(style):
        assert len(each.log) > each.test["match_count"], each.rule["name"]
        assert len({record["eventID"] for record in each.log}) == len(each.log)


def test_a_rule_that_asks_for_another_call_fails_on_its_data() -> None:
    for each in trials("rules"):
        detection = {**each.rule["detection"]}
        detection["selection"] = {**detection["selection"], "eventName": "GetCallerIdentity"}
        assert not found({**each.rule, "detection": detection}, each.log)


@pytest.mark.parametrize("style", STYLES)
def test_every_rule_has_data_but_one_that_asks_for_a_caller_where_a_service_has_none(
    style: str,
) -> None:
    without = {rule["name"] for rule in rules(style) if "regression_tests_path" not in rule}
    assert without <= {"login_get_aws_cognito_hosted_ui"}


@pytest.mark.parametrize("style", STYLES)
def test_the_data_stand_as_the_runner_of_sigmahq_wants_them(style: str) -> None:
    """https://github.com/SigmaHQ/sigma/blob/master/regression_data/README.md, Validation rules."""
    ids = [each.info["id"] for each in trials(style)]
    assert len({*ids, *(each.rule["id"] for each in trials(style))}) == 2 * len(ids)
    for each in trials(style):
        path = PurePosixPath(each.test["path"])
        assert path.parent == PurePosixPath(each.rule["regression_tests_path"]).parent
        assert path.parts[:2] == ("regression_data", "rules")
        assert each.test["type"] == "ndjson"
        (metadata,) = each.info["rule_metadata"]
        assert path.stem == metadata["id"] == each.rule["id"]
        assert metadata["title"] == each.rule["title"]
        assert {"description", "date", "author"} < set(each.info)
    named = {each.rule["regression_tests_path"] for each in trials(style)}
    assert named == {path for path in files(style) if path.endswith("/info.yml")}


def test_a_rule_that_points_at_its_data_passes_the_validators() -> None:
    # Two of them ask for pages of the network.
    offline = [
        check for name, check in validators.items() if name not in ("attacktag", "d3_fendtag")
    ]
    read = SigmaCollection.from_dicts([dict(rule) for rule in rules("rules")])
    assert SigmaValidator(offline).validate_rules(iter(read.rules)) == []  # type: ignore[arg-type]


def test_without_samples_no_rule_points_at_data() -> None:
    made = make_export("sigma", [VPC])
    assert not any(
        "regression" in each.text or "regression" in str(each.path) for each in made.artefacts
    )


def test_golden_files() -> None:
    made = make_export("sigma", [VPC], beside=True).artefacts
    check_golden(
        "sigma-regression", [each for each in made if each.path.parts[0] == "regression_data"]
    )
