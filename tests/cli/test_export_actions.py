"""`cascade export --action` and `--rule`: the effects that a noisy rule is about, and no other."""

from pathlib import Path

import pytest

from cloudcascade.tests.support.commands import cascade, out
from cloudcascade.tests.support.toy_rules import TOY

MFA = "iam:DeactivateMFADevice"


def judged(sql: str) -> str:
    return sql.rpartition("FROM events AS judged")[2]


def test_an_export_is_about_the_action_alone() -> None:
    whole = judged(out("export", "duckdb", "aws.iam.delete-user", "--quiet"))
    scoped = judged(out("export", "duckdb", "aws.iam.delete-user", "--action", MFA, "--quiet"))
    assert "'DeleteLoginProfile'" in whole
    assert "'DeleteLoginProfile'" not in scoped
    assert "'DeactivateMFADevice'" in scoped


def test_without_a_cascade_every_one_that_has_the_action_is_asked(tmp_path: Path) -> None:
    written = out(
        "export", "duckdb", "--action", "deactivatemfadevice", "--out", str(tmp_path), "-q"
    )
    names = {Path(line).parent.name for line in written.splitlines() if line.endswith("alert.sql")}
    assert "aws.iam.delete-user" in names
    labelled = {
        Path(line).parent.name for line in written.splitlines() if line.endswith("explained.sql")
    }
    assert "aws.iam.mfa-replace-device" in labelled


def test_one_that_has_not_the_action_is_left_out() -> None:
    done = cascade("export", "duckdb", "aws.ec2.delete-vpc", "--action", MFA)
    assert done.returncode == 2


def test_an_action_that_there_is_not_names_the_nearest() -> None:
    done = cascade("export", "duckdb", "--action", "iam:DeactivateMFADevices")
    assert done.returncode == 2
    assert "DeactivateMFADevice" in done.stderr


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("registry", "reading", "fix"):
        monkeypatch.setattr(f"cloudcascade.review.{module}.formats", lambda: (TOY,))


@pytest.mark.usefixtures("toy")
def test_a_rule_says_which_actions_are_meant(tmp_path: Path) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text('[{"id": "mfa", "all": [["eventName", "Deactivate*"]]}]')
    scoped = out("export", "duckdb", "aws.iam.delete-user", "--rule", str(rule), "--quiet")
    assert scoped == out("export", "duckdb", "aws.iam.delete-user", "--action", MFA, "--quiet")


@pytest.mark.usefixtures("toy")
def test_a_rule_that_fires_on_no_side_effect_is_refused(tmp_path: Path) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text('[{"id": "none", "all": [["eventName", "NothingAtAll"]]}]')
    done = cascade("export", "duckdb", "--rule", str(rule))
    assert done.returncode == 2
    assert "no rule in" in done.stderr
