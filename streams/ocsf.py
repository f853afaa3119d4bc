"""Verdicts as OCSF Detection Findings (class 2004), version 1.5.0 of the schema, with its profile `cloud`.

The class and its members: https://schema.ocsf.io/1.5.0/classes/detection_finding?profiles=cloud (source:
https://github.com/ocsf/ocsf-schema, `events/findings/`, `objects/`). One finding stands for one CloudTrail event:
its `finding_info.uid` is the event's id, and what supersedes a verdict updates or closes that finding.

| verdict, policy       | severity      | status     | is_alert |
|-----------------------|---------------|------------|----------|
| effect, suppress      | Informational | Suppressed | no       |
| effect, annotate      | Low           | New        | yes      |
| effect, never         | Medium        | New        | yes      |
| origin                | Low           | New        | yes      |
| orphan                | Medium        | New        | yes      |
| orphan of a failed call | Low         | New        | yes      |
| pending               | Low           | In Progress | no      |
| unlisted              | Informational | New (Resolved where it closes) | no |

The activity is Create for the first verdict on an event, Close when a final verdict that replaces another says
that the event is an effect to be suppressed or is unlisted, and Update for any other that replaces one. An effect
with another policy is labelled but closes nothing: only `suppress` silences. Confidence is Low for a provisional
or late verdict, High for an effect, Medium otherwise. What has no place in the schema stands under `unmapped` by
its own name.
"""

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

import msgspec

from ..catalog.attack import Tactic, attack_version, technique

OCSF_VERSION: Final = "1.5.0"

_CLASS = 2004
_CATEGORY = 2

Line = dict[str, Any]
"""A message's line, decoded."""


class _Term(NamedTuple):
    """A number of one of the schema's enumerations and its caption."""

    id: int
    caption: str


_CREATE, _UPDATE, _CLOSE = _Term(1, "Create"), _Term(2, "Update"), _Term(3, "Close")
_INFORMATIONAL, _LOW, _MEDIUM = _Term(1, "Informational"), _Term(2, "Low"), _Term(3, "Medium")
_NEW, _IN_PROGRESS = _Term(1, "New"), _Term(2, "In Progress")
_SUPPRESSED, _RESOLVED = _Term(3, "Suppressed"), _Term(4, "Resolved")
_UNSURE, _FAIR, _SURE = _Term(1, "Low"), _Term(2, "Medium"), _Term(3, "High")
_RULE, _BEHAVIORAL = _Term(1, "Rule"), _Term(2, "Behavioral")
_AWS_ACCOUNT = _Term(10, "AWS Account")

_TITLES = {
    "effect": "Side effect of another action",
    "origin": "Originating action",
    "orphan": "Side-effect action that nothing explains",
    "pending": "Not decided yet",
    "unlisted": "Action the catalogue says nothing of",
}
_UNMAPPED = (
    "verdict",
    "failed",
    "relation",
    "policy",
    "path",
    "near_misses",
    "also",
    "caveats",
    "controller",
    "target",
    "user_agent",
    "tool",
    "initial_principal",
    "session",
    "next",
    "late",
    "final",
    "supersedes",
    "truncated",
)


def as_ocsf(line: bytes) -> bytes:
    """A message's line as one Detection Finding, as one line.

    Raises:
        msgspec.DecodeError: it is no JSON object.
    """
    return msgspec.json.encode(detection_finding(msgspec.json.decode(line, type=Line)))


def detection_finding(line: Line) -> dict[str, Any]:
    """The Detection Finding that says what a message's line says."""
    activity, severity, status = _activity(line), _severity(line), _status(line)
    confidence = _confidence(line)
    action = _text(line, "action")
    title = f"{_TITLES.get(_text(line, 'verdict'), 'Verdict')}: {action}"
    kind = _CLASS * 100 + activity.id
    return {
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "activity_id": activity.id,
        "activity_name": activity.caption,
        "type_uid": kind,
        "type_name": f"Detection Finding: {activity.caption}",
        "severity_id": severity.id,
        "severity": severity.caption,
        "status_id": status.id,
        "status": status.caption,
        "confidence_id": confidence.id,
        "confidence": confidence.caption,
        "is_alert": activity is not _CLOSE and _is_alert(line),
        "time": _milliseconds(_text(line, "event_time")),
        "message": title,
        "metadata": _metadata(line),
        "finding_info": _finding_info(line, title),
        "cloud": _cloud(line),
        "evidences": [_evidence(line, action)],
        "unmapped": {
            name: line[name] for name in _UNMAPPED if line.get(name) not in (None, [], {})
        },
    }


def _is_effect(line: Line, policy: str) -> bool:
    return line.get("verdict") == "effect" and line.get("policy") == policy


def _activity(line: Line) -> _Term:
    if not line.get("supersedes"):
        return _CREATE
    closes = _is_effect(line, "suppress") or line.get("verdict") == "unlisted"
    return _CLOSE if closes and line.get("final") else _UPDATE


def _severity(line: Line) -> _Term:
    match line.get("verdict"):
        case "effect":
            by_policy = {"suppress": _INFORMATIONAL, "annotate": _LOW}
            return by_policy.get(_text(line, "policy"), _MEDIUM)
        case "orphan":
            return _LOW if line.get("failed") else _MEDIUM
        case "unlisted":
            return _INFORMATIONAL
        case _:
            return _LOW


def _status(line: Line) -> _Term:
    if _is_effect(line, "suppress"):
        return _SUPPRESSED
    if line.get("verdict") == "pending":
        return _IN_PROGRESS
    return _RESOLVED if _activity(line) is _CLOSE else _NEW


def _confidence(line: Line) -> _Term:
    if line.get("late") or not line.get("final", True):
        return _UNSURE
    return _SURE if line.get("verdict") == "effect" else _FAIR


def _is_alert(line: Line) -> bool:
    verdict = line.get("verdict")
    return verdict in ("orphan", "origin") or (
        verdict == "effect" and line.get("policy") != "suppress"
    )


def _metadata(line: Line) -> dict[str, Any]:
    event_id = _text(line, "event_id")
    return {
        "version": OCSF_VERSION,
        "uid": line.get("id") or event_id,
        "correlation_uid": line.get("instance") or event_id,
        "profiles": ["cloud"],
        "product": {
            "name": "cloudcascade",
            "vendor_name": "cloudcascade",
            "version": _product_version(),
        },
        "log_name": "CloudTrail",
        "log_provider": "AWS",
        "original_time": _text(line, "event_time"),
    }


def _finding_info(line: Line, title: str) -> dict[str, Any]:
    event_id = _text(line, "event_id")
    info: dict[str, Any] = {
        "uid": event_id,
        "title": title,
        "desc": _description(line),
        "types": [_text(line, "verdict")],
        "analytic": _analytic(line),
        "first_seen_time": _milliseconds(_text(line, "event_time")),
        "data_sources": ["AWS CloudTrail"],
    }
    if attacks := [attack for each in line.get("techniques") or () for attack in _attacks(each)]:
        info["attacks"] = attacks
    if related := [each for each in line.get("path") or () if each != event_id]:
        info["related_events"] = [{"uid": each} for each in related]
    if others := [_rule(each["cascade"]) for each in line.get("also") or ()]:
        info["related_analytics"] = others
    return info


def _description(line: Line) -> str:
    if cascade := line.get("cascade"):
        relation = line.get("relation") or "origin"
        return f"{relation} in {cascade}, instance {line.get('instance')}"
    misses = [f"{each['cascade']}: {each['reason']}" for each in line.get("near_misses") or ()]
    return "; ".join(misses) or "no cascade of the catalogue explains the event"


def _analytic(line: Line) -> dict[str, Any]:
    """The cascade; where none is named, the kind of verdict."""
    if cascade := line.get("cascade"):
        return _rule(cascade)
    verdict = _text(line, "verdict")
    return {
        "name": verdict,
        "uid": f"cloudcascade.{verdict}",
        "type_id": _BEHAVIORAL.id,
        "type": _BEHAVIORAL.caption,
    }


def _rule(cascade: str) -> dict[str, Any]:
    return {"name": cascade, "uid": cascade, "type_id": _RULE.id, "type": _RULE.caption}


@cache
def _known_attacks(technique_id: str) -> tuple[dict[str, Any], ...]:
    known = technique(technique_id)
    assert known is not None
    parent = technique(known.parent) if known.parent else None
    if parent is None:
        names = {"technique": _technique(known.id, known.name)}
    else:
        names = {
            "technique": _technique(parent.id, parent.name),
            "sub_technique": _technique(known.id, known.name),
        }
    release = {"version": attack_version()}
    tactics: tuple[Tactic | None, ...] = known.tactics or (None,)
    return tuple(
        {**names, **({"tactic": {"uid": each.id, "name": each.name}} if each else {}), **release}
        for each in tactics
    )


def _attacks(technique_id: str) -> tuple[dict[str, Any], ...]:
    """One `attack` for each tactic that the technique serves."""
    if technique(technique_id) is None:
        return ({"technique": {"uid": technique_id}, "version": attack_version()},)
    return _known_attacks(technique_id)


def _technique(uid: str, name: str) -> dict[str, str]:
    return {"uid": uid, "name": name} if name else {"uid": uid}


def _cloud(line: Line) -> dict[str, Any]:
    cloud: dict[str, Any] = {"provider": "AWS"}
    if account := line.get("account"):
        cloud["account"] = {
            "uid": account,
            "type_id": _AWS_ACCOUNT.id,
            "type": _AWS_ACCOUNT.caption,
        }
    if region := line.get("region"):
        cloud["region"] = region
    return cloud


def _evidence(line: Line, action: str) -> dict[str, Any]:
    service, _, operation = action.partition(":")
    api: dict[str, Any] = {"operation": operation, "service": {"name": service}}
    if error := line.get("error"):
        api["response"] = {"error": error}
    evidence: dict[str, Any] = {"api": api}
    arn, principal = line.get("actor_arn"), line.get("actor")
    if uid := arn or principal:
        user = {"uid": uid}
        if principal and principal != uid:
            user["uid_alt"] = principal
        evidence["actor"] = {"user": user}
    if source := line.get("source_ip"):
        evidence["src_endpoint"] = {"ip" if _is_address(source) else "svc_name": source}
    return evidence


def _is_address(source: str) -> bool:
    """Whether it is an address, and not the name of a service, which CloudTrail writes in its place."""
    try:
        ip_address(source)
    except ValueError:
        return False
    return True


def _milliseconds(event_time: str) -> int:
    """Since 1970 in UTC; 0 for what is no time, so that a strange event is told all the same."""
    try:
        moment = datetime.fromisoformat(event_time)
    except ValueError:
        return 0
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


def _text(line: Line, name: str) -> str:
    return str(line.get(name) or "")


@cache
def _product_version() -> str:
    try:
        return version("cloudcascade")
    except PackageNotFoundError:
        return "0"
