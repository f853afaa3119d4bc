"""BigQuery: https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from ..sql.dialect import MAX_ELEMENTS, Dialect, Expression, call, fill, json_path, number, text
from ..sql.layout import PartitionForm, TimeForm
from ..sql.target import sql_target


class BigQuery(Dialect):
    name = "bigquery"
    prepare = ("CREATE TEMP TABLE {} AS", "DROP TABLE {}")
    # A scheduled query may run twice at once, and has no dataset of its own.
    merges = True
    results_beside = True
    partitions = True

    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("JSON_VALUE", document, text(json_path(path)))

    def holds(self, document: Expression, path: Sequence[str]) -> Expression:
        return self.holds_json(document, path)

    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        kind = call("JSON_TYPE", call("JSON_QUERY", document, text(json_path(path))))
        return exp.case().when(kind.eq(text("string")), self.member(document.copy(), path))

    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("TO_JSON_STRING", call("JSON_QUERY", document, text(json_path(path))))

    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        listed = call("JSON_QUERY_ARRAY", document, text(json_path(path)))
        return self.each(listed, lambda element: self.string(element, below))

    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        return fill(
            "ARRAY(SELECT changed FROM UNNEST(listed) AS element)",
            self.name,
            changed=change(exp.column("element")),
            listed=strings,
        )

    def is_full(self, strings: Expression) -> Expression:
        length = call("ARRAY_LENGTH", strings)
        missing = fill(
            "EXISTS(SELECT 1 FROM UNNEST(listed) AS element WHERE element IS NULL)",
            self.name,
            listed=strings.copy(),
        )
        return exp.and_(
            exp.Between(this=length, low=number(1), high=number(MAX_ELEMENTS)), exp.not_(missing)
        )

    def covers(self, parent: Expression, own: Expression) -> Expression:
        return fill(
            "NOT EXISTS(SELECT 1 FROM UNNEST(own_list) AS element WHERE element NOT IN UNNEST(parent_list))",
            self.name,
            own_list=own,
            parent_list=parent,
        )

    def overlaps(self, one: Expression, other: Expression) -> Expression:
        return fill(
            "EXISTS(SELECT 1 FROM UNNEST(one_list) AS element WHERE element IN UNNEST(other_list))",
            self.name,
            one_list=one,
            other_list=other,
        )

    def single(self, value: Expression) -> Expression:
        return exp.Array(expressions=[value])

    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        if form == "milliseconds":
            return call("UNIX_SECONDS", call("TIMESTAMP_MILLIS", moment))
        known = (
            moment
            if form == "timestamp"
            else fill("SAFE_CAST(moment AS TIMESTAMP)", self.name, moment=moment)
        )
        return call("UNIX_SECONDS", known)

    def now(self) -> Expression:
        return call("UNIX_SECONDS", call("CURRENT_TIMESTAMP"))

    def scheduled(self) -> Dialect:
        return ScheduledBigQuery()

    def in_partition(self, name: str, start: Expression, form: PartitionForm) -> Expression:
        # What is streamed in has no _PARTITIONTIME yet.
        # https://cloud.google.com/bigquery/docs/querying-partitioned-tables#query_an_ingestion-time_partitioned_table
        column = exp.column(self.identifier(name))
        since = exp.GTE(this=column, expression=call("TIMESTAMP_SECONDS", start))
        return exp.or_(since, exp.Is(this=column.copy(), expression=exp.null()))

    def distinct(self, step: str) -> exp.Select:
        # DISTINCT takes no JSON and no arrays.
        row = call("TO_JSON_STRING", exp.column(step))
        nth = exp.Window(
            this=exp.RowNumber(),
            partition_by=[row],
            order=exp.Order(expressions=[exp.Ordered(this=exp.column("event_time"))]),
        )
        selected = exp.select("*").from_(step)
        selected.set("qualify", exp.Qualify(this=nth.eq(number(1))))
        return selected

    def before_colon(self, value: Expression) -> Expression:
        return fill("SPLIT(value, ':')[SAFE_OFFSET(0)]", self.name, value=value)


class ScheduledBigQuery(BigQuery):
    """A scheduled query, which is told when it was due.

    https://cloud.google.com/bigquery/docs/scheduling-queries#query_string
    """

    def now(self) -> Expression:
        return call("UNIX_SECONDS", exp.Parameter(this=exp.var("run_time")))


TARGET = sql_target(
    name="bigquery",
    title="BigQuery",
    dialect=BigQuery,
    layouts=("raw",),
    verification="parsed",
    verified_by="sqlglot's BigQuery grammar",
)
