"""Cascades without one originating event: all required members, or nothing."""

from typing import Any

import pytest

from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import MALLORY, OTHER_ACCOUNT, Event, call, classify
from cloudcascade.tests.support.offboarding import summary

USER = "requestParameters.userName"
OLD_KEY = "requestParameters.accessKeyId"
ROTATION = cascade(
    cascade_id="aws.iam.rotate-access-key",
    ensemble={"require": ["iam:CreateAccessKey", "iam:DeleteAccessKey"]},
    effects=[
        {
            "action": "iam:UpdateAccessKey",
            "relation": "precondition",
            "keys": {"user": USER, "key": OLD_KEY},
            "parent": "iam:DeleteAccessKey",
            "join": ["user", "key"],
            "within": {"before": "1h"},
            "where": {"requestParameters.status": "Inactive"},
        },
        {
            "action": "iam:DeleteAccessKey",
            "relation": "consequence",
            "keys": {"user": USER, "key": OLD_KEY},
            "join": ["user"],
            "distinct": ["key"],
            "within": {"before": "60s", "after": "1h"},
            "attack": ["T1531"],
        },
        {
            "action": "iam:CreateAccessKey",
            "relation": "companion",
            "keys": {"user": USER, "key": "responseElements.accessKey.accessKeyId"},
            "attack": ["T1098"],
        },
    ],
    spoilers=[
        {
            "action": "iam:AttachUserPolicy",
            "keys": {"user": USER},
            "join": ["user"],
            "within": {"after": "1h"},
        }
    ],
    policy="annotate",
)


def create(event_id: str, seconds: int, key: str, user: str = "bob", **more: Any) -> Event:
    response = {"accessKey": {"userName": user, "accessKeyId": key}}
    return call(
        "iam:CreateAccessKey",
        event_id,
        seconds,
        {"userName": user},
        responseElements=response,
        **more,
    )


def delete(event_id: str, seconds: int, key: str, user: str = "bob", **more: Any) -> Event:
    names = {"userName": user, "accessKeyId": key}
    return call("iam:DeleteAccessKey", event_id, seconds, names, **more)


def switch(event_id: str, seconds: int, key: str, status: str) -> Event:
    names = {"userName": "bob", "accessKeyId": key, "status": status}
    return call("iam:UpdateAccessKey", event_id, seconds, names)


BOTH = {"new": "effect of new", "old": "effect of new"}
NEITHER = {"new": "orphan", "old": "orphan"}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([create("new", 0, "B"), delete("old", 60, "A")], BOTH, id="a rotation"),
        pytest.param(
            [delete("old", 0, "A"), create("new", 60, "B")], BOTH, id="the old key goes first"
        ),
        pytest.param([create("new", 0, "B"), delete("old", 0, "A")], BOTH, id="in one second"),
        pytest.param([create("new", 0, "B")], {"new": "orphan"}, id="a new key alone"),
        pytest.param([delete("old", 0, "A")], {"old": "orphan"}, id="an old key alone"),
        pytest.param(
            [create("new", 0, "B"), delete("old", 60, "B")],
            NEITHER,
            id="the new key itself is deleted",
        ),
        pytest.param(
            [create("new", 0, "B"), delete("old", 60, "b")],
            NEITHER,
            id="the new key itself is deleted, in other case",
        ),
        pytest.param(
            [create("new", 0, "B"), delete("old", 60, "A", "carol")],
            NEITHER,
            id="another user's key",
        ),
        pytest.param(
            [create("new", 0, "B"), delete("old", 60, "A", by=MALLORY)], NEITHER, id="another actor"
        ),
        pytest.param(
            [create("new", 0, "B"), delete("old", 60, "A", account=OTHER_ACCOUNT)],
            NEITHER,
            id="another account",
        ),
        pytest.param([create("new", 0, "B"), delete("old", 3_600, "A")], BOTH, id="an hour after"),
        pytest.param(
            [create("new", 0, "B"), delete("old", 3_601, "A")], NEITHER, id="over an hour after"
        ),
        pytest.param([create("new", 60, "B"), delete("old", 0, "A")], BOTH, id="a minute before"),
        pytest.param(
            [create("new", 61, "B"), delete("old", 0, "A")], NEITHER, id="over a minute before"
        ),
        pytest.param(
            [create("new", 0, "B", error="LimitExceededException"), delete("old", 60, "A")],
            {"new": "failed orphan", "old": "orphan"},
            id="the new key is refused",
        ),
        pytest.param(
            [create("new", 0, "B"), delete("old", 60, "A", error="NoSuchEntityException")],
            {"new": "orphan", "old": "failed orphan"},
            id="the old key stays",
        ),
        pytest.param(
            [{**create("new", 0, "B"), "responseElements": None}, delete("old", 60, "A")],
            NEITHER,
            id="which key is new is unknown",
        ),
        pytest.param(
            [create("new", 0, "B"), delete("old", 60, "A"), delete("older", 70, "Z")],
            {**BOTH, "older": "effect of new"},
            id="two old keys",
        ),
        pytest.param(
            [create("first", 0, "B"), create("second", 100, "C"), delete("old", 110, "A")],
            {"first": "effect of first", "second": "effect of second", "old": "effect of second"},
            id="two new keys, the nearer is named",
        ),
        pytest.param(
            [create("first", 0, "B"), create("second", 100, "C"), delete("old", 110, "B")],
            {"first": "orphan", "second": "effect of second", "old": "effect of second"},
            id="of two new keys the first is deleted",
        ),
        pytest.param(
            [switch("off", 0, "A", "Inactive"), create("new", 0, "B"), delete("old", 60, "A")],
            {**BOTH, "off": "effect of new"},
            id="an optional member hangs on a required one",
        ),
        pytest.param(
            [switch("off", 0, "Z", "Inactive"), create("new", 0, "B"), delete("old", 60, "A")],
            {**BOTH, "off": "orphan"},
            id="an optional member that joins nothing",
        ),
        pytest.param(
            [switch("off", 0, "A", "Active"), create("new", 0, "B"), delete("old", 60, "A")],
            {**BOTH, "off": "orphan"},
            id="an optional member that does not fit",
        ),
        pytest.param(
            [switch("off", 0, "A", "Inactive"), create("new", 0, "B")],
            {"off": "orphan", "new": "orphan"},
            id="an optional member does not stand in for a required one",
        ),
        pytest.param(
            [
                create("new", 0, "B"),
                delete("old", 60, "A"),
                call("iam:AttachUserPolicy", "policy", 90, {"userName": "bob"}),
            ],
            NEITHER,
            id="spoiled",
        ),
    ],
)
def test_key_rotation(events: list[Event], expected: dict[str, str]) -> None:
    for order in (events, events[::-1]):
        verdicts = classify([ROTATION], order)
        assert {name: summary(verdict) for name, verdict in verdicts.items()} == expected
    oracle = oracle_verdicts([ROTATION], events)
    assert {name: summary(verdict) for name, verdict in oracle.items()} == expected


def test_the_root_is_explained_by_its_own_instance() -> None:
    root = classify([ROTATION], [create("new", 0, "B"), delete("old", 60, "A")])["new"]
    assert (root.cascade, root.instance, root.path) == (
        "aws.iam.rotate-access-key",
        "new",
        ("new",),
    )
    assert (root.relation, root.policy, root.techniques) == ("companion", "annotate", ("T1098",))


def test_a_member_tells_its_own_relation_and_path() -> None:
    events = [switch("off", 0, "A", "Inactive"), create("new", 0, "B"), delete("old", 60, "A")]
    verdicts = classify([ROTATION], events)
    assert (verdicts["old"].relation, verdicts["old"].path) == ("consequence", ("old", "new"))
    assert (verdicts["off"].relation, verdicts["off"].path) == (
        "precondition",
        ("off", "old", "new"),
    )


def member(name: str, action: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "action": action, "relation": "companion", **more}


def required(name: str, action: str, **more: Any) -> dict[str, Any]:
    within = {"before": "60s", "after": "60s"}
    return member(name, action, within=within, **more)


def test_all_required_members_must_be_there() -> None:
    three = cascade(
        ensemble={"require": ["one", "two", "three"]},
        effects=[
            member("one", "s3:PutBucketAcl"),
            required("two", "s3:PutBucketPolicy"),
            required("three", "s3:PutBucketLogging"),
        ],
    )
    events = [
        call("s3:PutBucketAcl", "one", 0),
        call("s3:PutBucketPolicy", "two", 1),
        call("s3:PutBucketLogging", "three", 2),
    ]
    assert {v.verdict for v in classify([three], events).values()} == {"effect"}
    for missing in range(3):
        rest = events[:missing] + events[missing + 1 :]
        assert {v.verdict for v in classify([three], rest).values()} == {"orphan"}


def test_the_root_cannot_be_its_own_required_member() -> None:
    twice = cascade(
        ensemble={"require": ["one", "two"]},
        effects=[member("one", "s3:PutBucketAcl"), required("two", "s3:PutBucketAcl")],
    )
    alone = call("s3:PutBucketAcl", "alone", 0)
    assert classify([twice], [alone])["alone"].verdict == "orphan"
    pair = classify([twice], [alone, call("s3:PutBucketAcl", "other", 1)])
    assert {name: (v.verdict, v.instance) for name, v in pair.items()} == {
        "alone": ("effect", "alone"),
        "other": ("effect", "other"),
    }
    assert pair["alone"].also[0].instance == "other"


def test_the_first_required_member_is_the_root_wherever_it_stands_in_the_document() -> None:
    built = cascade(
        ensemble={"require": ["last", "first"]},
        effects=[required("first", "s3:PutBucketPolicy"), member("last", "s3:PutBucketAcl")],
    )
    events = [call("s3:PutBucketPolicy", "a", 0), call("s3:PutBucketAcl", "b", 1)]
    verdicts = classify([built], events)
    assert {name: v.instance for name, v in verdicts.items()} == {"a": "b", "b": "b"}


def test_a_required_member_that_may_fail_counts_when_it_failed() -> None:
    built = cascade(
        ensemble={"require": ["one", "two"]},
        effects=[
            member("one", "s3:PutBucketAcl"),
            required("two", "s3:PutBucketPolicy", outcome="any"),
        ],
    )
    events = [
        call("s3:PutBucketAcl", "one", 0),
        call("s3:PutBucketPolicy", "two", 1, error="AccessDenied"),
    ]
    verdicts = classify([built], events)
    assert {name: summary(v) for name, v in verdicts.items()} == {
        "one": "effect of one",
        "two": "failed effect of one",
    }
