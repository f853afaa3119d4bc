"""The scheduled style judges an event when nothing that decides its verdict can still arrive."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cloudcascade.exporters import ExportError
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.schedule import overlap, tellings
from cloudcascade.exporters.sql.dialect import Expression, number
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.sql.setting import Setting
from cloudcascade.exporters.sql.statements import script
from cloudcascade.exporters.targets.duckdb import DuckDB
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import START, Event
from cloudcascade.tests.support.golden import make_options
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import Scenario, deactivate, delete_user
from cloudcascade.tests.support.query_oracle import alerts, session_actor
from cloudcascade.tests.support.sql_engines import TABLE, DuckDBEngine, spelt_out

EVERY = 900
QUERY = lower(DELETE_USER)
BACK = overlap(EVERY, QUERY.lateness)
NAMES = {action.partition(":")[2] for action in QUERY.actions}
DUE = 2_000_000_000 - 2_000_000_000 % EVERY  # an instant at which a run is due


class Stopped(DuckDB):
    """DuckDB whose clock stands."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> Expression:
        return number(self._now)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


def moved(events: list[Event], seconds_ago: int) -> list[Event]:
    """The events, START being so many seconds before the run was due."""
    shift = datetime.fromtimestamp(DUE, UTC) - timedelta(seconds=seconds_ago) - START
    return [
        {
            **event,
            "eventTime": (datetime.fromisoformat(event["eventTime"]) + shift).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        }
        for event in events
    ]


def listed(engine: DuckDBEngine, events: list[Event], late: int = 0) -> set[str]:
    """What a run lists that starts so many seconds late."""
    setting = Setting(
        dialect=Stopped(DUE + late),
        layout=layout("raw"),
        table=TABLE,
        actor="session",
        every=EVERY,
    )
    engine.load(events)
    return {row[0] for row in engine.run(script(QUERY, "alert", setting))}


@pytest.mark.parametrize("late", [0, 4, EVERY - 1])
@pytest.mark.parametrize(
    ("seconds_ago", "judged"),
    [
        pytest.param(QUERY.hold + 1, True, id="its windows have just passed"),
        pytest.param(QUERY.hold + EVERY, True, id="at the end of the slice"),
        pytest.param(QUERY.hold, False, id="an origin may still arrive"),
        pytest.param(QUERY.hold + EVERY + BACK, True, id="three runs before may not have been"),
        pytest.param(QUERY.hold + EVERY + BACK + 1, False, id="runs before have judged it"),
    ],
)
def test_the_slice_is_that_of_the_instant_at_which_the_run_was_due(
    engine: DuckDBEngine, seconds_ago: int, judged: bool, late: int
) -> None:
    events = moved([deactivate("mfa", 0)], seconds_ago)
    assert listed(engine, events, late) == ({"mfa"} if judged else set())


def test_each_second_is_judged_by_as_many_runs_as_are_declared(engine: DuckDBEngine) -> None:
    for seconds_ago in range(QUERY.hold - 3, QUERY.hold + 4):
        events = moved([deactivate("mfa", 0)], seconds_ago)
        runs = [listed(engine, events, late) for late in range(0, 6 * EVERY, EVERY)]
        assert sum(map(len, runs)) == tellings(EVERY, QUERY.lateness) == 4


@pytest.mark.parametrize("seconds_ago", [QUERY.hold + 1, QUERY.hold + EVERY + BACK])
def test_it_looks_back_far_enough_for_an_origin_that_came_first(
    engine: DuckDBEngine, seconds_ago: int
) -> None:
    events = moved([delete_user("gone", 0), deactivate("mfa", 120)], seconds_ago + 120)
    assert listed(engine, events) == set()
    assert listed(engine, events[1:]) == {"mfa"}


def test_less_than_a_minute_between_runs_is_refused() -> None:
    assert make_options(every=60).every == 60
    with pytest.raises(ExportError, match="at least a minute between runs"):
        make_options(every=59)


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
