"""The whole story of one event: what held, what failed, and where its policy comes from."""

from typing import Any

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.matcher import Attempt, Candidate, Engine, Inquiry, compile_catalog
from cloudcascade.tests.support.cloudtrail import MALLORY, Event, call, record

PLAN = compile_catalog(load_catalog().cascades)
DELETE_USER = "aws.iam.delete-user"


def deleted(event_id: str, seconds: int, name: str = "kim", **more: Any) -> Event:
    return call("iam:DeleteUser", event_id, seconds, {"userName": name}, **more)


def deactivated(event_id: str, seconds: int, **more: Any) -> Event:
    parameters = {"userName": "kim", "serialNumber": "arn:aws:iam::111111111111:mfa/kim"}
    return call("iam:DeactivateMFADevice", event_id, seconds, parameters, **more)


def asked(event_id: str, *events: Event) -> Inquiry:
    engine = Engine(PLAN)
    engine.feed(map(record, events))
    found = engine.why(event_id)
    assert found is not None
    return found


def candidate(inquiry: Inquiry, cascade: str = DELETE_USER) -> Candidate:
    (found,) = [each for each in inquiry.candidates if each.cascade == cascade]
    return found


def failed(attempt: Attempt) -> list[tuple[str, str, str | None]]:
    return [
        (check.field, check.expected, check.found)
        for edge in attempt.edges
        for check in edge.checks
        if not check.holds
    ]


WIDE = [call("ec2:DescribeVpcs", "first", -90_000), call("ec2:DescribeVpcs", "last", 90_000)]


def test_of_an_effect_every_edge_holds_up_to_the_root() -> None:
    told = asked("mfa", *WIDE, deactivated("mfa", 0), deleted("gone", 9))
    best = candidate(told).attempts[0]
    assert told.verdict is not None
    assert (told.verdict.verdict, told.verdict.policy) == ("effect", "suppress")
    assert candidate(told).explains
    assert (best.explains, best.instance, failed(best)) == (True, "gone", [])
    assert [edge.node for edge in best.edges] == ["iam:DeactivateMFADevice", "iam:DeleteUser"]
    assert any(line.startswith("it may be silenced: ") for line in told.why)


def test_an_effect_that_is_not_silenced_says_why() -> None:
    told = asked("mfa", deactivated("mfa", 0), deleted("gone", 9))
    assert told.verdict is not None
    assert told.verdict.policy == "annotate"
    assert [f"it is not silenced: {caveat}" for caveat in told.verdict.caveats] == list(
        told.why[1:]
    )
    assert told.why[1:]


@pytest.mark.parametrize(
    ("events", "wrong"),
    [
        ([deleted("gone", 9, error="DeleteConflict")], [("errorCode", "is not there", "DeleteConflict")]),
        ([deleted("gone", 9, by=MALLORY)], [("actor", "is AIDAMALLORY", "AIDAALICE")]),
        ([deleted("gone", 9, account="222222222222")], [("account", "is 222222222222", "111111111111")]),
        (
            [deleted("gone", -600)],
            [("eventTime", "is from 2024-05-14T07:50:00Z to 2024-05-14T08:52:00Z", "2024-05-14T09:00:00Z")],
        ),
    ],
)  # fmt: skip
def test_what_failed_is_told_with_its_values_among_what_held(
    events: list[Event], wrong: list[tuple[str, str, str | None]]
) -> None:
    told = asked("mfa", deactivated("mfa", 0), *events)
    best = candidate(told).attempts[0]
    assert not candidate(told).explains
    assert failed(best) == wrong
    held = [check.field for edge in best.edges for check in edge.checks if check.holds]
    assert "user" in held


def test_what_voids_an_instance_is_named_with_its_event() -> None:
    created = call("iam:CreateUser", "again", 12, {"userName": "kim"})
    told = asked("mfa", deactivated("mfa", 0), deleted("gone", 9), created)
    void = candidate(told).attempts[0].void
    assert void is not None
    assert (void.reason, void.by and void.by.event_id) == ("user recreated", "again")
    assert not candidate(told).explains


def test_without_anything_to_try_it_says_what_is_missing() -> None:
    told = asked("mfa", deactivated("mfa", 0), deleted("other", 9, "lee"))
    found = candidate(told)
    assert found.attempts == ()
    assert found.none == "no iam:DeleteUser of the same user within a day of its window"


def test_a_chain_is_followed_through_every_node_between() -> None:
    device = {"serialNumber": "arn:aws:iam::111111111111:mfa/kim"}
    removed = call("iam:DeleteVirtualMFADevice", "device", 1, device)
    told = asked("device", deactivated("mfa", 0), removed, deleted("gone", 9))
    best = candidate(told).attempts[0]
    assert [edge.event.event_id for edge in best.edges] == ["device", "mfa", "gone"]
    assert best.explains


def test_of_an_ensemble_the_member_that_is_lacking_is_named() -> None:
    told = asked("key", call("iam:CreateAccessKey", "key", 0, {"userName": "kim"}))
    found = candidate(told, "aws.iam.access-key-rotation").attempts[0]
    assert (found.explains, found.lacking) == (False, "iam:DeleteAccessKey")


def test_what_is_told_agrees_with_the_verdict() -> None:
    kim = {"userName": "kim"}
    events = [
        deactivated("a", 0),
        deleted("b", 9),
        deactivated("c", 4_000),
        deleted("d", 5_000, error="Denied"),
        call("iam:CreateAccessKey", "e", 10, kim),
        call("iam:DeleteAccessKey", "f", 20, kim),
    ]
    engine = Engine(PLAN)
    engine.feed(map(record, events))
    for verdict in engine.verdicts():
        found = engine.why(verdict.event_id)
        assert found is not None
        assert found.verdict == verdict
        effects = [each for each in found.candidates if each.relation is not None]
        assert any(each.explains for each in effects) == (verdict.verdict == "effect")


def test_an_event_that_is_not_kept_has_no_story() -> None:
    engine = Engine(PLAN)
    engine.feed([record(call("ec2:DescribeVpcs", "x"))])
    assert engine.why("nowhere") is None


def test_a_deferred_event_has_one() -> None:
    quiet = next(action.action for action in PLAN.actions if action.quiet and action.listed)
    told = asked("q", call(quiet, "q", 0))
    assert told.verdict is None
    assert told.candidates
    assert told.why[0].startswith("it gets no verdict")
