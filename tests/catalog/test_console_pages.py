"""What the console asks is told by the page: tight, labelled only, and each page by its own name."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloudcascade.catalog import Cascade, Effect, load_catalog
from cloudcascade.matcher import Engine, Plan, Verdict, compile_catalog
from cloudcascade.tests.support.cloudtrail import Event, call, record

READS = ("Describe", "Get", "List", "Lookup", "Search")
MARK = "sessionCredentialFromConsole"
WIDEST = 3
# What deletes a network takes its time over it, and the records of S3 bear no mark.
WIDER = {"aws.ec2.console-delete-vpc", "aws.s3.console-list-buckets"}


def pages() -> tuple[Cascade, ...]:
    return tuple(each for each in load_catalog().cascades if ".console-" in each.id)


def calls() -> Iterator[tuple[Cascade, Effect]]:
    return ((cascade, effect) for cascade in pages() for effect in cascade.effects)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_catalog(load_catalog().cascades)


def clicked(
    action: str, event_id: str, seconds: int = 0, parameters: Any = None, **more: Any
) -> Event:
    internal = "[S3Console/0.4]" if action.startswith("s3:") else "Mozilla/5.0"
    agent = {"userAgent": internal, "readOnly": True, MARK: "true"}
    return call(action, event_id, seconds, parameters, **{**agent, **more})


def judged(plan: Plan, events: list[Event]) -> dict[str, Verdict]:
    engine = Engine(plan)
    engine.feed([record(event) for event in events])
    return {each.event_id: each for each in engine.verdicts()}


def told(verdict: Verdict) -> set[str]:
    return {verdict.cascade or "", *(each.cascade for each in verdict.also)}


def test_nothing_of_the_console_is_silenced() -> None:
    assert {
        cascade.id for cascade, effect in calls() if cascade.policy_of(effect) == "suppress"
    } == set()


def test_a_click_lasts_three_seconds() -> None:
    assert {
        cascade.id
        for cascade, effect in calls()
        if max(effect.within.before, effect.within.after) > WIDEST
    } == WIDER


def test_what_a_page_reads_is_no_orphan_elsewhere() -> None:
    assert {
        (cascade.id, effect.node)
        for cascade, effect in calls()
        if effect.action.partition(":")[2].startswith(READS) and effect.unexplained != "unlisted"
    } == set()


def test_every_call_is_marked_by_aws_or_of_the_tool_that_the_page_is_told_by() -> None:
    assert {
        (cascade.id, effect.node)
        for cascade, effect in calls()
        if not {MARK, "userAgent"} & set(effect.where)
        and effect.tool != "same"
        and cascade.id not in {"aws.s3.console-list-buckets", "aws.signin.console-login"}
    } == set()
    assert {
        cascade.id for cascade in pages() if not {MARK, "userAgent"} & set(cascade.root.where)
    } == {"aws.signin.console-login"}


def test_two_clicks_do_not_explain_each_other(plan: Plan) -> None:
    keys = [
        clicked(action, f"{action}-{at}", at)
        for at in (0, 30)
        for action in ("kms:ListAliases", "kms:DescribeKey", "tagging:GetResources")
    ]
    for event, verdict in judged(plan, keys).items():
        assert (verdict.instance or "").rpartition("-")[2] == event.rpartition("-")[2]


def test_background_polling_is_explained_by_no_page(plan: Plan) -> None:
    events = [
        clicked("ec2:DescribeHosts", "hosts"),
        clicked("ec2:DescribePlacementGroups", "groups"),
        clicked("health:DescribeEventAggregates", "poll-1"),
        clicked("health:DescribeEventAggregates", "poll-2"),
    ]
    verdicts = judged(plan, events)
    for poll in ("poll-1", "poll-2"):
        assert told(verdicts[poll]) == {"aws.health.console-notification-polling"}
    assert verdicts["hosts"].cascade == "aws.ec2.console-ec2-dashboard"


def test_a_page_that_asks_every_region_is_global_view(plan: Plan) -> None:
    actions = ("ec2:DescribeVpcs", "ec2:DescribeInstances", "ec2:DescribeVolumes")
    events = [
        clicked(action, f"{action}-{region}", awsRegion=region)
        for region in ("us-east-1", "eu-west-1", "ap-south-1")
        for action in actions
    ]
    verdicts = judged(plan, events)
    assert {each.cascade for each in verdicts.values()} == {"aws.ec2.console-global-view"}
    assert "ec2:DescribeVolumes-ap-south-1" in verdicts


def test_the_list_of_users_is_told_without_a_call_that_begins_it(plan: Plan) -> None:
    events = [
        clicked(f"iam:{name}", f"{name}-{user}", 1, {"userName": user})
        for user in ("ada", "bob")
        for name in ("ListAccessKeys", "ListMFADevices", "GetLoginProfile", "ListGroupsForUser")
    ]
    verdicts = judged(plan, events)
    assert {each.verdict for each in verdicts.values()} == {"effect"}
    assert len(verdicts) == len(events)


def test_a_script_is_no_page(plan: Plan) -> None:
    events = [
        call("iam:ListAccessKeys", "keys", 0, {"userName": "ada"}),
        call("iam:ListMFADevices", "devices", 0, {"userName": "ada"}),
    ]
    assert [each for each in judged(plan, events).values() if each.verdict == "effect"] == []


def test_the_form_for_a_bucket_explains_the_settings_of_that_bucket_alone(plan: Plan) -> None:
    events = [
        clicked("s3:CreateBucket", "made", 0, {"bucketName": "new"}),
        clicked("s3:PutBucketEncryption", "its", 1, {"bucketName": "new"}),
        clicked("s3:PutBucketEncryption", "other", 1, {"bucketName": "old"}),
    ]
    verdicts = judged(plan, events)
    assert verdicts["its"].cascade == "aws.s3.console-create-bucket"
    assert verdicts["its"].policy == "annotate"
    assert "other" not in verdicts
