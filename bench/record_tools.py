"""Records what tools call to tear things down, against a simulated account.

    python bench/record_tools.py cloud-custodian .venv-c7n/bin/custodian
    python bench/record_tools.py ansible .venv-ansible/bin/ansible-playbook user role
    python bench/record_tools.py aws-cli .venv-cli/bin/aws

Without names of tasks, all that the tool has. Writes tests/evidence/recorded/<tool>-<task>.json.
The tool lives in an environment of its own; this one needs the extra `evidence`.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from cloudcascade.evidence import record_program

Script: TypeAlias = dict[str, Any] | list[Any]

OUT = Path(__file__).parent.parent / "tests" / "evidence" / "recorded"
DENY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}'

TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
 "Principal": {"Service": "ec2.amazonaws.com"}}]}"""
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}})
# What the simulator does not have; an account without such credentials answers the same.
ANSWERS: dict[str, object] = {"ListServiceSpecificCredentials": {"ServiceSpecificCredentials": []}}


def furnish_user(aws: Callable[[str], Any]) -> None:
    """A user with a password, a key, a virtual device, a group and two policies."""
    iam = aws("iam")
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="correct-Horse-7-battery")
    iam.create_access_key(UserName="bob")
    policy = iam.create_policy(PolicyName="nothing", PolicyDocument=DENY)["Policy"]
    iam.attach_user_policy(UserName="bob", PolicyArn=policy["Arn"])
    iam.put_user_policy(UserName="bob", PolicyName="inline", PolicyDocument=DENY)
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="bob")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="bob")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="bob",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )


def furnish_role(aws: Callable[[str], Any]) -> None:
    """A role with an instance profile and two policies."""
    iam = aws("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    policy = iam.create_policy(PolicyName="nothing", PolicyDocument=DENY)["Policy"]
    iam.attach_role_policy(RoleName="worker", PolicyArn=policy["Arn"])
    iam.put_role_policy(RoleName="worker", PolicyName="inline", PolicyDocument=DENY)
    iam.create_instance_profile(InstanceProfileName="worker")
    iam.add_role_to_instance_profile(InstanceProfileName="worker", RoleName="worker")


def furnish_bucket(aws: Callable[[str], Any]) -> None:
    """A bucket with versions, a policy, and two objects."""
    s3 = aws("s3")
    s3.create_bucket(Bucket="attic")
    s3.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(
        Bucket="attic",
        Policy=DENY.replace('"Resource"', '"Principal": "*", "Resource"').replace(
            '"*"}]', '"arn:aws:s3:::attic/secret"}]'
        ),
    )
    for name in ("chair", "lamp"):
        s3.put_object(Bucket="attic", Key=name, Body=b"old")


def furnish_plain_bucket(aws: Callable[[str], Any]) -> None:
    """A bucket without versions, and two objects."""
    s3 = aws("s3")
    s3.create_bucket(Bucket="attic")
    for name in ("chair", "lamp"):
        s3.put_object(Bucket="attic", Key=name, Body=b"old")


def furnish_stack(aws: Callable[[str], Any]) -> None:
    """A stack of one queue."""
    aws("cloudformation").create_stack(StackName="shop", TemplateBody=TEMPLATE)


def custodian(resource: str, named: dict[str, str], **delete: object) -> Script:
    """A policy that deletes one resource."""
    policy = {
        "name": "gone",
        "resource": resource,
        "filters": [named],
        "actions": [{"type": "delete", **delete}],
    }
    return {"policies": [policy]}


def playbook(module: str, **options: object) -> Script:
    """A playbook that wants one resource to be absent."""
    task = {f"amazon.aws.{module}": {**options, "state": "absent"}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    return [play]


FURNISH: dict[str, Callable[[Callable[[str], Any]], None]] = {
    "user": furnish_user,
    "role": furnish_role,
    "bucket": furnish_bucket,
    "plain-bucket": furnish_plain_bucket,
    "stack": furnish_stack,
}
SCRIPTS: dict[str, dict[str, Script]] = {
    "cloud-custodian": {
        "user": custodian("aws.iam-user", {"UserName": "bob"}),
        "role": custodian("aws.iam-role", {"RoleName": "worker"}, force=True),
        "bucket": custodian("aws.s3", {"Name": "attic"}, **{"remove-contents": True}),
        "stack": custodian("aws.cfn", {"StackName": "shop"}),
    },
    "ansible": {
        "user": playbook("iam_user", name="bob"),
        "role": playbook("iam_role", name="worker", delete_instance_profile=True),
        "bucket": playbook("s3_bucket", name="attic", force=True),
        "stack": playbook("cloudformation", stack_name="shop"),
    },
    "aws-cli": {
        "plain-bucket": ["s3", "rb", "s3://attic", "--force"],
        "stack": ["cloudformation", "delete-stack", "--stack-name", "shop"],
    },
}


def record(tool: str, program: str, task: str) -> Path:
    """Runs the tool on one task and keeps its records."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "task.json"
        script.write_text(json.dumps(SCRIPTS[tool][task]), encoding="utf-8")
        command = {
            "cloud-custodian": [program, "run", "-s", folder, "--cache-period", "0", str(script)],
            "ansible": [program, "-i", "localhost,", str(script)],
            "aws-cli": [program, *SCRIPTS[tool][task]],
        }[tool]
        records = record_program(command, FURNISH[task], answers=ANSWERS)
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{tool}-{task}.json"
    path.write_text(json.dumps({"Records": records}, indent=1) + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Record all tasks of one tool, or those that are named."""
    if len(sys.argv) < 3 or sys.argv[1] not in SCRIPTS:
        raise SystemExit(__doc__)
    tool, program, *tasks = sys.argv[1:]
    for task in tasks or SCRIPTS[tool]:
        print(record(tool, program, task))


if __name__ == "__main__":
    main()
