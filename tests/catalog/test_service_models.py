"""Which operations an action of CloudTrail's is, held against the botocore that is installed."""

import sys

import pytest

from cloudcascade.catalog.service_models import (
    MissingExtra,
    ServiceModels,
    load_service_models,
)


@pytest.fixture(scope="module")
def models() -> ServiceModels:
    return load_service_models()


@pytest.mark.parametrize(
    ("source", "services"),
    [
        ("iam", ("iam",)),
        ("monitoring", ("cloudwatch",)),
        ("elasticloadbalancing", ("elbv2", "elb")),
        ("rds", ("rds", "neptune", "docdb")),
        ("sso", ("sso-admin", "sso", "sso-oidc")),
        ("states", ("stepfunctions",)),
        ("elasticfilesystem", ("efs",)),
        ("elasticmapreduce", ("emr",)),
        ("es", ("opensearch", "es")),
        ("aoss", ("opensearchserverless",)),
        ("access-analyzer", ("accessanalyzer",)),
        ("s3", ("s3", "s3control")),
        ("ec2-instance-connect", ("ec2-instance-connect",)),
    ],
)
def test_an_event_source_is_one_or_more_services(
    models: ServiceModels, source: str, services: tuple[str, ...]
) -> None:
    assert models.services(source) == services


def test_a_source_that_only_an_endpoint_is_named_after_is_found(models: ServiceModels) -> None:
    assert models.services("mobiletargeting") == ("pinpoint",)


@pytest.mark.parametrize(
    ("service", "source"), [("cloudwatch", "monitoring"), ("efs", "elasticfilesystem")]
)
def test_botocores_name_of_a_service_is_no_event_source(
    models: ServiceModels, service: str, source: str
) -> None:
    assert models.services(service) == ()
    assert models.sources_of(service) == (source,)


@pytest.mark.parametrize(
    ("action", "operations"),
    [
        ("iam:DeleteUser", ["iam:DeleteUser"]),
        ("lambda:CreateFunction20150331", ["lambda:CreateFunction"]),
        ("lambda:AddPermission20150331v2", ["lambda:AddPermission"]),
        ("lambda:AddPermission20150331", ["lambda:AddPermission"]),
        ("lambda:UpdateFunctionCode20150331v2", ["lambda:UpdateFunctionCode"]),
        ("lambda:DeleteFunction20150331", ["lambda:DeleteFunction"]),
        ("lambda:PutFunctionConcurrency20171031", ["lambda:PutFunctionConcurrency"]),
        ("lambda:PublishLayerVersion20181031", ["lambda:PublishLayerVersion"]),
        ("lambda:CreateFunctionUrlConfig", ["lambda:CreateFunctionUrlConfig"]),
        ("lambda:Invoke", ["lambda:Invoke"]),
        ("s3:PutBucketLifecycle", ["s3:PutBucketLifecycleConfiguration"]),
        ("s3:PutBucketPublicAccessBlock", ["s3:PutPublicAccessBlock"]),
        ("s3:DeleteBucketPublicAccessBlock", ["s3:DeletePublicAccessBlock"]),
        ("s3:PutAccountPublicAccessBlock", ["s3control:PutPublicAccessBlock"]),
        ("s3:PutBucketEncryption", ["s3:PutBucketEncryption"]),
        ("s3:PutBucketNotification", ["s3:PutBucketNotificationConfiguration"]),
        ("cloudfront:UpdateDistribution", ["cloudfront:UpdateDistribution"]),
        ("cloudfront:UpdateDistribution2020_05_31", ["cloudfront:UpdateDistribution"]),
        (
            "elasticloadbalancing:DeleteLoadBalancer",
            ["elbv2:DeleteLoadBalancer", "elb:DeleteLoadBalancer"],
        ),
    ],
)
def test_an_action_is_these_operations(
    models: ServiceModels, action: str, operations: list[str]
) -> None:
    found = {f"{operation.service}:{operation.name}" for operation in models.operations(action)}
    assert found >= set(operations)


@pytest.mark.parametrize(
    ("action", "logged_as"),
    [
        ("lambda:CreateFunction", "lambda:CreateFunction20150331"),
        ("lambda:UpdateFunctionCode", "lambda:UpdateFunctionCode20150331v2"),
        ("lambda:CreateFunction20150331v2", None),
        ("s3:PutBucketLifecycleConfiguration", "s3:PutBucketLifecycle"),
        ("s3:DeletePublicAccessBlock", "s3:DeleteBucketPublicAccessBlock"),
        ("iam:PassRole", None),
    ],
)
def test_a_name_that_is_never_logged_is_no_action(
    models: ServiceModels, action: str, logged_as: str | None
) -> None:
    assert models.operations(action) == ()
    assert next(iter(models.logged_as(action)), None) == logged_as


def test_every_service_behind_a_source_exists(models: ServiceModels) -> None:
    from cloudcascade.catalog.service_models import _SERVICES_OF_SOURCE

    named = {service for services in _SERVICES_OF_SOURCE.values() for service in services}
    assert named <= models.service_names


def test_an_operation_of_a_service_that_does_not_exist_is_unknown(models: ServiceModels) -> None:
    assert models.has_operation("iam", "DeleteUser")
    assert not models.has_operation("iam", "DeleteUsers")
    assert not models.has_operation("imaginary", "DeleteUser")


def test_without_botocore_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.loaders", None)
    with pytest.raises(MissingExtra, match=r"pip install 'cloudcascade\[check\]'"):
        load_service_models()
