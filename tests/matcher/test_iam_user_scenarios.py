"""What the IAM user cascade says of offboardings, of attacks, and of attacks dressed as offboardings.

Each scenario is held against the engine as it comes, backwards with every event twice, one event
at a time, and against the oracle.
"""

import itertools

import msgspec
import pytest

from cloudcascade.matcher import Verdict
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import (
    ALICE,
    MALLORY,
    OTHER_ACCOUNT,
    Event,
    assume_role,
    classify,
    session,
)
from cloudcascade.tests.support.iam_user_scenarios import HOSTILE, HOUR, RUN, SCENARIOS
from cloudcascade.tests.support.offboarding import (
    Scenario,
    create_user,
    deactivate,
    delete_device,
    delete_user,
    reasons,
    strip,
    summary,
)

in_every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda it: it.name)


@in_every_scenario
def test_verdicts(scenario: Scenario) -> None:
    verdicts = classify([DELETE_USER], scenario.events)
    assert {name: summary(verdict) for name, verdict in verdicts.items()} == scenario.expected


@in_every_scenario
def test_order_copies_and_batches_change_nothing(scenario: Scenario) -> None:
    in_order = classify([DELETE_USER], scenario.events)
    backwards_twice = [event for event in reversed(scenario.events) for _ in range(2)]
    assert classify([DELETE_USER], backwards_twice) == in_order
    assert classify([DELETE_USER], *([event] for event in scenario.events)) == in_order


@in_every_scenario
def test_the_oracle_says_the_same(scenario: Scenario) -> None:
    verdicts = oracle_verdicts([DELETE_USER], scenario.events)
    assert {name: summary(verdict) for name, verdict in verdicts.items()} == scenario.expected


@pytest.mark.parametrize(
    ("scenario", "orphan"),
    [
        pytest.param(scenario, orphan, id=f"{scenario.name}: {orphan}")
        for scenario in SCENARIOS
        for orphan in scenario.near_misses
    ],
)
def test_near_misses_say_why(scenario: Scenario, orphan: str) -> None:
    wanted = scenario.near_misses[orphan]
    found = reasons(classify([DELETE_USER], scenario.events)[orphan])
    if wanted is None:
        assert found == []
    else:
        assert any(wanted in reason for reason in found), found


PIPELINE = session("offboarding", "pipeline", "ASIAPIPE")
LEAVERS = [f"leaver{number:02}" for number in range(30)]


def mass_offboarding(by: Event) -> list[Event]:
    """Thirty users, ten seconds for each."""
    return [
        event
        for number, name in enumerate(LEAVERS)
        for event in (
            strip("DeleteAccessKey", f"{name}-key", 10 * number, name, by=by),
            deactivate(f"{name}-mfa", 10 * number + 1, name, f"serial-{name}", by=by),
            delete_device(f"{name}-device", 10 * number + 2, f"serial-{name}", by=by),
            delete_user(f"{name}-gone", 10 * number + 3, name, by=by),
        )
    ]


@pytest.mark.parametrize(
    ("attack_events", "left_over"),
    [
        pytest.param([], set(), id="nothing else happens"),
        pytest.param(
            [
                deactivate("mfa", 155, "admin", "x", by=PIPELINE),
                delete_device("device", 156, "x", by=PIPELINE),
            ],
            {"mfa", "device"},
            id="with the pipeline's session, MFA stripped from a user who stays",
        ),
        pytest.param(
            [
                deactivate("mfa", 155, "admin", "x", by=PIPELINE),
                delete_user("elsewhere", 160, "admin", by=PIPELINE, account=OTHER_ACCOUNT),
            ],
            {"mfa"},
            id="MFA stripped from a user whose namesake in another account is deleted",
        ),
        pytest.param(
            [
                deactivate("mfa", 155, "admin", "x", by=PIPELINE),
                delete_user("refused", 160, "admin", by=PIPELINE, error="DeleteConflictException"),
            ],
            {"mfa"},
            id="MFA stripped from a user whose deletion fails",
        ),
        pytest.param(
            [deactivate("mfa", 155, "leaver07", "x", by=session("offboarding", "evil", "ASIAE"))],
            {"mfa"},
            id="another session of the pipeline's role strips a leaver",
        ),
    ],
)
def test_a_mass_offboarding_leaves_the_attack_alone(
    attack_events: list[Event], left_over: set[str]
) -> None:
    verdicts = classify([DELETE_USER], mass_offboarding(PIPELINE) + attack_events)
    effects = {name: v.instance for name, v in verdicts.items() if v.verdict == "effect"}
    assert effects == {
        f"{name}-{part}": f"{name}-gone" for name in LEAVERS for part in ("key", "mfa", "device")
    }
    assert {name for name, v in verdicts.items() if v.verdict == "orphan"} == left_over


def test_one_leaver_who_came_back_is_left_over() -> None:
    events = [*mass_offboarding(PIPELINE), create_user("back", 200, "leaver11", by=MALLORY)]
    verdicts = classify([DELETE_USER], events)
    orphans = {name for name, verdict in verdicts.items() if verdict.verdict == "orphan"}
    assert orphans == {"leaver11-key", "leaver11-mfa", "leaver11-device"}


def test_an_event_without_an_id_is_classified_like_any_other_and_counted_once() -> None:
    nameless = deactivate("", 0)
    for event_id in ({}, {"eventID": None}):
        event = {**{k: v for k, v in nameless.items() if k != "eventID"}, **event_id}
        verdicts = classify([DELETE_USER], [event, delete_user("gone", 9), event])
        (name,) = set(verdicts) - {"gone"}
        assert name
        assert summary(verdicts[name]) == "effect of gone"
        assert verdicts[name].path == (name, "gone")


def test_different_events_without_ids_are_different_events() -> None:
    events = [{**deactivate("", second), "eventID": None} for second in (0, 1)]
    assert len(classify([DELETE_USER], events)) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(delete_user("gone", 9), delete_user("gone", 9, "carol"), id="name"),
        pytest.param(delete_user("gone", 9), delete_user("gone", HOUR * 2), id="time"),
        pytest.param(delete_user("gone", 9), delete_user("gone", 9, by=MALLORY), id="actor"),
        pytest.param(
            delete_user("gone", 9), delete_user("gone", 9, error="AccessDenied"), id="outcome"
        ),
        pytest.param(
            delete_user("gone", 9), delete_user("gone", 9, account=OTHER_ACCOUNT), id="account"
        ),
        pytest.param(delete_user("gone", 9), create_user("gone", 9), id="action"),
        pytest.param(delete_user("gone", 9, 7), delete_user("gone", 9, "7"), id="type"),
        pytest.param(delete_user("gone", 9, None), delete_user("gone", 9), id="presence"),
    ],
)
def test_of_two_contents_of_one_id_the_same_counts_in_any_order(one: Event, other: Event) -> None:
    mfa = deactivate("mfa", 0)
    orders = [classify([DELETE_USER], order) for order in itertools.permutations([one, other, mfa])]
    assert all(verdicts == orders[0] for verdicts in orders)
    alone = [classify([DELETE_USER], [content, mfa]) for content in (one, other)]
    assert _explanations(orders[0]) in [_explanations(verdicts) for verdicts in alone]
    assert all(verdict.policy != "suppress" for verdict in orders[0].values())


def _explanations(verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """What is said of events, but for what may be done with them."""
    return {
        id_: msgspec.structs.replace(verdict, policy=None, caveats=())
        for id_, verdict in verdicts.items()
    }


def test_a_verdict_shows_the_hostile_arn_as_it_is() -> None:
    identity = session(HOSTILE, "x", "ASIAH", path=f"{HOSTILE}/")
    verdict = classify([DELETE_USER], [deactivate("mfa", 0, by=identity)])["mfa"]
    assert verdict.actor_arn == identity["arn"]
    assert verdict.actor == identity["principalId"]


def test_a_verdict_carries_the_output_contract() -> None:
    events = [
        assume_role("sts", "ASIARUN", by=ALICE),
        deactivate("mfa", 0, by=RUN),
        delete_device("device", 1, by=RUN),
        delete_user("gone", 9, by=RUN),
    ]
    verdict = classify([DELETE_USER], events)["device"]
    assert verdict.event_time == "2024-05-14T09:00:01Z"
    assert verdict.action == "iam:DeleteVirtualMFADevice"
    assert verdict.account == "111111111111"
    assert verdict.region == "us-east-1"
    assert verdict.actor == ALICE["principalId"]
    assert verdict.actor_arn == RUN["arn"]
    assert (verdict.cascade, verdict.instance) == ("aws.iam.delete-user", "gone")
    assert (verdict.relation, verdict.policy) == ("precondition", "annotate")
    assert verdict.caveats[0] == "the log ends too soon to rule out: user recreated"
    assert verdict.path == ("device", "mfa", "gone")
    assert verdict.techniques == ("T1556.006",)
    assert verdict.near_misses == ()
