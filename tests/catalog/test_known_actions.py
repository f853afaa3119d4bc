"""The events that the literature names: all there, all real, each with a technique that is current."""

import pytest

from cloudcascade.catalog import (
    KnownAction,
    known_action_problems,
    known_actions,
    load_service_models,
    technique,
)

DISCOVERY_BURST = [
    "DescribeInstances",
    "DescribeImages",
    "DescribeKeyPairs",
    "DescribeNetworkInterfaces",
    "DescribeRegions",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
    "DescribeSnapshots",
    "DescribeSubnets",
    "DescribeVolumes",
    "DescribeVpcs",
    "DescribeInternetGateways",
    "DescribeNetworkAcls",
]


@pytest.mark.parametrize(
    ("action", "tactics"),
    [
        ("iam:AttachUserPolicy", {"persistence"}),
        ("ec2:CreateKeyPair", {"persistence"}),
        ("ec2:ImportKeyPair", {"persistence"}),
        ("ec2-instance-connect:SendSSHPublicKey", {"lateral-movement"}),
        ("ec2-instance-connect:SendSerialConsoleSSHPublicKey", {"lateral-movement"}),
        ("iam:CreateSAMLProvider", {"persistence", "privilege-escalation", "defense-impairment"}),
        ("iam:UpdateSAMLProvider", {"persistence", "privilege-escalation", "defense-impairment"}),
        ("iam:DeleteSAMLProvider", {"impact"}),
        (
            "iam:CreateOpenIDConnectProvider",
            {"persistence", "privilege-escalation", "defense-impairment"},
        ),
        (
            "iam:AddClientIDToOpenIDConnectProvider",
            {"persistence", "privilege-escalation", "defense-impairment"},
        ),
        ("ec2:DeleteFlowLogs", {"defense-impairment"}),
        ("cloudtrail:DeleteTrail", {"defense-impairment"}),
        ("cloudtrail:StopLogging", {"defense-impairment"}),
        ("cloudtrail:UpdateTrail", {"defense-impairment"}),
        ("cloudtrail:PutEventSelectors", {"defense-impairment"}),
        ("guardduty:DeleteDetector", {"defense-impairment"}),
        ("guardduty:UpdateDetector", {"defense-impairment"}),
        ("guardduty:CreateIPSet", {"defense-impairment"}),
        *((f"ec2:{name}", {"discovery"}) for name in DISCOVERY_BURST),
        ("s3:ListBuckets", {"discovery"}),
        ("sts:GetCallerIdentity", {"discovery"}),
        ("ec2:CreateInstanceExportTask", {"exfiltration"}),
        ("ec2:ModifySnapshotAttribute", {"exfiltration"}),
        ("ec2:ModifyImageAttribute", {"exfiltration"}),
        ("ec2:RunInstances", {"defense-impairment"}),
        ("signin:ConsoleLogin", {"initial-access"}),
        ("sts:AssumeRole", {"lateral-movement"}),
        ("s3:PutBucketPolicy", {"persistence"}),
        ("s3:DeleteAccountPublicAccessBlock", {"defense-impairment"}),
        ("s3:DeleteBucketPublicAccessBlock", {"defense-impairment"}),
        ("ec2:CreateVpc", {"defense-impairment"}),
        ("ec2:CreateRouteTable", {"defense-impairment"}),
        ("ec2:CreateInternetGateway", {"defense-impairment"}),
        ("ec2:CreateNetworkAcl", {"defense-impairment"}),
        ("ec2:AuthorizeSecurityGroupIngress", {"defense-impairment"}),
    ],
)
def test_what_the_literature_names_is_known(action: str, tactics: set[str]) -> None:
    known = known_actions()[action]
    found = {
        tactic.shortname
        for id_ in known.attack
        if (each := technique(id_)) is not None
        for tactic in each.tactics
    }
    assert tactics <= found
    assert known.note.endswith((".", "?"))


def test_every_action_is_one_that_cloudtrail_records() -> None:
    assert list(known_action_problems(known_actions(), load_service_models())) == []


def test_a_wrong_name_and_an_old_technique_are_told() -> None:
    table = {"iam:DeletUser": KnownAction(log="write", attack=("T1562",), note="Nothing.")}
    problems = [problem for _, problem in known_action_problems(table, load_service_models())]
    assert "did you mean iam:DeleteUser" in problems[0]
    assert problems[1] == "T1562 is no current technique"


def test_actions_stand_in_order() -> None:
    assert list(known_actions()) == sorted(known_actions())
