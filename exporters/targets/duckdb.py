"""DuckDB: https://duckdb.org/docs/stable/data/json/json_functions"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from ..capabilities import PLAIN_CONDITIONS
from ..sql.dialect import MAX_ELEMENTS, Dialect, Expression, call, function, json_path, number, text
from ..sql.layout import TimeForm
from ..sql.target import sql_target


class DuckDB(Dialect):
    name = "duckdb"
    unique_results = True

    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("json_extract_string", document, text(json_path(path)))

    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        at = text(json_path(path))
        is_string = call("json_type", document, at).eq(text("VARCHAR"))
        return exp.case().when(is_string, call("json_extract_string", document.copy(), at.copy()))

    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        return exp.cast(call("json_extract", document, text(json_path(path))), "text")

    def only(self, document: Expression, path: Sequence[str], members: Sequence[str]) -> Expression:
        at = text(json_path(path))
        # A patch leaves nothing of what it says null for.
        held = call("json_merge_patch", text("{}"), call("json_extract", document, at))
        listed = exp.Array(expressions=[text(name) for name in members])
        is_object = call("json_type", document.copy(), at.copy()).eq(text("OBJECT"))
        within = self.covers(listed, call("json_keys", held))
        return exp.case().when(is_object, within).else_(exp.false())

    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        at = text(json_path(path))
        elements = exp.cast(call("json_extract", document, at), "json[]")
        is_list = call("json_type", document.copy(), at.copy()).eq(text("ARRAY"))
        listed = exp.case().when(is_list, elements)
        return self.each(listed, lambda element: self.string(element, below))

    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        return call("list_transform", strings, function(change))

    def is_full(self, strings: Expression) -> Expression:
        length = call("len", strings)
        present = call("list_count", strings.copy())
        return exp.and_(
            exp.Between(this=length, low=number(1), high=number(MAX_ELEMENTS)),
            exp.EQ(this=length.copy(), expression=present),
        )

    def covers(self, parent: Expression, own: Expression) -> Expression:
        return call("list_has_all", parent, own)

    def overlaps(self, one: Expression, other: Expression) -> Expression:
        return call("list_has_any", one, other)

    def single(self, value: Expression) -> Expression:
        return call("list_value", value)

    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        if form == "milliseconds":
            return exp.cast(exp.IntDiv(this=moment, expression=number(1_000)), "bigint")
        known = (
            moment
            if form == "timestamp"
            else exp.TryCast(this=moment, to=exp.DataType.build("timestamptz"))
        )
        return exp.cast(exp.func("FLOOR", call("epoch", known)), "bigint")

    def now(self) -> Expression:
        return exp.cast(call("epoch", call("now")), "bigint")


TARGET = sql_target(
    name="duckdb",
    title="DuckDB",
    dialect=DuckDB,
    layouts=("raw", "tailpipe", "athena", "security-lake"),
    verification="executed",
    conditions=PLAIN_CONDITIONS | {"only"},
    verified_by="DuckDB, against the reference semantics on random logs",
)
