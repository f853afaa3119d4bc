"""Replays scheduled SQL run by run on an engine whose table holds only what had come in by then.

The engine's clock stands at the start of each run. What the runs tell is held against the reading of the whole log.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cloudcascade.exporters.detections import DISCOVERY, Detection
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.schedule import SKIPPED_RUNS
from cloudcascade.exporters.sql.detections import detection_sql, reporting_detection
from cloudcascade.exporters.sql.dialect import Dialect, Expression, number
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.sql.reporting import ALERTS
from cloudcascade.exporters.sql.setting import Setting
from cloudcascade.exporters.sql.statements import reporting_script, script

from .cloudtrail import Event, call, user
from .schedule_simulator import Run, Weather
from .sql_engines import TABLE, Engine, moved_apart, spelt_out

Row = tuple[Any, ...]
# Stands in the statements for the clock; no other number in them is like it.
_CLOCK = 7_777_777_777_777
_SPAN = 6 * 3_600
_ISO = "%Y-%m-%dT%H:%M:%SZ"


def stopped(dialect: Dialect) -> Dialect:
    """The dialect, whose clock is a number to be put in."""

    class Stopped(type(dialect)):  # type: ignore[misc]  # the class is known when the test runs
        def now(self) -> Expression:
            return number(_CLOCK)

    still: Dialect = Stopped()
    return still


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Statements of which the clock is open: `alert` yields rows, `schedule` adds them to `table`. `explained` lists
    ids; None: it has none."""

    every: int
    hold: int
    alert: tuple[str, ...]
    schedule: tuple[str, ...]
    table: str
    columns: str
    explained: tuple[str, ...] | None = None


def of_cascade(query: Query, dialect: Dialect, every: int) -> Scheduled:
    """The scheduled style of a cascade."""
    setting = Setting(
        dialect=stopped(dialect), layout=layout("raw"), table=TABLE, actor="session", every=every
    )
    return Scheduled(
        every=every,
        hold=query.hold,
        alert=script(query, "alert", setting),
        schedule=reporting_script(query, setting),
        table=ALERTS,
        columns="event_id",
        explained=script(query, "explained", setting),
    )


def of_detection(
    detection: Detection, dialect: Dialect, every: int, lateness: int, columns: str
) -> Scheduled:
    """The scheduled style of a detection; `columns` are those that tell its findings apart."""
    place, still = layout("raw"), stopped(dialect)
    text = detection_sql(detection, still, place, TABLE, every=every, lateness=lateness)
    return Scheduled(
        every=every,
        hold=lateness,
        alert=(text,),
        schedule=reporting_detection(
            detection, still, place, TABLE, every=every, lateness=lateness
        ),
        table="cloudcascade_" + detection.id.rpartition(".")[2].replace("-", "_"),
        columns=columns,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a replay comes to: findings of the whole log, those of them that were never told, what was told and is none,
    rows of the table of results beyond the first of a finding, how often alert.sql told one at most, and what was
    silenced that the whole log does not explain."""

    wanted: int
    lost: int
    false: int
    duplicates: int
    most: int
    hidden: int


def replay(
    engine: Engine,
    made: Scheduled,
    events: Sequence[Event],
    weather: Weather,
    wanted: set[Any],
    seed: int,
    *,
    key: Callable[[Row], Any] = lambda row: row[0],
    explainable: Iterable[str] = (),
    each_run: bool = False,
) -> Outcome:
    """The runs over the events, by that weather. `wanted` are the keys of what the whole log tells, `explainable` the
    ids that it explains. With `each_run` alert.sql and explained.sql are asked, too."""
    random = Random(f"{weather.name} {seed}")
    arrivals = sorted(
        ((weather.arrival(_seconds(event), random), place) for place, event in enumerate(events))
    )
    moments = [_seconds(event) for event in events]
    # From the first run that judges anything until none does, even if some are skipped.
    first = min(moments) + made.hold
    last = max(moments) + made.hold + weather.lag + (2 * SKIPPED_RUNS + 3) * made.every
    due = range(first - first % made.every, last, made.every)
    engine.report([f"DROP TABLE IF EXISTS {made.table}"])
    told: Counter[Any] = Counter()
    silenced: set[str] = set()
    # Runs that are far from any event would only take their time.
    ordered, reach = sorted(moments), weather.lag + (2 * SKIPPED_RUNS + 4) * made.every
    for run in weather.runs(due, random):
        since = run.started - made.hold - reach
        near = bisect_left(ordered, since)
        if near == len(ordered) or ordered[near] > run.started:
            continue
        engine.load([events[place] for arrival, place in arrivals if arrival <= run.started])
        engine.report(_at(made.schedule, run))
        if each_run:
            told.update(key(row) for row in engine.run(_at(made.alert, run)))
            if made.explained:
                silenced |= {row[0] for row in engine.run(_at(made.explained, run))}
    rows = [key(tuple(row)) for row in engine.run([f"SELECT {made.columns} FROM {made.table}"])]
    assert not each_run or set(told) == set(rows)
    return Outcome(
        wanted=len(wanted),
        lost=len(wanted - set(rows)),
        false=len(set(rows) - wanted),
        duplicates=len(rows) - len(set(rows)),
        most=max(told.values(), default=0),
        hidden=len(silenced - set(explainable)),
    )


def _at(statements: Sequence[str], run: Run) -> list[str]:
    return [statement.replace(str(_CLOCK), str(run.started)) for statement in statements]


def _seconds(event: Event) -> int:
    return int(datetime.fromisoformat(event["eventTime"]).timestamp())


def crowded(logs: Iterable[Sequence[Event]], seed: int, span: int) -> list[Event]:
    """Many logs in one, each with ids and access keys of its own, that begin within `span` seconds."""
    random, found = Random(seed), []
    for place, log in enumerate(logs):
        shift = timedelta(seconds=random.randrange(span))
        for event in spelt_out(list(log)):
            moment = datetime.fromisoformat(event["eventTime"]) + shift
            moved = {**moved_apart(event, place, 0), "eventTime": moment.strftime(_ISO)}
            found.append(moved)
    return found


def first_calls(count: int, seed: int) -> tuple[list[Event], set[Row]]:
    """So many users who ask who they are within six hours, each of them twice; and when each asked first."""
    random, events, wanted = Random(seed), [], set()
    for place in range(count):
        by = user(f"user-{place}")
        first = random.randrange(_SPAN)
        for again, seconds in enumerate((first, first + random.randrange(1, 5_000))):
            event = call("sts:GetCallerIdentity", f"{place}-{again}", seconds, by=by)
            events.append(event)
            if not again:
                wanted.add((by["arn"], _seconds(event)))
    return events, wanted


def bursts(count: int, seed: int) -> tuple[list[Event], set[Row]]:
    """So many people who make ten kinds of discovery calls in just half an hour; and who they are."""
    random, events, wanted = Random(seed), [], set()
    for place in range(count):
        by = user(f"user-{place}")
        first = random.randrange(_SPAN)
        for step, action in enumerate(DISCOVERY[:10]):
            events.append(call(action, f"{place}-{step}", first + 200 * step, by=by))
        wanted.add(by["principalId"])
    return events, wanted
