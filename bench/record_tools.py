"""Records what off-boarding tools call, against a simulated account.

    python bench/record_tools.py cloud-custodian .venv-c7n/bin/custodian
    python bench/record_tools.py ansible .venv-ansible/bin/ansible-playbook

Writes tests/evidence/recorded/<tool>.json. The tool lives in an environment of its own; this one needs the
extra `evidence`.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cloudcascade.evidence import record_program

OUT = Path(__file__).parent.parent / "tests" / "evidence" / "recorded"
DENY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}'

CUSTODIAN = {
    "policies": [
        {
            "name": "gone",
            "resource": "aws.iam-user",
            "filters": [{"UserName": "bob"}],
            "actions": ["delete"],
        }
    ]
}
PLAYBOOK = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [{"amazon.aws.iam_user": {"name": "bob", "state": "absent"}}],
    }
]
# What the simulator does not have; an account without such credentials answers the same.
ANSWERS: dict[str, object] = {"ListServiceSpecificCredentials": {"ServiceSpecificCredentials": []}}


def furnish(aws: Callable[[str], Any]) -> None:
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


def record(tool: str, program: str) -> Path:
    """Runs the tool and keeps its records."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "task.json"
        if tool == "cloud-custodian":
            script.write_text(json.dumps(CUSTODIAN), encoding="utf-8")
            command = [program, "run", "--output-dir", folder, "--cache-period", "0", str(script)]
        elif tool == "ansible":
            script.write_text(json.dumps(PLAYBOOK), encoding="utf-8")
            command = [program, "-i", "localhost,", str(script)]
        else:
            raise SystemExit(f"no such tool: {tool}")
        records = record_program(command, furnish, answers=ANSWERS)
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{tool}.json"
    path.write_text(json.dumps({"Records": records}, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    print(record(sys.argv[1], sys.argv[2]))
