"""Changes that fan out: the calls of a cascade, in the order in which a caller has to make them."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloudcascade.samples.callers import Caller, Json
from cloudcascade.samples.identifiers import Ids, spoken
from cloudcascade.samples.records import Call


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a change, so many seconds after its beginning. `label` names it for a reader."""

    after: int
    call: Call
    label: str = ""


def mfa_removed(account: str, user: str, device: str, *, at: int, label: str = "") -> list[Step]:
    """Takes a virtual MFA device off a user and deletes it, within the second after `at`."""
    serial = f"arn:aws:iam::{account}:mfa/{device}"
    return [
        Step(
            at,
            Call("iam:DeactivateMFADevice", {"userName": user, "serialNumber": serial}),
            label and f"{label}: MFA deactivated",
        ),
        Step(
            at + 1,
            Call("iam:DeleteVirtualMFADevice", {"serialNumber": serial}),
            label and f"{label}: virtual MFA device deleted",
        ),
    ]


def offboarding(
    ids: Ids,
    account: str,
    user: str,
    device: str,
    *,
    groups: Sequence[str] = ("developers",),
    policies: Sequence[str] = ("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    inline: Sequence[str] = (),
    ssh_keys: int = 0,
    key: str | None = None,
    password: bool = True,
    label: str = "",
) -> list[Step]:
    """Deletes an IAM user, and before it all that DeleteUser asks to be gone.

    `password` False: the tool asks for a login profile to be deleted which is not there.
    """
    steps: list[Step] = []

    def then(action: str, request: Json, what: str, error: tuple[str, str] | None = None) -> None:
        after = steps[-1].after + ids.rng.randrange(0, 3) if steps else 0
        steps.append(Step(after, Call(action, request, error=error), label and f"{label}: {what}"))

    for group in groups:
        then("iam:RemoveUserFromGroup", {"groupName": group, "userName": user}, "left a group")
    key = key or ids.unique("AKIA")
    then("iam:DeleteAccessKey", {"userName": user, "accessKeyId": key}, "access key deleted")
    for _ in range(ssh_keys):
        uploaded = {"userName": user, "sSHPublicKeyId": ids.unique("APKA")}
        then("iam:DeleteSSHPublicKey", uploaded, "SSH key deleted")
    steps += mfa_removed(account, user, device, at=steps[-1].after + 1, label=label)
    gone = None
    if not password:
        gone = (
            "NoSuchEntityException",
            f"Login Profile for User {user} cannot be found.",
        )
    what = "login profile deleted" if password else "no login profile to delete"
    then("iam:DeleteLoginProfile", {"userName": user}, what, gone)
    for policy in policies:
        attached = {"userName": user, "policyArn": policy}
        then("iam:DetachUserPolicy", attached, "policy detached")
    for name in inline:
        then(
            "iam:DeleteUserPolicy", {"userName": user, "policyName": name}, "inline policy deleted"
        )
    then("iam:DeleteUser", {"userName": user}, "user deleted")
    return steps


def role_teardown(ids: Ids, account: str, role: str, *, label: str = "") -> list[Step]:
    """Deletes a role, the policies on it and the instance profile of the same name."""
    attached = (
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        f"arn:aws:iam::{account}:policy/{role}-data",
    )
    calls = [
        (Call("iam:DetachRolePolicy", {"roleName": role, "policyArn": arn}), "policy detached")
        for arn in attached
    ]
    inline = {"roleName": role, "policyName": "inline-logs"}
    within = {"instanceProfileName": f"{role}-profile", "roleName": role}
    profile = {"instanceProfileName": f"{role}-profile"}
    calls += [
        (Call("iam:DeleteRolePolicy", inline), "inline policy deleted"),
        (Call("iam:RemoveRoleFromInstanceProfile", within), "taken out of its instance profile"),
        (Call("iam:DeleteInstanceProfile", profile), "instance profile deleted"),
        (Call("iam:DeleteRole", {"roleName": role}), "role deleted"),
    ]
    return _paced(ids, calls, label, 2)


def key_rotation(ids: Ids, user: str, at: int, old: str, *, label: str = "") -> list[Step]:
    """An IAM user gets a new access key; the old one is switched off and deleted. `at`: of the first."""
    created = {
        "accessKey": {
            "accessKeyId": ids.unique("AKIA"),
            "status": "Active",
            "userName": user,
            "createDate": spoken(at),
        }
    }
    off = {"userName": user, "accessKeyId": old, "status": "Inactive"}
    gone = {"userName": user, "accessKeyId": old}
    create = Call("iam:CreateAccessKey", {"userName": user}, created)
    return [
        Step(0, create, label and f"{label}: new access key"),
        Step(420, Call("iam:UpdateAccessKey", off), label and f"{label}: old key switched off"),
        Step(2_160, Call("iam:DeleteAccessKey", gone), label and f"{label}: old key deleted"),
    ]


def bucket_decommission(
    ids: Ids, account: str, region: str, bucket: str, *, label: str = ""
) -> list[Step]:
    """Takes a bucket out of service: versions expire, its configuration goes, then the bucket."""
    base: Json = {"bucketName": bucket, "Host": f"{bucket}.s3.{region}.amazonaws.com"}
    body = "http://s3.amazonaws.com/doc/2006-03-01/"
    extra = {
        "resources": [
            {"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}
        ]
    }
    suspended = {"VersioningConfiguration": {"xmlns": body, "Status": "Suspended"}}
    expiry = {
        "LifecycleConfiguration": {
            "xmlns": body,
            "Rule": {
                "ID": "empty-the-bucket",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "Expiration": {"Days": 1},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            },
        }
    }
    logging = {"BucketLoggingStatus": {"xmlns": body}}
    calls: list[tuple[str, Json, str]] = [
        ("s3:PutBucketVersioning", {"versioning": "", **suspended}, "versioning suspended"),
        ("s3:PutBucketLifecycle", {"lifecycle": "", **expiry}, "everything expires"),
        ("s3:PutBucketLogging", {"logging": "", **logging}, "access logging off"),
        ("s3:DeleteBucketReplication", {"replication": ""}, "replication off"),
        ("s3:DeleteBucketPolicy", {"policy": ""}, "bucket policy deleted"),
        ("s3:DeleteBucket", {}, "bucket deleted"),
    ]
    made = [(Call(action, base | more, extra=extra), what) for action, more, what in calls]
    return _paced(ids, made, label, 9)


def secret_read(home_account: str, secret: str, key: str) -> list[Step]:
    """Reads a secret; KMS decrypts it in the reader's name. The second step is AWS's own call."""
    context = {"SecretARN": secret, "SecretVersionId": "AWSCURRENT"}
    decrypt = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context}
    used = {"resources": [{"accountId": home_account, "type": "AWS::KMS::Key", "ARN": key}]}
    return [
        Step(0, Call("secretsmanager:GetSecretValue", {"secretId": secret}, read_only=True)),
        Step(0, Call("kms:Decrypt", decrypt, read_only=True, extra=used)),
    ]


def _paced(ids: Ids, calls: Sequence[tuple[Call, str]], label: str, pause: int) -> list[Step]:
    """The calls one after the other, up to `pause` seconds apart."""
    steps: list[Step] = []
    after = 0
    for call, what in calls:
        steps.append(Step(after, call, label and f"{label}: {what}"))
        after += ids.rng.randrange(0, pause + 1)
    return steps


def begun_by(caller: Caller, steps: Sequence[Step], at: int) -> list[tuple[int, Caller, Step]]:
    """The steps with their times (UTC, seconds since 1970) and the caller who makes them all."""
    return [(at + step.after, caller, step) for step in steps]
