"""The members of a CloudTrail record that mean the same for every action, and who sets them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import re

from .field_paths import Kind

# Members whose content depends on the action.
ACTION_MEMBERS = frozenset(
    {"additionalEventData", "requestParameters", "responseElements", "serviceEventDetails"}
)

_VALUES = """
apiVersion awsRegion errorCode errorMessage eventCategory eventID eventName eventSource eventTime
eventType eventVersion recipientAccountId requestID sessionCredentialFromConsole sharedEventID
sourceIPAddress userAgent vpcEndpointAccountId vpcEndpointId
resources[].ARN resources[].accountId resources[].type
tlsDetails.cipherSuite tlsDetails.clientProvidedHostHeader tlsDetails.tlsVersion
userIdentity.accessKeyId userIdentity.accountId userIdentity.arn userIdentity.credentialId
userIdentity.identityProvider userIdentity.inScopeOf.credentialsIssuedTo
userIdentity.inScopeOf.issuerType userIdentity.inScopeOf.sourceAccount
userIdentity.inScopeOf.sourceArn userIdentity.invokedBy
userIdentity.onBehalfOf.identityStoreArn userIdentity.onBehalfOf.userId
userIdentity.principalId userIdentity.type userIdentity.userName
userIdentity.sessionContext.assumedRoot userIdentity.sessionContext.attributes.creationDate
userIdentity.sessionContext.attributes.mfaAuthenticated
userIdentity.sessionContext.ec2RoleDelivery userIdentity.sessionContext.sessionIssuer.accountId
userIdentity.sessionContext.sessionIssuer.arn userIdentity.sessionContext.sessionIssuer.principalId
userIdentity.sessionContext.sessionIssuer.type userIdentity.sessionContext.sessionIssuer.userName
userIdentity.sessionContext.sourceIdentity
userIdentity.sessionContext.webIdFederationData.federatedProvider
""".split()  # noqa: SIM905 - one word a field reads better than a list of quoted ones
_OBJECTS = """
tlsDetails userIdentity userIdentity.inScopeOf userIdentity.onBehalfOf userIdentity.sessionContext
userIdentity.sessionContext.attributes userIdentity.sessionContext.sessionIssuer
userIdentity.sessionContext.webIdFederationData
userIdentity.sessionContext.webIdFederationData.attributes
""".split()  # noqa: SIM905 - as above
RECORD_PATHS: dict[str, Kind] = {
    **dict.fromkeys(_VALUES, "value"),
    **dict.fromkeys(_OBJECTS, "object"),
    "managementEvent": "boolean",
    "readOnly": "boolean",
    "resources": "list",
}

# Of one kind of event, one account or one place; never of one entity.
_MEANINGLESS = re.compile(
    r"apiVersion|awsRegion|errorCode|errorMessage|event(Category|Name|Source|Time|Type|Version)"
    r"|managementEvent|readOnly|sessionCredentialFromConsole|tlsDetails\..*"
    r"|userIdentity\.(type|invokedBy)|userIdentity\.sessionContext\.attributes\..*"
    r"|userIdentity\.sessionContext\.sessionIssuer\.type|resources\[\]\.(type|accountId)"
)
ACCOUNT_PATHS = frozenset({"recipientAccountId", "userIdentity.accountId", "resources[].accountId"})

# What the caller chooses: names of users, roles and sessions, tags, tools, networks.
_CLAIMED = re.compile(
    r"userAgent|sourceIPAddress|tlsDetails\.clientProvidedHostHeader"
    r"|userIdentity\.(arn|userName|principalId)"
    r"|userIdentity\.sessionContext\.(sourceIdentity|webIdFederationData\..*)"
    r"|userIdentity\.sessionContext\.sessionIssuer\.(arn|userName)"
    r"|.*\.(roleSessionName|sessionName|sourceIdentity|clientToken|clientRequestToken|description)"
    r"|.*\.(tag|tags|tagSet|Tag|Tags|tagSpecificationSet)(\[\])?(\..*)?"
)


def is_claimed(path: str) -> bool:
    """Whether the caller sets the field's value as it likes.

    >>> is_claimed("userAgent"), is_claimed("userIdentity.invokedBy")
    (True, False)
    """
    return _CLAIMED.fullmatch(path) is not None


def is_no_entity(path: str) -> bool:
    """Whether the field says nothing of which entity an event is about.

    >>> is_no_entity("awsRegion"), is_no_entity("requestParameters.userName")
    (True, False)
    """
    return _MEANINGLESS.fullmatch(path) is not None
