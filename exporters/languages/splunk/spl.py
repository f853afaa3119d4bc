"""Splunk's search language: expressions and commands as data, written out by `spl`.

https://help.splunk.com/en/splunk-enterprise/search/spl-search-reference

The tests run the same commands by the rules of the reference, so that text and meaning cannot part.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import CannotEncode
from ..expressions import Call, Expression, Field, Operation, Value

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Eval:
    """Gives each event some fields, in this order."""

    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Keeps the events for which the expression is true."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Dedup:
    """Keeps the first event of each value."""

    field: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """Gives each event the last `_time` of `source`, up to it in the order of its group.

    A `sort 0` and a `streamstats last`. `backwards`: from the latest to the earliest. An event that lacks a
    field of `by` gets nothing, and counts for nobody. With `own` the event itself counts, too.
    """

    source: str
    name: str
    by: tuple[str, ...]
    backwards: bool
    own: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """A command as it is written, for what comes after the verdicts: table, stats, outputlookup."""

    text: str


Command = Eval | Where | Dedup | Nearest | Text


def quoted(value: str) -> str:
    """A text between quotation marks, as eval and the search command read it.

    Raises:
        CannotEncode: it holds a control character, for which there is no escape.
    """
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise CannotEncode(f"SPL cannot hold the control characters of {value!r}")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def searched(value: str) -> str:
    """A text for the search command, where `*` is a wildcard that no backslash turns off.

    Raises:
        CannotEncode: it holds a `*` or a control character.
    """
    if "*" in value:
        raise CannotEncode(f"the search command takes the asterisk of {value!r} for a wildcard")
    return quoted(value)


def field_name(name: str) -> str:
    """A field's name, in single quotation marks where it is no plain word.

    Raises:
        CannotEncode: it holds what such a name cannot.
    """
    if _NAME.fullmatch(name):
        return name
    if "'" in name or "\\" in name or not name.isprintable():
        raise CannotEncode(f"SPL cannot hold the field name {name!r}")
    return f"'{name}'"


def written(expression: Expression) -> str:
    """The expression as eval reads it."""
    match expression:
        case Field(name):
            return field_name(name)
        case Value(value):
            return quoted(value) if isinstance(value, str) else str(value)
        case Call(name, arguments):
            return f"{name}({', '.join(map(written, arguments))})"
        case Operation(operator, operands):
            return f" {operator} ".join(_inner(operand) for operand in operands)


def _inner(operand: Expression) -> str:
    text = written(operand)
    return f"({text})" if isinstance(operand, Operation) else text


def spl(command: Command) -> str:
    """The command, with the bar before it; several lines where it is two commands."""
    match command:
        case Eval(fields):
            listed = [f"{field_name(name)}={written(value)}" for name, value in fields]
            return "| eval " + ",\n    ".join(listed)
        case Where(condition):
            return f"| where {written(condition)}"
        case Dedup(field):
            return f"| dedup {field}"
        case Nearest(source, name, by, backwards, own):
            sign = "-" if backwards else ""
            order = " ".join([*by, f"{sign}_time", f"{sign}event_id"])
            current = "" if own else "current=f "
            groups = " ".join(by)
            return f"| sort 0 {order}\n| streamstats {current}last({source}) AS {name} BY {groups}"
        case Text(text):
            return text


def comment(lines: Sequence[str]) -> str:
    """A comment: three backticks end it, so there are none inside."""
    body = "\n".join(line.replace("`", "'") for line in lines)
    return f"``` {body} ```"
