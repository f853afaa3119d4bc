"""Builds CloudTrail records and runs the engine over them. Times are seconds after `START`."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cloudcascade.catalog.models import Cascade
from cloudcascade.events.record import Record
from cloudcascade.matcher import Engine, Verdict, compile_catalog

Event = dict[str, Any]

START = datetime(2024, 5, 14, 9, 0, tzinfo=UTC)
ACCOUNT = "111111111111"
OTHER_ACCOUNT = "222222222222"


def moment(seconds: int) -> str:
    """The `eventTime` that lies so many seconds after `START`."""
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(name: str, *, access_key: str | None = None, account: str = ACCOUNT) -> Event:
    """The `userIdentity` of an IAM user."""
    identity = {
        "type": "IAMUser",
        "principalId": f"AIDA{name.upper()}",
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "userName": name,
    }
    return identity if access_key is None else {**identity, "accessKeyId": access_key}


def session(
    role: str, name: str, access_key: str, *, account: str = ACCOUNT, path: str = ""
) -> Event:
    """The `userIdentity` of a session of a role; `path` ends with a slash."""
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{role.upper()}:{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "accountId": account,
        "accessKeyId": access_key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": f"AROA{role.upper()}",
                "arn": f"arn:aws:iam::{account}:role/{path}{role}",
                "accountId": account,
                "userName": role,
            }
        },
    }


ROOT_USER: Event = {
    "type": "Root",
    "principalId": ACCOUNT,
    "arn": f"arn:aws:iam::{ACCOUNT}:root",
    "accountId": ACCOUNT,
}
ALICE = user("alice", access_key="AKIAALICE")
MALLORY = user("mallory", access_key="AKIAMALLORY")


def call(
    action: str,
    event_id: str | None,
    seconds: int = 0,
    parameters: object = None,
    *,
    by: Event | None = ALICE,
    account: str | None = ACCOUNT,
    error: str | None = None,
    **members: object,
) -> Event:
    """One record. `parameters` are the requestParameters, `members` whatever else the record has."""
    service, _, name = action.partition(":")
    event: Event = {
        "eventVersion": "1.09",
        "userIdentity": by,
        "eventTime": moment(seconds),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.15.30",
        "requestParameters": parameters,
        "responseElements": None,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "readOnly": False,
    }
    if event_id is not None:
        event["eventID"] = event_id
    if account is not None:
        event["recipientAccountId"] = account
    if error is not None:
        event["errorCode"] = error
    return {**event, **members}


def assume_role(
    event_id: str,
    access_key: str,
    *,
    by: Event | None,
    seconds: int = -600,
    action: str = "sts:AssumeRole",
    **members: Any,
) -> Event:
    """A call that hands out the credentials with `access_key`."""
    response = {"credentials": {"accessKeyId": access_key, "sessionToken": "token"}}
    return call(
        action,
        event_id,
        seconds,
        {"roleArn": "arn:aws:iam::111111111111:role/any", "roleSessionName": "any"},
        by=by,
        **{"responseElements": response, **members},
    )


def record(event: Event) -> Record:
    """The event as the readers hand it to the engine."""
    return msgspec.json.decode(json.dumps(event).encode(), type=Record)


def verdict_list(cascades: Sequence[Cascade], *batches: Iterable[Event]) -> list[Verdict]:
    """The engine's verdicts, after it was fed the batches one by one."""
    engine = Engine(compile_catalog(cascades))
    for batch in batches:
        engine.feed([record(event) for event in batch])
    return list(engine.verdicts())


def classify(cascades: Sequence[Cascade], *batches: Iterable[Event]) -> dict[str, Verdict]:
    """The engine's verdicts by event id."""
    return {verdict.event_id: verdict for verdict in verdict_list(cascades, *batches)}
