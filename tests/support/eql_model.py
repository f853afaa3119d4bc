"""Runs EQL's `any where` and `sequence [A] ![B]` over rows, by the rules of Elastic's reference.

https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax : a sequence that misses its last event
holds for every A after which, later than A and within maxspan, there is no B with A's keys.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
Holds = Callable[[Row], bool]

_LITERAL = r'"(?:[^"\\\n]|\\.)*"'
_FIELD = r"[@a-z_][a-z_.]*"
_TEST = re.compile(
    rf"(?P<field>{_FIELD}) (?P<operator>==|!=) (?P<value>{_LITERAL})"
    rf"|(?P<among>{_FIELD}) in \((?P<choices>{_LITERAL}(?:, {_LITERAL})*)\)"
    rf"|\((?P<missing>\?{_FIELD} == null(?: or \?{_FIELD} == null)*)\)"
)
_SEQUENCE = re.compile(
    r"sequence by (?P<by>[^\n]*) with maxspan=(?P<number>\d+)(?P<unit>[ms])\n"
    r"  \[(?P<first>.*)\]\n  !\[(?P<second>.*)\]",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def literal(text: str) -> str:
    """What a string literal stands for."""
    assert re.fullmatch(_LITERAL, text), text
    return re.sub(
        r"\\(?:u\{([0-9a-f]{2,8})\}|(.))",
        lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPES.get(found[2], found[2]),
        text[1:-1],
    )


def run(query: str, rows: Iterable[Row]) -> set[str]:
    """The event ids of what the query finds: its events, or the first ones of its sequences."""
    rows = list(rows)
    found = _SEQUENCE.fullmatch(query)
    if found is None:
        holds = _event(query)
        return {row["event.id"] for row in rows if holds(row)}
    by = found["by"].split(", ")
    span = int(found["number"]) * (60_000 if found["unit"] == "m" else 1_000)
    first, second = _event(found["first"]), _event(found["second"])
    return {
        row["event.id"]
        for row in rows
        if first(row)
        and all(row.get(name) is not None for name in by)
        and not any(
            second(other)
            and all(other.get(name) == row[name] for name in by)
            and 0 < other["@timestamp"] - row["@timestamp"] <= span
            for other in rows
        )
    }


def _event(text: str) -> Holds:
    prefix = "any where "
    assert text.startswith(prefix)
    tests, at = [], len(prefix)
    while True:
        found = _TEST.match(text, at)
        assert found is not None, text[at:]
        tests.append(_test(found))
        at = found.end()
        if at == len(text):
            return lambda row: all(test(row) for test in tests)
        joint = re.compile(r"\n +and ").match(text, at)
        assert joint is not None, text[at:]
        at = joint.end()


def _test(found: re.Match[str]) -> Holds:
    if found["missing"]:
        fields = re.findall(rf"\?({_FIELD})", found["missing"])
        return lambda row: any(row.get(field) is None for field in fields)
    if found["among"]:
        choices = {literal(each) for each in re.findall(_LITERAL, found["choices"])}
        return lambda row: row.get(found["among"]) in choices
    value = literal(found["value"])
    if found["operator"] == "==":
        return lambda row: row.get(found["field"]) == value
    # A comparison with what is missing is null, and null is not true.
    return lambda row: row.get(found["field"]) is not None and row[found["field"]] != value
