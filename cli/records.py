"""`--with-record`: the records that verdicts are about, kept on disk until their verdicts are written."""

import sqlite3
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from ..events import members_of
from ..matcher import content_id

if TYPE_CHECKING:
    from ..events import Record
    from ..matcher import Verdict

LARGEST = 256 << 10
"""Bytes of a record that is given with its verdict: CloudTrail's own are no larger.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"""

_encode = msgspec.json.Encoder().encode


class Records:
    """A context; keeps those records that are `wanted`, by event id. Of copies that differ the first is kept."""

    def __init__(self, wanted: "Callable[[Record], bool]") -> None:
        self._wanted = wanted
        # Without a name it is a temporary file, which is gone with the connection.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(
            "CREATE TABLE records (id TEXT PRIMARY KEY, json BLOB, size INTEGER) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def keep(self, record: "Record", data: bytes) -> None:
        """Keep a record, if it is wanted, and the JSON that it was read from."""
        if not self._wanted(record):
            return
        text = _on_one_line(data) or _on_one_line(members_of(record))
        size = len(data) if text is None else len(text)
        self._database.execute(
            "INSERT OR IGNORE INTO records VALUES (?, ?, ?)",
            (
                record.eventID or content_id(record),
                text if text is not None and size <= LARGEST else None,
                size,
            ),
        )

    def of(self, event_id: str) -> tuple[bytes | None, int]:
        """The record as JSON on one line, None where it is too large or not there; and its size in bytes."""
        found = self._database.execute(
            "SELECT json, size FROM records WHERE id = ?", (event_id,)
        ).fetchone()
        return (None, 0) if found is None else (found[0], found[1])

    def line(self, verdict: "Verdict") -> bytes:
        """The verdict as JSON with its `record`."""
        record, size = self.of(verdict.event_id)
        more = b"null" if record is None else record
        left_out = f',"record_bytes":{size}'.encode() if record is None and size else b""
        return _encode(verdict)[:-1] + b',"record":' + more + left_out + b"}"


def _on_one_line(data: bytes) -> bytes | None:
    """An object without the white space between its parts; None where it is none."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return _encode(value) if isinstance(value, dict) else None
