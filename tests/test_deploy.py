"""The files in deploy/ are sound, and say what the command line takes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def options_of_watch() -> set[str]:
    text = (ROOT / "docs" / "cli.md").read_text()
    section = text[text.index("## `cascade watch") :]
    return set(re.findall(r"`(--[a-z-]+)`", section.split("\n## ", 2)[0]))


@pytest.mark.parametrize("name", ["Dockerfile", "cascade-watch.service"])
def test_every_option_that_is_used_exists(name: str) -> None:
    text = (DEPLOY / name).read_text()
    used = {
        option
        for line in re.findall(r"(?:cascade watch|cloudcascade sqs:)(?:.*\\\n)*.*", text)
        for option in re.findall(r"--[a-z-]+", line)
    }
    assert used
    assert used <= options_of_watch()


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


def test_the_unit_is_sound(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "cascade-watch.service"
    unit.write_text((DEPLOY / "cascade-watch.service").read_text())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (complaints, done.returncode) == ([], 0)
