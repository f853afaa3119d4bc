"""A call that answers 200 and lists what failed did not do what it lists."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.failed_parts import failed_parts
from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import LiveEngine, compile_catalog
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import Event, call, classify, record
from cloudcascade.tests.support.profile import tried
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs

FLOW_LOGS = "ec2:DeleteFlowLogs"
LOGS = "requestParameters.DeleteFlowLogsRequest.FlowLogId[].content"


def deleting(**effect: Any) -> Cascade:
    """Flow logs are deleted before their network interface's tags; both name the flow log."""
    return cascade(
        origin={"action": "ec2:DeleteTags", "keys": {"log": "requestParameters.ids[]"}},
        effects=[
            {
                "action": FLOW_LOGS,
                "keys": {"log": LOGS},
                "join": ["log"],
                "within": {"before": "60s"},
                **effect,
            }
        ],
    )


def batch(*ids: str, response: Any) -> Event:
    """DeleteFlowLogs of these, with what is in `responseElements`."""
    asked = {"DeleteFlowLogsRequest": {"FlowLogId": [{"content": each} for each in ids]}}
    return call(FLOW_LOGS, "batch", 0, asked, responseElements=response)


def unsuccessful(*parts: Any) -> Event:
    """The response as EC2 writes it, with one failed part or several."""
    item = parts[0] if len(parts) == 1 else list(parts)
    return {"DeleteFlowLogsResponse": {"requestId": "r", "unsuccessful": {"item": item}}}


def part(name: str) -> Event:
    """One part that failed."""
    return {"resourceId": name, "error": {"code": "InvalidFlowLogId.NotFound", "message": "no"}}


def verdict(built: Cascade, events: list[Event], name: str) -> str:
    """The verdict on the event, on which engine, oracle and stream agree."""
    found = classify([built], events)[name]
    said = oracle_verdicts([built], events)[name]
    assert (found.verdict, found.path) == (said.verdict, said.path)
    assert _live(built, events)[name] == found.verdict
    return found.verdict


def _live(built: Cascade, events: list[Event]) -> dict[str, str]:
    engine = LiveEngine(compile_catalog([built]), lateness=60)
    engine.feed([record(event) for event in events])
    return {each.verdict.event_id: each.verdict.verdict for each in engine.close()}


@pytest.mark.parametrize(
    "response",
    [
        None,
        {},
        "",
        {"DeleteFlowLogsResponse": {"unsuccessful": ""}},
        {"DeleteFlowLogsResponse": {"unsuccessful": {}}},
        {"DeleteFlowLogsResponse": {"unsuccessful": None}},
        {"DeleteFlowLogsResponse": {"unsuccessful": {"item": []}}},
        {"unsuccessful": []},
        {"successful": {"item": part("fl-1")}},
    ],
    ids=repr,
)
def test_a_batch_without_failed_parts_has_succeeded(response: Any) -> None:
    log = [batch("fl-1", response=response), call("ec2:DeleteTags", "origin", 9, {"ids": ["fl-1"]})]
    assert verdict(deleting(), log, "batch") == "effect"


@pytest.mark.parametrize(
    "response",
    [
        unsuccessful(part("fl-1")),
        unsuccessful(part("fl-1"), part("fl-2")),
        {"unsuccessful": [part("fl-1"), part("fl-2")]},
        {"Unsuccessful": [part("fl-1"), part("fl-2")]},
        {"unsuccessful": {"item": [part("fl-1"), part("fl-2")]}},
        {"unsuccessful": [{"deep": [{"resourceId": "fl-1"}]}, "fl-2"]},
        {"unsuccessful": 2},
        {"unsuccessful": True},
        {"unsuccessful": [None]},
        {"unsuccessful": [{"error": {"code": "Internal"}}]},
        {"unsuccessful": [part("fl-1"), {"error": {"code": "Internal"}}]},
        {"unsuccessful": [part("fl-9")]},
        {"omitted": True},
        {"unsuccessful": [part("fl-1")] * 1_001},
    ],
    ids=lambda response: repr(response)[:60],
)
def test_what_failed_or_cannot_be_told_is_not_explained(response: Any) -> None:
    log = [
        batch("fl-1", "fl-2", response=response),
        call("ec2:DeleteTags", "origin", 9, {"ids": ["fl-1"]}),
    ]
    assert verdict(deleting(), log, "batch") == "orphan"


def test_what_did_not_fail_is_explained_by_what_is_about_it_alone() -> None:
    log = [
        batch("fl-1", "fl-2", response=unsuccessful(part("fl-1"))),
        call("ec2:DeleteTags", "origin", 9, {"ids": ["fl-2"]}),
    ]
    assert verdict(deleting(), log, "batch") == "effect"
    log[1] = call("ec2:DeleteTags", "origin", 9, {"ids": ["fl-1"]})
    assert verdict(deleting(), log, "batch") == "orphan"


def test_an_effect_that_may_have_failed_may_have_failed_in_part() -> None:
    log = [
        batch("fl-1", response=unsuccessful(part("fl-1"))),
        call("ec2:DeleteTags", "origin", 9, {"ids": ["fl-1"]}),
    ]
    assert verdict(deleting(outcome="any"), log, "batch") == "effect"


def test_a_part_is_told_by_any_key_of_the_node_and_by_no_other() -> None:
    log = [
        batch("fl-1", "fl-2", response=unsuccessful(part("fl-1"))),
        call("ec2:DeleteTags", "origin", 9, {"ids": ["fl-2"], "vpc": "v"}),
    ]
    log[0]["requestParameters"]["vpc"] = "v"
    by_vpc = {"vpc": "requestParameters.vpc"}
    built = cascade(
        origin={"action": "ec2:DeleteTags", "keys": by_vpc},
        effects=[
            {"action": FLOW_LOGS, "keys": by_vpc, "join": ["vpc"], "within": {"before": "60s"}}
        ],
    )
    assert verdict(built, log, "batch") == "orphan"
    keys = {**by_vpc, "log": LOGS}
    built = cascade(
        origin={"action": "ec2:DeleteTags", "keys": by_vpc},
        effects=[{"action": FLOW_LOGS, "keys": keys, "join": ["vpc"], "within": {"before": "60s"}}],
    )
    assert verdict(built, log, "batch") == "effect"


def explaining(key: str, **more: Any) -> Cascade:
    """The batch is the origin, and an effect hangs on each of its parts."""
    return cascade(
        origin={"action": "ecs:DeleteTaskDefinitions", "keys": {"revision": key}},
        effects=[
            {
                "action": "ecs:DeregisterTaskDefinition",
                "keys": {"revision": "requestParameters.taskDefinition"},
                "join": ["revision"],
                "within": {"before": "60s"},
            }
        ],
        **more,
    )


@pytest.mark.parametrize(
    ("key", "effect", "expected"),
    [
        ("requestParameters.taskDefinitions[]", "done", "effect"),
        ("requestParameters.taskDefinitions[]", "failed", "orphan"),
        ("responseElements.taskDefinitions[].taskDefinitionArn", "done", "effect"),
        ("responseElements.taskDefinitions[].taskDefinitionArn", "failed", "orphan"),
    ],
)
def test_an_origin_explains_only_what_it_did(key: str, effect: str, expected: str) -> None:
    log = [
        call("ecs:DeregisterTaskDefinition", "effect", 0, {"taskDefinition": effect}),
        call(
            "ecs:DeleteTaskDefinitions",
            "origin",
            9,
            {"taskDefinitions": ["done", "failed"]},
            responseElements={
                "taskDefinitions": [{"taskDefinitionArn": "done"}],
                "failures": [{"arn": "failed", "reason": "in use"}],
            },
        ),
    ]
    assert verdict(explaining(key), log, "effect") == expected
    assert verdict(explaining(key), log, "origin") == "origin"


def test_a_spoiler_that_failed_in_part_voids_all_the_same() -> None:
    built = cascade(
        origin={"action": "ec2:DeleteTags", "keys": {"log": "requestParameters.id"}},
        effects=[
            {
                "action": "ec2:CreateTags",
                "keys": {"log": "requestParameters.id"},
                "join": ["log"],
                "within": {"before": "60s"},
            }
        ],
        spoilers=[
            {
                "action": FLOW_LOGS,
                "keys": {"log": LOGS},
                "join": ["log"],
                "within": {"after": "60s"},
            }
        ],
    )
    log = [
        call("ec2:CreateTags", "effect", 0, {"id": "fl-1"}),
        call("ec2:DeleteTags", "origin", 0, {"id": "fl-1"}),
        batch("fl-1", response=unsuccessful(part("fl-1"))),
    ]
    assert verdict(built, log, "effect") == "orphan"


def test_names_that_count_without_case_are_taken_away_without_case() -> None:
    built = cascade(
        origin={"action": "ec2:DeleteTags", "keys": {"log": "requestParameters.id"}},
        effects=[
            {
                "action": FLOW_LOGS,
                "keys": {"log": {"path": LOGS, "transform": "lower"}},
                "join": ["log"],
                "within": {"before": "60s"},
            }
        ],
    )
    log = [
        batch("FL-1", response=unsuccessful(part("fl-1"))),
        call("ec2:DeleteTags", "origin", 9, {"id": "fl-1"}),
    ]
    assert verdict(built, log, "batch") == "orphan"


def test_a_near_miss_says_that_the_call_failed_in_part() -> None:
    log = [
        batch("fl-1", response={"unsuccessful": 1}),
        call("ec2:DeleteTags", "origin", 9, {"ids": ["fl-1"]}),
    ]
    (near_miss,) = classify([deleting()], log)["batch"].near_misses
    assert near_miss.reason == "this call failed in part"


RESPONSES: tuple[Any, ...] = (
    None,
    None,
    unsuccessful(part("bob")),
    unsuccessful(part("bob"), part("eve")),
    {"unsuccessful": [{"resourceId": "BOB"}]},
    {"unsuccessful": [{"resourceId": "nobody"}]},
    {"unsuccessful": [7, True, None]},
    {"DeleteFlowLogsResponse": {"unsuccessful": ""}},
    {"omitted": True},
)


@given(st.data(), catalogues())
@tried(150)
def test_the_engines_equal_the_oracle(data: st.DataObject, cascades: list[Cascade]) -> None:
    log = [
        _in_batch(event, data.draw(st.sampled_from(RESPONSES)))
        for event in data.draw(logs(cascades))
    ]
    batches = [_renamed(each) for each in cascades]
    found = {
        name: (each.verdict, each.cascade, each.instance, each.path, each.policy)
        for name, each in classify(batches, log).items()
    }
    assert found == {
        name: (each.verdict, each.cascade, each.instance, each.path, each.policy)
        for name, each in oracle_verdicts(batches, log).items()
    }


def _renamed(built: Cascade) -> Cascade:
    """The cascade with a batch in the place of `s3:DeleteBucket`; nodes keep their names."""

    def changed(node: Any) -> dict[str, Any]:
        return {"action": FLOW_LOGS} if node.action == "s3:DeleteBucket" else {}

    origin = built.origin
    return built.model_copy(
        update={
            "origin": origin and origin.model_copy(update=changed(origin)),
            "effects": tuple(
                each.model_copy(
                    update={
                        **changed(each),
                        "name": each.node,
                        "parent": None if each.parent == built.root_node else each.parent,
                    }
                )
                for each in built.effects
            ),
            "spoilers": tuple(each.model_copy(update=changed(each)) for each in built.spoilers),
        }
    )


def _in_batch(event: Event, response: Any) -> Event:
    if event["eventName"] != "DeleteBucket":
        return event
    return {
        **event,
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DeleteFlowLogs",
        "responseElements": response,
    }


@pytest.mark.parametrize(
    ("action", "lists"),
    [
        ("ec2:DeleteVpcEndpoints", ("unsuccessful",)),
        ("ec2:DeleteLaunchTemplateVersions", ("unsuccessfullyDeletedLaunchTemplateVersionSet",)),
        ("ecs:DeleteTaskDefinitions", ("failures",)),
        ("events:RemoveTargets", ("failedEntries",)),
        ("guardduty:DeleteMembers", ("unprocessedAccounts",)),
        ("s3:DeleteObjects", ("error", "errors")),
        ("workspaces:TerminateWorkspaces", ("failedRequests",)),
        ("ecr:BatchDeleteImage", ("failures",)),
        ("glue:BatchDeleteTable", ("errors",)),
    ],
)
def test_the_table_knows_what_the_lists_are_called(action: str, lists: tuple[str, ...]) -> None:
    assert failed_parts()[action] == lists


@pytest.mark.parametrize("action", ["iam:DeleteUser", "ec2:TerminateInstances", "ec2:DescribeVpcs"])
def test_what_cannot_fail_in_part_is_not_in_the_table(action: str) -> None:
    assert action not in failed_parts()
