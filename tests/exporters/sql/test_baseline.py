"""The join that everybody writes first, beside ours, on the same offboardings and attacks.

docs/exporters/baseline.md shows the counts.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cloudcascade.exporters.lower import lower
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event, call
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.query_oracle import alerts, extent_of
from cloudcascade.tests.support.sql_engines import DuckDBEngine, together

PAGE = Path(__file__).parents[3] / "docs" / "exporters" / "baseline.md"
WATCHED = ("DeactivateMFADevice", "DeleteVirtualMFADevice")
# `search A | join type=left target [search B] | where isnull(b)`, with target=coalesce(userName, serialNumber).
# Its window is taken as wide enough for every log: in Splunk it depends on when the search runs.
FIRST_ATTEMPT = """
SELECT removed.event ->> '$.eventID'
FROM raw_events AS removed
LEFT JOIN (
  SELECT DISTINCT event ->> '$.requestParameters.userName' AS target
  FROM raw_events
  WHERE (event ->> '$.eventName') = 'DeleteUser'
) AS deleted
ON deleted.target = coalesce(
  removed.event ->> '$.requestParameters.userName', removed.event ->> '$.requestParameters.serialNumber'
)
WHERE (removed.event ->> '$.eventName') IN ('DeactivateMFADevice', 'DeleteVirtualMFADevice')
  AND coalesce(removed.event ->> '$.errorCode', '') = ''
  AND deleted.target IS NULL
"""


def counted(ask: Callable[[DuckDBEngine], set[str]]) -> dict[str, int]:
    """How many alerts are right, false and missed, over all scenarios, each a log of its own."""
    query = lower(DELETE_USER)
    engine = DuckDBEngine()
    found = {"right": 0, "false": 0, "missed": 0}
    for scenario in SCENARIOS:
        events = within_a_longer_log(together([scenario.events]))
        engine.load(events)
        watched = watched_ids(events)
        wanted, got = (
            alerts(query, events, extent=extent_of(events)) & watched,
            ask(engine) & watched,
        )
        found["right"] += len(wanted & got)
        found["false"] += len(got - wanted)
        found["missed"] += len(wanted - got)
    engine.close()
    return found


def within_a_longer_log(events: list[Event]) -> list[Event]:
    """The events, with something else that happened a day before and a day after."""
    times = [datetime.fromisoformat(event["eventTime"]) for event in events]
    around = (min(times) - timedelta(days=1), max(times) + timedelta(days=1))
    quiet = [
        {
            **call("sts:GetCallerIdentity", f"quiet-{number}"),
            "eventTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for number, moment in enumerate(around)
    ]
    return [*quiet, *events]


def watched_ids(events: list[Event]) -> set[str]:
    return {event["eventID"] for event in events if event["eventName"] in WATCHED}


@pytest.fixture(scope="module")
def first_attempt() -> dict[str, int]:
    return counted(lambda engine: {row[0] for row in engine.run([FIRST_ATTEMPT])})


@pytest.fixture(scope="module")
def ours() -> dict[str, int]:
    query = lower(DELETE_USER)
    return counted(lambda engine: engine.ids(query))


def test_ours_neither_misses_nor_invents(ours: dict[str, int]) -> None:
    assert ours["right"] > 0
    assert (ours["false"], ours["missed"]) == (0, 0)


def test_the_first_attempt_does_both(first_attempt: dict[str, int]) -> None:
    assert first_attempt["false"] > 0
    assert first_attempt["missed"] > 0


def test_the_page_shows_these_counts(first_attempt: dict[str, int], ours: dict[str, int]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, found in (("the first attempt", first_attempt), ("cloudcascade", ours)):
        assert f"| {name} | {found['right']} | {found['false']} | {found['missed']} |" in page
