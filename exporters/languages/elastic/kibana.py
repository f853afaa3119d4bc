"""Kibana's saved objects for detection: rules, exception lists and their items, as NDJSON.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules : one JSON object a line.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ...legible import legible, wrapped
from .slices import interval, look_back
from .threat import tactic_tags, threat

Object = dict[str, Any]

# Kibana's own ceiling for the alerts of one run; the default is 100, and what exceeds it is lost.
MOST_ALERTS = 1_000
_WIDTH = 112

# When the event reached Elasticsearch: https://www.elastic.co/docs/reference/ecs/ecs-event#field-event-ingested .
# Where an event lacks it, Kibana reads `@timestamp`.
INGESTED = "event.ingested"

SUBJECT_TAGS = (
    "Domain: Cloud",
    "Data Source: AWS",
    "Data Source: Amazon Web Services",
    "Data Source: AWS CloudTrail",
    "Use Case: Threat Detection",
)
# What Elastic's own rules say where `max_signals` is Kibana's ceiling; a rules repository asks for it word for word.
SETUP = (
    "The AWS integration must collect the management events of CloudTrail.\n\n"
    "For information on troubleshooting the maximum alerts warning please refer to this "
    "[guide](https://www.elastic.co/guide/en/security/current/alerts-ui-monitor.html#troubleshoot-max-alerts)."
)


def rule(
    identity: str,
    name: str,
    description: str,
    note: Sequence[str],
    language: str,
    query: str,
    every: int,
    back: int,
    tags: Sequence[str] = (),
    techniques: Sequence[str] = (),
    **more: Any,
) -> Object:
    """A rule that is off until somebody turns it on. `every` and `back`, the look-back, are seconds.

    By default it looks back in the order of arrival (`INGESTED`): what arrives late is looked at all the same.

    The same `identity` gives the same rule id, so that an import replaces the rule. `note` becomes a
    code block of the investigation guide: nothing in it is read as Markdown.
    """
    threats = threat(techniques)
    return {
        "rule_id": str(uuid5(NAMESPACE_URL, f"cloudcascade:elastic:{identity}")),
        "name": legible(name, 200),
        "description": legible(description, 2_000),
        "note": "".join(f"    {row}\n" for line in note for row in wrapped(line, _WIDTH)),
        "type": more.pop("type", language),
        "language": language,
        "query": query,
        "interval": interval(every),
        "from": look_back(back),
        "timestamp_override": INGESTED,
        "risk_score": 47,
        "severity": "medium",
        "max_signals": MOST_ALERTS,
        "setup": SETUP,
        "tags": list(dict.fromkeys((*tags, *SUBJECT_TAGS, *tactic_tags(threats)))),
        "threat": threats,
        "enabled": False,
        "version": 1,
        **more,
    }


def exception_list(list_id: str, name: str, description: Sequence[str]) -> Object:
    """A container of exception items; a rule names it to leave out what the items match."""
    return {
        "list_id": list_id,
        "name": name,
        "description": "\n".join(description),
        "type": "detection",
        "namespace_type": "single",
        "tags": ["cloudcascade"],
        "version": 1,
    }


def exception_item(
    list_id: str,
    item_id: str,
    name: str,
    description: str,
    entries: Sequence[Object],
    expires: date,
    tags: Sequence[str] = (),
) -> Object:
    """An item: leaves out the events for which all `entries` hold, until the day `expires` begins (UTC)."""
    return {
        "list_id": list_id,
        "item_id": item_id,
        "name": legible(name, 200),
        "description": legible(description, 2_000),
        "type": "simple",
        "namespace_type": "single",
        "tags": ["cloudcascade", *tags],
        "comments": [],
        "expire_time": f"{expires.isoformat()}T00:00:00.000Z",
        "entries": list(entries),
    }


def owner_tag(owner: str | None) -> tuple[str, ...]:
    """The tag that says who answers for an object, where somebody does."""
    return (f"owner:{owner}",) if owner else ()


def match(field: str, *values: str) -> Object:
    """An entry: the field is one of the values, exactly."""
    one = len(values) == 1
    return {
        "field": field,
        "type": "match" if one else "match_any",
        "operator": "included",
        "value": values[0] if one else list(values),
    }


def in_value_list(field: str, value_list: str) -> Object:
    """An entry: the field's value stands in the value list, which is of type keyword."""
    return {
        "field": field,
        "type": "list",
        "operator": "included",
        "list": {"id": value_list, "type": "keyword"},
    }


def ndjson(objects: Sequence[Mapping[str, Any]]) -> str:
    """The objects as Kibana imports them."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)
