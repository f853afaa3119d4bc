"""What Splunk's scheduler does with the saved searches, read out of savedsearches.conf and of their SPL."""

import re
from collections.abc import Iterable, Iterator

from cloudcascade.exporters.detections import DISCOVERY_BURST, FIRST_CALLER_IDENTITY
from cloudcascade.exporters.export import export_detections
from cloudcascade.exporters.languages.splunk import conf
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.target import Artefact
from cloudcascade.tests.support.golden import make_export, make_options
from cloudcascade.tests.support.schedule_simulator import (
    Instant,
    ScheduledArtefact,
    before_due,
)

INTERVALS = (60, 900, 7_200)
CASCADES = ("aws.iam.delete-user", "aws.secretsmanager.delete-secret")
_SLICE = re.compile(
    r"due=floor\(min\(now\(\), info_max_time\) / (\d+)\) \* \1\b.*"
    r"\(\(due - _time\) > (\d+)\)\s+AND \(\(\(due - _time\) <= (\d+)\) OR \(info_min_time <= 0\)\)",
    re.DOTALL,
)


def artefacts() -> Iterator[ScheduledArtefact]:
    for every in INTERVALS:
        made = make_export("splunk", CASCADES, every=every)
        searches = _searches(made.artefacts, "cloudcascade")
        for job in made.jobs:
            query = job.query
            yield _artefact(
                f"{query.cascade} every {every}s",
                searches[f"Cascade - {query.cascade} - not explained"],
                query.reach_before,
                query.reach_after,
            )
        wanted = (DISCOVERY_BURST, FIRST_CALLER_IDENTITY)
        target = find_target("splunk")
        options = make_options(every=every)
        texts = export_detections(wanted, target, target.style(None), options)
        searches = _searches(texts, "cloudcascade_detections")
        for detection in wanted:
            # It waits for nothing: a run that knows more tells what one before it could not.
            found = searches[f"Cascade - {detection.id}"]
            yield _artefact(f"{detection.id} every {every}s", found, 0, 0)
    verdicts = make_export("splunk", CASCADES[:1], "verdict").artefacts
    (settings,) = _searches(verdicts, "cloudcascade_verdicts").values()
    yield _on_arrival("verdicts", settings)


def _searches(made: Iterable[Artefact], app: str) -> dict[str, dict[str, str]]:
    (text,) = (each.text for each in made if str(each.path) == f"{app}/default/savedsearches.conf")
    return conf.read(text)


def _artefact(name: str, settings: dict[str, str], before: int, after: int) -> ScheduledArtefact:
    found = _SLICE.search(settings["search"])
    assert found is not None, settings["search"]
    every, hold, far = map(int, found.groups())
    back = re.fullmatch(r"-(\d+)s@m", settings["dispatch.earliest_time"])
    assert back is not None
    assert settings["dispatch.latest_time"] == "@m"
    assert settings["realtime_schedule"] == "0"
    offset = _offset(settings["cron_schedule"], every)
    # A run that is delayed by all that it may be is still within its interval.
    assert offset + 60 * int(settings["schedule_window"]) < every
    period = int(settings["alert.suppress.period"].removesuffix("s"))
    exact = settings["alert.suppress.fields"] == "event_id" and period > far - hold
    return ScheduledArtefact(
        name=f"splunk: {name}",
        every=every,
        offset=offset,
        reads_from=before_due(int(back[1])),
        # The range ends at the minute at which the run was due, however late it starts.
        reads_to=before_due(0),
        judges_from=_before_floor(every, far),
        judges_to=_before_floor(every, hold),
        needs_before=before,
        needs_after=after,
        deduplicates=exact,
    )


def _on_arrival(name: str, settings: dict[str, str]) -> ScheduledArtefact:
    """A search of what came in, which is its time; what happened may be older."""
    back = re.fullmatch(r"-(\d+)s@m", settings["dispatch.earliest_time"])
    assert back is not None
    assert settings["dispatch.latest_time"] == "@m"
    every = 900
    period = int(settings["alert.suppress.period"].removesuffix("s"))
    return ScheduledArtefact(
        name=f"splunk: {name}",
        every=every,
        offset=_offset(settings["cron_schedule"], every),
        by_arrival=True,
        reads_from=before_due(int(back[1]) + make_options().lateness),
        reads_to=before_due(0),
        judges_from=before_due(int(back[1])),
        judges_to=before_due(0),
        deduplicates=settings["alert.suppress.fields"] == "event_id" and period > int(back[1]),
    )


def _before_floor(every: int, seconds: int) -> Instant:
    return lambda run: run.due - run.due % every - seconds


def _offset(cron: str, every: int) -> int:
    """Seconds after a multiple of the interval; the cron says that interval."""
    minute, hour, *rest = cron.split()
    assert rest == ["*", "*", "*"]
    if "/" in minute:
        start, step = minute.split("/")
        assert hour == "*"
        assert int(step) * 60 == every
        return int(start.split("-")[0].replace("*", "0")) * 60
    if minute == "*":
        assert (hour, every) == ("*", 60)
        return 0
    said = {"*": 3_600, "0": 86_400}.get(hour) or int(hour.removeprefix("*/")) * 3_600
    assert said == every
    return int(minute) * 60
