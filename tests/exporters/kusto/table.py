"""CloudTrail records as rows of Sentinel's AWSCloudTrail table, and a query run over them."""

import json
from collections.abc import Iterable
from typing import Any

from cloudcascade.exporters.field_maps import field_map
from cloudcascade.tests.exporters.kusto.model import Row, run
from cloudcascade.tests.oracle_fields import Event, time_of

MONTH = 30 * 86_400
_JSON = {
    "AdditionalEventData": "additionalEventData",
    "RequestParameters": "requestParameters",
    "Resources": "resources",
    "ResponseElements": "responseElements",
    "ServiceEventDetails": "serviceEventDetails",
}


def row(event: Event) -> Row:
    """The event as the connector stores it: JSON as text, what is missing as an empty text."""
    found: Row = {column: _json(event.get(member)) for column, member in _JSON.items()}
    for path, column in field_map("sentinel").fields.items():
        found[column] = _text(event, path)
    # A column of texts takes an object as its JSON; of an error that is all that matters.
    for column, member in (("ErrorCode", "errorCode"), ("ErrorMessage", "errorMessage")):
        if isinstance(event.get(member), dict):
            found[column] = _json(event[member])
    found["TimeGenerated"] = time_of(event)
    return found


def answer(query: str, events: Iterable[Event], hold: int, later: int = 1) -> list[Row]:
    """What the query yields once the last event was `hold` seconds ago, and `later` more."""
    rows = [row(event) for event in events]
    now = max((each["TimeGenerated"] for each in rows), default=0) + hold + later
    return run(query, {"AWSCloudTrail": rows}, now)


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value)


def _text(event: Event, path: str) -> str:
    value: Any = event
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
