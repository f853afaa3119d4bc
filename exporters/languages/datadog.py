"""Datadog's log search syntax: https://docs.datadoghq.com/logs/explorer/search_syntax/"""

import unicodedata
from collections.abc import Iterable

from ..errors import CannotEncode
from ..field_maps import FieldMap
from ..query import Condition, Denied, Pattern, Test

# What has a meaning outside of quotation marks, a space included.
_SPECIAL = frozenset('+-=&|><!(){}[]^"“”~*?:\\#/ ')


def quoted(value: str) -> str:
    """A value that must be equal: in quotation marks nothing but `"` and `\\` has a meaning.

    Raises:
        CannotEncode: the value has a control character, which no query can hold.
    """
    _refuse_control(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def bare(value: str) -> str:
    """A part of a value beside a wildcard: every special character with a backslash.

    Raises:
        CannotEncode: the value has a control character, which no query can hold.
    """
    _refuse_control(value)
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in value)


def attribute(path: str) -> str:
    """The attribute of that path, as a query writes it."""
    return "@" + "".join(f"\\{char}" if char in _SPECIAL else char for char in path)


def any_of(terms: Iterable[str]) -> str:
    """The terms, of which one must hold."""
    listed = list(terms)
    return listed[0] if len(listed) == 1 else f"({' OR '.join(listed)})"


def one_of(name: str, values: Iterable[str]) -> str:
    """The attribute, written as a query writes it, equals one of the values."""
    return f"{name}:{any_of(map(quoted, values))}"


def success(fields: FieldMap) -> str:
    """What a successful call looks like."""
    found = [fields.success.field, *([fields.success.message] if fields.success.message else [])]
    return " ".join(f"-{attribute(each)}:*" for each in found)


def pattern(wanted: Pattern, fields: FieldMap) -> str:
    """A query for the events that fit the pattern."""
    parts = [
        f"{attribute(fields.field('eventSource'))}:{quoted(wanted.event_source)}",
        f"{attribute(fields.field('eventName'))}:{quoted(wanted.event_name)}",
    ]
    if not wanted.may_fail:
        parts.append(success(fields))
    parts += [condition(each, fields) for each in wanted.where]
    return " ".join(parts)


def condition(wanted: Condition, fields: FieldMap) -> str:
    """The condition as a term."""
    name = attribute(fields.field(wanted.path))
    if isinstance(wanted, Denied):
        inner = " ".join(condition(test, fields) for test in wanted.tests)
        return f"{name}:* -({inner})"
    return _test(name, wanted)


def _test(name: str, wanted: Test) -> str:
    match wanted.operator:
        case "exists":
            return f"{name}:*"
        case "absent":
            return f"-{name}:*"
        case "equals" | "in":
            return any_of(f"{name}:{_value(value)}" for value in wanted.values)
        case "startswith":
            return f"{name}:{bare(str(wanted.values[0]))}*"
        case "endswith":
            return f"{name}:*{bare(str(wanted.values[0]))}"
        case _:
            raise CannotEncode(f"a log search cannot say {wanted.operator!r} of {wanted.path}")


def _value(value: bool | int | str) -> str:
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower()


def _refuse_control(value: str) -> None:
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise CannotEncode(f"a log search cannot hold the control characters of {value!r}")
