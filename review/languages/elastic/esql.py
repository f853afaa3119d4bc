"""ES|QL: what a query asks of one row before it aggregates, as an expression over the index's fields.

https://www.elastic.co/docs/reference/query-languages/esql/esql-commands . Every WHERE before a STATS is a filter; the
columns of EVAL, GROK and DISSECT are put in where they are read. What STATS counts, and every condition on that, is
told and not executed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from ...errors import NotJudged
from ...expression import Call, Expression, Field, both, walk
from . import ecs
from .esql_expressions import Reading, parser, string, unquoted
from .esql_functions import FUNCTIONS
from .extraction import dissected, grokked
from .parsing import SyntaxProblem, bounded, executable, parse, readable

_SOURCES = ("from", "ts")
# They leave the filter as it is.
_PASSING = ("keep", "drop", "sort")
# What of a query tells when it runs, and not what an event is.
_CLOCKS = ("esql:now", "esql:date_trunc", "esql:bucket", "esql:date_diff", "esql:date_extract")


@dataclass(frozen=True, slots=True)
class Query:
    """What a query asks of a row.

    `after_source` is where in the text the source command ends. `counts` says what is asked beyond the filter.
    """

    condition: Expression
    sources: tuple[str, ...]
    after_source: int
    counts: str | None = None
    group_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Rows:
    """The rows as the commands so far left them: their computed columns, and the conditions they fulfil."""

    columns: dict[str, Expression] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)
    conditions: list[Expression] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    group_by: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Command:
    name: str
    text: str
    at: int
    line: int


def parsed(text: str, line: int = 1) -> Query:
    """The query; `line` is where its text begins in the file.

    Raises:
        SyntaxProblem: it breaks the syntax.
        NotJudged: it cannot be executed faithfully.
    """
    readable(text)
    source, *commands = _commands(text, line)
    if source.name not in _SOURCES:
        raise NotJudged(f"the source command {source.name.upper()} is not modelled")
    indices = re.split(r"\smetadata\b", source.text, flags=re.IGNORECASE)[0]
    rows = _Rows()
    aggregated = False
    for command in commands:
        if aggregated:
            _after(command, rows)
            continue
        aggregated = _applied(command, rows, line)
    condition = both(*rows.conditions)
    executable(condition, FUNCTIONS)
    _readable(condition)
    return Query(
        condition,
        tuple(each.strip().strip('"') for each in indices.split(",")),
        source.at + len(source.name) + len(source.text),
        "; ".join(rows.counts) or None,
        tuple(dict.fromkeys(rows.group_by)),
        tuple(dict.fromkeys(rows.remarks)),
    )


def _commands(text: str, line: int) -> list[_Command]:
    """The query's commands; a comment becomes as many spaces."""
    plain = re.sub(
        r'("{3}.*?"{3,5}|"(?:\\.|[^"\\\r\n])*"|`(?:[^`]|``)*`)|//[^\n]*|/\*.*?\*/',
        lambda found: found[1] or re.sub(r"[^\n]", " ", found[0]),
        text,
        flags=re.DOTALL,
    )
    found: list[_Command] = []
    for piece in re.finditer(
        r'(?:"{3}.*?"{3,5}|"(?:\\.|[^"\\\r\n])*"|`(?:[^`]|``)*`|[^|])+', plain, re.DOTALL
    ):
        body = piece[0].lstrip()
        if not body.strip():
            continue
        at = piece.end() - len(body)
        name = re.match(r"(?:(?:inline|lookup)\s+)?\w+", body, re.IGNORECASE)
        if name is None:
            raise SyntaxProblem(text.count("\n", 0, at) + 1, 1, f"unexpected {body[:20]!r}")
        rest = body[name.end() :]
        stop = rest.rstrip()
        found.append(
            _Command(
                " ".join(name[0].lower().split()).replace("inlinestats", "inline stats"),
                stop,
                at + len(name[0]) - len(name[0]),
                line + plain.count("\n", 0, at + name.end()),
            )
        )
    if not found:
        raise SyntaxProblem(1, 1, "the query is empty")
    return found


def _applied(command: _Command, rows: _Rows, first: int) -> bool:
    """Adds the command to the rows; whether nothing after it is about single events."""
    reading = Reading(command.line - 1, rows.columns)
    match command.name:
        case "where":
            condition = reading.condition(_tree(command, "where", first).children[0])
            _filtered(bounded(condition), command, rows)
        case "eval":
            for column in _tree(command, "eval", first).children:
                name, value, _ = reading.column(column)
                rows.columns[name] = bounded(value)
        case "stats" | "inline stats":
            _counted(command, rows, reading, first)
            return command.name == "stats"
        case "grok" | "dissect":
            subject, pattern = _tree(command, "extract", first).children
            extract = grokked if command.name == "grok" else dissected
            value = reading.condition(subject)
            for name, made in extract(value, string(pattern.children[0]), command.line).items():
                rows.columns[name] = bounded(made)
        case "rename":
            _renamed(command, rows)
        case "limit":
            rows.remarks.append("Its LIMIT keeps some of the rows alone.")
        case name if name not in _PASSING:
            raise NotJudged(f"the command {name.upper()} is not modelled")
    return False


def _tree(command: _Command, start: str, first: int) -> Any:
    try:
        return parse(parser(), command.text, start)
    except SyntaxProblem as problem:
        line = problem.line + command.line - first
        raise SyntaxProblem(line, problem.column, problem.reason) from None


def _filtered(condition: Expression, command: _Command, rows: _Rows) -> None:
    parts = condition.arguments if _is(condition, "and") else (condition,)
    for part in parts:
        names = {each.name for each in walk(part) if isinstance(each, Field)}
        if names & rows.counted:
            rows.counts.append(" ".join(command.text.split()))
        elif any(_is(each, *_CLOCKS) for each in walk(part)) and names <= {
            "@timestamp",
            "event.ingested",
        }:
            rows.remarks.append("Its look at the time of an event is left out.")
        else:
            rows.conditions.append(part)


def _is(expression: Expression, *functions: str) -> TypeGuard[Call]:
    return isinstance(expression, Call) and expression.function in functions


def _counted(command: _Command, rows: _Rows, reading: Reading, first: int) -> None:
    body, mark, groups = _by(command.text)
    for column in _columns(body, command, first):
        name, _, _ = reading.column(column)
        rows.columns.pop(name, None)
        rows.counted.add(name)
    for column in _columns(groups, command, first) if mark else ():
        name, value, named = reading.column(column)
        bounded(value)
        inner = [each.name for each in walk(value) if isinstance(each, Field)]
        # A bucket of time is none of the event's own.
        inner = [each for each in inner if each not in rows.counted and each != "@timestamp"]
        rows.group_by.extend(inner)
        if named:
            rows.columns[name] = value
    shown = ", ".join(dict.fromkeys(rows.group_by))
    rows.counts.append(f"{command.name.upper()} by {shown}" if shown else command.name.upper())


def _columns(text: str, command: _Command, first: int) -> Sequence[Any]:
    if not text.strip():
        return ()
    part = _Command(command.name, text, command.at, command.line)
    children: Sequence[Any] = _tree(part, "eval", first).children
    return children


def _by(text: str) -> tuple[str, str, str]:
    """What stands before and behind the word BY that is in no brackets and no text."""
    depth = 0
    for found in re.finditer(
        r'"{3}.*?"{3,5}|"(?:\\.|[^"\\])*"|`[^`]*`|[(\[]|[)\]]|(?<![\w.])by(?![\w.])',
        text,
        re.DOTALL | re.IGNORECASE,
    ):
        if found[0] in "([":
            depth += 1
        elif found[0] in ")]":
            depth -= 1
        elif found[0].lower() == "by" and depth == 0:
            # As many line feeds, so that lines count on.
            before = text[: found.start()]
            return before, "by", "\n" * before.count("\n") + text[found.end() :]
    return text, "", ""


def _after(command: _Command, rows: _Rows) -> None:
    if command.name == "where":
        rows.counts.append(f"and then {' '.join(command.text.split())}")


def _renamed(command: _Command, rows: _Rows) -> None:
    for pair in command.text.split(","):
        found = re.fullmatch(r"\s*(\S+)\s+as\s+(\S+)\s*", pair, re.IGNORECASE)
        other = re.fullmatch(r"\s*(\S+)\s*=\s*(\S+)\s*", pair)
        if found is None and other is None:
            raise NotJudged(f"RENAME {pair.strip()} is not modelled")
        old, new = (found[1], found[2]) if found else (other[2], other[1]) if other else ("", "")
        old, new = unquoted(old), unquoted(new)
        rows.columns[new] = rows.columns.pop(old, Field(old, command.line))
        if old in rows.counted:
            rows.counted.add(new)


def _readable(condition: Expression) -> None:
    """Holds that members of flattened fields are read by FIELD_EXTRACT alone."""
    leaves = {id(each.arguments[0]) for each in walk(condition) if _is(each, "esql:leaf")}
    searches = {id(each.arguments[0]) for each in walk(condition) if _searched(each)}
    for each in walk(condition):
        if not isinstance(each, Field) or id(each) in leaves | searches:
            continue
        if ecs.kind(each.name) in ("member", "flattened"):
            raise NotJudged(f"ES|QL cannot read {each.name}, part of a flattened field")


def _searched(expression: Expression) -> TypeGuard[Call]:
    return isinstance(expression, Call) and expression.function.startswith("kql:")
