"""Measures `cascade classify --workers 2` against one process, over the same files, by the clock.

    python bench/workers.py                        # 200,000 events, 5 % of them the catalogue's
    python bench/workers.py --events 2000000 --share 0.01

Both go from the files to the last verdict; the catalogue is loaded before. They take turns, and the best of the rounds
counts. Workers are started anew each time.

On a machine with other work, or with fewer free cores than workers, the clock says little. How much the
machine gives at that time is told by a yardstick in the same rounds: decoding alone, cut among so many processes
that have nothing to tell each other. CPU time says what free cores would make of it: `at best` is the CPU time
of one process over that of the verdicts, which one process makes alone, and an equal share of all the rest.
"""

import argparse
import os
import resource
from dataclasses import dataclass
from functools import partial
from multiprocessing import Process
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from cloudcascade.bench.classify import OUT, Written, decode_only, everyday, trail, write_verdicts
from cloudcascade.catalog import load_catalog
from cloudcascade.cli.problem_log import ProblemLog
from cloudcascade.cli.reading import Recompile, read_apart, read_log
from cloudcascade.events import Limits, Source, expand_sources
from cloudcascade.matcher import Plan, compile_catalog


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds, one for each round: by the clock `took` for all and `reading` before the verdicts; CPU time `cpu` for
    all, of all processes, and `alone` for the verdicts; by the clock again, decoding alone.
    """

    workers: int
    took: tuple[float, ...]
    reading: tuple[float, ...]
    cpu: tuple[float, ...]
    alone: tuple[float, ...]
    yardstick: tuple[float, ...]

    @property
    def at_best(self) -> float:
        """Seconds by the clock if every process had a core to itself and none waited for another."""
        return min(
            alone + (cpu - alone) / self.workers
            for cpu, alone in zip(self.cpu, self.alone, strict=True)
        )


def cpu_seconds() -> float:
    """CPU time of this process and of the children that have ended."""
    own, theirs = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def one_pass(
    sources: list[Source], plan: Plan, recompile: Recompile, count: int
) -> tuple[float, ...]:
    """What `Measured` holds of one round."""
    begun, spent = perf_counter(), cpu_seconds()
    with ProblemLog(None) as problems:
        if count == 1:
            engine = read_log(plan, sources, Limits(), problems)
        else:
            engine = read_apart(count, plan, recompile, sources, Limits(), problems)
    read, before = perf_counter(), cpu_seconds()
    write_verdicts(engine)
    after = cpu_seconds()
    took = perf_counter() - begun
    return took, read - begun, after - spent, after - before, decoding(sources, count)


def decoding(sources: list[Source], count: int) -> float:
    """Seconds by the clock of the floor, the files dealt out to so many processes."""
    files = [source.path for source in sources if source.path is not None]
    processes = [Process(target=decode_only, args=(files[at::count],)) for at in range(count)]
    begun = perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return perf_counter() - begun


def measure(
    sources: list[Source], recompile: Recompile, counts: tuple[int, ...], rounds: int
) -> list[Measured]:
    """Each number of workers in turn."""
    plan = recompile()
    passes: dict[int, list[tuple[float, ...]]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            passes[count].append(one_pass(sources, plan, recompile, count))
    return [Measured(count, *zip(*passes[count], strict=True)) for count in counts]


def shown(results: list[Measured], written: Written) -> Table:
    """The results as a table, each against the first."""
    first = results[0]
    table = Table(title=f"cascade classify --workers, on a machine of {os.cpu_count()} cores")
    for name in (
        "workers", "events", "s", "of that reading", "times as fast", "yardstick",
        "CPU s", "of that verdicts", "at best times as fast",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for each in results:
        table.add_row(
            str(each.workers),
            f"{written.events:,}",
            f"{min(each.took):.2f}",
            f"{min(each.reading):.2f}",
            f"{min(first.took) / min(each.took):.2f}",
            f"{min(first.yardstick) / min(each.yardstick):.2f}",
            f"{min(each.cpu):.2f}",
            f"{min(each.alone):.2f}",
            f"{first.at_best / each.at_best:.2f}",
        )
    return table


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--workers", type=int, nargs="+", default=[2])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=OUT, help="where the logs are kept")
    chosen = parser.parse_args()
    folder = chosen.out / f"{chosen.events}-{chosen.share:g}"
    written = trail(folder, chosen.events, chosen.share, everyday())
    recompile = partial(compile_catalog, load_catalog().cascades)
    sources = expand_sources([str(folder / "AWSLogs")])
    results = measure(sources, recompile, (1, *chosen.workers), chosen.rounds)
    Console(width=120).print(shown(results, written))


if __name__ == "__main__":
    main()
