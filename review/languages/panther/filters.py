"""Panther's inline filters: what an event must fulfil before a rule sees it.

https://docs.panther.com/detections/rules/inline-filters

The page says that a filter passes where the field is missing, and what its comparators say of null is told for some
of them only. What a filter says of a field that is not there therefore cannot be told, except by those that ask
whether it is there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Function, Literal, Value, both, either, negated

_DEEPEST = 40


def condition(filters: Any) -> Expression | None:
    """What `InlineFilters` ask; None where they let everything through.

    Raises:
        NotJudged: a filter is none that is known here.
    """
    if filters is None:
        return None
    parts = list(_parts(filters, 0))
    asked = [each for each in parts if not isinstance(each, Literal)]
    return both(*asked) if asked else None


def _parts(filters: Any, depth: int) -> Iterator[Expression]:
    if depth > _DEEPEST:
        raise NotJudged("its inline filters are nested too deeply")
    if not isinstance(filters, list):
        raise NotJudged("its inline filters are no list")
    for each in filters:
        yield _part(each, depth)


def _part(written: Any, depth: int) -> Expression:
    if not isinstance(written, dict):
        raise NotJudged("an inline filter is no mapping")
    if "Condition" in written:
        return _comparison(written)
    if len(written) == 1:
        ((name, below),) = written.items()
        if name == "All":
            return both(*_parts(below, depth + 1))
        if name == "Any":
            return either(*_parts(below, depth + 1)) if below else Literal(True)
        if name == "None":
            return negated(either(*_parts(below, depth + 1)))
    raise NotJudged(f"an inline filter of {', '.join(map(str, written))} is not known here")


def _comparison(written: Mapping[Any, Any]) -> Expression:
    name = written["Condition"]
    field = written.get("KeyPath", written.get("Key"))
    if not isinstance(field, str) or not isinstance(name, str) or name not in FUNCTIONS:
        raise NotJudged(f"the inline filter {name} is not known here")
    if any(mark in field for mark in "[]*$"):
        raise NotJudged(f"the inline filter's path {field} is no chain of members")
    if name in _ALONE:
        return Call(name, (Field(field),))
    if name in _OF_MANY:
        values = written.get("Values")
        if not isinstance(values, list) or any(isinstance(each, dict | list) for each in values):
            raise NotJudged(f"the inline filter {name} on {field} names no values")
        return Call(name, (Field(field), Literal(tuple(values))))
    if "Value" not in written or isinstance(written["Value"], dict | list):
        raise NotJudged(f"the inline filter {name} on {field} names no value")
    return Call(name, (Field(field), Literal(written["Value"])))


def value_at(record: Mapping[str, Any], name: str) -> Value:
    """What stands at a path of members, joined by dots; None where there is nothing."""
    at: Any = record
    for member in name.split("."):
        if not isinstance(at, Mapping):
            return None
        at = at.get(member)
    return at


def _same(value: Value, other: Value) -> bool:
    return type(value) is type(other) and bool(value == other)


def _equal(value: Value, other: Value) -> bool | None:
    return None if value is None else _same(value, other)


def _in(value: Value, others: Value) -> bool | None:
    return None if value is None else any(_same(value, each) for each in others)


def _starts(value: Value, start: Value) -> bool | None:
    return None if value is None else isinstance(value, str) and value.startswith(str(start))


def _ends(value: Value, end: Value) -> bool | None:
    return None if value is None else isinstance(value, str) and value.endswith(str(end))


def _contains(value: Value, part: Value) -> bool | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str(part) in value
    return isinstance(value, list) and any(_same(each, part) for each in value)


def _empty(value: Value) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _not(function: Function) -> Function:
    def opposite(*arguments: Value) -> bool | None:
        answer = function(*arguments)
        return None if answer is None else not answer

    return opposite


_ALONE = frozenset({"IsNullOrEmpty", "IsNotNullOrEmpty"})
_OF_MANY = frozenset({"IsIn", "IsNotIn"})
FUNCTIONS: Mapping[str, Function] = {
    "Equals": _equal,
    "DoesNotEqual": _not(_equal),
    "IsIn": _in,
    "IsNotIn": _not(_in),
    "StartsWith": _starts,
    "DoesNotStartWith": _not(_starts),
    "EndsWith": _ends,
    "DoesNotEndWith": _not(_ends),
    "Contains": _contains,
    "DoesNotContain": _not(_contains),
    "IsNullOrEmpty": _empty,
    "IsNotNullOrEmpty": _not(_empty),
}
"""The comparators that are known, by Panther's names."""
