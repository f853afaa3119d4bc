"""Splunk's runs: which events a run tells, how much it reads, and when it starts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

import pytest

from cloudcascade.exporters.detections import (
    DETECTIONS,
    DISCOVERY_BURST,
    FIRST_CALLER_IDENTITY,
    Detection,
)
from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.export import export_detections
from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.languages.splunk import conf, scheduled
from cloudcascade.exporters.languages.splunk.spl import Command, Text
from cloudcascade.exporters.languages.splunk.spl_detections import burst, first_seen
from cloudcascade.exporters.registry import find_target
from cloudcascade.tests.support.cloudtrail import Event, call, user
from cloudcascade.tests.support.golden import SUPPRESSIBLE, make_export, make_options
from cloudcascade.tests.support.spl_model import rows_of, run

DAY, EVERY = 86_400, 900
SPLUNK = find_target("splunk")
INTERVALS = (60, 120, 180, 240, 300, 360, 600, 720, 900, 1_200, 1_800, 3_600, 7_200, 43_200, DAY)


def searches(*wanted: Detection, **options: int) -> dict[str, dict[str, str]]:
    made = export_detections(wanted, SPLUNK, SPLUNK.style(None), make_options(**options))
    (text,) = (each.text for each in made if each.path.name == "savedsearches.conf")
    return conf.read(text)


def commands_of(detection: Detection) -> tuple[Command, ...]:
    make = {DISCOVERY_BURST.id: burst, FIRST_CALLER_IDENTITY.id: first_seen}[detection.id]
    made = make(detection, make_options(), field_map("splunk"))  # type: ignore[operator]
    return tuple(command for command in made if not isinstance(command, Text))


def runs(log: Sequence[tuple[Event, int]], detection: Detection) -> Iterator[set[str]]:
    """The ids that each run tells of a log whose events come in so many seconds late."""
    settings = searches(detection)[f"Cascade - {detection.id}"]
    back = int(settings["dispatch.earliest_time"].removeprefix("-").removesuffix("s@m"))
    commands = commands_of(detection)
    actions = [getattr(detection, "action", None) or "", *getattr(detection, "actions", ())]
    rows = [(row, late) for event, late in log for row in rows_of([event], actions)]
    first = min(row["_time"] for row, _ in rows)
    offset = int(settings["cron_schedule"].split("-")[0]) * 60
    start = first - first % EVERY + offset
    for due in range(start, start + DAY // 2, EVERY):
        seen = [
            dict(row)
            for row, late in rows
            if due - back <= row["_time"] < due and row["_time"] + late <= due
        ]
        yield {row["event_id"] for row in run(commands, seen, began=due - back, ended=due)}


@pytest.mark.parametrize("lag", [0, 300, 600, 900, 1_200])
def test_every_first_call_is_told_however_late_it_comes(lag: int) -> None:
    random = Random(lag)
    log, wanted = [], set()
    for number in range(200):
        by = user(f"user-{number}")
        event = call("sts:GetCallerIdentity", f"c{number}", random.randrange(DAY // 4), by=by)
        log.append((event, lag))
        wanted.add(f"c{number}")
    told = Counter(each for found in runs(log, FIRST_CALLER_IDENTITY) for each in found)
    assert set(told) == wanted


@pytest.mark.parametrize("lag", [0, 300, 600, 900, 1_200])
def test_every_burst_is_told_however_late_its_calls_come(lag: int) -> None:
    random = Random(lag)
    log = []
    for number in range(60):
        begins = random.randrange(DAY // 4)
        for place, action in enumerate(DISCOVERY_BURST.actions[: DISCOVERY_BURST.distinct]):
            at = begins + 180 * place + random.randrange(120)
            event = call(action, f"b{number}-{place}", at, by=user(f"user-{number}"))
            log.append((event, random.choice((lag, 0))))
    told = {each.split("-")[0] for found in runs(log, DISCOVERY_BURST) for each in found}
    assert told == {f"b{number}" for number in range(60)}


def test_a_burst_is_told_by_the_event_with_which_it_begins() -> None:
    log = [
        (call(action, f"b{place:02}", 60 * place), 0)
        for place, action in enumerate(DISCOVERY_BURST.actions)
    ]
    told = {each for found in runs(log, DISCOVERY_BURST) for each in found}
    assert told == {f"b{DISCOVERY_BURST.distinct - 1:02}"}


def test_an_event_without_an_id_is_told_too() -> None:
    event = call("sts:GetCallerIdentity", None)
    assert any(runs([(event, 0)], FIRST_CALLER_IDENTITY))


@pytest.mark.parametrize("every", INTERVALS)
def test_a_run_that_starts_as_late_as_it_may_is_still_in_its_interval(every: int) -> None:
    for cascade in SUPPRESSIBLE:
        latest = scheduled.minute_of(cascade, every) + scheduled.start_window(every)
        assert latest < every // 60


def test_searches_do_not_all_start_in_one_minute() -> None:
    made = make_export("splunk", SUPPRESSIBLE)
    (text,) = (each.text for each in made.artefacts if each.path.name == "savedsearches.conf")
    found = [each for each in conf.read(text).values() if "alert.track" in each]
    starts = Counter(each["cron_schedule"] for each in found)
    assert len(found) == len(made.jobs)
    assert max(starts.values()) <= 4


@pytest.mark.parametrize(
    ("every", "nearest"),
    [(90, "1m or 2m"), (45 * 60, "30m or 1h"), (90 * 60, "1h or 2h"), (2 * DAY, "1d")],
)
@pytest.mark.parametrize("style", ["search", "filter", "content"])
def test_an_interval_that_cron_cannot_say_is_refused(style: str, every: int, nearest: str) -> None:
    with pytest.raises(ExportError, match=f"the nearest: {nearest}$"):
        make_export("splunk", ["aws.iam.delete-user"], style, every=every)


def test_a_detection_refuses_such_an_interval_too() -> None:
    with pytest.raises(ExportError, match="the nearest: 30m or 1h"):
        searches(*DETECTIONS, every=45 * 60)


def test_lateness_reaches_the_detections() -> None:
    for detection in DETECTIONS:
        name = f"Cascade - {detection.id}"
        usual, late = (searches(detection, lateness=each)[name] for each in (1_200, 7_200))
        one, other = (int(each["dispatch.earliest_time"].strip("-s@m")) for each in (usual, late))
        assert other > one


def test_a_failed_run_is_repeated() -> None:
    for settings in searches(*DETECTIONS).values():
        if "prune" not in settings["search"] and "inputlookup" not in settings["search"]:
            assert settings["durable.track_time_type"] == "_time"
            assert settings["durable.backfill_type"] == "time_interval"
            assert settings["durable.lag_time"] == "0"
