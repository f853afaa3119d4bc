"""Verdicts as events of Google SecOps' Unified Data Model, as its ingestion takes them without a parser.

The fields: https://cloud.google.com/chronicle/docs/reference/udm-field-list. The type GENERIC_EVENT asks for no more
than a time and the type. What a rule asks stands in `metadata.product_event_type` (the verdict),
`metadata.product_log_id` (its id) and `additional`, whose values are texts: `action`, `event_id`, `policy`, `final` and
whatever else the line says by its own name.
"""

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec

Line = dict[str, Any]
"""A message's line, decoded."""

VENDOR: Final = "cloudcascade"

_SEVERITIES = {"orphan": "MEDIUM", "origin": "LOW", "pending": "LOW"}
_UNEXPLAINED = "no cascade of the catalogue explains the event"
# Said elsewhere in the event, or of no use to a rule.
_ELSEWHERE = frozenset(("id", "verdict", "event_time", "actor", "actor_arn", "techniques"))


def as_udm(line: bytes) -> bytes:
    """A message's line as one UDM event, as one line.

    Raises:
        msgspec.DecodeError: it is no JSON object.
    """
    return msgspec.json.encode(udm_event(msgspec.json.decode(line, type=Line)))


def udm_event(line: Line) -> dict[str, Any]:
    """The event that says what a message's line says."""
    verdict = _text(line.get("verdict"))
    action = _text(line.get("action"))
    event: dict[str, Any] = {
        "metadata": {
            "event_timestamp": _moment(_text(line.get("event_time"))),
            "event_type": "GENERIC_EVENT",
            "vendor_name": VENDOR,
            "product_name": VENDOR,
            "product_version": _product_version(),
            "product_event_type": verdict,
            "product_log_id": _text(line.get("id") or line.get("event_id")),
            "description": f"{verdict}: {action}",
        },
        "security_result": [_result(line, verdict)],
        "additional": {
            name: _text(value)
            for name, value in line.items()
            if name not in _ELSEWHERE and value not in (None, [], {})
        },
    }
    user = {
        "userid": _text(line.get("actor_arn") or line.get("actor")),
        "product_object_id": _text(line.get("actor")),
    }
    if known := {name: value for name, value in user.items() if value}:
        event["principal"] = {"user": known}
    return event


def _result(line: Line, verdict: str) -> dict[str, Any]:
    silent = verdict == "effect" and line.get("policy") == "suppress"
    result: dict[str, Any] = {
        "rule_name": _text(line.get("cascade")) or f"{VENDOR}.{verdict}",
        "severity": "INFORMATIONAL" if silent else _SEVERITIES.get(verdict, "LOW"),
        "summary": _summary(line),
    }
    if techniques := line.get("techniques"):
        result["attack_details"] = {"techniques": [{"id": _text(each)} for each in techniques]}
    return result


def _summary(line: Line) -> str:
    if cascade := line.get("cascade"):
        return f"{line.get('relation') or 'origin'} in {cascade}, instance {line.get('instance')}"
    misses = [f"{each['cascade']}: {each['reason']}" for each in line.get("near_misses") or ()]
    return "; ".join(misses) or _UNEXPLAINED


def _moment(event_time: str) -> str:
    """RFC 3339 in UTC; the year 1970 for what is no time, so that a strange event is told all the same."""
    try:
        moment = datetime.fromisoformat(event_time)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _text(value: Any) -> str:
    """A text as it is, true and false in lower case, what has parts as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


@cache
def _product_version() -> str:
    try:
        return version("cloudcascade")
    except PackageNotFoundError:
        return "0"
