"""The GitHub Action and the pre-commit hook, run as those who offer them would run them, with the real command."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
NOISY = """\
title: An MFA device goes
id: 5f8e0a52-6d7b-4a0e-8f5c-0b6c1d2e3f40
logsource: {product: aws, service: cloudtrail}
detection:
  selection:
    eventSource: iam.amazonaws.com
    eventName: DeactivateMFADevice
  condition: selection
level: high
"""
OTHER = NOISY.replace("DeactivateMFADevice", "DeleteAccessKey").replace("5f8e0a52", "6f8e0a52")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of rules, with `cascade` of this tree on PATH."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "rules").mkdir()
    (tmp_path / "repository" / "rules" / "a b.yml").write_text(NOISY)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "cascade"
    command.write_text(
        f"#!{sys.executable}\nfrom cloudcascade.cli.entry import main\nmain()\n", encoding="utf-8"
    )
    command.chmod(0o755)
    return tmp_path / "repository"


def surroundings(repository: Path) -> dict[str, str]:
    """What is in the environment of a step."""
    folder = repository.parent
    return {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / ".dev"),
        "HOME": str(folder),
        "CASCADE_CACHE_DIR": os.environ["CASCADE_CACHE_DIR"],
        "XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"],
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_PATH": str(folder / "path"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return found


def act(repository: Path, **inputs: str) -> tuple[int, str]:
    """The action's steps in order, up to one that fails: the status, and what they wrote."""
    described = action()
    given = {name: each.get("default", "") for name, each in described["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    said = ""
    for step in described["runs"]["steps"]:
        environment = surroundings(repository)
        for name, value in step["env"].items():
            found = re.fullmatch(r"\$\{\{ (?:inputs\.([\w-]+)|github\.action_path) \}\}", value)
            assert found is not None
            environment[name] = given[found[1]] if found[1] else str(ROOT)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=repository, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        said += done.stdout + done.stderr
        if done.returncode:
            return done.returncode, said
    return 0, said


def test_no_input_is_put_into_the_text_of_a_script() -> None:
    for step in action()["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["run"].startswith("set -euo pipefail\n")


def test_scripts_are_sound_to_shellcheck() -> None:
    shellcheck = shutil.which("shellcheck")
    for step in action()["runs"]["steps"]:
        subprocess.run(["bash", "-n", "-c", step["run"]], check=True)
        if shellcheck:
            subprocess.run(
                [shellcheck, "--shell=bash", "-"], input=step["run"], text=True, check=True
            )


def test_the_action_passes_what_is_known_and_fails_on_what_is_new(repository: Path) -> None:
    status, said = act(repository, rules="rules\n", install="false")
    assert status == 0, said
    assert "1 rule about CloudTrail" in said
    assert (repository.parent / "output").read_text() == "sarif=cascade-review.sarif\n"
    assert (repository.parent / "summary").read_text().startswith("## cascade review: 1 warning")
    assert '"uri":"rules/a%20b.yml"' in (repository / "cascade-review.sarif").read_text()

    subprocess.run(
        ["cascade", "review", "rules", "--write-baseline", "known.json", "--profile", "cli"],
        cwd=repository, env=surroundings(repository), check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    (repository / "rules" / "new.yml").write_text(OTHER)
    status, said = act(repository, rules="rules", baseline="known.json", install="false")
    assert status == 1
    assert "new warning" in said
    assert (repository / "cascade-review.sarif").is_file()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"rules": "\n"}, "rules names no file and no folder"),
        ({"rules": "rules", "sarif": "a\nb.sarif"}, "sarif names one file"),
        ({"rules": "rules", "sarif": "out.json"}, "ends with .sarif"),
        ({"rules": "$(touch owned)"}, "there is no $(touch owned)"),
        ({"rules": "--help"}, "there is no --help"),
        ({"rules": "rules", "fail-on": "; touch owned"}, "--fail-on"),
        ({"rules": "rules", "version": "1.0; touch owned", "install": "true"}, "version is no version"),
    ],
)  # fmt: skip
def test_inputs_are_refused_or_taken_as_they_are_and_never_run(
    repository: Path, inputs: dict[str, str], words: str
) -> None:
    status, said = act(repository, **{"install": "false", **inputs})
    assert status == 2
    assert words in said
    assert not list(repository.parent.rglob("owned"))


def test_without_installation_the_command_has_to_be_there(repository: Path) -> None:
    (repository.parent / "bin" / "cascade").unlink()
    step = action()["runs"]["steps"][0]
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "-c", step["run"]], env={"INSTALL": "false", "PATH": str(repository.parent / "bin")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "cascade is not on PATH" in done.stdout) == (2, True)


def hook() -> dict[str, Any]:
    [found] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert isinstance(found, dict)
    return found


def test_pre_commit_takes_the_manifest() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_hook_fails_on_a_noisy_rule_and_passes_what_is_no_rule(repository: Path) -> None:
    def commit(*files: str) -> subprocess.CompletedProcess[str]:
        assert all(re.search(hook()["files"], file) for file in files)
        return subprocess.run(
            [*shlex.split(hook()["entry"]), *hook()["args"], *files],
            cwd=repository, env=surroundings(repository), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    (repository / "settings.yaml").write_text("a: 1\n")
    noisy = commit("rules/a b.yml", "settings.yaml")
    assert noisy.returncode == 1
    assert "fires on 1 side effect: iam:DeactivateMFADevice" in " ".join(noisy.stdout.split())
    assert commit("settings.yaml").returncode == 0
