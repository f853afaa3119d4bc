"""The sample day's attack: a contractor's stolen key, and the role that everybody trusts."""

from cloudcascade.samples import callers
from cloudcascade.samples.callers import Json
from cloudcascade.samples.identifiers import spoken
from cloudcascade.samples.records import Call

from . import changes
from .telling import ORPHAN, Scene, Stage, Told, Verdict, clock

OUTSIDER = "666677778888"
VICTIM = "dana.whitfield"
ADDRESS = "192.0.2.77"
_REFUSED = ("DeleteConflictException", "Cannot delete entity, must detach all policies first.")


def attack(on: Stage) -> list[Told]:
    """The thief takes the role that did an offboarding half an hour ago, under a session name like its own."""
    home, ids = on.home, on.home.ids
    scene = Scene("attack", home)
    tell = scene.tell
    tool = callers.BOTO
    who = Call("sts:GetCallerIdentity", read_only=True)

    thief = callers.iam_user(ids, home.account, "ext-mwinter", address=ADDRESS, agent=tool)
    tell(thief, "10:14:31", who, "ext-mwinter's key is tried")
    session = scene.assume(
        thief,
        home.deploy,
        "offboard-1183",
        "10:16:05",
        "deploy-pipeline assumed, the session named like a run of the pipeline",
        address=ADDRESS,
        agent=tool,
    )
    users = Call("iam:ListUsers", {"maxItems": 100}, read_only=True)
    tell(session, "10:16:40", users, "users listed")
    devices = {"assignmentStatus": "Assigned"}
    listed = Call("iam:ListVirtualMFADevices", devices, read_only=True)
    tell(session, "10:17:12", listed, "MFA devices listed")
    for step in changes.mfa_removed(home.account, VICTIM, "dw-iphone", at=0, label=VICTIM):
        tell(session, clock("10:21:33") + step.after, step.call, step.label, ORPHAN)
    cover = Call("iam:DeleteUser", {"userName": VICTIM}, error=_REFUSED)
    begun: Verdict = ("origin", "aws.iam.delete-user")
    tell(session, "10:21:41", cover, f"{VICTIM}: deletion fails, as it should", begun)
    owned = callers.iam_user(
        ids, home.account, VICTIM, address=ADDRESS, agent=tool, path="/executives/"
    )
    created = {
        "accessKey": {
            "accessKeyId": owned.identity["accessKeyId"],
            "status": "Active",
            "userName": VICTIM,
            "createDate": spoken(clock("10:24:18")),
        }
    }
    key = Call("iam:CreateAccessKey", {"userName": VICTIM}, created)
    tell(session, "10:24:18", key, f"{VICTIM}: a key for the thief", ORPHAN)
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    grant = Call("iam:AttachUserPolicy", {"userName": VICTIM, "policyArn": admin})
    tell(session, "10:24:55", grant, f"{VICTIM}: made administrator", ORPHAN)

    tell(owned, "10:29:02", who, f"{VICTIM}'s new key is tried")
    snapshot, volume = f"snap-{ids.hex(17)}", f"vol-{ids.hex(17)}"
    taken = Call("ec2:CreateSnapshot", {"volumeId": volume}, snapshot_answer(on, snapshot, volume))
    tell(owned, "10:33:47", taken, "snapshot of the orders database's volume", ORPHAN)
    shared = share(on, snapshot, OUTSIDER)
    tell(owned, "10:36:20", shared, "snapshot shared with an account outside", ORPHAN)
    stop = Call("cloudtrail:StopLogging", {"name": home.arn("cloudtrail", "trail/audit-archive")})
    tell(owned, "10:41:09", stop, "the second trail is stopped", ORPHAN)
    return scene.told


def snapshot_answer(on: Stage, snapshot: str, volume: str) -> Json:
    """What EC2 answers when a snapshot is begun."""
    return {
        "requestId": on.home.ids.uuid(),
        "snapshotId": snapshot,
        "volumeId": volume,
        "status": "pending",
        "startTime": on.home.ids.rng.randrange(10**12),
        "progress": "",
        "ownerId": on.home.account,
        "volumeSize": 200,
        "description": "",
        "encrypted": False,
        "isPublic": False,
    }


def share(on: Stage, snapshot: str, account: str, how: str = "add") -> Call:
    """Lets another account have a snapshot, or with `remove` not any more."""
    request = {
        "snapshotId": snapshot,
        "attributeType": "CREATE_VOLUME_PERMISSION",
        "createVolumePermission": {how: {"items": [{"userId": account}]}},
    }
    answer = {"requestId": on.home.ids.uuid(), "_return": True}
    return Call("ec2:ModifySnapshotAttribute", request, answer)
