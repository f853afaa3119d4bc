"""ClickHouse: https://clickhouse.com/docs/sql-reference/functions/json-functions"""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from ..capabilities import PLAIN_CONDITIONS
from ..sql.dialect import MAX_ELEMENTS, Dialect, Expression, call, function, number, text
from ..sql.layout import TimeForm
from ..sql.target import sql_target

_NO_LIST = exp.cast(exp.Array(expressions=[]), "Array(Nullable(String))", dialect="clickhouse")


class ClickHouse(Dialect):
    name = "clickhouse"
    prepare = ("CREATE TEMPORARY TABLE {} AS", "DROP TABLE {}")

    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        # A missing field and one that is no string both read as ''; '' = '' would explain what has no key.
        return call("nullIf", call("JSONExtractString", document, *map(text, path)), text(""))

    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        # JSONExtractString gives the source text of what is no string.
        kind = call("toString", call("JSONType", document, *map(text, path)))
        value = self.member(document.copy(), path)
        return call("if", kind.eq(text("String")), value, exp.null())

    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("nullIf", call("JSONExtractRaw", document, *map(text, path)), text(""))

    def only(self, document: Expression, path: Sequence[str], members: Sequence[str]) -> Expression:
        kind = call("toString", call("JSONType", document, *map(text, path)))
        listed = call("array", *map(text, members))

        def fits(pair: Expression) -> Expression:
            name = call("tupleElement", pair, number(1))
            value = call("tupleElement", pair.copy(), number(2))
            return exp.or_(call("has", listed, name), value.eq(text("null")))

        pairs = call("JSONExtractKeysAndValuesRaw", document.copy(), *map(text, path))
        return exp.and_(kind.eq(text("Object")), call("arrayAll", function(fits), pairs))

    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        listed = call("JSONExtractArrayRaw", document, *map(text, path))
        return self.each(listed, lambda element: self.string(element, below))

    def members(self, column: Expression, member: str) -> Expression:
        return self.each(column, lambda element: call("tupleElement", element, text(member)))

    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        return call("arrayMap", function(change), strings)

    def is_full(self, strings: Expression) -> Expression:
        missing = call("arrayCount", function(lambda element: call("isNull", element)), strings)
        length = call("length", strings.copy())
        return exp.and_(
            exp.Between(this=length, low=number(1), high=number(MAX_ELEMENTS)),
            missing.eq(number(0)),
        )

    # An array cannot be NULL here: the empty one stands for what is missing.
    def list_if(self, condition: Expression, strings: Expression) -> Expression:
        return call("if", condition, strings, _NO_LIST.copy())

    def list_present(self, strings: Expression) -> Expression:
        return call("notEmpty", strings)

    def first_list(self, lists: Sequence[Expression]) -> Expression:
        found = lists[-1]
        for earlier in reversed(lists[:-1]):
            found = call("if", call("notEmpty", earlier), earlier.copy(), found)
        return found

    def covers(self, parent: Expression, own: Expression) -> Expression:
        return call("hasAll", parent, own)

    def overlaps(self, one: Expression, other: Expression) -> Expression:
        return call("hasAny", one, other)

    def single(self, value: Expression) -> Expression:
        return call("array", value)

    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        if form == "milliseconds":
            return call("intDiv", moment, number(1_000))
        if form == "iso":
            moment = call("parseDateTimeBestEffortOrNull", moment, text("UTC"))
        return call("toInt64", call("toUnixTimestamp", moment))

    def now(self) -> Expression:
        return call("toInt64", call("toUnixTimestamp", call("now")))

    def ends_with(self, value: Expression, tail: str) -> Expression:
        return call("endsWith", value, text(tail))

    def before_colon(self, value: Expression) -> Expression:
        return call("substringIndex", value, text(":"), number(1))

    def without(self, value: Expression, pattern: str) -> Expression:
        return call("replaceRegexpOne", value, text(pattern), text(""))

    def lower(self, value: Expression) -> Expression:
        return call("lower", value)  # of ASCII letters only; lowerUTF8 is the other one

    def results_table(
        self, name: str, columns: Mapping[str, str], key: Sequence[str]
    ) -> exp.Create:
        made = super().results_table(name, columns, key)
        order = exp.Order(expressions=[exp.Tuple(expressions=[exp.column(each) for each in key])])
        engine = exp.EngineProperty(this=exp.var("MergeTree"))
        nullable = exp.EQ(this=exp.column("allow_nullable_key"), expression=number(1))
        settings = exp.SettingsProperty(expressions=[nullable])
        made.set("properties", exp.Properties(expressions=[engine, order, settings]))
        return made

    def finish(self, statement: exp.Query) -> exp.Query:
        # What a left join does not find is NULL, as everywhere else.
        nulls = exp.EQ(this=exp.column("join_use_nulls"), expression=number(1))
        statement.set("settings", [nulls])
        return statement


TARGET = sql_target(
    name="clickhouse",
    title="ClickHouse",
    dialect=ClickHouse,
    layouts=("raw",),
    verification="executed",
    conditions=PLAIN_CONDITIONS | {"only"},
    verified_by="ClickHouse in process (chdb), against the reference semantics on random logs",
)
