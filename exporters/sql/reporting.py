"""What a schedule runs: a table of results, and an INSERT or a MERGE that adds what no run has told before.

Slices overlap, so that several runs find one event. Its id in the table says that one of them has told it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from .dialect import Dialect, Expression, text
from .expressions import column, named
from .fields import is_null

PREFIX = "cloudcascade"
"""What the names of the tables of results and of what runs begin with."""
ALERTS = f"{PREFIX}_alerts"
"""The table of what no cascade explains, one for all cascades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A table of results.

    `columns` have sqlglot's names of types. A row whose `key` is there already is not added again; one of which a
    member of the key is NULL always is. `moment` is the column of a row's time. Every row has the values
    `constant`; NULL is written as '' in the columns `blank`.
    """

    table: str
    columns: Mapping[str, str]
    key: Sequence[str]
    moment: str = "event_time"
    constant: Mapping[str, str] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()

    def value(self, name: str, table: str) -> Expression:
        """What a row of the step called `table` has in the column."""
        if name in self.constant:
            return text(self.constant[name])
        found = column(name, table)
        return exp.func("COALESCE", found, text("")) if name in self.blank else found


def placed(results: Results, read: str, dialect: Dialect) -> Results:
    """The table of results where the dialect wants it; `read` is the table that is read."""
    place, dot, _ = read.rpartition(".")
    return (
        replace(results, table=place + dot + results.table) if dialect.results_beside else results
    )


def alerts_of(cascade: str) -> Results:
    """Where the alerts of a cascade go."""
    texts = ("event_id", "event_source", "event_name", "account", "principal")
    columns = {"cascade": "text", "event_time": "bigint", **dict.fromkeys(texts, "text")}
    key = ("cascade", "event_id")
    return Results(table=ALERTS, columns=columns, key=key, constant={"cascade": cascade})


def notification(results: Results, name: str, dialect: Dialect) -> tuple[str, ...]:
    """The statements that have the engine tell of what is added for what bears that name; none where it cannot."""
    table = dialect.table(results.table)
    among = [column(each).eq(text(value)) for each, value in results.constant.items()]
    return dialect.notification(name, exp.select(results.moment).from_(table).where(*among), table)


def creation(results: Results, dialect: Dialect) -> exp.Create:
    """The statement that makes the table where it is not there yet."""
    return dialect.results_table(results.table, results.columns, results.key)


def addition(
    results: Results,
    found: str,
    since: Expression,
    dialect: Dialect,
    complete: Callable[[exp.Select], exp.Query],
) -> exp.Insert | exp.Merge:
    """The statement that adds the rows of the step `found` that are not there. None of them is older than `since`,
    so that no older row of the table need be read. `complete` puts the steps before a select."""
    if dialect.merges:
        return _merge(results, found, since, dialect, complete)
    return _insert(results, found, since, dialect, complete)


def _merge(
    results: Results,
    found: str,
    since: Expression,
    dialect: Dialect,
    complete: Callable[[exp.Select], exp.Query],
) -> exp.Merge:
    rows = [named(results.value(name, "found"), name) for name in results.columns]
    source = exp.select(*rows).from_(exp.alias_(exp.to_table(found), "found", table=True))
    same = [
        exp.GTE(this=column(results.moment, "told"), expression=since),
        *(column(name, "told").eq(text(value)) for name, value in results.constant.items()),
        *(
            column(name, "told").eq(column(name, "found"))
            for name in results.key
            if name not in results.constant
        ),
    ]
    added = exp.When(
        matched=False,
        then=exp.Insert(
            this=exp.Tuple(expressions=[exp.column(name) for name in results.columns]),
            expression=exp.Tuple(expressions=[column(name, "found") for name in results.columns]),
        ),
    )
    return exp.Merge(
        this=exp.alias_(dialect.table(results.table), "told", table=True),
        using=complete(source).subquery("found"),
        on=exp.and_(*same),
        whens=exp.Whens(expressions=[added]),
    )


def _insert(
    results: Results,
    found: str,
    since: Expression,
    dialect: Dialect,
    complete: Callable[[exp.Select], exp.Query],
) -> exp.Insert:
    rows = [named(results.value(name, "found"), name) for name in results.columns]
    own = [name for name in results.key if name not in results.constant]
    told = (
        exp.select(*own)
        .distinct()
        .from_(dialect.table(results.table))
        .where(
            exp.GTE(this=column(results.moment), expression=since),
            *(column(name).eq(text(value)) for name, value in results.constant.items()),
        )
        .subquery("told")
    )
    equal = [column(name, "told").eq(results.value(name, "found")) for name in own]
    new = (
        exp.select(*rows)
        .from_(exp.alias_(exp.to_table(found), "found", table=True))
        .join(told, on=exp.and_(*equal), join_type="left")
        .where(is_null(column(own[0], "told")))
    )
    columns = list(results.columns)
    statement = exp.insert(complete(new), dialect.table(results.table), columns=columns, copy=False)
    if dialect.unique_results:
        # Two runs at once do not see each other's rows.
        statement.set("conflict", exp.OnConflict(action=exp.var("DO NOTHING")))
    return statement
