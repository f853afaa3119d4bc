"""What actions mean to somebody who attacks: what uses an entity, what holds somebody back, what takes away."""

import re
from dataclasses import dataclass, field

from ..catalog import Effect
from ..catalog.namesakes import member_of

REMOVES = re.compile(
    r"(Batch)?(Delete|Remove|Detach|Disassociate|Deactivate|Disable|Deregister|Revoke|Release|Terminate|Stop)\w+"
)
# Calls whose answer is worth having, or that give somebody something.
HANDS_OUT = re.compile(
    r"Decrypt|ReEncrypt\w*|GenerateDataKey\w*|Assume\w+|Get(Secret\w*|Object|Parameters?|SessionToken|FederationToken)"
    r"|(Add|Attach|Associate|Authorize|Create|Enable|Grant|Import|Invite|Put|Register|Share)\w+"
)
CHANGES = re.compile(r"(Modify|Update|Put|Set|Change|Configure|Replace)\w+")
# Members of requests, in small letters, that change nothing of what the call is about, whatever they hold.
NEUTRAL = frozenset(
    {
        "applyimmediately",
        "checksumalgorithm",
        "clientrequesttoken",
        "clienttoken",
        "confirmremoveselfbucketaccess",
        "contentmd5",
        "dryrun",
        "expectedbucketowner",
        "policyname",
        "region",
    }
)
# And those that do so in one action alone.
NEUTRAL_HERE: dict[str, frozenset[str]] = {
    "ecs:UpdateService": frozenset({"cluster", "service"}),  # say which service
    # Allows what only a new engineVersion in the same call asks for.
    "rds:ModifyDBCluster": frozenset({"allowmajorversionupgrade"}),
    "rds:ModifyDBInstance": frozenset({"allowmajorversionupgrade"}),
}
# Services of which a name is one whatever its case.
CASE_BLIND = frozenset({"docdb", "elasticache", "iam", "neptune", "rds", "redshift"})
# Members that hold a name, and take an ARN for it.
OR_ARN: dict[str, frozenset[str]] = {
    "batch": frozenset({"computeEnvironment", "jobQueue"}),
    "cloudformation": frozenset({"stackName"}),
    "cloudtrail": frozenset({"name"}),
    "dynamodb": frozenset({"tableName"}),
    "ecs": frozenset({"cluster", "service"}),
    "lambda": frozenset({"functionName"}),
    "logs": frozenset({"logGroupIdentifier"}),
    "secretsmanager": frozenset({"secretId"}),
    "ssm": frozenset({"name"}),
}
# What a removal is undone by.
_UNDONE_BY = {
    "Delete": ("Create", "Put"),
    "Remove": ("Add", "Put"),
    "Detach": ("Attach",),
    "Disassociate": ("Associate",),
    "Deactivate": ("Activate", "Enable"),
    "Disable": ("Enable",),
    "Deregister": ("Register",),
    "Revoke": ("Authorize", "Grant"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """A call that uses an entity, and the field that names it. `arn`: as the last part of an ARN."""

    action: str
    path: str
    arn: str = ""
    extra: dict[str, object] = field(default_factory=dict)


_AS_USER = "userIdentity.userName"
_USER, _ROLE = "requestParameters.userName", "requestParameters.roleArn"
_ROLE_ARN = "arn:aws:iam::{account}:role/{name}"
_SERVICE = "responseElements.service.serviceArn"
# By the origin, since that is what tells which entity goes.
USES: dict[str, tuple[Use, ...]] = {
    "iam:DeleteUser": (
        Use("signin:ConsoleLogin", _AS_USER, extra={"responseElements.ConsoleLogin": "Success"}),
        Use("sts:GetSessionToken", _AS_USER),
        Use("sts:GetFederationToken", _AS_USER),
        Use("sts:AssumeRole", _AS_USER),
        Use("iam:CreateAccessKey", _USER),
        Use("iam:CreateLoginProfile", _USER),
        Use("iam:UpdateLoginProfile", _USER),
        Use("iam:UploadSSHPublicKey", _USER),
        Use("iam:UploadSigningCertificate", _USER),
        Use("iam:CreateServiceSpecificCredential", _USER),
        Use("iam:ResetServiceSpecificCredential", _USER),
        Use("iam:UpdateAccessKey", _USER, extra={"requestParameters.status": "Active"}),
    ),
    "iam:DeleteRole": (
        Use("sts:AssumeRole", _ROLE, _ROLE_ARN),
        Use("sts:AssumeRoleWithSAML", _ROLE, _ROLE_ARN),
        Use("sts:AssumeRoleWithWebIdentity", _ROLE, _ROLE_ARN),
    ),
    "iam:DeleteInstanceProfile": (
        Use("iam:AddRoleToInstanceProfile", "requestParameters.instanceProfileName"),
    ),
    "ecs:DeleteService": (
        Use("ecs:UpdateService", _SERVICE, extra={"requestParameters.desiredCount": 1}),
        Use("ecs:UpdateService", _SERVICE, extra={"requestParameters.enableExecuteCommand": True}),
    ),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A call that takes off what holds somebody back: the member that names whom, and the one that names what.

    `acts`: whom it held can act by himself until he goes, too.
    """

    holder: str
    what: str | None = None
    acts: bool = True


_S3 = Held("bucketName", acts=False)
GUARDRAILS: dict[str, Held] = {
    "iam:DetachUserPolicy": Held("userName", "policyArn"),
    "iam:DeleteUserPolicy": Held("userName", "policyName"),
    "iam:DeleteUserPermissionsBoundary": Held("userName"),
    "iam:RemoveUserFromGroup": Held("userName", "groupName"),
    "iam:DetachRolePolicy": Held("roleName", "policyArn"),
    "iam:DeleteRolePolicy": Held("roleName", "policyName"),
    "iam:DeleteRolePermissionsBoundary": Held("roleName"),
    "iam:DetachGroupPolicy": Held("groupName", "policyArn"),
    "iam:DeleteGroupPolicy": Held("groupName", "policyName"),
    "iam:DeletePolicyVersion": Held("policyArn", "versionId"),
    "organizations:DetachPolicy": Held("targetId", "policyId"),
    "organizations:RemoveAccountFromOrganization": Held("accountId"),
    "s3:DeleteBucketPolicy": _S3,
    "s3:DeleteBucketEncryption": _S3,
    "s3:DeleteBucketOwnershipControls": _S3,
    "s3:DeleteBucketPublicAccessBlock": _S3,
    "s3:DeleteBucketReplication": _S3,
    "s3:DeleteObject": _S3,
    "s3:DeleteObjects": _S3,
    "sso:DetachManagedPolicyFromPermissionSet": Held("permissionSetArn", "managedPolicyArn"),
    "sso:DeletePermissionsBoundaryFromPermissionSet": Held("permissionSetArn"),
    "sso:DeleteInlinePolicyFromPermissionSet": Held("permissionSetArn"),
    "wafv2:DisassociateWebACL": Held("resourceArn", acts=False),
}
_LIKE_GUARDRAILS = re.compile(
    r"(Delete|Detach|Remove|Disassociate|Revoke)\w*"
    r"(ResourcePolic(y|ies)|RepositoryPolicy|QueuePolicy|AccessPolicy|KeyPolicy|PermissionsBoundary"
    r"|PublicAccessBlock|WebACL|Guardrail\w*|Quarantine|FirewallPolicy|FirewallRuleGroup|SecurityGroupEgress"
    r"|ResponseHeadersPolicy|Versions?|Snapshots?|Backups?)"
)


def guardrail(effect: Effect) -> Held | None:
    """What the effect takes off whom, where that holds somebody back; evidence that goes counts, too."""
    listed = GUARDRAILS.get(effect.action)
    if listed is not None or not _LIKE_GUARDRAILS.fullmatch(effect.action.partition(":")[2]):
        return listed
    members = [member_of(path) for source in effect.keys.values() for path in source.paths]
    return Held(members[0] if members else "", acts=False)


def undone_by(action: str) -> tuple[str, ...]:
    """What calls may be called that undo a removal: `AttachRolePolicy` for `DetachRolePolicy`."""
    service, _, name = action.partition(":")
    found = []
    for verb, opposites in _UNDONE_BY.items():
        if name.startswith(verb):
            rest = name.removeprefix(verb)
            for each in opposites:
                turned = rest.replace("From", "To", 1) if "From" in rest else rest
                found += [f"{service}:{each}{one}" for one in _spelled(turned)]
    return tuple(dict.fromkeys(found))


def _spelled(rest: str) -> tuple[str, ...]:
    # DisassociateProductFromPortfolio is undone by AssociateProductWithPortfolio.
    with_ = re.sub(r"To(?=[A-Z])", "With", rest, count=1)
    return tuple(
        dict.fromkeys((rest, with_, f"{rest}Configuration", rest.replace("Remove", "Add")))
    )
