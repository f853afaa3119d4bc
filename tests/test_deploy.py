"""The files in deploy/ are sound, and say what the command line takes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def options_of(command: str) -> set[str]:
    text = (ROOT / "docs" / "cli.md").read_text()
    section = text[text.index(f"## `cascade {command}") :]
    return set(re.findall(r"`(--[a-z-]+)`", section.split("\n## ", 2)[0]))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("Dockerfile", "watch"),
        ("cascade-watch.service", "watch"),
        ("cascade-feed.service", "feed"),
    ],
)
def test_every_option_that_is_used_exists(name: str, command: str) -> None:
    text = (DEPLOY / name).read_text()
    used = {
        option
        for line in re.findall(rf"(?:cascade {command}|cloudcascade sqs:)(?:.*\\\n)*.*", text)
        for option in re.findall(r"--[a-z-]+", line)
    }
    assert used
    assert used <= options_of(command)


def test_the_image_gets_every_room() -> None:
    listed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    rooms = {init.parent.name for init in ROOT.glob("*/__init__.py")}
    assert rooms <= listed
    assert {"pyproject.toml", "__init__.py", "py.typed", "README.md"} <= listed


def test_the_dockerfile_is_sound() -> None:
    hadolint = shutil.which("hadolint") or str(ROOT / ".venv" / "bin" / "hadolint")
    if not Path(hadolint).exists():
        pytest.skip("hadolint is not installed")
    done = subprocess.run(
        [hadolint, str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize(
    "names", [("cascade-watch.service",), ("cascade-feed.timer", "cascade-feed.service")]
)
def test_the_unit_is_sound(tmp_path: Path, names: tuple[str, ...]) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for name in names:
        (tmp_path / name).write_text((DEPLOY / name).read_text())
    units = [str(tmp_path / name) for name in names]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if any(name in line for name in names)]
    assert (complaints, done.returncode) == ([], 0)
