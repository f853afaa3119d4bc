"""What comes first: how orphans are ranked, and how they are told as stories."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudcascade.catalog import Tactic, tactics, techniques
from cloudcascade.cli.reasons import Rarity, reasons
from cloudcascade.cli.stories import Rarities, Stories, Story
from cloudcascade.matcher import NearMiss, Verdict

MANY = Rarity(1_000, 9_000)
ACCOUNT = "111122223333"


def orphan(name: str = "kms:Decrypt", at: int = 0, **more: Any) -> Verdict:
    """An orphan so many seconds into the day, by a session of the role `app` unless `more` says otherwise."""
    session = more.pop("session", "i-1")
    said: dict[str, Any] = {
        "event_id": f"{name} {at} {session}",
        "event_time": f"2026-03-17T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z",
        "action": name,
        "account": ACCOUNT,
        "region": "us-east-1",
        "actor": f"AROAAPP:{session}",
        "verdict": "orphan",
        "failed": "error" in more,
        "actor_arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{session}",
    }
    return Verdict(**{**said, **more})


def score(verdict: Verdict, rarity: Rarity = MANY) -> int:
    return sum(each.weight for each in reasons(verdict, rarity))


USER: dict[str, Any] = {"actor": "AIDAUSER", "actor_arn": f"arn:aws:iam::{ACCOUNT}:user/a"}
ROOT: dict[str, Any] = {"actor": ACCOUNT, "actor_arn": f"arn:aws:iam::{ACCOUNT}:root"}


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ((orphan(techniques=("T1685.002",)), MANY), (orphan(techniques=("T1526",)), MANY)),
        ((orphan(techniques=("T1526",)), MANY), (orphan(), MANY)),
        ((orphan(), Rarity(1, 9_000)), (orphan(), Rarity(2, 9_000))),
        ((orphan(), Rarity(2, 9_000)), (orphan(), MANY)),
        ((orphan(), Rarity(1, 1)), (orphan(), Rarity(1, 9_000))),
        ((orphan(), MANY), (orphan(error="DeleteConflictException"), MANY)),
        ((orphan(error="AccessDenied"), MANY), (orphan(error="DeleteConflictException"), MANY)),
        ((orphan(), MANY), (orphan(controller="backup"), MANY)),
        ((orphan(controller="our pipeline"), MANY), (orphan(controller="backup"), MANY)),
        ((orphan(**USER), MANY), (orphan(), MANY)),
        ((orphan(**ROOT), MANY), (orphan(**USER), MANY)),
    ],
    ids=[
        "what switches off logs before what looks around",
        "what looks around before what is no technique",
        "once before twice",
        "twice before often",
        "once in the account before often by others",
        "what succeeded before what failed",
        "who was denied before who failed otherwise",
        "anybody before what AWS attests",
        "what the configuration names before what AWS attests",
        "a user before a role",
        "the root user before any other",
    ],
)  # fmt: skip
def test_more_worth_a_look_is(more: tuple[Verdict, Rarity], less: tuple[Verdict, Rarity]) -> None:
    assert score(*more) > score(*less)


def test_reasons_are_in_words_the_weightiest_first() -> None:
    verdict = orphan(techniques=("T1685.002", "T1526"), error="AccessDenied", **USER)
    assert [str(each) for each in reasons(verdict, Rarity(1, 3))] == [
        "T1685.002 Disable or Modify Cloud Log (Defense Impairment)",
        "once by this principal",
        "an IAM user",
        "denied: AccessDenied",
        "3 times in the account",
    ]


def test_a_long_lived_key_is_named() -> None:
    verdict = msgspec.structs.replace(orphan(**USER), session="AKIAEXAMPLE")
    assert [each.words for each in reasons(verdict, MANY)] == ["an IAM user's long-lived key"]


def test_two_keys_of_a_user_that_do_different_things_are_two_stories() -> None:
    both = [orphan(name, at, **USER) for at, name in enumerate(("iam:A", "iam:B"))]
    keys = [msgspec.structs.replace(each, session=f"AKIA{each.action}") for each in both]
    assert (len(told(*both)), len(told(*keys))) == (1, 2)


def test_what_nobody_counted_is_taken_for_rare_and_not_said_to_be_so() -> None:
    assert score(orphan(), Rarity()) == score(orphan(), Rarity(1, 1))
    assert reasons(orphan(), Rarity(0, 5))[0].words == "its frequency was not counted"


def told(*verdicts: Verdict) -> tuple[Story, ...]:
    return gathered(verdicts, Stories()).told()


def gathered(verdicts: Iterable[Verdict], stories: Stories) -> Stories:
    for each in stories.rarities.counted(verdicts):
        stories.add(each)
    return stories


def test_equal_events_are_one_row_with_their_count_whatever_the_near_miss_says_of_each() -> None:
    misses = [(NearMiss("aws.x", None, f"{at}s outside the window"),) for at in range(50)]
    (story,) = told(*(orphan(at=at, near_misses=miss) for at, miss in enumerate(misses)))
    (kind,) = story.kinds
    assert (kind.count, kind.also, kind.first.event_time[-3:], kind.last_time[-3:]) == (
        50, True, "00Z", "49Z",
    )  # fmt: skip


def test_sessions_of_a_role_that_do_the_same_are_one_story() -> None:
    (story,) = told(*(orphan(at=at, session=f"i-{at % 7}") for at in range(70)))
    assert (story.sessions, story.events, len(story.kinds)) == (7, 70, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"account": "444455556666"},
        {"actor": "AIDATHIEF"},
        {"session": "i-2", "name": "iam:CreateUser"},
        {"actor_arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/other/i-1"},
        USER,
    ],
    ids=["account", "initial principal", "session that does something else", "role", "user"],
)
def test_another_is_another_story(other: dict[str, Any]) -> None:
    assert len(told(orphan(), orphan(at=5, **other))) == 2


def test_a_story_tells_its_events_in_the_order_of_time() -> None:
    names = ("iam:C", "iam:A", "iam:B")
    (story,) = told(*reversed([orphan(name, at) for at, name in enumerate(names)]))
    assert [each.first.action for each in story.kinds] == list(names)


def test_several_techniques_together_come_before_one_alone() -> None:
    apart = orphan("iam:X", techniques=("T1098.001",), session="a")
    both = [
        orphan("iam:X", 9, techniques=("T1098.001",), session="b"),
        orphan("iam:Y", 10, techniques=("T1098.003",), session="b"),
    ]
    assert [len(story.kinds) for story in told(apart, *both)] == [2, 1]


def test_ties_go_by_time_and_id_in_whatever_order_they_came() -> None:
    same = [orphan(at=0, session=name, event_id=name, actor=name) for name in "bca"]
    later = orphan(at=1, session="0", actor="0")
    orders = {
        tuple(story.first.event_id for story in told(*each))
        for each in permutations([later, *same])
    }
    assert orders == {("a", "b", "c", later.event_id)}


def test_where_there_are_too_many_kinds_the_least_worth_a_look_are_only_counted() -> None:
    grave = orphan("cloudtrail:StopLogging", 5, techniques=("T1685.002",), **USER)
    flood = [orphan(f"kms:Other{at}", at, actor="flood") for at in range(200)]
    stories = gathered([*flood[:5], grave, *flood[5:]], Stories(most_kinds=10))
    kept = stories.told()
    assert kept[0].first == grave
    assert sum(story.events for story in kept) + stories.beyond.total() == 201
    assert sum(len(story.kinds) for story in kept) <= 20


def test_pairs_beyond_the_limit_are_not_counted() -> None:
    names = ("x:A", "x:B", "x:C", "x:C")
    stories = gathered(map(orphan, names), Stories(Rarities(most_pairs=2)))
    (story,) = stories.told()
    words = [each.words for each in story.kinds[-1].reasons]
    assert words == ["its frequency was not counted"]


def test_what_is_explained_counts_for_how_rare_an_action_is() -> None:
    explained = msgspec.structs.replace(orphan(at=1), verdict="effect")
    (story,) = told(orphan(), *[explained] * 5)
    assert story.kinds[0].reasons == ()
    assert replace(story, sessions=1) == story


PAGE = (Path(__file__).parents[2] / "docs" / "stories.md").read_text()
CASES: dict[str, tuple[Verdict, Rarity]] = {
    "once by this principal in this log": (orphan(), Rarity(1, 100)),
    "2 or 3 times by this principal": (orphan(), Rarity(3, 100)),
    "once in the account": (orphan(), Rarity(100, 1)),
    "2 or 3 times in the account": (orphan(), Rarity(100, 2)),
    "the account's root user": (orphan(**ROOT), MANY),
    "an IAM user, also behind a role's session": (orphan(actor="AIDAUSER"), MANY),
    "in the console": (orphan(tool="console"), MANY),
    "called by a service that AWS attests": (orphan(controller="backup"), MANY),
    "called by what the configuration names as a controller": (orphan(controller="ours"), MANY),
    "denied": (orphan(error="Client.UnauthorizedOperation"), MANY),
    "failed otherwise": (orphan(error="NoSuchEntityException"), MANY),
}


@pytest.mark.parametrize("reason", CASES)
def test_the_page_says_what_a_reason_weighs(reason: str) -> None:
    assert f"| {reason} | {score(*CASES[reason])} |" in PAGE


@pytest.mark.parametrize("tactic", tactics(), ids=lambda each: each.shortname)
def test_the_page_says_what_a_tactic_weighs(tactic: Tactic) -> None:
    row = next(line for line in PAGE.splitlines() if tactic.name.lower() in line and "|" in line)
    found = next(
        each.id
        for each in techniques().values()
        if each.status == "current" and tactic.shortname in {of.shortname for of in each.tactics}
        and score(orphan(techniques=(each.id,))) == int(row.split("|")[2])
    )  # fmt: skip
    assert found
