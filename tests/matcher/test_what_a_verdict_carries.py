"""What a verdict says of the event itself: whom it was about, from where it came, where it was read."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.events import expand_sources, read_briefly
from cloudcascade.matcher import Engine, LiveEngine, Verdict, compile_catalog
from cloudcascade.tests.support.cloudtrail import ALICE, Event, call, record, session

PLAN = compile_catalog(load_catalog().cascades)
CLI = "aws-cli/2.15.30 Python/3.11.8"


def verdicts(*events: Event) -> dict[str, Verdict]:
    engine = Engine(PLAN)
    engine.feed(map(record, events))
    return {each.event_id: each for each in engine.verdicts()}


def told_live(*events: Event) -> dict[str, Verdict]:
    engine = LiveEngine(PLAN, lateness=0)
    engine.feed(map(record, events))
    said = [*engine.advance(), *engine.close()]
    while engine.due:
        said += engine.close()
    return {each.verdict.event_id: each.verdict for each in said if each.final}


def deleted(event_id: str, seconds: int, name: object = "Kim", **more: Any) -> Event:
    return call("iam:DeleteUser", event_id, seconds, {"userName": name}, **more)


def deactivated(event_id: str, seconds: int, name: object = "kim", **more: Any) -> Event:
    parameters = {"userName": name, "serialNumber": "arn:aws:iam::111111111111:mfa/kim"}
    return call("iam:DeactivateMFADevice", event_id, seconds, parameters, **more)


def test_the_target_of_an_effect_is_what_its_cascade_joins_by() -> None:
    told = verdicts(deactivated("mfa", 0), deleted("gone", 9))
    assert told["mfa"].verdict == "effect"
    assert told["mfa"].target["user"] == "kim"
    assert told["gone"].target == {"user": "kim"}


@pytest.mark.parametrize(
    ("event", "target"),
    [
        (deactivated("e", 0), {"user": "kim", "device": "arn:aws:iam::111111111111:mfa/kim"}),
        (call("cloudtrail:StopLogging", "e", 0, {"name": "audit"}), {"trail": "audit"}),
        (call("iam:DeactivateMFADevice", "e", 0, None), {}),
    ],
)
def test_the_target_of_an_orphan_is_what_the_catalogue_knows_of_its_action(
    event: Event, target: dict[str, str]
) -> None:
    assert verdicts(event)["e"].target == target


def test_a_target_is_cut() -> None:
    (value,) = verdicts(deleted("e", 0, "k" * 9_000))["e"].target.values()
    assert isinstance(value, str)
    assert (len(value), value[-1]) == (512, "…")


def test_address_agent_tool_and_session_are_those_of_the_record() -> None:
    told = verdicts(deleted("e", 0, userAgent=CLI, sourceIPAddress="192.0.2.9"))["e"]
    assert (told.source_ip, told.user_agent, told.tool) == ("192.0.2.9", CLI, "aws-cli")
    assert told.session == "AKIAALICE"


@pytest.mark.parametrize("agent", [None, "", 7])
def test_without_a_user_agent_there_is_no_tool(agent: object) -> None:
    told = verdicts(deleted("e", 0, userAgent=agent))["e"]
    assert (told.user_agent, told.tool) == (None, None)


def test_texts_of_a_hostile_record_are_cut() -> None:
    told = verdicts(deleted("e", 0, userAgent="x" * 5_000, sourceIPAddress="y" * 5_000))["e"]
    assert len(told.user_agent or "") == 1_024
    assert len(told.source_ip or "") == 200


def test_the_initial_principal_is_named_where_credentials_lead_to_another() -> None:
    assumed = call(
        "sts:AssumeRole", "assumed", 0, {"roleArn": "arn:aws:iam::111111111111:role/ops"},
        responseElements={"credentials": {"accessKeyId": "ASIAOPS"}},
    )  # fmt: skip
    by = session("ops", "alice", "ASIAOPS")
    told = verdicts(assumed, deleted("by-session", 5, by=by), deleted("by-user", 6, "lee"))
    assert told["by-session"].initial_principal == ALICE["principalId"]
    assert told["by-user"].initial_principal is None


@pytest.mark.parametrize("copies", [("b-tool/1", "a-tool/1"), ("a-tool/1", "b-tool/1")])
def test_of_copies_that_differ_in_the_agent_the_order_does_not_matter(
    copies: tuple[str, str],
) -> None:
    told = verdicts(*(deleted("e", 0, userAgent=agent) for agent in copies))["e"]
    assert told.user_agent == "a-tool/1"
    assert not told.caveats


def test_file_and_position_lead_back_to_the_record(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"Records": [call("kms:Decrypt", "x"), deleted("one", 0)]})
    )
    (tmp_path / "b.json").write_text(
        "\n".join(json.dumps(each) for each in (deleted("two", 1, "lee"), deleted("three", 2, "jo")))
    )  # fmt: skip
    engine = Engine(PLAN)
    for source in expand_sources([str(tmp_path)]):
        for batch in read_briefly((source,), PLAN.thorough, on_problem=lambda problem: None):
            engine.feed(batch, source.name)
    told = {each.event_id: each for each in engine.verdicts()}
    assert {id_: (Path(each.file or "").name, each.position) for id_, each in told.items()} == {
        "one": ("a.json", 2),
        "two": ("b.json", 1),
        "three": ("b.json", 2),
    }


def test_records_without_a_file_have_no_position() -> None:
    told = verdicts(deleted("e", 0))["e"]
    assert (told.file, told.position) == (None, None)


def test_a_stream_says_the_same_but_for_where_it_was_read() -> None:
    events = [deactivated("mfa", 0), deleted("gone", 9), deactivated("alone", 20, "lee")]
    live = told_live(*events)
    assert live
    for event_id, finished in verdicts(*events).items():
        plain = msgspec.structs.replace(live[event_id], near_misses=(), caveats=(), policy=None)
        wanted = msgspec.structs.replace(
            finished, near_misses=(), caveats=(), policy=None, silences=(), silenced=0
        )
        assert plain == wanted


@pytest.mark.parametrize(
    ("events", "reason", "field", "expected", "found"),
    [
        (
            [deactivated("e", 0), deleted("gone", 9, error="DeleteConflict")],
            "origin failed: DeleteConflict", "errorCode", "is not there", "DeleteConflict",
        ),
        (
            [deleted("gone", 0), deactivated("e", 600)],
            "8m outside the window", "eventTime",
            "is from 2024-05-14T08:00:00Z to 2024-05-14T09:02:00Z", "2024-05-14T09:10:00Z",
        ),
        (
            [deactivated("e", 0), deleted("gone", 9, by=session("ops", "x", "ASIAX"))],
            "other actor", "actor", "is AROAOPS:x", "AIDAALICE",
        ),
        (
            [deactivated("e", 0), deleted("gone", 9, account="222222222222")],
            "other account", "account", "is 222222222222", "111111111111",
        ),
        ([deactivated("e", 0, None), deleted("gone", 9)], "key user is missing", "user", "is there", None),
    ],
)  # fmt: skip
def test_a_near_miss_says_what_it_expected_and_what_it_found(
    events: list[Event], reason: str, field: str, expected: str, found: str | None
) -> None:
    for told in (verdicts(*events)["e"], told_live(*events)["e"]):
        faults = [
            fault
            for miss in told.near_misses
            if miss.cascade == "aws.iam.delete-user"
            for fault in miss.faults
        ]
        assert (reason, field, expected, found) in [
            (each.reason, each.field, each.expected, each.found) for each in faults
        ]


def test_a_condition_that_does_not_hold_says_what_stands_in_its_place() -> None:
    attached = call(
        "iam:AttachUserPolicy", "attach", 60,
        {"userName": "kim", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    )  # fmt: skip
    key = call("iam:CreateAccessKey", "e", 90, {"userName": "kim"})
    (fault,) = [
        fault
        for miss in verdicts(attached, key)["e"].near_misses
        for fault in miss.faults
        if fault.field == "requestParameters.policyArn"
    ]
    assert fault.found == "arn:aws:iam::aws:policy/AdministratorAccess"
    assert (fault.expected or "").startswith("is one of arn:aws:iam::aws:policy/AWSCompromisedKey")
    assert fault.words.endswith("; found arn:aws:iam::aws:policy/AdministratorAccess")


def test_next_is_a_command_of_the_catalogue() -> None:
    told = verdicts(deactivated("mfa", 0), deleted("gone", 9), deactivated("alone", 20, "lee"))
    assert told["mfa"].next == "cascade show aws.iam.delete-user"
    assert told["alone"].next == "cascade explains iam:DeactivateMFADevice"
