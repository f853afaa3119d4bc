"""The AWSCloudTrail table: its columns, and what the connector writes into them.

https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from ....exporters.field_maps import field_map
from ...expression import Value
from ...rule import EXPLAINED, Json, Spelling
from .values import member, text

TABLE: Final = "AWSCloudTrail"
_FILE = Path(__file__).parents[2] / "data" / "fields" / "sentinel.yaml"
_STEP = re.compile(r'\.([A-Za-z_]\w*)|\[(-?\d+)\]|\[("(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the path in CloudTrail's own spelling, None where it is not known, and Kusto's type."""

    path: str | None
    type: str = "string"
    json: bool = False


@cache
def columns() -> Mapping[str, Column]:
    """All columns by name."""
    fields = field_map("sentinel")
    more: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    types: Mapping[str, str] = more["types"]
    found = {name: Column(path, types.get(name, "string")) for path, name in fields.fields.items()}
    for path, name in fields.below.items():
        found[name.removesuffix("[]")] = Column(path.removesuffix("[]"), json=True)
    for name, about in more["columns"].items():
        found[name] = Column(about["path"], about.get("type", "string"))
    found |= {name: Column(None) for name in more["unknown"]}
    return found


@cache
def column_of() -> Mapping[str, str]:
    """The column's name by CloudTrail's path."""
    return {each.path: name for name, each in columns().items() if each.path}


def below(name: str, key: str | int) -> str:
    """The name of the member `key` of the field `name`."""
    if isinstance(key, int):
        return f"{name}[{key}]"
    return f"{name}.{key}" if re.fullmatch(r"[A-Za-z_]\w*", key) else f"{name}[{json.dumps(key)}]"


@lru_cache(maxsize=16_384)
def _steps(name: str) -> tuple[str, tuple[str | int, ...]]:
    column = re.match(r"\w*", name)
    head = column[0] if column else ""
    steps = tuple(
        plain or (int(number) if number else json.loads(quoted))
        for plain, number, quoted in _STEP.findall(name, len(head))
    )
    return head, steps


def path_of(name: str) -> str | None:
    """CloudTrail's path of a column, or of a member of one that holds JSON."""
    head, steps = _steps(name)
    column = columns().get(head)
    if column is None or column.path is None:
        return None
    parts = [step for step in steps if isinstance(step, str) and "." not in step]
    return ".".join([column.path, *parts]) if len(parts) == len(steps) else None


@lru_cache(maxsize=1_024)
def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def value_of(record: Json, name: str) -> Value:
    """What the table holds: a text that is missing is empty, all else null."""
    if name == EXPLAINED:
        return record.get(EXPLAINED)
    head, steps = _steps(name)
    column = columns()[head]
    found: Value = record
    for step in _split(column.path or ""):
        found = found.get(step) if isinstance(found, dict) else None
    if steps:
        for key in steps:
            found = member(found, key)
        return found
    if column.type == "bool":
        if isinstance(found, str):
            return {"true": True, "false": False}.get(found.lower())
        return found if isinstance(found, bool) else None
    return text(found)


SPELLING: Final = Spelling("sentinel", value_of, path_of)
