"""Killed at any moment, `cascade watch` tells in the end what one undisturbed run tells: nothing is lost or told twice.

The command runs in a process of its own and is killed with SIGKILL, again and again, after a random time, or when it
has written so much, or kept its state so often; then it is started anew. With CASCADE_FULL set this happens more
often, and once 50 times over 200,000 events.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cloudcascade.tests.support.trails import LATENESS, arriving, as_lines, deliver
from cloudcascade.tests.support.watching import WATCH, Told, batch, last_words, read, watch

FULL = bool(os.environ.get("CASCADE_FULL"))
# Events, over how many seconds, and how often their reader is killed.
EVENTS, SPAN, KILLS = (16_000, 12 * 3_600, 10) if FULL else (2_000, 4 * 3_600, 3)
# A busy machine may let a run end before the last death comes to it.
ENOUGH = KILLS // 2
MANY = (200_000, 86_400, 50)
SEED = 20260317
ENDING = ("--once", "--finish", "--lateness", LATENESS)
_BLINK = 0.002
_LIFE = 20.0


@dataclass(frozen=True)
class Trail:
    """Delivered files; what one run tells of them, and `classify`."""

    folder: Path
    told: list[bytes]
    batch: dict[str, Told]


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Trail:
    return made(tmp_path_factory.mktemp("trail"), EVENTS, SPAN)


def made(room: Path, events: int, span: int) -> Trail:
    folder = room / "AWSLogs"
    deliver(folder, arriving(SEED, events, span=span), events=events, span=span)
    an_hour_ago = time.time() - 3_600
    for file in folder.rglob(
        "*.gz"
    ):  # none of them may still be growing: all runs read them in one order
        os.utime(file, (an_hour_ago, an_hour_ago))
    return Trail(folder, undisturbed(folder, room), batch(folder))


def undisturbed(source: Path, room: Path, *options: str) -> list[bytes]:
    """What one run tells that nobody kills."""
    watch(source, "--state", room / "clean.db", "--sink", room / "clean.ndjson", *ENDING, *options)
    return (room / "clean.ndjson").read_bytes().splitlines()


class Killer:
    """Starts `cascade watch` and kills it `kills` times, at moments drawn from a seed; then lets it end."""

    def __init__(self, room: Path, seed: int, kills: int = KILLS) -> None:
        self.state = room / "state.db"
        self.out = room / "verdicts.ndjson"
        self.kills = kills
        self._seed = seed
        self._rng = Random(seed)
        self.deaths: list[str] = []

    def run(
        self,
        source: Path,
        *options: str,
        expected: int,
        sink: str | None = None,
        written: Callable[[], int] | None = None,
        ends: bool = True,
    ) -> None:
        """Until it has ended by itself, or has died often enough where it never `ends`. `expected` is how much it
        is to write, as `written` counts it: bytes of the file, unless told otherwise."""
        written = written or (lambda: _size(self.out))
        command = [*WATCH, str(source), "--state", str(self.state), "--sink", sink or str(self.out)]
        while ends or len(self.deaths) < self.kills:
            with subprocess.Popen(
                [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            ) as process:
                if len(self.deaths) < self.kills:
                    left = max(0, expected - written()) // (self.kills - len(self.deaths))
                    self._kill(process, left, written)
                _, journal = process.communicate()
            if process.returncode == 0:
                return
            assert process.returncode == -9, (
                f"{journal}\nafter {self.deaths}, drawn from {self._seed}"
            )

    def _kill(self, process: subprocess.Popen[str], share: int, written: Callable[[], int]) -> None:
        """Kill it, unless it ends before. `share` is how much it may write, that all deaths find something to do."""
        kind = self._rng.choice(("time", "output", "state"))
        most = share if share else 1
        amount = {
            "time": self._rng.uniform(0.2, 2.5),
            "output": float(self._rng.randint(1, most)),
            "state": float(self._rng.randint(1, 6)),
        }[kind]
        begun, before, commits, last = time.monotonic(), written(), 0, 0
        while process.poll() is None:
            changed = _changed(self.state)
            commits, last = commits + (changed != last), changed
            done = {
                "time": time.monotonic() - begun,
                "output": written() - before,
                "state": commits,
            }[kind]
            # Whatever it waits for, it writes no more than its share, and does not live for ever.
            if done >= amount or written() - before > most or time.monotonic() - begun > _LIFE:
                self.deaths.append(f"{kind} {amount:.1f}")
                process.kill()
                return
            time.sleep(_BLINK)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _changed(state: Path) -> int:
    """When the state's journal was last written."""
    try:
        return state.with_name(f"{state.name}-wal").stat().st_mtime_ns
    except OSError:
        return 0


@pytest.fixture
def killer(tmp_path: Path, request: pytest.FixtureRequest) -> Killer:
    return Killer(tmp_path, SEED + len(request.node.name))


def test_one_run_tells_what_the_finished_log_tells(trail: Trail) -> None:
    assert last_words(read(trail.told)) == trail.batch


def test_delivered_files(trail: Trail, killer: Killer) -> None:
    killer.run(trail.folder, *ENDING, expected=size_of(trail.told))
    assert len(killer.deaths) >= ENOUGH
    # Each line is the very same. Their order is, too, since both runs took the files in one order.
    assert killer.out.read_bytes().splitlines() == trail.told


@pytest.mark.skipif(not FULL, reason="takes minutes: set CASCADE_FULL")
def test_fifty_deaths_over_two_hundred_thousand_events(tmp_path: Path) -> None:
    events, span, kills = MANY
    trail = made(tmp_path, events, span)
    assert last_words(read(trail.told)) == trail.batch
    killer = Killer(tmp_path, SEED, kills)
    killer.run(trail.folder, *ENDING, expected=size_of(trail.told))
    assert len(killer.deaths) >= kills // 2
    assert killer.out.read_bytes().splitlines() == trail.told


def test_delivered_files_with_verdicts_at_once(
    trail: Trail, killer: Killer, tmp_path: Path
) -> None:
    expected = undisturbed(trail.folder, tmp_path, "--provisional")
    killer.run(trail.folder, *ENDING, "--provisional", expected=size_of(expected))
    assert len(killer.deaths) >= ENOUGH
    told = read(killer.out.read_bytes().splitlines())
    assert last_words(told) == trail.batch
    # How often a verdict is revised on the way depends on how the input was cut into pieces.
    hold_to_each_other(told)


def test_a_file_that_grows(trail: Trail, killer: Killer, tmp_path: Path) -> None:
    growing = tmp_path / "growing.ndjson"
    growing.touch()
    with growth(growing):
        killer.run(growing, "--lateness", LATENESS, expected=size_of(trail.told), ends=False)
    watch(growing, "--state", killer.state, "--sink", killer.out, *ENDING)
    assert len(killer.deaths) >= ENOUGH
    assert last_words(read(killer.out.read_bytes().splitlines())) == trail.batch


@contextmanager
def growth(into: Path) -> Iterator[None]:
    """Append to a file in pieces that end anywhere, about as long as it takes to kill its reader so often."""
    rng = Random(SEED)
    content = b"".join(as_lines(arriving(SEED, EVENTS, span=SPAN)))

    def write() -> None:
        with into.open("ab", buffering=0) as file:
            at = 0
            while at < len(content):
                end = at + rng.randint(1, len(content) // (2 * KILLS))
                file.write(content[at:end])
                at = end
                time.sleep(0.2)

    writer = threading.Thread(target=write)
    writer.start()
    yield
    writer.join()


def test_a_sink_that_is_told_some_things_twice(trail: Trail, killer: Killer) -> None:
    with listening() as heard:
        killer.run(
            trail.folder,
            *ENDING,
            expected=len(trail.told),
            sink=heard.address,
            written=lambda: len(heard.lines),
        )
    assert killer.deaths
    assert set(heard.lines.values()) == set(trail.told)


@dataclass
class Heard:
    """What was posted, by id."""

    address: str = ""
    lines: dict[str, bytes] = field(default_factory=dict)
    requests: int = 0


@contextmanager
def listening() -> Iterator[Heard]:
    """A web server that takes in every request, and says of some that it has not."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for line in body.splitlines():
                told = heard.lines.setdefault(json.loads(line)["id"], line)
                assert told == line
            heard.requests += 1
            self.send_response(503 if heard.requests % 11 == 3 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        heard.address = f"http://127.0.0.1:{server.server_port}/verdicts"
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()


def size_of(lines: list[bytes]) -> int:
    return sum(len(line) + 1 for line in lines)


def hold_to_each_other(told: list[Told]) -> None:
    """Each verdict on an event names the one before, and none follows the last word."""
    last: dict[str, Told] = {}
    for each in told:
        before = last.get(each["event_id"])
        assert each["supersedes"] == (before["id"] if before else None)
        assert before is None or not before["final"]
        last[each["event_id"]] = each
    assert all(each["final"] for each in last.values())
