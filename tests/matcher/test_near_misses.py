"""Why an orphan is an orphan: the instances that almost explained it, and what was wrong with them."""

from typing import Any

import pytest

from cloudcascade.matcher import Verdict
from cloudcascade.tests.support.cascades import DELETE_USER, cascade
from cloudcascade.tests.support.cloudtrail import (
    ALICE,
    MALLORY,
    OTHER_ACCOUNT,
    Event,
    call,
    classify,
)
from cloudcascade.tests.support.offboarding import (
    create_user,
    deactivate,
    delete_device,
    delete_user,
    reasons,
    rename_user,
    strip,
)

DAY = 86_400


def orphan(event_id: str, *events: Event) -> Verdict:
    verdict = classify([DELETE_USER], events)[event_id]
    assert verdict.verdict == "orphan"
    return verdict


@pytest.mark.parametrize(
    ("reason", "events"),
    [
        ("origin failed: DeleteConflict", [delete_user("gone", 9, error="DeleteConflict")]),
        ("other actor", [delete_user("gone", 9, by=MALLORY)]),
        ("other account", [delete_user("gone", 9, account=OTHER_ACCOUNT)]),
        ("71m outside the window", [delete_user("gone", 3_600 + 71 * 60)]),
        ("71m outside the window", [delete_user("gone", -120 - 71 * 60)]),
        ("user recreated", [delete_user("gone", 9), create_user("back", 10)]),
        (
            "user renamed before the deletion",
            [rename_user("renamed", 5, "bob", "bobby"), delete_user("gone", 9)],
        ),
    ],
)
def test_one_fault_is_named_with_the_instance(reason: str, events: list[Event]) -> None:
    (near_miss,) = orphan("mfa", deactivate("mfa", 0), *events).near_misses
    assert near_miss.cascade == DELETE_USER.id
    assert near_miss.instance == "gone"
    assert near_miss.reason == reason


def test_a_failed_call_says_so() -> None:
    failed = strip("DeleteLoginProfile", "password", 0, error="NoSuchEntityException")
    verdict = orphan("password", failed, delete_user("gone", 9))
    assert verdict.failed
    assert verdict.error == "NoSuchEntityException"
    assert "this call failed: NoSuchEntityException" in reasons(verdict)[0]


@pytest.mark.parametrize(
    "parameters", [None, {}, {"userName": None}, {"userName": ["bob"]}], ids=str
)
def test_a_missing_key_is_named(parameters: object) -> None:
    verdict = orphan(
        "key", call("iam:DeleteAccessKey", "key", 0, parameters), delete_user("gone", 9)
    )
    assert any("key user is missing" in reason for reason in reasons(verdict))


def test_a_spoiler_without_a_reason_of_its_own() -> None:
    keys = {"name": "requestParameters.bucketName"}
    built = cascade(
        origin={"action": "s3:DeleteBucket", "keys": keys},
        effects=[
            {
                "action": "s3:PutBucketPolicy",
                "keys": keys,
                "join": ["name"],
                "within": {"before": "60s"},
            }
        ],
        spoilers=[
            {
                "action": "s3:CreateBucket",
                "keys": keys,
                "join": ["name"],
                "within": {"after": "60s"},
            }
        ],
    )
    names = {"bucketName": "b"}
    events = [
        call("s3:PutBucketPolicy", "policy", 0, names),
        call("s3:DeleteBucket", "gone", 9, names),
        call("s3:CreateBucket", "back", 20, names),
    ]
    assert reasons(classify([built], events)["policy"]) == ["spoiled"]


def test_several_faults_of_one_instance_stand_in_one_reason() -> None:
    far_and_foreign = delete_user("gone", 3_600 + 120, by=MALLORY)
    (reason,) = reasons(orphan("mfa", deactivate("mfa", 0), far_and_foreign))
    assert "other actor" in reason
    assert "2m outside the window" in reason


def test_the_fewest_faults_come_first_then_the_nearest() -> None:
    verdict = orphan(
        "mfa",
        deactivate("mfa", 0),
        delete_user("two-faults", 1, by=MALLORY, error="AccessDenied"),
        delete_user("far", 500, by=MALLORY),
        delete_user("near", 400, by=MALLORY),
    )
    assert [near_miss.instance for near_miss in verdict.near_misses] == [
        "near",
        "far",
        "two-faults",
    ]


def test_at_most_five_are_listed_and_they_are_the_nearest() -> None:
    others = [delete_user(f"gone-{number}", 10 * number, by=MALLORY) for number in range(1, 9)]
    verdict = orphan("mfa", deactivate("mfa", 0), *others)
    assert [near_miss.instance for near_miss in verdict.near_misses] == [
        f"gone-{number}" for number in range(1, 6)
    ]


@pytest.mark.parametrize("seconds", [3_600 + DAY, -120 - DAY])
def test_up_to_a_day_outside_of_the_window_is_near(seconds: int) -> None:
    mfa = deactivate("mfa", 0)
    assert len(orphan("mfa", mfa, delete_user("gone", seconds)).near_misses) == 1
    beyond = seconds + (1 if seconds > 0 else -1)
    assert orphan("mfa", mfa, delete_user("gone", beyond)).near_misses == ()


def test_a_deletion_of_somebody_else_is_not_near() -> None:
    assert orphan("mfa", deactivate("mfa", 0), delete_user("gone", 9, "carol")).near_misses == ()


def test_a_device_misses_the_deactivation_it_would_hang_on() -> None:
    verdict = orphan(
        "device",
        deactivate("mfa", 0, by=MALLORY),
        delete_device("device", 1),
        delete_user("gone", 9),
    )
    assert any("other actor" in reason for reason in reasons(verdict))


def test_an_edge_without_join_keys_is_compared_where_the_actor_rule_holds() -> None:
    built = cascade(
        origin={"action": "s3:DeleteBucket"},
        effects=[{"action": "s3:PutBucketPolicy", "within": {"before": "60s"}}],
    )

    def near_misses(by: Event) -> list[str]:
        put = call("s3:PutBucketPolicy", "policy", 0)
        return reasons(
            classify([built], [put, call("s3:DeleteBucket", "gone", 600, by=by)])["policy"]
        )

    assert near_misses(ALICE) == ["9m outside the window"]
    assert near_misses(MALLORY) == []


def test_a_condition_that_failed_is_a_near_miss() -> None:
    built = cascade(
        origin={"action": "s3:DeleteBucket"},
        effects=[
            {
                "action": "s3:PutBucketPolicy",
                "within": {"before": "60s"},
                "where": {"requestParameters.policy": {"absent": True}},
            }
        ],
    )
    could_be = cascade(
        cascade_id="aws.test.another",
        origin={"action": "s3:CreateBucket"},
        effects=[{"action": "s3:PutBucketPolicy"}],
    )
    put = call("s3:PutBucketPolicy", "policy", 0, {"policy": "{}"})
    events = [put, call("s3:DeleteBucket", "gone", 9)]
    (near_miss,) = classify([built, could_be], events)["policy"].near_misses
    assert near_miss.instance == "gone"
    assert "requestParameters.policy" in near_miss.reason


def test_a_missing_member_of_an_ensemble_is_a_near_miss_of_the_one_that_is_there() -> None:
    built = cascade(
        ensemble={"require": ["one", "two", "three"]},
        effects=[
            {"name": "one", "action": "s3:PutBucketAcl", "relation": "companion"},
            *(
                {
                    "name": name,
                    "action": action,
                    "relation": "companion",
                    "within": {"before": "60s", "after": "60s"},
                }
                for name, action in (
                    ("two", "s3:PutBucketPolicy"),
                    ("three", "s3:PutBucketLogging"),
                )
            ),
        ],
    )
    events = [call("s3:PutBucketAcl", "acl", 0), call("s3:PutBucketPolicy", "policy", 1)]
    (near_miss,) = classify([built], events)["policy"].near_misses
    assert (near_miss.cascade, near_miss.instance) == (built.id, "acl")
    assert "s3:PutBucketLogging" in near_miss.reason or "three" in near_miss.reason


@pytest.mark.parametrize("members", [{}, {"error": "DeleteConflict"}], ids=str)
def test_only_orphans_have_near_misses(members: Any) -> None:
    events = [
        deactivate("mfa", 0),
        delete_user("other", 5, by=MALLORY),
        delete_user("gone", 9),
        delete_user("refused", 8, **members),
    ]
    verdicts = classify([DELETE_USER], events)
    assert [verdict.near_misses for verdict in verdicts.values()] == [()] * 4
