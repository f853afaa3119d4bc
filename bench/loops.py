"""What a loop on one entity costs: seconds to classify logs of which every event might belong to every other.

    python bench/loops.py [--events 1000,4000,16000,64000] [--live]

The yardstick is the shortest log of the same loop in the same run: a row says how many times as long a longer one
takes, beside how many times as many events it has. With --live the events go through `LiveEngine` instead.
"""

import argparse
import gc
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from cloudcascade.catalog import load_catalog
from cloudcascade.events import Record
from cloudcascade.matcher import Engine, LiveEngine, Plan, compile_catalog
from cloudcascade.tests.support.cloudtrail import record
from cloudcascade.tests.support.loops import LOOPS

PIECE = 500


def in_a_log(plan: Plan, records: list[Record]) -> int:
    """Classify a finished log; how many verdicts there are."""
    engine = Engine(plan)
    engine.feed(records)
    return sum(1 for _ in engine.verdicts())


def in_a_stream(plan: Plan, records: list[Record]) -> int:
    """Classify a stream that comes in pieces; how many verdicts there are."""
    engine = LiveEngine(plan)
    told = 0
    for start in range(0, len(records), PIECE):
        engine.feed(records[start : start + PIECE])
        told += len(engine.advance())
    told += len(engine.close())
    while engine.due:
        told += len(engine.close())
    return told


def seconds(work: Callable[[Plan, list[Record]], int], plan: Plan, records: list[Record]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    assert work(plan, records) == len(records)
    return time.perf_counter() - start


def main() -> None:
    gc.disable()  # as `cascade classify` does
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", default="1000,4000,16000,64000")
    parser.add_argument("--live", action="store_true")
    asked = parser.parse_args()
    sizes = [int(each) for each in asked.events.split(",")]
    work = in_a_stream if asked.live else in_a_log
    plan = compile_catalog(load_catalog().cascades)
    table = Table("loop", "events", "seconds", "times as many", "times as long")
    for name, made in LOOPS.items():
        shortest = 0.0
        for size in sizes:
            taken = seconds(work, plan, list(map(record, made(size))))
            shortest = shortest or taken
            table.add_row(
                name,
                f"{size:,}",
                f"{taken:.2f}",
                f"{size / sizes[0]:.0f}",
                f"{taken / shortest:.1f}",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
