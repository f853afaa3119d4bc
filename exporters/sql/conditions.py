"""What makes an event fit a pattern, as SQL.

What a condition asks is answered where the table is read, in a column of its own (`Tests`); the steps ask that column.
"""

import re
from collections.abc import Iterable, Sequence

from sqlglot import exp

from ..query import Condition, Denied, Pattern, may_be_omitted
from .dialect import Expression, text
from .expressions import column, named
from .fields import Fields
from .names import Names, snake_case

# How a column says what was asked of the field.
_ASKED = {
    "equals": "is",
    "in": "is_one_of",
    "startswith": "begins_with",
    "endswith": "ends_with",
    "exists": "given",
    "absent": "missing",
    "grants": "grants",
    "only": "only",
}
_PLAIN_VALUE = re.compile("[A-Za-z0-9_.-]{1,24}")


class Tests:
    """The columns that answer the conditions of some patterns, each condition once."""

    __test__ = False  # pytest, which looks for classes of this name, shall not collect it

    def __init__(self, patterns: Iterable[Pattern], fields: Fields, names: Names) -> None:
        self.columns: list[Expression] = []
        self._answers: dict[str, str] = {}
        self._omitted: dict[str, str] = {}
        for condition in (each for pattern in patterns for each in pattern.where):
            # As text, since a condition on 1 equals one on true.
            if repr(condition) not in self._answers:
                test = fields.condition(condition)
                if test is not None:
                    name = self._answers[repr(condition)] = names.unique(_name(condition))
                    self.columns.append(named(test, name))
            top = may_be_omitted(condition.path)
            if top is not None and top not in self._omitted:
                left_out = fields.left_out(condition.path)
                if left_out is not None:
                    name = self._omitted[top] = names.unique(f"no_{snake_case(top)}")
                    self.columns.append(named(left_out, name))

    def answer(self, condition: Condition) -> str | None:
        """The column that says whether it holds; None where the table does not keep the field."""
        return self._answers.get(repr(condition))

    def left_out(self, path: str) -> str | None:
        """The column that says that what `path` leads into is not in the record; None where it always is."""
        return self._omitted.get(may_be_omitted(path) or "")


class Conditions:
    """Asks events, of a step or of the table that the step is called `table` in a join."""

    def __init__(self, tests: Tests) -> None:
        self.tests = tests

    def fit(
        self, patterns: Sequence[Pattern], table: str | None = None, *, lenient: bool = False
    ) -> list[Expression]:
        """What makes an event fit one of the patterns, which differ in nothing but the event's name.

        An effect or an origin of which a field cannot be read does not fit, and the event alerts; what voids an
        explanation does, which is asked `lenient`.
        """
        pattern = patterns[0]
        found = self.of_actions(patterns, table)
        if not pattern.may_fail:
            found.append(exp.not_(column("failed", table)))
        return [*found, *(self._holds(test, table, lenient) for test in pattern.where)]

    def of_actions(self, patterns: Sequence[Pattern], table: str | None = None) -> list[Expression]:
        """What makes an event one of the patterns' actions, which are one service's."""
        names = [text(each.event_name) for each in patterns]
        name = column("event_name", table)
        return [
            column("event_source", table).eq(text(patterns[0].event_source)),
            name.isin(*names) if len(names) > 1 else name.eq(names[0]),
        ]

    def _holds(self, condition: Condition, table: str | None, lenient: bool) -> Expression:
        answer = self.tests.answer(condition)
        if answer is None:
            return exp.true() if lenient else exp.false()
        left_out = self.tests.left_out(condition.path) if lenient else None
        held = column(answer, table)
        return held if left_out is None else exp.or_(column(left_out, table), held)


def _name(condition: Condition) -> str:
    """A name for the column: the field, and what is asked of it.

    >>> from ..query import Test
    >>> _name(Test("requestParameters.status", "equals", ("Inactive",)))
    'status_is_inactive'
    """
    field = snake_case(condition.path.rpartition(".")[2])
    if isinstance(condition, Denied):
        return f"{field}_denied"
    asked = _ASKED[condition.operator]
    (value, *more) = (*map(str, condition.values), "")
    if condition.operator == "only" or len(more) > 1 or not _PLAIN_VALUE.fullmatch(value):
        return f"{field}_{asked}"
    return f"{field}_{asked}_{snake_case(value)}"
