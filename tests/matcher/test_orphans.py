"""Which of the events that nothing explains are orphans, and which are not worth a word."""

from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import ALICE, Event, call, classify, session

BACKUP, ECS = "backup.amazonaws.com", "ecs.amazonaws.com"
BY_BACKUP: Event = {**ALICE, "invokedBy": BACKUP}
BY_ECS = session("ecs", "task", "ASIA9", path=f"aws-service-role/{ECS}/")
POLICY = "s3:PutBucketPolicy"


def listing(*effects: dict[str, Any]) -> list[Cascade]:
    """One cascade an effect, none of which has its origin in the log."""
    return [
        cascade(
            cascade_id=f"aws.test.c{number}",
            policy="annotate",
            origin={"action": "s3:DeleteBucket"},
            effects=[{"action": POLICY, "within": {"before": "60s"}, **effect}],
        )
        for number, effect in enumerate(effects)
    ]


def verdict(cascades: list[Cascade], event: Event) -> str:
    """What the engine says of a lone event; the oracle is to say the same."""
    found = classify(cascades, [event]).get(event["eventID"])
    wanted = oracle_verdicts(cascades, [event]).get(event["eventID"])
    assert (found and found.verdict) == (wanted and wanted.verdict)
    return found.verdict if found else "unlisted"


def put(parameters: object = None, **more: Any) -> Event:
    return call(POLICY, "put", 0, parameters, **more)


ORPHAN: dict[str, Any] = {}
UNLISTED = {"unexplained": "unlisted"}
FLAGGED = {"where": {"requestParameters.flag": "on"}}
BY_CONSOLE = {"where": {"sessionCredentialFromConsole": "true"}}
FOR_BACKUP = {"where": {"userIdentity.invokedBy": BACKUP}}
OF_ECS = {"actor": f"service:{ECS}"}
OF_BACKUP = {"actor": f"service:{BACKUP}"}


@pytest.mark.parametrize(
    ("effects", "event", "expected"),
    [
        pytest.param([ORPHAN], put(), "orphan", id="an effect without conditions"),
        pytest.param([ORPHAN], put(errorCode="AccessDenied"), "orphan", id="a failed call"),
        pytest.param([UNLISTED], put(), "unlisted", id="an effect that says unlisted"),
        pytest.param([FLAGGED], put({"flag": "on"}), "orphan", id="a condition that holds"),
        pytest.param(
            [FLAGGED], put({"flag": "off"}), "orphan", id="one that does not, of what is asked for"
        ),
        pytest.param([FLAGGED], put(None), "orphan", id="one on a member that is null"),
        pytest.param([BY_CONSOLE], put(), "orphan", id="one on what the caller came through"),
        pytest.param([FOR_BACKUP], put(by=ALICE), "unlisted", id="a service that did not invoke"),
        pytest.param([FOR_BACKUP], put(by=BY_BACKUP), "orphan", id="a service that invoked"),
        pytest.param([OF_ECS], put(by=ALICE), "unlisted", id="a caller that is not attested"),
        pytest.param([OF_ECS], put(by=BY_ECS), "orphan", id="a caller that is"),
        pytest.param(
            [FOR_BACKUP, UNLISTED], put({"flag": "off"}), "unlisted", id="the one that fits"
        ),
        pytest.param(
            [FOR_BACKUP, UNLISTED], put(by=ALICE), "unlisted", id="a document undoes no other"
        ),
        pytest.param([ORPHAN, UNLISTED], put(), "orphan", id="and hides nothing from another"),
        pytest.param(
            [ORPHAN, {**UNLISTED, **OF_ECS}],
            put(by=BY_ECS),
            "unlisted",
            id="what a service does all day, whoever else may do it",
        ),
        pytest.param(
            [OF_ECS, {**UNLISTED, **OF_ECS}],
            put(by=BY_ECS),
            "unlisted",
            id="what one service does all day it does in every document",
        ),
        pytest.param(
            [OF_ECS, {**UNLISTED, **OF_ECS, **FLAGGED}],
            put({"flag": "off"}, by=BY_ECS),
            "orphan",
            id="and only where all conditions hold",
        ),
        pytest.param(
            [OF_ECS, {**UNLISTED, **OF_ECS, **FLAGGED}],
            put(None, by=BY_ECS),
            "orphan",
            id="for what cannot be read hides nothing",
        ),
    ],
)
def test_an_event_that_nothing_explains(
    effects: list[dict[str, Any]], event: Event, expected: str
) -> None:
    assert verdict(listing(*effects), event) == expected
    assert verdict(listing(*reversed(effects)), event) == expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("kms:Decrypt", "unlisted"),
        ("kms:GenerateDataKeyWithoutPlaintext", "unlisted"),
        ("kms:CreateGrant", "orphan"),
        ("kms:ReEncrypt", "orphan"),
        ("ec2:DescribeInstances", "unlisted"),
        ("iam:ListAccessKeys", "unlisted"),
        ("sts:GetCallerIdentity", "unlisted"),
        ("secretsmanager:GetSecretValue", "orphan"),
        ("ec2:GetPasswordData", "orphan"),
        ("iam:DeactivateMFADevice", "orphan"),
        ("cognito-idp:Listen", "orphan"),
    ],
)
def test_everyday_calls_are_unlisted_whatever_a_document_says(action: str, expected: str) -> None:
    assert verdict(listing({"action": action}), call(action, "it", 0)) == expected


def test_an_everyday_call_is_explained_as_any_other() -> None:
    cascades = listing({"action": "kms:Decrypt"})
    events = [call("kms:Decrypt", "it", 0), call("s3:DeleteBucket", "gone", 9)]
    assert classify(cascades, events)["it"].verdict == "effect"


def test_the_root_of_an_ensemble_is_held_to_its_conditions_too() -> None:
    members: list[dict[str, Any]] = [
        {"name": "root", "action": POLICY, "relation": "companion", **FOR_BACKUP},
        {
            "name": "other",
            "action": "s3:PutBucketAcl",
            "relation": "companion",
            "within": {"after": "60s"},
        },
    ]
    cascades = [cascade(ensemble={"require": ["root", "other"]}, effects=members)]
    assert verdict(cascades, put(by=BY_BACKUP)) == "orphan"
    assert verdict(cascades, put(by=ALICE)) == "unlisted"
