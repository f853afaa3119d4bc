"""Schedules as they really run: late events, late starts, runs that never were and runs that were twice.

`ScheduledArtefact` is what a scheduler does with an artefact, in instants: which runs are due, what each of
them reads, and which events it judges. `replay` lets it judge a log under a `Weather` and counts what is
lost, told twice, or judged before all that decides it could be there.

To add a target: write `tests/exporters/schedules/of_<target>.py` with a function `artefacts()` that makes
artefacts as the export does, reads the numbers out of their text (cron, earliest, `from`, queryPeriod, ...:
never out of the exporter's own functions), and yields a `ScheduledArtefact` each. test_models.py finds the
file by its name and holds every artefact to 0 lost, 0 early, and duplicates only where `deduplicates` is
False, `told_at_most` times. An instant is a function of the `Run`:

    ScheduledArtefact(
        name="example: aws.iam.delete-user",
        every=900,                                   # of cron '4-59/15 * * * *'
        offset=240,
        reads_from=before_due(12_000),               # of dispatch.earliest_time = -12000s
        reads_to=before_due(0),
        judges_from=before_slot(900, 11_000),        # floor(now, 900) - 11000 in the query
        judges_to=before_slot(900, 7_000),
        needs_before=query.reach_before,             # of the query that the artefact was made of
        needs_after=query.reach_after,
        deduplicates=False,
        told_at_most=4,
    )
"""

import importlib.util
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from cloudcascade.exporters.schedule import SKIPPED_RUNS

MINUTE = 60


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """A run of a schedule: when it was due by the scheduler's clock, and when it started. Seconds since 1970."""

    due: int
    started: int


Instant = Callable[[Run], int]


def before_due(seconds: int) -> Instant:
    """So long before the instant that the scheduler means, however late the run starts."""
    return lambda run: run.due - seconds


def before_start(seconds: int) -> Instant:
    """So long before the run really starts."""
    return lambda run: run.started - seconds


def before_slot(every: int, seconds: int) -> Instant:
    """So long before the last multiple of `every` at the start of the run."""
    return lambda run: run.started - run.started % every - seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledArtefact:
    """What a platform does with an artefact.

    Runs are due `offset` seconds after each multiple of `every`; `anchored` False: nobody knows how long after
    it. A run reads the events of `[reads_from, reads_to)` and judges those of `[judges_from, judges_to)`:
    by the time at which they happened, or with `by_arrival` at which they came in. The verdict rests on
    what happens from `needs_before` seconds before an event until `needs_after` seconds behind it.
    `deduplicates`: what was told before is not told again; else an event is told `told_at_most` times
    while each run runs once. `backfills`: what was skipped is run later, for the instant at which it was due.
    """

    name: str
    every: int
    offset: int = 0
    anchored: bool = True
    reads_from: Instant
    reads_to: Instant
    judges_from: Instant
    judges_to: Instant
    by_arrival: bool = False
    needs_before: int = 0
    needs_after: int = 0
    deduplicates: bool
    told_at_most: int = 1
    backfills: bool = False

    def runs_at(self, since: int, until: int, phase: int = 0) -> Iterator[int]:
        """The instants from `since` until `until` at which runs are due; `phase` counts if none knows it."""
        offset = self.offset if self.anchored else phase % self.every
        first = since - (since - offset) % self.every + self.every
        yield from range(first, until, self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What befalls a log and its schedule. Seconds, and shares of the runs.

    Each event comes in up to `lag` late, half of them by all of it; each run starts up to `jitter` late. No
    more runs in a row are skipped than `SKIPPED_RUNS`.
    """

    name: str
    lag: int = 0
    jitter: int = 0
    skipped: float = 0.0
    doubled: float = 0.0

    def runs(self, due: Iterable[int], random: Random) -> list[Run]:
        """The runs that there are, in the order in which they start."""
        found, missing = [], 0
        for instant in due:
            missing = missing + 1 if random.random() < self.skipped else 0
            if 0 < missing <= SKIPPED_RUNS:
                continue
            missing = 0
            times = 2 if random.random() < self.doubled else 1
            found += [Run(instant, instant + random.randint(0, self.jitter)) for _ in range(times)]
        return sorted(found, key=lambda run: (run.started, run.due))

    def arrival(self, moment: int, random: Random) -> int:
        """When what happens at that moment comes in."""
        return moment + (self.lag if random.random() < 0.5 else random.randint(0, self.lag))


def weathers(every: int, lateness: int) -> tuple[Weather, ...]:
    """The weathers under which nothing may be lost by a schedule of that interval and lateness."""
    late = every - 1
    return (
        Weather(name="calm"),
        Weather(name="events 5m late", lag=min(lateness, 5 * MINUTE)),
        Weather(name="events 10m late", lag=min(lateness, 10 * MINUTE)),
        Weather(name="events 15m late", lag=min(lateness, 15 * MINUTE)),
        Weather(name="events as late as they may be", lag=lateness),
        Weather(name="runs up to 1m late", jitter=min(late, MINUTE)),
        Weather(name="runs up to an interval late", jitter=late),
        Weather(name="5 % of the runs skipped", skipped=0.05),
        Weather(name="two runs of three skipped", skipped=1.0),
        Weather(name="a fifth of the runs twice", doubled=0.2),
        Weather(name="all of it", lag=lateness, jitter=late, skipped=0.3, doubled=0.2),
    )


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event: when it happens, and when it has come in."""

    happens: int
    arrives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of how many events how many nobody told, how often one was told again, how many were judged too early to
    be right, and how often the one was told that was told most."""

    events: int
    lost: int
    duplicates: int
    early: int
    most: int


def replay(
    artefact: ScheduledArtefact, events: Sequence[Arrival], runs: Iterable[Run], lateness: int
) -> Counts:
    """What the runs make of the events. A run sees what has come in when it starts."""
    told: Counter[int] = Counter()
    early: set[int] = set()
    moments = sorted(
        (event.arrives if artefact.by_arrival else event.happens, number)
        for number, event in enumerate(events)
    )
    for run in runs:
        first, last = artefact.reads_from(run), artefact.reads_to(run)
        low = bisect_left(moments, (max(first, artefact.judges_from(run)),))
        high = bisect_left(moments, (min(last, artefact.judges_to(run)),))
        for _, number in moments[low:high]:
            event = events[number]
            if event.arrives > run.started:
                continue
            if not artefact.deduplicates or number not in told:
                told[number] += 1
            since = event.happens - artefact.needs_before
            until = event.happens + artefact.needs_after
            read = since >= first and (until < last or artefact.by_arrival)
            waits = artefact.needs_before or artefact.needs_after
            if not read or (waits and run.started < until + lateness):
                early.add(number)
    return Counts(
        events=len(events),
        lost=len(events) - len(told),
        duplicates=sum(told.values()) - len(told),
        early=len(early),
        most=max(told.values(), default=0),
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """Events spread over some days, on the edges of slots too, and the runs that may judge them."""

    events: tuple[Arrival, ...]
    runs: tuple[Run, ...] = field(repr=False)


def trial(
    artefact: ScheduledArtefact, weather: Weather, seed: int, *, count: int = 600, slots: int = 96
) -> Trial:
    """Events and runs by that weather, the same for a seed."""
    random = Random(f"{artefact.name} {weather.name} {seed}")
    start = 1_800_000_000 - 1_800_000_000 % artefact.every
    end = start + slots * artefact.every
    moments = [random.randrange(start, end) for _ in range(count)]
    # Where slices begin and end.
    for place, shift in enumerate((-1, 0, 1)):
        moments[place::4] = [m - m % artefact.every + shift for m in moments[place::4]]
    events = tuple(Arrival(moment, weather.arrival(moment, random)) for moment in moments)
    probe = Run(start, start)
    reach = start - min(artefact.judges_from(probe), artefact.reads_from(probe))
    margin = reach + weather.lag + (SKIPPED_RUNS + 2) * artefact.every
    phase = random.randrange(artefact.every)
    due = tuple(artefact.runs_at(start - margin, end + margin, phase))
    runs = weather.runs(due, random)
    if artefact.backfills:
        late = (SKIPPED_RUNS + 1) * artefact.every
        skipped = sorted(set(due) - {run.due for run in runs})
        runs += [Run(instant, instant + late) for instant in skipped]
        runs.sort(key=lambda run: (run.started, run.due))
    return Trial(events, tuple(runs))


_FOLDER = Path(__file__).parents[1] / "exporters" / "schedules"


def descriptions() -> list[str]:
    """The platforms whose artefacts are described, in a file tests/exporters/schedules/of_<platform>.py each."""
    return sorted(path.stem.removeprefix("of_") for path in _FOLDER.glob("of_*.py"))


@cache
def described_in(platform: str) -> tuple[ScheduledArtefact, ...]:
    """What such a file reads out of the artefacts that it exports."""
    path = _FOLDER / f"of_{platform}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.artefacts())


def described() -> Iterator[ScheduledArtefact]:
    """What all of them read."""
    for platform in descriptions():
        yield from described_in(platform)
