"""Measures how long plain CloudTrail files take to read, here and in another checkout, in turn and in one run.

    git worktree add ../before v0.1.0
    python bench/reading.py --against ../before

Files of 500 records are generated below out/bench. Each round reads them in a process of its own from each tree, as
`cascade classify` reads them, without judging anything; CPU seconds without start-up, the best of the rounds.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cloudcascade.bench.cloudtrail import stream, write_trail

OUT = Path(__file__).parents[1] / "out" / "bench"
HERE = Path(__file__).parents[1]
SEED = 20260317
READ = """
import sys
from time import process_time
from cloudcascade.catalog import load_catalog
from cloudcascade.events import expand_sources, read_briefly
from cloudcascade.matcher import compile_catalog

names = compile_catalog(load_catalog().cascades).thorough
sources = expand_sources(sys.argv[1:])
begin = process_time()
count = sum(len(batch) for batch in read_briefly(sources, names, on_problem=print))
print(count, process_time() - begin)
"""


def seconds(tree: Path, folder: Path) -> tuple[int, float]:
    """How many records a tree reads, and in how many CPU seconds."""
    with tempfile.TemporaryDirectory() as house:
        Path(house, "cloudcascade").symlink_to(tree.resolve())
        done = subprocess.run(
            [sys.executable, "-c", READ, str(folder)],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": house, "PATH": "/usr/bin:/bin"},
        )
    count, taken = done.stdout.split()[-2:]
    return int(count), float(taken)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--against", type=Path, help="another checkout")
    given = parser.parse_args()
    folder = OUT / f"reading-{given.events}"
    if not folder.exists():
        sum(write_trail(folder, stream(SEED, given.events), seed=SEED))
    trees = {"here": HERE} | ({str(given.against): given.against} if given.against else {})
    best: dict[str, float] = {}
    counts = set()
    for _ in range(given.rounds):
        for name, tree in trees.items():
            count, taken = seconds(tree, folder)
            counts.add(count)
            best[name] = min(taken, best.get(name, taken))
    table = Table("tree", "records", "CPU s", "to the other")
    for name, taken in best.items():
        other = min(best[each] for each in best if each != name) if len(best) > 1 else taken
        table.add_row(name, f"{max(counts):,}", f"{taken:.2f}", f"{taken / other:.2f}")
    Console().print(table)
    if len(counts) > 1:
        sys.exit("the trees read different numbers of records")


if __name__ == "__main__":
    main()
