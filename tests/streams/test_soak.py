"""Event time runs on for hours, and what is kept does not grow: as much goes as comes.

Half an hour, and a day in which the hold of every cascade passes many times over, go through the real loop with its
state at full speed, its clock going by what was read; and a day through the real command. Sizes of the last third are
held to those of the middle one.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.catalog.models import Cascade
from cloudcascade.events import LineReader, Record
from cloudcascade.matcher import Engine, LiveEngine, compile_catalog
from cloudcascade.matcher.stream.horizon import horizon_of
from cloudcascade.samples.callers import Json
from cloudcascade.streams import Look, Loop, Message, Pace, State, fingerprint
from cloudcascade.streams.delivery import Direct
from cloudcascade.tests.support.cloudtrail import call
from cloudcascade.tests.support.scripted import CollectingSink
from cloudcascade.tests.support.trails import DELAY, arriving, as_lines
from cloudcascade.tests.support.watching import WATCH, last_words, plain, read

FULL = bool(os.environ.get("CASCADE_FULL"))
MINUTE, HOUR = 60, 3_600
SEED = 20260317


def brief(longest: int) -> list[Cascade]:
    """The cascades of the catalogue in which nothing is waited for or kept longer than so many seconds."""
    found = []
    for cascade in load_catalog().cascades:
        horizon = horizon_of(compile_catalog([cascade]))
        if max((*horizon.hold.values(), *horizon.keep.values())) <= longest:
            found.append(cascade)
    return found


@dataclass
class Soaked:
    """What was kept from look to look, and what was told."""

    sizes: dict[str, list[int]] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)

    def note(self, **sizes: int) -> None:
        for name, size in sizes.items():
            self.sizes.setdefault(name, []).append(size)


class Clocked:
    """Gives a minute of a log at each poll, and is the clock that says so."""

    name = "clocked"
    forgets = False
    busy = False

    def __init__(self, records: Sequence[Json], minutes: int, start: float) -> None:
        self._records = records
        self._minutes = minutes
        self._start = start
        self._next = 0
        self._reader = LineReader("log", lambda _: None, max_line_bytes=1 << 20)
        self.now = 0.0

    def poll(self, wait: float) -> list[Record] | None:
        if self._next == len(self._records):
            return None
        self.now += MINUTE
        end = max(self._next + 1, int(len(self._records) * self.now / (self._minutes * MINUTE)))
        piece = self._records[self._next : end]
        self._next = min(end, len(self._records))
        return list(self._reader.take(b"".join(as_lines(piece))))

    def position(self) -> bytes:
        return b"%d" % self._next

    def resume(self, position: bytes) -> None:
        self._next = int(position)

    def settle(self) -> None:
        pass

    def close(self) -> None:
        pass


class Scale:
    """Weighs the engine and the state at each look."""

    def __init__(self, soaked: Soaked) -> None:
        self._soaked = soaked

    def look(self, look: Look) -> None:
        self._soaked.note(
            size=look.engine.size,
            memory=look.engine.memory,
            pending=look.engine.pending,
            state=look.state_bytes,
            outbox=look.messages,
        )

    def keep(self) -> None:
        pass


def soak(cascades: list[Cascade], log: list[Json], minutes: int, room: Path) -> Soaked:
    """The whole loop over a log, a minute of event time at each turn."""
    soaked = Soaked()
    start = datetime.fromisoformat(log[0]["eventTime"]).timestamp()
    source = Clocked(log, minutes, start)
    state = State(room / "state.db")
    try:
        engine = LiveEngine(compile_catalog(cascades), lateness=DELAY, journal=True)
        sink = CollectingSink(soaked.sent)
        delivered, _ = state.enlist([sink.name])
        loop = Loop(
            engine,
            [source],
            [Direct(sink)],
            Scale(soaked),
            state=state,
            catalog=fingerprint(cascades),
            delivered=delivered,
            pace=Pace(commit_every=30.0),
            clock=lambda: source.now,
            now=lambda: start + source.now,
        )
        assert loop.run(lambda: False)
    finally:
        state.close()
    return soaked


def finished(cascades: list[Cascade], log: Sequence[Json]) -> dict[str, Json]:
    """What the batch engine tells of the log."""
    engine = Engine(compile_catalog(cascades))
    reader = LineReader("log", lambda _: None, max_line_bytes=1 << 20)
    engine.feed(reader.take(b"".join(as_lines(log))))
    return {
        each.event_id: plain(msgspec.json.decode(msgspec.json.encode(each)))
        for each in engine.verdicts()
        if each.verdict != "unlisted"
    }


@pytest.mark.parametrize(
    ("minutes", "events", "longest"),
    [
        pytest.param(30, 6_000, None, id="half an hour, the whole catalogue"),
        pytest.param(
            24 * 60, 40_000 if FULL else 12_000, 2 * HOUR, id="a day, cascades of up to two hours"
        ),
    ],
)
def test_what_is_kept_does_not_grow_and_verdicts_are_those_of_the_finished_log(
    tmp_path: Path, minutes: int, events: int, longest: int | None
) -> None:
    cascades = list(load_catalog().cascades) if longest is None else brief(longest)
    log = list(arriving(SEED, events, span=minutes * MINUTE))
    soaked = soak(cascades, log, minutes, tmp_path)
    assert last_words(read(each.line for each in soaked.sent)) == finished(cascades, log)
    if longest is not None:  # half an hour is shorter than what the catalogue waits for
        for name, sizes in soaked.sizes.items():
            assert_level(name, sizes)
    assert max(soaked.sizes["pending"]) > 50
    assert soaked.sizes["pending"][-1] == 0


def test_a_process_and_its_state_do_not_grow(tmp_path: Path) -> None:
    hours, an_hour = 24, 4_000 if FULL else 2_000
    state = tmp_path / "state.db"
    resident, on_disk = [], []
    with subprocess.Popen(
        [*WATCH, "-", "--state", state, "--finish", "--sink", tmp_path / "out"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin
        for hour in range(hours):
            # The pipe holds little: when an hour is written, all but the end of it has been read.
            process.stdin.writelines(as_lines(logging_stopped(hour, an_hour)))
            process.stdin.flush()
            resident.append(resident_of(process.pid))
            on_disk.append(state.stat().st_size if state.exists() else 0)
        process.stdin.close()
    assert process.returncode == 0
    assert_level("resident memory", resident)
    assert_level("state on disk", on_disk)
    with (tmp_path / "out").open("rb") as told:
        assert len(last_words(read(told))) == hours * an_hour


def logging_stopped(hour: int, events: int) -> list[Json]:
    """An hour of a call whose verdict waits for a quarter of an hour."""
    return [
        call(
            "cloudtrail:StopLogging",
            f"{hour:02}-{number:06}",
            hour * HOUR + HOUR * number // events,
            {"name": f"arn:aws:cloudtrail:us-east-1:111111111111:trail/{number}"},
        )
        for number in range(events)
    ]


def resident_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1])


def assert_level(name: str, sizes: list[int]) -> None:
    """The last third is no larger than the middle one, but for what chance gives and takes."""
    third = len(sizes) // 3
    middle, last = max(sizes[third : 2 * third]), max(sizes[2 * third :])
    assert last <= 1.25 * middle + 50, f"{name}: {middle} in the middle, {last} at the end"
