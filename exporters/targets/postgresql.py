"""PostgreSQL: https://www.postgresql.org/docs/current/functions-json.html"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from ..capabilities import PLAIN_CONDITIONS
from ..sql.dialect import MAX_ELEMENTS, Dialect, Expression, call, fill, number, text
from ..sql.layout import TimeForm
from ..sql.target import sql_target

_ISO_UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d+)?Z$"


class PostgreSQL(Dialect):
    name = "postgres"
    unique_results = True

    def member(self, document: Expression, path: Sequence[str]) -> Expression:
        return call("jsonb_extract_path_text", document, *map(text, path))

    def string(self, document: Expression, path: Sequence[str]) -> Expression:
        kind = call("jsonb_typeof", _inside(document, path))
        value = call("jsonb_extract_path_text", document.copy(), *map(text, path))
        if not path:
            value = fill("value #>> '{}'", self.name, value=document)
        return exp.case().when(kind.eq(text("string")), value)

    def json(self, document: Expression, path: Sequence[str]) -> Expression:
        return exp.cast(_inside(document, path), "text")

    def only(self, document: Expression, path: Sequence[str], members: Sequence[str]) -> Expression:
        held = _inside(document, path)
        listed = exp.cast(exp.Array(expressions=[text(name) for name in members]), "text[]")
        within = fill(
            "(jsonb_strip_nulls(held) - listed) = CAST('{}' AS jsonb)",
            self.name,
            held=held.copy(),
            listed=listed,
        )
        is_object = call("jsonb_typeof", held).eq(text("object"))
        return exp.case().when(is_object, within).else_(exp.false())

    def strings(
        self, document: Expression, path: Sequence[str], below: Sequence[str]
    ) -> Expression:
        held = _inside(document, path)
        listed = exp.case().when(call("jsonb_typeof", held).eq(text("array")), held.copy())
        return fill(
            "ARRAY(SELECT changed FROM jsonb_array_elements(listed) AS elements(element))",
            self.name,
            changed=self.string(exp.column("element"), below),
            listed=listed,
        )

    def each(self, strings: Expression, change: Callable[[Expression], Expression]) -> Expression:
        return fill(
            "ARRAY(SELECT changed FROM unnest(listed) AS elements(element))",
            self.name,
            changed=change(exp.column("element")),
            listed=strings,
        )

    def is_full(self, strings: Expression) -> Expression:
        length = call("cardinality", strings)
        missing = call("array_position", strings.copy(), exp.null())
        return exp.and_(
            exp.Between(this=length, low=number(1), high=number(MAX_ELEMENTS)),
            exp.Is(this=missing, expression=exp.null()),
        )

    def covers(self, parent: Expression, own: Expression) -> Expression:
        return exp.ArrayContainsAll(this=parent, expression=own)

    def overlaps(self, one: Expression, other: Expression) -> Expression:
        return exp.ArrayOverlaps(this=one, expression=other)

    def single(self, value: Expression) -> Expression:
        return exp.Array(expressions=[value])

    def seconds(self, moment: Expression, form: TimeForm) -> Expression:
        if form == "milliseconds":
            return exp.cast(exp.Div(this=moment, expression=number(1_000)), "bigint")
        if form == "iso":
            # A cast of anything else would stop the whole query.
            is_time = exp.RegexpLike(this=moment, expression=text(_ISO_UTC))
            moment = exp.case().when(is_time, exp.cast(moment.copy(), "timestamptz"))
        return fill("CAST(floor(extract(epoch FROM moment)) AS bigint)", self.name, moment=moment)

    def now(self) -> Expression:
        return fill("CAST(extract(epoch FROM now()) AS bigint)", self.name)


def _inside(document: Expression, path: Sequence[str]) -> Expression:
    return call("jsonb_extract_path", document, *map(text, path)) if path else document.copy()


TARGET = sql_target(
    name="postgresql",
    title="PostgreSQL",
    dialect=PostgreSQL,
    layouts=("raw",),
    verification="executed",
    conditions=PLAIN_CONDITIONS | {"only"},
    verified_by="a PostgreSQL server, against the reference semantics on random logs",
)
