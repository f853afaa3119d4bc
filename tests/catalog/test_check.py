"""`cascade check`: each code with a document that earns it and one that does not."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.catalog.check import check_cascades
from cloudcascade.catalog.check_codes import CHECK_CODES
from cloudcascade.catalog.findings import LOAD_CODES, Finding
from cloudcascade.catalog.models import Cascade
from cloudcascade.catalog.recorded import recorded
from cloudcascade.catalog.service_models import ServiceModels, load_service_models
from cloudcascade.catalog.terms import RECORD_FIELDS
from cloudcascade.errors import Place

ROOT = Path(__file__).parents[2]

# Deactivating a user's MFA device before deleting the user: nothing wrong with it.
GOOD: dict[str, Any] = {
    "id": "aws.iam.delete-user",
    "title": "Deleting an IAM user",
    "provider": "aws",
    "description": "IAM wants the devices gone first.",
    "origin": {"action": "iam:DeleteUser", "keys": {"user": "requestParameters.userName"}},
    "effects": [
        {
            "action": "iam:DeactivateMFADevice",
            "relation": "precondition",
            "keys": {"user": "requestParameters.userName"},
            "join": ["user"],
            "within": {"before": "15m", "after": "2m"},
        }
    ],
    "suppression": {
        "policy": "suppress",
        "residual_risk": "A device is lost to a user who is gone with it.",
        "abuse": [{"scenario": "strip MFA only", "countered_by": "the origin must succeed"}],
    },
    "evidence": [
        {
            "kind": "documentation",
            "ref": "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html",
            "supports": ["iam:DeactivateMFADevice"],
        }
    ],
}

Change = dict[str, Any]


@pytest.fixture(scope="module")
def models() -> ServiceModels:
    return load_service_models()


def document(change: Change) -> dict[str, Any]:
    """The good document with values put at dotted places; None takes a place out.

    `effect` is short for `effects.0`, whose evidence follows a change of its action.
    """
    data = deepcopy(GOOD)
    for place, value in change.items():
        *way, last = place.replace("effect.", "effects.0.", 1).split(".")
        node: Any = data
        for step in way:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if value is None:
            del node[last]
        else:
            node[last] = value
    if "effect.action" in change and "evidence" not in change:
        data["evidence"][0]["supports"] = [change["effect.action"]]
    return data


def check(data: dict[str, Any], models: ServiceModels | None) -> list[Finding]:
    cascade = Cascade.model_validate(data)

    def place_of(cascade_id: str, loc: tuple[str | int, ...]) -> Place:
        return Place("/".join((cascade_id, *map(str, loc))), 1, 1)

    return check_cascades([cascade], place_of, models=models)


def codes(change: Change, models: ServiceModels | None) -> set[str]:
    return {finding.code for finding in check(document(change), models)}


def test_the_good_document_has_no_findings(models: ServiceModels) -> None:
    assert check(GOOD, models) == []


SERVICE = {"effect.actor": "service:backup.amazonaws.com"}
ANNOTATE = {"suppression.policy": "annotate"}
SHARING = "ec2:ModifySnapshotAttribute"
SNAPSHOT = {
    "origin": {"action": "ec2:DeleteSnapshot", "keys": {"user": "requestParameters.snapshotId"}},
    "effect.keys": {"user": "requestParameters.snapshotId"},
}
SHARED = "requestParameters.createVolumePermission.add"
RULE = "requestParameters.ipPermissions.items[]"
RULES = {
    "origin": {"action": "ec2:DeleteSecurityGroup", "keys": {"user": "requestParameters.groupId"}},
    "effect.action": "ec2:RevokeSecurityGroupEgress",
    "effect.keys": {"user": "requestParameters.groupId"},
}
SPOILER = {
    "action": "ec2:DeleteEgressOnlyInternetGateway",
    "join": ["user"],
    "within": {"after": "10m"},
}


def keyed(path: str) -> Change:
    """Both sides join on the key `user`, read from `path`."""
    return {"origin.keys": {"user": path}, "effect.keys": {"user": path}}


CASES: list[tuple[str, Change, Change]] = [
    # code, a change that earns it, a change that does not
    (
        "structure",
        {"effect.join": ["device"]},
        {"effect.join": ["user"]},
    ),
    (
        "unknown-service",
        {"effect.action": "iamm:DeactivateMFADevice"},
        {"effect.action": "iam:DeleteLoginProfile"},
    ),
    (
        "unknown-service",
        {"effect.action": "cloudwatch:DeleteAlarms", "effect.keys": {}, "effect.join": []},
        {"effect.action": "monitoring:DeleteAlarms", "effect.keys": {}, "effect.join": []},
    ),
    (
        "unknown-action",
        {"effect.action": "iam:DeactivateMfaDevice"},
        {"effect.action": "iam:DeactivateMFADevice"},
    ),
    (
        "unknown-action",
        {"origin.action": "iam:PassRole"},
        {"origin.action": "iam:DeleteUser"},
    ),
    (
        "unknown-action",
        {"origin": {"action": "kms:DeleteKeys"}, "effect.join": []},
        {"origin": {"action": "kms:DeleteKey"}, "effect.join": []},
    ),
    (
        "unknown-path",
        {"effect.keys": {"user": "requestParameters.username"}},
        {"effect.keys": {"user": "requestParameters.userName"}},
    ),
    (
        "unknown-path",
        {"effect.keys.user": {"first-of": ["requestParameters.userName", "requestParameters.x"]}},
        {
            "effect.keys.user": {
                "first-of": ["requestParameters.userName", "requestParameters.serialNumber"]
            }
        },
    ),
    (
        "unknown-path",
        {"effect.where": {"requestParameters.serial": "1"}},
        {"effect.where": {"requestParameters.serialNumber": "1"}},
    ),
    (
        "unknown-path",
        {"effect.where": {"userIdentity.user": "x"}},
        {"effect.where": {"userIdentity.type": "IAMUser"}},
    ),
    (
        "unknown-path",
        {
            "origin": {
                "action": "kms:RotateKey",
                "keys": {"user": "serviceEventDetails.keyName"},
            }
        },
        {"origin": {"action": "kms:RotateKey", "keys": {"user": "serviceEventDetails.keyId"}}},
    ),
    (
        "unverified-path",
        {
            "origin": {
                "action": "ec2:DeleteEgressOnlyInternetGateway",
                "keys": {"user": "requestParameters.egressOnlyInternetGatewayId"},
            }
        },
        {"origin": {"action": "ec2:DeleteVpc", "keys": {"user": "requestParameters.vpcId"}}},
    ),
    (
        "unverified-path",  # a sibling with the same parameter has shown it, another parameter nobody
        {
            **RULES,
            "effect.where": {f"{RULE}.ipv6Ranges.items[].cidrIpv6": {"absent": True}},
            **ANNOTATE,
        },
        {**RULES, "effect.where": {f"{RULE}.ipv6Ranges": {"absent": True}}},
    ),
    (
        "unverified-absence",
        {**SNAPSHOT, "effect.action": SHARING, "effect.where": {SHARED: {"absent": True}}},
        {**SNAPSHOT, "effect.action": SHARING, "effect.where": {SHARED: {"exists": True}}},
    ),
    (
        "unverified-absence",
        {
            "spoilers": [
                {**SPOILER, "keys": {"user": "requestParameters.egressOnlyInternetGatewayId"}}
            ]
        },
        {
            "spoilers": [
                {**SPOILER, "keys": {"user": "requestParameters.egressOnlyInternetGatewayId"}}
            ],
            **ANNOTATE,
        },
    ),
    (
        "undescribed-path",
        {"effect.where": {"additionalEventData.grantId": "x"}},
        {"effect.where": {"eventType": "AwsApiCall"}},
    ),
    (
        "key-without-value",
        {
            "origin": {
                "action": "ssm:SendCommand",
                "keys": {"user": "requestParameters.instanceIds"},
            }
        },
        {
            "origin": {
                "action": "ssm:SendCommand",
                "keys": {"user": "requestParameters.instanceIds[]"},
            }
        },
    ),
    (
        "condition-on-object",
        {
            "origin.action": "ssm:SendCommand",
            "origin.keys": {"user": "requestParameters.documentName"},
            "origin.where": {"requestParameters.targets": {"not": {"equals": "x"}}},
        },
        {
            "origin.action": "ssm:SendCommand",
            "origin.keys": {"user": "requestParameters.documentName"},
            "origin.where": {"requestParameters.targets": {"exists": True}},
        },
    ),
    ("window-zero", {"effect.within": {}}, {"effect.within": {"before": "1s"}}),
    ("window-long", {"effect.within": {"before": "16m"}}, {"effect.within": {"before": "15m"}}),
    (
        "window-long",
        {"effect.within": {"before": "25h"}},
        {"effect.within": {"before": "25h"}, "suppression.windows": "Deletion waits for a day."},
    ),
    (
        "window-direction",
        {"effect.within": {"after": "5m"}},
        {"effect.within": {"before": "5m"}},
    ),
    (
        "window-direction",
        {"effect.within": {"before": "5m"}, "effect.relation": "consequence"},
        {"effect.within": {"after": "5m"}, "effect.relation": "consequence"},
    ),
    (
        "window-wide",
        {"effect.within": {"before": "2h", "after": "6m"}},
        {"effect.within": {"before": "2h", "after": "5m"}},
    ),
    (
        "window-wide",
        {"effect.within": {"before": "2h", "after": "6m"}},
        {"effect.within": {"before": "2h", "after": "6m"}, **ANNOTATE},
    ),
    ("attack-unknown", {"effect.attack": ["T9999"]}, {"effect.attack": ["T1556.006"]}),
    ("attack-revoked", {"effect.attack": ["T1562.008"]}, {"effect.attack": ["T1531"]}),
    ("attack-deprecated", {"origin.attack": ["T1153"]}, {"origin.attack": ["T1531"]}),
    ("placeholder", {"title": "What happens, in one line"}, {"title": "What happens"}),
    (
        "evidence-missing",
        {"evidence.0.supports": ["iam:DeleteUser"]},
        {"evidence.0.supports": ["iam:DeleteUser", "iam:DeactivateMFADevice"]},
    ),
    ("evidence-ref", {"evidence.0.ref": "common knowledge"}, {"evidence.0.ref": "stratus:a.b"}),
    (
        "evidence-ref",
        {"evidence.0.ref": "https://nowhere"},
        {"evidence.0.ref": "hashicorp/x@1 f.go"},
    ),
    (
        "evidence-operation",
        {"evidence.0.ref": "botocore:iam:RemoveUser"},
        {"evidence.0.ref": "botocore:iam:DeleteUser"},
    ),
    (
        "evidence-operation",
        {"evidence.0.kind": "service-model"},
        {"evidence.0.kind": "service-model", "evidence.0.ref": "botocore:iam:DeleteUser"},
    ),
    ("unjoined", {"effect.join": []}, {"effect.join": [], **SERVICE}),
    ("unjoined", {"effect.join": []}, {"effect.join": [], **ANNOTATE}),
    ("unjoined-service", {"effect.join": [], **SERVICE}, SERVICE),
    ("no-entity", keyed("awsRegion"), keyed("requestParameters.userName")),
    ("no-entity", keyed("awsRegion") | ANNOTATE, keyed("eventSource") | ANNOTATE),
    ("no-entity", keyed("userIdentity.type"), keyed("userIdentity.accessKeyId")),
    (
        "no-entity",
        keyed("recipientAccountId"),
        {
            "origin": {
                "action": "organizations:CloseAccountResult",
                "keys": {"user": "serviceEventDetails.closeAccountStatus.accountId"},
            },
            "effect.keys": {"user": "recipientAccountId"},
        },
    ),
    ("claimed-only", keyed("userAgent"), keyed("requestParameters.userName")),
    (
        "claimed-only",
        {"effect.join": [], "effect.where": {"userIdentity.arn": {"endswith": "/ci"}}},
        {"effect.where": {"userIdentity.arn": {"endswith": "/ci"}}},
    ),
    (
        "claimed-only",
        {"effect.join": [], "effect.where": {"sourceIPAddress": "192.0.2.1"}},
        {"effect.join": [], "effect.where": {"sourceIPAddress": "backup.amazonaws.com"}},
    ),
    (
        "claimed-only",
        {
            "effect.join": [],
            "effect.where": {
                "userIdentity.sessionContext.sessionIssuer.arn": {
                    "endswith": ":role/AWSServiceRoleForBackup"
                }
            },
        },
        {
            "effect.join": [],
            "effect.where": {
                "userIdentity.sessionContext.sessionIssuer.arn": {
                    "endswith": ":role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
                }
            },
        },
    ),
    ("any-actor", {"effect.actor": "any"}, {"effect.actor": "same-role"}),
    ("any-actor", {"effect.actor": "any"}, {"effect.actor": "any", **ANNOTATE}),
    (
        "any-actor",
        {"effect.actor": "any", "effect.where": {"eventType": "AwsApiCall"}},
        {"effect.actor": "any", "effect.where": {"eventType": "AwsServiceEvent"}},
    ),
    ("any-account", {"effect.account": "any"}, {"effect.account": "any", **ANNOTATE}),
    (
        "forgeable",
        {"effect.action": "iam:CreateAccessKey"},
        {"effect.action": "iam:CreateAccessKey", **ANNOTATE},
    ),
    (
        "forgeable",
        {"effect.action": "iam:CreateAccessKey"},
        {"effect.action": "iam:CreateAccessKey", **SERVICE},
    ),
    (
        "forgeable",
        {"effect.action": "iam:AttachUserPolicy", "effect.where": {"userAgent": "Terraform"}},
        {
            "effect.action": "iam:AttachUserPolicy",
            "effect.where": {"requestParameters.policyArn": "arn:aws:iam::aws:policy/AWSDenyAll"},
        },
    ),
    (
        "forgeable",
        {"effect.action": "iam:CreateAccessKey", "effect.where": {"eventType": "AwsApiCall"}},
        {
            "effect.action": "iam:CreateAccessKey",
            "effect.where": {"userIdentity.invokedBy": "cloudformation.amazonaws.com"},
        },
    ),
    (
        "forgeable",
        {
            "effect.action": "iam:UpdateAccessKey",
            "effect.where": {"requestParameters.status": {"exists": True}},
        },
        {
            "effect.action": "iam:UpdateAccessKey",
            "effect.where": {"requestParameters.status": "Inactive"},
        },
    ),
    (
        "forgeable",
        {"effect.action": SHARING, **SNAPSHOT},
        {
            "effect.action": SHARING,
            **SNAPSHOT,
            "effect.where": {"requestParameters.createVolumePermission.add": {"absent": True}},
        },
    ),
    (
        "suppresses-telemetry",
        {"effect.action": "cloudtrail:StopLogging"},
        {"effect.action": "cloudtrail:StopLogging", **ANNOTATE},
    ),
    (
        "suppresses-telemetry",
        {"effect.action": "kms:ScheduleKeyDeletion"},
        {"effect.action": "kms:CancelKeyDeletion"},
    ),
    (
        "suppresses-logs",
        {"effect.action": "logs:DeleteLogGroup"},
        {"effect.action": "logs:DeleteLogGroup", **ANNOTATE},
    ),
    (
        "abuse-missing",
        {"suppression.abuse": []},
        {"suppression.abuse": [], **ANNOTATE},
    ),
    (
        "residual-risk",
        {"suppression.residual_risk": "None."},
        {"suppression.residual_risk": "A device is lost."},
    ),
]


@pytest.mark.parametrize(
    ("code", "bad", "good"), CASES, ids=[f"{code}-{n}" for n, (code, _, _) in enumerate(CASES)]
)
def test_a_code_is_said_of_what_earns_it_and_of_nothing_else(
    models: ServiceModels, code: str, bad: Change, good: Change
) -> None:
    assert code in codes(bad, models)
    assert code not in codes(good, models)


def test_every_code_has_a_case() -> None:
    assert {code for code, _, _ in CASES} == set(CHECK_CODES)


TWO_HOPS = {
    **GOOD["effects"][0],
    "action": "iam:DeleteVirtualMFADevice",
    "keys": {"device": "requestParameters.serialNumber"},
    "parent": "iam:DeactivateMFADevice",
    "join": ["device"],
    "within": {"before": "2m", "after": "15m"},
}


def two_hops(**first: object) -> dict[str, Any]:
    """The good document with a second hop; `first` changes the first."""
    data = deepcopy(GOOD)
    keys = {"user": "requestParameters.userName", "device": "requestParameters.serialNumber"}
    data["effects"] = [{**data["effects"][0], "keys": keys, **first}, TWO_HOPS]
    data["evidence"][0]["supports"].append("iam:DeleteVirtualMFADevice")
    return data


def test_a_precondition_may_follow_the_effect_that_it_hangs_on(models: ServiceModels) -> None:
    data = two_hops()
    data["effects"][1]["within"] = {"after": "15m"}
    assert check(data, models) == []


def test_a_suppressed_effect_rests_on_every_edge_up_to_the_root(models: ServiceModels) -> None:
    found = check(two_hops(policy="annotate", actor="any"), models)
    assert [(finding.code, finding.file) for finding in found] == [
        ("any-actor", "aws.iam.delete-user/effects/0/actor")
    ]
    assert "iam:DeleteVirtualMFADevice is silenced through it" in found[0].message


def test_the_root_of_an_ensemble_joins_nothing_and_may_still_be_forgeable(
    models: ServiceModels,
) -> None:
    data = deepcopy(GOOD)
    del data["origin"]
    root = {"action": "iam:CreateAccessKey", "relation": "companion"}
    data["effects"].insert(0, {**root, "keys": {"user": "requestParameters.userName"}})
    data["ensemble"] = {"require": ["iam:CreateAccessKey", "iam:DeactivateMFADevice"]}
    data["evidence"][0]["supports"].append("iam:CreateAccessKey")
    assert [finding.code for finding in check(data, models)] == ["forgeable"]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"effect.action": "iam:DeactivateMfaDevice"}, "did you mean iam:DeactivateMFADevice"),
        ({"effect.action": "cloudwatch:DeleteAlarms"}, "did you mean monitoring?"),
        ({"origin.action": "lambda:CreateFunction"}, "did you mean lambda:CreateFunction20150331?"),
        ({"origin.action": "s3:PutPublicAccessBlock"}, "s3:PutBucketPublicAccessBlock"),
        ({"origin.action": "kms:DeleteKeys"}, "kms:DeleteKey"),
        ({"effect.keys.user": "requestParameters.user_name"}, "did you mean 'userName'?"),
        ({"effect.keys.user": "userIdentity.usrName"}, "did you mean userIdentity.userName?"),
        ({"effect.attack": ["T1562.008"]}, "use T1685"),
    ],
)
def test_a_finding_says_what_was_probably_meant(
    models: ServiceModels, change: Change, hint: str
) -> None:
    assert any(hint in finding.message for finding in check(document(change), models))


def test_findings_stand_where_the_fault_is_and_come_sorted(models: ServiceModels) -> None:
    change = {
        "effect.keys.user": {"first-of": ["requestParameters.userName", "requestParameters.x"]},
        "effect.attack": ["T1531", "T9999"],
    }
    assert [finding.file for finding in check(document(change), models)] == [
        "aws.iam.delete-user/effects/0/attack/1",
        "aws.iam.delete-user/effects/0/keys/user/first-of/1",
    ]


def test_without_models_the_other_rules_still_hold() -> None:
    assert codes({"effect.action": "iam:Nonsense", "effect.attack": ["T9999"]}, None) == {
        "attack-unknown"
    }
    assert codes({"effect.where": {"userIdentity.user": "x"}}, None) == {"unknown-path"}


def test_the_recorded_table_adds_to_what_the_models_know(models: ServiceModels) -> None:
    known_to_models = [action for action in recorded().events if models.operations(action)]
    assert known_to_models == []
    unheard_of = [action for action in recorded().fields if not models.operations(action)]
    assert unheard_of == []


def test_recorded_fields_are_fields_of_a_record() -> None:
    events = (event.fields for event in recorded().events.values())
    paths = {path for fields in (*recorded().fields.values(), *events) for path in fields}
    assert {path.partition(".")[0] for path in paths} <= RECORD_FIELDS


def test_every_recorded_event_says_where_it_is_described() -> None:
    datasets = set(recorded().datasets)
    nowhere = [
        action
        for action, event in recorded().events.items()
        if not event.source.startswith("https://") and event.source not in datasets
    ]
    assert nowhere == []


def test_the_page_on_checks_has_a_section_for_every_code_and_no_other() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### `([a-z-]+)` \((error|warning|note)\)$", page, re.MULTILINE)
    assert sections == [(code, kind.severity) for code, kind in CHECK_CODES.items()]
    loading = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert sorted(loading) == sorted(LOAD_CODES)
