"""Where a stream's events go that memory has no room for: a private temporary database, gone with the process.

It keeps what the engine keeps, and answers the same questions: which events are next, which are due, which
are filed in a place, which ids are known, who was handed which key. It is no checkpoint, and survives nothing.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TypeVar
from weakref import finalize

from ...errors import CloudcascadeError
from ..event import Event

Place = tuple[object, ...]

_SCHEMA = """
CREATE TABLE held (seq INTEGER PRIMARY KEY, expires INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX held_expires ON held (expires);
CREATE TABLE arrived (time INTEGER, id TEXT, seq INTEGER, PRIMARY KEY (time, id)) WITHOUT ROWID;
CREATE TABLE open (due INTEGER, id TEXT, seq INTEGER, PRIMARY KEY (due, id)) WITHOUT ROWID;
CREATE TABLE places (place INTEGER, time INTEGER, seq INTEGER, PRIMARY KEY (place, time, seq)) WITHOUT ROWID;
CREATE TABLE ids (id TEXT PRIMARY KEY, forget INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX ids_forget ON ids (forget);
CREATE TABLE issued (key TEXT PRIMARY KEY, time INTEGER NOT NULL, callers BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX issued_time ON issued (time);
CREATE TABLE silences (id TEXT PRIMARY KEY, ends INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX silences_ends ON silences (ends);
CREATE TABLE silenced_at (place INTEGER, time INTEGER, id TEXT, PRIMARY KEY (place, time, id)) WITHOUT ROWID;
CREATE TABLE said (id TEXT PRIMARY KEY, verdict TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
"""
_CACHE_KIB = 32 << 10
# How much is turned into rows at a time: what makes room must not take much.
_BATCH = 10_000
# Partners in one place that are read and put in order in one go.
_FEW = 50
_SLICE = 1_000
_MAX_THAWED = 2_000


Each = TypeVar("Each")


def key_of(place: Place) -> int:
    """A number for a place. Where two have the same, more partners are offered than fit."""
    return hash(place)


def _batches(things: Iterable[Each]) -> Iterator[list[Each]]:
    rest = iter(things)
    while batch := list(islice(rest, _BATCH)):
        yield batch


class SpillError(CloudcascadeError):
    """The temporary database cannot be written: the disk is full, or the folder is not writable."""


class Spill:
    """Events outside of memory. `events`, `waiting` and `ids` count what it holds.

    `encode` and `decode` turn an event into bytes and back. The file is made in `folder`, by default
    that of temporary files, and has no name there once it is open.
    """

    def __init__(
        self,
        encode: Callable[[Event], bytes],
        decode: Callable[[bytes], Event],
        folder: Path | None = None,
    ) -> None:
        self._encode_event = encode
        self._decode_event = decode
        self.events = 0
        self.waiting = 0
        self.ids = 0
        self.issued = 0
        self.filed = 0
        self.said = 0
        self.silences = 0
        self._seq = 0
        self._decoded: dict[int, Event] = {}
        try:
            handle, name = tempfile.mkstemp(prefix="cascade-spill-", dir=folder)
            os.close(handle)
            self._db = sqlite3.connect(name, isolation_level=None)
            finalize(self, self._db.close)
            self._db.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE_KIB};"
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;" + _SCHEMA
            )
            # It never ends: what is not to survive needs no commit, each of which writes every page that has changed.
            self._db.execute("BEGIN EXCLUSIVE")
            with suppress(
                PermissionError
            ):  # where an open file cannot be unlinked it is left behind
                os.unlink(name)
        except (OSError, sqlite3.Error) as error:
            raise SpillError(f"no room for the events that memory has none for: {error}") from error

    def put(self, events: Iterable[tuple[Event, int, int | None, Sequence[int]]]) -> None:
        """Take in events: each with the instant at which it expires as a partner, the one at which its verdict is
        due (None: it is judged, or gets none), and the places it is filed in, as `key_of` gives them."""
        for batch in _batches(events):
            rows, due = [], []
            places: list[tuple[int, int, int]] = []
            for event, expires, when, filed in batch:
                self._seq += 1
                rows.append((self._seq, expires, self._encode_event(event)))
                if when is not None:
                    due.append((when, event.id, self._seq))
                places += ((place, event.time, self._seq) for place in filed)
            due.sort()
            places.sort()
            self._many("INSERT INTO held VALUES (?, ?, ?)", rows)
            self._many("INSERT INTO open VALUES (?, ?, ?)", due)
            self._many("INSERT INTO places VALUES (?, ?, ?)", places)
            self.events += len(rows)
            self.waiting += len(due)
            self.filed += len(places)

    def put_arrived(self, events: Iterable[Event]) -> None:
        """Take in events that are not yet filed anywhere."""
        for batch in _batches(events):
            rows, arrived = [], []
            for event in batch:
                self._seq += 1
                rows.append((self._seq, 1 << 62, self._encode_event(event)))
                arrived.append((event.time, event.id, self._seq))
            arrived.sort()
            self._many("INSERT INTO held VALUES (?, ?, ?)", rows)
            self._many("INSERT INTO arrived VALUES (?, ?, ?)", arrived)
            self.events += len(rows)
            self.waiting += len(rows)

    def put_ids(self, ids: Iterable[tuple[str, int, int]]) -> None:
        """Take in ids that copies are known by, each with the instant at which it may be forgotten and a digest."""
        for batch in _batches(ids):
            batch.sort()
            self._many("INSERT OR REPLACE INTO ids VALUES (?, ?, ?)", batch)
            self.ids += len(batch)

    def put_issued(self, issued: Iterable[tuple[str, int, bytes]]) -> None:
        """Take in access keys: each with the time it was handed out, and to whom, as bytes."""
        rows = sorted(issued)
        self._many("INSERT OR REPLACE INTO issued VALUES (?, ?, ?)", rows)
        self.issued += len(rows)

    def digest(self, id_: str) -> int | None:
        """The digest of the event of this id; None where it is not among them."""
        if not self.ids:
            return None
        rows = self._all("SELECT digest FROM ids WHERE id = ?", (id_,))
        return rows[0][0] if rows else None

    def issued_to(self, access_key: str) -> tuple[int, bytes] | None:
        """When and to whom an access key was handed out."""
        if not self.issued:
            return None
        rows = self._all("SELECT time, callers FROM issued WHERE key = ?", (access_key,))
        return rows[0] if rows else None

    def put_said(self, said: Iterable[tuple[str, str, bytes]]) -> None:
        """Take in what was last said of events: id of the event, id of the verdict, digest of it."""
        rows = sorted(said)
        self._many("INSERT OR REPLACE INTO said VALUES (?, ?, ?)", rows)
        self.said += len(rows)

    def take_said(self, id_: str) -> tuple[str, bytes] | None:
        """Give back what was last said of an event: id of the verdict, digest of it."""
        if not self.said:
            return None
        rows = self._all("SELECT verdict, digest FROM said WHERE id = ?", (id_,))
        if not rows:
            return None
        self.said -= self._run("DELETE FROM said WHERE id = ?", (id_,))
        return rows[0]

    def put_silences(
        self, silences: Iterable[tuple[str, int, bytes, Sequence[tuple[Place, int]]]]
    ) -> None:
        """Take in silences: id of the event, until when it is remembered, the silence as bytes, and the places and
        times that it is filed under."""
        for batch in _batches(silences):
            at = [(key_of(place), time, id_) for id_, *_, filed in batch for place, time in filed]
            at.sort()
            self._many(
                "INSERT INTO silences VALUES (?, ?, ?)",
                [(id_, until, data) for id_, until, data, _ in sorted(batch, key=itemgetter(0))],
            )
            self._many("INSERT OR IGNORE INTO silenced_at VALUES (?, ?, ?)", at)
            self.silences += len(batch)

    def silences_at(self, place: Place, earliest: int, latest: int) -> list[bytes]:
        """The silences that are filed under a place between two times, and perhaps others."""
        rows = self._all(
            "SELECT data FROM silenced_at JOIN silences USING (id) "
            "WHERE place = ? AND time BETWEEN ? AND ? ORDER BY time, id",
            (key_of(place), earliest, latest),
        )
        return [data for (data,) in rows]

    def silences_ended(self, before: int) -> list[bytes]:
        """The silences that were to be remembered until before an instant, some of them."""
        if not self.silences:
            return []
        rows = self._all(
            "SELECT data FROM silences WHERE ends < ? ORDER BY ends LIMIT ?", (before, _BATCH)
        )
        return [data for (data,) in rows]

    def drop_silence(self, id_: str, filed: Iterable[tuple[Place, int]]) -> None:
        """Drop a silence, and from the places and times that it is filed under."""
        self.silences -= self._run("DELETE FROM silences WHERE id = ?", (id_,))
        self._many(
            "DELETE FROM silenced_at WHERE place = ? AND time = ? AND id = ?",
            [(key_of(place), time, id_) for place, time in filed],
        )

    def take_arrived(self, before: int, most: int) -> list[Event]:
        """Give back the earliest of those that are not yet filed, at most so many, in order of time and id."""
        if not self.waiting:
            return []
        found = self._all(
            "SELECT arrived.time, arrived.id, seq, data FROM arrived JOIN held USING (seq) "
            "WHERE arrived.time < ? ORDER BY arrived.time, arrived.id LIMIT ?",
            (before, most),
        )
        self._many(
            "DELETE FROM arrived WHERE time = ? AND id = ?",
            [(time, id_) for time, id_, *_ in found],
        )
        self._drop([seq for _, _, seq, _ in found])
        self.waiting -= len(found)
        return [self._decode_event(data) for *_, data in found]

    def take_due(self, before: int, most: int) -> list[tuple[int, Event]]:
        """Those whose verdict is due before an instant, the first at most so many; they may stay partners."""
        if not self.waiting:
            return []
        found = self._all(
            "SELECT due, id, seq, expires, data FROM open JOIN held USING (seq) "
            "WHERE due < ? ORDER BY due, id LIMIT ?",
            (before, most),
        )
        self._many(
            "DELETE FROM open WHERE due = ? AND id = ?", [(due, id_) for due, id_, *_ in found]
        )
        self._drop([seq for due, _, seq, expires, _ in found if expires <= due])
        self.waiting -= len(found)
        return [(due, self._decode_event(data)) for due, *_, data in found]

    def near(self, place: Place, time: int, earliest: int, latest: int) -> Iterator[Event]:
        """The events filed in a place between two instants, those nearest to `time` first, then by event id."""
        key = key_of(place)
        some = self._all(
            "SELECT seq, time FROM places WHERE place = ? AND time BETWEEN ? AND ? LIMIT ?",
            (key, earliest, latest, _FEW),
        )
        if len(some) < _FEW:
            found = iter(sorted(some, key=lambda each: abs(each[1] - time)))
        else:
            found = self._outward(key, time, earliest, latest)
        tied: list[Event] = []
        distance = -1
        for seq, at in found:
            if abs(at - time) != distance:
                yield from sorted(tied, key=lambda event: event.id)
                tied, distance = [], abs(at - time)
            event = self._event(seq)
            if event is not None:
                tied.append(event)
        yield from sorted(tied, key=lambda event: event.id)

    def _outward(
        self, key: int, time: int, earliest: int, latest: int
    ) -> Iterator[tuple[int, int]]:
        backward = self._rows(
            "SELECT seq, time FROM places WHERE place = ? AND time BETWEEN ? AND ? ORDER BY time DESC",
            (key, earliest, min(time, latest)),
        )
        forward = self._rows(
            "SELECT seq, time FROM places WHERE place = ? AND time BETWEEN ? AND ? ORDER BY time",
            (key, max(time + 1, earliest), latest),
        )
        before, after = next(backward, None), next(forward, None)
        while before is not None or after is not None:
            if after is None or (before is not None and time - before[1] <= after[1] - time):
                assert before is not None
                yield before
                before = next(backward, None)
            else:
                yield after
                after = next(forward, None)

    def expired(self, before: int) -> Iterator[tuple[Event, int]]:
        """Give back, and drop, the partners that have expired; `unfile` takes them out of their places."""
        while self.events:
            found = self._all(
                "SELECT seq, data FROM held WHERE expires < ? LIMIT ?", (before, _SLICE)
            )
            if not found:
                return
            for seq, data in found:
                yield self._decode_event(data), seq
            self._drop([seq for seq, _ in found])

    def unfile(self, filed: Iterable[tuple[Place, int, int]]) -> None:
        """Take events out of places: place, time, number."""
        rows = [(key_of(place), time, seq) for place, time, seq in filed]
        self._many("DELETE FROM places WHERE place = ? AND time = ? AND seq = ?", rows)
        self.filed -= len(rows)

    def forget(self, ids_before: int, issued_before: int) -> None:
        """Drop the ids and the access keys that are no longer asked for."""
        if self.ids:
            self.ids -= self._run("DELETE FROM ids WHERE forget < ?", (ids_before,))
        if self.issued:
            self.issued -= self._run("DELETE FROM issued WHERE time < ?", (issued_before,))

    def _drop(self, seqs: list[int]) -> None:
        self._many("DELETE FROM held WHERE seq = ?", [(seq,) for seq in seqs])
        self.events -= len(seqs)

    def _event(self, seq: int) -> Event | None:
        known = self._decoded.get(seq)
        if known is not None:
            return known
        rows = self._all("SELECT data FROM held WHERE seq = ?", (seq,))
        if not rows:
            return None
        if len(self._decoded) >= _MAX_THAWED:
            self._decoded.clear()
        event = self._decoded[seq] = self._decode_event(rows[0][0])
        return event

    def _all(self, query: str, values: tuple[object, ...]) -> list[tuple]:  # type: ignore[type-arg]
        return self._db.execute(query, values).fetchall()

    def _rows(self, query: str, values: tuple[object, ...]) -> Iterator[tuple[int, int]]:
        return iter(self._db.execute(query, values))

    def _run(self, query: str, values: tuple[object, ...]) -> int:
        return self._db.execute(query, values).rowcount

    def _many(self, query: str, rows: list[tuple]) -> None:  # type: ignore[type-arg]
        if not rows:
            return
        try:
            self._db.executemany(query, rows)
        except sqlite3.Error as error:
            raise SpillError(f"no room for the events that memory has none for: {error}") from error
