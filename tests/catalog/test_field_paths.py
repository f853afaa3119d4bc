"""Which field paths can occur in an action's records, in the spelling that CloudTrail gives them."""

import pytest

from cloudcascade.catalog.field_paths import PathVerdict, judge_path
from cloudcascade.catalog.service_models import ServiceModels, load_service_models


@pytest.fixture(scope="module")
def models() -> ServiceModels:
    return load_service_models()


def judge(models: ServiceModels, action: str, path: str, *recorded: str) -> PathVerdict:
    return judge_path(models.operations(action), path, recorded)


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ("iam:DeleteUser", "requestParameters.userName"),
        ("iam:DeleteSSHPublicKey", "requestParameters.sSHPublicKeyId"),
        ("iam:CreateServiceLinkedRole", "requestParameters.aWSServiceName"),
        ("iam:CreateAccessKey", "responseElements.accessKey.accessKeyId"),
        ("rds:DeleteDBInstance", "requestParameters.dBInstanceIdentifier"),
        ("rds:DeleteDBInstance", "responseElements.dBInstanceIdentifier"),
        ("rds:CreateDBInstance", "responseElements.dBSubnetGroup.subnets[].subnetIdentifier"),
        ("redshift:DeleteCluster", "responseElements.clusterIdentifier"),
        ("elasticache:DeleteCacheCluster", "responseElements.cacheClusterId"),
        (
            "elasticloadbalancing:CreateLoadBalancer",
            "responseElements.loadBalancers[].loadBalancerArn",
        ),
        ("lambda:CreateEventSourceMapping20150331", "responseElements.uUID"),
        ("lambda:CreateFunction20150331", "requestParameters.functionName"),
        ("secretsmanager:DeleteSecret", "responseElements.aRN"),
        ("secretsmanager:DeleteSecret", "responseElements.arn"),
        ("kms:Decrypt", "requestParameters.encryptionContext.SecretARN"),
        ("ssm:SendCommand", "requestParameters.instanceIds[]"),
        ("organizations:CreateAccount", "responseElements.createAccountStatus.id"),
        ("s3:DeleteBucket", "requestParameters.bucketName"),
        ("securityhub:CreateInsight", "requestParameters.GroupByAttribute"),
        ("codeartifact:DeleteDomain", "requestParameters.domainName"),
    ],
)
def test_what_the_model_settles_is_known(models: ServiceModels, action: str, path: str) -> None:
    assert judge(models, action, path) == PathVerdict("known", "value")


@pytest.mark.parametrize(
    ("action", "path", "reason"),
    [
        ("iam:DeleteUser", "requestParameters.UserName", "did you mean 'userName'?"),
        ("iam:DeleteUser", "requestParameters.userNme", "did you mean 'userName'?"),
        ("iam:DeleteUser", "responseElements.userName", "DeleteUser has no output"),
        ("iam:DeleteUser", "requestParameters", "is an object"),
        ("iam:DeleteUser", "requestParameters.userName.first", "nothing inside 'userName'"),
        ("iam:DeleteUser", "requestParameters.userName[]", "'userName' is no list"),
        (
            "rds:DeleteDBInstance",
            "responseElements.dBInstance.dBInstanceIdentifier",
            "drops the wrapper 'dBInstance'",
        ),
        (
            "elasticloadbalancing:CreateLoadBalancer",
            "responseElements.loadBalancers.loadBalancerArn",
            "write loadBalancers[]",
        ),
        ("ec2:DeleteVpc", "requestParameters.subnetId", "there is no 'subnetId'"),
        ("ec2:TerminateInstances", "requestParameters.instancesSet[].instanceId", "items[]"),
        ("ec2:TerminateInstances", "requestParameters.instanceIds", None),
        ("s3:DeleteBucket", "requestParameters.versionId", "there is no 'versionId'"),
        ("securityhub:CreateInsight", "requestParameters.name", "did you mean 'Name'?"),
        ("codeartifact:DeleteDomain", "requestParameters.domain", "did you mean 'domainName'?"),
    ],
)
def test_what_the_model_rules_out_is_impossible_or_no_value(
    models: ServiceModels, action: str, path: str, reason: str | None
) -> None:
    verdict = judge(models, action, path)
    if reason is None:
        assert verdict.kind == "list"
    else:
        assert verdict.certainty == "impossible"
        assert reason in verdict.reason


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ("ec2:DeleteVpc", "requestParameters.vpcId"),
        ("ec2:DeleteNatGateway", "requestParameters.DeleteNatGatewayRequest.NatGatewayId"),
        ("ec2:DeleteFlowLogs", "requestParameters.DeleteFlowLogsRequest.FlowLogId.content"),
        ("ec2:TerminateInstances", "requestParameters.instancesSet.items[].instanceId"),
        ("ec2:RunInstances", "responseElements.instancesSet.items[].instanceId"),
        (
            "ec2:ModifySnapshotAttribute",
            "requestParameters.createVolumePermission.add.items[].userId",
        ),
        (
            "ec2:CreateNatGateway",
            "responseElements.CreateNatGatewayResponse.natGateway.natGatewayAddressSet.item.allocationId",
        ),
        ("s3:PutBucketVersioning", "requestParameters.VersioningConfiguration.Status"),
        ("s3:PutBucketLifecycle", "requestParameters.LifecycleConfiguration.Rule.Status"),
    ],
)
def test_what_the_model_leaves_open_is_plausible(
    models: ServiceModels, action: str, path: str
) -> None:
    assert judge(models, action, path).certainty == "plausible"


def test_a_record_settles_whether_an_action_of_ec2_wraps_its_request(models: ServiceModels) -> None:
    action, wrapped = "ec2:DeleteNatGateway", "requestParameters.DeleteNatGatewayRequest."
    seen = wrapped + "NatGatewayId"
    assert judge(models, action, wrapped + "NatGatewayId", seen).certainty == "known"
    bare = judge(models, action, "requestParameters.natGatewayId", seen)
    assert bare.certainty == "impossible"
    assert "inside DeleteNatGatewayRequest" in bare.reason


@pytest.mark.parametrize(
    ("action", "path", "kind"),
    [
        ("ssm:SendCommand", "requestParameters.instanceIds", "list"),
        ("kms:Decrypt", "requestParameters.encryptionContext", "object"),
        ("cloudtrail:CreateTrail", "requestParameters.isMultiRegionTrail", "boolean"),
    ],
)
def test_the_verdict_tells_what_is_no_plain_value(
    models: ServiceModels, action: str, path: str, kind: str
) -> None:
    assert judge(models, action, path) == PathVerdict("known", kind)  # type: ignore[arg-type]
