"""What survives a crash: the engine's state, where each source goes on, and the verdicts that are on their way.

All of it changes in one transaction of a SQLite database, which is synced before a source is told that its input may
go. After a kill at any moment a new process finds either all of a step or nothing of it.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ..errors import CloudcascadeError
from ..events import NoRecord
from ..matcher import CREDENTIALS_KEPT, Changes, Issued, LiveEngine, Mark, Said, Silenced, Taken
from .sink import Message

# The form of the tables and of what stands in them. Another form is refused, but for the first, which lacks a
# table and a column.
VERSION = 2
_APPLICATION = 0x63736364

_SILENCED = """
CREATE TABLE silenced (event TEXT PRIMARY KEY, until INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX silenced_until ON silenced (until);
"""
_UNSURE = "ALTER TABLE events ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;"
_SCHEMA = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (source TEXT PRIMARY KEY, position BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
    id TEXT PRIMARY KEY, time INTEGER NOT NULL, due INTEGER, expires INTEGER NOT NULL, late INTEGER NOT NULL,
    record BLOB NOT NULL, unsure INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX events_time ON events (time);
CREATE INDEX events_expires ON events (expires);
CREATE TABLE issued (key TEXT NOT NULL, time INTEGER NOT NULL, callers BLOB NOT NULL);
CREATE INDEX issued_time ON issued (time);
CREATE TABLE said (event TEXT PRIMARY KEY, verdict TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
{_SILENCED}
CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, line BLOB NOT NULL);
CREATE TABLE sinks (name TEXT PRIMARY KEY, delivered INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
PRAGMA application_id = {_APPLICATION};
"""
# SQLite keeps whatever type is put into a column, also by somebody else.
_POSITION = tuple[str, bytes]
_EVENT = tuple[str, int, int | None, int, int, bytes, int]
_ISSUED = tuple[int, str, bytes]
_SAID = tuple[str, str, bytes]
_KEPT = tuple[str, bytes]
_MESSAGE = tuple[int, str, bytes]
_SINK = tuple[str, int]
_callers = msgspec.msgpack.Decoder(list[tuple[str | None, str | None]]).decode
_encode = msgspec.msgpack.Encoder().encode
_mark = msgspec.msgpack.Decoder(Mark).decode
_silenced = msgspec.msgpack.Decoder(Silenced).decode


class StateError(CloudcascadeError):
    """A state that cannot be used: not one of ours, of another version, in use, damaged, or the disk is full."""


class State:
    """The state in the file at `path`, made where there is none. One process at a time may have it open.

    Raises:
        StateError: it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._replace_events = False
        with self._told():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=1.0)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def _open(self) -> None:
        # Nobody else may write behind the back of what is in memory.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        if tables and application != _APPLICATION:
            raise StateError(f"{self.path}: a database, but no state of cascade watch")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if not tables:
            self._db.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} COMMIT;")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 1:
            self._db.executescript(
                f"BEGIN EXCLUSIVE; {_SILENCED} {_UNSURE} PRAGMA user_version = {VERSION}; COMMIT;"
            )
            version = VERSION
        if version != VERSION:
            raise StateError(
                f"{self.path}: a state of form {version}, and this program reads form {VERSION}; finish it with the "
                "program that wrote it (`cascade watch ... --once --finish`), or begin with another file"
            )
        self._db.execute("BEGIN EXCLUSIVE")
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with self._told():
            self._db.close()

    @property
    def size(self) -> int:
        """The size of the database, in bytes."""
        with self._told():
            (pages,) = self._db.execute("PRAGMA page_count").fetchone()
            (size,) = self._db.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(size)

    @property
    def catalog(self) -> bytes | None:
        """The fingerprint of the catalogue that the state was kept under; None in a new one."""
        with self._told():
            return self._fact("catalog")

    def positions(self) -> dict[str, bytes]:
        """Where each source goes on, by its name."""
        with self._told():
            return dict(self._rows(_POSITION, "SELECT source, position FROM positions"))

    def restore(self, engine: LiveEngine, *, anew: bool) -> int:
        """Give an engine what was kept. With `anew` its catalogue is another one; how many events that does
        not know any more is returned."""
        with self._told():
            kept = self._fact("mark")
            mark = Mark() if kept is None else _mark(kept)
            self._replace_events = anew
            with (
                closing(self._rows(_ISSUED, "SELECT time, key, callers FROM issued")) as issued,
                closing(
                    self._rows(
                        _EVENT,
                        "SELECT id, time, due, expires, late, record, unsure FROM events ORDER BY time, id",
                    )
                ) as events,
                closing(self._rows(_SAID, "SELECT event, verdict, digest FROM said")) as said,
                closing(self._rows(_KEPT, "SELECT event, data FROM silenced")) as silenced,
            ):
                return engine.restore(
                    mark,
                    (
                        Taken(id_, at, due, expires, bool(late), record, bool(unsure))
                        for id_, at, due, expires, late, record, unsure in events
                    ),
                    (Issued(time, key, tuple(_callers(data))) for time, key, data in issued),
                    ((event, Said(verdict, digest)) for event, verdict, digest in said),
                    (_silenced(data) for _, data in silenced),
                    anew=anew,
                )

    def commit(
        self,
        *,
        catalog: bytes,
        changes: Changes,
        mark: Mark,
        positions: Mapping[str, bytes],
        verdicts: Iterable[tuple[str, bytes]],
        delivered: Mapping[str, int],
    ) -> None:
        """Keep a step: what changed in the engine, where the sources are, the verdicts by id and line, and up to which
        message each sink has all.

        Raises:
            StateError: it cannot be written. Nothing of the step was.
        """
        write = self._db.executemany
        with self._told(), self._transaction():
            if self._replace_events:
                self._db.execute("DELETE FROM events")
            write(
                "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (t.id, t.time, t.due, t.expires, t.late, t.record, t.unsure)
                    for t in changes.taken
                ),
            )
            write(
                "INSERT INTO issued VALUES (?, ?, ?)",
                ((each.access_key, each.time, _encode(each.callers)) for each in changes.issued),
            )
            write(
                "INSERT OR REPLACE INTO said VALUES (?, ?, ?)",
                ((id_, said.id, said.digest) for id_, said in changes.said.items() if said),
            )
            write(
                "DELETE FROM said WHERE event = ?",
                ((id_,) for id_, said in changes.said.items() if said is None),
            )
            silenced = [each for each in changes.silenced.values() if each is not None]
            write(
                "INSERT OR REPLACE INTO silenced VALUES (?, ?, ?)",
                ((each.id, each.until, _encode(each)) for each in silenced),
            )
            write(
                "DELETE FROM silenced WHERE event = ?",
                ((id_,) for id_, each in changes.silenced.items() if each is None),
            )
            write(
                "UPDATE events SET expires = max(expires, ?) WHERE id = ?",
                ((each.until, id_) for each in silenced for id_, _ in each.events),
            )
            if mark.front is not None:
                self._db.execute("DELETE FROM silenced WHERE until < ?", (mark.front,))
                self._db.execute("DELETE FROM events WHERE expires < ?", (mark.expired,))
                self._db.execute(
                    "DELETE FROM issued WHERE time < ?", (mark.front - CREDENTIALS_KEPT,)
                )
            write("INSERT OR REPLACE INTO positions VALUES (?, ?)", positions.items())
            write("INSERT INTO outbox (id, line) VALUES (?, ?)", verdicts)
            write(
                "UPDATE sinks SET delivered = ? WHERE name = ?",
                ((number, name) for name, number in delivered.items()),
            )
            self._db.execute(
                "DELETE FROM outbox WHERE number <= (SELECT min(delivered) FROM sinks)"
            )
            write(
                "INSERT OR REPLACE INTO facts VALUES (?, ?)",
                (("catalog", catalog), ("mark", _encode(mark))),
            )
        self._replace_events = False

    def enlist(self, sinks: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
        """Up to which message each of the sinks has all, a new one up to the last; and of those that are no
        longer among them, which are forgotten, how many messages they did not get."""
        with self._told(), self._transaction():
            known = dict(self._rows(_SINK, "SELECT name, delivered FROM sinks"))
            last = self._last()
            gone = {}
            for name in known.keys() - set(sinks):
                (left,) = self._db.execute(
                    "SELECT count(*) FROM outbox WHERE number > ?", (known[name],)
                ).fetchone()
                gone[name] = left
                self._db.execute("DELETE FROM sinks WHERE name = ?", (name,))
            for name in sinks:
                self._db.execute("INSERT OR IGNORE INTO sinks VALUES (?, ?)", (name, last))
            return {name: known.get(name, last) for name in sinks}, gone

    def _last(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
        return row[0] if row else 0

    def after(self, number: int, most: int) -> list[Message]:
        """The messages behind a number, at most so many."""
        with self._told():
            rows = self._rows(
                _MESSAGE,
                "SELECT number, id, line FROM outbox WHERE number > ? ORDER BY number LIMIT ?",
                (number, most),
            )
            return [Message(*row) for row in rows]

    def waiting(self) -> int:
        """How many messages some sink has not got yet."""
        with self._told():
            (count,) = self._db.execute("SELECT count(*) FROM outbox").fetchone()
        return int(count)

    def _fact(self, name: str) -> bytes | None:
        rows = self._rows(tuple[bytes], "SELECT value FROM facts WHERE name = ?", (name,))
        with closing(rows):
            return next((value for (value,) in rows), None)

    def _rows(
        self, kind: object, query: str, values: Sequence[object] = ()
    ) -> Generator[Any, None, None]:
        """The rows of a query, each of which is of that kind; a ValueError where one is not."""
        with closing(self._db.execute(query, values)) as rows:
            for row in rows:
                yield msgspec.convert(row, kind)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the database, and of what stands in it, as errors that say which file it is."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StateError(f"{self.path}: in use by another process") from error
            raise StateError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StateError(f"{self.path}: {error}") from error
        except (NoRecord, ValueError, msgspec.DecodeError) as error:
            raise StateError(f"{self.path}: damaged: {error}") from error
