"""Measures how much memory an event costs `cascade classify` that the catalogue mentions.

    python bench/memory.py                         # 200,000 events, 5 % of them in cascades
    python bench/memory.py --events 10000000

The command runs in fresh processes over a quarter of the files and over all of them. What the second peak has more than
the first, over the listed events it has more, is what one costs, verdict included; listed are those
of any action that the catalogue mentions, kept or put aside.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cloudcascade.bench.classify import OUT, command_apart, everyday, log_files, trail
from cloudcascade.catalog import load_catalog
from cloudcascade.cli.problem_log import ProblemLog
from cloudcascade.cli.reading import read_log
from cloudcascade.events import Limits, expand_sources
from cloudcascade.matcher import Plan, compile_catalog


@dataclass(frozen=True, slots=True)
class Measured:
    """A part of the log: its events, those listed, and the most memory of the process, in bytes."""

    events: int
    listed: int
    peak: int


def measure(files: list[Path], plan: Plan) -> Measured:
    """The command over `files`."""
    sources = expand_sources([str(path) for path in files])
    with ProblemLog(None) as problems:
        engine = read_log(plan, sources, Limits(), problems)
    _, peak = command_apart([str(path) for path in files])
    return Measured(engine.records, engine.listed, peak)


def per_event(part: Measured, whole: Measured) -> float:
    """Bytes for each listed event more."""
    return (whole.peak - part.peak) / max(whole.listed - part.listed, 1)


def shown(part: Measured, whole: Measured) -> Table:
    """The results as a table."""
    table = Table(title="memory of cascade classify", caption="bytes: for each listed event more")
    for name in ("events", "listed", "peak MB", "bytes"):
        table.add_column(name, justify="right")
    for each, cost in ((part, ""), (whole, f"{per_event(part, whole):,.0f}")):
        table.add_row(f"{each.events:,}", f"{each.listed:,}", f"{each.peak / 1e6:.0f}", cost)
    return table


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--out", type=Path, default=OUT, help="where the logs are kept")
    chosen = parser.parse_args()
    folder = chosen.out / f"{chosen.events}-{chosen.share:g}"
    trail(folder, chosen.events, chosen.share, everyday())
    plan = compile_catalog(load_catalog().cascades)
    files = log_files(folder)
    part, whole = measure(files[: max(len(files) // 4, 1)], plan), measure(files, plan)
    Console(width=100).print(shown(part, whole))


if __name__ == "__main__":
    main()
