"""CrowdStrike LogScale's lookup files: https://library.humio.com/logscale-api/api-lookup.html

A file is uploaded whole, in the place of the one before. So it is read first, changed here, and written if anything
changed; what somebody else uploads between the two is lost.
"""

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import IO, Final

from ...exporters import LOOKUPS
from ..errors import FeedError
from ..explained_rows import as_columns, held_row
from ..multipart import form
from ..row import Row
from ..storage import private_database, storage
from ..table import Feed, Held, Opening, Table, Values

_LOOKUP = LOOKUPS["logscale"]
_FILE = PurePosixPath(_LOOKUP.of or "").name
_MOST_FILE: Final = 1 << 30
"""Bytes of a file; LogScale takes 2 GiB."""
_PIECE = 64 << 10


class LookupFile:
    """A CSV file, in a private temporary database while it is changed."""

    most_put = 10_000
    most_removed = 10_000
    replaces = False

    def __init__(self, opening: Opening) -> None:
        self._client = opening.client
        self._keep = opening.keep
        self._is_changed = False
        self._rows = private_database()
        with storage():
            self._rows.execute("CREATE TABLE held (line INTEGER PRIMARY KEY, cells TEXT NOT NULL)")

    def values(self, row: Row) -> Values:
        """See `Table.values`."""
        return as_columns(row)

    def held(self) -> Iterator[Held]:
        """See `Table.held`. A file that is not there holds nothing: the first upload makes it."""
        with tempfile.TemporaryFile() as copy:
            answer = self._client.ask(
                "GET", f"/files/{_FILE}", accept={404}, most=_MOST_FILE, into=copy
            )
            if answer.status == 404:
                return
            copy.seek(0)
            self._read(copy)
        for line, cells in self._rows.execute("SELECT line, cells FROM held ORDER BY line"):
            columns = dict(zip(_LOOKUP.columns, json.loads(cells), strict=True))
            yield held_row(str(line), columns, self._keep)

    def _read(self, copy: IO[bytes]) -> None:
        try:
            with io.TextIOWrapper(copy, "utf-8-sig", newline="") as text:
                lines = csv.DictReader(text, strict=True)
                found = list(lines.fieldnames or ())
                unknown = [column for column in found if column not in _LOOKUP.columns]
                if _LOOKUP.columns[0] not in found or unknown:
                    raise FeedError(
                        f"{self._client.name}: {_FILE} has other columns than {_LOOKUP.of} of the export"
                    )
                cells = ([line.get(name) or "" for name in _LOOKUP.columns] for line in lines)
                self._insert(cells)
        except (csv.Error, UnicodeDecodeError) as error:
            raise FeedError(f"{self._client.name}: {_FILE} is no CSV file: {error}") from error

    def _insert(self, rows: Iterator[list[str]]) -> None:
        with storage():
            self._rows.execute("BEGIN")
            self._rows.executemany(
                "INSERT INTO held (cells) VALUES (?)", ((json.dumps(cells),) for cells in rows)
            )
            self._rows.execute("COMMIT")

    def remove(self, refs: Sequence[str]) -> None:
        """See `Table.remove`."""
        self._is_changed = True
        with storage():
            self._rows.executemany("DELETE FROM held WHERE line = ?", [(int(ref),) for ref in refs])

    def put(self, rows: Sequence[tuple[Row, str | None]]) -> None:
        """See `Table.put`."""
        self._is_changed = True
        self._insert(iter([list(as_columns(row).values()) for row, _ in rows]))

    def finish(self) -> None:
        """See `Table.finish`: upload what has changed."""
        if not self._is_changed:
            return
        with tempfile.TemporaryFile() as copy, io.TextIOWrapper(copy, "utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(_LOOKUP.columns)
            lines = self._rows.execute("SELECT cells FROM held ORDER BY line")
            writer.writerows(json.loads(cells) for (cells,) in lines)
            text.flush()
            size = copy.seek(0, io.SEEK_END)
            upload = form("file", _FILE, "text/csv", lambda: _pieces(copy), size)
            self._client.ask(
                "POST", "/files", content=upload.body, kind=upload.kind, size=upload.size
            )

    def close(self) -> None:
        """See `Table.close`."""
        self._rows.close()


def _pieces(opened: IO[bytes]) -> Iterator[bytes]:
    opened.seek(0)
    while piece := opened.read(_PIECE):
        yield piece


def _open(opening: Opening) -> Table:
    return LookupFile(opening)


FEED = Feed(
    name="logscale",
    title="CrowdStrike LogScale, a lookup file",
    url="the repository, such as https://cloud.us.humio.com/api/v1/repositories/REPOSITORY",
    headers=(("Authorization", "Bearer {}", "LOGSCALE_TOKEN"),),
    open=_open,
)
