"""A flood of effects that nothing explains is judged event by event within the memory that was allowed.

None of the verdicts is due before the input has ended, so that all events wait at once: what memory has no room for
goes to disk, and /metrics says so while it happens. With CASCADE_FULL set the flood is ten times as large;
`python bench/flood.py` takes five million.
"""

import os
from pathlib import Path

import pytest

from cloudcascade.bench.flood import Seen, flood, lines
from cloudcascade.catalog import load_catalog
from cloudcascade.events import LineReader
from cloudcascade.matcher import LiveEngine, LiveVerdict, Plan, compile_catalog

FULL = bool(os.environ.get("CASCADE_FULL"))
EVENTS, CAP = (300_000, 200) if FULL else (30_000, 160)
KEPT_FEW = 1 << 20


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_catalog(load_catalog().cascades)


@pytest.fixture(scope="module")
def seen() -> Seen:
    return flood(EVENTS, f"{CAP}MB", pause=0.1, linger=3.0)


def test_nothing_is_lost_or_told_twice(seen: Seen) -> None:
    assert seen.status == 0, seen.errors
    assert seen.verdicts == {"orphan": EVENTS}
    assert (seen.lost, seen.twice) == (0, 0)


def test_memory_stays_below_the_cap(seen: Seen) -> None:
    assert 0 < seen.peak < CAP * 1_000_000


def test_the_overload_stands_in_the_metrics_and_in_the_journal(seen: Seen) -> None:
    assert seen.samples["cascade_overload"] == 1
    assert 0 < seen.samples['cascade_state_events{tier="disk"}'] <= EVENTS
    assert seen.samples["cascade_spilled_total"] > 0
    assert "overload begins" in seen.errors


def test_a_state_holds_it_too(tmp_path: Path) -> None:
    events = EVENTS // 4
    seen = flood(events, f"{CAP}MB", ["--state", str(tmp_path / "state.db")])
    assert seen.status == 0, seen.errors
    assert seen.verdicts == {"orphan": events}
    assert (seen.lost, seen.twice) == (0, 0)
    assert seen.peak < CAP * 1_000_000


def test_memory_is_counted_and_never_above_what_was_allowed(plan: Plan) -> None:
    engine = LiveEngine(plan, max_bytes=KEPT_FEW)
    reader = LineReader("flood", lambda _: None, max_line_bytes=1 << 20)
    for piece in lines(5_000):
        engine.feed(reader.take(piece))
        engine.advance()
        assert engine.memory <= KEPT_FEW
    assert engine.pending == 5_000
    assert engine.on_disk > 3_000
    told = [each.verdict.event_id for each in _all(engine)]
    assert len(set(told)) == len(told) == 5_000


def _all(engine: LiveEngine) -> list[LiveVerdict]:
    told = engine.close()
    while engine.due:
        told += engine.close()
    return told
