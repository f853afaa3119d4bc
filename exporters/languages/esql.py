"""ES|QL: expressions and commands as data, written out by `esql`.

https://www.elastic.co/docs/reference/query-languages/esql

The tests run the same commands by the rules of the reference, so that text and meaning cannot part.
"""

import re
import unicodedata
from dataclasses import dataclass

from ..errors import CannotEncode
from .spl import Call, Expression, Field, Operation, Value

_PLAIN = re.compile(r"@?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class Eval:
    """Gives each row some columns, in this order."""

    columns: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Keeps the rows for which the expression is true."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class InlineStats:
    """Gives each row some aggregates over the rows of its group for which `mark` is true.

    `aggregates` are pairs of a name and one of MIN, MAX and COUNT, of the column `of`.
    """

    aggregates: tuple[tuple[str, str], ...]
    of: str
    mark: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A command as it is written, for what comes after the verdicts."""

    text: str


Command = Eval | Where | InlineStats | Text


def quoted(value: str) -> str:
    """A string literal.

    Raises:
        CannotEncode: it holds a control character, for which the language has no escape.
    """
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise CannotEncode(f"ES|QL cannot hold the control characters of {value!r}")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def column(name: str) -> str:
    """A column's name, between backticks where it is no plain one.

    Raises:
        CannotEncode: it holds a control character.
    """
    if _PLAIN.fullmatch(name):
        return name
    if not name.isprintable():
        raise CannotEncode(f"ES|QL cannot hold the column name {name!r}")
    return "`" + name.replace("`", "``") + "`"


def written(expression: Expression) -> str:
    """The expression as ES|QL reads it."""
    match expression:
        case Field(name):
            return column(name)
        case Value(value):
            return quoted(value) if isinstance(value, str) else str(value)
        case Call("IS NULL" | "IS NOT NULL" as name, (operand,)):
            return f"{_inner(operand)} {name}"
        case Call("NOT", (operand,)):
            return f"NOT ({written(operand)})"
        case Call("IN", (operand, *choices)):
            return f"{_inner(operand)} IN ({', '.join(map(written, choices))})"
        case Call("NULL" | "FALSE" as name, ()):
            return name.lower()
        case Call(name, arguments):
            return f"{name}({', '.join(map(written, arguments))})"
        case Operation(operator, operands):
            return f" {operator} ".join(_inner(operand) for operand in operands)


def _inner(operand: Expression) -> str:
    text = written(operand)
    grouped = isinstance(operand, Operation) or (
        isinstance(operand, Call) and operand.name in ("IS NULL", "IS NOT NULL", "IN", "NOT")
    )
    return f"({text})" if grouped else text


def esql(command: Command) -> str:
    """The command, with the bar before it."""
    match command:
        case Eval(columns):
            listed = [f"{column(name)} = {written(value)}" for name, value in columns]
            return "| EVAL " + ",\n    ".join(listed)
        case Where(condition):
            return f"| WHERE {written(condition)}"
        case InlineStats(aggregates, of, mark, by):
            listed = [
                f"{name} = {function}({column(of)}) WHERE {mark}" for name, function in aggregates
            ]
            return f"| INLINE STATS {', '.join(listed)}\n    BY {', '.join(by)}"
        case Text(text):
            return text
