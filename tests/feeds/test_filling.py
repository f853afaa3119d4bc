"""A table is brought to what the verdicts say, on every platform in the same way."""

import random

import pytest

from cloudcascade.feeds import FeedError, Row, Statement
from cloudcascade.tests.support.feeding import (
    DAY,
    HOUR,
    NOW,
    row,
    run_feed,
    silenced,
    spoken,
)
from cloudcascade.tests.support.siem_apis import PLATFORMS, SECRET, SECRETS, Sentinel
from cloudcascade.tests.support.siem_server import Platform

SEVEN = [silenced(f"event-{number}") for number in range(7)]
IDS = [each.event_id for each in SEVEN]


def test_what_is_silenced_comes_into_the_table(target: str, platform: Platform) -> None:
    report = run_feed(target, platform, SEVEN)
    assert platform.ids() == IDS
    assert (report.added, report.changed, report.taken_back) == (7, 0, 0)


def test_a_second_run_changes_nothing(target: str, platform: Platform) -> None:
    run_feed(target, platform, SEVEN)
    before = platform.changed
    report = run_feed(target, platform, SEVEN, now=NOW + HOUR)
    assert platform.changed == before
    assert report.as_dict() == dict.fromkeys(report.as_dict(), 0) | {"unchanged": 7}


def test_a_verdict_that_was_taken_back_leaves_the_table(target: str, platform: Platform) -> None:
    run_feed(target, platform, [silenced("kept", named="v1"), silenced("back", named="v2")])
    report = run_feed(target, platform, [spoken("back", named="v3", instead_of="v2")])
    assert platform.ids() == ["kept"]
    assert (report.taken_back, report.others) == (1, 1)


@pytest.mark.parametrize("order", [1, -1])
def test_a_verdict_that_was_taken_back_does_not_come_whatever_the_order(
    target: str, platform: Platform, order: int
) -> None:
    lines = [silenced("back", named="v2"), spoken("back", named="v3", instead_of="v2")]
    run_feed(target, platform, lines[::order])
    assert platform.ids() == []


def test_what_is_older_than_is_kept_goes_and_does_not_come_again(
    target: str, platform: Platform
) -> None:
    platform.seed("stale", NOW - 31 * DAY)
    platform.seed("fresh", NOW - 29 * DAY)
    report = run_feed(target, platform, [silenced("late", age=31 * DAY)])
    assert platform.ids() == ["fresh"]
    assert (report.expired, report.others, report.too_old) == (1, 1, 1)


def test_how_long_rows_are_kept_can_be_said(target: str, platform: Platform) -> None:
    run_feed(target, platform, SEVEN, keep=2 * DAY)
    report = run_feed(target, platform, [], now=NOW + 3 * DAY, keep=2 * DAY)
    assert platform.ids() == []
    assert report.expired == 7


def test_an_event_of_a_far_future_and_an_endless_keep_are_written_all_the_same(
    target: str, platform: Platform
) -> None:
    many = [silenced("future", age=-200_000_000_000), *SEVEN]
    for _ in range(2):
        report = run_feed(target, platform, many, keep=9_999_999 * DAY)
    assert platform.ids() == [*IDS, "future"]
    assert report.unchanged == 8


def test_rows_of_others_stay(target: str, platform: Platform) -> None:
    platform.seed("theirs", NOW - DAY)
    run_feed(target, platform, SEVEN)
    assert platform.ids() == [*IDS, "theirs"]


def test_an_event_that_stands_there_twice_stands_there_once(
    target: str, platform: Platform
) -> None:
    run_feed(target, platform, SEVEN[:1])
    platform.seed("event-0", NOW - HOUR)
    run_feed(target, platform, SEVEN[:1])
    assert platform.ids() == ["event-0"]


@pytest.mark.parametrize("target", ["datadog", "logscale", "secops", "sentinel", "splunk"])
def test_a_row_that_says_something_else_is_written_anew(target: str, platform: Platform) -> None:
    platform.seed("event-0", NOW - HOUR, "aws.iam.other")
    report = run_feed(target, platform, SEVEN[:1])
    assert (report.changed, report.added) == (1, 0)
    assert platform.ids() == ["event-0"]
    assert run_feed(target, platform, SEVEN[:1]).unchanged == 1


def test_a_dry_run_says_what_it_would_change_and_changes_nothing(
    target: str, platform: Platform
) -> None:
    platform.seed("stale", NOW - 31 * DAY)
    said: list[tuple[str, str]] = []
    report = run_feed(target, platform, SEVEN, dry_run=True, said=said)
    assert (report.added, report.expired, platform.changed) == (7, 1, 0)
    assert said == [("expired", "stale"), *(("added", each) for each in IDS)]


# LogScale's file is uploaded whole, or not at all.
IN_PIECES = sorted(PLATFORMS.keys() - {"logscale"})


@pytest.mark.parametrize(
    ("target", "done"),
    [*((each, 0) for each in sorted(PLATFORMS)), *((each, 1) for each in IN_PIECES)],
    indirect=["target"],
)
def test_a_run_that_was_interrupted_is_finished_by_the_next(
    target: str, platform: Platform, done: int
) -> None:
    many = [silenced(f"event-{number:04}") for number in range(1_100)]
    platform.page = 400
    platform.changes_left = done
    with pytest.raises(FeedError, match="status 503"):
        run_feed(target, platform, many)
    assert len(platform.ids()) < 1_100
    platform.changes_left = None
    run_feed(target, platform, many)
    assert platform.ids() == [each.event_id for each in many]


@pytest.mark.parametrize("target", IN_PIECES, indirect=True)
def test_what_is_taken_back_goes_before_anything_comes(target: str, platform: Platform) -> None:
    run_feed(target, platform, [silenced("back")])
    platform.changes_left = 1
    with pytest.raises(FeedError):
        run_feed(target, platform, [spoken("back"), *SEVEN])
    assert platform.ids() == []


def test_who_asks_to_be_left_alone_is_asked_again(target: str, platform: Platform) -> None:
    platform.busy = 1
    run_feed(target, platform, SEVEN)
    assert platform.ids() == IDS


def test_who_stays_busy_is_given_up_on(target: str, platform: Platform) -> None:
    platform.busy = 99
    with pytest.raises(FeedError, match="status 429"):
        run_feed(target, platform, SEVEN)
    assert platform.busy == 96


def test_wrong_credentials_are_told_once_and_not_shown(target: str, platform: Platform) -> None:
    wrong = dict.fromkeys(SECRETS, "wr0ng-s3cret")
    with pytest.raises(
        FeedError, match=r"status 40[13]: the credentials in [A-Z_ and]+ are refused"
    ) as caught:
        run_feed(target, platform, SEVEN, secrets=wrong)
    assert len(platform.log) == 1
    assert "wr0ng" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_missing_credentials_are_told_by_name(target: str, platform: Platform) -> None:
    with pytest.raises(FeedError, match=r"no credentials: set [A-Z_]+, in the environment or"):
        run_feed(target, platform, SEVEN, secrets={})
    assert platform.log == []


@pytest.mark.parametrize("target", ["datadog", "secops", "sentinel", "splunk"])
def test_a_table_that_is_not_there_is_told_with_what_makes_it(
    target: str, platform: Platform
) -> None:
    platform.there = False
    with pytest.raises(FeedError, match=r"no .* cascade_explained"):
        run_feed(target, platform, SEVEN)
    assert platform.changed == 0


@pytest.mark.parametrize("target", ["elastic"])
def test_a_value_list_that_is_not_there_is_made(target: str, platform: Platform) -> None:
    platform.there = False
    run_feed(target, platform, SEVEN, dry_run=True)
    assert platform.changed == 0
    run_feed(target, platform, SEVEN)
    assert platform.ids() == IDS


@pytest.mark.parametrize("target", ["sentinel"])
def test_a_link_to_another_host_takes_no_token_there(target: str, platform: Platform) -> None:
    assert isinstance(platform, Sentinel)
    platform.elsewhere = "https://attacker.example"
    run_feed(target, platform, SEVEN)
    assert run_feed(target, platform, SEVEN).unchanged == 7


def test_any_sequence_of_runs_ends_with_what_the_last_word_on_each_event_is(
    target: str, platform: Platform
) -> None:
    chance = random.Random(7)
    told: dict[str, Statement] = {}
    everything: list[Statement] = []
    for number in range(12):
        event_id = f"event-{chance.randrange(5)}"
        before = told.get(event_id)
        now_silenced = chance.random() < 0.6
        told[event_id] = Statement(
            event_id,
            row(event_id, age=1) if now_silenced else None,
            id=f"v{number}",
            supersedes=before.id if before else None,
        )
        everything.append(told[event_id])
        chance.shuffle(everything)
        run_feed(target, platform, everything)
        silent = sorted(each.event_id for each in told.values() if isinstance(each.row, Row))
        assert platform.ids() == silent
