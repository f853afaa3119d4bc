"""How a query is to be asked of an engine."""

from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from ..schedule import overlap
from .dialect import Dialect, Expression, number
from .layout import Layout

ActorKey = Literal["initial-principal", "session"]
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a query is to be asked. `every`: seconds between runs, each of which judges one slice; None:
    the whole table at once. `partition`: the column by which the table is parted, if a run is to ask it."""

    dialect: Dialect
    layout: Layout
    table: str
    actor: ActorKey
    every: int | None = None
    partition: str | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """The slice of time that a run judges, all in seconds: it ends `hold` before the run was due, and reaches
    back over the slices of the runs before it by `overlap`."""

    dialect: Dialect
    every: int
    hold: int
    lateness: int

    @property
    def back(self) -> int:
        """How long before the run was due the slice begins."""
        return self.hold + self.every + overlap(self.every, self.lateness)

    def due(self) -> Expression:
        """The instant at which the run was due."""
        return aligned_now(self.dialect, self.every)

    def begins(self, due: Expression, earlier: int = 0) -> Expression:
        """The instant at which the slice begins, or so many seconds before it."""
        return exp.Sub(this=due, expression=number(self.back + earlier))

    def holds(self, moment: Expression, due: Expression) -> list[Expression]:
        """What is asked of a moment so that it lies in the slice."""
        end = exp.Sub(this=due.copy(), expression=number(self.hold)) if self.hold else due.copy()
        return [
            exp.GTE(this=moment.copy(), expression=self.begins(due.copy())),
            exp.LT(this=moment.copy(), expression=end),
        ]

    def interval(self, moment: Expression) -> Expression:
        """The instant at which the interval of a moment begins. A slice holds whole intervals, so that each run that
        judges one sees all of it."""
        since = exp.paren(exp.Add(this=moment.copy(), expression=number(self.hold)))
        past = exp.Mod(this=since, expression=number(self.every))
        return exp.paren(exp.Sub(this=moment.copy(), expression=past))


def recent_partitions(
    dialect: Dialect, layout: Layout, column: str, start: Expression
) -> Expression:
    """Whether a record lies where it may be of `start` or later: a record comes into the table after its event, and
    so lies in no earlier partition. A day more, for clocks and time zones."""
    earlier = exp.Sub(this=start, expression=number(_DAY))
    return dialect.in_partition(column, earlier, layout.partition_form)


def aligned_now(dialect: Dialect, every: int) -> Expression:
    """The instant of the schedule at which a run is due, however late it is: a multiple of `every`."""
    now = dialect.now()
    past = exp.Mod(this=now.copy(), expression=number(every))
    return exp.paren(exp.Sub(this=now, expression=past))
