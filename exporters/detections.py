"""Detections of the literature that are no cascades: a burst of discovery, a first call, whose session it is.

A target renders them as far as it has a form for them (`Target.detections`). What they mean is said here,
and docs/detections.md says how they are read.
"""

from dataclasses import dataclass
from typing import TypeAlias

from ..catalog.names import resolve_cascade
from .legible import legible

PREFIX = "aws.detection."
DISCOVERY = (
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRegions",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What all detections have."""

    id: str
    title: str
    description: str
    techniques: tuple[str, ...]
    reference: str
    misses: tuple[str, ...]
    """What it does not see, or shows too much of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst(_Named):
    """At least `distinct` of the `actions` by one principal in one account within `window` seconds.

    The window ends at an event and includes both ends; denied calls count; events with
    `userIdentity.invokedBy`, and those of the environment's controllers, do not.
    """

    actions: tuple[str, ...]
    distinct: int
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSeen(_Named):
    """`action` by an identity (`userIdentity.arn`, per account) that has not called it in the `lookback`
    seconds before; identities of the type `spared` do not count, nor do events with `invokedBy`."""

    action: str
    lookback: int
    spared: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage(_Named):
    """Each session that `action` made, with the identity that began the chain of sessions, at most `hops`
    sessions back: the first caller that is no role's session. Beyond that it is not known."""

    action: str
    hops: int


Detection: TypeAlias = Burst | FirstSeen | Lineage

DISCOVERY_BURST = Burst(
    id=f"{PREFIX}discovery-burst",
    title="Ten of thirteen discovery calls within half an hour",
    description="Somebody lists instances, networks, images and volumes in one go: an inventory, a "
    "console that opens many pages, or an intruder who looks around.",
    techniques=("T1580", "T1526"),
    reference="https://attack.mitre.org/techniques/T1580/",
    misses=(
        "inventories of your own alert until they are controllers in cascade.toml",
        "an intruder who takes more than half an hour",
        "calls without a principal are in no group",
    ),
    actions=DISCOVERY,
    distinct=10,
    window=30 * 60,
)
FIRST_CALLER_IDENTITY = FirstSeen(
    id=f"{PREFIX}first-caller-identity",
    title="GetCallerIdentity by an identity that has not called it in 15 days",
    description="The first call with a stolen key asks whose key it is. Programs that sign in as roles "
    "do so at every start and are left out; a user who never asked is worth a look.",
    techniques=("T1033", "T1078.004"),
    reference="https://attack.mitre.org/techniques/T1033/",
    misses=(
        "stolen credentials of roles",
        "in the first 15 days of a log everybody is new",
        "calls without an ARN equal nobody and are left out",
    ),
    action="sts:GetCallerIdentity",
    lookback=15 * 86_400,
    spared="AssumedRole",
)
SESSION_LINEAGE = Lineage(
    id=f"{PREFIX}session-lineage",
    title="Sessions of AssumeRole with the identity that began the chain",
    description="A session's events name a role. The access key of the session leads to the AssumeRole "
    "event that made it, its caller's key to the one before, until somebody is no role's session.",
    techniques=("T1550.001", "T1078.004"),
    reference="https://attack.mitre.org/techniques/T1550/001/",
    misses=(
        "chains of more than three sessions, or whose first event is older than the log",
        "sessions by SAML and web identity begin the chain themselves",
    ),
    action="sts:AssumeRole",
    hops=3,
)
DETECTIONS: tuple[Detection, ...] = (DISCOVERY_BURST, FIRST_CALLER_IDENTITY, SESSION_LINEAGE)


def find_detection(text: str) -> Detection | None:
    """The detection of that id, or of its last part; None when it is none.

    >>> find_detection("discovery-burst").id
    'aws.detection.discovery-burst'
    """
    wanted = text.strip().lower().replace("_", "-")
    for detection in DETECTIONS:
        if wanted in (detection.id, detection.id.removeprefix(PREFIX)):
            return detection
    if wanted.startswith(PREFIX):
        resolve_cascade(wanted, (each.id for each in DETECTIONS))  # tells what is near
    return None


def about(detection: Detection, target: str, checked: str, overlay: str | None = None) -> list[str]:
    """The lines that every artefact of a detection carries as a comment; `overlay` says which was in force."""
    return [
        f"{detection.id}: {detection.title}",
        f"cloudcascade, for {target}; checked: {checked}",
        f"ATT&CK: {', '.join(detection.techniques)}",
        *([legible(f"overlay in force: {overlay}", 600)] if overlay else []),
        *(f"misses: {each}" for each in detection.misses),
    ]
