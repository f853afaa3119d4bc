"""The members of a record whose values a caller chooses: what an exclusion must not rest on.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
Write = Callable[[dict[str, Any], str], bool]

ANYBODY = "whoever makes the call"
ROLE_ASSUMER = "whoever may assume a role"
CREATOR = "whoever may create a role or a user"

_CREATES = re.compile(
    r"(Create|Put|Run|Register|Start|Import|Request|Allocate|Tag|Add|Upload|Send|Publish)"
)
_NAMING = re.compile(r"(name|description|tag|value|alias|title|comment|token|key)", re.IGNORECASE)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
# Roles that AWS makes itself are called so; whether somebody else may use these names is not taken for granted.
_OF_AWS = ("AWSServiceRoleFor", "AWSReservedSSO_")
_IAM_NAME = re.compile(r"[\w+=,.@-]{1,64}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A member that a caller chooses. `by` says which callers; `write` sets it in a copy of a record, and says
    whether AWS would take that value there."""

    path: str
    by: str
    write: Write


def changed(record: Json, choice: Choice, text: str) -> dict[str, Any] | None:
    """The record with another value in that member, None where it cannot stand there."""
    made = deepcopy(dict(record))
    return made if choice.write(made, text) and made != record else None


def _user_agent(record: dict[str, Any], text: str) -> bool:
    record["userAgent"] = text
    return 0 < len(text) <= 1024 and text.isprintable()


def _session_name(record: dict[str, Any], text: str) -> bool:
    identity = record["userIdentity"]
    if identity.get("type") != "AssumedRole" or not _SESSION_NAME.fullmatch(text):
        return False
    identity["arn"] = str(identity.get("arn", "")).rpartition("/")[0] + "/" + text
    identity["principalId"] = str(identity.get("principalId", "")).partition(":")[0] + ":" + text
    return True


def _source_identity(record: dict[str, Any], text: str) -> bool:
    identity = record["userIdentity"]
    if identity.get("type") != "AssumedRole" or not _SESSION_NAME.fullmatch(text):
        return False
    identity.setdefault("sessionContext", {})["sourceIdentity"] = text
    return True


def _role_name(record: dict[str, Any], text: str) -> bool:
    identity = record["userIdentity"]
    issuer = identity.get("sessionContext", {}).get("sessionIssuer")
    if identity.get("type") != "AssumedRole" or not issuer or not _IAM_NAME.fullmatch(text):
        return False
    if text.startswith(_OF_AWS):
        return False
    head, _, session = str(identity.get("arn", "")).rpartition("/")
    issuer["userName"] = text
    issuer["arn"] = str(issuer.get("arn", "")).rpartition("/")[0] + "/" + text
    identity["arn"] = head.rpartition("/")[0] + "/" + text + "/" + session
    return True


def _user_name(record: dict[str, Any], text: str) -> bool:
    identity = record["userIdentity"]
    if identity.get("type") != "IAMUser" or not _IAM_NAME.fullmatch(text):
        return False
    identity["userName"] = text
    identity["arn"] = str(identity.get("arn", "")).rpartition("/")[0] + "/" + text
    return True


def _host_header(record: dict[str, Any], text: str) -> bool:
    if not isinstance(record.get("tlsDetails"), dict):
        return False
    record["tlsDetails"]["clientProvidedHostHeader"] = text
    return True


_OF_CALLER = (
    Choice("userAgent", ANYBODY, _user_agent),
    Choice("userIdentity.sessionContext.sourceIdentity", ROLE_ASSUMER, _source_identity),
    Choice("userIdentity.arn (session name)", ROLE_ASSUMER, _session_name),
    Choice("tlsDetails.clientProvidedHostHeader", ANYBODY, _host_header),
    Choice("userIdentity.sessionContext.sessionIssuer.userName", CREATOR, _role_name),
    Choice("userIdentity.userName", CREATOR, _user_name),
)


def choices(record: Json) -> Iterator[Choice]:
    """What the caller of a record chose, what is chosen most freely first."""
    yield from _OF_CALLER
    if _CREATES.match(str(record.get("eventName"))):
        parameters = record.get("requestParameters")
        if isinstance(parameters, dict):
            for path in _names(parameters, ("requestParameters",)):
                yield Choice(".".join(path), ANYBODY, _writer(path))


def _names(value: Json, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, each in value.items():
        if isinstance(each, str) and _NAMING.search(name):
            yield (*path, name)
        elif isinstance(each, dict):
            yield from _names(each, (*path, name))


def _writer(path: tuple[str, ...]) -> Write:
    def write(record: dict[str, Any], text: str) -> bool:
        holder = record
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = text
        return True

    return write
