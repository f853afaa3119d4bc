"""SQL silences no event of any log that the catalogue gives rise to which the matcher would not.

The logs are every instance, every twin and every sequence of `cascade prove`, of all cascades of which something may be
silenced. Without CASCADE_FULL a fixed part of them runs here; what needs a table of its own and slow engines get fewer.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.sql.dialect import Expression, number
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.sql.setting import Setting
from cloudcascade.exporters.sql.statements import script
from cloudcascade.exporters.targets.duckdb import TARGET, DuckDB
from cloudcascade.tests.support.catalogue_logs import (
    Log,
    Table,
    attacks,
    honest,
    may_be_silent,
    readable_time,
    tables,
    unlike,
)
from cloudcascade.tests.support.golden import CATALOG, SUPPRESSING
from cloudcascade.tests.support.query_oracle import candidates
from cloudcascade.tests.support.sql_engines import ENGINES, TABLE, DuckDBEngine, Engine, needs

FULL = bool(os.environ.get("CASCADE_FULL"))
WHOLE = TARGET.style("whole").capabilities
SCHEDULED = TARGET.style("scheduled").capabilities
# Of the engines every so many cascades, and every so many logs of these; Spark takes seconds for a step.
SHARE = {
    "duckdb": (1, 2),
    "clickhouse": (4, 3),
    "postgresql": (4, 3),
    "spark": (16, 1),
    "trino": (16, 1),
}
# The logs of one table lie months apart, and ClickHouse knows no time after 2299.
FULL_SHARE = {
    "duckdb": (1, 1),
    "clickhouse": (2, 3),
    "postgresql": (3, 6),
    "spark": (18, 3),
    "trino": (18, 3),
}
# Of the logs that need a table of their own every so many.
APART = 8 if FULL else 20
IDS = tuple(cascade.id for cascade in SUPPRESSING)


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDBEngine]:
    if reason := needs("duckdb")():
        pytest.skip(reason)
    engine = DuckDBEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=ENGINES)
def started(request: pytest.FixtureRequest) -> Iterator[tuple[str, Engine]]:
    start, missing, _ = ENGINES[request.param]
    if reason := missing():
        pytest.skip(reason)
    engine = start()
    yield request.param, engine
    engine.close()


def asked(cascade: str, capabilities: Any = WHOLE) -> Query:
    query = fit(lower(CATALOG.get(cascade), CATALOG.cascades), capabilities).query
    assert query is not None
    return query


def every_log(cascade: str) -> list[Log]:
    return [*honest(cascade), *unlike(cascade), *attacks(cascade)]


def quiet(engine: Engine, query: Query, table: Table) -> set[str]:
    engine.load(table.events)
    return candidates(query, table.events) - engine.ids(query)


def test_each_engine_silences_what_the_matcher_does(started: tuple[str, Engine]) -> None:
    name, engine = started
    every, part = (FULL_SHARE if FULL else SHARE)[name]
    for cascade in IDS[::every]:
        query = asked(cascade)
        (table, *_) = tables(every_log(cascade)[::part], query)
        wanted = may_be_silent(table) & candidates(query, table.events)
        assert wanted & table.plain
        found = quiet(engine, query, table)
        assert (table.told(found - wanted), table.told(wanted - found)) == ([], [])


@pytest.mark.parametrize("cascade", IDS)
def test_what_voids_everywhere_and_where_a_log_ends(duckdb: DuckDBEngine, cascade: str) -> None:
    query = asked(cascade)
    _, *apart = tables([honest(cascade)[0], *attacks(cascade)], query)
    for table in apart[::APART]:
        wanted = may_be_silent(table) & candidates(query, table.events)
        assert table.told(quiet(duckdb, query, table) - wanted) == []


class Stopped(DuckDB):
    """DuckDB whose clock stands where the slice of the first run, of a century, holds all that is judged."""

    def now(self) -> Expression:
        return number(CENTURY)


CENTURY = 4_000_000_000


@pytest.mark.parametrize("cascade", IDS)
def test_on_a_schedule_nothing_more_is_silent(duckdb: DuckDBEngine, cascade: str) -> None:
    query = asked(cascade, SCHEDULED)
    setting = Setting(
        dialect=Stopped(), layout=layout("raw"), table=TABLE, actor="session", every=CENTURY
    )
    (table, *apart) = tables(every_log(cascade)[:: 2 if FULL else 4], query)
    # A slice holds no record whose time cannot be read (docs/exporters/sql.md).
    whole = [
        each
        for each in apart
        if each.since == 0
        and each.until is not None
        and None not in map(readable_time, each.events)
    ]
    for each in (table, *whole[::APART]):
        duckdb.load(each.events)
        listed = {row[0] for row in duckdb.run(script(query, "alert", setting))}
        found = candidates(query, each.events) - listed
        wanted = may_be_silent(each)
        assert each.told(found - wanted) == []
        if each is table:
            assert found & each.plain == wanted & each.plain & candidates(query, each.events)


@pytest.mark.parametrize("place", ["tailpipe", "athena", "security-lake"])
def test_a_table_of_another_layout_silences_nothing_more(place: str) -> None:
    if reason := needs("duckdb")():
        pytest.skip(reason)
    engine = DuckDBEngine(place)
    silent = 0
    for cascade in IDS if FULL else IDS[::3]:
        query = asked(cascade)
        (table, *_) = tables(every_log(cascade)[:: 2 if FULL else 4], query)
        found = quiet(engine, query, table)
        silent += len(found & table.plain)
        assert table.told(found - may_be_silent(table)) == []
    assert silent
    engine.close()
