"""Measures one cascade in cloudcascade against the same cascade as SQL in DuckDB, over the same gzip files, in one run.

    python bench/against_duckdb.py                      # 200,000 events, 5 % of them the catalogue's
    python bench/against_duckdb.py --events 10000000

Both sides make the whole pass from the files to the answer. DuckDB runs the product's own export
(`cascade export duckdb aws.iam.delete-user`, the alert) over `read_json`, as docs/exporters/duckdb.md shows it, on one
thread; `classify` knows that one cascade alone. Times are CPU seconds of the process, the best of the rounds, in turn.
Before anything is measured both must name the same orphans.
"""

import argparse
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from cloudcascade.bench.classify import OUT, Written, everyday, log_files, seconds, trail, verdicts
from cloudcascade.catalog import load_catalog
from cloudcascade.cli.main import run
from cloudcascade.events import expand_sources
from cloudcascade.matcher import Plan, compile_catalog

CASCADE = "aws.iam.delete-user"


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of both sides, one for each round; `orphans` is how many events both name."""

    written: Written
    orphans: int
    ours: tuple[float, ...]
    loading: tuple[float, ...]
    querying: tuple[float, ...]

    @property
    def theirs(self) -> float:
        """DuckDB's best whole pass."""
        return min(map(sum, zip(self.loading, self.querying, strict=True)))

    @property
    def ratio(self) -> float:
        """How many times as long DuckDB takes, both at their best."""
        return self.theirs / min(self.ours)


def one_cascade() -> Plan:
    """The plan of the one cascade."""
    return compile_catalog(each for each in load_catalog().cascades if each.id == CASCADE)


def exported(folder: Path) -> str:
    """The export's alert, made anew below `folder`."""
    with redirect_stdout(StringIO()):  # it tells which files it wrote
        failed = run(["export", "duckdb", CASCADE, "--out", str(folder)])
    if failed:
        raise SystemExit("the export failed")
    return (folder / "duckdb" / CASCADE / "alert.sql").read_text()


class Database:
    """A new database in memory with one thread."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(config={"threads": 1})

    def load(self, files: Iterable[Path]) -> None:
        """Read the log files into the table that the export asks for."""
        self._connection.execute(
            'CREATE TABLE cloudtrail_events AS SELECT unnest("Records") AS event FROM read_json('
            "$1, columns = {\"Records\": 'JSON[]'}, maximum_object_size = 268435456)",
            [[str(path) for path in files]],
        )

    def ids(self, query: str) -> set[str]:
        """The event ids that a query names."""
        return {row[0] for row in self._connection.execute(query).fetchall()}


def orphans(plan: Plan, folder: Path) -> set[str]:
    """The events of actions that the export silences and our verdicts do not."""
    wanted = {
        node.action.action
        for cascade in plan.cascades
        for node in cascade.nodes
        if node.policy == "suppress"
    }
    return {
        each.event_id
        for each in verdicts(plan, expand_sources([str(folder / "AWSLogs")]))
        if each.action in wanted and each.policy != "suppress"
    }


def measure(folder: Path, written: Written, rounds: int) -> Measured:
    """Both sides in turn.

    Raises:
        SystemExit: they do not name the same events.
    """
    files = log_files(folder)
    plan, query = one_cascade(), exported(folder / "export")
    database = Database()
    database.load(files)
    ours, theirs = orphans(plan, folder), database.ids(query)
    if ours != theirs:
        raise SystemExit(f"{len(ours - theirs)} orphans of ours alone, {len(theirs - ours)} of SQL")
    took, loading, querying = [], [], []
    for _ in range(rounds):
        took.append(seconds(lambda: orphans(plan, folder)))
        database = Database()
        loading.append(seconds(partial(database.load, files)))
        querying.append(seconds(partial(database.ids, query)))
    return Measured(written, len(ours), tuple(took), tuple(loading), tuple(querying))


def shown(measured: Measured) -> Table:
    """The result as a table."""
    table = Table(
        title=f"{CASCADE} against its own export in DuckDB {duckdb.__version__}, one core"
    )
    for name in (
        "events",
        "orphans",
        "ours s",
        "DuckDB s",
        "of that reading",
        "the query",
        "ratio",
    ):
        table.add_column(name, justify="right")
    table.add_row(
        f"{measured.written.events:,}",
        f"{measured.orphans:,}",
        f"{min(measured.ours):.2f}",
        f"{measured.theirs:.2f}",
        f"{min(measured.loading):.2f}",
        f"{min(measured.querying):.2f}",
        f"{measured.ratio:.1f}",
    )
    return table


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT, help="where the logs are kept")
    chosen = parser.parse_args()
    folder = chosen.out / f"{chosen.events}-{chosen.share:g}"
    written = trail(folder, chosen.events, chosen.share, everyday())
    Console(width=120).print(shown(measure(folder, written, chosen.rounds)))


if __name__ == "__main__":
    main()
