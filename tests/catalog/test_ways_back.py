"""Which operations give a name or an id back, by the service models, and which names can come back at all."""

import pytest

from cloudcascade.catalog import (
    Cascade,
    KeySource,
    ServiceModels,
    load_catalog,
    load_service_models,
)
from cloudcascade.catalog.namesakes import can_return, is_name
from cloudcascade.catalog.ways_back import missing_ways_back, ways_back


@pytest.fixture(scope="module")
def models() -> ServiceModels:
    return load_service_models()


@pytest.mark.parametrize(
    ("removal", "member", "ways"),
    [
        ("iam:DeleteUser", "userName", "CreateUser UpdateUser"),
        ("iam:DeleteRole", "roleName", "CreateRole"),
        ("iam:DeletePolicy", "policyArn", "CreatePolicy"),
        ("s3:DeleteBucket", "bucketName", "CreateBucket"),
        (
            "rds:DeleteDBInstance",
            "dBInstanceIdentifier",
            "CreateDBInstance CreateDBInstanceReadReplica ModifyDBInstance RestoreDBInstanceFromDBSnapshot "
            "RestoreDBInstanceFromS3 RestoreDBInstanceToPointInTime SwitchoverBlueGreenDeployment",
        ),
        (
            "rds:DeleteDBCluster",
            "dBClusterIdentifier",
            "CreateDBCluster ModifyDBCluster RestoreDBClusterFromS3 RestoreDBClusterFromSnapshot "
            "RestoreDBClusterToPointInTime SwitchoverBlueGreenDeployment",
        ),
        (
            "dynamodb:DeleteTable",
            "tableName",
            "CreateTable ImportTable RestoreTableFromBackup RestoreTableToPointInTime",
        ),
        (
            "redshift:DeleteCluster",
            "clusterIdentifier",
            "CreateCluster ModifyCluster RestoreFromClusterSnapshot",
        ),
        (
            "elasticache:DeleteGlobalReplicationGroup",
            "globalReplicationGroupId",
            "CreateGlobalReplicationGroup",
        ),
        ("ecs:DeleteCluster", "clusterArn", "CreateCluster"),
        ("kms:ScheduleKeyDeletion", "keyId", "CancelKeyDeletion ReplicateKey"),
        # what AWS makes up comes back out of a bin, or as a replica
        ("ec2:DeleteVolume", "volumeId", "RestoreVolumeFromRecycleBin"),
        ("ec2:DeleteSnapshot", "snapshotId", "RestoreSnapshotFromRecycleBin"),
        ("cognito-idp:DeleteUserPool", "userPoolId", "CreateUserPoolReplica"),
        # or not at all
        ("ec2:DeleteVpc", "vpcId", ""),
        ("acm:DeleteCertificate", "certificateArn", ""),
        ("servicecatalog:DeletePortfolio", "id", ""),
    ],
)
def test_what_gives_a_name_back_is_found_in_the_models(
    models: ServiceModels, removal: str, member: str, ways: str
) -> None:
    found = ways_back(removal, member, models)
    assert " ".join(action.partition(":")[2] for action in found.actions) == ways
    assert found.known


def test_a_rename_gives_the_name_by_its_new_member(models: ServiceModels) -> None:
    carriers = ways_back("iam:DeleteUser", "userName", models).actions
    assert carriers["iam:UpdateUser"] == {"newusername"}
    assert "username" in carriers["iam:CreateUser"]


def test_what_nothing_makes_is_not_known(models: ServiceModels) -> None:
    found = ways_back("iam:DeactivateMFADevice", "serialNumber", models)
    assert (dict(found.actions), found.known) == ({}, False)


def lacking(cascade: Cascade, models: ServiceModels) -> set[str]:
    return {way for _, way in missing_ways_back(cascade, models)}


def test_the_bundled_catalogue_lacks_none(models: ServiceModels) -> None:
    assert {each.id for each in load_catalog().cascades if lacking(each, models)} == set()


def test_each_spoiler_that_is_taken_out_is_missed(models: ServiceModels) -> None:
    cascade = load_catalog().get("aws.iam.delete-user")
    ways = ways_back("iam:DeleteUser", "userName", models).actions
    against = [
        each
        for each in cascade.spoilers
        if each.action in ways
        and any(path.endswith(("newUserName", "userName")) for path in each.keys["user"].paths)
        and (each.between or (each.within and each.within.after))
        and not (
            each.action == "iam:UpdateUser"
            and not each.keys["user"].paths[0].endswith("newUserName")
        )
    ]
    assert len(against) == 4
    for spoiler in against:
        rest = tuple(each for each in cascade.spoilers if each is not spoiler)
        side = "with between: true" if spoiler.between else "after the origin"
        assert lacking(cascade.model_copy(update={"spoilers": rest}), models) == {
            f"{spoiler.action} (no spoiler {side})"
        }


def test_a_spoiler_of_another_member_is_none(models: ServiceModels) -> None:
    cascade = load_catalog().get("aws.iam.delete-user")
    wrong = tuple(
        each.model_copy(update={"keys": {"user": KeySource(path="requestParameters.path")}})
        if each.action == "iam:CreateUser"
        else each
        for each in cascade.spoilers
    )
    assert lacking(cascade.model_copy(update={"spoilers": wrong}), models) == {
        "iam:CreateUser (no spoiler with between: true)",
        "iam:CreateUser (no spoiler after the origin)",
    }


@pytest.mark.parametrize(
    ("service", "path", "transform", "name", "returns"),
    [
        ("iam", "requestParameters.userName", None, True, True),
        ("rds", "requestParameters.dBInstanceIdentifier", "lower", True, True),
        ("ecs", "responseElements.cluster.clusterArn", None, False, True),
        ("ecs", "requestParameters.cluster", "arn-name", True, True),
        ("ec2", "requestParameters.vpcId", None, False, False),
        ("ec2", "requestParameters.instancesSet.items[].instanceId", None, False, False),
        ("mq", "requestParameters.broker-id", None, False, False),
        ("servicecatalog", "requestParameters.id", None, False, False),
        ("acm", "requestParameters.certificateArn", None, False, False),
        ("acm", "requestParameters.certificateArn", "arn-name", True, True),
        # an id by its name, a name by what it is
        ("elasticache", "requestParameters.replicationGroupId", None, True, True),
        ("secretsmanager", "requestParameters.secretId", None, True, True),
    ],
)
def test_the_spelling_of_a_member_tells_whether_it_is_a_name(
    service: str, path: str, transform: str | None, name: bool, returns: bool
) -> None:
    key = KeySource.model_validate({"path": path, "transform": transform})
    assert is_name(service, key) is name
    assert can_return(service, key) is returns
