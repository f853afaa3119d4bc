"""One record, of a node or a bare action, by anybody: what an adversary builds with."""

from random import Random

import pytest

from cloudcascade.catalog import Condition, Origin, load_catalog
from cloudcascade.samples import (
    PROFILES,
    START,
    Ids,
    Scene,
    Unsatisfiable,
    installed_models,
    make_event,
)

CATALOG = load_catalog()


@pytest.fixture
def scene() -> Scene:
    ids = Ids(Random(7), token_chunks=1)
    return Scene(ids, "111122223333", "us-west-2", START, installed_models())


def test_keys_stand_at_their_paths(scene: Scene) -> None:
    effect = CATALOG.get("aws.iam.delete-user").effect("iam:DeleteAccessKey")
    record = make_event(effect, {"user": "mallory"}, PROFILES["cli"](scene), scene)
    assert record["requestParameters"]["userName"] == "mallory"
    assert record["requestParameters"]["accessKeyId"].startswith("AKIA")


def test_a_bare_action_gets_what_its_operation_requires(scene: Scene) -> None:
    record = make_event("iam:CreateUser", {}, PROFILES["cli"](scene), scene)
    assert list(record["requestParameters"]) == ["userName"]
    assert record["userAgent"].endswith("md/command#iam.create-user")


def test_conditions_are_met_whoever_calls(scene: Scene) -> None:
    effect = CATALOG.get("aws.cloudformation.delete-stack").effect("iam:DeleteRolePolicy")
    for profile in PROFILES.values():
        record = make_event(effect, {}, profile(scene), scene)
        assert record["userIdentity"]["invokedBy"] == "cloudformation.amazonaws.com"


def test_a_spoiler_is_a_node_too(scene: Scene) -> None:
    spoiler = CATALOG.get("aws.iam.delete-group").spoilers[2]
    record = make_event(spoiler, {"group": "admins"}, PROFILES["cli"](scene), scene)
    assert record["requestParameters"]["groupName"] == "admins"
    assert record["requestParameters"]["newGroupName"]


def test_a_failed_call_says_why_and_answers_nothing(scene: Scene) -> None:
    record = make_event(
        "ec2:DeleteVpc", {}, PROFILES["console"](scene), scene, error="Client.DependencyViolation"
    )
    assert record["errorCode"] == "Client.DependencyViolation"
    assert record["errorMessage"]
    assert record["responseElements"] is None


def test_further_fields_come_last(scene: Scene) -> None:
    extra = {"requestParameters.userName": "eve", "sourceIPAddress": "192.0.2.1"}
    record = make_event("iam:DeleteUser", {}, PROFILES["cli"](scene), scene, extra=extra)
    assert record["requestParameters"]["userName"] == "eve"
    assert record["sourceIPAddress"] == "192.0.2.1"


def test_what_a_service_does_by_itself_has_no_caller(scene: Scene) -> None:
    effect = CATALOG.get("aws.kms.schedule-key-deletion").effect("kms:DeleteKey")
    record = make_event(effect, {"key": "arn:aws:kms:us-west-2:111122223333:key/k"}, None, scene)
    assert record["eventType"] == "AwsServiceEvent"
    assert record["userIdentity"] == {
        "accountId": "111122223333",
        "invokedBy": "kms.amazonaws.com",
    }
    assert record["resources"][0]["ARN"].endswith("key/k")


def test_a_value_that_a_condition_forbids_is_refused(scene: Scene) -> None:
    origin = CATALOG.get("aws.iam.compromised-key-quarantine").root
    with pytest.raises(Unsatisfiable):
        make_event(
            origin,
            {"policy": "arn:aws:iam::aws:policy/Other"} | {"user": "u"},
            PROFILES["cli"](scene),
            scene,
        )


class Newer(Condition):
    """A condition with an operator that objects hold no other members than these."""

    only: tuple[str, ...] | None = None


def test_an_object_holds_no_other_members_than_it_may(scene: Scene) -> None:
    where = {"requestParameters": Newer(only=("userName",))}
    node = Origin.model_construct(action="iam:DeleteAccessKey", keys={}, where=where, attack=())
    record = make_event(node, {}, PROFILES["cli"](scene), scene)
    assert list(record["requestParameters"]) == ["userName"]
