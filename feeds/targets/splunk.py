"""Splunk's KV store: the collection that the exported app brings.

https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTkvstore
"""

import json
from collections.abc import Iterator, Sequence

from ...exporters import LOOKUPS
from ..errors import FeedError
from ..moments import number
from ..row import Row
from ..table import Feed, Held, Opening, Table, Values

_LOOKUP = LOOKUPS["splunk"]
_APP = _LOOKUP.of.parts[0] if _LOOKUP.of else ""
_PATH = f"/servicesNS/nobody/{_APP}/storage/collections/data/{_LOOKUP.name}"
_PAGE = 1_000


class Collection:
    """A document for each event, under the event's id. Only documents by key are changed, so that searches may write
    the collection at the same time; what one of them has `asked` it prunes itself.
    """

    most_put = 500
    most_removed = 25  # their keys stand in the address
    replaces = True

    def __init__(self, opening: Opening) -> None:
        self._client = opening.client
        self._keep = opening.keep
        self._now = opening.now

    def values(self, row: Row) -> Values:
        """See `Table.values`. The time is a number, and the name that of CloudTrail."""
        return {
            "event_id": row.event_id,
            "cascade": row.cascade,
            "event_time": row.event_time,
            "eventName": row.action.partition(":")[2],
        }

    def held(self) -> Iterator[Held]:
        """See `Table.held`. Pages follow the key, so that what comes meanwhile moves none."""
        last = ""
        while True:
            query = [
                ("query", json.dumps({"_key": {"$gt": last}})),
                ("sort", "_key:1"),
                ("limit", str(_PAGE)),
                ("output_mode", "json"),
            ]
            answer = self._client.ask("GET", _PATH, query=query, accept={404})
            if answer.status == 404:
                raise FeedError(
                    f"{self._client.name}: no collection {_LOOKUP.name} in the app {_APP}: install what "
                    "`cascade export splunk` writes"
                )
            page = self._client.read(list[dict[str, object]], answer)
            for document in page:
                # What a search calls unexplained alerts, and is never taken out.
                if document.get("verdict") in (None, "explained"):
                    yield self._held(document)
            # A page may be shorter than was asked for: only an empty one is the last.
            if not page:
                return
            following = str(page[-1].get("_key", ""))
            if following <= last:
                raise FeedError(f"{self._client.name}: the pages of {_LOOKUP.name} do not advance")
            last = following

    def _held(self, document: dict[str, object]) -> Held:
        key = str(document.get("_key", ""))
        added, time = number(document.get("added")), number(document.get("event_time"))
        since = added if added is not None else time
        values = {
            "event_id": document.get("event_id"),
            "cascade": document.get("cascade"),
            "event_time": time,
            "eventName": document.get("eventName"),
        }
        event_id = str(document.get("event_id") or key)
        ends = None if since is None else since + self._keep
        return Held(key, event_id, values, ends, theirs=bool(document.get("asked")))

    def remove(self, refs: Sequence[str]) -> None:
        """See `Table.remove`."""
        if not refs or not all(refs):
            raise FeedError("a query without a key would empty the collection")
        query = json.dumps({"$or": [{"_key": ref} for ref in refs]})
        self._client.ask("DELETE", _PATH, query=[("query", query)])

    def put(self, rows: Sequence[tuple[Row, str | None]]) -> None:
        """See `Table.put`."""
        documents = [
            {"_key": ref or row.event_id, **self.values(row), "added": int(self._now)}
            for row, ref in rows
        ]
        self._client.send("POST", f"{_PATH}/batch_save", documents)

    def finish(self) -> None:
        """See `Table.finish`."""

    def close(self) -> None:
        """See `Table.close`."""


def _open(opening: Opening) -> Table:
    return Collection(opening)


FEED = Feed(
    name="splunk",
    title="Splunk, a KV store collection",
    url="the management port, such as https://splunk.example.com:8089",
    headers=(("Authorization", "Bearer {}", "SPLUNK_TOKEN"),),
    open=_open,
)
