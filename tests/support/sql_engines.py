"""SQL engines that run an exported script over some events and say which ids it lists.

An engine starts once for many scripts; `apart` lets many logs share one table without touching.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlglot import exp

from cloudcascade.exporters.query import Query
from cloudcascade.exporters.sql.answers import Answer
from cloudcascade.exporters.sql.dialect import Dialect, text
from cloudcascade.exporters.sql.layout import Layout, layout
from cloudcascade.exporters.sql.setting import ActorKey, Setting
from cloudcascade.exporters.sql.statements import script
from cloudcascade.exporters.targets.athena import Athena
from cloudcascade.exporters.targets.clickhouse import ClickHouse
from cloudcascade.exporters.targets.duckdb import DuckDB
from cloudcascade.exporters.targets.postgresql import PostgreSQL
from cloudcascade.exporters.targets.spark import Spark

from .cloudtrail import Event
from .trino_server import TrinoServer
from .trino_server import missing as trino_missing

TABLE = "cloudtrail_events"
KEYS = ("userName", "serialNumber", "alias")


class Engine(ABC):
    """A running engine with a table of events in one layout."""

    dialect: Dialect
    layout = "raw"

    def ids(
        self, query: Query, answer: Answer = "alert", actor: ActorKey = "initial-principal"
    ) -> set[str]:
        """The event ids that the answer lists; what it lists twice fails the test."""
        rows = [row[0] for row in self.rows(query, answer, actor)]
        if answer == "alert":
            assert len(rows) == len(set(rows))
        return set(rows)

    def rows(self, query: Query, answer: Answer, actor: ActorKey) -> list[tuple[Any, ...]]:
        setting = Setting(
            dialect=self.dialect, layout=layout(self.layout), table=TABLE, actor=actor
        )
        return self.run(script(query, answer, setting))

    @abstractmethod
    def load(self, events: Sequence[Event]) -> None:
        """Fill the table with these events, and nothing else."""

    @abstractmethod
    def run(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        """Run the statements; the rows of the one that has some."""

    def report(self, statements: Sequence[str]) -> None:
        """Run statements of which none has rows."""
        self.run(statements)

    @abstractmethod
    def close(self) -> None:
        """Stop the engine."""


class DuckDBEngine(Engine):
    """DuckDB in process. With another layout the table is made from the raw one."""

    dialect = DuckDB()

    def __init__(self, place: str = "raw") -> None:
        import duckdb

        self.layout = place
        self.connection = duckdb.connect()
        self.connection.execute("CREATE TABLE raw_events (event JSON)")

    def load(self, events: Sequence[Event]) -> None:
        self.connection.execute("DELETE FROM raw_events")
        self.connection.execute(
            "INSERT INTO raw_events SELECT unnest($1::VARCHAR[])::JSON", [lines(events)]
        )
        columns = "event" if self.layout == "raw" else _columns(layout(self.layout))
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {TABLE} AS SELECT {columns} FROM raw_events"
        )

    def run(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        (statement,) = statements
        return self.connection.execute(statement).fetchall()

    def report(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.connection.execute(statement)

    def close(self) -> None:
        self.connection.close()


class ClickHouseEngine(Engine):
    """ClickHouse in process."""

    dialect = ClickHouse()

    def __init__(self) -> None:
        from chdb import session

        self.session = session.Session()

    def load(self, events: Sequence[Event]) -> None:
        self.session.query(f"CREATE OR REPLACE TABLE {TABLE} (event String) ENGINE = Memory")
        if not events:
            return
        rows = "\n".join(json.dumps({"event": line}) for line in lines(events))
        self.session.query(f"INSERT INTO {TABLE} FORMAT JSONEachRow {rows}")

    def run(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        self.session.query("DROP TABLE IF EXISTS cascade_events")  # a statement may have failed
        for statement in statements:
            answer = str(self.session.query(statement, "JSONCompactEachRow"))
            found += [tuple(json.loads(line)) for line in answer.splitlines() if line]
        return found

    def close(self) -> None:
        self.session.close()


class SparkEngine(Engine):
    """Spark SQL on this machine."""

    dialect = Spark()

    def __init__(self) -> None:
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").appName("cloudcascade")
        self.folder = Path(tempfile.mkdtemp(prefix="cascade-spark-"))
        for name, value in {
            "spark.sql.warehouse.dir": str(self.folder / "tables"),
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.log.level": "ERROR",
            # A compiler for every step of a query that is asked once of a few events takes most of its time.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            # Hundreds of queries in one session, of which it would otherwise remember all.
            "spark.driver.memory": "4g",
            "spark.sql.ui.retainedExecutions": "1",
            "spark.ui.retainedJobs": "1",
            "spark.ui.retainedStages": "1",
        }.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.loaded = 0

    def load(self, events: Sequence[Event]) -> None:
        self.loaded += 1  # Spark keeps what it knows of a file that it has seen
        file = self.folder / f"{self.loaded}.ndjson"
        file.write_text("".join(f"{line}\n" for line in lines(events)), encoding="utf-8")
        self.spark.read.text(str(file)).toDF("event").createOrReplaceTempView(TABLE)

    def run(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for statement in statements:
            found += [tuple(row) for row in self.spark.sql(statement).collect()]
        return found

    def close(self) -> None:
        self.spark.stop()
        shutil.rmtree(self.folder)


class TrinoEngine(Engine):
    """A Trino server of its own with a table in memory, asked in Athena's dialect."""

    dialect = Athena()

    def __init__(self, place: str = "raw") -> None:
        self.layout = place
        self.folder = Path(tempfile.mkdtemp(prefix="cascade-trino-"))
        self.server = TrinoServer(self.folder)
        self.server.start()

    def load(self, events: Sequence[Event]) -> None:
        self.server.ask("DROP TABLE IF EXISTS raw_events")
        self.server.ask("CREATE TABLE raw_events (event VARCHAR)")
        for some in _batches(lines(events)):
            rows = ", ".join(exp.Tuple(expressions=[text(line)]).sql("trino") for line in some)
            self.server.ask(f"INSERT INTO raw_events VALUES {rows}")
        columns = "event" if self.layout == "raw" else _trino_columns(layout(self.layout))
        self.server.ask(f"DROP TABLE IF EXISTS {TABLE}")
        self.server.ask(f"CREATE TABLE {TABLE} AS SELECT {columns} FROM raw_events")

    def run(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        return [row for each in statements for row in self._rows(each)]

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a question; what keeps or drops a table answers with a count or a truth value."""
        rows = self.server.ask(statement)
        return rows if statement.startswith(("WITH", "SELECT")) else []

    def close(self) -> None:
        self.server.stop()
        shutil.rmtree(self.folder)


class PostgreSQLEngine(Engine):
    """A PostgreSQL server of its own, on a socket in a temporary folder."""

    dialect = PostgreSQL()

    def __init__(self) -> None:
        import psycopg

        self.folder = Path(tempfile.mkdtemp(prefix="cascade-postgres-"))
        data = self.folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self._program("initdb", "-D", str(data), "-A", "trust", "-U", "cascade", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._program(
            "pg_ctl", "-D", str(data), "-w", "-o", options, "-l", str(self.folder / "log"), "start"
        )
        self.connection = psycopg.connect(
            host=str(self.folder), user="cascade", dbname="postgres", autocommit=True
        )
        self.connection.execute(f"CREATE TABLE {TABLE} (event jsonb)")

    def _program(self, name: str, *arguments: str) -> None:
        command = [str(postgres_program(name)), *arguments]
        if self.user:  # the server refuses to run as root
            command = [
                "setpriv",
                f"--reuid={self.user}",
                f"--regid={self.user}",
                "--clear-groups",
                *command,
            ]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, timeout=60)

    def load(self, events: Sequence[Event]) -> None:
        self.connection.execute(f"TRUNCATE {TABLE}")
        with self.connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {TABLE} VALUES (%s)", [(line,) for line in lines(events)]
            )

    def run(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        (statement,) = statements
        rows: list[tuple[Any, ...]] = self.connection.execute(statement.encode()).fetchall()
        return rows

    def report(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.connection.execute(statement.encode())

    def close(self) -> None:
        self.connection.close()
        self._program("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


def postgres_program(name: str) -> Path | None:
    """A program of PostgreSQL's server; Debian keeps them off the path."""
    found = shutil.which(name)
    if found:
        return Path(found)
    return max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), default=None)


def lines(events: Sequence[Event]) -> list[str]:
    """Each event as a line of JSON, as AWS writes it: without spaces, letters as they are."""
    return [json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in events]


def spelt_out(value: Any) -> Any:
    """The event with every number that could be a key as a word: SQL compares texts only."""
    if isinstance(value, list):
        return [spelt_out(element) for element in value]
    if isinstance(value, dict):
        return {
            name: _word(held) if name in KEYS else spelt_out(held) for name, held in value.items()
        }
    return value


def _word(held: object) -> object:
    return f"number {held}" if isinstance(held, int) and not isinstance(held, bool) else held


def together(logs: Iterable[Sequence[Event]]) -> list[Event]:
    """Many logs as one: each months away from the others, with ids and access keys of its own."""
    return [
        moved_apart(event, number)
        for number, log in enumerate(logs)
        for event in spelt_out(list(log))
    ]


def moved_apart(event: Event, number: int, days: int = 100) -> Event:
    """The event of the log of that number, so many days from those of the next. A time that cannot be read stays."""
    time = event["eventTime"]
    with suppress(ValueError):
        moved = datetime.fromisoformat(time) + timedelta(days=days * number)
        time = moved.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        **_own_keys(event, number),
        "eventTime": time,
        "eventID": f"{number}:{event['eventID']}",
    }


def _own_keys(value: Any, number: int) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        name: f"{held}:{number}"
        if name == "accessKeyId" and isinstance(held, str) and held
        else _own_keys(held, number)
        for name, held in value.items()
    }


def _columns(place: Layout) -> str:
    """The columns of a table of that layout, read from the raw column `event`."""
    tree: dict[str, Any] = {}
    for path, column in place.columns.items():
        value = f"json_extract_string(event, '{_path(path)}')"
        if path == place.time_path and place.time_form == "timestamp":
            value = f"CAST({value} AS TIMESTAMPTZ)"
        if path == place.time_path and place.time_form == "milliseconds":
            value = f"CAST(epoch_ms(CAST({value} AS TIMESTAMPTZ)) AS BIGINT)"
        _put(tree, column, value)
    for path, column in place.documents.items():
        _put(tree, column, f"CAST(json_extract(event, '{_path(path)}') AS VARCHAR)")
    for path, members in place.lists.items():
        held = ", ".join(
            f"{name}: json_extract_string(element, '{_path(member)}')"
            for member, name in members.items()
        )
        elements = f"CAST(json_extract(event, '{_path(path)}') AS JSON[])"
        _put(
            tree,
            place.list_columns[path],
            f"list_transform({elements}, lambda element: {{{held}}})",
        )
    return ", ".join(f"{_struct(value)} AS {name}" for name, value in tree.items())


def _batches(found: Sequence[str], size: int = 200) -> Iterable[Sequence[str]]:
    return (found[start : start + size] for start in range(0, len(found), size))


def _trino_columns(place: Layout) -> str:
    """The columns of Athena's table, as Trino reads them from the raw column `event`; a struct is a row."""
    tree: dict[str, Any] = {}
    for path, column in place.columns.items():
        _put(tree, column, f"json_extract_scalar(event, '{_members(path)}')")
    for path, column in place.documents.items():
        _put(tree, column, f"json_format(json_extract(event, '{_members(path)}'))")
    for path, members in place.lists.items():
        types = ", ".join(f"{name} VARCHAR" for name in members.values())
        held = ", ".join(f"json_extract_scalar(element, '{_members(name)}')" for name in members)
        elements = f"TRY_CAST(json_extract(event, '{_members(path)}') AS ARRAY(JSON))"
        rows = f"transform({elements}, element -> CAST(ROW({held}) AS ROW({types})))"
        _put(tree, place.list_columns[path], rows)
    return ", ".join(f"{_row(value)[0]} AS {name}" for name, value in tree.items())


def _row(value: Any) -> tuple[str, str]:
    """A column or a row of columns, and its type."""
    if isinstance(value, str):
        return value, "VARCHAR"
    parts = {name: _row(held) for name, held in value.items()}
    kind = f"ROW({', '.join(f'{name} {held[1]}' for name, held in parts.items())})"
    return f"CAST(ROW({', '.join(held[0] for held in parts.values())}) AS {kind})", kind


def _members(path: str) -> str:
    return "$" + "".join(f'["{member}"]' for member in path.split("."))


def _put(tree: dict[str, Any], column: str, value: str) -> None:
    *parents, last = column.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[last] = value


def _struct(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "{" + ", ".join(f"{name}: {_struct(held)}" for name, held in value.items()) + "}"


def _path(path: str) -> str:
    return "$" + "".join(f'."{member}"' for member in path.split("."))


def needs(module: str) -> Callable[[], str | None]:
    def missing() -> str | None:
        return None if importlib.util.find_spec(module) else f"{module} is not installed"

    return missing


def spark_missing() -> str | None:
    return needs("pyspark")() or (None if shutil.which("java") else "Java is not installed")


def postgres_missing() -> str | None:
    if postgres_program("initdb") is None:
        return "PostgreSQL is not installed"
    return needs("psycopg")()


# How each is started, why it cannot be, and how many examples of the profile's hundred it gets: the slower, the fewer.
ENGINES: dict[str, tuple[Callable[[], Engine], Callable[[], str | None], int]] = {
    "duckdb": (DuckDBEngine, needs("duckdb"), 40),
    "clickhouse": (ClickHouseEngine, needs("chdb"), 15),
    "postgresql": (PostgreSQLEngine, postgres_missing, 25),
    "spark": (SparkEngine, spark_missing, 3),
    "trino": (TrinoEngine, trino_missing, 2),
}
