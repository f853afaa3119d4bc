"""Who made a call, as AWS says it, and what of that AWS attests.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import re
from functools import lru_cache
from string import ascii_uppercase

import msgspec
from msgspec import Raw


class Identity(msgspec.Struct, frozen=True, gc=False):
    """The members of `userIdentity` that tell principals apart. A member of another type than text is None."""

    type: str | None = None
    principalId: str | None = None
    arn: str | None = None
    accountId: str | None = None
    accessKeyId: str | None = None
    userName: str | None = None
    invokedBy: str | None = None
    issuerArn: str | None = None


class _Issuer(msgspec.Struct, gc=False):
    arn: str | None = None


class _Session(msgspec.Struct, gc=False):
    sessionIssuer: _Issuer | None = None


class _Typed(msgspec.Struct, gc=False):
    type: str | None = None
    principalId: str | None = None
    arn: str | None = None
    accountId: str | None = None
    accessKeyId: str | None = None
    userName: str | None = None
    invokedBy: str | None = None
    sessionContext: _Session | None = None


_decode = msgspec.json.Decoder(_Typed).decode
_decode_text = msgspec.json.Decoder(str).decode
_NOBODY = Identity()


def identity_of(raw: Raw) -> Identity:
    """Read a `userIdentity`. What is no object, or missing, is an identity without members."""
    if not raw:
        return _NOBODY
    try:
        typed = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _odd_identity(raw)
    session = typed.sessionContext
    return Identity(
        typed.type,
        typed.principalId,
        typed.arn,
        typed.accountId,
        typed.accessKeyId,
        typed.userName,
        typed.invokedBy,
        session.sessionIssuer.arn if session and session.sessionIssuer else None,
    )


def _odd_identity(raw: Raw) -> Identity:
    """An identity some member of which has another type than AWS gives it."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOBODY
    if not isinstance(value, dict):
        return _NOBODY
    session = value.get("sessionContext")
    issuer = session.get("sessionIssuer") if isinstance(session, dict) else None
    members = {
        name: member
        for name in Identity.__struct_fields__
        if isinstance(member := value.get(name), str)
    }
    members.pop("issuerArn", None)
    arn = issuer.get("arn") if isinstance(issuer, dict) else None
    return Identity(**members, issuerArn=arn if isinstance(arn, str) else None)


def service_linked_role_of(arn: str | None) -> str | None:
    """The service that a service-linked role belongs to, from the role's ARN; None for another ARN.

    Only AWS creates roles under this path:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html

    >>> service_linked_role_of("arn:aws:iam::111111111111:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS")
    'rds.amazonaws.com'
    """
    if not arn:
        return None
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "iam":
        return None
    path = parts[5].split("/")
    if len(path) != 4 or path[:2] != ["role", "aws-service-role"]:
        return None
    return path[2] or None


def attested_services(identity: Identity) -> frozenset[str]:
    """The service principals that AWS attests as the caller: who invoked, and whose role it is."""
    return _services(identity.invokedBy, identity.issuerArn)


@lru_cache(maxsize=4_096)
def _services(invoked_by: str | None, issuer: str | None) -> frozenset[str]:
    return frozenset(service for service in (invoked_by, service_linked_role_of(issuer)) if service)


# Part of a userAgent in small letters, and the tool it tells. The outer tool comes first: Terraform's agent
# names the SDK it is built with, too.
TOOL_MARKS = (
    ("terraform", "terraform"),
    ("opentofu", "opentofu"),
    ("pulumi", "pulumi"),
    ("ansible", "ansible"),
    ("cloud-custodian", "cloud-custodian"),
    ("c7n", "cloud-custodian"),
    ("aws-nuke", "aws-nuke"),
    ("aws-cdk", "aws-cdk"),
    ("aws-cli", "aws-cli"),
    ("powershell", "aws-tools-for-powershell"),
    ("s3console", "console"),
    ("aws-internal/", "console"),
    ("boto3", "boto3"),
    ("botocore", "botocore"),
    ("aws-sdk-go", "aws-sdk-go"),
    ("aws-sdk-java", "aws-sdk-java"),
    ("aws-sdk-js", "aws-sdk-js"),
    ("aws-sdk-nodejs", "aws-sdk-js"),
    ("aws-sdk-rust", "aws-sdk-rust"),
    ("aws-sdk-net", "aws-sdk-dotnet"),
    ("aws-sdk-dotnet", "aws-sdk-dotnet"),
    ("aws-sdk-ruby", "aws-sdk-ruby"),
    ("aws-sdk-php", "aws-sdk-php"),
    ("aws internal", "console"),
    ("console.amazonaws.com", "console"),
    ("signin.amazonaws.com", "console"),
    ("mozilla/", "console"),
)

# Of a tool without a mark, the first word is its name: a letter, and more of these. Longer texts are cut
# before they are looked at.
TOOL_LETTERS = "a-z0-9.+-"
MAX_TOOL_TEXT = 1_024
_SMALL = {ord(letter): letter.lower() for letter in ascii_uppercase}
_WORD = re.compile(f"[a-z][{TOOL_LETTERS}]*")


def user_agent_family(raw: Raw) -> str | None:
    """The tool a userAgent claims to be, such as aws-cli or console: of one that is not listed here the first
    word, so that no tool passes for another by being new. None where there is no word.

    >>> user_agent_family(Raw(b'"stratus-red-team_83c9a458-cffd-4d43"'))
    'stratus-red-team'
    """
    text = bytes(raw)
    return _family_of(text) if len(text) <= MAX_TOOL_TEXT else _read_family(text)


@lru_cache(maxsize=4_096)
def _family_of(raw: bytes) -> str | None:
    return _read_family(raw)


def _read_family(raw: bytes) -> str | None:
    try:
        text = _decode_text(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return _family(ascii_lower(text[:MAX_TOOL_TEXT]))


@lru_cache(maxsize=4_096)
def ascii_lower(text: str) -> str:
    """`text` with A-Z lowered and nothing else: Unicode has letters that lower to ASCII ones."""
    return text.translate(_SMALL)


def _family(agent: str) -> str | None:
    for mark, family in TOOL_MARKS:
        if mark in agent:
            return family
    word = _WORD.search(agent)
    return word[0] if word else None
