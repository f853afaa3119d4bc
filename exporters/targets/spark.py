"""Spark SQL 4 and Databricks: https://spark.apache.org/docs/latest/api/sql/

JSON is read as VARIANT, which tells a text from a number.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from ..capabilities import PLAIN_CONDITIONS
from ..sql.dialect import MAX_ELEMENTS, Dialect, Expression, call, function, number, text
from ..sql.layout import TimeForm
from ..sql.target import sql_target


class Spark(Dialect):
    name = "spark"
    # A cached view would be analysed anew, with all that it reads, at each of a hundred references; a table is a leaf.
    prepare = ("CREATE TABLE {} USING PARQUET AS", "DROP TABLE {}")
    own_table = True

    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("get_json_object", document, _path(path))

    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        return _string(self._variant(document), path)

    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("to_json", _inside(self._variant(document), path))

    def only(self, document: Expression, path: Sequence[str], members: Sequence[str]) -> Expression:
        held = call(
            "try_variant_get",
            self._variant(document),
            _path(path),
            text("map<string,variant>"),
        )
        listed = call("array", *map(text, members))

        def fits(entry: Expression) -> Expression:
            key, value = (
                exp.Dot(this=entry.copy(), expression=exp.to_identifier(part))
                for part in ("key", "value")
            )
            nothing = exp.or_(call("isnull", value), call("is_variant_null", value.copy()))
            return exp.or_(call("array_contains", listed, key), nothing)

        fitting = call("forall", call("map_entries", held), function(fits))
        return exp.func("COALESCE", fitting, exp.false())

    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        listed = call(
            "try_variant_get", self._variant(document), _path(path), text("array<variant>")
        )
        return self.each(listed, lambda element: _string(element, below))

    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        return call("transform", strings, function(change))

    def is_full(self, strings: Expression) -> Expression:
        missing = call("exists", strings, function(lambda element: call("isnull", element)))
        length = call("size", strings.copy())
        return exp.and_(
            exp.Between(this=length, low=number(1), high=number(MAX_ELEMENTS)), exp.not_(missing)
        )

    def covers(self, parent: Expression, own: Expression) -> Expression:
        return call("size", call("array_except", own, parent)).eq(number(0))

    def overlaps(self, one: Expression, other: Expression) -> Expression:
        return call("arrays_overlap", one, other)

    def single(self, value: Expression) -> Expression:
        return call("array", value)

    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        if form == "milliseconds":
            return call("unix_seconds", call("timestamp_millis", moment))
        known = moment if form == "timestamp" else call("try_to_timestamp", moment)
        return call("unix_seconds", known)

    def now(self) -> Expression:
        return call("unix_seconds", call("current_timestamp"))

    def _variant(self, document: Expression) -> Expression:
        return call("try_parse_json", document)


def _string(variant: Expression, path: Sequence[str]) -> Expression:
    kind = call("schema_of_variant", _inside(variant, path))
    value = call("try_variant_get", variant.copy(), _path(path), text("string"))
    return exp.case().when(kind.eq(text("STRING")), value)


def _inside(variant: Expression, path: Sequence[str]) -> Expression:
    return call("try_variant_get", variant, _path(path), text("variant"))


def _path(path: Sequence[str]) -> Expression:
    return text("$" + "".join(f"['{member}']" for member in path))


TARGET = sql_target(
    name="spark",
    title="Spark SQL, Databricks",
    dialect=Spark,
    layouts=("raw", "athena", "security-lake"),
    verification="executed",
    conditions=PLAIN_CONDITIONS | {"only"},
    verified_by="Spark SQL on one machine, against the reference semantics on random logs",
)
