"""Splunk's search language: expressions and commands as data, written out by `spl`.

https://help.splunk.com/en/splunk-enterprise/search/spl-search-reference

The tests run the same commands by the rules of the reference, so that text and meaning cannot part.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import CannotEncode
from ..expressions import Call, Expression, Field, Operation, Value

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
WIDTH = 110
"""Lines are broken where they would be longer, in characters."""


@dataclass(frozen=True, slots=True)
class Eval:
    """Gives each event some fields, in this order."""

    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Keeps the events for which the expression is true."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Versions:
    """Keeps the events of each id that differ in `record`, and says in `count` how many there are."""

    id: str
    record: str
    count: str


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
class Number:
    """Gives every event the number of all events that the search read."""

    name: str


@dataclass(frozen=True, slots=True)
class Once:
    """Keeps one event of each value of the field, and none that lacks it."""

    field: str


@dataclass(frozen=True, slots=True)
class Distinct:
    """Gives each event how many values `source` has in its group in the `window` seconds up to it, itself included."""

    source: str
    name: str
    by: tuple[str, ...]
    window: int


@dataclass(frozen=True, slots=True)
class AddInfo:
    """Gives each event the search's own time range: `info_min_time`, 0 for all time, and `info_max_time`."""


@dataclass(frozen=True, slots=True)
class Macro:
    """Commands that the app says once, under a name."""

    name: str
    commands: "tuple[Command, ...]"


@dataclass(frozen=True, slots=True)
class Text:
    """A command as it is written, for what comes after the verdicts: table, stats, outputlookup."""

    text: str


Command = Eval | Where | Versions | Nearest | Number | Once | Distinct | AddInfo | Macro | Text


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


def laid_out(expression: Expression, column: int, indent: int) -> str:
    """The expression as eval reads it, on several lines where it is too long for one.

    It begins at `column`; what follows on lines of its own is indented by `indent` blanks.
    """
    text = written(expression)
    if column + len(text) <= WIDTH:
        return text
    deeper = indent + 4
    match expression:
        case Operation(operator, operands):
            lines = []
            for operand in operands:
                at = indent + len(operator) + 1
                if isinstance(operand, Operation):
                    lines.append(f"({laid_out(operand, at + 1, deeper)})")
                else:
                    lines.append(laid_out(operand, at, deeper))
            return f"\n{' ' * indent}{operator} ".join(lines)
        case Call(name, arguments) if arguments:
            parts = [laid_out(argument, deeper, deeper) for argument in arguments]
            # Tests and their results stand side by side.
            step = 2 if name == "case" else 1
            pairs = [", ".join(parts[at : at + step]) for at in range(0, len(parts), step)]
            return f"{name}(\n{_filled(pairs, deeper)})"
        case _:
            return text


def _filled(parts: Sequence[str], indent: int) -> str:
    """The parts with commas between them, as many to a line as fit."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 2 <= WIDTH and "\n" not in lines[-1] + part:
            lines[-1] += f", {part}"
        else:
            lines.append(" " * indent + part)
    return ",\n".join(lines)


def listed(values: Sequence[str], column: int, indent: int) -> str:
    """Values between parentheses, for the search command's IN; on several lines where one is too short."""
    text = ", ".join(map(searched, values))
    if column + len(text) + 2 <= WIDTH:
        return f"({text})"
    return f"(\n{_filled([searched(value) for value in values], indent + 4)})"


def spl(command: Command) -> str:
    """The command, with the bar before it; several lines where it is several commands, or long."""
    match command:
        case Eval(fields):
            return "| eval " + ",\n    ".join(_assigned(*field) for field in fields)
        case Where(condition):
            return f"| where {laid_out(condition, 8, 4)}"
        case Versions(id_, record, count):
            return f"| eventstats dc({record}) AS {count} BY {id_}\n| dedup {id_} {record}"
        case Number(name):
            return f"| eventstats count AS {name}"
        case Once(field):
            return f"| dedup {field}"
        case Distinct(source, name, by, window):
            # time_window reads events in the order of time, and counts back from each.
            counted = f"| streamstats time_window={window}s dc({source}) AS {name}"
            return f"| sort 0 _time event_id\n{_grouped(counted, by)}"
        case Nearest(source, name, by, backwards, own):
            sign = "-" if backwards else ""
            order = " ".join([*by, f"{sign}_time", f"{sign}event_id"])
            current = "" if own else "current=f "
            last = f"| streamstats {current}last({source}) AS {name}"
            return f"| sort 0 {order}\n{_grouped(last, by)}"
        case AddInfo():
            return "| addinfo"
        case Macro(name, _):
            return f"| `{name}`"
        case Text(text):
            return text


def _grouped(text: str, by: Sequence[str]) -> str:
    groups = f"BY {' '.join(by)}"
    return f"{text} {groups}" if len(text) + len(groups) < WIDTH else f"{text}\n    {groups}"


def _assigned(name: str, value: Expression) -> str:
    head = f"{field_name(name)}="
    return head + laid_out(value, 7 + len(head), 8)


def definition(commands: Sequence[Command]) -> str:
    """Commands as a macro holds them: the bar before the first stands where the macro is called."""
    return "\n".join(map(spl, commands)).removeprefix("| ")


def macros_of(commands: Sequence[Command]) -> Iterator[Macro]:
    """The macros that the commands call, each once."""
    found = {command.name: command for command in commands if isinstance(command, Macro)}
    yield from found.values()


def comment(lines: Sequence[str]) -> str:
    """A comment: three backticks end it, so there are none inside."""
    body = "\n".join(line.replace("`", "'") for line in lines)
    return f"``` {body} ```"
