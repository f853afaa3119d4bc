"""The loop keeps every step whole: whenever it dies, the next run goes on, and no verdict is lost or told otherwise."""

import itertools
import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import LiveEngine, compile_catalog
from cloudcascade.streams import Look, Loop, Message, Pace
from cloudcascade.streams.delivery import Direct
from cloudcascade.streams.loop import STEP
from cloudcascade.streams.state import State, StateError
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import call
from cloudcascade.tests.support.deliveries import LATENESS, batch, credentials_first, deliveries
from cloudcascade.tests.support.late_arrivals import amid, disordered, silencing
from cloudcascade.tests.support.loop_runs import never, run
from cloudcascade.tests.support.offboarding import create_user, deactivate, delete_user
from cloudcascade.tests.support.profile import tried
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs
from cloudcascade.tests.support.scripted import (
    CollectingSink,
    Fuse,
    Killed,
    Looking,
    ScriptedSource,
)

HOUR = 3_600
DAY = 86_400


def last_words(sent: Sequence[Message]) -> dict[str, Any]:
    """The final verdict on each event, of messages of which some came again. No two are of one event."""
    lines: dict[str, dict[str, Any]] = {}
    for message in sent:
        assert lines.setdefault(message.id, json.loads(message.line)) == json.loads(message.line)
    final = [each for each in lines.values() if each["final"] and each["verdict"] != "unlisted"]
    words = {each["event_id"]: each for each in final}
    assert len(words) == len(final)
    return words


@given(st.data(), catalogues(), st.lists(st.integers(0, 40), min_size=1, max_size=6), st.booleans())
@tried(60)
def test_however_often_it_dies_the_verdicts_are_those_of_the_finished_log(
    data: st.DataObject, cascades: list[Cascade], deaths: list[int], provisional: bool
) -> None:
    log = credentials_first(data.draw(logs(cascades).filter(bool)))
    pieces = data.draw(deliveries(log))
    sent: list[Message] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state"
        for steps in deaths:
            try:
                run(path, cascades, pieces, sent, fuse=Fuse(steps), provisional=provisional)
            except Killed:
                continue
        assert run(path, cascades, pieces, sent, provisional=provisional)
    told = {
        id_: (each["verdict"], each["cascade"], tuple(each["path"]), each["actor"])
        for id_, each in last_words(sent).items()
    }
    assert told == {
        id_: (each.verdict, each.cascade, each.path, each.actor)
        for id_, each in batch(cascades, log).items()
    }


def test_what_waits_goes_on_waiting_in_the_next_run(tmp_path: Path) -> None:
    sent: list[Message] = []
    waiting = Pace(commit_every=0.0, finish=False)
    mfa, gone = deactivate("mfa", 0), delete_user("gone", 60)
    assert not run(tmp_path / "state", [DELETE_USER], [[mfa]], sent, pace=waiting)
    assert run(tmp_path / "state", [DELETE_USER], [[], [gone]], sent)
    assert {id_: each["verdict"] for id_, each in last_words(sent).items()} == {
        "mfa": "effect",
        "gone": "origin",
    }


def test_a_source_is_told_that_its_input_may_go_only_when_it_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "state"
    with pytest.raises(Killed):  # poll, and then it dies in keeping the first step
        run(kept, [DELETE_USER], [[delete_user("gone", 0)]], [], fuse=Fuse(1))
    state = State(kept)
    assert state.positions() == {}
    state.close()


def test_it_tells_how_it_stands_while_it_judges_what_is_left() -> None:
    class Counting(Looking):
        def __init__(self) -> None:
            super().__init__()
            self.pending: list[int] = []

        def look(self, look: Look) -> None:
            self.pending.append(look.engine.pending)

    watcher = Counting()
    engine = LiveEngine(compile_catalog([DELETE_USER]), lateness=HOUR)
    log = [delete_user(f"gone-{number}", number % 60) for number in range(2 * STEP)]
    ticks = itertools.count()
    loop = Loop(
        engine,
        [ScriptedSource([log])],
        [Direct(CollectingSink([]))],
        watcher,
        clock=lambda: float(next(ticks)),
    )
    assert loop.run(never)
    assert STEP in watcher.pending


def test_another_catalogue_takes_over_what_waits(tmp_path: Path) -> None:
    sent: list[Message] = []
    waiting = Pace(commit_every=0.0, finish=False)
    mfa, gone = deactivate("mfa", 0), delete_user("gone", 60)
    run(tmp_path / "state", [DELETE_USER], [[mfa], [gone]], sent, pace=waiting)
    first = DELETE_USER.effects[0].model_copy(update={"attack": ("T1531",)})
    other = DELETE_USER.model_copy(update={"effects": (first, *DELETE_USER.effects[1:])})
    run(tmp_path / "state", [other], [[], []], sent)
    assert last_words(sent)["mfa"]["techniques"] == ["T1531"]
    assert last_words(sent)["gone"]["verdict"] == "origin"


def test_a_catalogue_that_does_not_know_what_waits_says_so(tmp_path: Path) -> None:
    waiting = Pace(commit_every=0.0, finish=False)
    run(tmp_path / "state", [DELETE_USER], [[deactivate("mfa", 0)]], [], pace=waiting)
    state = State(tmp_path / "state")
    engine = LiveEngine(compile_catalog([]), lateness=LATENESS, journal=True)
    assert state.restore(engine, anew=True) == 1
    state.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    with pytest.raises(StateError, match="in use by another process"):
        State(tmp_path / "state")
    state.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no database at all, but some bytes" * 40, "not a database"), (b"", "")],
)
def test_what_is_no_state_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    if words:
        with pytest.raises(StateError, match=words):
            State(path)
    else:
        State(path).close()


@given(st.data(), silencing(), st.lists(st.integers(0, 40), min_size=1, max_size=4))
@tried(30)
def test_however_often_it_dies_the_same_is_taken_back(
    data: st.DataObject, cascades: list[Cascade], deaths: list[int]
) -> None:
    log = amid(data.draw(logs(cascades).filter(bool)))
    early, *late = data.draw(disordered(cascades, log, copies=False))
    pieces = [early, [call(cascades[0].root.action, "on", 120)], *late]
    told: list[dict[str, dict[str, Any]]] = []
    for fuses in ([], deaths):
        sent: list[Message] = []
        with TemporaryDirectory() as folder:
            path = Path(folder) / "state"
            for steps in fuses:
                with suppress(Killed):
                    run(path, cascades, pieces, sent, fuse=Fuse(steps), retract_within=DAY)
            run(path, cascades, pieces, sent, retract_within=DAY)
        # What nearly explained a late event is said as far as it is still known.
        told.append(
            {message.id: {**json.loads(message.line), "near_misses": []} for message in sent}
        )
    assert told[0] == told[1]


def test_what_waits_is_told_of_once_over_all_runs(tmp_path: Path) -> None:
    sent: list[Message] = []
    waiting = Pace(commit_every=0.0, finish=False)
    pieces = [[deactivate("mfa", 0)], [delete_user("on", 60, "eve")], [], [delete_user("far", DAY)]]
    for read in (1, 2, 3, 4):
        run(tmp_path / "state", [DELETE_USER], pieces[:read], sent, pace=waiting, tell_pending=HOUR)
    told = [json.loads(message.line) for message in sent]
    first, last = [line for line in told if line["event_id"] == "mfa"]
    assert (first["verdict"], last["verdict"]) == ("pending", "orphan")
    assert last["supersedes"] == first["id"]


def test_what_was_silenced_in_one_run_is_taken_back_in_the_next(tmp_path: Path) -> None:
    sent: list[Message] = []
    waiting = Pace(commit_every=0.0, finish=False)
    pieces = [
        [delete_user("first", -2 * HOUR, "eve")],
        [deactivate("mfa", 0), delete_user("gone", 60)],
        [delete_user("on", 3 * HOUR, "eve")],
        [create_user("again", 120)],
        [],
    ]
    for read in (3, 4, 5):  # the last of them finds nothing new
        run(
            tmp_path / "state", [DELETE_USER], pieces[:read], sent, pace=waiting, retract_within=DAY
        )
    told = [json.loads(message.line) for message in sent]
    first, then = [line for line in told if line["event_id"] == "mfa"]
    assert (first["policy"], first["final"], first["late"]) == ("suppress", True, False)
    assert (then["verdict"], then["final"], then["late"]) == ("orphan", True, False)
    assert then["supersedes"] == first["id"]
    assert then["caveats"] == ["retracted: user recreated came late"]


def test_a_state_of_the_first_form_goes_on(tmp_path: Path) -> None:
    waiting = Pace(commit_every=0.0, finish=False)
    sent: list[Message] = []
    run(tmp_path / "state", [DELETE_USER], [[deactivate("mfa", 0)]], sent, pace=waiting)
    with sqlite3.connect(tmp_path / "state") as database:
        database.execute("DROP TABLE silenced")
        database.execute("ALTER TABLE events DROP COLUMN unsure")
        database.execute("PRAGMA user_version = 1")
    database.close()
    run(tmp_path / "state", [DELETE_USER], [[], [delete_user("gone", 60)]], sent)
    assert last_words(sent)["mfa"]["verdict"] == "effect"


def test_a_state_of_another_form_is_refused(tmp_path: Path) -> None:
    State(tmp_path / "state").close()
    with sqlite3.connect(tmp_path / "state") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StateError, match="a state of form 99"):
        State(tmp_path / "state")


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state") as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()
    with pytest.raises(StateError, match="no state of cascade watch"):
        State(tmp_path / "state")


def test_a_sink_that_is_new_gets_what_comes_from_now_on(tmp_path: Path) -> None:
    run(tmp_path / "state", [DELETE_USER], [[delete_user("gone", 0)]], [])
    state = State(tmp_path / "state")
    assert state.enlist(["list", "other"]) == ({"list": 1, "other": 1}, {})
    state.close()


def test_a_sink_that_is_gone_is_told_of_with_what_it_did_not_get(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with pytest.raises(Killed):
        run(path, [DELETE_USER], [[delete_user("gone", 0)]], [], in_sink=Fuse(0))
    state = State(path)
    assert state.enlist(["other"])[1] == {"list": 1}
    state.close()
