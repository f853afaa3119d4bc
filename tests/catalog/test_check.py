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


def spoiler(action: str, member: str = "userName", **more: Any) -> dict[str, Any]:
    """An event that voids; `between` the effect and the origin unless `more` says otherwise."""
    keys = {"user": f"requestParameters.{member}"}
    where = {"where": {keys["user"]: {"exists": True}}} if member.startswith("new") else {}
    place = {} if "within" in more else {"between": True}
    return {"action": action, "keys": keys, "join": ["user"], **where, **place, **more}


AFTER: dict[str, Any] = {"within": {"after": "60m"}}
NEXT = spoiler("iam:DeleteUser")
ANEW = [spoiler("iam:CreateUser"), spoiler("iam:CreateUser", **AFTER)]
RENAMED = [
    spoiler("iam:UpdateUser", "newUserName"),
    spoiler("iam:UpdateUser", "newUserName", **AFTER),
]

# Deactivating a user's MFA device before deleting the user: nothing wrong with it.
GOOD: dict[str, Any] = {
    "id": "aws.iam.delete-user",
    "title": "Deleting an IAM user",
    "provider": "aws",
    "description": "IAM wants the devices gone first.",
    "origin": {
        "action": "iam:DeleteUser",
        "keys": {"user": "requestParameters.userName"},
        "attack": ["T1531"],
    },
    "effects": [
        {
            "action": "iam:DeactivateMFADevice",
            "relation": "precondition",
            "keys": {"user": "requestParameters.userName"},
            "join": ["user"],
            "within": {"before": "15m", "after": "2m"},
            "attack": ["T1556.006"],
        }
    ],
    "spoilers": [NEXT, *ANEW, *RENAMED],
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


def linked_roles(*relations: str, **more: Any) -> list[dict[str, Any]]:
    """Roles that services have made for themselves, each for another service; `more` is said of the last."""
    made = [
        {
            "action": "iam:CreateServiceLinkedRole",
            "name": f"role-{number}",
            "relation": relation,
            "within": {"after": "2m"},
            "where": {"requestParameters.aWSServiceName": f"service-{number}.amazonaws.com"},
            "attack": ["T1136.003"],
        }
        for number, relation in enumerate(relations)
    ]
    made[-1].update(more)
    return made


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


VPC: Change = {
    "origin": {"action": "ec2:DeleteVpc", "keys": {"user": "requestParameters.vpcId"}},
    "effect.action": "ec2:DetachVpnGateway",
    "effect.keys": {"user": "requestParameters.vpcId"},
}
TABLE: Change = {
    "origin": {"action": "dynamodb:DeleteTable", "keys": {"user": "requestParameters.tableName"}},
    "effect.action": "dynamodb:UpdateTable",
    "effect.keys": {"user": "requestParameters.tableName"},
}
TAGGED: Change = {**TABLE, "effect.action": "dynamodb:TagResource"}
ARN = "requestParameters.resourceArn"


def keyed(path: str) -> Change:
    """Both sides join on the key `user`, read from `path`."""
    return {"origin.keys": {"user": path}, "effect.keys": {"user": path}}


POLICY = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/IAMFullAccess.html"
QUARANTINE = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantine.html"
QUARANTINED: Change = {
    "effect.where": {
        "requestParameters.policyArn": {"endswith": "/AWSCompromisedKeyQuarantine"},
    },
    "effect.action": "iam:AttachUserPolicy",
    "evidence.0.supports": ["iam:AttachUserPolicy"],
}
OWN_PAGE = "botocore:iam:DeactivateMFADevice"
OWN_URL = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html"
CFN: Change = {
    "effect.action": "iam:DeleteLoginProfile",
    "evidence.0.supports": ["iam:DeleteLoginProfile"],
}


def evidence(kind: str, ref: str) -> Change:
    return {"evidence.0.kind": kind, "evidence.0.ref": ref}


READ: Change = {
    "origin": {"action": "sts:GetCallerIdentity"},
    "effect.keys": {},
    "effect.join": [],
    "spoilers": [],
    **ANNOTATE,
}
CONSOLE = {"sessionCredentialFromConsole": "true"}
FUNCTION = "requestParameters.functionName"
NAMED = {"path": FUNCTION, "transform": "resource-name"}
PUBLISHED: Change = {
    "origin": {"action": "lambda:UpdateFunctionCode20150331v2", "keys": {"user": NAMED}},
    "effect.action": "lambda:PublishVersion20150331",
    "effect.keys": {"user": NAMED},
    "spoilers": [],
}
SECRET: Change = {
    "origin": {
        "action": "secretsmanager:GetSecretValue",
        "keys": {"user": "requestParameters.secretId"},
    },
    "effect.action": "kms:Decrypt",
    "effect.keys": {"user": "requestParameters.encryptionContext.SecretARN"},
    "spoilers": [],
}
GROUP: Change = {
    "origin": {"action": "ec2:CreateSecurityGroup", "keys": {"user": "responseElements.groupId"}},
    "effect.action": "ec2:AuthorizeSecurityGroupIngress",
    "effect.keys": {"user": "requestParameters.groupId"},
    "spoilers": [],
    **ANNOTATE,
}
ROLE: Change = {
    "origin": {"action": "iam:DeleteRole", "keys": {"user": "requestParameters.roleName"}},
    "effect.action": "sts:AssumeRole",
    "spoilers": [],
    **ANNOTATE,
}

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
        {"origin": {"action": "kms:DeleteKeys"}, "effect.join": [], "spoilers": []},
        {"origin": {"action": "kms:DeleteKey"}, "effect.join": [], "spoilers": []},
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
            "effect.where": {f"{RULE}.prefixListIds.items[].prefixListId": {"absent": True}},
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
    (
        "condition-on-object",
        {"effect.where": {"requestParameters": {"equals": "x"}}},
        {"effect.where": {"requestParameters": {"only": ["userName", "serialNumber"]}}},
    ),
    (
        "condition-on-object",
        {"effect.where": {"requestParameters.serialNumber": {"only": ["userName"]}}},
        {"effect.where": {"requestParameters": {"only": ["serialNumber", "userName"]}}},
    ),
    (
        "unknown-path",
        {"effect.where": {"requestParameters": {"only": ["userName", "serial"]}}},
        {"effect.where": {"requestParameters": {"only": ["userName", "serialNumber"]}}},
    ),
    (
        "unknown-path",
        {"effect.where": {"requestParameters": {"not": {"only": ["UserName"]}}}},
        {"effect.where": {"requestParameters": {"not": {"only": ["userName"]}}}},
    ),
    (
        "forgeable",
        {
            "effect.action": "iam:AddUserToGroup",
            "effect.where": {"requestParameters": {"only": ["groupName", "userName"]}},
        },
        {
            "effect.action": "iam:AddUserToGroup",
            "effect.where": {"requestParameters.groupName": "readers"},
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
    ("attack-platform", {"effect.attack": ["T1599"]}, {"effect.attack": ["T1556.006"]}),
    ("attack-platform", {"effect.attack": ["T1072"]}, {"effect.attack": ["T1484"]}),
    ("attack-differs", {"effect.attack": []}, {"effect.attack": ["T1556.006"]}),
    (
        "attack-differs",
        {"effect.attack": ["T1531"], "effect.note": "T1531 alone."},
        {"effect.attack": ["T1531"], "effect.note": "T1531, not T1556.006: the device was lost."},
    ),
    (
        "relation-differs",
        {"effects": linked_roles("consequence", "companion")},
        {"effects": linked_roles("consequence", "consequence")},
    ),
    (
        "everyday",
        {"effect.action": "iam:ListMFADevices", "effect.policy": "annotate"},
        {
            "effect.action": "iam:ListMFADevices",
            "effect.policy": "annotate",
            "effect.unexplained": "unlisted",
        },
    ),
    (
        "everyday",
        {"effect.action": "kms:GenerateDataKey"},
        {"effect.action": "secretsmanager:GetSecretValue"},  # a read that hands out a secret
    ),
    (
        "tool-unasked",
        {"title": "Terraform deletes a user"},
        {
            "title": "Terraform deletes a user",
            "effect.where": {"userAgent": {"startswith": "Terraform/"}},
        },
    ),
    (
        "tool-unasked",
        {"id": "aws.iam.delete-user-karpenter"},
        {
            "id": "aws.iam.delete-user-karpenter",
            "origin.where": {"requestParameters.userName": {"startswith": "karpenter-"}},
        },
    ),
    (
        "tool-unasked",
        {"title": "EBS CSI drivers do it", "effect.where": {"userAgent": {"not": "csi"}}},
        {"title": "Precsision"},
    ),
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
    ("evidence-kind", evidence("documentation", POLICY), evidence("permitted", POLICY) | ANNOTATE),
    (
        "evidence-kind",
        evidence("service-model", "cfn:AWS::IAM::User:delete") | CFN,
        evidence("permitted", "cfn:AWS::IAM::User:delete") | CFN | ANNOTATE,
    ),
    (
        "evidence-kind",
        evidence("service-model", OWN_PAGE),
        evidence("own-page", OWN_PAGE) | ANNOTATE,
    ),
    (
        "evidence-kind",
        evidence("documentation", OWN_URL),
        evidence("documentation", OWN_URL.replace("Deactivate", "Enable")),
    ),
    (  # its own page says what it is there for
        "evidence-kind",
        evidence("documentation", QUARANTINE),
        evidence("documentation", QUARANTINE) | QUARANTINED,
    ),
    (  # the page of an action that names the other
        "evidence-kind",
        evidence("service-model", OWN_PAGE),
        evidence("service-model", "botocore:iam:DeleteVirtualMFADevice")
        | {"effect.action": "iam:DeleteVirtualMFADevice", "effect.join": [], "effect.keys": {}}
        | {"origin": {"action": "iam:DeactivateMFADevice"}, "spoilers": [], **ANNOTATE}
        | {"evidence.0.supports": ["iam:DeleteVirtualMFADevice"]},
    ),
    ("evidence-weak", {"evidence.0.kind": "permitted"}, {"evidence.0.kind": "documentation"}),
    ("evidence-weak", {"evidence.0.kind": "own-page"}, {"evidence.0.kind": "own-page"} | ANNOTATE),
    # What it is declared to be does not help.
    ("evidence-weak", evidence("observed", POLICY), evidence("observed", "stratus:a.b")),
    (
        "evidence-weak",
        evidence("documentation", OWN_URL),
        evidence("documentation", OWN_URL) | ANNOTATE,
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
    ("regionless", TABLE, {**TABLE, "effect.region": "same"}),
    ("regionless", TABLE, {**TABLE, **ANNOTATE}),
    ("regionless", TABLE, keyed("requestParameters.userName")),
    (
        "regionless",  # of an ARN only the name is left
        {**TAGGED, "effect.keys": {"user": {"path": ARN, "transform": "arn-name"}}},
        {**TAGGED, "effect.keys": {"user": ARN}},
    ),
    ("first-origin", {"spoilers": [*ANEW, *RENAMED]}, {"spoilers": [NEXT, *ANEW, *RENAMED]}),
    (
        "first-origin",
        {"spoilers": [spoiler("iam:DeleteUser", **AFTER)]},
        {"spoilers": [spoiler("iam:DeleteUser")]},
    ),
    (
        "first-origin",
        {"spoilers": []},
        {"spoilers": [], "effect.within": {"after": "2m"}, "effect.relation": "consequence"},
    ),
    (
        "first-origin",
        {"spoilers": []},
        {"spoilers": [], "effect.where": {"eventType": "AwsServiceEvent"}},
    ),
    ("first-origin", {"spoilers": []}, {"spoilers": [], **VPC}),
    ("way-back", {"spoilers": [NEXT, *ANEW]}, {"spoilers": [NEXT, *ANEW, *RENAMED]}),
    ("way-back", {"spoilers": [NEXT, ANEW[0], *RENAMED]}, {"spoilers": [NEXT, *ANEW, *RENAMED]}),
    ("way-back", {"spoilers": [NEXT, ANEW[1], *RENAMED]}, {"spoilers": [], **ANNOTATE}),
    (
        "way-back",  # away from the name is not on to it
        {"spoilers": [NEXT, *ANEW, spoiler("iam:UpdateUser"), spoiler("iam:UpdateUser", **AFTER)]},
        {"spoilers": [], **VPC},
    ),
    (
        "silences-origin",
        {
            "effect.action": "iam:DeleteUser",
            "effect.name": "again",
            "evidence.0.supports": ["again"],
        },
        {"effect.action": "iam:DeleteAccessKey"},
    ),
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
        "unknown-service",
        {
            "origin": {"action": "application-autoscaling:DeleteScalingPolicy"},
            "effect.join": [],
            "spoilers": [],
        },
        {
            "origin": {"action": "autoscaling:DeleteScalingPolicy"},
            "effect.join": [],
            "spoilers": [],
        },
    ),
    (
        "unknown-path",
        {
            **READ,
            "origin": {
                "action": "ce:GetCostAndUsage",
                "keys": {"user": "requestParameters.granularity"},
            },
        },
        {
            **READ,
            "origin": {
                "action": "ce:GetCostAndUsage",
                "keys": {"user": "requestParameters.Granularity"},
            },
        },
    ),
    (
        "null-member",
        {
            **READ,
            "effect.action": "iam:GetServiceLinkedRoleDeletionStatus",
            "effect.keys": {"user": "requestParameters.deletionTaskId"},
        },
        {
            **READ,
            "effect.action": "iam:DeleteServiceLinkedRole",
            "effect.keys": {"user": "responseElements.deletionTaskId"},
        },
    ),
    (
        "null-member",
        {
            **READ,
            "origin.where": {"requestParameters.maxItems": {"exists": True}},
            "origin.action": "iam:ListUsers",
        },
        {
            **READ,
            "origin.where": {"requestParameters.maxItems": {"absent": True}},
            "origin.action": "iam:ListUsers",
        },
    ),
    (
        "unset-flag",
        {**READ, "origin": {"action": "s3:ListBuckets", "where": CONSOLE}},
        {**READ, "origin": {"action": "ec2:DescribeInstances", "where": CONSOLE}},
    ),
    (
        "unseen-flag",
        {**READ, "origin": {"action": "kms:CreateKey", "where": CONSOLE}},
        {**READ, "origin": {"action": "kms:ListKeys", "where": CONSOLE}},
    ),
    (
        "never-equal",
        {**ROLE, "effect.keys": {"user": "requestParameters.roleArn"}},
        {
            **ROLE,
            "effect.keys": {"user": {"path": "requestParameters.roleArn", "transform": "arn-name"}},
        },
    ),
    (
        "one-spelling",
        {**PUBLISHED, "effect.keys": {"user": FUNCTION}, **ANNOTATE},
        {**PUBLISHED, **ANNOTATE},
    ),
    (
        "exact-spelling",
        SECRET,
        {**SECRET, **ANNOTATE},
    ),
    (
        "other-member",
        GROUP,
        {
            **GROUP,
            "effect.keys": {
                "user": {
                    "first-of": [
                        "requestParameters.groupId",
                        "responseElements.securityGroupRuleSet.items[].groupId",
                    ]
                }
            },
        },
    ),
    (
        "not-last",
        {**PUBLISHED, "effect.keys": {"user": {"path": FUNCTION, "transform": "arn-name"}}},
        PUBLISHED,
    ),
    (
        "lossy-join",
        PUBLISHED,
        {**PUBLISHED, **ANNOTATE},
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
    of_the_adversary = {"attack-succeeds"}  # which stands above the catalogue
    assert {code for code, _, _ in CASES} == set(CHECK_CODES) - of_the_adversary


SAME = ("consequence", "consequence", "companion")
BY_SERVICE = {"actor": "service:a.amazonaws.com"}


@pytest.mark.parametrize(
    ("more", "differs"),
    [
        ({}, True),
        ({"note": "A companion: made in the console, for no service that asks."}, False),
        ({"where": {"requestParameters.roleName": "x"}}, False),  # singled out in another way
        ({"within": {"before": "2m"}}, False),  # on the other side
        ({"actor": "any"}, False),
        ({"outcome": "any"}, False),
        ({"action": "iam:CreateRole"}, False),
    ],
)
def test_a_mechanism_is_told_by_its_conditions_and_by_its_side(
    models: ServiceModels, more: Change, differs: bool
) -> None:
    found = codes({"effects": linked_roles(*SAME, **more)}, models)
    assert ("relation-differs" in found) is differs


def test_what_services_call_is_one_mechanism_whatever_they_call_it_for(
    models: ServiceModels,
) -> None:
    roles = [{**role, **BY_SERVICE} for role in linked_roles(*SAME)]
    roles[-1].update(where={}, within={"before": "2m"}, actor="service:b.amazonaws.com")
    assert "relation-differs" in codes({"effects": roles}, models)


def test_without_conditions_a_mechanism_is_told_by_what_it_hangs_on(models: ServiceModels) -> None:
    roles = [{**role, "where": {}} for role in linked_roles(*SAME)]
    assert "relation-differs" in codes({"effects": roles}, models)
    roles[-1]["parent"] = "role-0"
    assert "relation-differs" not in codes({"effects": roles}, models)


@pytest.mark.parametrize(
    ("action", "ids", "platform"),
    [
        ("eks:CreateAccessEntry", ["T1098.006"], True),
        ("iam:CreateUser", ["T1098.006"], False),
        ("ecs:RunTask", ["T1610"], True),
        ("ec2:RunInstances", ["T1610"], False),
        ("ses:SendEmail", ["T1496.003"], True),
        ("ec2:RebootInstances", ["T1529"], False),
        ("route53:ChangeResourceRecordSets", ["T1584.002"], False),
        ("rds:ModifyDBInstance", ["T1565"], False),
    ],
)
def test_what_a_service_runs_decides_which_techniques_can_be_about_it(
    action: str, ids: list[str], platform: bool
) -> None:
    found = codes({"effect.action": action, "effect.attack": ids}, None)
    assert ("attack-platform" in found) is not platform


def test_of_actions_that_the_table_does_not_have_the_usual_ids_count(models: ServiceModels) -> None:
    made = [
        {**role, "action": "iam:UploadServerCertificate", "attack": ids}
        for role, ids in zip(
            linked_roles(*SAME), (["T1098.001"], ["T1098.001"], ["T1531"]), strict=True
        )
    ]
    found = [
        finding.file
        for finding in check(document({"effects": made}), models)
        if finding.code == "attack-differs"
    ]
    assert found == ["aws.iam.delete-user/effects/2"]


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
    root = {"action": "iam:CreateAccessKey", "relation": "companion", "attack": ["T1098.001"]}
    data["effects"].insert(0, {**root, "keys": {"user": "requestParameters.userName"}})
    data["ensemble"] = {"require": ["iam:CreateAccessKey", "iam:DeactivateMFADevice"]}
    data["evidence"][0]["supports"].append("iam:CreateAccessKey")
    assert [finding.code for finding in check(data, models)] == ["forgeable"]


def test_an_origin_that_another_cascade_silences_is_told_where_it_is_silenced(
    models: ServiceModels,
) -> None:
    group = document(
        {
            "id": "aws.iam.delete-group",
            "origin": {
                "action": "iam:DeleteGroup",
                "keys": {"user": "requestParameters.groupName"},
                "attack": ["T1531"],
            },
            "effect.action": "iam:DeleteUser",
            "evidence.0.ref": GOOD["evidence"][0]["ref"].replace("User", "Group"),
            "effect.attack": ["T1531"],
            "spoilers": [
                spoiler("iam:DeleteGroup", "groupName"),
                spoiler("iam:CreateGroup", "groupName"),
                spoiler("iam:CreateGroup", "groupName", **AFTER),
                spoiler("iam:UpdateGroup", "newGroupName"),
                spoiler("iam:UpdateGroup", "newGroupName", **AFTER),
            ],
        }
    )
    (found,) = check_cascades(
        [Cascade.model_validate(data) for data in (GOOD, group)],
        lambda cascade_id, loc: Place("/".join((cascade_id, *map(str, loc))), 1, 1),
        models=models,
    )
    assert (found.code, found.file) == ("silences-origin", "aws.iam.delete-group/effects/0")
    assert "aws.iam.delete-user" in found.message


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
        "effect.attack": ["T1556.006", "T9999"],
        "effect.note": "T9999 has no place in the table.",
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
