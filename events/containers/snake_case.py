"""Tables that spell CloudTrail's members in snake case: Tailpipe, Steampipe, dbt models.

https://hub.tailpipe.io/plugins/turbot/aws/tables/aws_cloudtrail_log
"""

import re
from collections.abc import Iterable

from .container import Columns, Container, Inside, Members

# What camel case from snake case does not give.
_SPELLINGS = {
    "event_id": "eventID",
    "shared_event_id": "sharedEventID",
    "request_id": "requestID",
    "source_ip_address": "sourceIPAddress",
    "aws_region": "awsRegion",
    "cloudtrail_event": "CloudTrailEvent",
}


def _open(value: Members) -> Iterable[Inside] | None:
    if "event_name" not in value:
        return None
    whole = value.get("cloud_trail_event")
    if whole:  # Steampipe's table of lookup-events and of log groups
        return (whole,)
    members = {_camel(name): each for name, each in value.items()}
    if "userIdentity" in members:
        members["userIdentity"] = _cased(members["userIdentity"])
    return (Columns(members, unsure=not {"error_code", "error_message"} & value.keys()),)


def _cased(value: object) -> object:
    if isinstance(value, dict):
        return {_camel(name): _cased(each) for name, each in value.items()}
    return value


def _camel(name: str) -> str:
    return _SPELLINGS.get(name) or re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


CONTAINER = Container(
    title="columns in snake case", needs=frozenset({"event_name", "event_source"}), open=_open
)
