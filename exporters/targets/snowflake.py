"""Snowflake: https://docs.snowflake.com/en/sql-reference/functions-semistructured"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from ..sql.dialect import MAX_ELEMENTS, Dialect, Expression, call, function, number, text
from ..sql.layout import TimeForm
from ..sql.names import snake_case
from ..sql.reporting import PREFIX
from ..sql.target import sql_target
from ..sql.timetable import task_cron


class Snowflake(Dialect):
    name = "snowflake"
    prepare: tuple[str, str] | None = ("CREATE TEMPORARY TABLE {} AS", "DROP TABLE {}")
    merges = True
    scheduling = "Run it once: makes the table of results, and the task that adds to it what no run has told before."

    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        return exp.cast(_inside(document, path), "varchar")

    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        kind = call("TYPEOF", _inside(document, path))
        return exp.case().when(kind.eq(text("VARCHAR")), self.member(document.copy(), path))

    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("TO_JSON", _inside(document, path))

    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        held = _inside(document, path)
        listed = exp.case().when(
            call("TYPEOF", held).eq(text("ARRAY")), call("TO_ARRAY", held.copy())
        )
        return self.each(listed, lambda element: self.string(element, below))

    def members(self, column: Expression, member: str) -> Expression:
        return self.each(column, lambda element: self.member(element, (member,)))

    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        return call("TRANSFORM", strings, function(change))

    def is_full(self, strings: Expression) -> Expression:
        length = call("ARRAY_SIZE", strings)
        present = call("ARRAY_SIZE", call("ARRAY_COMPACT", strings.copy()))
        return exp.and_(
            exp.Between(this=length, low=number(1), high=number(MAX_ELEMENTS)),
            length.copy().eq(present),
        )

    def covers(self, parent: Expression, own: Expression) -> Expression:
        return call("ARRAY_SIZE", call("ARRAY_EXCEPT", own, parent)).eq(number(0))

    def overlaps(self, one: Expression, other: Expression) -> Expression:
        return call("ARRAYS_OVERLAP", one, other)

    def single(self, value: Expression) -> Expression:
        return call("ARRAY_CONSTRUCT", value)

    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        if form == "milliseconds":
            return call("FLOOR", exp.Div(this=moment, expression=number(1_000)))
        known = moment if form == "timestamp" else call("TRY_TO_TIMESTAMP_TZ", moment)
        return call("DATE_PART", exp.column("EPOCH_SECOND"), known)

    def now(self) -> Expression:
        return call("DATE_PART", exp.column("EPOCH_SECOND"), call("CURRENT_TIMESTAMP"))

    def for_scheduler(self, name: str, run: Sequence[str], every: int) -> tuple[str, ...]:
        # No warehouse is named: the task runs on one that Snowflake keeps. Two runs of a task never overlap.
        # https://docs.snowflake.com/en/sql-reference/sql/create-task
        made, *rest = run
        task = f"{PREFIX}_{snake_case(name)}"
        statements = "".join(f"{statement};\n" for statement in rest)
        body = _quoted(f"BEGIN\n{statements}END;")
        schedule = text(f"USING CRON {task_cron(every, name)} UTC").sql(self.name)
        created = (
            f"CREATE OR REPLACE TASK {task}\nSCHEDULE = {schedule}\nAS EXECUTE IMMEDIATE\n{body}"
        )
        return made, created, f"ALTER TASK {task} RESUME"

    def notification(self, name: str, rows: exp.Select, table: exp.Table) -> tuple[str, ...]:
        # Without a schedule it is asked as often as rows come in, and of these alone, so that none is told twice.
        # https://docs.snowflake.com/en/user-guide/alerts
        alert = f"{PREFIX}_{snake_case(name)}"
        where = table.sql(self.name)
        said = text(f"New rows of {where}: {name}").sql(self.name)
        created = (
            f"CREATE OR REPLACE ALERT {alert}\nIF (EXISTS (\n{rows.sql(self.name, pretty=True)}\n))\nTHEN\n"
            f"CALL SYSTEM$SEND_SNOWFLAKE_NOTIFICATION(\n  SNOWFLAKE.NOTIFICATION.TEXT_PLAIN({said}),\n"
            f"  SNOWFLAKE.NOTIFICATION.INTEGRATION('{PREFIX}')\n)"
        )
        tracked = f"ALTER TABLE {where} SET CHANGE_TRACKING = TRUE"
        return tracked, created, f"ALTER ALERT {alert} RESUME"

    def matches(self, value: Expression, pattern: str) -> Expression:
        # REGEXP_LIKE would want to match the whole text.
        return exp.GT(this=call("REGEXP_INSTR", value, text(pattern)), expression=number(0))


def _quoted(body: str) -> str:
    """A script as a literal: between dollars as it is, which cannot be said of one that has two of them."""
    return text(body).sql("snowflake") if "$$" in body else f"$$\n{body}\n$$"


def _inside(document: Expression, path: Sequence[str]) -> Expression:
    if not path:
        return document.copy()
    return call("GET_PATH", document, text("".join(f'["{member}"]' for member in path)))


TARGET = sql_target(
    name="snowflake",
    title="Snowflake",
    dialect=Snowflake,
    layouts=("raw",),
    verification="parsed",
    verified_by="sqlglot's Snowflake grammar",
)
