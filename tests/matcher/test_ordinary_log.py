"""An ordinary day of an account that uses KMS: the attack in it is what is left over."""

from collections import Counter
from itertools import count

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.matcher import Verdict
from cloudcascade.tests.support.cloudtrail import ALICE, Event, call, classify, session

DAY = 86_400
KMS_CALLS = 20_000
ATTACK = "attack-"

APP = session("app", "i-0abc", "ASIAAPP")
FUNCTION = session("function", "handler", "ASIAFUN")
DEPLOY = session("deploy", "pipeline", "ASIADEP")


def service_role(service: str) -> Event:
    return session(
        service,
        "session",
        f"ASIA{service.upper()}",
        path=f"aws-service-role/{service}.amazonaws.com/",
    )


def on_behalf(of: Event, service: str) -> dict[str, object]:
    """What a call shows that a service made in its caller's name."""
    name = f"{service}.amazonaws.com"
    return {"by": {**of, "invokedBy": name}, "sourceIPAddress": name, "userAgent": name}


def itself(service: str) -> dict[str, object]:
    """What a call shows that a service made for itself."""
    name = f"{service}.amazonaws.com"
    who = {"type": "AWSService", "invokedBy": name}
    return {"by": who, "sourceIPAddress": name, "userAgent": name}


def context(**encryption: str) -> dict[str, object]:
    return {"encryptionContext": encryption, "keyId": "arn:aws:kms:us-east-1:111111111111:key/1"}


BUCKET = {"aws:s3:arn": "arn:aws:s3:::data/object"}
# The data-key calls of an account, each as often as the others.
DATA_KEYS: list[tuple[str, object, dict[str, object]]] = [
    ("kms:Decrypt", context(purpose="cache"), {"by": APP}),
    ("kms:GenerateDataKey", context(purpose="envelope"), {"by": APP}),
    ("kms:Encrypt", context(purpose="token"), {"by": FUNCTION}),
    ("kms:Decrypt", context(**BUCKET), on_behalf(APP, "s3")),
    ("kms:GenerateDataKey", context(**BUCKET), on_behalf(APP, "s3")),
    ("kms:Decrypt", context(function="f"), on_behalf(FUNCTION, "lambda")),
    ("kms:GenerateDataKey", context(trail="t"), itself("cloudtrail")),
    ("kms:Decrypt", context(SecretARN="arn:s"), on_behalf(APP, "secretsmanager")),
    ("kms:Decrypt", context(PARAMETER_ARN="arn:p"), on_behalf(DEPLOY, "ssm")),
    ("kms:GenerateDataKeyWithoutPlaintext", context(volume="vol-1"), on_behalf(DEPLOY, "ec2")),
    ("kms:Decrypt", context(db="db-1"), on_behalf(APP, "rds")),
    ("kms:Decrypt", None, {"by": ALICE, "error": "AccessDenied"}),
]
# What else goes on all day.
TRAFFIC: list[tuple[str, object, dict[str, object]]] = [
    ("sts:AssumeRole", {"roleArn": "arn:aws:iam::111111111111:role/app"}, itself("ec2")),
    ("sts:AssumeRole", {"roleArn": "arn:aws:iam::111111111111:role/f"}, itself("lambda")),
    ("sts:GetCallerIdentity", None, {"by": DEPLOY}),
    ("ec2:DescribeInstances", {}, {"by": DEPLOY}),
    ("iam:ListAccessKeys", {"userName": "bob"}, {"by": DEPLOY}),
    ("iam:GetRole", {"roleName": "app"}, {"by": DEPLOY}),
    ("logs:CreateLogStream", {"logGroupName": "/aws/lambda/f"}, {"by": FUNCTION}),
    ("s3:GetObject", {"bucketName": "data", "key": "a"}, {"by": APP}),
    ("s3:DeleteObject", {"bucketName": "data", "key": "a"}, {"by": APP}),
    ("ec2:RunInstances", {}, {"by": service_role("autoscaling")}),
    ("ec2:TerminateInstances", {}, {"by": service_role("autoscaling")}),
    ("elasticloadbalancing:RegisterTargets", {}, {"by": service_role("ecs")}),
    ("ec2:CreateNetworkInterface", {}, on_behalf(FUNCTION, "lambda")),
    ("ec2:CreateSnapshot", {"volumeId": "vol-1"}, on_behalf(APP, "backup")),
]


def attack() -> list[Event]:
    """The administrator's second factor goes, a way in and a way out are made, and who watches is switched off."""
    stolen = {**ALICE, "accessKeyId": "AKIASTOLEN"}
    steps: list[tuple[str, object]] = [
        ("iam:DeactivateMFADevice", {"userName": "admin", "serialNumber": "arn:mfa/admin"}),
        ("iam:CreateAccessKey", {"userName": "admin"}),
        ("ec2:ModifySnapshotAttribute", None),  # refused, and so without what it asked for
        ("ec2:DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-1"}}}),
        ("cloudtrail:DeleteTrail", {"name": "main"}),
        ("kms:ScheduleKeyDeletion", {"keyId": "1", "pendingWindowInDays": 7}),
        ("secretsmanager:DeleteSecret", {"secretId": "prod"}),
    ]
    refused = {"ec2:ModifySnapshotAttribute": "Client.UnauthorizedOperation"}
    return [
        call(
            action,
            f"{ATTACK}{action}",
            40_000 + 400 * number,
            parameters,
            by=stolen,
            error=refused.get(action),
            sourceIPAddress="198.51.100.66",
        )
        for number, (action, parameters) in enumerate(steps)
    ]


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    ids = (f"event-{number}" for number in count())
    events = [
        call(action, next(ids), number * DAY // KMS_CALLS, parameters, **more)  # type: ignore[arg-type]
        for number, (action, parameters, more) in zip(
            range(KMS_CALLS), DATA_KEYS * KMS_CALLS, strict=False
        )
    ]
    events += [
        call(action, next(ids), number * 600 + 60 * place, parameters, **more)  # type: ignore[arg-type]
        for place, (action, parameters, more) in enumerate(TRAFFIC)
        for number in range(DAY // 600)
    ]
    return classify(load_catalog().cascades, events, attack())


def orphans(verdicts: dict[str, Verdict]) -> Counter[str]:
    return Counter(
        verdict.action
        for name, verdict in verdicts.items()
        if verdict.verdict == "orphan" and not name.startswith(ATTACK)
    )


def test_data_keys_are_no_orphans(verdicts: dict[str, Verdict]) -> None:
    kms = {action: n for action, n in orphans(verdicts).items() if action.startswith("kms:")}
    assert kms == {}


def test_neither_is_the_rest_of_the_day(verdicts: dict[str, Verdict]) -> None:
    assert orphans(verdicts) == {}


def test_every_step_of_the_attack_is_visible(verdicts: dict[str, Verdict]) -> None:
    seen = {event["eventID"]: verdicts[event["eventID"]].verdict for event in attack()}
    assert set(seen.values()) <= {"orphan", "origin"}
    assert seen[f"{ATTACK}iam:DeactivateMFADevice"] == "orphan"


def test_the_role_that_lambda_takes_on_goes_to_the_nearer_update() -> None:
    role = "arn:aws:iam::111111111111:role/function"
    update = "lambda:UpdateFunctionConfiguration20150331v2"
    events = [
        call("lambda:CreateFunction20150331", "made", 0, {"functionName": "f", "role": role}),
        call(update, "changed", 200, {"functionName": "f"}, responseElements={"role": role}),
        call("sts:AssumeRole", "taken", 203, {"roleArn": role}, **itself("lambda")),  # type: ignore[arg-type]
    ]
    taken = classify(load_catalog().cascades, events)["taken"]
    assert (taken.instance, [each.instance for each in taken.also]) == ("changed", ["made"])
