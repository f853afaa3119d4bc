"""ES|QL: expressions and commands as data, written out by `esql`.

https://www.elastic.co/docs/reference/query-languages/esql

The tests run the same commands by the rules of the reference, so that text and meaning cannot part.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...errors import CannotEncode
from ...legible import wrapped
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


def comments(texts: Iterable[str]) -> str:
    """A comment for each text, in as many lines as it takes.

    Raises:
        CannotEncode: as of `comment`.
    """
    rows = [row for text in texts for row in wrapped(text, _WIDTH - len("// "))]
    return "".join(f"{comment(row)}\n" for row in rows)


def written(expression: Expression, margin: int | None = None, begun: int = 0) -> str:
    """The expression as ES|QL reads it: in one line, or from column `margin` on in as many as it takes.

    `begun`: how many characters of its first line are written.
    """
    if margin is not None:
        line = written(expression)
        room = _WIDTH - max(margin, begun)
        return line if len(line) <= room else _laid_out(expression, margin)
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
            listed = [_assigned(name, value) for name, value in columns]
            return "| EVAL " + ",\n    ".join(listed)
        case Where(condition):
            return f"| WHERE {written(condition, 0, len('| WHERE '))}"
        case InlineStats(aggregates, of, mark, by):
            listed = [
                f"{column(name)} = {function}({column(of)}) WHERE {column(mark)}"
                for name, function in aggregates
            ]
            grouped = ", ".join(map(column, by))
            return "| INLINE STATS " + ",\n    ".join(listed) + f"\n    BY {grouped}"
        case Comment(text):
            return comment(text)


def _assigned(name: str, value: Expression) -> str:
    begun = f"{column(name)} = "
    return begun + written(value, 4, len("| EVAL ") + len(begun))


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
            parts = [_inner(part, expression, inside) for part in _parts(operator, operands)]
            return f"{line}{operator} ".join(parts)
        case Call("IN", (operand, *choices)):
            rows = _filled(list(map(written, choices)), _WIDTH - inside)
            end = "\n" + " " * margin
            return f"{_inner(operand, expression)} IN ({line}{line.join(rows)}{end})"
        case Call("CASE", arguments):
            pairs = list(zip(arguments[::2], arguments[1::2], strict=False))
            rows = [
                _case(written(test, inside), written(value, inside), line) for test, value in pairs
            ]
            if len(arguments) % 2:
                rows.append(written(arguments[-1], inside))
            return f"CASE({line}{f',{line}'.join(rows)})"
        case Call(name, arguments) if arguments and name.isidentifier():
            rows = [written(argument, inside) for argument in arguments]
            return f"{name}({line}{f',{line}'.join(rows)})"
        case _:
            return written(expression)


def _parts(operator: str, operands: Iterable[Expression]) -> Iterator[Expression]:
    """The operands, and in place of one of the same operator its own."""
    for operand in operands:
        match operand:
            case Operation(same, inner) if same == operator:
                yield from _parts(operator, inner)
            case _:
                yield operand


def _case(test: str, value: str, line: str) -> str:
    row = f"{test}, {value}"
    return row if len(line) + len(row.splitlines()[-1]) <= _WIDTH else f"{test},{line}    {value}"


def _filled(items: Sequence[str], width: int) -> list[str]:
    """The items in rows of at most `width` characters, each row but the last with a comma behind it."""
    rows = [""]
    for item in items:
        if rows[-1] and len(rows[-1]) + len(item) + 2 > width:
            rows.append("")
        rows[-1] += f"{item}, "
    return [row.rstrip() for row in rows[:-1]] + [rows[-1].removesuffix(", ")]
