"""What scheduled SQL tells run by run, with late events, late, skipped and double runs, is what the whole log says."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.exporters.detections import DISCOVERY_BURST, FIRST_CALLER_IDENTITY
from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.schedule import tellings
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.catalogue_logs import honest, unlike
from cloudcascade.tests.support.cloudtrail import Event
from cloudcascade.tests.support.golden import CATALOG
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import deactivate
from cloudcascade.tests.support.query_oracle import alerts, session_actor, silenced
from cloudcascade.tests.support.schedule_replay import (
    bursts,
    crowded,
    first_calls,
    of_cascade,
    of_detection,
    replay,
)
from cloudcascade.tests.support.schedule_simulator import Weather, weathers
from cloudcascade.tests.support.sql_engines import ENGINES, DuckDBEngine, Engine, needs

EVERY, LATENESS, HOUR = 900, 1_200, 3_600
WEATHERS = {weather.name: weather for weather in weathers(EVERY, LATENESS)}
# bench/schedules.py runs them all.
HARD = ("events as late as they may be", "two runs of three skipped", "all of it")
QUERY = lower(DELETE_USER)
# Effects of several kinds and depths, and an ensemble.
BUNDLED = ("aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret", "aws.iam.delete-role")


def scenarios(step: int, span: int) -> list[Event]:
    return crowded(
        [scenario.events for scenario in SCENARIOS[1::step] if dated(scenario.events)], 7, span
    )


def dated(events: list[Event]) -> bool:
    """Whether each event has a time: a slice holds no other."""
    return all(str(event["eventTime"]).startswith("20") for event in events)


def bundled(name: str) -> tuple[Query, list[Event]]:
    """A cascade of the catalogue, and some honest instances of it and some that are not."""
    capabilities = find_target("duckdb").style("scheduled").capabilities
    query = fit(lower(CATALOG.get(name), CATALOG.cascades), capabilities).query
    assert query is not None
    logs = [log.events for log in (*honest(name)[::9], *unlike(name)[::11])]
    return query, crowded([log for log in logs if dated(list(log))], 3, HOUR)


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDBEngine]:
    if reason := needs("duckdb")():
        pytest.skip(reason)
    engine = DuckDBEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize("weather", HARD)
def test_a_cascade_loses_nothing_and_silences_nothing_wrongly(
    duckdb: DuckDBEngine, weather: str
) -> None:
    events = scenarios(6, HOUR)
    found = replay(
        duckdb,
        of_cascade(QUERY, duckdb.dialect, EVERY),
        events,
        WEATHERS[weather],
        alerts(QUERY, events, session_actor),
        seed=1,
        explainable=silenced(QUERY, events, session_actor),
        each_run=weather == "all of it",
    )
    assert found.wanted > 5
    assert (found.lost, found.false, found.duplicates, found.hidden) == (0, 0, 0, 0)
    if weather == "all of it":
        assert 1 < found.most <= 2 * (tellings(EVERY, LATENESS) + 1)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_cascades_lose_nothing(duckdb: DuckDBEngine, name: str) -> None:
    query, events = bundled(name)
    wanted = alerts(query, events, session_actor)
    made = of_cascade(query, duckdb.dialect, EVERY)
    found = replay(duckdb, made, events, WEATHERS["all of it"], wanted, seed=2)
    assert found.wanted > 0
    assert (found.lost, found.false, found.duplicates) == (0, 0, 0)


def test_an_event_without_an_id_is_told_by_each_run(duckdb: DuckDBEngine) -> None:
    events = [{**deactivate("x", 0), "eventID": None}]
    found = replay(
        duckdb, of_cascade(QUERY, duckdb.dialect, EVERY), events, WEATHERS["calm"], {None}, seed=3
    )
    assert (found.lost, found.duplicates) == (0, tellings(EVERY, LATENESS) - 1)


@pytest.mark.parametrize("weather", WEATHERS)
def test_each_of_200_first_calls_is_told_once(duckdb: DuckDBEngine, weather: str) -> None:
    events, wanted = first_calls(200, seed=4)
    made = of_detection(FIRST_CALLER_IDENTITY, duckdb.dialect, EVERY, LATENESS, "arn, event_time")
    found = replay(duckdb, made, events, WEATHERS[weather], wanted, seed=4, key=tuple)
    assert (found.wanted, found.lost, found.false, found.duplicates) == (200, 0, 0, 0)


@pytest.mark.parametrize("weather", WEATHERS)
def test_each_of_60_bursts_is_told_once(duckdb: DuckDBEngine, weather: str) -> None:
    events, wanted = bursts(60, seed=5)
    made = of_detection(DISCOVERY_BURST, duckdb.dialect, EVERY, LATENESS, "principal")
    found = replay(duckdb, made, events, WEATHERS[weather], wanted, seed=5)
    assert (found.wanted, found.lost, found.false, found.duplicates) == (60, 0, 0, 0)


@settings(
    max_examples=6,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    lag=st.integers(0, LATENESS),
    jitter=st.integers(0, EVERY - 1),
    skipped=st.floats(0, 1),
    doubled=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_no_weather_loses_a_first_call(
    duckdb: DuckDBEngine, lag: int, jitter: int, skipped: float, doubled: float, seed: int
) -> None:
    events, wanted = first_calls(12, seed)
    weather = Weather(name="any", lag=lag, jitter=jitter, skipped=skipped, doubled=doubled)
    made = of_detection(FIRST_CALLER_IDENTITY, duckdb.dialect, EVERY, LATENESS, "arn, event_time")
    found = replay(duckdb, made, events, weather, wanted, seed=seed, key=tuple)
    assert (found.lost, found.false, found.duplicates) == (0, 0, 0)


@pytest.mark.skipif(
    not os.environ.get("CASCADE_FULL"), reason="Spark starts for half a dozen runs: CASCADE_FULL"
)
def test_spark_tells_each_first_call_once() -> None:
    """Few calls and few runs, of which Spark takes seconds each; the model (of_sql.py) has the rest."""
    start, missing, _ = ENGINES["spark"]
    if reason := missing():
        pytest.skip(reason)
    spark = start()
    try:
        events, wanted = first_calls(3, seed=7)
        weather = Weather(name="all", lag=LATENESS, jitter=4 * HOUR - 1, skipped=0.3, doubled=0.3)
        made = of_detection(
            FIRST_CALLER_IDENTITY, spark.dialect, 4 * HOUR, LATENESS, "arn, event_time"
        )
        found = replay(spark, made, events, weather, wanted, seed=7, key=tuple)
        assert found.wanted == 3
        assert (found.lost, found.false, found.duplicates) == (0, 0, 0)
    finally:
        spark.close()


@pytest.fixture(scope="module", params=["clickhouse", "postgresql"])
def other(request: pytest.FixtureRequest) -> Iterator[Engine]:
    start, missing, _ = ENGINES[request.param]
    if reason := missing():
        pytest.skip(reason)
    running = start()
    yield running
    running.close()


def test_other_engines_lose_nothing(other: Engine) -> None:
    events = scenarios(12, HOUR)
    weather = Weather(name="all", lag=LATENESS, jitter=HOUR - 1, skipped=0.3, doubled=0.3)
    wanted = alerts(QUERY, events, session_actor)
    found = replay(other, of_cascade(QUERY, other.dialect, HOUR), events, weather, wanted, seed=6)
    assert found.wanted > 2
    assert (found.lost, found.false, found.duplicates) == (0, 0, 0)


def test_other_engines_tell_each_first_call_once(other: Engine) -> None:
    events, wanted = first_calls(9, seed=7)
    weather = Weather(name="all", lag=LATENESS, jitter=4 * HOUR - 1, skipped=0.3, doubled=0.3)
    made = of_detection(FIRST_CALLER_IDENTITY, other.dialect, 4 * HOUR, LATENESS, "arn, event_time")
    found = replay(other, made, events, weather, wanted, seed=7, key=tuple)
    assert (found.lost, found.false, found.duplicates) == (0, 0, 0)
