"""Executes rules on records: a predicate once for each different row of the fields that it reads."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import NotJudged
from .expression import Value, compiled
from .rule import Predicate, Program, Rule, Spelling

Verdicts = Sequence[bool | None]
"""Of each record whether a rule fires; None where that cannot be told of the record."""


class Records:
    """Records on which many rules are executed. What a platform holds in a field is worked out once for all of them."""

    def __init__(self, records: Sequence[Mapping[str, Any]]) -> None:
        self.records = records
        self._columns: dict[tuple[str, str], tuple[Sequence[int], Sequence[Value]]] = {}

    def column(self, spelling: Spelling, name: str) -> tuple[Sequence[int], Sequence[Value]]:
        """Of each record the number of its value in a field, and the values by number."""
        key = (spelling.name, name)
        if key not in self._columns:
            self._columns[key] = self._numbered(spelling, name)
        return self._columns[key]

    def _numbered(self, spelling: Spelling, name: str) -> tuple[Sequence[int], Sequence[Value]]:
        numbers: list[int] = []
        values: list[Value] = []
        known: dict[object, int] = {}
        for record in self.records:
            value = spelling.value(record, name)
            key = _hashable(value)
            number = known.get(key)
            if number is None:
                number = known[key] = len(values)
                values.append(value)
            numbers.append(number)
        return numbers, values


def _hashable(value: Value) -> object:
    # 1 and True are equal in Python, and differ in every language here.
    if isinstance(value, dict | list | tuple):
        return (json.dumps(value, sort_keys=True, default=str),)
    return (type(value), value)


def verdicts(rule: Rule, records: Records) -> Verdicts:
    """Whether the rule fires, of each record.

    Raises:
        NotJudged: the rule cannot be executed; the reason is the rule's own where it has one.
    """
    if rule.test is None:
        raise NotJudged(rule.not_judged or "it cannot be executed here")
    if isinstance(rule.test, Predicate):
        return _by_predicate(rule.test, records)
    return _by_program(rule.test, records)


def _by_program(program: Program, records: Records) -> Verdicts:
    answers = program.fires(records.records)
    if len(answers) != len(records.records):
        raise NotJudged("the program did not answer for every record")
    return answers


def _by_predicate(predicate: Predicate, records: Records) -> Verdicts:
    fields = predicate.fields
    test = compiled(predicate.condition, fields, predicate.functions)
    if not fields:
        return [_asked(test, ())] * len(records.records)
    columns = [records.column(predicate.spelling, name) for name in fields]
    values = [column[1] for column in columns]
    answers: dict[tuple[int, ...], bool | None] = {}
    told: list[bool | None] = []
    for row in zip(*(column[0] for column in columns), strict=True):
        answer = answers.get(row, ...)
        if answer is ...:
            answer = _asked(test, [of[number] for of, number in zip(values, row, strict=True)])
            answers[row] = answer
        told.append(answer)
    return told


def _asked(test: Any, row: Sequence[Value]) -> bool | None:
    try:
        return test(row) is True
    except RecursionError:
        raise NotJudged("its condition is nested too deeply") from None
