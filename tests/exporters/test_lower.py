"""A cascade document, lowered: every field of it arrives in the query, and only what is in it."""

from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.exporters import lower
from cloudcascade.exporters.query import (
    ONE_HAND,
    SAME_REGION,
    SAME_TOOL,
    Denied,
    Key,
    KeyPair,
    Pattern,
    Test,
)
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
    assert query.node("iam:DeleteAccessKey").edge.join == (
        KeyPair(folded, folded),
        *ONE_HAND,
    )
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


@pytest.mark.parametrize(
    ("written", "more"),
    [
        ({}, ONE_HAND),
        ({"tool": "same"}, (SAME_TOOL, *ONE_HAND)),
        ({"region": "same"}, (SAME_REGION, *ONE_HAND)),
        ({"actor": "same-role"}, ONE_HAND),
        ({"actor": "any"}, ()),
        ({"actor": "service:backup.amazonaws.com"}, ()),
        ({"tool": "same", "region": "same", "actor": "any"}, (SAME_TOOL, SAME_REGION)),
    ],
)
def test_tool_region_and_hand_are_more_things_to_join_on(
    written: Document, more: tuple[KeyPair, ...]
) -> None:
    assert lower(of(**written)).nodes[0].edge.join[1:] == more


def test_what_silences_is_of_one_hand_along_its_chain_and_nothing_else_is() -> None:
    hop = {**EFFECT, "name": "hop", "action": "iam:DeleteLoginProfile", "policy": "annotate"}
    other = {**EFFECT, "name": "other", "action": "iam:DetachUserPolicy", "policy": "annotate"}
    child = {**EFFECT, "parent": "hop"}
    one = cascade(origin=ORIGIN, effects=[child, hop, other])
    query = lower(one)
    by_hand = {node.name for node in query.nodes if set(ONE_HAND) <= set(node.edge.join)}
    assert by_hand == {"iam:DeleteAccessKey", "hop"}
    labels = lower(one.model_copy(update={"effects": one.effects[1:]}))
    assert not any(set(ONE_HAND) & set(node.edge.join) for node in labels.nodes)


def test_a_required_member_may_be_of_another_hand() -> None:
    root = {"name": "root", "action": "iam:DeleteUser", "keys": {"user": USER}}
    member = {**EFFECT, "name": "member", "parent": "root"}
    query = lower(cascade(ensemble={"require": ["root", "member"]}, effects=[root, member]))
    assert set(ONE_HAND) <= set(query.node("member").edge.join)
    (required,) = query.members()
    assert required.name == "member"
    assert not set(ONE_HAND) & set(required.edge.join)


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
    pair, *_ = lower(of(keys={"user": source})).nodes[0].edge.join
    assert pair.own == key


BUCKET = "requestParameters.bucketName"


@pytest.mark.parametrize(
    ("source", "fold"), [(BUCKET, False), ({"path": BUCKET, "transform": "lower"}, True)]
)
def test_only_iam_names_and_keys_that_say_so_compare_without_case(source: Any, fold: bool) -> None:
    origin = {"action": "s3:DeleteBucket", "keys": {"bucket": source}}
    effect = {"action": "s3:PutBucketPolicy", "keys": {"bucket": source}, "join": ["bucket"]}
    pair, *_ = lower(cascade(origin=origin, effects=[effect])).nodes[0].edge.join
    assert (pair.own.fold, pair.parent.fold) == (fold, fold)


def test_what_lies_between_reaches_as_far_as_the_cascade() -> None:
    child = {**EFFECT, "name": "child", "parent": "iam:DeleteAccessKey"}
    again = {"action": "iam:DeleteUser", "keys": {"user": USER}, "join": ["user"], "between": True}
    query = lower(cascade(origin=ORIGIN, effects=[EFFECT, child], spoilers=[again]))
    (spoiler,) = query.spoilers
    assert (spoiler.between, spoiler.before, spoiler.after) == (True, 2 * 3600, 4 * 60)
    # It lies no further than the events do.
    assert (query.reach_before, query.reach_after) == (4 * 60, 2 * 3600)


def test_a_root_must_say_what_spoilers_join_on() -> None:
    query = lower(DELETE_USER)
    assert query.root_keys == (Key("user", (USER,), fold=True),)
    assert query.root_account
    assert (lower(of()).root_keys, lower(of()).root_account) == ((), False)


def test_conditions_become_tests() -> None:
    where = {
        "requestParameters.a": "on",
        "requestParameters.b": {"in": ["on", 1, False]},
        "requestParameters.c": {"startswith": "o", "endswith": "n"},
        "requestParameters.d": {"exists": True},
        "requestParameters.e": {"absent": True},
        "requestParameters.f": {"not": {"equals": "off"}},
        "requestParameters.g": {"grants": "own-account"},
        "requestParameters.h": {"only": ["a", "b"]},
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
            Test("requestParameters.h", "only", ("a", "b")),
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


def test_vetoes_are_nodes_of_a_stricter_policy_that_may_explain_the_same_event() -> None:
    strict = {**EFFECT, "policy": "annotate"}
    failed = {
        **strict,
        "name": "failed",
        "outcome": "any",
        "where": {"errorCode": "NoSuchEntityException"},
    }
    hop = {**strict, "action": "iam:DeleteLoginProfile"}
    below = {**strict, "name": "below", "parent": "iam:DeleteLoginProfile", "policy": "never"}
    one = cascade(cascade_id="aws.test.one", origin=ORIGIN, effects=[EFFECT, failed])
    group = {**ORIGIN, "action": "iam:DeleteGroup"}
    two = cascade(cascade_id="aws.test.two", origin=group, effects=[hop, below])
    other = cascade(cascade_id="aws.test.other", origin=group, effects=[hop])
    query = lower(one, [one, two, other], window=60)
    (veto,) = query.vetoes
    assert (veto.cascade, veto.actions) == ("aws.test.two", ("iam:DeleteAccessKey",))
    assert [node.name for node in veto.nodes] == ["iam:DeleteLoginProfile", "below"]
    # Whoever's hand it was, and however narrow the windows are that explain.
    assert not any(set(ONE_HAND) & set(node.edge.join) for node in veto.nodes)
    assert veto.nodes[0].edge.before == 3600
    assert "iam:DeleteGroup" in query.all_actions()
    assert query.reach_after == veto.reach_after


def test_a_cascade_vetoes_itself_where_one_node_is_stricter() -> None:
    strict = {**EFFECT, "name": "strict", "policy": "annotate", "actor": "any"}
    (veto,) = lower(cascade(origin=ORIGIN, effects=[EFFECT, strict])).vetoes
    assert [node.name for node in veto.subjects] == ["strict"]


BATCH: Document = {
    **EFFECT,
    "action": "ec2:DeleteFlowLogs",
    "keys": {"user": "requestParameters.DeleteFlowLogsRequest.FlowLogId[].content"},
}
NOTHING_FAILED = (
    Test("responseElements.unsuccessful", "absent"),
    Test("responseElements.DeleteFlowLogsResponse.unsuccessful", "absent"),
    Test("responseElements.omitted", "absent"),
)


def test_a_batch_explains_and_is_explained_only_where_nothing_failed() -> None:
    origin = {"action": "ecs:DeleteTaskDefinitions", "keys": BATCH["keys"]}
    built = cascade(origin=origin, effects=[BATCH])
    query = lower(built)
    assert query.nodes[0].pattern.where == NOTHING_FAILED
    assert query.root.where == (
        Test("responseElements.failures", "absent"),
        Test("responseElements.omitted", "absent"),
    )


def test_a_batch_that_may_have_failed_a_spoiler_and_a_veto_are_not_asked_what_failed() -> None:
    spoiler = {
        "action": "ec2:DeleteFlowLogs",
        "keys": BATCH["keys"],
        "join": ["user"],
        "within": {"after": "60m"},
    }
    built = cascade(
        origin=ORIGIN, effects=[{**BATCH, "outcome": "any"}, EFFECT], spoilers=[spoiler]
    )
    query = lower(built)
    assert query.nodes[0].pattern.where == ()
    assert query.spoilers[0].pattern.where == ()
    strict = cascade(
        cascade_id="aws.test.strict", origin=ORIGIN, effects=[BATCH], policy="annotate"
    )
    (veto,) = lower(cascade(origin=ORIGIN, effects=[BATCH]), [strict]).vetoes
    assert veto.cascade == "aws.test.strict"
    assert veto.nodes[0].pattern.where == ()
