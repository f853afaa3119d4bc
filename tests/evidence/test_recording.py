"""What real programs call, recorded against a simulated account, and read by the engine."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.evidence.recording import RecordingError, record_program
from cloudcascade.tests.support.cloudtrail import classify

pytest.importorskip("moto.server", reason="moto's server is not installed")

RECORDED = Path(__file__).parent / "recorded"  # bench/record_tools.py makes them anew
OFFBOARDING = """
import boto3
iam = boto3.client("iam")
for page in iam.get_paginator("list_attached_user_policies").paginate(UserName="bob"):
    for policy in page["AttachedPolicies"]:
        iam.detach_user_policy(UserName="bob", PolicyArn=policy["PolicyArn"])
for key in iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]:
    iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
try:
    iam.delete_login_profile(UserName="bob")
except iam.exceptions.NoSuchEntityException:
    print("no password")
for device in iam.list_mfa_devices(UserName="bob")["MFADevices"]:
    iam.deactivate_mfa_device(UserName="bob", SerialNumber=device["SerialNumber"])
    iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
iam.delete_user(UserName="bob")
"""


def a_user_in(aws: Callable[[str], Any]) -> None:
    iam = aws("iam")
    iam.create_user(UserName="bob")
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}'
    policy = iam.create_policy(PolicyName="nothing", PolicyDocument=document)["Policy"]
    iam.attach_user_policy(UserName="bob", PolicyArn=policy["Arn"])
    iam.create_access_key(UserName="bob")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="bob")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="bob",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )


def names(records: list[dict[str, Any]]) -> list[str]:
    return [record["eventName"] for record in records]


def verdicts(records: list[dict[str, Any]]) -> dict[str, tuple[str, bool]]:
    found = classify(load_catalog().cascades, records)
    return {each.action.partition(":")[2]: (each.verdict, each.failed) for each in found.values()}


def test_a_programs_calls_are_recorded_in_order_with_their_errors() -> None:
    records = record_program([sys.executable, "-c", OFFBOARDING], a_user_in)
    assert names(records) == [
        "ListAttachedUserPolicies",
        "DetachUserPolicy",
        "ListAccessKeys",
        "DeleteAccessKey",
        "DeleteLoginProfile",
        "ListMFADevices",
        "DeactivateMFADevice",
        "DeleteVirtualMFADevice",
        "DeleteUser",
    ]
    by_name = {record["eventName"]: record for record in records}
    assert by_name["DeleteLoginProfile"]["errorCode"] == "NoSuchEntity"
    assert by_name["DetachUserPolicy"]["requestParameters"]["userName"] == "bob"
    assert by_name["DeleteUser"]["eventSource"] == "iam.amazonaws.com"


def test_the_engine_explains_what_the_program_did() -> None:
    found = verdicts(record_program([sys.executable, "-c", OFFBOARDING], a_user_in))
    assert found["DeleteUser"] == ("origin", False)
    assert found["DeleteLoginProfile"] == ("orphan", True)
    for name in (
        "DetachUserPolicy",
        "DeleteAccessKey",
        "DeactivateMFADevice",
        "DeleteVirtualMFADevice",
    ):
        assert found[name] == ("effect", False)


def test_a_program_that_fails_is_told() -> None:
    with pytest.raises(RecordingError, match="status 3"):
        record_program([sys.executable, "-c", "raise SystemExit(3)"], lambda aws: None)
    assert record_program([sys.executable, "-c", ""], lambda aws: None) == []


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(RecordingError, match="could not be run"):
        record_program(["/nowhere/program"], lambda aws: None)


def test_an_operation_that_the_simulator_lacks_can_be_answered() -> None:
    program = """
import boto3
told = boto3.client("iam").list_service_specific_credentials(UserName="bob")
assert told == {"ServiceSpecificCredentials": []}, told
"""
    answers: dict[str, object] = {
        "ListServiceSpecificCredentials": {"ServiceSpecificCredentials": []}
    }
    records = record_program([sys.executable, "-c", program], lambda aws: None, answers=answers)
    assert names(records) == ["ListServiceSpecificCredentials"]


def test_names_and_parameters_are_spelt_as_cloudtrail_spells_them() -> None:
    program = """
import boto3
s3 = boto3.client("s3")
s3.create_bucket(Bucket="attic")
s3.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="attic", Key="chair", Body=b"old")
s3.get_bucket_notification_configuration(Bucket="attic")
boto3.client("lambda").list_functions(MaxItems=1)
"""
    records = record_program([sys.executable, "-c", program], lambda aws: None)
    assert names(records) == [
        "CreateBucket",
        "PutBucketVersioning",
        "PutObject",
        "GetBucketNotification",
        "ListFunctions20150331",
    ]
    assert records[1]["requestParameters"] == {
        "bucketName": "attic",
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    assert records[2]["requestParameters"]["key"] == "chair"
    assert records[4]["requestParameters"] == {"maxItems": 1}


USER = {
    "iam:DeleteLoginProfile",
    "iam:DeleteAccessKey",
    "iam:DeactivateMFADevice",
    "iam:DetachUserPolicy",
    "iam:DeleteUserPolicy",
    "iam:RemoveUserFromGroup",
}
ROLE = {
    "iam:DetachRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:DeleteInstanceProfile",
}
STACK: set[str] = set()  # what the stack held is deleted by the service, not by the tool
READS = ("List", "Get", "Describe", "Head")


@pytest.mark.parametrize(
    ("tool", "task", "origin", "changed"),
    [
        # Neither deletes the virtual device: no member that one tool has may be required.
        ("ansible", "user", "iam:DeleteUser", USER),
        ("cloud-custodian", "user", "iam:DeleteUser", USER),
        ("ansible", "role", "iam:DeleteRole", ROLE),
        ("cloud-custodian", "role", "iam:DeleteRole", ROLE),
        ("ansible", "bucket", "s3:DeleteBucket", {"s3:DeleteObjects"}),
        (
            "cloud-custodian",
            "bucket",
            "s3:DeleteBucket",
            {"s3:DeleteObjects", "s3:PutBucketVersioning"},
        ),
        ("aws-cli", "plain-bucket", "s3:DeleteBucket", {"s3:DeleteObject"}),
        ("ansible", "stack", "cloudformation:DeleteStack", STACK),
        ("aws-cli", "stack", "cloudformation:DeleteStack", STACK),
        ("cloud-custodian", "stack", "cloudformation:DeleteStack", STACK),
    ],
)
def test_all_that_a_tool_changed_on_its_way_is_explained(
    tool: str, task: str, origin: str, changed: set[str]
) -> None:
    text = (RECORDED / f"{tool}-{task}.json").read_text(encoding="utf-8")
    records = json.loads(text)["Records"]
    done = {
        f"{record['eventSource'].partition('.')[0]}:{record['eventName']}"
        for record in records
        if not record["eventName"].startswith(READS)
    }
    assert done == {origin} | changed
    found = classify(load_catalog().cascades, records).values()
    verdicts = {(each.action, each.verdict, each.failed) for each in found if each.action in done}
    assert verdicts == {(origin, "origin", False), *((each, "effect", False) for each in changed)}
