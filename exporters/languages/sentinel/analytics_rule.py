"""Analytics rules and hunting queries in YAML, as the Azure-Sentinel repository keeps them.

https://github.com/Azure/Azure-Sentinel/wiki/Query-Style-Guide names the fields,
https://learn.microsoft.com/azure/sentinel/create-analytics-rules the limits.
"""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from ....catalog.attack import technique
from ....catalog.terms import format_duration
from ...errors import Refused
from ...legible import legible
from ...query import Query

MAX_QUERY = 10_000
"""Characters that a rule's query may have."""

_DAY = 86_400
_MIN_EVERY = 5 * 60
_MAX_PERIOD = 14 * _DAY
# A rule that looks back further than two days runs no more often than every hour.
_LONG_PERIOD, _LONG_EVERY = 2 * _DAY, 3_600
_CONNECTORS = [
    {"connectorId": "AWS", "dataTypes": ["AWSCloudTrail"]},
    {"connectorId": "AWSS3", "dataTypes": ["AWSCloudTrail"]},
]
_ENTITIES = [
    {
        "entityType": "Account",
        "fieldMappings": [{"identifier": "FullName", "columnName": "UserIdentityArn"}],
    },
    {
        "entityType": "IP",
        "fieldMappings": [{"identifier": "Address", "columnName": "SourceIpAddress"}],
    },
]
# Sentinel has none of the tactics that ATT&CK 19 made of Defense Evasion.
_SPLIT_OFF = {"stealth": "DefenseEvasion", "defense-impairment": "DefenseEvasion"}


class _Block(str):
    """A text that is kept line by line."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes blocks as blocks, and nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_block(dumper: yaml.SafeDumper, text: _Block) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")


_Dumper.add_representer(_Block, _represent_block)


def stable_id(*words: str) -> str:
    """The id of what `words` name, the same on every run."""
    return str(uuid5(NAMESPACE_URL, "/".join(("cloudcascade", "sentinel", *words))))


def timing(query: Query, every: int) -> tuple[int, int]:
    """How often a rule runs when asked for `every` seconds, and how far it looks back, in seconds.

    Raises:
        Refused: it would have to look back further than a rule can.
    """
    reach = query.hold + query.reach_before
    every = _whole_minutes(max(every, _MIN_EVERY))
    if reach + every > _LONG_PERIOD:
        every = max(every, _LONG_EVERY)
    if reach + every > _MAX_PERIOD:
        raise Refused(
            f"it takes the events of {format_duration(reach + every)}, and a rule sees those of 14 days: "
            "a smaller --window, or --style query"
        )
    return every, _whole_minutes(reach + every)


def scheduled_rule(
    query: Query,
    name: str,
    what: str,
    kusto: str,
    times: tuple[int, int],
    details: Mapping[str, str],
) -> dict[str, Any]:
    """A scheduled rule that runs `kusto` and alerts on every row. `what` sets its id apart."""
    every, period = times
    held = format_duration(query.hold)
    return {
        "id": stable_id(query.cascade, what),
        "name": legible(name, 200),
        "description": _Block(
            f"'{legible(query.title, 200)}. {_origin(query)} explains these actions when it fits them.\n"
            f"Judged {held} after the event, once everything that may explain it has come in.'\n"
        ),
        "severity": "Medium",
        "status": "Available",
        "requiredDataConnectors": _CONNECTORS,
        "queryFrequency": format_duration(every),
        "queryPeriod": format_duration(period),
        "triggerOperator": "gt",
        "triggerThreshold": 0,
        "tactics": _tactics(query),
        "relevantTechniques": _techniques(query),
        "query": _Block(kusto),
        "entityMappings": _ENTITIES,
        "customDetails": dict(details),
        "eventGroupingSettings": {"aggregationKind": "AlertPerResult"},
        # One incident an event, so that nothing unexplained is closed along with something explained.
        "incidentConfiguration": {
            "createIncident": True,
            "groupingConfiguration": {
                "enabled": False,
                "reopenClosedIncident": False,
                "lookbackDuration": "PT5H",
                "matchingMethod": "AllEntities",
            },
        },
        "version": "1.0.0",
        "kind": "Scheduled",
    }


def hunting_query(query: Query, name: str, what: str, kusto: str) -> dict[str, Any]:
    """A hunting query. `what` sets its id apart."""
    return {
        "id": stable_id(query.cascade, what),
        "name": legible(name, 200),
        "description": _Block(
            f"'{legible(query.title, 200)}.\nCovers one day, up to {format_duration(query.hold)} ago.'\n"
        ),
        "requiredDataConnectors": _CONNECTORS,
        "tactics": _tactics(query),
        "relevantTechniques": _techniques(query),
        "query": _Block(kusto),
        "version": "1.0.0",
    }


def to_yaml(document: Mapping[str, Any], comments: tuple[str, ...]) -> str:
    """The document behind `comments`, which are single lines of visible characters."""
    head = "".join(f"# {line}".rstrip() + "\n" for line in comments)
    body: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True
    )
    return head + body


def _origin(query: Query) -> str:
    names = (query.root_name, *query.required) if query.ensemble else (query.root.action,)
    return " with ".join(names) + "".join(f" (or {rival.cascade})" for rival in query.rivals)


def _whole_minutes(seconds: int) -> int:
    return -(-seconds // 60) * 60


def _tactics(query: Query) -> list[str]:
    found = set()
    for each in filter(None, map(technique, query.techniques)):
        for tactic in each.tactics:
            plain = "".join(map(str.capitalize, tactic.shortname.split("-")))
            found.add(_SPLIT_OFF.get(tactic.shortname, plain))
    return sorted(found)


def _techniques(query: Query) -> list[str]:
    """The techniques without their sub-techniques, for which the rule's schema has no place here."""
    return sorted({each.partition(".")[0] for each in query.techniques})
