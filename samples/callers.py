"""Who calls: every kind of `userIdentity`, with the address and the tool that go with it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from dataclasses import dataclass, replace
from typing import Any

from .identifiers import Ids, iso

Json = dict[str, Any]

CLI = (
    "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.0 os/linux#6.8.0-1021-aws md/arch#x86_64 lang/python#3.12.6 "
    "md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{command}"
)
BOTO = (
    "Boto3/1.35.99 md/Botocore#1.35.99 ua/2.0 os/linux#5.10.234-225.910.amzn2.x86_64 md/arch#x86_64 "
    "lang/python#3.12.8 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy Botocore/1.35.99"
)
GO = "aws-sdk-go-v2/1.32.8 ua/2.1 os/linux lang/go#1.23.4 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.198.1 m/E"
GO_V1 = (
    "aws-sdk-go/1.55.5 (go1.22.9; linux; amd64) kubernetes/v1.31.4-eks-9f3bb4d cluster-autoscaler"
)
JAVA = (
    "aws-sdk-java/2.29.52 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.119-129.201.amzn2023.x86_64 "
    "lang/java#21.0.5 md/OpenJDK_64-Bit_Server_VM#21.0.5+11-LTS md/vendor#Amazon.com_Inc. m/D,N"
)
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.82.2 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.32.7 ua/2.1 os/linux "
    "lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 api/iam#1.38.3"
)
BROWSER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/133.0.0.0 Safari/537.36"
)
SSM_AGENT = (
    "aws-sdk-go/1.55.5 (go1.22.9; linux; amd64) amazon-ssm-agent/3.3.1345.0 "
    "exec-env/EC2 instance-profile"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal with credentials, and where it calls from. `console`: a session of the AWS console."""

    identity: Json
    address: str
    agent: str
    console: bool = False

    @property
    def by_service(self) -> bool:
        """Whether AWS makes the call, for itself or in somebody's name: there is no TLS to describe."""
        return self.address.endswith(".amazonaws.com") or self.address == "AWS Internal"


def iam_user(
    ids: Ids,
    account: str,
    name: str,
    *,
    address: str,
    agent: str,
    signed_in: int | None = None,
    path: str = "/",
) -> Caller:
    """An IAM user with a long-lived key; or, `signed_in` at that time, in the console with MFA."""
    identity: Json = {
        "type": "IAMUser",
        "principalId": ids.unique("AIDA") + "Q",
        "arn": f"arn:aws:iam::{account}:user{path}{name}",
        "accountId": account,
        "accessKeyId": ids.unique("AKIA" if signed_in is None else "ASIA"),
        "userName": name,
    }
    if signed_in is not None:
        identity["sessionContext"] = {
            "attributes": {"creationDate": iso(signed_in), "mfaAuthenticated": "true"}
        }
    return Caller(identity, address, agent, console=signed_in is not None)


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role."""

    account: str
    name: str
    unique_id: str
    path: str = "/"

    @property
    def arn(self) -> str:
        """The role's ARN, path included."""
        return f"arn:aws:iam::{self.account}:role{self.path}{self.name}"


def role(ids: Ids, account: str, name: str, path: str = "/") -> Role:
    """A role with a unique id of its own."""
    return Role(account, name, ids.unique("AROA") + "Y", path)


def session(
    ids: Ids,
    of: Role,
    name: str,
    *,
    since: int,
    address: str,
    agent: str,
    console: bool = False,
    mfa: bool = False,
    access_key: str | None = None,
    ec2: bool = False,
) -> Caller:
    """A session of a role. `access_key` is given where a record shows AssumeRole handing it out."""
    context: Json = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": of.unique_id,
            "arn": of.arn,
            "accountId": of.account,
            "userName": of.name,
        },
        "attributes": {
            "creationDate": iso(since),
            "mfaAuthenticated": "true" if mfa else "false",
        },
    }
    if ec2:
        context["ec2RoleDelivery"] = "2.0"
    identity: Json = {
        "type": "AssumedRole",
        "principalId": f"{of.unique_id}:{name}",
        "arn": f"arn:aws:sts::{of.account}:assumed-role/{of.name}/{name}",
        "accountId": of.account,
        "accessKeyId": access_key or ids.unique("ASIA"),
        "sessionContext": context,
    }
    return Caller(identity, address, agent, console=console)


def sso_role(ids: Ids, account: str, permission_set: str) -> Role:
    """The role that IAM Identity Center makes of a permission set."""
    return role(
        ids,
        account,
        f"AWSReservedSSO_{permission_set}_{ids.hex(16)}",
        "/aws-reserved/sso.amazonaws.com/",
    )


def service_linked(
    ids: Ids, account: str, service: str, name: str, session_name: str, since: int
) -> Caller:
    """A session of a service-linked role."""
    principal = f"{service}.amazonaws.com"
    linked = role(ids, account, name, f"/aws-service-role/{principal}/")
    return on_behalf(
        session(ids, linked, session_name, since=since, address=principal, agent=principal),
        principal,
    )


def aws_service(principal: str) -> Caller:
    """An AWS service that calls for itself."""
    return Caller({"type": "AWSService", "invokedBy": principal}, principal, principal)


def root_user(ids: Ids, account: str, *, signed_in: int, address: str, agent: str) -> Caller:
    """The root user of an account, in the console."""
    identity: Json = {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": ids.unique("ASIA"),
        "sessionContext": {
            "attributes": {"creationDate": iso(signed_in), "mfaAuthenticated": "true"}
        },
    }
    return Caller(identity, address, agent)


def directory_user(ids: Ids, account: str, *, address: str, agent: str) -> Caller:
    """A user of IAM Identity Center on the way to a role."""
    identity: Json = {
        "type": "IdentityCenterUser",
        "accountId": account,
        "onBehalfOf": {
            "userId": ids.uuid(),
            "identityStoreArn": f"arn:aws:identitystore::{account}:identitystore/d-{ids.hex(10)}",
        },
        "credentialId": ids.uuid(),
    }
    return Caller(identity, address, agent)


def web_identity(account: str, provider: str, audience: str, subject: str) -> Caller:
    """A stranger whom an OpenID Connect provider vouches for: the caller of AssumeRoleWithWebIdentity."""
    identity: Json = {
        "type": "WebIdentityUser",
        "principalId": f"arn:aws:iam::{account}:oidc-provider/{provider}:{audience}:{subject}",
        "userName": subject,
        "identityProvider": f"arn:aws:iam::{account}:oidc-provider/{provider}",
    }
    return Caller(identity, "20.57.78.14", CLI.format(command="sts.assume-role-with-web-identity"))


def cross_account(ids: Ids, account: str) -> Caller:
    """How the account of a role sees a principal of another account that assumes it."""
    identity: Json = {
        "type": "AWSAccount",
        "principalId": f"{ids.unique('AROA')}Y:vendor-scan",
        "accountId": account,
    }
    return Caller(identity, "203.0.113.61", BOTO)


def on_behalf(caller: Caller, principal: str) -> Caller:
    """The same identity, but AWS makes the call: `invokedBy` is set by AWS and says which service."""
    return replace(
        caller,
        identity={**caller.identity, "invokedBy": principal},
        address=principal,
        agent=principal,
        console=False,
    )


def with_agent(caller: Caller, agent: str) -> Caller:
    """The same credentials in another tool."""
    return replace(caller, agent=agent)
