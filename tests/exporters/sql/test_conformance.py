"""Every SQL engine that runs here answers what the reference semantics say."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.catalog import load_catalog
from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.sql.answers import Answer
from cloudcascade.exporters.sql.setting import ActorKey
from cloudcascade.exporters.targets.duckdb import TARGET
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.query_oracle import (
    Actor,
    alerts,
    candidates,
    explained,
    initial_principal,
    session_actor,
)
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs
from cloudcascade.tests.support.sql_engines import ENGINES, DuckDBEngine, Engine, needs, together

CAN = TARGET.style("whole").capabilities
ACTORS: dict[ActorKey, Actor] = {"initial-principal": initial_principal, "session": session_actor}
CATALOG = load_catalog()


@pytest.fixture(scope="module", params=ENGINES)
def started(request: pytest.FixtureRequest) -> Iterator[tuple[str, Engine]]:
    start, missing, _ = ENGINES[request.param]
    if reason := missing():
        pytest.skip(reason)
    engine = start()
    yield request.param, engine
    engine.close()


@pytest.mark.parametrize("actor", ACTORS)
def test_offboardings_and_attacks(started: tuple[str, Engine], actor: ActorKey) -> None:
    _, engine = started
    events = together(scenario.events for scenario in SCENARIOS)
    query = lower(DELETE_USER)
    wanted = alerts(query, events, ACTORS[actor])
    for order in (events, events[::-1], [event for event in events for _ in range(2)]):
        engine.load(order)
        assert engine.ids(query, "alert", actor) == wanted


def test_the_explained_are_the_rest(started: tuple[str, Engine]) -> None:
    _, engine = started
    events = together(scenario.events for scenario in SCENARIOS)
    query = lower(DELETE_USER)
    engine.load(events)
    listed = engine.rows(query, "explained", "initial-principal")
    assert {row[0] for row in listed} == explained(query, events) & candidates(query, events)
    roots = {event["eventID"] for event in events if event["eventName"] == "DeleteUser"}
    assert all(row[-4] == DELETE_USER.id and row[-1] in roots for row in listed)


def test_the_companion_counts_what_is_silenced(started: tuple[str, Engine]) -> None:
    _, engine = started
    events = together(scenario.events for scenario in SCENARIOS)
    query = lower(DELETE_USER)
    engine.load(events)
    counted = engine.rows(query, "silenced", "initial-principal")
    silenced = explained(query, events) & candidates(query, events)
    assert sum(int(row[-1]) for row in counted) == len(silenced)


def test_random_catalogues_and_logs(started: tuple[str, Engine]) -> None:
    name, engine = started
    factor = 3 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1

    @settings(
        max_examples=ENGINES[name][2] * factor,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.data(), st.sampled_from(list(ACTORS)))
    def agrees(data: st.DataObject, actor: ActorKey) -> None:
        cascades = data.draw(catalogues())
        drawn = data.draw(st.lists(logs(cascades), min_size=1, max_size=12))
        events = together(drawn)
        engine.load(events)
        for cascade in cascades[:2]:
            query = fit(lower(cascade, cascades), CAN).query
            if query is not None and query.actions:
                answer: Answer = "alert" if query.purpose == "alert" else "explained"
                wanted = explained(query, events, ACTORS[actor]) & candidates(query, events)
                if answer == "alert":
                    wanted = alerts(query, events, ACTORS[actor])
                assert engine.ids(query, answer, actor) == wanted

    agrees()


@pytest.mark.parametrize("place", ["tailpipe", "athena", "security-lake"])
def test_a_table_of_another_layout_gives_the_same_answer(place: str) -> None:
    if reason := needs("duckdb")():
        pytest.skip(reason)
    events = together(scenario.events for scenario in SCENARIOS)
    query = lower(DELETE_USER)
    engine = DuckDBEngine(place)
    engine.load(events)
    assert engine.ids(query) == alerts(query, events)
    engine.close()


def test_every_bundled_cascade_runs(started: tuple[str, Engine]) -> None:
    name, engine = started
    engine.load([])
    # Spark takes seconds for a statement: it gets every fifth.
    for cascade in CATALOG.cascades[:: 5 if name == "spark" else 1]:
        query = fit(lower(cascade, CATALOG.cascades), CAN).query
        if query is not None and query.actions:
            answer: Answer = "alert" if query.purpose == "alert" else "explained"
            assert engine.ids(query, answer) == set()
