"""Every scheduled artefact, as its platform's scheduler runs it, loses nothing and judges nothing too early."""

import pytest

from cloudcascade.exporters.schedule import DEFAULT_LATENESS, SKIPPED_RUNS
from cloudcascade.tests.support.schedule_simulator import (
    ScheduledArtefact,
    Weather,
    before_due,
    before_slot,
    before_start,
    described_in,
    descriptions,
    replay,
    trial,
    weathers,
)

WEATHERS = [weather.name for weather in weathers(900, DEFAULT_LATENESS)]


def weather_of(name: str, artefact: ScheduledArtefact) -> Weather:
    found = weathers(artefact.every, DEFAULT_LATENESS)
    return next(weather for weather in found if weather.name == name)


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("platform", descriptions())
def test_nothing_is_lost_or_judged_too_early(platform: str, weather: str) -> None:
    for artefact in described_in(platform):
        made = trial(artefact, weather_of(weather, artefact), seed=1)
        found = replay(artefact, made.events, made.runs, DEFAULT_LATENESS)
        assert (found.lost, found.early) == (0, 0), artefact.name


@pytest.mark.parametrize("platform", descriptions())
def test_what_is_told_twice_is_declared(platform: str) -> None:
    for artefact in described_in(platform):
        made = trial(artefact, weather_of("calm", artefact), seed=1)
        found = replay(artefact, made.events, made.runs, DEFAULT_LATENESS)
        assert found.most <= (1 if artefact.deduplicates else artefact.told_at_most)
        assert artefact.deduplicates or artefact.told_at_most == 1 or found.duplicates > 0


def example(**changed: object) -> ScheduledArtefact:
    settled: dict[str, object] = {
        "name": "example",
        "every": 900,
        "reads_from": before_slot(900, 12_000),
        "reads_to": before_slot(900, 0),
        "judges_from": before_slot(900, 3_600 + 4 * 900),
        "judges_to": before_slot(900, 3_600),
        "needs_before": 600,
        "needs_after": 2_400,
        "deduplicates": True,
    }
    return ScheduledArtefact(**{**settled, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "weather", "fault"),
    [
        pytest.param({}, "all of it", None, id="a sound one"),
        pytest.param({"anchored": False}, "all of it", None, id="at any second of the interval"),
        pytest.param(
            {"judges_from": before_start(3_600 + 900), "judges_to": before_start(3_600)},
            "runs up to 1m late",
            "lost",
            id="slices that follow the start and do not overlap",
        ),
        pytest.param(
            {"judges_from": before_due(3_600 + 900)},
            "5 % of the runs skipped",
            "lost",
            id="slices that do not overlap",
        ),
        pytest.param(
            {"judges_from": before_slot(900, 3_600 + 2 * 900)},
            "two runs of three skipped",
            "lost",
            id="one interval of overlap",
        ),
        pytest.param({"judges_to": before_slot(900, 2_400)}, "calm", "early", id="no lateness"),
        pytest.param(
            {"reads_from": before_slot(900, 7_500)}, "calm", "early", id="reads too little"
        ),
        pytest.param({"deduplicates": False}, "calm", "duplicates", id="drops nothing"),
        pytest.param({}, "a fifth of the runs twice", None, id="drops what it told"),
    ],
)
def test_the_simulator_finds_the_fault(
    changed: dict[str, object], weather: str, fault: str | None
) -> None:
    artefact = example(**changed)
    made = trial(artefact, weather_of(weather, artefact), seed=2)
    found = replay(artefact, made.events, made.runs, DEFAULT_LATENESS)
    faults = {"lost": found.lost, "early": found.early, "duplicates": found.duplicates}
    assert [name for name, count in faults.items() if count] == ([fault] if fault else [])


def test_no_more_runs_in_a_row_are_skipped_than_a_schedule_makes_up_for() -> None:
    artefact = example()
    made = trial(artefact, Weather(name="bad", skipped=1.0), seed=3)
    gaps = {later.due - run.due for run, later in zip(made.runs, made.runs[1:], strict=False)}
    assert gaps == {(SKIPPED_RUNS + 1) * artefact.every}
