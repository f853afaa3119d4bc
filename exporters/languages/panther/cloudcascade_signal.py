"""What the cascades' signals read of a CloudTrail event.

This file is shipped as it stands, as Panther's global `cloudcascade_signal`. An event that the signals
must compare and cannot (no key, no known actor) gets a key of its own, which no origin ever has.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
SERVICE = ".amazonaws.com"
SMALL = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

# Part of a userAgent in small letters, and the tool it tells; the first that occurs counts.
TOOLS = (
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


def is_call(event: Any, calls: Mapping[str, Any]) -> bool:
    """Whether the event is one of these calls, failed or not."""
    return action(event) in calls


def cascade_key(
    event: Any, calls: Mapping[str, Any], same_actor: bool, same_account: bool
) -> str | None:
    """Account, actor and keys as one text; None where one of them is missing or a condition fails.

    Of a failed call, too, unless the call says `failed_too`.
    """
    call = calls[action(event)]
    if failed(event) and not call.get("failed_too"):
        return None
    if not all(holds(event, condition) for condition in call.get("where", ())):
        return None
    parts: list[Any] = []
    if same_account:
        parts.append(account(event))
    if same_actor:
        parts.append(actor(event))
    parts += [key(event, each) for each in call["keys"]]
    # Written as JSON, no value can run into the next, and 7 is not "7".
    return None if None in parts else json.dumps(parts)


def no_key(event: Any) -> str:
    """A key that no origin has: the event finds none, so the correlation rule alerts."""
    return json.dumps({"unresolved": event.get("eventID")})


def action(event: Any) -> str:
    """The call: `iam:DeleteUser`."""
    return f"{str(event.get('eventSource')).removesuffix(SERVICE)}:{event.get('eventName')}"


def failed(event: Any) -> bool:
    """Whether the call failed, by its code or by its message alone."""
    return bool(event.get("errorCode") or event.get("errorMessage"))


def account(event: Any) -> str | None:
    """The account that the event was delivered to."""
    return text(event.get("recipientAccountId")) or text(value(event, "userIdentity.accountId"))


def actor(event: Any) -> str | None:
    """The principal, and but for IAM users and root the session's access key. None: nobody knows."""
    principal = text(value(event, "userIdentity.principalId"))
    if principal is None or principal.lower().startswith("anonymous"):
        return None
    if value(event, "userIdentity.type") in ("IAMUser", "Root"):
        return principal
    access_key = text(value(event, "userIdentity.accessKeyId"))
    return None if access_key is None else f"{principal}|{access_key}"


def key(event: Any, wanted: Mapping[str, Any]) -> str | int | None:
    """The value of the first path that holds one."""
    for path in wanted["paths"]:
        found = value(event, path)
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        if isinstance(found, str) and found not in ("", HIDDEN):
            return _transformed(found, wanted) or None
    return None


def _transformed(found: str, wanted: Mapping[str, Any]) -> str:
    if wanted.get("tool"):
        return tool_family(found)
    if wanted.get("arn_name") and found.startswith("arn:") and found.count(":") >= 5:
        resource = found.split(":", 5)[5]
        found = resource.rpartition("/" if "/" in resource else ":")[2]
    # IAM's names are unique without regard to case; ASCII only, as IAM compares them.
    return found.translate(SMALL) if wanted.get("fold") else found


def tool_family(agent: str) -> str:
    """The tool that a userAgent tells by a mark, or else by its first word; empty where it has none."""
    agent = agent[:1024].translate(SMALL)
    for mark, tool in TOOLS:
        if mark in agent:
            return tool
    word = re.search("[a-z][a-z0-9.+-]*", agent)
    return word[0] if word else ""


def holds(event: Any, condition: Mapping[str, Any]) -> bool:
    """Whether the condition on one field holds."""
    found = value(event, condition["path"])
    there = not _is_empty(found)
    match condition["operator"]:
        case "exists":
            return there
        case "absent":
            return not there
        case "not":
            return there and not all(holds(event, test) for test in condition["tests"])
        case "in":
            return any(
                type(choice) is type(found) and choice == found for choice in condition["values"]
            )
        case "startswith":
            return isinstance(found, str) and found.startswith(condition["values"][0])
        case "endswith":
            return isinstance(found, str) and found.endswith(condition["values"][0])
    raise ValueError(f"no such condition: {condition['operator']}")


def value(event: Any, path: str) -> Any:
    """What stands at the dotted path; None where a member on the way is missing."""
    for member in path.split("."):
        event = event.get(member) if isinstance(event, Mapping) else None
    return event


def text(found: Any) -> str | None:
    """The value if it is a text that is not empty."""
    return found if isinstance(found, str) and found else None


def _is_empty(found: Any) -> bool:
    return found is None or (hasattr(found, "__len__") and len(found) == 0)
