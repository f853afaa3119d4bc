"""Who made a call, as AWS says it, and what of that AWS attests.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import re
from functools import lru_cache
from string import ascii_uppercase

import msgspec
from msgspec import Raw

from .mending import object_in, spelt_account


class Identity(msgspec.Struct, frozen=True, gc=False):
    """The members of `userIdentity` that tell principals and sessions apart. A member that is no text is None.

    Users of IAM Identity Center have no principalId of their own: theirs is the id of the user behind the ARN of the
    identity store. `issuerArn` and `creationDate` are those of its `sessionContext`.
    """

    type: str | None = None
    principalId: str | None = None
    arn: str | None = None
    accountId: str | None = None
    accessKeyId: str | None = None
    userName: str | None = None
    invokedBy: str | None = None
    issuerArn: str | None = None
    creationDate: str | None = None


class _Attributes(msgspec.Struct, gc=False):
    creationDate: str | None = None


class _Issuer(msgspec.Struct, gc=False):
    arn: str | None = None


class _Session(msgspec.Struct, gc=False):
    sessionIssuer: _Issuer | None = None
    attributes: _Attributes | None = None


class _OnBehalfOf(msgspec.Struct, gc=False):
    userId: str | None = None
    identityStoreArn: str | None = None


class _Typed(msgspec.Struct, gc=False):
    type: str | None = None
    principalId: str | None = None
    arn: str | None = None
    accountId: str | None = None
    accessKeyId: str | None = None
    userName: str | None = None
    invokedBy: str | None = None
    sessionContext: _Session | None = None
    onBehalfOf: _OnBehalfOf | None = None


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
        typed.principalId or _identity_center_user(typed.type, typed.onBehalfOf),
        typed.arn,
        typed.accountId,
        typed.accessKeyId,
        typed.userName,
        typed.invokedBy,
        session.sessionIssuer.arn if session and session.sessionIssuer else None,
        session.attributes.creationDate if session and session.attributes else None,
    )


def _identity_center_user(type_: str | None, user: _OnBehalfOf | None) -> str | None:
    if type_ != "IdentityCenterUser" or user is None or not user.userId:
        return None
    return f"{user.identityStoreArn or ''}/{user.userId}"


def _odd_identity(raw: Raw) -> Identity:
    """An identity some member of which has another type than AWS gives it."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOBODY
    value = object_in(value)
    if not isinstance(value, dict):
        return _NOBODY
    value["accountId"] = spelt_account(value.get("accountId"))
    session = value.get("sessionContext")
    issuer = session.get("sessionIssuer") if isinstance(session, dict) else None
    attributes = session.get("attributes") if isinstance(session, dict) else None
    members = {
        name: member
        for name in Identity.__struct_fields__
        if isinstance(member := value.get(name), str)
    }
    for name in ("issuerArn", "creationDate"):
        members.pop(name, None)
    return Identity(
        **members,
        issuerArn=_text_in(issuer, "arn"),
        creationDate=_text_in(attributes, "creationDate"),
    )


def _text_in(value: object, name: str) -> str | None:
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, str) else None


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


def text_of(raw: Raw) -> str | None:
    """The text that a member of a record is; None where it is missing, empty or no text.

    >>> text_of(Raw(b'"192.0.2.1"')), text_of(Raw(b"null")), text_of(Raw())
    ('192.0.2.1', None, None)
    """
    return _short_text(bytes(raw)) if len(raw) <= MAX_TOOL_TEXT else _read_text(raw)


@lru_cache(maxsize=4_096)
def _short_text(raw: bytes) -> str | None:
    return _read_text(raw)


def _read_text(raw: bytes | Raw) -> str | None:
    try:
        return _decode_text(raw) or None
    except UnicodeDecodeError:
        return _decode_text(bytes(raw).decode("utf-8", "replace")) or None
    except msgspec.DecodeError:
        return None


def user_agent_of(raw: Raw) -> str | None:
    """The text of a userAgent, cut to MAX_TOOL_TEXT characters; None where it is missing, empty or no text."""
    return _short_text(bytes(raw)) if len(raw) <= MAX_TOOL_TEXT else _cut_text(raw)


def _cut_text(raw: Raw) -> str | None:
    text = _read_text(raw)
    return text[:MAX_TOOL_TEXT] if text else None


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
    text = _read_text(raw)
    return _family(ascii_lower(text[:MAX_TOOL_TEXT])) if text else None


@lru_cache(maxsize=4_096)
def ascii_lower(text: str) -> str:
    """`text` with A-Z lowered and nothing else: Unicode has letters that lower to ASCII ones."""
    return text.translate(_SMALL)


@lru_cache(maxsize=4_096)
def tool_named_in(agent: str) -> str | None:
    """As `user_agent_family`, of the text of a userAgent.

    >>> tool_named_in("aws-cli/2.15.30 Python/3.11.8"), tool_named_in("")
    ('aws-cli', None)
    """
    return _family(ascii_lower(agent[:MAX_TOOL_TEXT]))


def _family(agent: str) -> str | None:
    for mark, family in TOOL_MARKS:
        if mark in agent:
            return family
    word = _WORD.search(agent)
    return word[0] if word else None
