"""Regression data as SigmaHQ keeps it: for each base rule an `info.yml` and a log, and in the rule the path of both.

The log of a rule holds one call that it finds and calls that it does not, so that `match_count` is 1. Which they are
follows from the cascade's document, not from the rule.
https://github.com/SigmaHQ/sigma/blob/master/regression_data/README.md
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..query import Query
from ..sample_cases import Json
from ..target import Artefact
from .detection import Map
from .rules import About, Written
from .text import to_yaml

FOLDER = PurePosixPath("regression_data", "rules", "cloud", "aws", "cloudtrail")
_MOST_OTHERS = 4
_DENIED = ("AccessDenied", "User is not authorized to perform this operation")


@dataclass(frozen=True, slots=True)
class Tried:
    """The rules, those that have one with their `regression_tests_path`, and the files that this names."""

    rules: tuple[Map, ...]
    files: tuple[Artefact, ...]


@dataclass(frozen=True, slots=True)
class _Log:
    what: str
    found: Json
    others: tuple[Json, ...]


def tried(written: Written, query: Query, records: Mapping[str, Json], name: str) -> Tried:
    """Regression data for the base rules of a query, a folder each below that of `name`, the rules' file.

    `records`: a record for each of the query's nodes, by name. A rule has no data where none of them can be made
    into a call that it finds.
    """
    rules, files = [], []
    for rule in written.rules:
        about = written.about.get(rule["id"])
        log = _log(query, records, about) if about is not None else None
        if log is None:
            rules.append(rule)
            continue
        folder = FOLDER / name / rule["name"]
        rules.append(_pointing(rule, folder / "info.yml"))
        lines = (json.dumps(each, separators=(",", ":")) for each in (log.found, *log.others))
        path = folder / f"{rule['id']}.json"
        files.append(Artefact(folder / "info.yml", to_yaml((), [_info(rule, log, path)])))
        files.append(Artefact(path, "".join(f"{line}\n" for line in lines)))
    return Tried(tuple(rules), tuple(files))


def _pointing(rule: Map, path: PurePosixPath) -> Map:
    """The rule with the path, which stands last in SigmaHQ's rules."""
    return {**rule, "regression_tests_path": str(path)}


def _info(rule: Map, log: _Log, path: PurePosixPath) -> Map:
    return {
        "id": str(uuid5(NAMESPACE_URL, f"cloudcascade:sigma:regression:{rule['id']}")),
        "description": log.what,
        "date": rule["date"],
        "author": rule["author"],
        "rule_metadata": [{"id": rule["id"], "title": rule["title"]}],
        "regression_tests_info": [
            {
                "name": "Positive Detection Test",
                "type": "ndjson",
                "match_count": 1,
                "path": str(path),
            }
        ],
    }


def _log(query: Query, records: Mapping[str, Json], about: About) -> _Log | None:
    record = records.get(about.node)
    if record is None or not all(_value(record, path) for path in about.holding):
        return None
    action = _action(record)
    others = [each for each in records.values() if _action(each) != action][:_MOST_OTHERS]
    alike = [node for node in query.nodes if _names(node.pattern.action, record)]
    may_fail = any(node.pattern.may_fail for node in alike) or (
        _names(query.root.action, record) and query.root.may_fail
    )
    if about.lacking:
        return _lacking(record, about.lacking, others)
    if not about.other:
        denied = () if may_fail else (_denied(record),)
        return _Log("The call, and others that are not found.", record, (*denied, *others))
    if may_fail:
        return None
    return _Log(
        "A call that was denied, and others that are not found.",
        _denied(record),
        (record, *others),
    )


def _lacking(record: Json, fields: Sequence[str], others: Sequence[Json]) -> _Log | None:
    for path in fields:
        if _value(record, path):
            changed = _another(record)
            parent, _, last = path.rpartition(".")
            del (_value(changed, parent) if parent else changed)[last]
            what = f"A call without {path}, and others that are not found."
            return _Log(what, changed, (record, *others))
    return None


def _value(record: Json, path: str) -> Any:
    held: Any = record
    for member in path.split("."):
        held = held.get(member) if isinstance(held, dict) else None
    return held


def _action(record: Json) -> tuple[Any, Any]:
    return record["eventSource"], record["eventName"]


def _names(action: str, record: Json) -> bool:
    service, _, name = action.partition(":")
    return _action(record) == (f"{service}.amazonaws.com", name)


def _denied(record: Json) -> Json:
    """The call as it stands in the log where it was refused."""
    code, message = _DENIED
    refused = {"errorCode": code, "errorMessage": message, "responseElements": None}
    return {**_another(record), **refused}


def _another(record: Json) -> Json:
    """The same call once more: another event."""
    return {**deepcopy(record), "eventID": str(uuid5(NAMESPACE_URL, str(record["eventID"])))}
