"""What Splunk holds of a CloudTrail record: members extracted from JSON, and what the Add-on for AWS makes of them.

Automatic extraction names a member by its path, with `{}` behind a list; a list gives a field of several values:
https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Spath
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from ...expression import Value
from ...rule import EXPLAINED, Json, Spelling

_FILE = Path(__file__).parents[2] / "data" / "fields" / "splunk.yaml"
RAW = "_raw"
JSON = "_raw:"
"""Before a path: what `json_extract` and `spath` find there, an object or a list as its JSON."""
# Where a CloudTrail search reads is not said by a record.
PLACES = frozenset({"index", "source", "host", "splunk_server"})


@dataclass(frozen=True, slots=True)
class AddOn:
    """The fields of the add-on: see the data file."""

    constants: Mapping[str, str]
    aliases: Mapping[str, str]
    first_of: Mapping[str, tuple[str, ...]]
    undecided: frozenset[str]
    members: frozenset[str]


@cache
def add_on() -> AddOn:
    """The add-on's fields, from `data/fields/splunk.yaml`."""
    read = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return AddOn(
        read["constants"],
        read["aliases"],
        {name: tuple(paths) for name, paths in read["first_of"].items()},
        frozenset(read["undecided"]),
        frozenset(read["members"]),
    )


def exists(name: str) -> bool:
    """Whether a record may have a field of that name, even if nothing can be said of what is in it."""
    return unknown(name) is None or name in add_on().undecided or name in PLACES


def unknown(name: str) -> str | None:
    """Why nothing can be said of what is in the field; None where it can.

    `aws_account_id` and everything of the data file is known, and members of a record.
    """
    fields = add_on()
    if name in fields.undecided:
        return f"the add-on derives `{name}` by the event's name, in each version in another way"
    if name in (RAW, EXPLAINED, "aws_account_id") or name.startswith(JSON):
        return None
    if name in fields.constants or name in fields.aliases or name in fields.first_of:
        return None
    if name in PLACES or name in ("_time", "_indextime") or name.startswith("date_"):
        return f"`{name}` is no member of a record"
    head = name.partition(".")[0].partition("{")[0]
    if head not in fields.members:
        return f"`{name}` is no field of CloudTrail or of the Splunk Add-on for AWS"
    return None


def _path(name: str) -> str | None:
    fields = add_on()
    if name.startswith(JSON):
        return name.removeprefix(JSON)
    if name in fields.constants or name in fields.first_of or name in (RAW, "aws_account_id"):
        return None
    if name == EXPLAINED:
        return EXPLAINED
    return fields.aliases.get(name, name).replace("{}", "[]") if unknown(name) is None else None


def _value(record: Json, name: str) -> Value:
    return _reader(name)(record)


SPELLING = Spelling("splunk", _value, _path)
"""The Splunk Add-on for AWS, sourcetype aws:cloudtrail."""

_Reader = Callable[[Json], Value]


@lru_cache(maxsize=4096)
def _reader(name: str) -> _Reader:
    fields = add_on()
    if name == EXPLAINED:
        return lambda record: "explained" if record.get(EXPLAINED) else None
    if name == RAW:
        return lambda record: _dumped(
            {key: held for key, held in record.items() if key != EXPLAINED}
        )
    if name.startswith(JSON):
        steps = _steps(name.removeprefix(JSON))
        return lambda record: _several(_json(held) for held in _walk(record, steps))
    if name in fields.constants:
        constant = fields.constants[name]
        return lambda record: constant
    if name in fields.first_of:
        readers = [_reader(path) for path in fields.first_of[name]]
        return lambda record: next((held for read in readers if (held := read(record))), None)
    if name == "errorCode":
        return _error_code
    if name == "aws_account_id":
        return _account
    steps = _steps(fields.aliases.get(name, name))
    if len(steps) == 1 and not steps[0][1]:
        member = steps[0][0]
        return lambda record: _leaf(record.get(member))
    return lambda record: _several(map(_leaf, _walk(record, steps)))


def _error_code(record: Json) -> Value:
    # The add-on puts an outcome in where AWS says nothing.
    code = _leaf(record.get("errorCode"))
    if code is not None:
        return code
    answer = record.get("responseElements")
    login = answer.get("ConsoleLogin") if isinstance(answer, dict) else None
    return "failure" if login == "Failure" else "success"


def _account(record: Json) -> Value:
    identity = record.get("userIdentity")
    held: Mapping[str, Any] = identity if isinstance(identity, dict) else {}
    if held.get("type") in ("AWSAccount", "AWSService"):
        return _leaf(record.get("recipientAccountId"))
    return _leaf(held.get("accountId"))


def _steps(path: str) -> tuple[tuple[str, int], ...]:
    """Members, and how many lists are stepped into behind each."""
    found = []
    for part in path.replace("[]", "{}").split("."):
        name = part
        while name.endswith("{}"):
            name = name[:-2]
        found.append((name, (len(part) - len(name)) // 2))
    return tuple(found)


def _walk(held: Any, steps: tuple[tuple[str, int], ...]) -> Iterator[Any]:
    at = [held]
    for name, lists in steps:
        at = [each[name] for each in at if isinstance(each, dict) and name in each]
        for _ in range(lists):
            at = [inner for each in at if isinstance(each, list) for inner in each]
    yield from at


def _leaf(held: Any) -> str | None:
    if isinstance(held, str):
        return held
    if held is None or isinstance(held, dict | list):
        return None
    if isinstance(held, bool):
        return "true" if held else "false"
    return str(held)


def _json(held: Any) -> str | None:
    return _dumped(held) if isinstance(held, dict | list) else _leaf(held)


def _dumped(held: Any) -> str:
    return json.dumps(held, separators=(",", ":"), ensure_ascii=False)


def _several(found: Iterator[str | None]) -> Value:
    values = [each for each in found if each is not None]
    return values if len(values) > 1 else values[0] if values else None
