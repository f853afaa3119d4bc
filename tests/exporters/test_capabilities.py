"""What becomes of a query where a target cannot say all of it: cut down, and every loss told."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from cloudcascade.exporters import Capabilities, Direction, Fit, Query, fit, lower
from cloudcascade.exporters.capabilities import EVERY_CONDITION
from cloudcascade.exporters.losses import SAME_ACCESS_KEY
from cloudcascade.exporters.query import ONE_HAND, SAME_ADDRESS
from cloudcascade.tests.support.cascades import Document, cascade

EVERYTHING = Capabilities(
    nested_lists=True,
    list_conditions=True,
    number_keys=True,
    repeated_actions=True,
    resource_name=True,
    conditions=EVERY_CONDITION,
    actor="initial-principal",
    finished_log=True,
)


USER = "requestParameters.userName"
AS_THEY_STAND = "user agents are compared as they stand: two versions or subcommands are two tools"
ITEMS = "requestParameters.items[].userName"
ORIGIN: Document = {
    "action": "iam:DeleteUser",
    "keys": {"user": USER, "many": ITEMS, "deep": "requestParameters.items[].parts[].serialNumber"},
}
EFFECT: Document = {
    "action": "iam:DeleteAccessKey",
    "keys": {"user": USER, "many": ITEMS, "deep": "requestParameters.items[].parts[].serialNumber"},
    "join": ["user"],
    "within": {"before": "60m", "after": "2m"},
}
RECREATED: Document = {
    "action": "iam:CreateUser",
    "keys": {"user": USER, "many": ITEMS},
    "join": ["user"],
    "within": {"before": "5m", "after": "60m"},
    "reason": "user recreated",
}
BETWEEN: Document = {"within": None, "between": True}
OPEN, CLOSED, UNCOVERED = Direction.OPEN, Direction.CLOSED, Direction.UNCOVERED


def fitted(
    *effects: Document, spoilers: Sequence[Document] = (), can: Capabilities = EVERYTHING
) -> Fit:
    return fit(lower(cascade(origin=ORIGIN, effects=effects, spoilers=spoilers)), can)


def lacking(**missing: Any) -> Capabilities:
    return replace(EVERYTHING, **missing)


def told(found: Fit) -> list[tuple[Direction, str]]:
    return [(loss.direction, loss.text) for loss in found.losses]


def test_a_target_that_can_say_everything_loses_nothing() -> None:
    hop = {**EFFECT, "action": "iam:DeleteLoginProfile", "parent": "iam:DeleteAccessKey"}
    found = fitted(EFFECT, hop, spoilers=[RECREATED])
    assert found.losses == ()
    assert found.query == lower(cascade(origin=ORIGIN, effects=[EFFECT, hop], spoilers=[RECREATED]))


@pytest.mark.parametrize(
    ("missing", "change", "reason"),
    [
        ({"hop": False}, {"parent": "iam:DeleteLoginProfile"},
         "joins its origin through iam:DeleteLoginProfile, which takes a hop"),
        ({"list_keys": False}, {"join": ["many"]}, "joins on a list"),
        ({"nested_lists": False}, {"join": ["deep"]}, "joins on lists within lists"),
        ({"arn_name": False}, {"keys": {"user": {"path": USER, "transform": "arn-name"}}},
         "joins on a part of an ARN"),
        ({"first_of": False}, {"keys": {"user": {"first-of": ["requestParameters.alias", USER]}}},
         "joins on a field that stands in different places"),
        ({"distinct_keys": False}, {"join": ["user"], "distinct": ["many"]},
         "asks for keys that differ"),
        ({"service_actor": False}, {"actor": "service:backup.amazonaws.com"},
         "asks for a call made by backup.amazonaws.com"),
        ({"sides": "effect-first"}, {"within": {"after": "2m"}},
         "follows its origin, and only an origin after it can be seen"),
        ({"sides": "origin-first"}, {"within": {"before": "2m"}},
         "precedes its origin, and only an origin before it can be seen"),
        ({"conditions": EVERY_CONDITION - {"startswith"}},
         {"where": {"requestParameters.flag": {"startswith": "o"}}},
         "the condition 'startswith' on requestParameters.flag cannot be said here"),
        ({"conditions": EVERY_CONDITION - {"denied"}},
         {"where": {"requestParameters.flag": {"not": "on"}}},
         "the condition 'not' on requestParameters.flag cannot be said here"),
        ({"conditions": EVERY_CONDITION - {"only"}},
         {"where": {"requestParameters": {"only": ["userName"]}}},
         "the condition 'only' on requestParameters cannot be said here"),
        ({"conditions": EVERY_CONDITION - {"grants"}},
         {"where": {"requestParameters.policy": {"not": {"grants": "own-account"}}}},
         "the condition 'grants' on requestParameters.policy cannot be said here"),
        ({"list_conditions": False}, {"where": {"requestParameters.items[].flag": "on"}},
         "the condition 'for every element' on requestParameters.items[].flag cannot be said here"),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else "",
)  # fmt: skip
def test_an_effect_that_cannot_be_said_is_left_out_and_said_to_be_uncovered(
    missing: dict[str, Any], change: Document, reason: str
) -> None:
    other = {
        **EFFECT,
        "action": "iam:DeleteLoginProfile",
        "within": {"before": "5m", "after": "5m"},
    }
    odd = {**EFFECT, **change}
    assert fitted(other, odd).losses == ()
    found = fitted(other, odd, can=lacking(**missing))
    assert (UNCOVERED, f"iam:DeleteAccessKey: {reason}") in told(found)
    assert not found.fails_closed
    assert found.query is not None
    assert found.query.actions == ("iam:DeleteLoginProfile",)
    assert [node.name for node in found.query.nodes] == ["iam:DeleteLoginProfile"]


def test_nothing_is_left_where_no_effect_can_be_said() -> None:
    found = fitted({**EFFECT, "join": ["many"]}, can=lacking(list_keys=False))
    assert found == Fit(None, found.losses)
    assert told(found) == [(UNCOVERED, "iam:DeleteAccessKey: joins on a list")]


def test_user_agents_are_compared_as_they_stand_where_tools_cannot_be_told() -> None:
    by_tool = {**EFFECT, "tool": "same"}
    assert fitted(by_tool).losses == ()
    found = fitted(by_tool, can=lacking(tool_family=False))
    assert told(found) == [(OPEN, AS_THEY_STAND)]
    assert found.query is not None
    (node,) = found.query.nodes
    assert [(pair.own.paths, pair.own.tool) for pair in node.edge.join] == [
        ((USER,), False),
        *((pair.own.paths, False) for pair in ONE_HAND),
        (("userAgent",), False),
    ]
    annotated = {**by_tool, "action": "iam:DeleteLoginProfile", "policy": "annotate"}
    assert told(fitted(EFFECT, annotated, can=lacking(tool_family=False))) == []


def test_nothing_is_left_where_the_origin_cannot_be_said() -> None:
    origin = {**ORIGIN, "where": {"requestParameters.flag": {"exists": True}}}
    query = lower(cascade(origin=origin, effects=[EFFECT]))
    found = fit(query, lacking(conditions=EVERY_CONDITION - {"exists"}))
    assert found.query is None
    assert [loss.direction for loss in found.losses] == [UNCOVERED]


def test_a_parent_stays_for_the_effects_below_it_but_is_no_subject_where_it_cannot_be_judged() -> (
    None
):
    # iam:DeleteLoginProfile is annotated: it is there for the chain only.
    parent = {**EFFECT, "action": "iam:DeleteLoginProfile", "policy": "annotate"}
    child = {**EFFECT, "parent": "iam:DeleteLoginProfile"}
    whole = fitted(parent, child)
    assert whole.query is not None
    assert whole.query.actions == ("iam:DeleteAccessKey",)
    assert [node.name for node in whole.query.nodes] == [
        "iam:DeleteLoginProfile",
        "iam:DeleteAccessKey",
    ]
    assert fitted(parent, child, can=lacking(hop=False)).query is None


def test_an_action_that_another_node_still_judges_fails_open_and_is_not_uncovered() -> None:
    plain = {**EFFECT, "name": "plain"}
    by_list = {**EFFECT, "name": "by-list", "join": ["many"], "actor": "any"}
    found = fitted(plain, by_list, can=lacking(list_keys=False))
    assert told(found) == [
        (OPEN, "iam:DeleteAccessKey alerts though explained where it joins on a list")
    ]
    assert found.query is not None
    assert found.query.actions == ("iam:DeleteAccessKey",)


def test_an_action_that_stands_twice_on_the_way_takes_repeated_actions() -> None:
    middle = {**EFFECT, "action": "iam:DeleteLoginProfile"}
    again = {**EFFECT, "action": "iam:DeleteUser", "parent": "iam:DeleteLoginProfile"}
    found = fitted(middle, {**again, "name": "again"}, can=lacking(repeated_actions=False))
    assert told(found) == [
        (UNCOVERED, "iam:DeleteUser: the same action stands twice on the way to its origin")
    ]
    assert fitted(middle, {**again, "name": "again"}).losses == ()


@pytest.mark.parametrize(
    ("missing", "before", "after", "text"),
    [
        ({"sides": "effect-first"}, 3600, 0,
         "iam:DeleteAccessKey up to 2m after its parent event is not explained: only an event after it counts"),
        ({"sides": "origin-first"}, 0, 120,
         "iam:DeleteAccessKey up to 1h before its parent event is not explained: only an event before it counts"),
        ({"max_window": 600}, 600, 120,
         "the window of iam:DeleteAccessKey ends after 10m instead of 1h"),
    ],
)  # fmt: skip
def test_windows_only_get_narrower(
    missing: dict[str, Any], before: int, after: int, text: str
) -> None:
    found = fitted(EFFECT, can=lacking(**missing))
    assert told(found) == [(OPEN, text)]
    assert found.query is not None
    edge = found.query.node("iam:DeleteAccessKey").edge
    assert (edge.before, edge.after) == (before, after)


@pytest.mark.parametrize(
    ("missing", "change", "expected"),
    [
        ({"hold": False}, {}, [(OPEN, "judges on arrival: an origin that comes after its effect comes too late")]),
        ({"hold": False}, {"within": {"after": "2m"}}, []),
        ({"same_second": False}, {}, [(OPEN, "an origin in the very second of its effect is not seen")]),
        ({"sliding": False}, {}, [(OPEN, "fixed buckets of time: a cascade across an edge still alerts")]),
        ({"case_fold": False}, {}, [(OPEN, "names compare with case: Alice and alice are two")]),
        ({"case_fold": False}, {"join": ["many"], "distinct": ["user"]}, [
            (OPEN, "names compare with case: Alice and alice are two"),
            (CLOSED, "names compare with case: one name in two spellings counts as two that differ")]),
        ({"actor": "session"}, {}, [(OPEN,
          "credentials are not followed through AssumeRole: two sessions of one person are two actors")]),
        ({"actor": "session"}, {"actor": "any"}, []),
        ({"actor": "none"}, {}, [(CLOSED, "actors are not compared: anybody's origin explains")]),
        ({"actor": "none"}, {"actor": "same-role"}, [(CLOSED, "actors are not compared: anybody's origin explains")]),
        ({"same_role": False}, {"actor": "same-role"}, [(OPEN, "two sessions of one role are two actors")]),
        ({"same_role": False}, {}, []),
        ({"any_account": False}, {"account": "any"}, [(OPEN, "an origin in another account is not seen")]),
        ({"any_account": False}, {}, []),
        ({"any_window": False}, {}, []),
        ({"error_message": False}, {}, [(CLOSED, "a failed call that has a message and no code counts as successful")]),
        ({"finished_log": False}, {}, []),
        ({"expiry": False}, {}, []),
    ],
)  # fmt: skip
def test_what_the_query_still_holds_but_the_target_does_not_keep(
    missing: dict[str, Any], change: Document, expected: list[tuple[Direction, str]]
) -> None:
    found = fitted({**EFFECT, **change}, can=lacking(**missing))
    assert told(found) == expected
    assert found.query == fitted({**EFFECT, **change}).query


def test_one_window_for_all_fails_closed_where_windows_differ() -> None:
    other = {**EFFECT, "action": "iam:DeleteLoginProfile", "within": {"before": "5m"}}
    assert told(fitted(EFFECT, other, can=lacking(any_window=False))) == [
        (CLOSED, "one window, the widest, for all effects: narrower ones are overstepped")
    ]


@pytest.mark.parametrize(
    ("missing", "change", "closed"),
    [
        ({"spoilers": False}, {}, "nothing voids an explanation here; unnoticed: user recreated"),
        ({"hold": False}, {}, "judges on arrival: unnoticed if later: user recreated"),
        ({"hold": False}, {"within": {"before": "5m"}}, None),
        ({"sliding": False}, {}, "fixed buckets of time: unnoticed across an edge: user recreated"),
        ({"max_window": 600}, {}, "unnoticed after 10m: user recreated"),
        ({"max_window": 3600}, {}, None),
        ({"case_fold": False}, {}, "names compare with case: unnoticed if spelt otherwise: user recreated"),
        ({"any_account": False}, {"account": "any"}, "unnoticed in another account: user recreated"),
        ({"log_ends": False}, {}, "the log may begin too late or end too soon to show: user recreated"),
        ({"log_ends": False}, BETWEEN, None),
        ({"root_keys": False}, {}, None),
        ({"root_keys": False}, {"join": ["many"]}, "an origin without many explains, whatever voids it"),
        ({"unreadable_spoilers": False, "any_account": False}, {}, "unnoticed without an account: user recreated"),
        ({"any_account": False}, {}, None),
    ],
)  # fmt: skip
def test_a_spoiler_that_is_missed_fails_closed(
    missing: dict[str, Any], change: Document, closed: str | None
) -> None:
    found = fitted(EFFECT, spoilers=[{**RECREATED, **change}], can=lacking(**missing))
    assert [text for direction, text in told(found) if direction is CLOSED] == [closed][
        : bool(closed)
    ]
    assert found.fails_closed == bool(closed)


@pytest.mark.parametrize(
    ("missing", "change"),
    [
        ({"conditions": EVERY_CONDITION - {"exists"}}, {"where": {"requestParameters.flag": {"exists": True}}}),
        ({"list_conditions": False}, {"where": {"requestParameters.items[].flag": "on"}}),
        ({"arn_name": False}, {"keys": {"user": {"path": USER, "transform": "arn-name"}}}),
        ({"list_keys": False}, {"keys": {"user": ITEMS}}),
        ({"unreadable_spoilers": False}, {}),
    ],
)  # fmt: skip
def test_a_spoiler_of_which_less_can_be_said_voids_more(
    missing: dict[str, Any], change: Document
) -> None:
    found = fitted(EFFECT, spoilers=[{**RECREATED, **change}], can=lacking(**missing))
    assert told(found) == [(OPEN, "any iam:CreateUser counts as: user recreated")]
    assert found.query is not None
    (spoiler,) = found.query.spoilers
    assert not (spoiler.pattern.where and spoiler.join)


def ensemble() -> Query:
    members = [
        {**EFFECT, "name": "one"},
        {**EFFECT, "name": "two", "action": "iam:DeleteLoginProfile"},
    ]
    root = {
        "name": "root",
        "action": "iam:DeleteUser",
        "keys": {"user": USER, "many": ITEMS, "deep": USER},
    }
    edges = [{**member, "parent": "root"} for member in members]
    return lower(cascade(ensemble={"require": ["root", "one"]}, effects=[root, *edges]))


def test_an_ensemble_is_uncovered_without_ensembles_or_a_required_member() -> None:
    assert fit(ensemble(), EVERYTHING).losses == ()
    without = fit(ensemble(), lacking(ensembles=False))
    assert without.query is None
    assert [loss.direction for loss in without.losses] == [UNCOVERED]
    one = replace(ensemble().node("one").edge, actor="service", service="backup.amazonaws.com")
    query = replace(
        ensemble(),
        nodes=tuple(
            replace(node, edge=one) if node.name == "one" else node for node in ensemble().nodes
        ),
    )
    crippled = fit(query, lacking(service_actor=False))
    assert crippled.query is None
    assert told(crippled)[-1] == (
        UNCOVERED,
        "iam:DeleteUser, iam:DeleteAccessKey, iam:DeleteLoginProfile: one asks for a call made by backup.amazonaws.com",
    )


def rivalled(rival_effect: Document) -> Query:
    one = cascade(cascade_id="aws.test.one", origin=ORIGIN, effects=[EFFECT])
    two = cascade(
        cascade_id="aws.test.two",
        origin={**ORIGIN, "action": "iam:DeleteGroup"},
        effects=[{**EFFECT, **rival_effect}],
    )
    return lower(one, [one, two])


@pytest.mark.parametrize(
    ("missing", "rival_effect", "expected"),
    [
        ({}, {}, []),
        ({"rivals": False}, {}, [(OPEN, "iam:DeleteAccessKey explained by aws.test.two still alerts")]),
        ({"list_keys": False}, {"join": ["many"]}, [(OPEN,
          "what aws.test.two explains still alerts: iam:DeleteAccessKey: joins on a list")]),
        ({"tool_family": False}, {"tool": "same"}, [(OPEN, AS_THEY_STAND)]),
        ({"actor": "none"}, {}, [(CLOSED, "actors are not compared: anybody's origin explains")]),
    ],
)  # fmt: skip
def test_what_is_lost_of_a_rival_fails_open_since_the_query_covers_its_actions(
    missing: dict[str, Any], rival_effect: Document, expected: list[tuple[Direction, str]]
) -> None:
    found = fit(rivalled(rival_effect), lacking(**missing))
    assert told(found) == expected
    assert found.query is not None
    kept = [rival.cascade for rival in found.query.rivals]
    assert kept == ([] if "rivals" in missing or "list_keys" in missing else ["aws.test.two"])


def test_a_rival_of_uncovered_actions_only_is_dropped_without_a_word() -> None:
    one = cascade(
        cascade_id="aws.test.one",
        origin=ORIGIN,
        effects=[{**EFFECT, "join": ["many"]}, {**EFFECT, "action": "iam:DeleteLoginProfile"}],
    )
    two = cascade(
        cascade_id="aws.test.two", origin={**ORIGIN, "action": "iam:DeleteGroup"}, effects=[EFFECT]
    )
    found = fit(lower(one, [one, two]), lacking(list_keys=False, rivals=False))
    assert told(found) == [(UNCOVERED, "iam:DeleteAccessKey: joins on a list")]
    assert found.query is not None
    assert found.query.rivals == ()


def test_one_hand_is_told_by_the_access_key_where_a_key_stands_in_one_field_only() -> None:
    found = fitted(EFFECT, can=lacking(first_of=False))
    assert told(found) == [
        (OPEN, "access keys are compared: two keys of one sign-in are two hands")
    ]
    assert found.query is not None
    assert found.query.nodes[0].edge.join[1:] == (SAME_ADDRESS, SAME_ACCESS_KEY)


def test_a_target_that_compares_no_hands_fails_closed() -> None:
    found = fitted(EFFECT, can=lacking(same_hand=False))
    assert told(found) == [
        (
            CLOSED,
            "addresses and credentials are not compared: whoever is the principal is one hand",
        )
    ]
    assert found.query is not None
    assert len(found.query.nodes[0].edge.join) == 1
    assert fitted({**EFFECT, "actor": "any"}, can=lacking(same_hand=False)).losses == ()


def test_what_lies_between_voids_wherever_it_may_lie_where_that_cannot_be_asked() -> None:
    between = {**RECREATED, **BETWEEN}
    assert fitted(EFFECT, spoilers=[between]).losses == ()
    found = fitted(EFFECT, spoilers=[between], can=lacking(between=False))
    assert told(found) == [
        (OPEN, "voids wherever the events may reach, not only between them: user recreated")
    ]
    assert found.query is not None
    (spoiler,) = found.query.spoilers
    assert (spoiler.between, spoiler.before, spoiler.after) == (False, 3600, 120)
    # It is now one that a verdict must wait for.
    assert found.query.reach_after > fitted(EFFECT, spoilers=[between]).query.reach_after  # type: ignore[union-attr]


def test_a_root_that_lacks_what_a_spoiler_joins_on_explains_where_no_edge_asks_for_it() -> None:
    can = lacking(list_keys=False)
    found = fitted(EFFECT, spoilers=[{**RECREATED, "join": ["user", "many"]}], can=can)
    assert (CLOSED, "an origin without many explains, whatever voids it") in told(found)
    assert found.query is not None
    assert [key.name for key in found.query.root_keys] == ["user"]


GROUP: Document = {"action": "iam:DeleteGroup", "keys": {"user": USER, "many": ITEMS}}


def vetoed(
    *effects: Document, can: Capabilities = EVERYTHING, origin: Document = GROUP, **veto: Any
) -> Fit:
    """An effect of one cascade, which `effects` of another explain by a stricter policy."""
    one = cascade(cascade_id="aws.test.one", origin=ORIGIN, effects=[EFFECT])
    strict = [{**EFFECT, "policy": "annotate", **each} for each in effects]
    two = cascade(cascade_id="aws.test.two", origin=origin, effects=strict, **veto)
    return fit(lower(one, [one, two]), can)


MORE = "more counts as explained by aws.test.two than is, and alerts"


@pytest.mark.parametrize(
    ("missing", "effect", "losses"),
    [
        ({}, {}, []),
        ({"list_keys": False}, {"join": ["many"]}, [MORE]),
        ({"distinct_keys": False}, {"distinct": ["many"]}, [MORE]),
        ({"tool_family": False}, {"tool": "same"}, [MORE]),
        ({"service_actor": False}, {"actor": "service:backup.amazonaws.com"}, [MORE]),
        ({"conditions": EVERY_CONDITION - {"exists"}},
         {"where": {"requestParameters.flag": {"exists": True}}}, [MORE]),
    ],
    ids=lambda part: next(iter(part), "") if isinstance(part, dict) else "",
)  # fmt: skip
def test_a_veto_of_which_less_can_be_said_explains_more(
    missing: dict[str, Any], effect: Document, losses: list[str]
) -> None:
    found = vetoed(effect, can=lacking(**missing))
    assert told(found) == [(OPEN, text) for text in losses]
    assert found.query is not None
    (veto,) = found.query.vetoes
    (edge,) = [node.edge for node in veto.nodes]
    if missing:
        assert edge.actor == "any" or len(edge.join) < 2


def test_two_sessions_of_one_person_veto_each_other() -> None:
    found = vetoed({}, can=lacking(actor="session"))
    assert (OPEN, MORE) in told(found)
    assert found.query is not None
    assert [node.edge.actor for node in found.query.vetoes[0].nodes] == ["any"]


def test_a_veto_that_cannot_be_asked_voids_by_its_root_wherever_both_may_reach() -> None:
    found = vetoed({"within": {"before": "5m", "after": "10m"}}, can=lacking(vetoes=False))
    assert told(found) == [
        (OPEN, "any iam:DeleteGroup within reach voids: aws.test.two may explain it")
    ]
    assert found.query is not None
    (spoiler,) = found.query.spoilers
    assert (spoiler.join, spoiler.same_account, spoiler.between) == ((), True, False)
    # The effect lies up to 1h before and 2m after its origin, and the veto's root 10m before to 5m after the effect.
    assert (spoiler.before, spoiler.after) == (3600 + 600, 120 + 300)
    assert found.query.vetoes == ()


@pytest.mark.parametrize(
    ("missing", "origin"),
    [({"vetoes": False}, ORIGIN), ({"vetoes": False, "spoilers": False}, GROUP)],
    ids=["its root may be the query's", "nothing can be voided"],
)
def test_a_subject_is_not_covered_where_not_even_that_can_be_said(
    missing: dict[str, Any], origin: Document
) -> None:
    found = vetoed({}, can=lacking(**missing), origin=origin)
    assert found.query is None
    assert told(found) == [
        (
            UNCOVERED,
            "iam:DeleteAccessKey: aws.test.two may explain it by a stricter policy, which cannot be asked",
        )
    ]


@pytest.mark.parametrize(
    ("missing", "cause"),
    [
        ({"hold": False}, "judges on arrival: unnoticed if later"),
        ({"sliding": False}, "fixed buckets of time: unnoticed across an edge"),
        ({"same_second": False}, "unnoticed in the very second"),
    ],
)
def test_a_veto_that_is_missed_fails_closed(missing: dict[str, Any], cause: str) -> None:
    closed = [
        text for direction, text in told(vetoed({}, can=lacking(**missing))) if direction is CLOSED
    ]
    assert closed == [f"{cause}: what aws.test.two explain more strictly"]


def test_nobody_waits_for_what_would_only_tell_that_a_veto_does_not_hold() -> None:
    voided = [{**RECREATED, "within": {"after": "24h"}}]
    whole = vetoed({}, spoilers=voided)
    assert whole.losses == ()
    assert whole.query is not None
    assert whole.query.reach_after == 3600 + 86_400
    found = vetoed({}, spoilers=voided, can=lacking(finished_log=False))
    assert told(found) == [(OPEN, MORE)]
    assert found.query is not None
    assert found.query.vetoes[0].spoilers == ()
    assert found.query.reach_after == 3600
