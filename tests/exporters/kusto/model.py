"""Runs the part of Kusto that the Sentinel exporter writes, over rows in memory.

Written from Microsoft's reference (https://learn.microsoft.com/kusto/query/), operator by operator. It is no
Kusto: what it does not know it refuses, and numbers, times and lists are no more than the queries need.
Times and timespans are seconds; a dynamic value is a `Dynamic`, a missing text an empty one.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Table = list[Row]


@dataclass(frozen=True)
class Dynamic:
    """A value of JSON."""

    value: Any


@dataclass(frozen=True)
class Function:
    """What `let` binds to a lambda."""

    parameters: tuple[str, ...]
    body: "Expression"


Expression = Callable[[Mapping[str, Any]], Any]

_TOKENS = re.compile(
    r"""\s+ | //[^\n]* |
    (?P<text>"(?:[^"\\]|\\.)*") |
    (?P<span>\d+[dhms]\b) | (?P<number>\d+) |
    (?P<word>mv-apply\b|!in\b|\$left\b|\$right\b|[A-Za-z_]\w*) |
    (?P<sign>\.\.|==|!=|<=|>=|[-+*/<>=|(),;:.\[\]{}])""",
    re.VERBOSE,
)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


class NotKusto(Exception):
    """Something that this model does not know."""


def run(query: str, tables: Mapping[str, Table], now: int) -> Table:
    """The rows that `query` yields at the time `now`."""
    return _Program(query, tables, now).run()


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(query):
        found = _TOKENS.match(query, at)
        if found is None:
            raise NotKusto(query[at : at + 40])
        at = found.end()
        if found.lastgroup:
            yield found.lastgroup, found.group()
    yield "end", ""


class _Program:
    def __init__(self, query: str, tables: Mapping[str, Table], now: int) -> None:
        self.tokens = list(_tokens(query))
        self.at = 0
        self.tables = dict(tables)
        self.scalars: dict[str, Any] = {}
        self.functions: dict[str, Function] = {}
        self.now = now

    # Tokens

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead][1]

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def accept(self, *wanted: str) -> bool:
        if self.peek() in wanted and self.tokens[self.at][0] != "text":
            self.at += 1
            return True
        return False

    def expect(self, wanted: str) -> None:
        if not self.accept(wanted):
            raise NotKusto(f"{wanted!r} expected at {self.tokens[self.at : self.at + 6]}")

    # Statements

    def run(self) -> Table:
        while self.accept("let"):
            name = self.next()
            self.expect("=")
            if self.peek() == "(" and self.peek(2) == ":":
                self.functions[name] = self.lambda_()
            elif self.accept("toscalar"):
                self.expect("(")
                self.scalars[name] = next(iter(self.pipeline()[0].values()))
                self.expect(")")
            elif self.is_table():
                self.tables[name] = self.pipeline()
            else:
                self.scalars[name] = self.expression()({})
            self.expect(";")
        rows = self.pipeline()
        if self.tokens[self.at][0] != "end":
            raise NotKusto(f"left over: {self.tokens[self.at : self.at + 6]}")
        return rows

    def lambda_(self) -> Function:
        self.expect("(")
        parameters = [self.next()]
        self.expect(":")
        self.next()
        self.expect(")")
        self.expect("{")
        body = self.expression()
        self.expect("}")
        return Function(tuple(parameters), body)

    # Tables

    def is_table(self) -> bool:
        first = self.peek(1) if self.peek() == "(" else self.peek()
        return first in {"materialize", "union", "[", "_GetWatchlist"} | self.tables.keys()

    def pipeline(self) -> Table:
        rows = self.source()
        while self.accept("|"):
            rows = self.operator(rows)
        return rows

    def source(self) -> Table:
        if self.accept("materialize"):
            self.expect("(")
            rows = self.pipeline()
            self.expect(")")
            return rows
        if self.accept("("):
            rows = self.pipeline()
            self.expect(")")
            return rows
        if self.accept("union"):
            rows = list(self.source())
            while self.accept(","):
                rows += self.source()
            return rows
        if self.accept("["):
            name = json.loads(self.next())
            self.expect("]")
            return self.tables[name]
        if self.accept("_GetWatchlist"):
            self.expect("(")
            name = json.loads(self.next())
            self.expect(")")
            return self.tables[name]
        return self.tables[self.next()]

    def operator(self, rows: Table) -> Table:
        name = self.next()
        match name:
            case "where":
                test = self.expression()
                return [row for row in rows if test(row) is True]
            case "extend":
                made = self.named()
                return [{**row, **{key: make(row) for key, make in made}} for row in rows]
            case "project":
                made = self.named()
                return [{key: make(row) for key, make in made} for row in rows]
            case "join":
                return self.join(rows)
            case "summarize":
                return self.summarize()(rows)
            case "mv-apply":
                return self.mv_apply(rows)
            case "count":
                return [{"Count": len(rows)}]
            case "order":
                self.expect("by")
                columns = [(self.next(), self.next())]
                while self.accept(","):
                    columns.append((self.next(), self.next()))
                for column, direction in reversed(columns):
                    rows = sorted(rows, key=lambda row: row[column], reverse=direction == "desc")
                return rows
            case "distinct":
                made = self.named()
                found = [{key: make(row) for key, make in made} for row in rows]
                return list({tuple(row.items()): row for row in found}.values())
        raise NotKusto(name)

    def named(self) -> list[tuple[str, Expression]]:
        made = []
        while True:
            if self.peek(1) == "=":
                name = self.next()
                self.expect("=")
                made.append((name, self.expression()))
            else:
                name = self.peek()
                made.append((name, self.expression()))
            if not self.accept(","):
                return made

    def join(self, left: Table) -> Table:
        self.expect("kind")
        self.expect("=")
        kind = self.next()
        right = self.source()
        self.expect("on")
        pairs = []
        while True:
            if self.accept("$left"):
                self.expect(".")
                mine = self.next()
                for sign in ("==", "$right", "."):
                    self.expect(sign)
                pairs.append((mine, self.next()))
            else:
                pairs.append((self.peek(), self.next()))
            if not self.accept(","):
                break
        index: dict[tuple[Any, ...], Table] = {}
        for row in right:
            index.setdefault(tuple(row[theirs] for _, theirs in pairs), []).append(row)
        columns = list(right[0]) if right else []
        joined = []
        for row in left:
            matches = index.get(tuple(row[mine] for mine, _ in pairs), [])
            if kind == "leftanti":
                joined += [] if matches else [row]
            elif kind == "inner":
                joined += [_beside(row, match) for match in matches]
            elif kind == "leftouter":
                nothing = dict.fromkeys(columns or ["Cascade", "Relation", "OriginId"], "")
                joined += [_beside(row, match) for match in matches or [nothing]]
            else:
                raise NotKusto(kind)
        return joined

    def summarize(self) -> Callable[[Table], Table]:
        made = []
        while True:
            if self.peek(1) == "=":
                name = self.next()
                self.expect("=")
            else:
                name = ""
            made.append((name, self.aggregate()))
            if not self.accept(","):
                break
        by = self.named() if self.accept("by") else []

        def apply(rows: Table) -> Table:
            groups: dict[tuple[Any, ...], Table] = {}
            if not by:
                groups[()] = []
            for row in rows:
                groups.setdefault(tuple(make(row) for _, make in by), []).append(row)
            out = []
            for values, group in groups.items():
                row = dict(zip((key for key, _ in by), values, strict=True))
                for name, aggregate in made:
                    found = aggregate(group)
                    row.update({name: found} if name else {**found, **row})
                out.append(row)
            return out

        return apply

    def aggregate(self) -> Callable[[Table], Any]:
        name = self.next()
        self.expect("(")
        if name == "arg_min":
            column = self.next()
            self.expect(",")
            kept = [] if self.accept("*") else self.named()
            self.expect(")")

            def least(rows: Table) -> Row:
                row = min(rows, key=lambda each: each[column])
                shown = {key: make(row) for key, make in kept} if kept else row
                return {column: row[column], **shown}

            return least
        of = self.expression() if self.peek() != ")" else None
        self.expect(")")
        if name == "count":
            return len
        assert of is not None
        match name:
            case "countif":
                return lambda rows: sum(of(row) is True for row in rows)
            case "count_distinct":
                return lambda rows: len({of(row) for row in rows})
            case "make_set":
                return lambda rows: Dynamic(list(dict.fromkeys(of(row) for row in rows)))
            case "min":
                return lambda rows: min(of(row) for row in rows)
            case "max":
                return lambda rows: max(of(row) for row in rows)
        raise NotKusto(name)

    def mv_apply(self, rows: Table) -> Table:
        item = self.next()
        self.expect("=")
        column = self.next()
        self.expect("on")
        self.expect("(")
        self.expect("summarize")
        summarize = self.summarize()
        self.expect(")")
        out = []
        for row in rows:
            elements = [{**row, item: Dynamic(value)} for value in row[column].value]
            out += [{**row, **found} for found in summarize(elements)]
        return out

    # Expressions

    def expression(self) -> Expression:
        return self.either("or", lambda: self.either("and", self.comparison, all), any)

    def either(
        self, word: str, part: Callable[[], Expression], fold: Callable[[list[bool]], bool]
    ) -> Expression:
        parts = [part()]
        while self.accept(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return lambda row: fold([each(row) is True for each in parts])

    def comparison(self) -> Expression:
        left = self.sum()
        sign = self.peek()
        if self.accept("in", "!in"):
            choices = self.choices()
            wanted = sign == "in"
            return lambda row: (left(row) in choices) is wanted
        if self.accept("between"):
            self.expect("(")
            low = self.sum()
            self.expect("..")
            high = self.sum()
            self.expect(")")
            return lambda row: (
                None if left(row) is None else bool(low(row) <= left(row) <= high(row))
            )
        if self.accept("matches"):
            self.expect("regex")
            pattern = self.sum()
            return lambda row: re.search(pattern(row), left(row)) is not None
        if self.accept("startswith"):
            start = self.sum()
            return lambda row: left(row).lower().startswith(start(row).lower())
        if self.accept("startswith_cs", "endswith_cs"):
            right = self.sum()
            if sign == "startswith_cs":
                return lambda row: left(row).startswith(right(row))
            return lambda row: left(row).endswith(right(row))
        if self.accept("==", "!=", "<", "<=", ">", ">="):
            return _compare(sign, left, self.sum())
        return left

    def choices(self) -> set[Any]:
        self.expect("(")
        if self.peek() in self.tables:
            found = {next(iter(row.values())) for row in self.tables[self.next()]}
        else:
            found = {self.sum()({})}
            while self.accept(","):
                found.add(self.sum()({}))
        self.expect(")")
        return found

    def sum(self) -> Expression:
        left = self.postfix()
        while self.peek() in {"+", "-"} and self.tokens[self.at][0] == "sign":
            left = _sum(self.next(), left, self.postfix())
        return left

    def postfix(self) -> Expression:
        value = self.primary()
        while True:
            if self.peek() == "." and self.accept("."):
                value = _member(value, self.next())
            elif self.peek() == "[" and self.accept("["):
                kind, token = self.tokens[self.at]
                self.at += 1
                value = _member(value, json.loads(token) if kind == "text" else int(token))
                self.expect("]")
            else:
                return value

    def primary(self) -> Expression:
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == "text":
            text = json.loads(token)
            return lambda row: text
        if kind == "span":
            seconds = int(token[:-1]) * _SECONDS[token[-1]]
            return lambda row: seconds
        if kind == "number":
            return lambda row: int(token)
        if token == "(":
            value = self.expression()
            self.expect(")")
            return value
        if token in {"true", "false"}:
            return lambda row: token == "true"
        if token == "-":
            inner = self.postfix()
            return lambda row: -inner(row)
        if kind != "word":
            raise NotKusto(token)
        if self.peek() == "(":
            return self.call(token)
        return lambda row: row[token] if token in row else self.scalars[token]

    def call(self, name: str) -> Expression:
        self.expect("(")
        arguments: list[Expression] = []
        while not self.accept(")"):
            arguments.append(self.expression())
            self.accept(",")
        if name in self.functions:
            function = self.functions[name]
            return lambda row: function.body(
                {
                    parameter: argument(row)
                    for parameter, argument in zip(function.parameters, arguments, strict=True)
                }
            )
        if name == "case":
            return lambda row: _case(row, arguments)
        if name == "iff":
            test, yes, no = arguments
            return lambda row: yes(row) if test(row) is True else no(row)
        if name == "pack_all":
            return lambda row: Dynamic(
                {
                    key: value.value if isinstance(value, Dynamic) else value
                    for key, value in row.items()
                }
            )
        if name == "ago":
            return lambda row: self.now - arguments[0](row)
        if name == "now":
            return lambda row: self.now
        builtin = _FUNCTIONS[name]
        return lambda row: builtin(*(argument(row) for argument in arguments))


def _beside(left: Row, right: Row) -> Row:
    """A joined row: a column of the right that the left has, too, gets a 1 behind its name."""
    return {**left, **{key + "1" if key in left else key: value for key, value in right.items()}}


def _case(row: Mapping[str, Any], arguments: Sequence[Expression]) -> Any:
    for test, value in zip(arguments[:-1:2], arguments[1::2], strict=True):
        if test(row) is True:
            return value(row)
    return arguments[-1](row)


def _compare(sign: str, left: Expression, right: Expression) -> Expression:
    def test(row: Mapping[str, Any]) -> bool | None:
        one, other = left(row), right(row)
        if one is None or other is None:
            return None
        if isinstance(one, Dynamic) or isinstance(other, Dynamic) or type(one) is not type(other):
            raise NotKusto(f"{one!r} {sign} {other!r}")
        match sign:
            case "==":
                return bool(one == other)
            case "!=":
                return bool(one != other)
            case "<":
                return bool(one < other)
            case "<=":
                return bool(one <= other)
            case ">":
                return bool(one > other)
        return bool(one >= other)

    return test


def _sum(sign: str, left: Expression, right: Expression) -> Expression:
    if sign == "+":
        return lambda row: left(row) + right(row)
    return lambda row: left(row) - right(row)


def _member(value: Expression, name: str | int) -> Expression:
    def read(row: Mapping[str, Any]) -> Dynamic:
        held = value(row).value
        if isinstance(name, str):
            return Dynamic(held.get(name) if isinstance(held, dict) else None)
        return Dynamic(held[name] if isinstance(held, list) and name < len(held) else None)

    return read


def _type(value: Dynamic) -> str:
    held = value.value
    if held is None:
        return "null"
    if isinstance(held, bool):
        return "bool"
    if isinstance(held, int):
        return "long" if -(2**63) <= held < 2**63 else "double"
    names = {str: "string", float: "double", list: "array", dict: "dictionary"}
    return names[type(held)]


def _text(value: Any) -> str:
    if isinstance(value, Dynamic):
        value = value.value
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _parse_json(text: str) -> Dynamic:
    try:
        return Dynamic(json.loads(text)) if text else Dynamic(None)
    except ValueError:
        return Dynamic(text)


def _length(value: Dynamic) -> int | None:
    return len(value.value) if isinstance(value.value, list) else None


def _extract(pattern: str, group: int, text: str) -> str:
    # RE2's $ is the very end of the text, which Python calls \Z.
    found = re.search(pattern.replace("$", r"\Z"), text)
    return found.group(group) if found else ""


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "array_length": _length,
    "bin": lambda value, size: value - value % size,
    "coalesce": lambda *texts: next((text for text in texts if text), ""),
    "datetime_diff": lambda unit, one, other: one - other,
    "extract": _extract,
    "gettype": _type,
    "hash_sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "isempty": lambda text: text == "",
    "isnotempty": lambda text: text != "",
    "long": lambda value: value,
    "not": lambda value: None if value is None else not value,
    "pack_array": lambda *values: Dynamic(list(values)),
    "parse_json": _parse_json,
    "replace_string": lambda text, old, new: text.replace(old, new),
    "set_difference": lambda one, other: Dynamic(
        [value for value in one.value if value not in other.value]
    ),
    "split": lambda text, by: Dynamic(text.split(by)),
    "startofday": lambda time: time - time % 86_400,
    "strcat": lambda *values: "".join(map(_text, values)),
    "strcat_delim": lambda by, *values: by.join(map(_text, values)),
    "tobool": lambda value: value.value if isinstance(value.value, bool) else None,
    "todatetime": lambda text: text,
    "tolong": lambda value: int(value.value) if isinstance(value.value, int) else None,
    "tostring": _text,
    "translate": lambda old, new, text: text.translate(str.maketrans(old, new)),
}
