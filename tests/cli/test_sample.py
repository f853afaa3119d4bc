"""`cascade sample`: what it prints is read by `cascade classify`."""

import json
from typing import Any

import pytest

from cloudcascade.tests.cli.test_commands import cascade, out


def classified(records: str) -> list[dict[str, Any]]:
    told = out("classify", "-", "--format", "ndjson", stdin=records.encode())
    return [json.loads(line) for line in told.splitlines()]


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_an_instance_is_explained(form: str) -> None:
    verdicts = classified(out("sample", "aws.iam.delete-user", "--format", form))
    assert len(verdicts) == 15
    assert {each["verdict"] for each in verdicts} == {"effect", "origin"}
    assert {each["cascade"] for each in verdicts} == {"aws.iam.delete-user"}


def test_a_twin_is_left_over() -> None:
    printed = out("sample", "iam:DeactivateMFADevice", "--twin", "other-actor")
    by_action = {each["action"]: each["verdict"] for each in classified(printed)}
    assert by_action == {"iam:DeactivateMFADevice": "orphan", "iam:DeleteUser": "origin"}


def test_an_action_is_shown_in_a_cascade_that_is_named() -> None:
    done = cascade("sample", "iam:deleteuser")
    assert b"iam:DeleteUser as in aws.iam.delete-user" in done.stderr


def test_it_begins_when_told_to_and_is_the_same_each_time() -> None:
    arguments = ("sample", "delete-group", "--start", "2026-01-02T03:04:05Z", "--seed", "3")
    once = out(*arguments)
    assert '"2026-01-02T03:04:05Z"' in once
    assert once == out(*arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["delete-usr"], "did you mean"),
        (["delete-user", "--twin", "other-acto"], "did you mean other-actor?"),
        (["delete-user", "--profile", "consol"], "did you mean console?"),
        (["delete-user", "--effect", "iam:DeleteAccesKey"], "did you mean iam:DeleteAccessKey"),
        (["delete-user", "--twin", "other-region"], "no key or rule speaks of the Region"),
        (["delete-user", "--start", "noon"], "--start is a time in UTC"),
    ],
)
def test_what_there_is_not_is_answered_with_a_guess_and_status_2(
    arguments: list[str], said: str
) -> None:
    done = cascade("sample", *arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.decode().replace("│", " ").split())
    assert done.stdout == b""
