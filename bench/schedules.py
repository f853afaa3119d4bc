"""Replays every scheduled artefact under late events and late, skipped and double runs; a table in Markdown.

    python bench/schedules.py             # the models, and what DuckDB runs
    python bench/schedules.py --models    # the models alone

A cell counts events that no run told and tellings after the first: `0 / 12`. The models read the slices and schedules
out of the artefacts (tests/support/schedule_simulator.py), 600 events each; DuckDB runs schedule.sql run by run
over the log that had come in by then. The same numbers every time.
"""

import argparse
from collections.abc import Callable, Iterator

from cloudcascade.exporters.detections import DISCOVERY_BURST, FIRST_CALLER_IDENTITY
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.schedule import DEFAULT_LATENESS
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.query_oracle import alerts, session_actor
from cloudcascade.tests.support.schedule_replay import (
    bursts,
    crowded,
    first_calls,
    of_cascade,
    of_detection,
    replay,
)
from cloudcascade.tests.support.schedule_simulator import (
    ScheduledArtefact,
    Weather,
    described,
    trial,
    weathers,
)
from cloudcascade.tests.support.schedule_simulator import replay as replay_model
from cloudcascade.tests.support.sql_engines import DuckDBEngine

EVERY = 900
Measure = Callable[[Weather], tuple[int, int]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", action="store_true", help="no engine, the models alone")
    wanted = parser.parse_args()
    shown = weathers(EVERY, DEFAULT_LATENESS)
    print("| artefact | " + " | ".join(weather.name for weather in shown) + " |")
    print("|---" * (len(shown) + 1) + "|")
    for artefact in described():
        tell(artefact.name, model(artefact), weathers(artefact.every, DEFAULT_LATENESS))
    if not wanted.models:
        engine = DuckDBEngine()
        for name, measure in executed(engine):
            tell(name, measure, shown)
        engine.close()


def tell(name: str, measure: Measure, shown: tuple[Weather, ...]) -> None:
    """Print the row of an artefact."""
    cells = [f"{lost} / {duplicates}" for lost, duplicates in map(measure, shown)]
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def model(artefact: ScheduledArtefact) -> Measure:
    """What the model of a platform's scheduler makes of it."""

    def measure(weather: Weather) -> tuple[int, int]:
        made = trial(artefact, weather, seed=1)
        found = replay_model(artefact, made.events, made.runs, DEFAULT_LATENESS)
        return found.lost, found.duplicates

    return measure


def executed(engine: DuckDBEngine) -> Iterator[tuple[str, Measure]]:
    """What DuckDB makes of schedule.sql: a cascade, first calls, bursts."""
    query = lower(DELETE_USER)
    logs = [
        scenario.events
        for scenario in SCENARIOS[1::4]
        if all(str(event["eventTime"]).startswith("20") for event in scenario.events)
    ]
    events = crowded(logs, 7, 2 * 3_600)
    wanted = alerts(query, events, session_actor)
    made = of_cascade(query, engine.dialect, EVERY)

    def cascade(weather: Weather) -> tuple[int, int]:
        found = replay(engine, made, events, weather, wanted, seed=1)
        return found.lost, found.duplicates

    yield f"DuckDB runs aws.iam.delete-user, {len(wanted)} alerts", cascade

    calls, callers = first_calls(200, seed=4)
    first = of_detection(
        FIRST_CALLER_IDENTITY, engine.dialect, EVERY, DEFAULT_LATENESS, "arn, event_time"
    )

    def identity(weather: Weather) -> tuple[int, int]:
        found = replay(engine, first, calls, weather, callers, seed=4, key=tuple)
        return found.lost, found.duplicates

    yield "DuckDB runs first-caller-identity, 200 first calls", identity

    sweeps, people = bursts(60, seed=5)
    burst = of_detection(DISCOVERY_BURST, engine.dialect, EVERY, DEFAULT_LATENESS, "principal")

    def discovery(weather: Weather) -> tuple[int, int]:
        found = replay(engine, burst, sweeps, weather, people, seed=5)
        return found.lost, found.duplicates

    yield "DuckDB runs discovery-burst, 60 bursts", discovery


if __name__ == "__main__":
    main()
