"""The other benches measure what they say: the same events, the same answers, the same share. Nothing is timed."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from cloudcascade.bench import against_duckdb, memory, scaling, workers
from cloudcascade.bench.classify import Written, classify, everyday, log_files, trail
from cloudcascade.catalog import load_catalog
from cloudcascade.catalog.models import Cascade
from cloudcascade.events import expand_sources
from cloudcascade.matcher import Plan, compile_catalog

CASCADES = load_catalog().cascades


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trail")


@pytest.fixture(scope="module")
def written(folder: Path) -> Written:
    return trail(folder, 1_500, 0.3, everyday())


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_catalog(CASCADES)


def test_duckdb_and_we_name_the_same_orphans(folder: Path, written: Written) -> None:
    measured = against_duckdb.measure(folder, written, rounds=1)
    assert measured.orphans > 0
    assert measured.ratio == measured.theirs / measured.ours[0]
    assert against_duckdb.shown(measured).row_count == 1


def actions(cascade: Cascade) -> set[str]:
    """All that the cascade mentions."""
    found = {each.action for each in cascade.effects} | {each.action for each in cascade.spoilers}
    return found | {cascade.root.action}


def test_where_they_differ_nothing_is_measured(
    folder: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(against_duckdb, "exported", lambda place: "SELECT 'nobody'")
    with pytest.raises(SystemExit, match="1 of SQL"):
        against_duckdb.measure(folder, written, rounds=1)


@pytest.mark.parametrize("size", scaling.SIZES)
def test_a_grown_catalogue_holds_so_many_sound_cascades(size: int) -> None:
    grown = scaling.grown(CASCADES, size)
    assert len({each.id for each in grown}) == size
    assert {each.id for each in grown} >= set(scaling.PLAYED)
    assert {len(each.nodes) for each in compile_catalog(grown).cascades} >= {1, 14}
    copies = {action for each in grown for action in actions(each) if "Copy" in action}
    assert not copies & load_catalog().actions()


def test_every_size_lists_the_same_events(folder: Path, written: Written) -> None:
    plans = {str(size): compile_catalog(scaling.grown(CASCADES, size)) for size in scaling.SIZES}
    results = scaling.measure(folder, plans, rounds=1)
    assert [each.name for each in results] == list(plans)
    assert len({each.verdicts for each in results}) == 1
    assert results[0].verdicts > 300
    assert scaling.shown("size", results, written).row_count == 3


def test_windows_are_widened_everywhere() -> None:
    for each in CASCADES:
        wide = scaling.widened(each, 4)
        for one, other in zip(each.effects, wide.effects, strict=True):
            assert other.within.before == 4 * one.within.before
            assert other.within.after == 4 * one.within.after
        assert Counter(s.action for s in wide.spoilers) == Counter(s.action for s in each.spoilers)


def test_workers_are_measured_against_one(folder: Path, written: Written) -> None:
    sources = expand_sources([str(folder / "AWSLogs")])
    results = workers.measure(sources, partial(compile_catalog, CASCADES), (1, 2), rounds=1)
    assert [each.workers for each in results] == [1, 2]
    assert all(
        took >= reading
        for each in results
        for took, reading in zip(each.took, each.reading, strict=True)
    )
    assert workers.shown(results, written).row_count == 2


def test_memory_is_that_of_the_events_more(folder: Path, written: Written, plan: Plan) -> None:
    files = log_files(folder)
    part, whole = memory.measure(files[:1], plan), memory.measure(files, plan)
    assert whole.events == written.events
    assert whole.listed > part.listed > 0
    assert classify(plan, folder)[1] <= whole.listed
    assert memory.shown(part, whole).row_count == 2
