"""`cascade watch` tells each verdict when it is due, and says what a signal left untold."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Self
from urllib.request import urlopen

import pytest

from cloudcascade.tests.support.cloudtrail import Event, call
from cloudcascade.tests.support.offboarding import deactivate, delete_user

COMMAND = [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "watch"]
HOUR = 3_600


@pytest.fixture
def watching(tmp_path: Path) -> Iterator["Watching"]:
    with Watching(tmp_path) as found:
        yield found


class Watching:
    """A running `cascade watch`, with its standard input and output."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.quarantine = folder / "quarantine.ndjson"
        self.process = subprocess.Popen(
            [*COMMAND, "-", "--quarantine", str(self.quarantine), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def write(self, *events: Event) -> None:
        self.write_bytes(b"".join(json.dumps(event).encode() + b"\n" for event in events))

    def write_bytes(self, piece: bytes) -> None:
        into = self._pipe(self.process.stdin)
        into.write(piece)
        into.flush()

    def line(self) -> tuple[str, str, bool]:
        return told(self._pipe(self.process.stdout).readline())

    def journal_line(self) -> str:
        return self._pipe(self.process.stderr).readline().decode()

    def end(self) -> tuple[list[tuple[str, str, bool]], str, int]:
        out, err = self.process.communicate(timeout=60)
        return [told(line) for line in out.splitlines()], err.decode(), self.process.returncode

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def told(line: bytes) -> tuple[str, str, bool]:
    verdict = json.loads(line)
    return verdict["event_id"], verdict["verdict"], verdict["late"]


def run(lines: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *options], input=lines, capture_output=True, timeout=60, check=False
    )


def stream(events: Sequence[Event]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def test_when_the_input_ends_everything_is_judged() -> None:
    done = run(stream([deactivate("mfa", 0), delete_user("gone", 60)]))
    assert done.returncode == 0
    assert [told(line) for line in done.stdout.splitlines()] == [
        ("gone", "origin", False),
        ("mfa", "effect", False),
    ]
    assert done.stderr.endswith(b" INFO ended: records=2 copies=0 late=0 not_decodable=0\n")


def test_a_verdict_comes_while_the_stream_goes_on(watching: Watching) -> None:
    watching.write(deactivate("mfa", 0), delete_user("gone", 60))
    watching.write(delete_user("next", 3 * HOUR, "eve"))
    assert watching.line() == ("gone", "origin", False)
    assert watching.line() == ("mfa", "effect", False)
    watching.write(deactivate("straggler", 30, "carol"))
    assert watching.line() == ("straggler", "orphan", True)
    assert watching.end()[0] == [("next", "origin", False)]


def test_what_cannot_be_decoded_is_kept_and_told(watching: Watching) -> None:
    watching.write_bytes(b"{broken\n")
    watching.write(delete_user("gone", 0))
    out, err, status = watching.end()
    assert (out, status) == ([("gone", "origin", False)], 0)
    assert 'WARNING not decodable: source="standard input" position="line 1"' in err
    assert json.loads(watching.quarantine.read_bytes())["data"] == "{broken"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_what_waits_is_told_as_pending(
    watching: Watching, number: signal.Signals
) -> None:
    watching.write(delete_user("first", 0), delete_user("next", 3 * HOUR, "eve"))
    assert watching.line() == ("first", "origin", False)
    watching.process.send_signal(number)
    out, err, status = watching.end()
    assert out == [("next", "pending", False)]
    assert err.endswith(" INFO stopped: records=2 copies=0 late=0 not_decodable=0\n")
    assert status == 128 + number


def test_it_says_where_its_metrics_are(tmp_path: Path) -> None:
    with Watching(tmp_path, "--metrics", "127.0.0.1:0") as serving:
        found = re.search(r"at=(http://127\.0\.0\.1:\d+/metrics)", serving.journal_line())
        assert found
        with urlopen(found[1]) as answer:
            assert b"cascade_events_total 0.0" in answer.read()


def test_an_idle_stream_does_not_wait_for_ever(tmp_path: Path) -> None:
    with Watching(tmp_path, "--idle", "1s", "--lateness", "1s") as idle:
        # Nothing brings the closing of an account along, so that it waits for stragglers only.
        idle.write(call("organizations:CloseAccount", "gone", 0, {"accountId": "444455556666"}))
        assert idle.line() == ("gone", "origin", False)


def test_once_waits_until_it_knows_that_a_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "just-written.json"
    file.write_bytes(json.dumps({"Records": [delete_user("gone", 0)]}).encode())
    done = run(b"", str(tmp_path), "--once", "--finish")
    assert [told(line) for line in done.stdout.splitlines()] == [("gone", "origin", False)]


def test_once_reads_a_pipe_to_its_end_however_long_that_takes(tmp_path: Path) -> None:
    with Watching(tmp_path, "--once") as slow:
        assert "watching" in slow.journal_line()
        time.sleep(1.5)
        slow.write(delete_user("gone", 0))
        assert slow.end()[0] == [("gone", "origin", False)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["no such.json"], "no such"),
        (["ftp://somewhere"], "no such kind of source"),
        (["--sink", "gopher://somewhere"], "names no sink"),
        (["--max-memory", "much"], "is no size"),
        (["--lateness", "soon"], "lateness"),
        (["--idle", "0s"], "must be longer than nothing"),
    ],
)
def test_what_cannot_be_done_is_refused(options: list[str], words: str) -> None:
    done = run(b"", *options)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_what_waits_goes_on_in_the_next_run(tmp_path: Path) -> None:
    log, state = tmp_path / "trail.ndjson", str(tmp_path / "state")
    log.write_bytes(stream([deactivate("mfa", 0)]))
    first = run(b"", str(log), "--once", "--state", state)
    assert (first.stdout, first.returncode) == (b"", 0)
    assert first.stderr.endswith(b" not_decodable=0 waiting=1\n")
    log.write_bytes(log.read_bytes() + stream([delete_user("gone", 60)]))
    second = run(b"", str(log), "--once", "--state", state, "--finish")
    assert [told(line) for line in second.stdout.splitlines()] == [
        ("gone", "origin", False),
        ("mfa", "effect", False),
    ]


def test_a_state_that_was_finished_says_that_what_comes_is_late(tmp_path: Path) -> None:
    log, state = tmp_path / "trail.ndjson", str(tmp_path / "state")
    log.write_bytes(stream([delete_user("gone", 60)]))
    run(b"", str(log), "--once", "--state", state, "--finish")
    log.write_bytes(log.read_bytes() + stream([delete_user("next", 120, "eve")]))
    done = run(b"", str(log), "--once", "--state", state)
    assert b"WARNING an earlier run has finished this state" in done.stderr
    assert [told(line) for line in done.stdout.splitlines()] == [("next", "origin", True)]


def test_another_catalogue_judges_what_waits_and_says_so(tmp_path: Path) -> None:
    log, state, config = tmp_path / "trail.ndjson", str(tmp_path / "state"), tmp_path / "c.toml"
    log.write_bytes(stream([deactivate("mfa", 0), delete_user("gone", 60)]))
    run(b"", str(log), "--once", "--state", state)
    config.write_text('[cascades."aws.iam.delete-user"]\ndisabled = true\n')
    done = run(b"", str(log), "--once", "--state", state, "--finish", "--config", str(config))
    assert b"WARNING the catalogue has changed" in done.stderr
    assert ("mfa", "orphan", False) in [told(line) for line in done.stdout.splitlines()]


def test_a_second_run_with_the_same_state_is_refused(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with Watching(tmp_path, "--state", state) as first:
        first.write(delete_user("first", 0), delete_user("next", 3 * HOUR, "eve"))
        assert first.line() == ("first", "origin", False)
        second = run(b"", "-", "--state", state)
    assert second.returncode == 2
    assert second.stderr.endswith(f"{state}: in use by another process\n".encode())


def test_with_a_state_a_signal_loses_nothing(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with Watching(tmp_path, "--state", state) as first:
        first.write(delete_user("first", 0), delete_user("next", 3 * HOUR, "eve"))
        assert first.line() == ("first", "origin", False)
        first.process.send_signal(signal.SIGTERM)
        assert first.end()[0] == []
        assert first.process.returncode == 0
    done = run(b"", "-", "--state", state, "--finish")
    assert [told(line) for line in done.stdout.splitlines()] == [("next", "origin", False)]


def test_what_was_said_at_once_is_superseded(tmp_path: Path) -> None:
    with Watching(tmp_path, "--provisional") as early:
        early.write(deactivate("mfa", 0))
        assert early.line() == ("mfa", "orphan", False)
        early.write(delete_user("gone", 60))
        lines = [early.line(), early.line()]
        assert sorted(lines) == [("gone", "origin", False), ("mfa", "effect", False)]
