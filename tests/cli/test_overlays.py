"""Which overlay a command loads, what it says of it, and what `check` makes of what it is given."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "sample" / "AWSLogs"
USER = "aws.acm.delete-certificate"
DISABLES = f'[cascades."{USER}"]\ndisabled = true\n'
BLIND = """\
id: aws.cloudtrail.blind
title: Anything explains a stopped trail
provider: aws
description: It is harmless, they say.
origin: {action: iam:ListUsers}
effects:
  - action: cloudtrail:StopLogging
    relation: companion
    within: {before: 31d, after: 31d}
    actor: any
suppression: {policy: suppress, residual_risk: none}
evidence:
  - {kind: documentation, ref: "https://example.com", supports: [cloudtrail:StopLogging]}
"""


def cascade(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", *arguments],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
        timeout=120,
        check=False,
    )


@pytest.fixture
def blind(tmp_path: Path) -> Path:
    """A working directory with a folder of an overlay that breaks several rules of safety."""
    (tmp_path / "blind").mkdir()
    (tmp_path / "blind" / "blind.yaml").write_text(BLIND)
    return tmp_path


def test_a_configuration_in_the_working_directory_is_not_loaded_by_itself(tmp_path: Path) -> None:
    (tmp_path / "cascade.toml").write_text(DISABLES)
    done = cascade("list", "--json", cwd=tmp_path)
    assert USER in done.stdout
    assert done.stderr == "cascade: ./cascade.toml is not loaded; --config cascade.toml loads it\n"


@pytest.mark.parametrize("door", ["option", "environment", "home"])
def test_a_configuration_that_is_asked_for_is_loaded_and_named(tmp_path: Path, door: str) -> None:
    home = tmp_path / "home"
    file = home / "cloudcascade" / "cascade.toml" if door == "home" else tmp_path / "team.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(DISABLES)
    env = {"environment": {"CASCADE_CONFIG": "team.toml"}, "home": {"XDG_CONFIG_HOME": str(home)}}
    given = ("--config", "team.toml") if door == "option" else ()
    done = cascade("list", "--json", *given, cwd=tmp_path, env=env.get(door))
    assert USER not in done.stdout
    shown = file.relative_to(tmp_path)
    assert done.stderr == (
        f"cascade: overlay in force: {shown} (adds 0 cascades, overrides 0, disables 1)\n"
    )


def test_the_nearer_door_counts(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("")
    (tmp_path / "two.toml").write_text(DISABLES)
    env = {"CASCADE_CONFIG": "two.toml"}
    assert USER in cascade("list", "--config", "one.toml", cwd=tmp_path, env=env).stdout
    assert USER not in cascade("list", cwd=tmp_path, env=env).stdout


def test_a_configuration_that_is_named_and_missing_is_an_error(tmp_path: Path) -> None:
    done = cascade("list", cwd=tmp_path, env={"CASCADE_CONFIG": "none.toml"})
    assert done.returncode == 2
    assert "none.toml: error: cannot be read" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify", str(SAMPLE), "-f", "ndjson"),
        ("classify", str(SAMPLE), "-f", "json"),
        ("stats",),
        ("list", "--json"),
        ("show", "blind"),
        ("emits", "iam:ListUsers"),
        ("explains", "StopLogging", "--json"),
        ("export", "duckdb", "aws.cloudtrail.blind"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_standard_error_says_what_is_in_force_and_what_it_may_not(
    blind: Path, arguments: tuple[str, ...]
) -> None:
    done = cascade(*arguments, "--catalog", "blind", cwd=blind)
    assert done.returncode == 0, done.stderr
    assert "overlay in force: blind (adds 1 cascade" in done.stderr
    assert "blind/blind.yaml:7:5: warning: " in done.stderr
    assert "`cascade check blind/blind.yaml`" in done.stderr
    assert '"suppress"' not in done.stdout or arguments[0] != "explains"


@pytest.mark.parametrize("form", ["table", "html", "json"])
def test_a_report_says_which_overlay_was_in_force(blind: Path, form: str) -> None:
    done = cascade("classify", str(SAMPLE), "-f", form, "--catalog", "blind", cwd=blind)
    assert "blind (adds 1 cascade" in done.stdout
    plain = cascade("classify", str(SAMPLE), "-f", form, cwd=blind)
    assert "overlay" not in plain.stdout.lower()


def test_the_journal_of_a_stream_begins_with_the_overlay(blind: Path) -> None:
    (blind / "cascade.toml").write_text("")
    done = cascade("watch", "-", "--catalog", "blind", "--log-format", "json", cwd=blind)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["event"] for each in events][:3] == [
        "./cascade.toml is not loaded; --config cascade.toml loads it",
        "overlay in force",
        "overlay",
    ]
    assert events[1]["fields"] == {
        "files": "blind", "adds": 1, "overrides": 0, "disables": 0, "unsafe": 1,
    }  # fmt: skip
    assert events[2]["fields"]["code"] == "unsafe-overlay"


def test_an_unsafe_overlay_is_exported_as_labels_unless_it_is_let_through(blind: Path) -> None:
    held = cascade("export", "duckdb", "aws.cloudtrail.blind", "--catalog", "blind", cwd=blind)
    assert "-- labels: cloudtrail:StopLogging" in held.stdout
    assert "-- overlay in force: blind (adds 1 cascade" in held.stdout
    through = cascade(
        "export", "duckdb", "aws.cloudtrail.blind", "--catalog", "blind", "--allow-unsafe-overlay",
        cwd=blind,
    )  # fmt: skip
    assert "-- alerts on: cloudtrail:StopLogging" in through.stdout
    assert "1 not safe to silence, silenced all the same" in through.stdout


def test_strict_refuses_it(blind: Path) -> None:
    done = cascade("list", "--catalog", "blind", "--strict", cwd=blind)
    assert (done.returncode, done.stdout) == (2, "")
    assert "blind/blind.yaml:7:5: error: " in done.stderr
    both = cascade("list", "--strict", "--allow-unsafe-overlay", cwd=blind)
    assert both.returncode == 2


@pytest.mark.parametrize(
    ("name", "text", "status", "says"),
    [
        ("bad.yaml", ": : garbage [", 1, "bad.yaml:1:1: error: is no valid YAML"),
        ("blind.yaml", BLIND, 1, "blind.yaml:7:13: error: "),
        ("team.toml", "disabled = 1\ncatalog = []\n", 1, "team.toml:1:1: error: "),
        ("notes.txt", "", 2, "notes.txt is nothing to check"),
        ("pyproject.toml", "[project]\n", 2, "pyproject.toml is no configuration of an overlay"),
        (".", None, 2, "holds no cascade file"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_check_reads_what_it_is_given_or_says_that_it_cannot(
    tmp_path: Path, name: str, text: str | None, status: int, says: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    done = cascade("check", name, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert says in done.stdout + done.stderr


def test_check_counts_what_it_read(tmp_path: Path) -> None:
    good = (ROOT / "catalog" / "aws" / "iam" / "delete-group.yaml").read_text()
    (tmp_path / "delete-group.yaml").write_text(good)
    done = cascade("check", "--strict", "delete-group.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.endswith("1 cascade, 0 errors, 0 warnings, 0 notes\n")


def test_a_scaffold_that_nobody_filled_in_fails(tmp_path: Path) -> None:
    assert cascade("new", "aws.mq.delete-broker", "--dir", ".", cwd=tmp_path).returncode == 0
    done = cascade("check", "aws/mq/delete-broker.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.count("[placeholder]") == 5


def test_the_bundled_catalogue_passes_when_strict() -> None:
    done = cascade("check", "--strict", cwd=ROOT)
    assert done.returncode == 0, done.stdout
    assert " 0 errors, 0 warnings, " in done.stderr
