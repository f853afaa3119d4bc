"""`cascade review --bypass`, `--fix` and `--log`, on rules as they lie in a repository."""

import json
from pathlib import Path

import pytest

from cloudcascade.tests.support.commands import SAMPLE, cascade, out
from cloudcascade.tests.support.line_rules import small_catalogue

RULE = """\
title: MFA device removed # as we call it
id: 7b1d3f5e-0d8e-4b0e-9d6a-2f8a3c1b4d5e
logsource: {product: aws, service: cloudtrail}
detection:
    selection:
        eventSource: iam.amazonaws.com
        eventName: DeactivateMFADevice
    filter_main_automation:
        userAgent|contains: Terraform
    condition: selection and not filter_main_automation
level: high
"""
ONLY = ("--profile", "cli", "--profile", "console")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    small_catalogue(monkeypatch)


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "mfa.yml"
    path.write_text(RULE)
    return path


def test_a_way_past_a_rule_is_an_error_with_its_witness(rule: Path) -> None:
    lines = out("review", str(rule), "--bypass", "-f", "ndjson", *ONLY).splitlines()
    findings = json.loads(lines[0])["findings"]
    (found,) = (each for each in findings if each["kind"] == "bypassable")
    assert found["level"] == "error"
    assert found["about"] == "userAgent"
    assert found["details"]["witness"]["userAgent"] == "Terraform"


def test_without_being_asked_no_way_past_is_looked_for(rule: Path) -> None:
    assert "bypassable" not in {
        finding["kind"]
        for line in out("review", str(rule), "-f", "ndjson", *ONLY).splitlines()
        for finding in json.loads(line).get("findings", ())
    }


def test_a_log_says_how_often_a_rule_fired_and_what_of_that_is_explained(rule: Path) -> None:
    lines = out("review", str(rule), "--log", str(SAMPLE), "-f", "ndjson", *ONLY).splitlines()
    assert json.loads(lines[0])["log"] == {"events": 2, "explained": 1, "silent": 1}


def test_a_fix_is_a_diff_with_its_proof_and_changes_nothing(rule: Path) -> None:
    done = cascade("review", str(rule), "--fix", *ONLY)
    assert done.returncode == 0
    assert "+        eventID|expand: '%cascade_explained%'" in done.stdout
    assert "# proof: 2 of 2 side effects are silent" in done.stdout
    assert "changes proved: 1, not offered: 0" in done.stderr
    assert rule.read_text() == RULE


def test_written_it_is_in_the_file_and_silences_the_rule(rule: Path) -> None:
    assert cascade("review", str(rule), "--fix", "--write", *ONLY).returncode == 0
    text = rule.read_text()
    assert text != RULE
    assert text.startswith("title: MFA device removed # as we call it\n")
    again = cascade("review", str(rule), "--fix", *ONLY)
    assert (again.stdout, "changes proved: 0, not offered: 0" in again.stderr) == ("", True)


def test_writing_goes_with_a_fix(rule: Path) -> None:
    done = cascade("review", str(rule), "--write")
    assert done.returncode == 2
    assert "--write goes with --fix" in done.stderr
