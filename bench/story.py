"""What happens on the sample day beside the attack, and all of it together.

The verdicts were written by hand from docs/semantics.md and the catalogue; tests hold the engine to them.
"""

from dataclasses import replace

from cloudcascade.samples import callers
from cloudcascade.samples.identifiers import spoken
from cloudcascade.samples.records import Call, service_event

from . import changes
from .intrusion import attack, share, snapshot_answer
from .sessions import begin_run
from .telling import Scene, Stage, Told, Verdict, clock, part_of

BACKUP = "backup.amazonaws.com"
CLOUDFORMATION = "cloudformation.amazonaws.com"

_USER = part_of(
    "aws.iam.delete-user", "iam:DeleteUser", "DeactivateMFADevice", "DeleteVirtualMFADevice",
    "DeleteLoginProfile", "DeleteAccessKey", "DeleteSSHPublicKey", "DetachUserPolicy", "DeleteUserPolicy",
    "RemoveUserFromGroup",
)  # fmt: skip
_ROLE: dict[str, Verdict] = {
    **part_of(
        "aws.iam.delete-role", "iam:DeleteRole", "DetachRolePolicy", "DeleteRolePolicy",
        "DeleteInstanceProfile",
    ),
    # Nearer in time than the role's deletion is that of the profile.
    "iam:RemoveRoleFromInstanceProfile": ("effect", "aws.iam.delete-instance-profile"),
}  # fmt: skip


def all_scenes(on: Stage) -> list[Told]:
    """Every scene of the day."""
    scenes = (
        rotation, offboarding_by_pipeline, attack, scaling, teardown, backup, bucket,
        offboarding_by_terraform, stack, key_material,
    )  # fmt: skip
    return [told for scene in scenes for told in scene(on)]


def rotation(on: Stage) -> list[Told]:
    """A service user's script rotates its own access key: the new one retires the old one."""
    scene = Scene("key rotation", on.home)
    ids, at = on.home.ids, "08:12:07"
    before = callers.iam_user(
        ids, on.home.account, "svc-reports", address="203.0.113.40", agent=callers.BOTO
    )
    old = before.identity["accessKeyId"]
    first, *rest = changes.key_rotation(ids, "svc-reports", clock(at), old, label="svc-reports")
    created = (first.call.response or {})["accessKey"]["accessKeyId"]
    after = replace(before, identity={**before.identity, "accessKeyId": created})
    member: Verdict = ("effect", "aws.iam.access-key-rotation")
    verdicts = {
        f"iam:{each}": member for each in ("CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey")
    }
    scene.play(before, at, [first], verdicts)
    scene.play(after, at, rest, verdicts)
    return scene.told


def offboarding_by_pipeline(on: Stage) -> list[Told]:
    """The people team's pipeline deletes a leaver's user. The MFA device does not bear the user's name."""
    home = on.home
    scene = Scene("offboarding 1", home)
    begun, run = begin_run(
        home,
        "offboard-1182",
        clock("09:51:02"),
        repository="example/people-ops",
        agent=callers.CLI.format(command="iam"),
    )
    scene.told.append(Told(begun, scene.name, "the pipeline assumes deploy-pipeline"))
    steps = changes.offboarding(
        home.ids,
        home.account,
        "jonas.weber",
        "pixel-8-private",
        groups=("developers", "vpn"),
        inline=("own-bucket",),
        ssh_keys=1,
        label="jonas.weber",
    )
    scene.play(run, "09:51:09", steps, _USER)
    return scene.told


def scaling(on: Stage) -> list[Told]:
    """More workers for the morning's load: the Auto Scaling service launches and later terminates."""
    scene = Scene("scaling", on.home)
    ids, name = on.home.ids, "eks-batch-workers"
    service = on.home.groups["linked"][1]
    origin: Verdict = ("origin", "aws.autoscaling.update-auto-scaling-group")
    effect: Verdict = ("effect", "aws.autoscaling.update-auto-scaling-group")

    def wanted(size: int) -> Call:
        group = {"autoScalingGroupName": name, "desiredCapacity": size}
        return Call("autoscaling:UpdateAutoScalingGroup", group)

    scene.tell(on.engineer, "10:52:11", wanted(4), f"{name}: one more asked for", origin)
    instance = f"i-{ids.hex(17)}"
    launch = {
        "instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]},
        "instanceType": "m7i.large",
        "blockDeviceMapping": {},
        "clientToken": f"fleet-{ids.uuid()}",
        "launchTemplate": {"launchTemplateId": f"lt-{ids.hex(17)}", "version": "7"},
        "tagSpecificationSet": {
            "items": [
                {
                    "resourceType": "instance",
                    "tags": [{"key": "aws:autoscaling:groupName", "value": name}],
                }
            ]
        },
    }
    items = [{"instanceId": instance, "instanceState": {"code": 0, "name": "pending"}}]
    launched = {"requestId": ids.uuid(), "instancesSet": {"items": items}}
    run = Call("ec2:RunInstances", launch, launched)
    scene.tell(service, "10:52:38", run, "Auto Scaling launches an instance", effect)
    scene.tell(on.engineer, "16:55:40", wanted(3), f"{name}: one less asked for", origin)
    one = {"instancesSet": {"items": [{"instanceId": instance}]}}
    end = Call("ec2:TerminateInstances", one, {"requestId": ids.uuid(), **one})
    scene.tell(service, "16:57:03", end, "Auto Scaling terminates it", effect)
    return scene.told


def teardown(on: Stage) -> list[Told]:
    """The infrastructure pipeline removes a role that is no longer used."""
    home = on.home
    scene = Scene("role teardown", home)
    begun, run = begin_run(home, "run-7716203341", clock("11:18:20"), agent=callers.TERRAFORM)
    scene.told.append(Told(begun, scene.name, "the pipeline assumes deploy-pipeline"))
    steps = changes.role_teardown(
        home.ids, home.account, "legacy-importer", label="legacy-importer"
    )
    scene.play(run, "11:18:44", steps, _ROLE)
    return scene.told


def backup(on: Stage) -> list[Told]:
    """A backup on demand: AWS Backup takes a snapshot and shares it with the vault's account."""
    home, vault, ids = on.home, on.vault, on.home.ids
    scene, job_cascade = Scene("backup", home), "aws.backup.start-backup-job"
    job, snapshot, volume = ids.uuid(), f"snap-{ids.hex(17)}", f"vol-{ids.hex(17)}"
    of = callers.role(ids, home.account, "AWSBackupDefaultServiceRole", "/service-role/")
    asked = {
        "backupVaultName": "daily",
        "resourceArn": home.arn("ec2", f"volume/{volume}"),
        "iamRoleArn": of.arn,
        "idempotencyToken": ids.uuid(),
    }
    answer = {"backupJobId": job, "creationDate": spoken(clock("12:30:05")), "isParent": False}
    start = Call("backup:StartBackupJob", asked, answer)
    scene.tell(on.admin_console, "12:30:05", start, "backup job started", ("origin", job_cascade))
    begun = scene.assume(
        callers.aws_service(BACKUP),
        of,
        "AWSBackup-AWSBackupDefaultServiceRole",
        "12:30:09",
        "AWS Backup assumes its role",
        address=BACKUP,
        agent=BACKUP,
        verdict=("effect", f"{job_cascade}-alongside"),
    )
    worker = callers.on_behalf(begun, BACKUP)
    effect: Verdict = ("effect", job_cascade)
    described = {"volumeId": volume, "description": "Created by the AWS Backup service."}
    taken = Call("ec2:CreateSnapshot", described, snapshot_answer(on, snapshot, volume))
    scene.tell(worker, "12:30:14", taken, "snapshot taken", effect)
    tagged = {
        "resourcesSet": {"items": [{"resourceId": snapshot}]},
        "tagSet": {"items": [{"key": "aws:backup:source-resource", "value": volume}]},
    }
    tag = Call("ec2:CreateTags", tagged, {"requestId": ids.uuid(), "_return": True})
    scene.tell(worker, "12:30:15", tag, "snapshot tagged", ("effect", f"{job_cascade}-alongside"))
    lent = share(on, snapshot, vault.account)
    scene.tell(worker, "12:41:32", lent, "snapshot shared with the vault's account", effect)
    linked = callers.service_linked(
        ids, vault.account, "backup", "AWSServiceRoleForBackup", "AWSBackup", clock("12:41:30")
    )
    copy = Call(
        "ec2:CopySnapshot",
        {"sourceRegion": home.region, "sourceSnapshotId": snapshot, "encrypted": True},
        {"requestId": ids.uuid(), "snapshotId": f"snap-{ids.hex(17)}"},
    )
    scene.tell(linked, "12:41:40", copy, "copied into the vault's account", where=vault)
    returned = share(on, snapshot, vault.account, "remove")
    scene.tell(worker, "12:58:03", returned, "sharing ended", effect)
    details = {
        "completionDate": {"seconds": clock("12:59:10"), "nanos": 0},
        "state": "COMPLETED",
        "percentDone": 100,
        "backupJobId": job,
    }
    done = service_event(
        ids,
        "backup:BackupJobCompleted",
        clock("12:59:11"),
        region=home.region,
        account=home.account,
        details=details,
    )
    scene.told.append(Told(done, scene.name, "backup job completed"))
    return scene.told


def bucket(on: Stage) -> list[Told]:
    """An engineer takes an old bucket out of service."""
    home, name = on.home, "example-exports-2021"
    scene = Scene("bucket decommission", home)
    steps = changes.bucket_decommission(home.ids, home.account, home.region, name, label=name)
    verdicts = part_of(
        "aws.s3.delete-bucket", "s3:DeleteBucket", "PutBucketVersioning", "PutBucketLifecycle",
        "PutBucketLogging", "DeleteBucketReplication", "DeleteBucketPolicy",
    )  # fmt: skip
    scene.play(on.engineer, "13:37:20", steps, verdicts)
    return scene.told


def offboarding_by_terraform(on: Stage) -> list[Told]:
    """An administrator's Terraform deletes a user; it asks for a login profile which never was."""
    home = on.home
    scene = Scene("offboarding 2", home)
    steps = changes.offboarding(
        home.ids,
        home.account,
        "carla.mendes",
        "authenticator-2024",
        groups=("analysts",),
        password=False,
        label="carla.mendes",
    )
    scene.play(on.admin, "14:31:16", steps, _USER)
    return scene.told


def stack(on: Stage) -> list[Told]:
    """A stack is deleted in the console; CloudFormation makes the calls in the administrator's name."""
    home, ids, name = on.home, on.home.ids, "preview-412"
    scene = Scene("stack deletion", home)
    service = callers.on_behalf(on.admin_console, CLOUDFORMATION)
    role = {"roleName": f"{name}-Worker-{ids.upper(12)}"}
    group = f"sg-{ids.hex(17)}"
    policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    gone = "aws.cloudformation.delete-stack"
    part: Verdict = ("effect", gone)
    of_role: Verdict = ("effect", "aws.iam.delete-role")
    asked = {
        "stackName": home.arn("cloudformation", f"stack/{name}/{ids.uuid()}"),
        "clientRequestToken": ids.uuid(),
    }
    delete = Call("cloudformation:DeleteStack", asked)
    scene.tell(on.admin_console, "15:20:02", delete, f"{name}: stack deleted", ("origin", gone))
    answer = {"requestId": ids.uuid(), "_return": True, "groupId": group}
    for at, action, request, response, what, verdict in (
        ("09", "events:DeleteRule", {"name": f"{name}-tick"}, None, "rule", part),
        ("14", "lambda:DeleteFunction20150331", {"functionName": f"{name}-worker"}, None, "function", part),
        ("21", "logs:DeleteLogGroup", {"logGroupName": f"/aws/lambda/{name}-worker"}, None, "log group", part),
        ("29", "iam:DetachRolePolicy", role | {"policyArn": policy}, None, "attached policy", of_role),
        ("30", "iam:DeleteRolePolicy", role | {"policyName": "queue"}, None, "inline policy", of_role),
        ("31", "iam:DeleteRole", role, None, "role", part),
        ("48", "ec2:DeleteSecurityGroup", {"groupId": group}, answer, "security group", part),
    ):  # fmt: skip
        call = Call(action, request, response)
        scene.tell(service, f"15:20:{at}", call, f"{name}: {what} removed", verdict)
    return scene.told


def key_material(on: Stage) -> list[Told]:
    """KMS rotates a key by itself, as it does once a year."""
    home = on.home
    key = home.keys[0]
    made = service_event(
        home.ids,
        "kms:RotateKey",
        clock("18:03:55"),
        region=home.region,
        account=home.account,
        details={"keyId": key.rpartition("/")[2], "rotationType": "AUTOMATIC"},
        resources=[{"accountId": home.account, "type": "AWS::KMS::Key", "ARN": key}],
    )
    return [Told(made, "KMS rotation", "key material rotated")]
