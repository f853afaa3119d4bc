"""Runs the commands of exporters/languages/splunk/spl.py over events, by the rules of Splunk's reference."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from math import floor
from operator import ge, gt, le, lt, mul, sub, truediv
from typing import Any

from cloudcascade.exporters.languages.expressions import Call, Expression, Field, Operation, Value
from cloudcascade.exporters.languages.splunk.spl import (
    AddInfo,
    Command,
    Distinct,
    Eval,
    Macro,
    Nearest,
    Number,
    Once,
    Text,
    Versions,
    Where,
)

from .cloudtrail import Event

Row = dict[str, Any]


def rows_of(events: Iterable[Event], actions: Sequence[str]) -> list[Row]:
    """The events of these actions as the base search reads them, fields extracted from JSON."""
    found = []
    for event in events:
        service = event["eventSource"].removesuffix(".amazonaws.com")
        if f"{service}:{event['eventName']}" not in actions:
            continue
        row: Row = {"_raw": json.dumps(event)}
        _extract(row, "", event)
        row["_time"] = int(datetime.fromisoformat(event["eventTime"]).timestamp())
        found.append(row)
    return found


def _extract(row: Row, path: str, value: Any) -> None:
    if isinstance(value, dict):
        for name, held in value.items():
            _extract(row, f"{path}.{name}" if path else name, held)
    elif isinstance(value, list):
        for held in value:
            _extract(row, path + "{}", held)
    elif value is not None:
        row[path] = str(value).lower() if isinstance(value, bool) else str(value)


def run(
    commands: Sequence[Command],
    rows: list[Row],
    began: int = 0,
    ended: int = 0,
    started: int | None = None,
) -> list[Row]:
    """The rows that are left, with the fields that the commands gave them.

    `began` and `ended`: the search's time range, 0 where it has no beginning; `started`: when it ran, then or later.
    """
    for row in rows:
        row["now()"] = ended if started is None else started
    for command in commands:
        match command:
            case Eval(fields):
                for row in rows:
                    for name, expression in fields:
                        row[name] = _value(expression, row)
            case Where(condition):
                rows = [row for row in rows if _value(condition, row) is True]
            case Versions(id_, record, count):
                unlike = {(row[id_], row[record]): row for row in reversed(rows)}
                many = Counter(of for of, _ in unlike)
                rows = [{**row, count: many[row[id_]]} for row in unlike.values()]
            case Number(name):
                rows = [{**row, name: len(rows)} for row in rows]
            case Once(name):
                first = {row[name]: row for row in reversed(rows) if row.get(name) is not None}
                rows = list(reversed(first.values()))
            case Distinct(source, name, by, window):
                rows = _distinct(rows, source, name, by, window)
            case AddInfo():
                rows = [{**row, "info_min_time": began, "info_max_time": ended} for row in rows]
            case Macro(_, inner):
                rows = run(inner, rows, began, ended, started)
            case Nearest(source, name, by, backwards, own):
                rows = _streamstats(rows, source, name, by, backwards, own)
            case Text(text):
                raise ValueError(f"not modelled: {text}")
    return rows


def _streamstats(
    rows: list[Row], source: str, name: str, by: Sequence[str], backwards: bool, own: bool
) -> list[Row]:
    ordered = sorted(rows, key=lambda row: (row["_time"], row["event_id"]), reverse=backwards)
    last: dict[tuple[Any, ...], Any] = {}
    for row in ordered:
        row[name] = None
        group = tuple(row.get(field) for field in by)
        if None in group:
            continue
        if own and row.get(source) is not None:
            last[group] = row[source]
        row[name] = last.get(group)
        if row.get(source) is not None:
            last[group] = row[source]
    return ordered


def _distinct(rows: list[Row], source: str, name: str, by: Sequence[str], window: int) -> list[Row]:
    ordered = sorted(rows, key=lambda row: (row["_time"], row["event_id"]))
    for place, row in enumerate(ordered):
        group = tuple(row.get(field) for field in by)
        row[name] = None
        if None not in group:
            seen = [
                other.get(source)
                for other in ordered[: place + 1]
                if row["_time"] - other["_time"] <= window
                and tuple(other.get(field) for field in by) == group
            ]
            row[name] = len(set(seen) - {None})
    return ordered


def _value(expression: Expression, row: Row) -> Any:
    match expression:
        case Field(name):
            return row.get(name)
        case Value(value):
            return value
        case Operation(operator, operands):
            return _operated(operator, [_value(operand, row) for operand in operands])
        case Call("case", arguments):
            for test, result in zip(arguments[::2], arguments[1::2], strict=True):
                if _value(test, row) is True:
                    return _value(result, row)
            return None
        case Call("now", ()):
            return row["now()"]
        case Call("if", (test, yes, no)):
            return _value(yes if _value(test, row) is True else no, row)
        case Call(name, arguments):
            return _called(name, [_value(argument, row) for argument in arguments])


def _operated(operator: str, values: list[Any]) -> Any:
    if operator == "AND":
        return False if False in values else None if None in values else True
    if operator == "OR":
        return True if True in values else None if None in values else False
    if None in values:
        return None
    if operator == ".":
        return "".join(map(str, values))
    one, other = values
    if operator in ("==", "!="):
        return (str(one) == str(other)) == (operator == "==")
    return _NUMBERS[operator](one, other)


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "-": sub,
    "*": mul,
    "/": truediv,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def _called(name: str, values: list[Any]) -> Any:
    first = values[0] if values else None
    match name:
        case "null":
            return None
        case "true" | "false":
            return name == "true"
        case "isnull" | "isnotnull":
            return (first is None) == (name == "isnull")
        case "coalesce":
            return next((value for value in values if value is not None), None)
        case "NOT":
            return None if first is None else not first
    if first is None:
        return None
    match name:
        case "nullif":
            return None if first == values[1] else first
        case "md5":
            return hashlib.md5(str(first).encode(), usedforsecurity=False).hexdigest()
        case "lower":
            return str(first).lower()
        case "match":
            return re.search(values[1], str(first)) is not None
        case "replace":
            return re.sub(values[1], values[2], str(first))
        case "substr":
            start = values[1] - 1 if values[1] > 0 else values[1]
            end = start + values[2] if len(values) > 2 else None
            return str(first)[start:end]
        case "min":
            return min(values)
        case "floor":
            return floor(first)
        case "in":
            return first in values[1:]
        case "json_extract":
            return _json_extract(first, values[1])
    raise ValueError(f"not modelled: {name}")


def _json_extract(raw: str, path: str) -> Any:
    value = json.loads(raw)
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
