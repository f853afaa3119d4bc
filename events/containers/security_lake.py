"""Security Lake, and CloudTrail in OCSF in general: API Activity (6003), and the classes near it.

https://github.com/ocsf/examples/tree/main/mappings/markdown/AWS/v1.1.0/CloudTrail
"""

from collections.abc import Iterable

from .container import Columns, Container, Inside, Members, at, columns_at

_COLUMNS = {
    "awsRegion": "cloud.region",
    "errorCode": "api.response.error",
    "errorMessage": "api.response.message",
    "eventID": "metadata.uid",
    "eventName": "api.operation",
    "eventSource": "api.service.name",
    "eventTime": "time",
    "eventType": "metadata.event_code",
    "requestParameters": "api.request.data",
    "responseElements": "api.response.data",
    "userAgent": "http_request.user_agent",
    "userIdentity.accessKeyId": "actor.user.credential_uid",
    "userIdentity.accountId": "actor.user.account.uid",
    "userIdentity.invokedBy": "actor.invoked_by",
    "userIdentity.sessionContext.sessionIssuer.arn": "actor.session.issuer",
    "userIdentity.type": "actor.user.type",
    "userIdentity.userName": "actor.user.name",
}


def _open(value: Members) -> Iterable[Inside] | None:
    if at(value, "api.operation") is None:
        return None
    members = columns_at(value, _COLUMNS)
    # Versions of the mapping differ in which of the two is the ARN.
    for found in (at(value, "actor.user.uid"), at(value, "actor.user.uid_alt")):
        if isinstance(found, str):
            member = "arn" if found.startswith("arn:") else "principalId"
            members.setdefault(f"userIdentity.{member}", found)
    members["sourceIPAddress"] = at(value, "src_endpoint.ip") or at(value, "src_endpoint.domain")
    members["recipientAccountId"] = at(value, "unmapped.recipientAccountId") or at(
        value, "cloud.account.uid"
    )
    members.setdefault("requestParameters", None)
    told = "api.response" in value or isinstance(at(value, "api.response"), dict)
    return (Columns(members, unsure=not told and at(value, "status_id") != 1),)


CONTAINER = Container(
    title="Security Lake (OCSF)", needs=frozenset({"metadata"}), open=_open, paths=("raw_data",)
)
