"""Microsoft Sentinel's watchlists: https://learn.microsoft.com/rest/api/securityinsights/watchlist-items"""

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

import msgspec

from ...exporters import LOOKUPS
from ..errors import FeedError
from ..moments import instant, spelt
from ..row import Row
from ..table import Feed, Held, Opening, Table, Values

_LOOKUP = LOOKUPS["sentinel"]
_PATH = f"/providers/Microsoft.SecurityInsights/watchlists/{_LOOKUP.name}"
_VERSION = ("api-version", "2023-02-01")


class _Facts(msgspec.Struct, rename="camel"):
    items_search_key: str


class _List(msgspec.Struct):
    properties: _Facts


class _Properties(msgspec.Struct, rename="camel"):
    items_key_value: dict[str, object]


class _Item(msgspec.Struct):
    name: str
    properties: _Properties


class _Items(msgspec.Struct, rename="camel"):
    value: list[_Item]
    next_link: str | None = None


class Watchlist:
    """An item for each event, under a GUID that follows from the event's id.

    A row that says something else is taken out and put in anew: overwriting one asks for its etag.
    """

    most_put = 1
    most_removed = 1_000
    replaces = False

    def __init__(self, opening: Opening) -> None:
        self._client = opening.client
        self._keep = opening.keep

    def values(self, row: Row) -> Values:
        """See `Table.values`."""
        return {
            "AwsEventId": row.event_id,
            "Cascade": row.cascade,
            "Relation": row.relation,
            "OriginEventId": row.origin_event_id,
            "Expires": spelt(row.event_time + self._keep),
        }

    def held(self) -> Iterator[Held]:
        """See `Table.held`."""
        self._require()
        query = [_VERSION]
        while True:
            page = self._client.read(
                _Items, self._client.ask("GET", f"{_PATH}/watchlistItems", query=query)
            )
            for each in page.value:
                columns = each.properties.items_key_value
                found = {name: columns.get(name) for name in _LOOKUP.columns}
                event_id = str(found["AwsEventId"] or "")
                yield Held(each.name, event_id, found, instant(found["Expires"]))
            if not page.next_link:
                return
            following = self._following(page.next_link)
            if following == query:
                raise FeedError(f"{self._client.name}: the pages of {_LOOKUP.name} do not advance")
            query = following

    def _following(self, link: str) -> list[tuple[str, str]]:
        """The query of the next page. Only that is taken of a link, so that no token goes elsewhere."""
        query = dict(parse_qsl(urlsplit(link).query))
        return [_VERSION, *((name, query[name]) for name in query if name != _VERSION[0])]

    def _require(self) -> None:
        answer = self._client.ask("GET", _PATH, query=[_VERSION], accept={404})
        if answer.status == 404:
            raise FeedError(
                f"{self._client.name}: no watchlist {_LOOKUP.name}: deploy {_LOOKUP.of} of the export"
            )
        key = self._client.read(_List, answer).properties.items_search_key
        if key != _LOOKUP.columns[0]:
            raise FeedError(
                f"{self._client.name}: the search key of {_LOOKUP.name} is to be {_LOOKUP.columns[0]}"
            )

    def remove(self, refs: Sequence[str]) -> None:
        """See `Table.remove`."""
        for ref in refs:
            self._client.ask("DELETE", _item(ref), query=[_VERSION], accept={404})

    def put(self, rows: Sequence[tuple[Row, str | None]]) -> None:
        """See `Table.put`. The API takes one item a request."""
        for row, _ in rows:
            ref = str(uuid5(NAMESPACE_URL, f"cloudcascade:{_LOOKUP.name}:{row.event_id}"))
            body = {"properties": {"itemsKeyValue": self.values(row)}}
            self._client.send("PUT", _item(ref), body, query=[_VERSION])

    def finish(self) -> None:
        """See `Table.finish`."""

    def close(self) -> None:
        """See `Table.close`."""


def _item(ref: str) -> str:
    return f"{_PATH}/watchlistItems/{quote(ref, safe='')}"


def _open(opening: Opening) -> Table:
    return Watchlist(opening)


FEED = Feed(
    name="sentinel",
    title="Microsoft Sentinel, a watchlist",
    url="the workspace's resource, https://management.azure.com/subscriptions/S/resourceGroups/G/providers/"
    "Microsoft.OperationalInsights/workspaces/W",
    headers=(("Authorization", "Bearer {}", "AZURE_ACCESS_TOKEN"),),
    open=_open,
)
