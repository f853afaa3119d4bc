"""`cascade prove`: what is attacked, how it is told, and when it fails."""

import json
from pathlib import Path

import pytest

from cloudcascade.cli.main import run

WEAK = """\
id: aws.mq.mine
title: Deleting a broker's user
provider: aws
description: A user goes before the broker.
origin:
  action: iam:DeleteUser
  keys: {user: requestParameters.userName}
effects:
  - action: iam:DeactivateMFADevice
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 15m}
    actor: same
    tool: same
suppression:
  policy: suppress
  residual_risk: The user is there for minutes without a device.
  abuse: [{scenario: fail, countered_by: origin must succeed}]
evidence:
  - {kind: documentation, ref: "https://docs.aws.amazon.com/", supports: ["iam:DeactivateMFADevice"]}
"""


@pytest.fixture
def weak(tmp_path: Path) -> Path:
    folder = tmp_path / "mine" / "aws" / "mq"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(WEAK)
    return tmp_path / "mine"


def proved(weak: Path, *more: str) -> int:
    return run(["prove", "aws.mq.mine", "--catalog", str(weak), "--allow-unsafe-overlay", *more])


def test_an_attack_that_succeeds_is_shown_and_fails(
    weak: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert proved(weak) == 1
    told = capsys.readouterr().out
    assert "SUCCEEDS" in told
    assert "iam:DeactivateMFADevice  <- silenced" in told
    assert "costs 3 calls" in told
    assert "iam:DeactivateMFADevice hand: impossible: actor: same" in told


def test_json_holds_the_records(weak: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proved(weak, "-f", "json") == 1
    (effect,) = json.loads(capsys.readouterr().out)
    used = next(each for each in effect["outcomes"] if each["family"] == "used")
    log = used["attack"]["log"]
    assert used["attack"]["silenced"] == log[0]["record"]["eventID"]
    assert [each["by"] for each in log] == ["attacker"] * 3


def test_markdown_has_a_row_for_each_effect(weak: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proved(weak, "-f", "md")
    told = capsys.readouterr().out
    assert "| aws.mq.mine | iam:DeactivateMFADevice | **succeeds** |" in told
    assert "### aws.mq.mine" in told


def test_a_cascade_without_anything_silenced_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "aws.cloudtrail.delete-trail"]) == 0
    assert "nothing is silenced here" in capsys.readouterr().out


def test_an_overlay_that_is_held_back_silences_nothing(
    weak: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prove", "aws.mq.mine", "--catalog", str(weak)]) == 0


@pytest.mark.parametrize("arguments", [[], ["aws.iam.delete-user", "--all"], ["aws.nothing.here"]])
def test_it_wants_cascades_or_all(arguments: list[str]) -> None:
    assert run(["prove", *arguments]) == 2


def test_check_tells_of_attacks_with_their_place(
    weak: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = weak / "aws" / "mq" / "mine.yaml"
    assert run(["check", str(file)]) == 1
    told = capsys.readouterr().out
    assert f"{file}:9:5: error: iam:DeactivateMFADevice would be silenced (used)" in told
    assert "[attack-succeeds]" in told
