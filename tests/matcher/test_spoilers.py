"""What voids an explanation: spoilers around the root, spoilers in between, and those that cannot be read."""

from typing import Any

import pytest

from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import (
    MALLORY,
    OTHER_ACCOUNT,
    Event,
    call,
    classify,
)

NAME = "requestParameters.userName"
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def spoiler(action: str, **members: Any) -> dict[str, Any]:
    return {
        "action": action,
        "keys": {"user": NAME},
        "join": ["user"],
        "between": True,
        "reason": f"{action} in between",
        **members,
    }


EFFECT: dict[str, Any] = {
    "action": "iam:DeleteLoginProfile",
    "keys": {"user": NAME},
    "join": ["user"],
    "within": {"before": "60s", "after": "60s"},
}
REMOVAL = cascade(
    origin={"action": "iam:DeleteUser", "keys": {"user": NAME}},
    effects=[EFFECT],
    spoilers=[spoiler("iam:CreateUser"), spoiler("iam:DeleteUser")],
)


def verdicts(built: Any, events: list[Event], event_id: str = "effect") -> set[str]:
    """What the engine and the oracle say of an event."""
    return {
        classify([built], events)[event_id].verdict,
        oracle_verdicts([built], events)[event_id].verdict,
    }


def on_bob(action: str, event_id: str, seconds: int, name: str = "bob", **members: Any) -> Event:
    return call(action, event_id, seconds, {"userName": name}, **members)


@pytest.mark.parametrize(
    ("effect_at", "created_at", "wanted"),
    [
        (0, -1, "effect"),
        (0, 0, "orphan"),
        (0, 15, "orphan"),
        (0, 30, "orphan"),
        (0, 31, "effect"),
        (45, 15, "effect"),
        (45, 40, "orphan"),
    ],
)
def test_what_lies_between_effect_and_root_cuts_the_path(
    effect_at: int, created_at: int, wanted: str
) -> None:
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", effect_at),
        on_bob("iam:CreateUser", "created", created_at, by=MALLORY),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert verdicts(REMOVAL, events) == {wanted}


def test_an_effect_belongs_to_the_first_removal_after_it() -> None:
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        on_bob("iam:DeleteUser", "first", 10, by=MALLORY),
        on_bob("iam:DeleteUser", "second", 30),
    ]
    assert verdicts(REMOVAL, events) == {"orphan"}


@pytest.mark.parametrize(
    "members",
    [{"errorCode": "NoSuchEntity"}, {"name": "eve"}, {"account": OTHER_ACCOUNT}],
    ids=["it failed", "of another", "elsewhere"],
)
def test_what_is_of_no_concern_cuts_nothing(members: dict[str, Any]) -> None:
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        on_bob("iam:CreateUser", "created", 10, **members),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert verdicts(REMOVAL, events) == {"effect"}


def test_the_events_of_a_path_do_not_cut_it() -> None:
    built = cascade(
        origin={"action": "iam:DeleteUser", "keys": {"user": NAME}},
        effects=[
            {**EFFECT, "name": "near", "action": "iam:UpdateUser"},
            {**EFFECT, "parent": "near", "within": {"before": "60s"}},
        ],
        spoilers=[spoiler("iam:UpdateUser")],
    )
    path = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        on_bob("iam:UpdateUser", "near", 10),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert verdicts(built, path) == {"effect"}
    assert verdicts(built, [*path, on_bob("iam:UpdateUser", "more", 20)]) == {"orphan"}


def test_another_path_to_the_root_may_be_whole() -> None:
    built = cascade(
        origin={"action": "iam:DeleteUser", "keys": {"user": NAME}},
        effects=[
            {**EFFECT, "name": "device", "action": "iam:DeactivateMFADevice"},
            {**EFFECT, "parent": "device"},
        ],
        spoilers=[spoiler("iam:CreateUser")],
    )
    events = [
        on_bob("iam:CreateUser", "created", 0),
        on_bob("iam:DeactivateMFADevice", "device-1", -1),
        on_bob("iam:DeleteLoginProfile", "effect", 5),
        on_bob("iam:DeactivateMFADevice", "device-2", 20),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert classify([built], events)["effect"].path == ("effect", "device-2", "gone")
    assert verdicts(built, events) == {"effect"}


UNREAD: dict[str, tuple[object, str]] = {
    "left out": (None, "orphan"),
    "too large": ({"omitted": True, "originalSize": 200_000}, "orphan"),
    "hidden": ({"userName": HIDDEN}, "orphan"),
    "of another type": ({"userName": ["bob"]}, "orphan"),
    "of somebody else": ({"userName": "eve"}, "effect"),
    "not mentioned": ({"path": "/team/"}, "effect"),
    "null": ({"userName": None}, "effect"),
}


@pytest.mark.parametrize("name", UNREAD)
@pytest.mark.parametrize(
    "window", [{"between": True}, {"within": {"after": "60s"}, "between": None}]
)
def test_a_spoiler_of_which_nobody_can_read_whom_it_concerns_voids(
    name: str, window: dict[str, Any]
) -> None:
    parameters, wanted = UNREAD[name]
    built = cascade(
        origin={"action": "iam:DeleteUser", "keys": {"user": NAME}},
        effects=[EFFECT],
        spoilers=[spoiler("iam:CreateUser", **window)],
    )
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        call("iam:CreateUser", "created", 30, parameters),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert verdicts(built, events) == {wanted}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"userName": "bob", "newUserName": "eve"}, "orphan"),
        ({"userName": "bob"}, "effect"),
        (None, "orphan"),
    ],
    ids=["it holds", "it does not", "it cannot be read"],
)
def test_a_condition_that_cannot_be_read_holds_for_a_spoiler(
    parameters: object, wanted: str
) -> None:
    renamed = spoiler("iam:UpdateUser", where={"requestParameters.newUserName": {"exists": True}})
    built = cascade(
        origin={"action": "iam:DeleteUser", "keys": {"user": NAME}},
        effects=[EFFECT],
        spoilers=[renamed],
    )
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        call("iam:UpdateUser", "renamed", 10, parameters),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert verdicts(built, events) == {wanted}


def test_a_spoiler_of_an_unknown_account_voids() -> None:
    nowhere = {**MALLORY, "accountId": None}
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        on_bob("iam:CreateUser", "created", 10, by=nowhere, account=None),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert verdicts(REMOVAL, events) == {"orphan"}


def test_a_root_of_which_nobody_knows_what_would_void_it_begins_nothing() -> None:
    built = cascade(
        origin={
            "action": "iam:DeleteUser",
            "keys": {"user": NAME, "path": "requestParameters.path"},
        },
        effects=[EFFECT],
        spoilers=[
            spoiler("iam:CreateUser", keys={"path": "requestParameters.path"}, join=["path"])
        ],
    )
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    assert verdicts(built, events) == {"orphan"}


REGIONAL = cascade(
    origin={"action": "ssm:DeleteDocument", "keys": {"name": "requestParameters.name"}},
    effects=[
        {
            "action": "ssm:ModifyDocumentPermission",
            "keys": {"name": "requestParameters.name"},
            "join": ["name"],
            "within": {"before": "60s"},
            "region": "same",
        }
    ],
)


@pytest.mark.parametrize(
    ("region", "wanted"), [("us-east-1", "effect"), ("eu-west-1", "orphan"), (None, "orphan")]
)
def test_one_name_in_two_regions_is_two_entities(region: str | None, wanted: str) -> None:
    events = [
        call("ssm:ModifyDocumentPermission", "effect", 0, {"name": "run"}),
        call("ssm:DeleteDocument", "gone", 30, {"name": "run"}, awsRegion=region),
    ]
    assert verdicts(REGIONAL, events) == {wanted}


def test_near_misses_say_what_lay_in_between_and_which_region_differs() -> None:
    events = [
        on_bob("iam:DeleteLoginProfile", "effect", 0),
        on_bob("iam:CreateUser", "created", 10),
        on_bob("iam:DeleteUser", "gone", 30),
    ]
    near = classify([REMOVAL], events)["effect"].near_misses
    assert [miss.reason for miss in near] == ["iam:CreateUser in between"]
    regional = [
        call("ssm:ModifyDocumentPermission", "effect", 0, {"name": "run"}),
        call("ssm:DeleteDocument", "gone", 30, {"name": "run"}, awsRegion="eu-west-1"),
    ]
    near = classify([REGIONAL], regional)["effect"].near_misses
    assert [miss.reason for miss in near] == ["other Region"]
