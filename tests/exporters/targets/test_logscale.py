"""CrowdStrike LogScale: searches that tile time, and the call that schedules them."""

import json
from typing import Any

import pytest

from cloudcascade.exporters.errors import ExportError
from cloudcascade.tests.support.golden import SUPPRESSIBLE, make_export

DELETE_USER = "aws.iam.delete-user"


def scheduled(cascade: str = DELETE_USER, **options: Any) -> dict[str, Any]:
    (found,) = [
        json.loads(each.text)
        for each in make_export("logscale", [cascade], **options).artefacts
        if each.path.suffix == ".json"
    ]
    search: dict[str, Any] = found["variables"]["search"]
    return search


@pytest.mark.parametrize("every", [60, 900, 3_600, 86_400])
def test_each_search_begins_where_the_one_before_it_ended(every: int) -> None:
    assert scheduled(every=every)["searchIntervalSeconds"] == every


@pytest.mark.parametrize("lateness", [0, 1_200, 7_200])
def test_a_search_waits_for_the_windows_and_for_late_events(lateness: int) -> None:
    made = make_export("logscale", [DELETE_USER], lateness=lateness)
    hold = made.jobs[0].query.reach_after + lateness
    search = scheduled(lateness=lateness)
    assert search["searchIntervalOffsetSeconds"] == hold
    assert f"| test(now() - @timestamp >= {hold * 1_000})" in search["queryString"]


def test_searches_that_were_missed_are_made_up_for() -> None:
    search = scheduled()
    assert search["queryTimestampType"] == "EventTimestamp"
    # What a cluster allows by default; more would be refused.
    assert search["backfillLimit"] == 5


def test_a_search_runs_in_utc_at_a_minute_that_is_always_its_own() -> None:
    searches = [scheduled(cascade) for cascade in SUPPRESSIBLE]
    assert {search["timeZone"] for search in searches} == {"UTC"}
    assert len({search["schedule"] for search in searches}) > 5
    assert searches == [scheduled(cascade) for cascade in SUPPRESSIBLE]


@pytest.mark.parametrize(
    ("every", "nearest"),
    [(2_700, "30m or 1h"), (5_400, "1h or 2h"), (2 * 86_400, "1d"), (90, "1m or 2m")],
)
def test_a_schedule_that_cron_cannot_say_is_refused_with_the_nearest(
    every: int, nearest: str
) -> None:
    with pytest.raises(ExportError, match=f"the nearest: {nearest}$"):
        scheduled(every=every)


def test_the_scheduled_query_is_the_query_beside_it() -> None:
    made = {str(each.path): each.text for each in make_export("logscale", [DELETE_USER]).artefacts}
    assert scheduled()["queryString"] == made[f"logscale/queries/{DELETE_USER}.alert.logscale"]


def test_the_search_lies_in_the_view_that_holds_the_events() -> None:
    assert scheduled()["viewName"] == "cloudtrail"
    assert scheduled(index="aws")["viewName"] == "aws"


def test_a_search_says_whose_it_is_and_until_when() -> None:
    said = scheduled(overlay="ours 1.2")["description"]
    for part in ("detection@example.com", "2027-05-20", "overlay in force: ours 1.2"):
        assert part in said


def test_no_line_of_a_query_is_longer_than_a_reviewer_reads() -> None:
    for cascade in SUPPRESSIBLE:
        lines = scheduled(cascade)["queryString"].splitlines()
        assert max(len(line) for line in lines if not line.startswith("//")) < 400
