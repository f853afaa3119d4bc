"""Runs the commands of exporters/languages/elastic/esql.py over events, by the rules of Elastic's reference."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.languages.elastic.esql import Command, Comment, Eval, InlineStats, Where
from cloudcascade.exporters.languages.expressions import Call, Expression, Field, Operation, Value

from .cloudtrail import Event

Row = dict[str, Any]


def rows_of(events: Iterable[Event], actions: Sequence[str]) -> list[Row]:
    """The events of these actions as the AWS integration stores them, an event id once."""
    found: dict[str, Row] = {}
    fields = field_map("ecs")
    for event in events:
        service = event["eventSource"].removesuffix(".amazonaws.com")
        if f"{service}:{event['eventName']}" not in actions:
            continue
        row: Row = {}
        for path, name in fields.fields.items():
            value: Any = event
            for member in path.split("."):
                value = value.get(member) if isinstance(value, dict) else None
            # The integration drops what is empty before it does anything else.
            row[name] = None if value == "" else value
        for path, name in fields.below.items():
            row[name] = event.get(path)
        failed = event.get("errorCode") or event.get("errorMessage")
        row["event.outcome"] = "failure" if failed else "success"
        row["@timestamp"] = int(datetime.fromisoformat(event["eventTime"]).timestamp()) * 1_000
        found[event["eventID"]] = row
    return list(found.values())


def run(commands: Sequence[Command], rows: list[Row]) -> list[Row]:
    """The rows that are left, with the columns that the commands gave them."""
    for command in commands:
        match command:
            case Eval(columns):
                for row in rows:
                    for name, expression in columns:
                        row[name] = value_of(expression, row)
            case Where(condition):
                rows = [row for row in rows if value_of(condition, row) is True]
            case InlineStats(aggregates, of, mark, by):
                _inline_stats(rows, aggregates, of, mark, by)
            case Comment():
                pass
    return rows


def _inline_stats(
    rows: list[Row],
    aggregates: Sequence[tuple[str, str]],
    of: str,
    mark: str,
    by: Sequence[str],
) -> None:
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        found = groups.setdefault(tuple(row.get(name) for name in by), [])
        if row[mark] is True and row[of] is not None:
            found.append(row[of])
    for row in rows:
        found = groups[tuple(row.get(name) for name in by)]
        for name, function in aggregates:
            match function:
                case "COUNT":
                    row[name] = len(found)
                case "MIN":
                    row[name] = min(found, default=None)
                case "MAX":
                    row[name] = max(found, default=None)


def value_of(expression: Expression, row: Row) -> Any:
    match expression:
        case Field(name):
            return row.get(name)
        case Value(value):
            return value
        case Operation(operator, operands):
            return _operated(operator, [value_of(operand, row) for operand in operands])
        case Call("CASE", arguments):
            pairs, rest = arguments[: len(arguments) // 2 * 2], arguments[len(arguments) // 2 * 2 :]
            for test, result in zip(pairs[::2], pairs[1::2], strict=True):
                if value_of(test, row) is True:
                    return value_of(result, row)
            return value_of(rest[0], row) if rest else None
        case Call(name, arguments):
            return _called(name, [value_of(argument, row) for argument in arguments])


def _operated(operator: str, values: list[Any]) -> Any:
    match operator:
        case "AND":
            return False if False in values else None if None in values else True
        case "OR":
            return True if True in values else None if None in values else False
    if None in values:
        return None
    one, other = values
    match operator:
        case "==":
            return bool(one == other)
        case "!=":
            return bool(one != other)
        case "<=":
            return one <= other
        case ">=":
            return one >= other
        case ">":
            return one > other
        case "<":
            return one < other
        case "+":
            return one + other
        case "-":
            return one - other
        case "RLIKE":
            # Lucene's dot is any character.
            return re.fullmatch(other, str(one), re.DOTALL) is not None
    raise ValueError(operator)


def _called(name: str, values: list[Any]) -> Any:
    first = values[0] if values else None
    match name:
        case "NULL":
            return None
        case "FALSE":
            return False
        case "IS NULL" | "IS NOT NULL":
            return (first is None) == (name == "IS NULL")
        case "COALESCE":
            return next((value for value in values if value is not None), None)
        case "NOT":
            return None if first is None else not first
    if None in values:
        return None
    match name:
        case "IN":
            return first in values[1:]
        case "MV_COUNT":
            return len(first) if isinstance(first, list) else 1
        case "TO_LONG":
            return first
        case "TO_STRING":
            return str(first)
        case "TO_LOWER":
            return str(first).lower()
        case "SUBSTRING":
            start, length = values[1:]
            return str(first)[start - 1 : start - 1 + length]
        case "REPLACE":
            return re.sub(values[1], values[2], str(first))
        case "CONCAT":
            return "".join(map(str, values))
        case "STARTS_WITH":
            return str(first).startswith(values[1])
        case "ENDS_WITH":
            return str(first).endswith(values[1])
        case "FIELD_EXTRACT":
            return _leaf(first, values[1])
    raise ValueError(f"not modelled: {name}")


def _leaf(flattened: Any, path: str) -> Any:
    """A leaf of a flattened field, which keeps every leaf as a text; of a list, the set of its leaves.

    Nothing tells a list of one element from the element.
    """
    value = flattened
    for member in path.split("."):
        value = value.get(member) if isinstance(value, dict) else None
    leaves = sorted(
        {_text(each) for each in (value if isinstance(value, list) else [value])} - {""}
    )
    return leaves if len(leaves) > 1 else leaves[0] if leaves else None


def _text(leaf: Any) -> str:
    if isinstance(leaf, bool):
        return str(leaf).lower()
    return "" if leaf is None or isinstance(leaf, dict | list) else str(leaf)
