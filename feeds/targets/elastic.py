"""Kibana's value lists, which exceptions ask:
https://www.elastic.co/docs/api/doc/kibana/group/endpoint-security-lists-api
"""

from collections.abc import Iterator, Sequence

import msgspec

from ...exporters import LOOKUPS
from ..errors import FeedError
from ..moments import instant
from ..multipart import form
from ..row import Row
from ..table import Feed, Held, Opening, Table, Values

_LOOKUP = LOOKUPS["elastic"]
_LISTS, _ITEMS = "/api/lists", "/api/lists/items"
_PAGE = 1_000


class _List(msgspec.Struct):
    type: str


class _Item(msgspec.Struct):
    id: str
    value: str
    created_at: str = ""


class _Items(msgspec.Struct):
    data: list[_Item]
    cursor: str = ""


class ValueList:
    """A list of event ids, and nothing besides; an item's age counts from when it was made."""

    most_put = 1_000
    most_removed = 1_000
    replaces = False

    def __init__(self, opening: Opening) -> None:
        self._client = opening.client
        self._keep = opening.keep
        self._there = False

    def values(self, row: Row) -> Values:
        """See `Table.values`."""
        return {"value": row.event_id}

    def held(self) -> Iterator[Held]:
        """See `Table.held`. A list that is not there holds nothing: nothing else makes it."""
        answer = self._client.ask("GET", _LISTS, query=[("id", _LOOKUP.name)], accept={404})
        self._there = answer.status != 404
        if not self._there:
            return
        kind = self._client.read(_List, answer).type
        if kind != "keyword":
            raise FeedError(
                f"{self._client.name}: the value list {_LOOKUP.name} is of type {kind[:40]}, not keyword"
            )
        cursor = ""
        while True:
            query = [("list_id", _LOOKUP.name), ("page", "1"), ("per_page", str(_PAGE))]
            query += [("cursor", cursor)] if cursor else []
            page = self._client.read(
                _Items, self._client.ask("GET", f"{_ITEMS}/_find", query=query)
            )
            for each in page.data:
                made = instant(each.created_at)
                yield Held(each.id, each.value, None, None if made is None else made + self._keep)
            # A page may be shorter than was asked for: only an empty one is the last.
            if not page.data:
                return
            if not page.cursor or page.cursor == cursor:
                raise FeedError(f"{self._client.name}: the pages of {_LOOKUP.name} do not advance")
            cursor = page.cursor

    def remove(self, refs: Sequence[str]) -> None:
        """See `Table.remove`."""
        for ref in refs:
            self._client.ask("DELETE", _ITEMS, query=[("id", ref)], accept={404})

    def put(self, rows: Sequence[tuple[Row, str | None]]) -> None:
        """See `Table.put`. The first one makes the list where there is none."""
        if not self._there:
            self._make()
        lines = "".join(f"{row.event_id}\n" for row, _ in rows).encode()
        upload = form("file", f"{_LOOKUP.name}.txt", "text/plain", lambda: [lines], len(lines))
        query = [("list_id", _LOOKUP.name), ("type", "keyword")]
        self._client.ask(
            "POST",
            f"{_ITEMS}/_import",
            query=query,
            content=upload.body,
            kind=upload.kind,
            size=upload.size,
        )

    def _make(self) -> None:
        # The data streams of a space's lists, of which a space has one.
        self._client.ask("POST", f"{_LISTS}/index", accept={409})
        made = {
            "id": _LOOKUP.name,
            "name": _LOOKUP.name,
            "description": "Event ids that a cascade explains; filled by cascade feed elastic.",
            "type": "keyword",
        }
        self._client.send("POST", _LISTS, made, accept={409})
        self._there = True

    def finish(self) -> None:
        """See `Table.finish`."""

    def close(self) -> None:
        """See `Table.close`."""


def _open(opening: Opening) -> Table:
    return ValueList(opening)


FEED = Feed(
    name="elastic",
    title="Elastic Security, a value list",
    url="Kibana, and the space if it is not the default: https://kibana.example.com/s/soc",
    headers=(("Authorization", "ApiKey {}", "KIBANA_API_KEY"),),
    plain_headers=(("kbn-xsrf", "cloudcascade"),),
    open=_open,
)
