"""Analytics rules and hunting queries in YAML, as the Azure-Sentinel repository keeps them.

https://github.com/Azure/Azure-Sentinel/wiki/Query-Style-Guide names the fields,
https://learn.microsoft.com/azure/sentinel/create-analytics-rules the limits.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from ....catalog.attack import technique
from ....catalog.terms import format_duration
from ...detections import Burst, FirstSeen
from ...legible import legible
from ...query import Query
from ...revision import semantic_revision
from .timing import Timing

MAX_QUERY = 10_000
"""Characters that a rule's query may have."""

_CONNECTORS = [
    {"connectorId": "AWS", "dataTypes": ["AWSCloudTrail"]},
    {"connectorId": "AWSS3", "dataTypes": ["AWSCloudTrail"]},
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


def scheduled_rule(
    query: Query,
    name: str,
    what: str,
    kusto: str,
    timing: Timing,
    details: Mapping[str, str],
) -> dict[str, Any]:
    """A scheduled rule that runs `kusto` and alerts on every row. `what` sets its id apart."""
    held = format_duration(timing.slice.hold)
    about = (
        f"{legible(query.title, 200)}. {_origin(query)} explains these actions when it fits them.\n"
        f"Judged {held} after the event, once everything that may explain it has come in."
    )
    return {
        "id": stable_id(query.cascade, what),
        **_named(name, f"{about} {_repeats(timing, ['AwsEventId'])}"),
        **_scheduled(timing, query.techniques, kusto),
        "entityMappings": [
            _entity("Account", "FullName", "UserIdentityArn"),
            _entity("IP", "Address", "SourceIpAddress"),
        ],
        # One incident an event, so that nothing unexplained is closed along with something explained, and none twice.
        **_alerts(timing, details, ["AwsEventId"]),
    }


def verdict_rule(query: Query, kusto: str, timing: Timing) -> dict[str, Any]:
    """A scheduled rule on the verdicts of `cascade watch`, which no connector of Sentinel's brings."""
    about = (
        f"{legible(query.title, 200)}. {_origin(query)} explains these actions when it fits them.\n"
        "Judged by cascade watch, whose final verdicts come in once nothing can change them any more. "
        f"{_repeats(timing, ['AwsEventId'])}"
    )
    return {
        "id": stable_id(query.cascade, "verdict"),
        **_named(f"Not explained, by verdict: {query.title}", about),
        **_scheduled(timing, query.techniques, kusto),
        "requiredDataConnectors": [],
        "entityMappings": [
            _entity("Account", "FullName", "UserIdentityArn"),
            _entity("IP", "Address", "SourceIpAddress"),
        ],
        **_alerts(timing, {"AwsEventId": "EventId", "AwsAction": "Action"}, ["AwsEventId"]),
    }


def detection_rule(
    detection: Burst | FirstSeen, kusto: str, timing: Timing, details: Mapping[str, str]
) -> dict[str, Any]:
    """A scheduled rule that runs a detection and alerts on every row, one incident for all of whom `details` name."""
    return {
        "id": stable_id(detection.id, "detection"),
        **_named(detection.title, f"{detection.description}\n{_repeats(timing, list(details))}"),
        **_scheduled(timing, detection.techniques, kusto),
        "entityMappings": [_entity("Account", "FullName", list(details.values())[-1])],
        **_alerts(timing, details, list(details)),
    }


def _named(name: str, description: str) -> dict[str, Any]:
    return {
        "name": legible(name, 200),
        "description": _Block(f"'{description}'\n"),
    }


def _scheduled(timing: Timing, techniques: Iterable[str], kusto: str) -> dict[str, Any]:
    return {
        "severity": "Medium",
        "status": "Available",
        "requiredDataConnectors": _CONNECTORS,
        "queryFrequency": format_duration(timing.every),
        "queryPeriod": format_duration(timing.period),
        "triggerOperator": "gt",
        "triggerThreshold": 0,
        **_attack(techniques),
        "query": _Block(kusto),
    }


def _alerts(timing: Timing, details: Mapping[str, str], group: Sequence[str]) -> dict[str, Any]:
    """An alert a row; those in which the details of `group` are equal are one incident as long as it is open."""
    return {
        "customDetails": dict(details),
        "eventGroupingSettings": {"aggregationKind": "AlertPerResult"},
        "incidentConfiguration": {
            "createIncident": True,
            "groupingConfiguration": {
                "enabled": True,
                "reopenClosedIncident": False,
                "lookbackDuration": f"PT{max(5, -(-timing.slice.length // 3_600))}H",
                "matchingMethod": "Selected",
                "groupByEntities": [],
                "groupByAlertDetails": [],
                "groupByCustomDetails": list(group),
            },
        },
        "kind": "Scheduled",
    }


def _repeats(timing: Timing, group: Sequence[str]) -> str:
    return (
        f"A run judges {format_duration(timing.slice.length)}, so that one which is late or left out loses nothing; "
        f"up to {timing.runs} runs tell of an event, in one incident by {' and '.join(group)}."
    )


def _entity(kind: str, identifier: str, column: str) -> dict[str, Any]:
    return {
        "entityType": kind,
        "fieldMappings": [{"identifier": identifier, "columnName": column}],
    }


def hunting_query(query: Query, name: str, what: str, kusto: str) -> dict[str, Any]:
    """A hunting query. `what` sets its id apart."""
    covers = f"Covers one day, up to {format_duration(query.hold)} ago."
    return hunting(
        stable_id(query.cascade, what),
        name,
        f"{legible(query.title, 200)}.\n{covers}",
        query.techniques,
        kusto,
    )


def hunting(
    identifier: str, name: str, about: str, techniques: Iterable[str], kusto: str
) -> dict[str, Any]:
    """A hunting query of that id; `about` says what it finds."""
    return {
        "id": identifier,
        **_named(name, about),
        "requiredDataConnectors": _CONNECTORS,
        **_attack(techniques),
        "query": _Block(kusto),
    }


def to_yaml(document: Mapping[str, Any], comments: tuple[str, ...]) -> str:
    """The document behind `comments`, which are single lines of visible characters; its version follows from it."""
    document = {**document, "version": semantic_revision(document)}
    head = "".join(f"# {line}".rstrip() + "\n" for line in comments)
    body: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True
    )
    return head + body


def _origin(query: Query) -> str:
    names = (query.root_name, *query.required) if query.ensemble else (query.root.action,)
    return " with ".join(names) + "".join(f" (or {rival.cascade})" for rival in query.rivals)


def _attack(techniques: Iterable[str]) -> dict[str, list[str]]:
    """The tactics, and the techniques without their sub-techniques, for which the rule's schema has no place here."""
    wanted = tuple(techniques)
    tactics = set()
    for each in filter(None, map(technique, wanted)):
        for tactic in each.tactics:
            plain = "".join(map(str.capitalize, tactic.shortname.split("-")))
            tactics.add(_SPLIT_OFF.get(tactic.shortname, plain))
    return {
        "tactics": sorted(tactics),
        "relevantTechniques": sorted({each.partition(".")[0] for each in wanted}),
    }
