"""How long a question takes from the shell to the answer, against a yardstick in the same run.

The yardstick is a fresh Python that imports the libraries such a question needs and does nothing with
them. Processes take turns, so that a busy minute of the machine hits all of them alike.

    python bench/start_up.py [--rounds 15]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

LIBRARIES = (
    "import msgspec, networkx, pydantic, rich.console, rich.table, typer.main, yaml\n"
    "from pydantic import BaseModel"
)
LOAD = "from cloudcascade.catalog import load_catalog; load_catalog()"
EMITS = "from cloudcascade.cli.main import main; main()"

# What is run, and whether the cache of parsed cascades is there already.
MEASURED = {
    "yardstick: the libraries alone": ((LIBRARIES,), True),
    "load_catalog, nothing kept": ((LOAD,), False),
    "load_catalog": ((LOAD,), True),
    "cascade emits iam:DeleteUser, nothing kept": ((EMITS, "emits", "iam:DeleteUser"), False),
    "cascade emits iam:DeleteUser": ((EMITS, "emits", "iam:DeleteUser"), True),
}


def seconds(command: tuple[str, ...], cache: Path) -> float:
    """How long one process takes, from its start to its end."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", *command],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "CASCADE_CACHE_DIR": str(cache)},
    )
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    taken: dict[str, list[float]] = {name: [] for name in MEASURED}
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder, "warm")
        for command, _ in MEASURED.values():
            seconds(command, warm)
        for number in range(rounds):
            for name, (command, is_warm) in MEASURED.items():
                cache = warm if is_warm else Path(folder, f"{number}-{len(name)}")
                taken[name].append(seconds(command, cache))
    medians = {name: median(values) for name, values in taken.items()}
    yardstick = next(iter(medians.values()))
    table = Table("a fresh process", "median ms", "of the yardstick", title=f"{rounds} rounds")
    for name, value in medians.items():
        table.add_row(name, f"{value * 1_000:.0f}", f"{value / yardstick:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
