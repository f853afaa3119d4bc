"""ES|QL: expressions and commands as data, written out by `esql`.

https://www.elastic.co/docs/reference/query-languages/esql

The tests run the same commands by the rules of the reference, so that text and meaning cannot part.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import CannotEncode
from ..expressions import Call, Expression, Field, Operation, Value

_WIDTH = 100
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
class Comment:
    """A line that says why."""

    text: str


Command = Eval | Where | InlineStats | Comment


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


def comment(text: str) -> str:
    """A comment, which ends with its line.

    Raises:
        CannotEncode: it holds a control character, which might end the line.
    """
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text):
        raise CannotEncode(f"a comment of one line cannot hold {text!r}")
    return f"// {text}".rstrip()


def written(expression: Expression, margin: int | None = None) -> str:
    """The expression as ES|QL reads it: in one line, or from column `margin` on in as many as it takes."""
    if margin is not None:
        line = written(expression)
        return line if margin + len(line) <= _WIDTH else _laid_out(expression, margin)
    match expression:
        case Field(name):
            return column(name)
        case Value(value):
            return quoted(value) if isinstance(value, str) else str(value)
        case Call("IS NULL" | "IS NOT NULL" as name, (operand,)):
            return f"{_inner(operand, expression)} {name}"
        case Call("NOT", (operand,)):
            return f"NOT ({written(operand)})"
        case Call("IN", (operand, *choices)):
            return f"{_inner(operand, expression)} IN ({', '.join(map(written, choices))})"
        case Call("NULL" | "FALSE" as name, ()):
            return name.lower()
        case Call(name, arguments):
            return f"{name}({', '.join(map(written, arguments))})"
        case Operation(operator, operands):
            return f" {operator} ".join(_inner(operand, expression) for operand in operands)


def esql(command: Command) -> str:
    """The command, with the bar before it."""
    match command:
        case Eval(columns):
            listed = [f"{column(name)} = {written(value, 4)}" for name, value in columns]
            return "| EVAL " + ",\n    ".join(listed)
        case Where(condition):
            return f"| WHERE {written(condition, 4)}"
        case InlineStats(aggregates, of, mark, by):
            listed = [
                f"{column(name)} = {function}({column(of)}) WHERE {column(mark)}"
                for name, function in aggregates
            ]
            grouped = ", ".join(map(column, by))
            return "| INLINE STATS " + ",\n    ".join(listed) + f"\n    BY {grouped}"
        case Comment(text):
            return comment(text)


def _binding(expression: Expression) -> int:
    """How tightly its parts hang together, from OR upwards."""
    match expression:
        case Operation("OR"):
            return 1
        case Operation("AND"):
            return 2
        case Call("NOT"):
            return 3
        case Operation("+" | "-"):
            return 5
        case Operation() | Call("IS NULL" | "IS NOT NULL" | "IN"):
            return 4
        case _:
            return 6


def _inner(operand: Expression, whole: Expression, margin: int | None = None) -> str:
    own, outer = _binding(operand), _binding(whole)
    # `a AND (b AND c)` needs no brackets, `a == (b == c)` does.
    if own < outer or (own == outer and outer > 2):
        return f"({written(operand, None if margin is None else margin + 1)})"
    return written(operand, margin)


def _laid_out(expression: Expression, margin: int) -> str:
    inside = margin + 4
    line = "\n" + " " * inside
    match expression:
        case Operation("AND" | "OR" as operator, operands):
            parts = [_inner(operand, expression, inside) for operand in operands]
            return f"{line}{operator} ".join(parts)
        case Call("IN", (operand, *choices)):
            rows = _filled(list(map(written, choices)), _WIDTH - inside)
            end = "\n" + " " * margin
            return f"{_inner(operand, expression)} IN ({line}{line.join(rows)}{end})"
        case Call("CASE", arguments):
            pairs = list(zip(arguments[::2], arguments[1::2], strict=False))
            rows = [f"{written(test, inside)}, {written(value, inside)}" for test, value in pairs]
            if len(arguments) % 2:
                rows.append(written(arguments[-1], inside))
            return f"CASE({line}{f',{line}'.join(rows)})"
        case Call(name, arguments) if arguments and name.isidentifier():
            rows = [written(argument, inside) for argument in arguments]
            return f"{name}({line}{f',{line}'.join(rows)})"
        case _:
            return written(expression)


def _filled(items: Sequence[str], width: int) -> list[str]:
    """The items in rows of at most `width` characters, each row but the last with a comma behind it."""
    rows = [""]
    for item in items:
        if rows[-1] and len(rows[-1]) + len(item) + 2 > width:
            rows.append("")
        rows[-1] += f"{item}, "
    return [row.rstrip() for row in rows[:-1]] + [rows[-1].removesuffix(", ")]
