"""Nothing that stands in the input, the state or a stored position brings a stream down, or hides what is sound.

CASCADE_FUZZ_SECONDS says about how long to look for what does; 60 in .ci/run.
"""

import json
import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.bench.flood import peak_of
from cloudcascade.catalog import load_catalog
from cloudcascade.events import Limits, LineReader, Problem, read_batches
from cloudcascade.events import Source as FileSource
from cloudcascade.events.line import line_value
from cloudcascade.matcher import LiveEngine, LiveVerdict, Plan, compile_catalog
from cloudcascade.streams import Message
from cloudcascade.streams.source import SourceError
from cloudcascade.streams.sources import SourceOptions
from cloudcascade.streams.sources.folder import Folder
from cloudcascade.streams.state import State, StateError
from cloudcascade.tests.support import poison
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event, assume_role, moment, user
from cloudcascade.tests.support.loop_runs import EAGER, run
from cloudcascade.tests.support.offboarding import deactivate, delete_user, strip
from cloudcascade.tests.support.sources import HandClock, lines, log
from cloudcascade.tests.support.watching import WATCH

SECONDS = float(os.environ.get("CASCADE_FUZZ_SECONDS", "4"))
LONGEST = 1 << 16
# So much that nothing is late, whatever time the poison says it is.
LATENESS = 400 * 86_400
CASCADES = tuple(load_catalog().cascades)
PATHS = poison.paths_of(CASCADES)
NOW = datetime.fromisoformat(moment(0)).timestamp()
SOUND: tuple[Event, ...] = (
    assume_role("handed", "ASIA", by=user("alice")),
    deactivate("mfa", 0),
    strip("DeleteLoginProfile", "login", 30),
    delete_user("gone", 60),
    deactivate("stripped", 90, "carol"),
)


def tried(a_second: int) -> settings:
    """Settings of a test that tries so many examples a second, of which it gets its share."""
    return settings(
        max_examples=max(10, int(a_second * SECONDS / 4)),
        deadline=None,
        print_blob=True,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


def engine_of(plan: Plan, max_bytes: int | None, *, provisional: bool) -> LiveEngine:
    return LiveEngine(
        plan,
        lambda _: None,
        lateness=LATENESS,
        clock=lambda: NOW + 600,
        max_bytes=max_bytes,
        provisional=provisional,
        journal=True,
    )


def told(engine: LiveEngine, pieces: Sequence[bytes], problems: list[Problem]) -> list[LiveVerdict]:
    """What an engine tells of lines that come in pieces."""
    reader = LineReader("log", problems.append, max_line_bytes=LONGEST)
    found: list[LiveVerdict] = []
    for piece in pieces:
        engine.feed(reader.take(piece))
        found += engine.advance()
    engine.feed(reader.end())
    found += engine.close()
    while engine.due:
        found += engine.close()
    return found


def of_sound_ones(verdicts: Sequence[LiveVerdict]) -> dict[str, LiveVerdict]:
    sound = {event["eventID"] for event in SOUND}
    return {
        each.verdict.event_id: each
        for each in verdicts
        if each.final and each.verdict.event_id in sound
    }


@st.composite
def poisoned(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Lines in which poison stands between sound records, and the pieces they come in."""
    among: list[bytes] = []
    for event in SOUND:
        among += draw(st.lists(poison.lines(PATHS, LONGEST), max_size=2))
        among.append(poison.line_of(event))
    among += draw(st.lists(poison.lines(PATHS, LONGEST), max_size=2))
    whole = b"\n".join(among) + b"\n"
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    return among, pieces


@given(poisoned(), st.sampled_from([None, 0, 4_000]), st.booleans())
@tried(6)
def test_sound_records_get_the_verdicts_that_they_get_without_the_poison(
    drawn: tuple[list[bytes], list[bytes]], max_bytes: int | None, provisional: bool
) -> None:
    plan = compiled()
    alone = [poison.line_of(event) + b"\n" for event in SOUND]
    expected = of_sound_ones(told(engine_of(plan, None, provisional=False), alone, []))
    engine = engine_of(plan, max_bytes, provisional=provisional)
    found = of_sound_ones(told(engine, drawn[1], []))
    assert {id_: each.verdict for id_, each in found.items()} == {
        id_: each.verdict for id_, each in expected.items()
    }
    assert not any(each.late for each in found.values())


_compiled: list[Plan] = []


def compiled() -> Plan:
    if not _compiled:
        _compiled.append(compile_catalog(CASCADES))
    return _compiled[0]


@given(st.lists(poison.lines(PATHS, LONGEST), min_size=1, max_size=6))
@tried(40)
def test_a_line_is_records_or_is_kept_whole_as_it_came(among: list[bytes]) -> None:
    for line in among:
        problems: list[Problem] = []
        reader = LineReader("log", problems.append, max_line_bytes=LONGEST)
        found = [*reader.take(line), *reader.end()]
        kept = [problem.data for problem in problems if not problem.note]
        assert set(kept) <= {line[:LONGEST]}
        if line.strip() and not holds_nothing(line):
            assert found or kept
        if is_no_json(line_value(line)) and line.strip():
            assert (found, kept) == ([], [line[:LONGEST]])


def is_no_json(line: bytes) -> bool:
    """Whether a lenient reader of JSON cannot make sense of it either: what is not looked at need not be UTF-8."""
    try:
        json.loads(line.decode(errors="replace"), strict=False)
    except RecursionError:
        return False
    except ValueError:
        return True
    return False


def holds_nothing(line: bytes) -> bool:
    """An empty list, in wrappers or not: a log of no events."""
    return b"[]" in line.replace(b" ", b"")


@given(st.lists(poison.records(PATHS), min_size=1, max_size=5), st.booleans())
@tried(6)
def test_poison_that_passes_for_a_record_survives_a_restart(
    events: list[Event], provisional: bool
) -> None:
    plan = compiled()
    reader = LineReader("log", lambda _: None, max_line_bytes=LONGEST)
    engine = engine_of(plan, None, provisional=provisional)
    engine.feed(reader.take(b"".join(poison.line_of(event) + b"\n" for event in events)))
    engine.advance()
    with TemporaryDirectory() as folder:
        state = State(Path(folder) / "state.db")
        try:
            state.commit(
                catalog=b"same",
                changes=engine.changes(),
                mark=engine.mark(),
                positions={},
                verdicts=[],
                delivered={},
            )
            again = engine_of(plan, None, provisional=provisional)
            assert state.restore(again, anew=False) == 0
        finally:
            state.close()
    assert {each.verdict.event_id: each.verdict for each in again.close() if each.final} == {
        each.verdict.event_id: each.verdict for each in engine.close() if each.final
    }


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes of which some are others, are missing, or come twice."""
    found = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(found)))
        match draw(st.sampled_from(["flip", "cut", "double", "insert"])):
            case "flip" if at < len(found):
                found[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del found[at : at + draw(st.integers(1, 1 + len(found) // 2))]
            case "double":
                found[at:at] = found[: draw(st.integers(0, 300))]
            case _:
                found[at:at] = draw(st.binary(min_size=1, max_size=20))
    return bytes(found)


@given(damaged(log(*(f"event-{number}" for number in range(40)))))
@tried(40)
def test_a_damaged_log_file_gives_what_it_holds_and_says_what_is_wrong(data: bytes) -> None:
    problems: list[Problem] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.json.gz"
        path.write_bytes(data)
        source = FileSource(str(path), path, len(data))
        batches = read_batches([source], limits=Limits(), on_problem=problems.append)
        found = [record for batch in batches for record in batch]
    assert found or problems or not data
    assert len(found) == 40 or problems or b"\x1f\x8b" in data[2:]


def kept_state(path: Path) -> None:
    """A state in which everything has its rows."""
    pieces = [[delete_user(f"gone-{number}", number) for number in range(20)]]
    pieces += [[deactivate("mfa", 0)], [assume_role("handed", "ASIA", by=user("alice"), seconds=5)]]
    sent: list[Message] = []
    run(
        path, [DELETE_USER], pieces, sent, pace=replace(EAGER, finish=False), provisional=True,
        lateness=3_600,
    )  # fmt: skip


@pytest.fixture(scope="module")
def state_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("state") / "state.db"
    kept_state(path)
    return path.read_bytes()


@given(st.data())
@tried(40)
def test_a_damaged_state_works_or_says_that_it_is_damaged(
    state_bytes: bytes, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        flipped = bytearray(state_bytes)
        for _ in range(data.draw(st.integers(1, 6))):
            flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(
                st.integers(0, 7)
            )
        path.write_bytes(flipped)
        pieces = [[], [], [], [delete_user("on", 90)]]
        with suppress(StateError, SourceError):
            run(path, [DELETE_USER], pieces, [], provisional=True, lateness=3_600)


_COLUMNS = (
    "facts.value", "positions.source", "positions.position", "events.id", "events.time", "events.due",
    "events.expires", "events.late", "events.record", "issued.key", "issued.time", "issued.callers", "said.event",
    "said.verdict", "said.digest", "outbox.id", "outbox.line", "sinks.name", "sinks.delivered",
)  # fmt: skip
_ODD = (
    b"",
    b"\xff\xfe",
    "",
    "text",
    -1,
    0,
    1 << 62,
    -(1 << 63),
    0.5,
    float("inf"),
    b"{}",
    b"\x90",
    b"\xc1",
)


@pytest.mark.parametrize("column", _COLUMNS)
def test_a_state_that_somebody_wrote_into_works_or_says_that_it_is_damaged(
    column: str, state_bytes: bytes, tmp_path: Path
) -> None:
    table, _, name = column.partition(".")
    for number, odd in enumerate(_ODD):
        path = tmp_path / f"{number}.db"
        path.write_bytes(state_bytes)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(f"UPDATE OR REPLACE {table} SET {name} = ?", (odd,))
        pieces = [[], [], [], [delete_user("on", 90)]]
        with suppress(StateError, SourceError):
            run(path, [DELETE_USER], pieces, [], provisional=True, lateness=3_600)


def test_a_state_in_which_an_event_stands_twice_is_damaged(
    state_bytes: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(state_bytes)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE events SET record = (SELECT record FROM events LIMIT 1)")
    with pytest.raises(StateError, match=r"state\.db: damaged: the event .* twice"):
        run(path, [DELETE_USER], [[], [], []], [], provisional=True, lateness=3_600)


@given(st.data())
@tried(40)
def test_a_position_that_is_none_is_refused_and_any_other_is_gone_on_from(
    data: st.DataObject,
) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "grown.ndjson").write_bytes(lines("one", "two"))
        (Path(folder) / "whole.json.gz").write_bytes(log("three"))
        first = watched(folder)
        read_all(first)
        position = first.position()
        first.close()
        hostile = watched(folder)
        try:
            hostile.resume(data.draw(damaged(position)))
        except SourceError:
            return
        read_all(hostile)
        hostile.position()
        hostile.close()


def watched(folder: str) -> Folder:
    return Folder(folder, lambda _: None, SourceOptions(), clock=HandClock().clock)


def read_all(source: Folder) -> None:
    for _ in range(20):
        source.poll(1.0)


def test_giants_take_no_more_memory_than_one_line_may(tmp_path: Path) -> None:
    quarantine = tmp_path / "quarantine.ndjson"
    with subprocess.Popen(
        [*WATCH, "-", "--quarantine", quarantine, "--max-line-bytes", str(1 << 20)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin
        assert process.stdout
        for _ in range(150):
            process.stdin.write(b"x" * (1 << 20))
        process.stdin.write(b"\n" + poison.line_of(delete_user("gone", 0)) + b"\n")
        # A record within the limit whose list has half a million elements.
        many = ",".join(["0"] * 500_000).encode()
        wide = poison.line_of(delete_user("wide", 1, "carol"))[:-1]
        process.stdin.write(wide + b',"resources":[' + many + b"]}\n")
        process.stdin.flush()
        peak = peak_of(process.pid)
        process.stdin.close()
        told = [json.loads(line)["event_id"] for line in process.stdout]
    assert told == ["gone", "wide"]
    assert 0 < peak < 160_000_000
    (kept,) = quarantine.read_bytes().splitlines()
    assert len(json.loads(kept)["data"]) == 1 << 20
