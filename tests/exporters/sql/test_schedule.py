"""The scheduled style judges each event once, when nothing that decides its verdict can still arrive."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.sql.setting import Setting
from cloudcascade.exporters.sql.statements import script
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import START, Event
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import Scenario, deactivate, delete_user
from cloudcascade.tests.support.query_oracle import alerts, session_actor
from cloudcascade.tests.support.sql_engines import TABLE, DuckDBEngine, spelt_out

EVERY = 900
QUERY = lower(DELETE_USER)
NAMES = {action.partition(":")[2] for action in QUERY.actions}
MARGIN = 120  # seconds that a slow machine may take between making the log and asking


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


def moved(events: list[Event], seconds_ago: int) -> list[Event]:
    """The events, START being so many seconds ago."""
    shift = datetime.now(UTC) - timedelta(seconds=seconds_ago) - START
    return [
        {
            **event,
            "eventTime": (datetime.fromisoformat(event["eventTime"]) + shift).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        }
        for event in events
    ]


def listed(engine: DuckDBEngine, events: list[Event]) -> set[str]:
    setting = Setting(
        dialect=engine.dialect, layout=layout("raw"), table=TABLE, actor="session", every=EVERY
    )
    engine.load(events)
    return {row[0] for row in engine.run(script(QUERY, "alert", setting))}


@pytest.mark.parametrize(
    ("seconds_ago", "judged"),
    [
        pytest.param(QUERY.hold + MARGIN, True, id="its windows have just passed"),
        pytest.param(QUERY.hold + EVERY - MARGIN, True, id="at the end of the slice"),
        pytest.param(QUERY.hold - MARGIN, False, id="an origin may still arrive"),
        pytest.param(QUERY.hold + EVERY + MARGIN, False, id="the run before has judged it"),
    ],
)
def test_the_slice(engine: DuckDBEngine, seconds_ago: int, judged: bool) -> None:
    events = moved([deactivate("mfa", 0)], seconds_ago)
    assert listed(engine, events) == ({"mfa"} if judged else set())


def test_it_looks_back_far_enough_for_an_origin_that_came_first(engine: DuckDBEngine) -> None:
    events = moved([delete_user("gone", 0), deactivate("mfa", 120)], QUERY.hold + EVERY // 2 + 120)
    assert listed(engine, events) == set()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_scenario_in_its_slice(engine: DuckDBEngine, scenario: Scenario) -> None:
    events = spelt_out(scenario.events)
    subjects = [event for event in events if event["eventName"] in NAMES] or events
    first = datetime.fromisoformat(subjects[0]["eventTime"])
    near = {
        event["eventID"]
        for event in events
        if abs((datetime.fromisoformat(event["eventTime"]) - first).total_seconds()) < EVERY // 4
    }
    seconds_ago = QUERY.hold + EVERY // 2 + round((first - START).total_seconds())
    wanted = alerts(QUERY, events, session_actor) & near
    assert listed(engine, moved(events, seconds_ago)) & near == wanted
