"""Short logs of several services, each with the ids that may be silenced, or labelled where a cascade only labels.

No two of them share more than the account: the events of many may lie in one table, far apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .cloudtrail import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, Event, assume_role, call, session

MINUTE = 60
HOUR = 3_600
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.5.7"


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, and the ids of what the cascade silences; where it only labels, of what it labels."""

    name: str
    cascade: str
    events: tuple[Event, ...]
    told: frozenset[str]


def _of(cascade: str, name: str, *events: Event, told: Iterable[str] = ()) -> Timeline:
    return Timeline(name, cascade, events, frozenset(told))


# ec2:DeleteVpc and the gateways that it takes away first.


def _detach(event_id: str, seconds: int, vpc: str = "vpc-1", **more: Any) -> Event:
    names = {"vpcId": vpc, "internetGatewayId": "igw-1"}
    return call("ec2:DetachInternetGateway", event_id, seconds, names, **more)


def _detach_vpn(event_id: str, seconds: int, vpc: str = "vpc-1", **more: Any) -> Event:
    names = {"vpcId": vpc, "vpnGatewayId": "vgw-1"}
    return call("ec2:DetachVpnGateway", event_id, seconds, names, **more)


def _delete_vpc(event_id: str, seconds: int, vpc: str = "vpc-1", **more: Any) -> Event:
    return call("ec2:DeleteVpc", event_id, seconds, {"vpcId": vpc}, **more)


_RUN_1 = session("network", "run", "ASIANET1")
_RUN_2 = session("network", "run", "ASIANET2")
_CLOUDFORMATION = {**ALICE, "invokedBy": "cloudformation.amazonaws.com"}
_VPC = "aws.ec2.delete-vpc"
VPC = (
    _of(
        _VPC,
        "both gateways of a VPC go before it",
        _detach("igw", 0),
        _detach_vpn("vgw", 30),
        _delete_vpc("gone", 60),
        told=("igw", "vgw"),
    ),
    _of(
        _VPC,
        "the VPC goes a quarter of an hour after its gateway",
        _detach("igw", 0),
        _delete_vpc("gone", 15 * MINUTE),
        told=("igw",),
    ),
    _of(
        _VPC,
        "the VPC goes a second later than that",
        _detach("igw", 0),
        _delete_vpc("gone", 15 * MINUTE + 1),
    ),
    _of(
        _VPC,
        "the gateway goes after the VPC",
        _delete_vpc("gone", 0),
        _detach("igw", 1),
    ),
    _of(
        _VPC,
        "something still lies in the VPC",
        _detach("igw", 0),
        _delete_vpc("refused", 60, error="Client.DependencyViolation"),
    ),
    _of(
        _VPC,
        "refused at first, gone at the second try",
        _detach("igw", 0),
        _delete_vpc("refused", 60, error="Client.DependencyViolation"),
        _delete_vpc("gone", 120),
        told=("igw",),
    ),
    _of(
        _VPC,
        "a detachment that failed is no step of it",
        _detach("failed", 0, error="Client.DependencyViolation"),
        _detach("igw", 30),
        _delete_vpc("gone", 60),
        told=("igw",),
    ),
    _of(
        _VPC,
        "an empty VPC goes, and the gateway of another",
        _detach("igw", 0, vpc="vpc-2"),
        _delete_vpc("gone", 60),
    ),
    _of(
        _VPC,
        "somebody else takes the gateway away",
        _detach("igw", 0, by=MALLORY),
        _delete_vpc("gone", 60),
    ),
    _of(
        _VPC,
        "the same name in another account",
        _detach("igw", 0, account=OTHER_ACCOUNT),
        _delete_vpc("gone", 60),
    ),
    _of(
        _VPC,
        "one call by the command line, one by Terraform",
        _detach("igw", 0),
        _delete_vpc("gone", 60, userAgent=TERRAFORM),
    ),
    _of(
        _VPC,
        "all by Terraform, of two versions",
        _detach("igw", 0, userAgent=TERRAFORM),
        _delete_vpc("gone", 60, userAgent=TERRAFORM.replace("1.5.7", "1.9.0")),
        told=("igw",),
    ),
    _of(
        _VPC,
        "each call from an address of its own",
        _detach("igw", 0, sourceIPAddress="198.51.100.7"),
        _delete_vpc("gone", 60),
    ),
    _of(
        _VPC,
        "two sessions that one person took",
        assume_role("first", "ASIANET1", by=ALICE),
        assume_role("second", "ASIANET2", by=ALICE, seconds=-300),
        _detach("igw", 0, by=_RUN_1),
        _delete_vpc("gone", 60, by=_RUN_2),
    ),
    _of(
        _VPC,
        "one session does both",
        assume_role("first", "ASIANET1", by=ALICE),
        _detach("igw", 0, by=_RUN_1),
        _delete_vpc("gone", 60, by=_RUN_1),
        told=("igw",),
    ),
    _of(
        _VPC,
        "every record was delivered twice",
        _detach("igw", 0),
        _detach("igw", 0),
        _delete_vpc("gone", 60),
        _delete_vpc("gone", 60),
        told=("igw",),
    ),
    _of(
        _VPC,
        "two records of one id name two VPCs",
        _detach("igw", 0),
        _detach("igw", 0, vpc="vpc-2"),
        _delete_vpc("gone", 60),
    ),
    _of(
        _VPC,
        "a stack takes its VPC away, which is labelled only",
        call(
            "cloudformation:DeleteStack",
            "stack",
            0,
            {"stackName": "network"},
        ),
        _detach("igw", 20, by=_CLOUDFORMATION, sourceIPAddress="cloudformation.amazonaws.com"),
        _delete_vpc("gone", 40, by=_CLOUDFORMATION, sourceIPAddress="cloudformation.amazonaws.com"),
    ),
)

# ecs:DeleteService after the service was scaled to nothing.


def _service(name: str = "web", region: str = "us-east-1", cluster: str = "shop") -> Event:
    arn = f"arn:aws:ecs:{region}:{ACCOUNT}"
    return {
        "service": {
            "serviceArn": f"{arn}:service/{cluster}/{name}",
            "clusterArn": f"{arn}:cluster/{cluster}",
        }
    }


def _drain(event_id: str, seconds: int, count: object = 0, **more: Any) -> Event:
    names = {"cluster": "shop", "service": "web", "desiredCount": count}
    return call(
        "ecs:UpdateService",
        event_id,
        seconds,
        {**names, **more.pop("carries", {})},
        **{"responseElements": _service(), **more},
    )


def _delete_service(event_id: str, seconds: int, **more: Any) -> Event:
    names = {"cluster": "shop", "service": "web"}
    return call(
        "ecs:DeleteService",
        event_id,
        seconds,
        names,
        **{"responseElements": _service(), **more},
    )


_ECS = "aws.ecs.delete-service-drained"
ECS = (
    _of(
        _ECS,
        "a service is drained and goes",
        _drain("drained", 0),
        _delete_service("gone", 5 * MINUTE),
        told=("drained",),
    ),
    _of(
        _ECS,
        "it is scaled down to one, not to none",
        _drain("fewer", 0, count=1),
        _delete_service("gone", 5 * MINUTE),
    ),
    _of(
        _ECS,
        "the count of none comes with another task definition",
        _drain("changed", 0, carries={"taskDefinition": "web:7"}),
        _delete_service("gone", 5 * MINUTE),
    ),
    _of(
        _ECS,
        "it is started again in between, and drained once more",
        _drain("first", 0),
        _drain("again", 2 * MINUTE, count=4, by=MALLORY),
        _drain("second", 4 * MINUTE),
        _delete_service("gone", 5 * MINUTE),
        told=("second",),
    ),
    _of(
        _ECS,
        "a service of the name in another Region goes",
        _drain("drained", 0),
        _delete_service("gone", 5 * MINUTE, responseElements=_service(region="eu-west-1")),
    ),
    _of(
        _ECS,
        "a service of the name is made an hour after",
        _drain("drained", 0),
        _delete_service("gone", MINUTE),
        call(
            "ecs:CreateService",
            "made",
            MINUTE + HOUR,
            {"cluster": "shop", "serviceName": "web"},
            responseElements=_service(),
        ),
    ),
    _of(
        _ECS,
        "it is made a second later than that",
        _drain("drained", 0),
        _delete_service("gone", MINUTE),
        call(
            "ecs:CreateService",
            "made",
            MINUTE + HOUR + 1,
            {"cluster": "shop", "serviceName": "web"},
            responseElements=_service(),
        ),
        told=("drained",),
    ),
    _of(
        _ECS,
        "the answer is not logged, so that nobody knows which service",
        _drain("drained", 0, responseElements=None),
        _delete_service("gone", 5 * MINUTE, responseElements=None),
    ),
)

# rds:DeleteDBInstance after its protection was lifted; names in any case.


def _unprotect(event_id: str, seconds: int, **more: Any) -> Event:
    names = {"dBInstanceIdentifier": "Orders", "deletionProtection": False}
    return call(
        "rds:ModifyDBInstance",
        event_id,
        seconds,
        {**names, "applyImmediately": True, **more.pop("carries", {})},
        **{"responseElements": {"dbiResourceId": "db-ORDERS"}, **more},
    )


def _delete_db(event_id: str, seconds: int, **more: Any) -> Event:
    names = {"dBInstanceIdentifier": "orders", "skipFinalSnapshot": False}
    return call(
        "rds:DeleteDBInstance",
        event_id,
        seconds,
        names,
        **{"responseElements": {"dbiResourceId": "db-ORDERS"}, **more},
    )


_RDS = "aws.rds.delete-db-instance"
RDS = (
    _of(
        _RDS,
        "the protection goes, then the database, its name in other letters",
        _unprotect("lifted", 0),
        _delete_db("gone", MINUTE),
        told=("lifted",),
    ),
    _of(
        _RDS,
        "the same call opens it to the world",
        _unprotect("opened", 0, carries={"publiclyAccessible": True}),
        _delete_db("gone", MINUTE),
    ),
    _of(
        _RDS,
        "a database of that name in another Region goes",
        _unprotect("lifted", 0),
        _delete_db("gone", MINUTE, awsRegion="eu-west-1"),
    ),
    _of(
        _RDS,
        "another database got the name in between",
        _unprotect("lifted", 0),
        call(
            "rds:ModifyDBInstance",
            "renamed",
            30,
            {"dBInstanceIdentifier": "copy", "newDBInstanceIdentifier": "ORDERS"},
            by=MALLORY,
        ),
        _delete_db("gone", MINUTE),
    ),
    _of(
        _RDS,
        "one of the name is restored within the hour",
        _unprotect("lifted", 0),
        _delete_db("gone", MINUTE),
        call(
            "rds:RestoreDBInstanceToPointInTime",
            "restored",
            40 * MINUTE,
            {"sourceDBInstanceIdentifier": "other", "targetDBInstanceIdentifier": "orders"},
        ),
    ),
    _of(
        _RDS,
        "the restore of the name failed",
        _unprotect("lifted", 0),
        _delete_db("gone", MINUTE),
        call(
            "rds:RestoreDBInstanceToPointInTime",
            "failed",
            40 * MINUTE,
            {"sourceDBInstanceIdentifier": "other", "targetDBInstanceIdentifier": "orders"},
            error="DBInstanceQuotaExceeded",
        ),
        told=("lifted",),
    ),
)

# acm:DeleteCertificate after it was taken off its listeners: a key that is a list.


def _certificate(name: str) -> str:
    return f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/{name}"


def _take_off(event_id: str, seconds: int, *names: str, **more: Any) -> Event:
    certificates = [{"certificateArn": _certificate(name)} for name in names]
    parameters = {"listenerArn": "listener", "certificates": certificates}
    return call(
        "elasticloadbalancing:RemoveListenerCertificates", event_id, seconds, parameters, **more
    )


def _delete_certificate(event_id: str, seconds: int, name: str, **more: Any) -> Event:
    parameters = {"certificateArn": _certificate(name)}
    return call("acm:DeleteCertificate", event_id, seconds, parameters, **more)


_ACM = "aws.acm.delete-certificate"
ACM = (
    _of(
        _ACM,
        "a certificate is taken off two listeners and goes",
        _take_off("first", 0, "old"),
        _take_off("second", 10, "old"),
        _delete_certificate("gone", MINUTE, "old"),
        told=("first", "second"),
    ),
    _of(
        _ACM,
        "a certificate in use is taken off together with it",
        _take_off("both", 0, "old", "shop"),
        _delete_certificate("gone", MINUTE, "old"),
    ),
    _of(
        _ACM,
        "a call that names no certificate",
        _take_off("none", 0),
        _delete_certificate("gone", MINUTE, "old"),
    ),
)

# An ensemble: the console's page of a key's policy, which no single event is the origin of.


def _console(action: str, event_id: str, seconds: int, **more: Any) -> Event:
    told = {"sessionCredentialFromConsole": "true", "readOnly": True}
    return call(action, event_id, seconds, {"keyId": "key-1"}, **{**told, **more})


_KMS = "aws.kms.console-key-policy"
KMS = (
    _of(
        _KMS,
        "the console opens the page of a key's policy",
        _console("kms:GetKeyPolicy", "policy", 0),
        _console("iam:ListRoles", "roles", 1),
        _console("kms:ListAliases", "aliases", 2),
        told=("policy", "roles", "aliases"),
    ),
    _of(
        _KMS,
        "half of the page is no page",
        _console("kms:GetKeyPolicy", "policy", 0),
        _console("kms:ListAliases", "aliases", 2),
    ),
    _of(
        _KMS,
        "the roles are listed by somebody else",
        _console("kms:GetKeyPolicy", "policy", 0),
        _console("iam:ListRoles", "roles", 1, by=MALLORY),
    ),
)

TIMELINES = (*VPC, *ECS, *RDS, *ACM, *KMS)
