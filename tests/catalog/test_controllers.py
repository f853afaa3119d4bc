"""Controllers: told by what AWS says of them, or marked as told by a name; their calls are real."""

import pytest

from cloudcascade.catalog import (
    KnownController,
    attested_services,
    known_controllers,
    load_service_models,
    unattested,
)
from cloudcascade.catalog.record_fields import RECORD_PATHS


def test_nobody_is_called_attested_without_a_fact_that_aws_sets() -> None:
    assert list(unattested(known_controllers().items())) == []


@pytest.mark.parametrize(
    "where",
    [
        {"userIdentity.sessionContext.sessionIssuer.userName": "AWSServiceRoleForBackup"},
        {"userIdentity.sessionContext.sessionIssuer.arn": {"endswith": "/AWSServiceRoleForBackup"}},
        {"userAgent": "backup.amazonaws.com"},
        {"userIdentity.invokedBy": {"exists": True}},
    ],
)
def test_a_name_or_a_user_agent_attests_nothing(where: dict[str, object]) -> None:
    forged = KnownController.model_validate(
        {"title": "x", "attested": True, "where": where, "calls": ["iam:*"], "note": "x"}
    )
    assert list(unattested([("forged", forged)])) == ["forged"]


def test_what_aws_attests_leads_to_the_controller() -> None:
    named = attested_services()
    assert named["backup.amazonaws.com"] == "backup"
    assert named["autoscaling.amazonaws.com"] == "auto-scaling"
    assert named["lambda.amazonaws.com"] == "lambda"
    assert named[".application-autoscaling.amazonaws.com"] == "application-auto-scaling"
    attested = {name for name, each in known_controllers().items() if each.attested}
    assert set(named.values()) == attested


def test_every_condition_is_on_a_field_that_records_have() -> None:
    paths = {path for each in known_controllers().values() for path in each.where}
    assert paths <= set(RECORD_PATHS)


def test_every_expected_call_is_one_that_cloudtrail_records() -> None:
    models = load_service_models()
    for name, each in known_controllers().items():
        for call in each.calls:
            service, _, event = call.partition(":")
            if event.endswith("*") or call == "*":
                prefix = event.removesuffix("*")
                known = service == "*" or any(
                    found.startswith(prefix) for found in models.event_names(service)
                )
                assert known, (name, call)
            else:
                assert models.operations(call), (name, call)


@pytest.mark.parametrize(
    ("calls", "action", "expected"),
    [
        (["ec2:Describe*"], "ec2:DescribeInstances", True),
        (["ec2:Describe*"], "rds:DescribeDBInstances", False),
        (["*:Describe*"], "rds:DescribeDBInstances", True),
        (["ec2:RunInstances"], "ec2:RunInstancesMore", False),
        (["*"], "iam:DeleteUser", True),
    ],
)
def test_a_call_is_expected_by_its_name_or_its_beginning(
    calls: list[str], action: str, expected: bool
) -> None:
    controller = KnownController.model_validate(
        {
            "title": "x",
            "attested": False,
            "where": {"userAgent": "x"},
            "calls": calls,
            "note": "x",
        }
    )
    assert controller.expects(action) is expected


@pytest.mark.parametrize("pattern", ["ec2:*Instances", "*c2:Describe", "ec2:De*cribe*"])
def test_no_other_wildcard_is_taken(pattern: str) -> None:
    with pytest.raises(ValueError, match="only a whole service"):
        KnownController.model_validate(
            {
                "title": "x",
                "attested": False,
                "where": {"userAgent": "x"},
                "calls": [pattern],
                "note": "x",
            }
        )
