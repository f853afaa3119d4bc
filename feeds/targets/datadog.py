"""Datadog's reference tables: https://docs.datadoghq.com/api/latest/reference-tables/"""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import msgspec

from ...exporters import LOOKUPS
from ..errors import FeedError
from ..explained_rows import as_columns, held_row, require_columns
from ..row import Row
from ..table import Feed, Held, Opening, Table, Values

_LOOKUP = LOOKUPS["datadog"]
_PATH = "/api/v2/reference-tables/tables"
_PAGE = 1_000


class _Field(msgspec.Struct):
    name: str


class _Schema(msgspec.Struct):
    fields: list[_Field]
    primary_keys: list[str]


class _TableFacts(msgspec.Struct):
    table_name: str
    table_schema: _Schema = msgspec.field(name="schema")


class _Table(msgspec.Struct):
    id: str
    attributes: _TableFacts


class _Tables(msgspec.Struct):
    data: list[_Table]


class _Cells(msgspec.Struct):
    values: dict[str, object]


class _Row(msgspec.Struct):
    attributes: _Cells
    id: str


class _Page(msgspec.Struct):
    next_continuation_token: str | None = None


class _Meta(msgspec.Struct):
    page: _Page = msgspec.field(default_factory=_Page)


class _Rows(msgspec.Struct):
    data: list[_Row]
    meta: _Meta = msgspec.field(default_factory=_Meta)


class ReferenceTable:
    """A table whose primary key is the event's id: one row for each event."""

    most_put = 200
    most_removed = 200
    replaces = True

    def __init__(self, opening: Opening) -> None:
        self._client = opening.client
        self._keep = opening.keep
        self._rows = ""

    def values(self, row: Row) -> Values:
        """See `Table.values`."""
        return as_columns(row)

    def held(self) -> Iterator[Held]:
        """See `Table.held`. A listing is a snapshot."""
        self._rows = f"{_PATH}/{quote(self._table(), safe='')}/rows"
        query = [("page[limit]", str(_PAGE))]
        token: str | None = None
        while True:
            more = [("page[continuation_token]", token)] if token else []
            answer = self._client.ask("GET", f"{self._rows}/list", query=[*query, *more])
            page = self._client.read(_Rows, answer)
            for each in page.data:
                yield held_row(
                    each.id, {**each.attributes.values, _LOOKUP.columns[0]: each.id}, self._keep
                )
            following = page.meta.page.next_continuation_token
            if not following:
                return
            if following == token:
                raise FeedError(f"{self._client.name}: the pages of {_LOOKUP.name} do not advance")
            token = following

    def _table(self) -> str:
        query = [("filter[table_name][exact]", _LOOKUP.name)]
        found = self._client.read(_Tables, self._client.ask("GET", _PATH, query=query)).data
        tables = [each for each in found if each.attributes.table_name == _LOOKUP.name]
        if not tables:
            raise FeedError(
                f"{self._client.name}: no reference table {_LOOKUP.name}: make it from {_LOOKUP.of} of the export"
            )
        schema = tables[0].attributes.table_schema
        require_columns(_LOOKUP, [each.name for each in schema.fields], self._client.name)
        if schema.primary_keys != [_LOOKUP.columns[0]]:
            raise FeedError(
                f"{self._client.name}: the primary key of {_LOOKUP.name} is to be {_LOOKUP.columns[0]}"
            )
        return tables[0].id

    def remove(self, refs: Sequence[str]) -> None:
        """See `Table.remove`."""
        self._client.send(
            "DELETE", self._rows, {"data": [{"id": ref, "type": "row"} for ref in refs]}
        )

    def put(self, rows: Sequence[tuple[Row, str | None]]) -> None:
        """See `Table.put`."""
        data = [
            {"id": row.event_id, "type": "row", "attributes": {"values": as_columns(row)}}
            for row, _ in rows
        ]
        self._client.send("POST", self._rows, {"data": data})

    def finish(self) -> None:
        """See `Table.finish`."""

    def close(self) -> None:
        """See `Table.close`."""


def _open(opening: Opening) -> Table:
    return ReferenceTable(opening)


FEED = Feed(
    name="datadog",
    title="Datadog, a reference table",
    url="the API of your site, such as https://api.datadoghq.eu",
    default_url="https://api.datadoghq.com",
    headers=(
        ("DD-API-KEY", "{}", "DD_API_KEY"),
        ("DD-APPLICATION-KEY", "{}", "DD_APP_KEY"),
    ),
    open=_open,
)
