"""A cascade document, lowered: every field of it arrives in the query, and only what is in it."""

from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.exporters import lower
from cloudcascade.exporters.query import SAME_TOOL, Denied, Key, KeyPair, Pattern, Test
from cloudcascade.tests.support.cascades import DELETE_USER, Document, cascade

USER = "requestParameters.userName"
ORIGIN: Document = {"action": "iam:DeleteUser", "keys": {"user": USER}}
EFFECT: Document = {
    "action": "iam:DeleteAccessKey",
    "keys": {"user": USER},
    "join": ["user"],
    "within": {"before": "60m", "after": "2m"},
}


def of(**effect: Any) -> Cascade:
    return cascade(origin=ORIGIN, effects=[{**EFFECT, **effect}])


def test_the_main_example() -> None:
    query = lower(DELETE_USER)
    assert query.cascade == "aws.iam.delete-user"
    assert query.root == Pattern("iam:DeleteUser")
    assert (query.root.event_source, query.root.event_name) == ("iam.amazonaws.com", "DeleteUser")
    assert query.purpose == "alert"
    assert not query.ensemble
    assert query.actions[:2] == ("iam:DeactivateMFADevice", "iam:DeleteAccessKey")
    assert len(query.actions) == 10
    assert query.techniques == ("T1531", "T1556.006")
    assert query.references == (
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html",
    )
    device = query.node("iam:DeleteVirtualMFADevice")
    assert [node.name for node in query.chain(device)] == [
        "iam:DeleteVirtualMFADevice",
        "iam:DeactivateMFADevice",
    ]
    folded = Key("user", (USER,), fold=True)
    assert query.node("iam:DeleteAccessKey").edge.join == (KeyPair(folded, folded),)
    assert [spoiler.reason for spoiler in query.spoilers] == [
        "user recreated",
        "user renamed onto the name",
        "user renamed before the deletion",
    ]
    # 2m + 60m through the device; the deletion after, and what voids it an hour on.
    assert query.reach_before == 60 * 60 + 2 * 60 + 60 * 60
    assert query.reach_after == 60 * 60 + 2 * 60 + 60 * 60
    assert query.hold == query.reach_after + 20 * 60
    with pytest.raises(KeyError):
        query.node("iam:DeleteUser")


def test_parents_stand_before_children_whatever_the_order_in_the_file() -> None:
    child = {**EFFECT, "name": "child", "parent": "parent"}
    parent = {**EFFECT, "name": "parent", "action": "iam:DeleteLoginProfile"}
    query = lower(cascade(origin=ORIGIN, effects=[child, parent]))
    assert [(node.name, node.parent) for node in query.nodes] == [
        ("parent", None),
        ("child", "parent"),
    ]


@pytest.mark.parametrize(
    ("cap", "before", "after"),
    [(None, 3600, 120), (600, 600, 120), (60, 60, 60), (7200, 3600, 120)],
)
def test_a_cap_narrows_windows_and_never_widens_them(
    cap: int | None, before: int, after: int
) -> None:
    edge = lower(of(), window=cap).nodes[0].edge
    assert (edge.before, edge.after) == (before, after)


def test_a_cap_leaves_spoilers_alone() -> None:
    assert lower(DELETE_USER, window=60).spoilers == lower(DELETE_USER).spoilers


@pytest.mark.parametrize(
    ("written", "edge"),
    [
        ({"actor": "same-role"}, {"actor": "same-role", "service": None}),
        ({"actor": "any"}, {"actor": "any"}),
        ({"actor": "service:backup.amazonaws.com"}, {"actor": "service", "service": "backup.amazonaws.com"}),
        ({"account": "any"}, {"same_account": False}),
        ({}, {"actor": "same", "same_account": True, "distinct": ()}),
    ],
)  # fmt: skip
def test_what_an_effect_asks_of_its_parent(written: Document, edge: dict[str, Any]) -> None:
    found = lower(of(**written)).nodes[0].edge
    assert {name: getattr(found, name) for name in edge} == edge


def test_the_tool_is_one_more_thing_to_join_on() -> None:
    (user,) = lower(of()).nodes[0].edge.join
    assert lower(of(tool="same")).nodes[0].edge.join == (user, SAME_TOOL)


@pytest.mark.parametrize(
    ("source", "key"),
    [
        (USER, Key("user", (USER,), fold=True)),
        (
            {"path": USER, "transform": "arn-name"},
            Key("user", (USER,), arn_name=True, fold=True),
        ),
        (
            {"first-of": [USER, "requestParameters.alias"]},
            Key("user", (USER, "requestParameters.alias"), fold=True),
        ),
    ],
)
def test_how_a_key_is_read(source: Any, key: Key) -> None:
    (pair,) = lower(of(keys={"user": source})).nodes[0].edge.join
    assert pair.own == key


BUCKET = "requestParameters.bucketName"


@pytest.mark.parametrize(
    ("source", "fold"), [(BUCKET, False), ({"path": BUCKET, "transform": "lower"}, True)]
)
def test_only_iam_names_and_keys_that_say_so_compare_without_case(source: Any, fold: bool) -> None:
    origin = {"action": "s3:DeleteBucket", "keys": {"bucket": source}}
    effect = {"action": "s3:PutBucketPolicy", "keys": {"bucket": source}, "join": ["bucket"]}
    (pair,) = lower(cascade(origin=origin, effects=[effect])).nodes[0].edge.join
    assert (pair.own.fold, pair.parent.fold) == (fold, fold)


def test_conditions_become_tests() -> None:
    where = {
        "requestParameters.a": "on",
        "requestParameters.b": {"in": ["on", 1, False]},
        "requestParameters.c": {"startswith": "o", "endswith": "n"},
        "requestParameters.d": {"exists": True},
        "requestParameters.e": {"absent": True},
        "requestParameters.f": {"not": {"equals": "off"}},
        "requestParameters.g": {"grants": "own-account"},
    }
    assert lower(of(where=where, outcome="any")).nodes[0].pattern == Pattern(
        "iam:DeleteAccessKey",
        (
            Test("requestParameters.a", "equals", ("on",)),
            Test("requestParameters.b", "in", ("on", 1, False)),
            Test("requestParameters.c", "startswith", ("o",)),
            Test("requestParameters.c", "endswith", ("n",)),
            Test("requestParameters.d", "exists"),
            Test("requestParameters.e", "absent"),
            Denied("requestParameters.f", (Test("requestParameters.f", "equals", ("off",)),)),
            Test("requestParameters.g", "grants"),
        ),
        may_fail=True,
    )


def test_an_ensemble_has_required_members_and_a_root_that_is_a_subject() -> None:
    root = {"name": "root", "action": "iam:DeleteUser", "keys": {"user": USER}, "attack": ["T1531"]}
    member = {**EFFECT, "name": "member", "parent": "root"}
    query = lower(cascade(ensemble={"require": ["root", "member"]}, effects=[root, member]))
    assert query.ensemble
    assert query.required == ("member",)
    assert [node.name for node in query.nodes] == ["member"]
    assert query.root_is_subject
    assert query.actions == ("iam:DeleteUser", "iam:DeleteAccessKey")
    assert query.techniques == ("T1531",)


def test_effects_of_a_stricter_policy_are_no_subjects() -> None:
    other = {**EFFECT, "action": "iam:DeleteLoginProfile", "policy": "annotate"}
    query = lower(cascade(origin=ORIGIN, effects=[EFFECT, other]))
    assert query.actions == ("iam:DeleteAccessKey",)
    labelled = lower(cascade(origin=ORIGIN, effects=[EFFECT, other], policy="annotate"))
    assert labelled.purpose == "enrich"
    assert labelled.actions == ("iam:DeleteAccessKey", "iam:DeleteLoginProfile")


def test_rivals_are_the_other_cascades_that_silence_some_of_the_actions_cut_down_to_them() -> None:
    one = of()
    chain = [
        {**EFFECT, "name": "other", "action": "iam:DeleteLoginProfile"},
        {**EFFECT, "name": "key", "parent": "other"},
        {**EFFECT, "name": "more", "action": "iam:DetachUserPolicy"},
    ]
    group = {**ORIGIN, "action": "iam:DeleteGroup"}
    two = cascade(cascade_id="aws.test.two", origin=group, effects=chain)
    only_labels = cascade(
        cascade_id="aws.test.three", origin=group, effects=[EFFECT], policy="annotate"
    )
    unrelated = cascade(cascade_id="aws.test.four", origin=group, effects=chain[2:])
    query = lower(one, [one, two, only_labels, unrelated], lateness=60)
    (rival,) = query.rivals
    assert rival.cascade == "aws.test.two"
    assert rival.actions == ("iam:DeleteAccessKey",)
    assert [node.name for node in rival.nodes] == ["other", "key"]
    assert query.lateness == rival.lateness == 60
    assert query.reach_after == rival.reach_after == 2 * 60 * 60
    assert query.all_actions() == (
        "iam:DeleteUser", "iam:DeleteAccessKey", "iam:DeleteGroup", "iam:DeleteLoginProfile",
    )  # fmt: skip


def test_a_query_that_only_labels_has_no_rivals() -> None:
    labels = cascade(cascade_id="aws.test.l", origin=ORIGIN, effects=[EFFECT], policy="annotate")
    assert lower(labels, [labels, of()]).rivals == ()
