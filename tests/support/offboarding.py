"""The calls of an IAM user's offboarding, as scenarios write them."""

from dataclasses import dataclass, field
from typing import Any

from cloudcascade.matcher import Verdict

from .cloudtrail import Event, call

SERIAL = "arn:aws:iam::111111111111:mfa/bob"


@dataclass(frozen=True)
class Scenario:
    """What happened, and what is to be said of it.

    `expected` speaks of every listed event, in the words of `summary`; `near_misses` holds a part of
    a reason for some of the orphans, or None where nothing came near.
    """

    name: str
    events: list[Event]
    expected: dict[str, str]
    near_misses: dict[str, str | None] = field(default_factory=dict)


def summary(verdict: Any) -> str:
    """A verdict in a few words: `effect of <instance>`, `origin`, `orphan`, with `failed` in front."""
    words = f"effect of {verdict.instance}" if verdict.verdict == "effect" else verdict.verdict
    return f"failed {words}" if verdict.failed else words


def reasons(verdict: Verdict) -> list[str]:
    return [near_miss.reason for near_miss in verdict.near_misses]


def delete_user(event_id: str, seconds: int, user: object = "bob", **more: Any) -> Event:
    return call("iam:DeleteUser", event_id, seconds, {"userName": user}, **more)


def create_user(event_id: str, seconds: int, user: object = "bob", **more: Any) -> Event:
    return call("iam:CreateUser", event_id, seconds, {"userName": user}, **more)


def rename_user(event_id: str, seconds: int, user: str, new: str, **more: Any) -> Event:
    names = {"userName": user, "newUserName": new}
    return call("iam:UpdateUser", event_id, seconds, names, **more)


def deactivate(
    event_id: str, seconds: int, user: object = "bob", device: object = SERIAL, **more: Any
) -> Event:
    names = {"userName": user, "serialNumber": device}
    return call("iam:DeactivateMFADevice", event_id, seconds, names, **more)


def delete_device(event_id: str, seconds: int, device: object = SERIAL, **more: Any) -> Event:
    return call("iam:DeleteVirtualMFADevice", event_id, seconds, {"serialNumber": device}, **more)


def strip(action: str, event_id: str, seconds: int, user: object = "bob", **more: Any) -> Event:
    """Any of the other calls that come before a deletion, `iam:DeleteAccessKey` for one."""
    return call(f"iam:{action}", event_id, seconds, {"userName": user}, **more)
