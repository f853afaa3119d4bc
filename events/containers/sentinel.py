"""Rows of Microsoft Sentinel's table AWSCloudTrail, as JSON, and as CSV from the portal.

https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from .container import Columns, Container, Inside, Members

_COLUMNS = {
    "additionalEventData": "AdditionalEventData",
    "awsRegion": "AWSRegion",
    "errorCode": "ErrorCode",
    "errorMessage": "ErrorMessage",
    "eventID": "AwsEventId",
    "eventName": "EventName",
    "eventSource": "EventSource",
    "eventType": "EventTypeName",
    "recipientAccountId": "RecipientAccountId",
    "requestParameters": "RequestParameters",
    "resources": "Resources",
    "responseElements": "ResponseElements",
    "serviceEventDetails": "ServiceEventDetails",
    "sharedEventID": "SharedEventId",
    "sourceIPAddress": "SourceIpAddress",
    "userAgent": "UserAgent",
    "userIdentity.accessKeyId": "UserIdentityAccessKeyId",
    "userIdentity.accountId": "UserIdentityAccountId",
    "userIdentity.arn": "UserIdentityArn",
    "userIdentity.invokedBy": "UserIdentityInvokedBy",
    "userIdentity.principalId": "UserIdentityPrincipalid",
    "userIdentity.sessionContext.attributes.creationDate": "SessionCreationDate",
    "userIdentity.sessionContext.sessionIssuer.accountId": "SessionIssuerAccountId",
    "userIdentity.sessionContext.sessionIssuer.arn": "SessionIssuerArn",
    "userIdentity.sessionContext.sessionIssuer.principalId": "SessionIssuerPrincipalId",
    "userIdentity.sessionContext.sessionIssuer.type": "SessionIssuerType",
    "userIdentity.sessionContext.sessionIssuer.userName": "SessionIssuerUserName",
    "userIdentity.type": "UserIdentityType",
    "userIdentity.userName": "UserIdentityUserName",
}
_TIMES = ("TimeGenerated", "TimeGenerated [UTC]")
# As the portal writes it in English (United States); of other languages, which comes first, day or month, is unclear.
_PORTAL = ("%m/%d/%Y, %I:%M:%S.%f %p", "%m/%d/%Y, %I:%M:%S %p")


def _open(value: Members) -> Iterable[Inside] | None:
    if not {"UserIdentityType", "UserIdentityArn", "AWSRegion", "AwsEventId"} & value.keys():
        return None
    members = {member: value[column] for member, column in _COLUMNS.items() if column in value}
    members["eventTime"] = next((_time(value[name]) for name in _TIMES if value.get(name)), None)
    return (Columns(members, unsure=not {"ErrorCode", "ErrorMessage"} & value.keys()),)


def _time(value: object) -> object:
    for form in _PORTAL:
        try:
            moment = datetime.strptime(str(value), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


CONTAINER = Container(
    title="Microsoft Sentinel",
    needs=frozenset({"EventName", "EventSource"}),
    open=_open,
    first=True,
)
