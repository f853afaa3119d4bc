"""CloudTrail records: a call, put into the envelope that CloudTrail writes around it.

Members: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from dataclasses import dataclass

from ..catalog.record_facts import record_facts
from .callers import Caller, Json
from .identifiers import Ids, iso

# Services whose calls CloudTrail records in us-east-1 wherever they come from.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
GLOBAL = frozenset({"iam", "organizations", "cloudfront", "route53", "support", "health"})
HOME = "us-east-1"
# The newer the service's logging, the newer the record version; the rest write 1.11.
_VERSIONS = {"s3": "1.10", "sts": "1.09", "ssm": "1.09", "rds": "1.09"}
_TLS13, _TLS12 = "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"


@dataclass(frozen=True, slots=True)
class Call:
    """One API call: `action` is `service:EventName`; parameters in CloudTrail's spelling.

    `error` is errorCode and errorMessage. `extra` are further members of the record.
    """

    action: str
    request: Json | None = None
    response: Json | None = None
    error: tuple[str, str] | None = None
    read_only: bool = False
    extra: Json | None = None


def record(ids: Ids, caller: Caller, call: Call, at: int, *, region: str, account: str) -> Json:
    """The record of `call`, in the order of members that CloudTrail uses. `at`: UTC, seconds since 1970."""
    service, _, name = call.action.partition(":")
    if service in GLOBAL:
        region = HOME
    made: Json = {
        "eventVersion": _VERSIONS.get(service, "1.11"),
        "userIdentity": caller.identity,
        "eventTime": iso(at),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": caller.address,
        "userAgent": caller.agent,
    }
    if call.error is not None:
        made["errorCode"], made["errorMessage"] = call.error
    made["requestParameters"] = call.request
    made["responseElements"] = call.response
    extra = dict(call.extra) if call.extra else {}
    if "additionalEventData" in extra:
        made["additionalEventData"] = extra.pop("additionalEventData")
    made["requestID"] = ids.uuid()
    made["eventID"] = ids.uuid()
    made["readOnly"] = call.read_only
    if "resources" in extra:
        made["resources"] = extra.pop("resources")
    made["eventType"] = extra.pop("eventType", "AwsApiCall")
    made["managementEvent"] = True
    made["recipientAccountId"] = account
    made.update(extra)
    made["eventCategory"] = "Management"
    if caller.console:
        if record_facts().unflagged_because(service) is None:
            made["sessionCredentialFromConsole"] = "true"
    elif not caller.by_service:
        old = service in ("s3", "logs")
        made["tlsDetails"] = {
            "tlsVersion": "TLSv1.2" if old else "TLSv1.3",
            "cipherSuite": _TLS12 if old else _TLS13,
            "clientProvidedHostHeader": (call.request or {}).get("Host") or _host(service, region),
        }
    return made


def service_event(
    ids: Ids,
    action: str,
    at: int,
    *,
    region: str,
    account: str,
    details: Json | None,
    resources: list[Json] | None = None,
    additional: Json | None = None,
) -> Json:
    """A record of something that a service did by itself: no caller, no parameters.

    What it has to tell is in `details`, or for some services `additional`.
    """
    service, _, name = action.partition(":")
    if service in GLOBAL:
        region = HOME
    source = f"{service}.amazonaws.com"
    made: Json = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": account, "invokedBy": source},
        "eventTime": iso(at),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": source,
        "userAgent": source,
        "requestParameters": None,
        "responseElements": None,
    }
    if additional is not None:
        made["additionalEventData"] = additional
    made |= {"eventID": ids.uuid(), "readOnly": False}
    if resources:
        made["resources"] = resources
    made |= {
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account,
    }
    if details is not None:
        made["serviceEventDetails"] = details
    return made | {"eventCategory": "Management"}


def _host(service: str, region: str) -> str:
    if service in GLOBAL:
        return f"{service}.amazonaws.com"
    return f"{service}.{region}.amazonaws.com"
