"""Edge and copies: no document is weak to these, since the rules of silencing stop them.

That the sequences would succeed otherwise is tried by taking the rule's ground away.
"""

from dataclasses import replace

import pytest

from cloudcascade.adversary.attempt import FOREVER, Attempt
from cloudcascade.adversary.copies import copies
from cloudcascade.adversary.edge import edge
from cloudcascade.adversary.stage import Stage, set_stage
from cloudcascade.adversary.trial import is_silenced, judged
from cloudcascade.catalog import Cascade
from cloudcascade.matcher import compile_catalog
from cloudcascade.samples import installed_models
from cloudcascade.tests.support.cascades import cascade

USER = {"user": "requestParameters.userName"}
DOCUMENT = cascade(
    origin={"action": "iam:DeleteUser", "keys": USER},
    effects=[
        {
            "action": "iam:DeactivateMFADevice",
            "keys": USER,
            "join": ["user"],
            "within": {"before": "15m"},
        }
    ],
    spoilers=[
        {"action": "iam:CreateUser", "keys": USER, "join": ["user"], "within": {"after": "60m"}},
        {"action": "iam:TagUser", "keys": USER, "join": ["user"], "within": {"before": "60m"}},
    ],
)


def stage(document: Cascade = DOCUMENT) -> Stage:
    return set_stage(document, document.effects[-1], installed_models())


def attempts(family: str) -> list[Attempt]:
    tries = {"edge": edge, "copies": copies}[family](stage())
    return [each for each in tries if isinstance(each, Attempt)]


PLAN = compile_catalog([DOCUMENT])


def silences(attempt: Attempt) -> bool:
    return is_silenced(judged(PLAN, attempt, attempt.steps))


@pytest.mark.parametrize("attempt", attempts("edge"), ids=lambda each: each.story)
def test_at_the_end_of_a_log_nothing_is_silenced(attempt: Attempt) -> None:
    assert not silences(attempt)


@pytest.mark.parametrize("attempt", attempts("edge"), ids=lambda each: each.story)
def test_it_would_be_were_the_log_said_to_be_whole(attempt: Attempt) -> None:
    assert silences(replace(attempt, since=0, until=FOREVER))


def test_both_ends_are_tried() -> None:
    stories = " ".join(attempt.story for attempt in attempts("edge"))
    assert "iam:CreateUser follows a second after the log's end" in stories
    assert "iam:TagUser lies a second before the log's beginning" in stories


@pytest.mark.parametrize(
    "attempt",
    [each for each in attempts("copies") if "a copy says otherwise" not in each.story],
    ids=lambda each: each.story,
)
def test_what_is_half_said_silences_nothing(attempt: Attempt) -> None:
    assert not silences(attempt)


@pytest.mark.parametrize(
    "what",
    [
        "two copies of iam:DeactivateMFADevice differ",
        "two copies of iam:DeleteUser differ",
        "iam:DeleteUser has failed",
        "iam:DeleteUser has failed, and says so only in errorMessage",
        "iam:CreateUser speaks against it, but its parameters are null",
        "iam:CreateUser speaks against it, but its parameters are left out",
        "iam:CreateUser speaks against it, but its key is hidden",
        "iam:CreateUser speaks against it, but its time cannot be read",
        "iam:CreateUser speaks against it, but its account is not known",
        "iam:CreateUser speaks against it, but a copy says otherwise",
    ],
)
def test_every_way_to_say_half_is_tried(what: str) -> None:
    assert what in {attempt.story for attempt in attempts("copies")}
