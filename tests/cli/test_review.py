"""`cascade review`: what it reads, how it is told, what a baseline does, and when it fails."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cloudcascade.catalog import MissingExtra
from cloudcascade.cli import review as command
from cloudcascade.review import Format
from cloudcascade.tests.support.commands import Done, cascade
from cloudcascade.tests.support.line_rules import (
    EVIL,
    LINES,
    only_lines,
    small_catalogue,
    write_rules,
)

MODELS = command._models
MFA = {
    "id": "mfa", "title": "An MFA device goes", "event": "DeactivateMFADevice", "source": "iam.amazonaws.com",
}  # fmt: skip
KEY = {
    "id": "key",
    "title": "A key goes",
    "event": "DeleteAccessKey",
    "source": "iam.amazonaws.com",
}
QUIET = {"id": "quiet", "title": "Nothing", "event": "StopLogging"}
UNJUDGED = {
    "id": "geo",
    "title": "By country",
    "event": "X",
    "unjudged": "the field geo is not known",
}
OTHER = {"id": "dns", "title": "Names", "event": "X", "cloudtrail": False}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One format, two cascades, and no service models: what takes half a minute takes a part of a second."""
    only_lines(monkeypatch)
    small_catalogue(monkeypatch)
    monkeypatch.chdir(tmp_path)


def review(*arguments: object, columns: str = "250") -> Done:
    return cascade("review", *map(str, arguments), COLUMNS=columns)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    write_rules(tmp_path / "rules" / "iam.json", MFA, QUIET, UNJUDGED, OTHER)
    return Path("rules")


def test_the_table_counts_and_then_tells_each_rule(rules: Path) -> None:
    done = review(rules, columns="80")
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert "3 rules about CloudTrail in 1 file, and 1 rule of other logs left out" in told
    assert "2 executed, 1 not judged, 1 fire on a side effect" in told
    assert "An MFA device goes rules/iam.json:2" in told
    assert "fires on 1 side effect: iam:DeactivateMFADevice; AWS attests no caller" in told
    assert "→ cascade explains iam:DeactivateMFADevice" in told
    assert "the field geo is not known" in told


@pytest.mark.parametrize("columns", ["80", "120"])
def test_no_line_of_the_table_is_too_wide(rules: Path, columns: str) -> None:
    write_rules(rules / "evil.json", {**KEY, "id": EVIL, "title": EVIL})
    for more in ((), ("--rule", "mfa"), ("--rule", EVIL)):
        lines = review(rules, *more, columns=columns).stdout.splitlines()
        assert max(map(len, lines)) <= int(columns)


def test_a_hostile_title_is_spelt_out(rules: Path) -> None:
    write_rules(rules / "evil.json", {**KEY, "title": EVIL})
    told = review(rules).stdout
    assert "\\u202e\\x1b[2J" in told
    assert "\x1b" not in told


def test_one_rule_is_told_closely(rules: Path) -> None:
    told = review(rules, "--rule", "mfa").stdout
    assert "aws.iam.delete-user" in told
    assert "cli, console" in told
    assert "A key goes" not in told


def test_a_rule_that_is_not_there_is_refused_with_the_nearest(rules: Path) -> None:
    done = review(rules, "--rule", "mfaa")
    assert (done.returncode, "did you mean 'mfa'?" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "begins"),
    [("r.sarif", '{"$schema"'), ("r.xml", "<?xml"), ("r.md", "## cascade review"), ("r.html", "<!doctype html>"),
     ("r.ndjson", '{"document":"rule"'), ("r.txt", "3 rules")],
)  # fmt: skip
def test_the_name_of_a_file_says_its_format(rules: Path, name: str, begins: str) -> None:
    done = review(rules, "-o", name)
    assert (done.returncode, done.stdout) == (0, "")
    assert Path(name).read_text().startswith(begins)


def test_several_files_are_written_of_one_review(rules: Path) -> None:
    assert review(rules, "-o", "a.sarif", "-o", "b.md").returncode == 0
    assert Path("a.sarif").is_file()
    assert Path("b.md").is_file()


def test_a_name_that_says_no_format_is_refused_before_anything_is_done(rules: Path) -> None:
    done = review(rules, "-o", "r.json")
    assert done.returncode == 2
    assert "give --format" in " ".join(done.stderr.split())


def test_junit_fails_what_the_level_says(rules: Path) -> None:
    for level, failing in (("error", "0"), ("warning", "1")):
        root = ElementTree.fromstring(review(rules, "-f", "junit", "--fail-on", level).stdout)
        assert root.get("failures") == failing


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 0),
        (("--fail-on", "error"), 0),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "note"), 1),
    ],
)
def test_without_a_baseline_only_fail_on_fails(
    rules: Path, options: tuple[str, ...], status: int
) -> None:
    assert review(rules, *options).returncode == status


def test_beside_its_own_baseline_a_review_passes_and_a_new_finding_fails(rules: Path) -> None:
    assert review(rules, "--write-baseline", "known.json").returncode == 0
    same = review(rules, "--baseline", "known.json")
    assert same.returncode == 0
    assert "nothing new" in same.stdout
    assert "An MFA device goes" not in same.stdout
    write_rules(rules / "new.json", KEY)
    more = review(rules, "--baseline", "known.json")
    assert more.returncode == 1
    assert "1 new warning" in more.stdout
    assert "A key goes" in more.stdout
    assert review(rules, "--baseline", "known.json", "--fail-on", "error").returncode == 0


def test_what_was_repaired_is_told_as_fixed(rules: Path) -> None:
    review(rules, "--write-baseline", "known.json")
    write_rules(rules / "iam.json", {**MFA, "event": "StopLogging"}, QUIET)
    told = review(rules, "--baseline", "known.json")
    assert told.returncode == 0
    assert "fixed: mfa: side-effect iam:DeactivateMFADevice" in told.stdout


def test_only_the_rules_that_are_named_are_compared(rules: Path) -> None:
    write_rules(rules / "key.json", KEY)
    review(rules, "--write-baseline", "known.json")
    told = review(rules / "key.json", "--baseline", "known.json").stdout
    assert "0 fixed" in told
    assert "of rules that were not executed now" in told


def test_a_broken_baseline_is_refused_with_its_place(rules: Path) -> None:
    Path("known.json").write_text('{"version": 1,\n"findings": [7]}')
    done = review(rules, "--baseline", "known.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "known.json:2:1: a finding is an object" in done.stderr


def test_a_baseline_of_one_rule_is_refused(rules: Path) -> None:
    assert review(rules, "--rule", "mfa", "--write-baseline", "b.json").returncode == 2


def test_a_file_that_cannot_be_read_costs_no_other_and_is_told(rules: Path) -> None:
    (rules / "broken.json").write_text('{"rules": [')
    done = review(rules)
    assert done.returncode == 0
    assert "not read: rules/broken.json:1:12" in done.stderr
    assert "An MFA device goes" in done.stdout


def test_where_nothing_can_be_read_the_input_is_unusable(tmp_path: Path) -> None:
    Path("broken.json").write_text('{"rules": [')
    done = review("broken.json")
    assert (done.returncode, "no rule could be read" in done.stderr) == (2, True)


def test_a_folder_without_rules_is_refused_and_a_file_that_is_none_passes() -> None:
    Path("empty").mkdir()
    Path("empty/x.json").write_text("{}")
    assert review("empty").returncode == 2
    done = review("empty/x.json")
    assert done.returncode == 0
    assert "no file there is of a known format of rules (lines)" in done.stderr


def test_a_path_that_is_not_there_is_refused() -> None:
    done = review("nowhere")
    assert (done.returncode, "there is no nowhere" in done.stderr) == (2, True)


def test_only_one_format_is_read_where_it_is_named(rules: Path) -> None:
    assert review(rules, "--only", "lines").returncode == 0
    done = review(rules, "--only", "sigma")
    assert (done.returncode, "no format of rules is called 'sigma'" in done.stderr) == (2, True)


def test_only_the_callers_that_are_named_are_tried(rules: Path) -> None:
    told = json.loads(
        review(
            rules, "-f", "ndjson", "--profile", "CLI", "--profile", "console"
        ).stdout.splitlines()[0]
    )
    assert told["side_effects"][0]["profiles"] == ["cli", "console"]
    assert review(rules, "--profile", "nobody").returncode == 2


def test_a_missing_parser_is_told_with_what_to_install(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(source: Any, repository: Any) -> Any:
        raise ModuleNotFoundError("No module named 'lark'", name="lark")

    lacking = Format(
        **{**{name: getattr(LINES, name) for name in LINES.__dataclass_fields__}, "read": read}
    )
    for module in ("reading", "registry"):
        monkeypatch.setattr(f"cloudcascade.review.{module}.formats", lambda: (lacking,))
    done = review(rules)
    assert done.returncode == 2
    assert (
        done.stderr
        == "cascade: reading these rules needs lark: pip install 'cloudcascade[review]'\n"
    )


def test_without_service_models_names_are_not_looked_for_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise MissingExtra("pip install 'cloudcascade[check]'")

    monkeypatch.setattr("cloudcascade.catalog.load_service_models", lacking)
    assert MODELS() is None
    assert "names of events that do not exist are not looked for" in capsys.readouterr().err
