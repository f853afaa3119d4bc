"""Amazon Athena and Trino: https://trino.io/docs/current/functions/json.html"""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from ..sql.dialect import MAX_ELEMENTS, Dialect, Expression, call, function, number, text
from ..sql.layout import PartitionForm, TimeForm
from ..sql.target import sql_target


class Athena(Dialect):
    name = "athena"
    prepare = ("CREATE TABLE {} AS", "DROP TABLE {}")
    own_table = True
    one_statement = True
    partitions = True

    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("json_extract_scalar", document, _path(path))

    def holds(self, document: Expression, path: Sequence[str]) -> Expression:
        return self.holds_json(document, path)

    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        # json_extract_scalar makes texts of numbers, too; only a text begins with a quotation mark.
        is_string = self.starts_with(self.json(document, path), '"')
        return exp.case().when(is_string, self.member(document.copy(), path))

    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("json_format", call("json_extract", document, _path(path)))

    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        held = call("json_extract", document, _path(path))
        listed = exp.TryCast(this=held, to=exp.DataType.build("array(json)", dialect="trino"))
        return self.each(listed, lambda element: self.string(element, below))

    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        return call("transform", strings, function(change))

    def is_full(self, strings: Expression) -> Expression:
        present = call(
            "none_match",
            strings,
            function(lambda element: exp.Is(this=element, expression=exp.null())),
        )
        length = call("cardinality", strings.copy())
        return exp.and_(exp.Between(this=length, low=number(1), high=number(MAX_ELEMENTS)), present)

    def covers(self, parent: Expression, own: Expression) -> Expression:
        return call("cardinality", call("array_except", own, parent)).eq(number(0))

    def overlaps(self, one: Expression, other: Expression) -> Expression:
        return call("arrays_overlap", one, other)

    def single(self, value: Expression) -> Expression:
        return exp.Array(expressions=[value])

    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        if form == "milliseconds":
            return exp.cast(exp.Div(this=moment, expression=number(1_000)), "bigint")
        if form == "iso":
            moment = call("try", call("from_iso8601_timestamp", moment))
        return exp.cast(call("floor", call("to_unixtime", moment)), "bigint")

    def now(self) -> Expression:
        return exp.cast(call("to_unixtime", call("now")), "bigint")

    def in_partition(self, name: str, start: Expression, form: PartitionForm) -> Expression:
        moment = call("from_unixtime", start, text("UTC"))
        # In quotes, as Athena's guide has it: its column is called timestamp.
        column = exp.column(exp.to_identifier(name, quoted=True))
        if form == "day":
            day = call("date_format", moment, text("%Y/%m/%d"))
            return exp.GTE(this=column, expression=day)
        since = exp.GTE(this=column, expression=exp.cast(moment, "timestamp"))
        return exp.or_(since, exp.Is(this=column.copy(), expression=exp.null()))

    def results_table(
        self, name: str, columns: Mapping[str, str], key: Sequence[str]
    ) -> exp.Create:
        # Without a place of its own in S3, and so only where it is not there yet.
        # https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html
        empty = exp.select(
            *(exp.alias_(exp.cast(exp.null(), kind), each) for each, kind in columns.items())
        )
        no_rows = exp.Properties(expressions=[exp.WithDataProperty(no=True)])
        return exp.Create(this=self.table(name), kind="TABLE", expression=empty, properties=no_rows)

    def ends_with(self, value: Expression, tail: str) -> Expression:
        return call("substr", value, number(-len(tail))).eq(text(tail))


def _path(path: Sequence[str]) -> Expression:
    return text("$" + "".join(f'["{member}"]' for member in path))


TARGET = sql_target(
    name="athena",
    title="Amazon Athena, Trino",
    dialect=Athena,
    layouts=("athena", "security-lake", "raw"),
    verification="executed",
    verified_by="Trino 435 on one machine, against the reference semantics on random logs",
)
