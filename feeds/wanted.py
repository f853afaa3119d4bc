"""What a table is to hold, by all that the verdicts say, and what is to change for it.

It lies in a private temporary database, so that memory is bounded however many verdicts and rows there are. Of the
statements on one event those count that none supersedes, and of them the final ones; where these disagree, the
event is not silenced. The order in which files are read therefore brings no retracted event back.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import msgspec

from .row import Row, Statement
from .storage import private_database, storage

_SCHEMA = """
CREATE TABLE said (seq INTEGER PRIMARY KEY, event TEXT, id TEXT, final INTEGER, row BLOB);
CREATE TABLE superseded (event TEXT, id TEXT, PRIMARY KEY (event, id)) WITHOUT ROWID;
CREATE TABLE wanted (event TEXT PRIMARY KEY, row BLOB, met INTEGER NOT NULL DEFAULT 0, ref TEXT) WITHOUT ROWID;
CREATE TABLE gone (ref TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_JUDGE = """
INSERT INTO wanted (event, row)
SELECT every.event, CASE WHEN heads.unsure = 0 THEN heads.row END
FROM (SELECT DISTINCT event FROM said) AS every
LEFT JOIN (
    SELECT event, total(row IS NULL) AS unsure, max(seq), row
    FROM said
    WHERE final AND NOT EXISTS (
        SELECT 1 FROM superseded WHERE superseded.event = said.event AND superseded.id = said.id
    )
    GROUP BY event
) AS heads ON heads.event = every.event
"""
_BATCH = 10_000

Each = TypeVar("Each")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Row).decode


def batches(things: Iterable[Each], most: int) -> Iterator[list[Each]]:
    """The things, at most so many at a time."""
    rest = iter(things)
    while batch := list(islice(rest, most)):
        yield batch


class Wanted:
    """Takes statements, is `judged` once, and is then compared with what a table holds."""

    def __init__(self) -> None:
        self._database = private_database()
        with storage():
            self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Let the database go."""
        self._database.close()

    def add(self, statements: Iterable[Statement]) -> None:
        """Take what is said, in any order."""
        for batch in batches(statements, _BATCH):
            said = [
                (each.event_id, each.id, each.final, _encode(each.row) if each.row else None)
                for each in batch
            ]
            over = [(each.event_id, each.supersedes) for each in batch if each.supersedes]
            with storage(), self._transaction():
                self._database.executemany(
                    "INSERT INTO said (event, id, final, row) VALUES (?, ?, ?, ?)", said
                )
                self._database.executemany("INSERT OR IGNORE INTO superseded VALUES (?, ?)", over)

    def judge(self, is_old: Callable[[Row], bool]) -> int:
        """Decide which events are silenced, and leave out those that are old: how many these are."""

        def old(row: bytes | None) -> bool:
            return row is not None and is_old(_decode(row))

        with storage():
            self._database.create_function("is_old", 1, old, deterministic=True)
            with self._transaction():
                self._database.execute("CREATE INDEX said_event ON said (event)")
                self._database.execute(_JUDGE)
                self._database.execute("DROP TABLE said")
                found = self._database.execute("DELETE FROM wanted WHERE is_old(row)")
            return found.rowcount

    def find(self, event_id: str) -> tuple[Row | None, bool] | None:
        """The row that an event is to have, or None where it is to have none, and whether it was `met`; None where
        nothing is said of the event."""
        with storage():
            found = self._database.execute(
                "SELECT row, met FROM wanted WHERE event = ?", (event_id,)
            ).fetchone()
        return (_decode(found[0]) if found[0] else None, bool(found[1])) if found else None

    def meet(self, event_id: str, replace: str | None = None, *, stands: bool) -> None:
        """The table holds the event's row as it is to be, or another in whose place, by that name, it comes."""
        with storage():
            self._database.execute(
                "UPDATE wanted SET met = ?, ref = ? WHERE event = ?",
                (1 if stands else 2, replace, event_id),
            )

    def drop(self, ref: str) -> None:
        """The table is to lose the row of that name."""
        with storage():
            self._database.execute("INSERT OR IGNORE INTO gone VALUES (?)", (ref,))

    def dropped(self) -> Iterator[str]:
        """The names of the rows that go."""
        with storage():
            for (ref,) in self._database.execute("SELECT ref FROM gone ORDER BY ref"):
                yield ref

    def missing(self) -> Iterator[tuple[Row, str | None]]:
        """The rows that come, each with the name of the one whose place it takes."""
        with storage():
            for row, ref in self._database.execute(
                "SELECT row, ref FROM wanted WHERE row IS NOT NULL AND met <> 1 ORDER BY event"
            ):
                yield _decode(row), ref

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN")
        yield
        self._database.execute("COMMIT")
