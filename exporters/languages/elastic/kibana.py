"""Kibana's saved objects for detection: rules, exception lists and their items, as NDJSON and as TOML.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules : one JSON object a line.
https://github.com/elastic/detection-rules/blob/main/CONTRIBUTING.md : the TOML of a rules repository.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ...legible import legible

Object = dict[str, Any]

# Kibana's own ceiling for the alerts of one run; the default is 100, and what exceeds it is lost.
MOST_ALERTS = 1_000


def rule(
    identity: str,
    name: str,
    description: str,
    note: Sequence[str],
    language: str,
    query: str,
    every: int,
    back: int,
    **more: Any,
) -> Object:
    """A rule that is off until somebody turns it on. `every` and `back`, the look-back, are seconds.

    The same `identity` gives the same rule id, so that an import replaces the rule. `note` becomes a
    code block of the investigation guide: nothing in it is read as Markdown.
    """
    return {
        "rule_id": str(uuid5(NAMESPACE_URL, f"cloudcascade:elastic:{identity}")),
        "name": legible(name, 200),
        "description": legible(description, 2_000),
        "note": "".join(f"    {line}\n" for line in note),
        "type": more.pop("type", language),
        "language": language,
        "query": query,
        "interval": f"{-(-every // 60)}m",
        "from": f"now-{-(-back // 60)}m",
        "risk_score": 47,
        "severity": "medium",
        "max_signals": MOST_ALERTS,
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


def toml(written: Object, created: date, stack: str | None = None) -> str:
    """The rule as a rules repository keeps it; `stack` is the first version of Elasticsearch that can run it.

    Whether the rule is on and which version it has are that repository's to say.
    """
    import tomli_w

    metadata: Object = {
        "creation_date": created.strftime("%Y/%m/%d"),
        "integration": ["aws"],
        "maturity": "production",
        "updated_date": created.strftime("%Y/%m/%d"),
    }
    if stack is not None:
        metadata["min_stack_version"] = stack
        metadata["min_stack_comments"] = "the query needs FIELD_EXTRACT"
    kept = {name: value for name, value in written.items() if name not in ("enabled", "version")}
    return tomli_w.dumps({"metadata": metadata, "rule": kept}, multiline_strings=True)
