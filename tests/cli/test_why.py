"""`cascade why` tells the whole story of one event, in words and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.tests.support.cloudtrail import call
from cloudcascade.tests.support.commands import SAMPLE, cascade, out

FAILED_OFFBOARDING = "833d716a-a4e4-4b88-a1a5-02440b3fe300"


def verdicts(*options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out("classify", str(SAMPLE), *options).splitlines()]


def test_it_names_the_event_what_held_and_what_failed() -> None:
    told = out("why", FAILED_OFFBOARDING, str(SAMPLE))
    assert told.startswith(f"{FAILED_OFFBOARDING}  2026-03-17T10:21:33Z  iam:DeactivateMFADevice\n")
    assert "  target     user dana.whitfield" in told
    assert "holds  user is dana.whitfield" in told
    assert "FAILS  errorCode is not there; found DeleteConflictException" in told


def test_the_next_command_of_a_verdict_runs_as_it_is_written() -> None:
    orphan = verdicts("--verdict", "orphan")[0]
    program, *arguments = orphan["next"].split(" ")
    assert (program, arguments[0]) == ("cascade", "why")
    assert out(*arguments).startswith(orphan["event_id"])


@pytest.mark.parametrize(
    ("sources", "ends"),
    [
        (("my logs", "it's"), " 'my logs' 'it'\"'\"'s'"),
        (("-",), " LOG..."),
        (("x" * 500,), " LOG..."),
        (("a\x1b[2J",), " LOG..."),
    ],
)
def test_the_log_is_quoted_as_a_shell_reads_it(sources: tuple[str, ...], ends: str) -> None:
    from cloudcascade.cli.next_command import with_next
    from cloudcascade.matcher import Verdict

    orphan = Verdict("-e 1", "", "iam:DeleteUser", None, None, None, "orphan", False)
    (told,) = with_next([orphan], sources)
    assert told.next == "cascade why -- '-e 1'" + ends


def test_as_json_it_has_the_verdict_that_classify_gives() -> None:
    (wanted,) = [each for each in verdicts() if each["event_id"] == FAILED_OFFBOARDING]
    document = json.loads(out("why", FAILED_OFFBOARDING, str(SAMPLE), "--json"))
    told = document["inquiry"]["verdict"]
    assert {**told, "next": None} == {**wanted, "next": None}
    assert document["event_id"] == FAILED_OFFBOARDING


def test_an_unknown_id_is_answered_with_those_that_begin_alike() -> None:
    done = cascade("why", FAILED_OFFBOARDING[:-2] + "zz", str(SAMPLE))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"these begin alike: {FAILED_OFFBOARDING}" in done.stderr


def test_an_id_like_no_other_is_answered_without_a_guess() -> None:
    done = cascade("why", "zzzz", str(SAMPLE))
    assert done.returncode == 2
    assert done.stderr.strip() == "cascade: no event of the log has the id zzzz"


def test_an_event_of_which_the_catalogue_says_nothing_is_told_so(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text(json.dumps({"Records": [call("nothing:KnownOfIt", "here")]}))
    assert "the catalogue says nothing of nothing:KnownOfIt" in out("why", "here", str(log))
    assert json.loads(out("why", "here", str(log), "--json"))["inquiry"] is None


def test_what_a_log_says_cannot_reach_the_terminal(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    hostile = call("iam:DeleteUser", "here", 0, {"userName": "kim\x1b[2J\n\u202e"})
    log.write_text(json.dumps({"Records": [hostile]}))
    told = out("why", "here", str(log))
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "\\x1b[2j\\n\\u202e" in told.lower()
