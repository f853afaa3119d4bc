"""Each SQL engine tells of each timeline what stands beside it, and what the matcher says."""

import os
from collections.abc import Iterator

import pytest

from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.targets.duckdb import TARGET
from cloudcascade.tests.support.catalogue_logs import Log, Table, may_be_silent, shared
from cloudcascade.tests.support.golden import CATALOG
from cloudcascade.tests.support.query_oracle import candidates, extent_of, silenced
from cloudcascade.tests.support.sql_engines import ENGINES, Engine
from cloudcascade.tests.support.timelines import TIMELINES, Timeline

WHOLE = TARGET.style("whole").capabilities
CASCADES = tuple(dict.fromkeys(timeline.cascade for timeline in TIMELINES))
# Of slow engines every so many cascades.
# Athena cannot say `only`, what a request may carry: what needs it is left out there.
UNSAID = {"trino": {"aws.ecs.delete-service-drained", "aws.rds.delete-db-instance"}}
SHARE = {"trino": 2} if os.environ.get("CASCADE_FULL") else {"spark": 4, "trino": 8}


@pytest.fixture(scope="module", params=ENGINES)
def started(request: pytest.FixtureRequest) -> Iterator[tuple[str, Engine]]:
    start, missing, _ = ENGINES[request.param]
    if reason := missing():
        pytest.skip(reason)
    engine = start()
    yield request.param, engine
    engine.close()


def timelines_of(cascade: str) -> list[Timeline]:
    return [timeline for timeline in TIMELINES if timeline.cascade == cascade]


def table_of(cascade: str, query: Query) -> tuple[Table, set[str]]:
    """The timelines in one table, and the ids there of what is to be told."""
    found = timelines_of(cascade)
    told = {f"{place}:{id_}" for place, each in enumerate(found, 1) for id_ in each.told}
    return shared([Log(each.name, each.events) for each in found], query), told


def asked(cascade: str) -> Query:
    query = fit(lower(CATALOG.get(cascade), CATALOG.cascades), WHOLE).query
    assert query is not None
    return query


def told_by(engine: Engine, query: Query, table: Table) -> set[str]:
    """What the engine silences or labels of the events that the query is about."""
    engine.load(table.events)
    if query.purpose == "alert":
        return candidates(query, table.events) - engine.ids(query)
    return engine.ids(query, "explained")


def test_there_are_thirty_of_several_services() -> None:
    assert len({timeline.name for timeline in TIMELINES}) == len(TIMELINES) >= 30
    assert len(CASCADES) >= 5


@pytest.mark.parametrize("cascade", CASCADES)
def test_the_matcher_and_the_reference_say_what_stands_beside_them(cascade: str) -> None:
    query = asked(cascade)
    table, told = table_of(cascade, query)
    found = silenced(query, table.events, extent=extent_of(table.events))
    assert (table.told(found - told), table.told(told - found)) == ([], [])
    if query.purpose == "alert":
        explained = may_be_silent(table) & candidates(query, table.events)
        assert (table.told(explained - told), table.told(told - explained)) == ([], [])


def test_athena_has_no_form_for_what_is_left_out_there() -> None:
    athena = find_target("athena").style("whole").capabilities
    for cascade in CASCADES:
        query = fit(lower(CATALOG.get(cascade), CATALOG.cascades), athena).query
        assert (query is None) == (cascade in UNSAID["trino"])


def test_each_engine_tells_of_all_timelines_what_stands_beside_them(
    started: tuple[str, Engine],
) -> None:
    name, engine = started
    for cascade in CASCADES[:: SHARE.get(name, 1)]:
        if cascade in UNSAID.get(name, ()):
            continue
        query = asked(cascade)
        table, told = table_of(cascade, query)
        found = told_by(engine, query, table)
        assert (table.told(found - told), table.told(told - found)) == ([], [])
