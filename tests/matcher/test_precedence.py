"""One event, several roles and several explanations: which of them is told, and which comes first."""

from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import (
    ALICE,
    START,
    Event,
    call,
    classify,
    record,
    verdict_list,
)

NAME = {"name": "requestParameters.name"}


def chain(cascade_id: str, origin: str, *effects: dict[str, Any], **more: Any) -> Cascade:
    """A cascade whose effects lie within a minute of their parents and join on the name."""
    within = {"before": "60s", "after": "60s"}
    return cascade(
        cascade_id=cascade_id,
        origin={"action": origin, "keys": NAME},
        effects=[
            {"keys": NAME, "join": ["name"], "within": within, **effect} for effect in effects
        ],
        **more,
    )


def happening(action: str, event_id: str, seconds: int, **more: Any) -> Event:
    return call(action, event_id, seconds, {"name": "n"}, **more)


DELETES = chain("aws.test.deletes", "s3:DeleteBucket", {"action": "s3:DeleteBucketPolicy"})
TEARDOWN = chain("aws.test.teardown", "cloudformation:DeleteStack", {"action": "s3:DeleteBucket"})


def test_effect_goes_before_origin() -> None:
    events = [
        happening("cloudformation:DeleteStack", "stack", 0),
        happening("s3:DeleteBucket", "b", 9),
    ]
    assert classify([DELETES, TEARDOWN], events)["b"].verdict == "effect"
    assert classify([DELETES, TEARDOWN], events[1:])["b"].verdict == "origin"


def test_an_effect_still_begins_an_instance_of_its_own() -> None:
    events = [
        happening("cloudformation:DeleteStack", "stack", 0),
        happening("s3:DeleteBucket", "b", 9),
        happening("s3:DeleteBucketPolicy", "policy", 9),
    ]
    verdict = classify([DELETES, TEARDOWN], events)["policy"]
    assert (verdict.verdict, verdict.instance) == ("effect", "b")


def test_origin_goes_before_orphan() -> None:
    assert classify([TEARDOWN], [happening("s3:DeleteBucket", "b", 0)])["b"].verdict == "orphan"
    both = classify([TEARDOWN, DELETES], [happening("s3:DeleteBucket", "b", 0)])["b"]
    assert (both.verdict, both.near_misses) == ("origin", ())


@pytest.mark.parametrize("action", ["s3:CreateBucket", "s3:Deletebucket", "S3:DeleteBucket"])
def test_an_action_of_no_origin_and_no_effect_is_unlisted(action: str) -> None:
    spoiler = {
        "action": "s3:CreateBucket",
        "keys": NAME,
        "join": ["name"],
        "within": {"after": "1m"},
    }
    built = chain(
        "aws.test.deletes",
        "s3:DeleteBucket",
        {"action": "s3:DeleteBucketPolicy"},
        spoilers=[spoiler],
    )
    found = classify([built], [happening(action, "x", 0)])
    assert {verdict.verdict for verdict in found.values()} <= {"unlisted"}


def test_only_the_suffix_of_the_event_source_is_left_out() -> None:
    china = happening("s3:DeleteBucket", "b", 0, eventSource="s3.amazonaws.com.cn")
    assert classify([DELETES], [china]) == {}


def test_an_origin_names_the_first_cascade_by_id_and_the_rest_are_also() -> None:
    ids = ["aws.test.c", "aws.test.a", "aws.test.b"]
    built = [chain(one, "s3:DeleteBucket", {"action": "s3:DeleteBucketPolicy"}) for one in ids]
    verdict = classify(built, [happening("s3:DeleteBucket", "b", 0)])["b"]
    assert (verdict.cascade, verdict.instance, verdict.path) == ("aws.test.a", "b", ("b",))
    assert (verdict.relation, verdict.policy) == (None, None)
    assert [other.cascade for other in verdict.also] == ["aws.test.b", "aws.test.c"]


def test_the_nearest_instance_is_told_and_the_others_are_also() -> None:
    events = [
        happening("s3:DeleteBucket", "far", 0),
        happening("s3:DeleteBucket", "near", 40),
        happening("s3:DeleteBucketPolicy", "policy", 50),
    ]
    verdict = classify([DELETES], events)["policy"]
    assert verdict.instance == "near"
    (other,) = verdict.also
    assert (other.cascade, other.instance, other.path) == (DELETES.id, "far", ("policy", "far"))


def test_of_equally_near_instances_the_cascade_id_decides_then_the_event_id() -> None:
    effect = {"action": "s3:DeleteBucketPolicy"}
    built = [
        chain("aws.test.b", "s3:DeleteBucket", effect),
        chain("aws.test.a", "s3:PutBucketAcl", effect),
    ]
    events = [
        happening("s3:DeleteBucket", "1", 0),
        happening("s3:PutBucketAcl", "3", 20),
        happening("s3:PutBucketAcl", "2", 0),
        happening("s3:DeleteBucketPolicy", "policy", 10),
    ]
    verdict = classify(built, events)["policy"]
    order = [(verdict.cascade, verdict.instance), *((o.cascade, o.instance) for o in verdict.also)]
    assert order == [("aws.test.a", "2"), ("aws.test.a", "3"), ("aws.test.b", "1")]


def test_at_most_32_other_explanations_are_told() -> None:
    roots = [happening("s3:DeleteBucket", f"root-{number:02}", 0) for number in range(40)]
    verdict = classify([DELETES], [*roots, happening("s3:DeleteBucketPolicy", "policy", 9)])[
        "policy"
    ]
    assert verdict.instance == "root-00"
    assert [other.instance for other in verdict.also] == [f"root-{n:02}" for n in range(1, 33)]


def test_of_two_nodes_the_first_in_the_document_counts_even_if_its_path_is_longer() -> None:
    through = {"name": "through", "action": "s3:PutBucketAcl"}
    long = {
        "name": "long",
        "action": "s3:DeleteBucketPolicy",
        "parent": "through",
        "relation": "companion",
    }
    short = {"name": "short", "action": "s3:DeleteBucketPolicy", "relation": "consequence"}
    events = [
        happening("s3:DeleteBucket", "root", 0),
        happening("s3:PutBucketAcl", "between", 5),
        happening("s3:DeleteBucketPolicy", "policy", 9),
    ]
    one = classify([chain("aws.test.x", "s3:DeleteBucket", long, short, through)], events)["policy"]
    assert (one.relation, one.path, one.also) == ("companion", ("policy", "between", "root"), ())
    other = classify([chain("aws.test.x", "s3:DeleteBucket", short, through, long)], events)[
        "policy"
    ]
    assert (other.relation, other.path, other.also) == ("consequence", ("policy", "root"), ())


def test_of_two_paths_the_nearest_step_counts_then_the_smaller_event_id() -> None:
    built = chain(
        "aws.test.x",
        "s3:DeleteBucket",
        {"action": "s3:PutBucketAcl"},
        {"action": "s3:DeleteBucketPolicy", "parent": "s3:PutBucketAcl"},
    )
    ends = [
        happening("s3:DeleteBucket", "root", 0),
        happening("s3:DeleteBucketPolicy", "policy", 20),
    ]
    near, far = (happening("s3:PutBucketAcl", name, s) for name, s in (("z", 15), ("a", 10)))
    assert classify([built], [*ends, far, near])["policy"].path == ("policy", "z", "root")
    tie = happening("s3:PutBucketAcl", "y", 25)
    assert classify([built], [*ends, near, tie])["policy"].path == ("policy", "y", "root")


def test_the_events_of_a_path_are_all_different() -> None:
    built = chain(
        "aws.test.x",
        "s3:DeleteBucket",
        {
            "name": "first",
            "action": "s3:PutBucketAcl",
            "where": {"requestParameters.deep": {"absent": True}},
        },
        {"name": "second", "action": "s3:DeleteBucket", "parent": "first"},
    )
    events = [happening("s3:DeleteBucket", "root", 0), happening("s3:PutBucketAcl", "acl", 5)]
    assert classify([built], events)["root"].verdict == "origin"


def test_an_effect_may_have_a_stricter_policy_than_its_cascade() -> None:
    built = chain(
        "aws.test.x",
        "s3:DeleteBucket",
        {"action": "s3:PutBucketAcl"},
        {"action": "s3:DeleteBucketPolicy", "policy": "never"},
        policy="annotate",
    )
    events = [
        happening("s3:DeleteBucket", "root", 0),
        happening("s3:PutBucketAcl", "acl", 1),
        happening("s3:DeleteBucketPolicy", "policy", 2),
    ]
    verdicts = classify([built], events)
    assert {name: verdict.policy for name, verdict in verdicts.items()} == {
        "root": None,
        "acl": "annotate",
        "policy": "never",
    }


def test_the_techniques_of_an_orphan_are_those_of_all_nodes_with_its_action() -> None:
    built = [
        chain("aws.test.a", "s3:DeleteBucket", {"action": "s3:PutBucketAcl", "attack": ["T1531"]}),
        chain("aws.test.b", "s3:CreateBucket", {"action": "s3:PutBucketAcl", "attack": ["T1098"]}),
    ]
    alone = happening("s3:PutBucketAcl", "acl", 9)
    assert set(classify(built, [alone])["acl"].techniques) == {"T1098", "T1531"}
    explained = classify(built, [alone, happening("s3:DeleteBucket", "root", 10)])["acl"]
    assert explained.techniques == ("T1531",)


def test_a_failed_effect_counts_where_the_document_says_so() -> None:
    built = chain("aws.test.x", "s3:DeleteBucket", {"action": "s3:PutBucketAcl", "outcome": "any"})
    events = [
        happening("s3:DeleteBucket", "root", 0),
        happening("s3:PutBucketAcl", "acl", 5, error="AccessDenied"),
    ]
    verdict = classify([built], events)["acl"]
    assert (verdict.verdict, verdict.failed, verdict.error) == ("effect", True, "AccessDenied")


def test_verdicts_come_in_the_order_of_time_then_event_id() -> None:
    events = [
        happening("s3:DeleteBucket", "b", 5),
        happening("s3:DeleteBucket", "a", 5),
        happening("s3:DeleteBucketPolicy", "z", 0),
        happening("s3:DeleteBucketPolicy", "c", 9),
    ]
    assert [verdict.event_id for verdict in verdict_list([DELETES], events)] == ["z", "a", "b", "c"]


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2024-13-01T00:00:00Z", "2024-05-14", "171567720"]
)
def test_a_time_that_cannot_be_read_does_not_stop_the_rest(text: str) -> None:
    broken = happening("s3:DeleteBucketPolicy", "broken", 0, eventTime=text)
    verdicts = classify([DELETES], [broken, happening("s3:DeleteBucket", "root", 0)])
    assert "broken" not in verdicts
    assert verdicts["root"].verdict == "origin"


def test_a_record_needs_nothing_but_a_name_a_source_and_a_time() -> None:
    bare = {
        "eventName": "DeleteBucket",
        "eventSource": "s3.amazonaws.com",
        "eventTime": START.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert record(bare).eventID is None
    (verdict,) = verdict_list([DELETES], [bare])
    assert (verdict.verdict, verdict.account, verdict.actor, verdict.actor_arn) == (
        "origin",
        None,
        None,
        None,
    )


TIME_ONLY: dict[str, Any] = {"keys": {}, "join": []}
INVOKED = {"where": {"userIdentity.invokedBy": "cloudformation.amazonaws.com"}}


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        pytest.param(TIME_ONLY, {}, id="the same entity before time and actor"),
        pytest.param(TIME_ONLY, {**TIME_ONLY, **INVOKED}, id="who invoked it before time"),
        pytest.param(
            TIME_ONLY,
            {**TIME_ONLY, "actor": "service:cloudformation.amazonaws.com"},
            id="an attested service before time",
        ),
        pytest.param(
            {**TIME_ONLY, "region": "same"}, {}, id="one Region is no entity that they share"
        ),
        pytest.param({**TIME_ONLY, "tool": "same"}, {}, id="an entity before a tool"),
        pytest.param({}, {"tool": "same"}, id="the tool that is at work before any"),
        pytest.param(
            {}, {"where": {"userAgent": {"startswith": "Terr"}}}, id="a tool that is asked for"
        ),
        pytest.param(
            {"where": {"userAgent": {"not": "x"}}},
            {"where": {"userAgent": {"endswith": "form/1.5"}}},
            id="a tool that is ruled out is not asked for",
        ),
    ],
)
def test_nearness_decides_only_within_a_class(
    worse: dict[str, Any], better: dict[str, Any]
) -> None:
    effect = {"action": "s3:DeleteBucketPolicy"}
    built = [
        chain("aws.test.a", "s3:DeleteBucket", {**effect, **worse}),
        chain("aws.test.b", "s3:PutBucketAcl", {**effect, **better}),
    ]
    tool = "Terraform/1.5"
    by = {**ALICE, "invokedBy": "cloudformation.amazonaws.com"}
    events = [
        happening("s3:PutBucketAcl", "far", 0, by=by, userAgent=tool),
        happening("s3:DeleteBucketPolicy", "policy", 10, by=by, userAgent=tool),
        happening("s3:DeleteBucket", "near", 11, by=by, userAgent=tool),
    ]
    verdict = classify(built, events)["policy"]
    assert (verdict.cascade, [each.cascade for each in verdict.also]) == (
        "aws.test.b",
        ["aws.test.a"],
    )
    built = [
        chain("aws.test.a", "s3:DeleteBucket", {**effect, **better}),
        chain("aws.test.b", "s3:PutBucketAcl", {**effect, **better}),
    ]
    assert classify(built, events)["policy"].cascade == "aws.test.a"


def test_the_root_of_an_ensemble_is_tied_where_all_that_it_requires_are() -> None:
    def ensemble(edge: dict[str, Any]) -> Cascade:
        root = {"name": "root", "action": "s3:DeleteBucketPolicy", "relation": "companion"}
        member = {
            "name": "member",
            "action": "s3:PutBucketAcl",
            "relation": "companion",
            "within": {"before": "60s"},
            "keys": NAME,
            **edge,
        }
        return cascade(
            cascade_id="aws.test.a",
            ensemble={"require": ["root", "member"]},
            effects=[{**root, "keys": NAME}, member],
        )

    tied = chain("aws.test.b", "s3:DeleteBucket", {"action": "s3:DeleteBucketPolicy"})
    events = [
        happening("s3:PutBucketAcl", "acl", 0),
        happening("s3:DeleteBucketPolicy", "policy", 10),
        happening("s3:DeleteBucket", "gone", 30),
    ]
    assert classify([ensemble({"join": ["name"]}), tied], events)["policy"].cascade == "aws.test.a"
    assert classify([ensemble({}), tied], events)["policy"].cascade == "aws.test.b"
