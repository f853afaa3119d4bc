"""CrowdStrike's query language, and the call that schedules a query.

https://library.humio.com/data-analysis/syntax.html
https://library.humio.com/logscale-graphql-reference-datatypes/graphql-input-createscheduledsearchv2.html
"""

import json
import unicodedata
from collections.abc import Sequence

from ..errors import CannotEncode


def quoted(value: str) -> str:
    """A text that is compared as it is; inside quotation marks `*` would be a wildcard.

    Raises:
        CannotEncode: it holds a `*` or a control character.
    """
    if "*" in value or any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value
    ):
        raise CannotEncode(f"LogScale cannot hold {value!r} as a text that is compared")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def one_of(field: str, values: Sequence[str]) -> str:
    """The field equals one of the values."""
    listed = ", ".join(map(quoted, values))
    return f"in(field={quoted(field)}, values=[{listed}])"


def comment(lines: Sequence[str]) -> str:
    """Lines that the language skips."""
    return "".join(f"// {line}\n" for line in lines)


_CREATE = (
    "mutation Create($search: CreateScheduledSearchV2!) "
    "{ createScheduledSearchV2(input: $search) { id name } }"
)
BACKFILL = 5
"""How many searches that were missed are made up for, each over its own range: as many as a cluster allows unless told
otherwise (SCHEDULED_SEARCH_BACKFILL_LIMIT)."""


def scheduled_search(
    name: str, description: str, query: str, *, view: str, cron: str, interval: int, offset: int
) -> str:
    """The body of the request that schedules `query`, as JSON.

    Each search reads `interval` seconds of event time, which end `offset` seconds before the instant of the schedule.
    """
    search = {
        "viewName": view,
        "name": name,
        "description": description,
        "queryString": query,
        "queryTimestampType": "EventTimestamp",
        "searchIntervalSeconds": interval,
        "searchIntervalOffsetSeconds": offset,
        "schedule": cron,
        "timeZone": "UTC",
        "backfillLimit": BACKFILL,
        "enabled": True,
        "actionIdsOrNames": [],
        "labels": ["cloudcascade"],
        "queryOwnershipType": "Organization",
    }
    body = {"query": _CREATE, "variables": {"search": search}}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
