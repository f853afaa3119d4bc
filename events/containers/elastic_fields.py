"""Documents of Elastic's AWS integration without the original: CloudTrail in the Elastic Common Schema.

https://www.elastic.co/docs/reference/integrations/aws/cloudtrail
"""

from collections.abc import Iterable

from .container import Columns, Container, Inside, Members, at, below, columns_at

_TRAIL = "aws.cloudtrail"
_IDENTITY = f"{_TRAIL}.user_identity"
_COLUMNS = {
    "awsRegion": "cloud.region",
    "errorCode": f"{_TRAIL}.error_code",
    "errorMessage": f"{_TRAIL}.error_message",
    "eventID": "event.id",
    "eventName": "event.action",
    "eventSource": "event.provider",
    "eventTime": "@timestamp",
    "eventType": f"{_TRAIL}.event_type",
    "recipientAccountId": f"{_TRAIL}.recipient_account_id",
    "sharedEventID": f"{_TRAIL}.shared_event_id",
    "userAgent": "user_agent.original",
    "userIdentity.accessKeyId": f"{_IDENTITY}.access_key_id",
    "userIdentity.accountId": "cloud.account.id",
    "userIdentity.arn": f"{_IDENTITY}.arn",
    "userIdentity.invokedBy": f"{_IDENTITY}.invoked_by",
    "userIdentity.principalId": "user.id",
    "userIdentity.sessionContext.attributes.creationDate": f"{_IDENTITY}.session_context.creation_date",
    "userIdentity.sessionContext.sessionIssuer.accountId": f"{_IDENTITY}.session_context.session_issuer.account_id",
    "userIdentity.sessionContext.sessionIssuer.arn": f"{_IDENTITY}.session_context.session_issuer.arn",
    "userIdentity.sessionContext.sessionIssuer.principalId": (
        f"{_IDENTITY}.session_context.session_issuer.principal_id"
    ),
    "userIdentity.sessionContext.sessionIssuer.type": f"{_IDENTITY}.session_context.session_issuer.type",
    "userIdentity.type": f"{_IDENTITY}.type",
    "userIdentity.userName": "user.name",
}
_DOCUMENTS = {
    "additionalEventData": "additional_eventdata",
    "requestParameters": "request_parameters",
    "responseElements": "response_elements",
    "serviceEventDetails": "service_event_details",
}


def _open(value: Members) -> Iterable[Inside] | None:
    if not isinstance(at(value, _TRAIL), dict) and not any(
        name.startswith(f"{_TRAIL}.") for name in value
    ):
        return None
    members = columns_at(value, _COLUMNS)
    # source.ip only holds what is an address, and not the name of a service.
    members["sourceIPAddress"] = at(value, "source.address") or at(value, "source.ip")
    for member, name in _DOCUMENTS.items():
        found = below(value, f"{_TRAIL}.flattened.{name}") or below(value, f"{_TRAIL}.{name}")
        if found is not None or at(value, "event.outcome") is not None:
            members[member] = found
    # The integration writes event.outcome in every document, and errors where there are some.
    unsure = at(value, "event.outcome") != "success" and "errorCode" not in members
    return (Columns(members, unsure),)


CONTAINER = Container(title="Elastic's AWS integration", open=_open)
