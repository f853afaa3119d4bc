"""What makes an event fit a pattern, as SQL."""

from collections.abc import Sequence

from sqlglot import exp

from ..query import Condition, Pattern
from .dialect import Expression, text
from .expressions import column
from .fields import Fields

# An effect or an origin of which a field is unknown does not fit, and the event alerts; a spoiler fits.
DOES_NOT_FIT = exp.false()
FITS = exp.true()


class Conditions:
    """Tests the events of a step, or those of the table that the step is called `table` in a join."""

    def __init__(self, fields: Fields, *, some_may_fail: bool) -> None:
        self.fields = fields
        self.some_may_fail = some_may_fail

    def fit(
        self,
        patterns: Sequence[Pattern],
        table: str | None = None,
        unknown: Expression = DOES_NOT_FIT,
    ) -> list[Expression]:
        """What makes an event fit one of the patterns, which differ in nothing but the event's name.

        `unknown` stands for a condition on a field that the table does not keep.
        """
        pattern = patterns[0]
        names = [text(each.event_name) for each in patterns]
        name = column("event_name", table)
        found: list[Expression] = [
            column("event_source", table).eq(text(pattern.event_source)),
            name.isin(*names) if len(names) > 1 else name.eq(names[0]),
        ]
        if self.some_may_fail and not pattern.may_fail:
            found.append(exp.not_(column("failed", table)))
        return [*found, *(self._holds(test, table, unknown) for test in pattern.where)]

    def _holds(self, condition: Condition, table: str | None, unknown: Expression) -> Expression:
        test = self.fields.condition(condition)
        if test is None:
            return unknown.copy()
        if table is None:
            return test
        for read in test.find_all(exp.Column):
            if not read.table:
                read.set("table", exp.to_identifier(table))
        return test
