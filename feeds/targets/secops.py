"""Google SecOps' data tables:
https://cloud.google.com/chronicle/docs/reference/rest/v1alpha/projects.locations.instances.dataTables.dataTableRows
"""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import msgspec

from ...exporters import LOOKUPS
from ..errors import FeedError
from ..explained_rows import as_columns, held_row, require_columns
from ..row import Row
from ..table import Feed, Held, Opening, Table, Values

_LOOKUP = LOOKUPS["secops"]
_PATH = f"/dataTables/{_LOOKUP.name}"
_PAGE = 1_000


class _Column(msgspec.Struct, rename="camel"):
    original_column: str
    column_index: int = 0  # JSON of Google's leaves out what is zero


class _Table(msgspec.Struct, rename="camel"):
    column_info: list[_Column] = []


class _Row(msgspec.Struct):
    name: str
    values: list[str] = []


class _Rows(msgspec.Struct, rename="camel"):
    data_table_rows: list[_Row] = []
    next_page_token: str = ""


class DataTable:
    """A table whose rows are told apart by names that the platform gives."""

    most_put = 1_000
    most_removed = 1_000
    replaces = False

    def __init__(self, opening: Opening) -> None:
        self._client = opening.client
        self._keep = opening.keep

    def values(self, row: Row) -> Values:
        """See `Table.values`."""
        return as_columns(row)

    def held(self) -> Iterator[Held]:
        """See `Table.held`."""
        self._require()
        token = ""
        while True:
            query = [("pageSize", str(_PAGE)), *([("pageToken", token)] if token else [])]
            page = self._client.read(
                _Rows, self._client.ask("GET", f"{_PATH}/dataTableRows", query=query)
            )
            for each in page.data_table_rows:
                columns = dict(zip(_LOOKUP.columns, each.values, strict=False))
                yield held_row(each.name.rpartition("/")[2], columns, self._keep)
            if not page.next_page_token:
                return
            if page.next_page_token == token:
                raise FeedError(f"{self._client.name}: the pages of {_LOOKUP.name} do not advance")
            token = page.next_page_token

    def _require(self) -> None:
        answer = self._client.ask("GET", _PATH, accept={404})
        if answer.status == 404:
            raise FeedError(
                f"{self._client.name}: no data table {_LOOKUP.name}: make it from {_LOOKUP.of} of the export"
            )
        columns = sorted(
            self._client.read(_Table, answer).column_info, key=lambda each: each.column_index
        )
        found = [each.original_column for each in columns]
        # A row is a list: where a value goes follows from the order alone.
        require_columns(_LOOKUP, found, self._client.name, ordered=True)

    def remove(self, refs: Sequence[str]) -> None:
        """See `Table.remove`."""
        for ref in refs:
            path = f"{_PATH}/dataTableRows/{quote(ref, safe='')}"
            self._client.ask("DELETE", path, accept={404})

    def put(self, rows: Sequence[tuple[Row, str | None]]) -> None:
        """See `Table.put`."""
        requests = [{"dataTableRow": {"values": list(as_columns(row).values())}} for row, _ in rows]
        self._client.send("POST", f"{_PATH}/dataTableRows:bulkCreate", {"requests": requests})

    def finish(self) -> None:
        """See `Table.finish`."""

    def close(self) -> None:
        """See `Table.close`."""


def _open(opening: Opening) -> Table:
    return DataTable(opening)


FEED = Feed(
    name="secops",
    title="Google SecOps, a data table",
    url="the instance, such as https://eu-chronicle.googleapis.com/v1alpha/projects/P/locations/eu/instances/I",
    headers=(("Authorization", "Bearer {}", "SECOPS_ACCESS_TOKEN"),),
    open=_open,
)
