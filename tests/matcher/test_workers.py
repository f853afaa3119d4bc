"""Several processes say what one says: the same verdicts in the same order, the same counts, the same problems."""

import gzip
import json
import multiprocessing
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.bench.cloudtrail import stream, write_trail
from cloudcascade.catalog import load_catalog
from cloudcascade.catalog.models import Cascade
from cloudcascade.events import Limits, Problem, Source, expand_sources, read_batches
from cloudcascade.matcher import Engine, Plan, Verdict, WorkerError, Workers, compile_catalog
from cloudcascade.matcher.batch.partial import filter_files, received
from cloudcascade.matcher.batch.workers import tasks
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import arrivals, logs

Outcome = tuple[list[Verdict], tuple[int, int, int, int], list[Problem]]
CASCADES = load_catalog().cascades
LIMITS = Limits()


def outcome(engine: Engine, problems: list[Problem]) -> Outcome:
    counts = (engine.records, engine.duplicates, engine.conflicting, engine.undated)
    return list(engine.verdicts()), counts, problems


def alone(plan: Plan, sources: list[Source], *, keep_all: bool = False) -> Outcome:
    problems: list[Problem] = []
    engine = Engine(plan, problems.append, keep_all=keep_all)
    for source in sources:
        for batch in read_batches((source,), on_problem=problems.append):
            engine.feed(batch, source.name)
    return outcome(engine, problems)


def in_portions(plan: Plan, parts: list[list[Source]], *, keep_all: bool = False) -> Outcome:
    """What the parent comes to, without the processes."""
    problems: list[Problem] = []
    engine = Engine(plan, problems.append, keep_all=keep_all)
    for part in parts:
        portion = received(filter_files(plan, part, LIMITS, keep_all=keep_all))
        engine.take(portion)
        problems += portion.problems
    return outcome(engine, problems)


def together(sources: list[Source], count: int) -> Outcome:
    recompile = partial(compile_catalog, CASCADES)
    plan = recompile()
    problems: list[Problem] = []
    engine = Engine(plan, problems.append)
    taken: list[int] = []
    with Workers(count, plan, recompile, LIMITS) as workers:
        workers.feed(engine, sources, on_problem=problems.append, on_progress=taken.append)
    assert sum(taken) == sum(source.size or 0 for source in sources)
    return outcome(engine, problems)


def written(folder: Path, number: int, values: list[Any]) -> Source:
    path = folder / f"{number:03}.json"
    path.write_text(json.dumps({"Records": values}))
    return Source(str(path), path, path.stat().st_size)


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    """A generated log whose instances, credentials and copies cross files, with damage here and there."""
    folder = tmp_path_factory.mktemp("trail")
    records = list(stream(11, 3_000, share=0.3))
    rng = Random(5)
    copies = rng.sample(records, 200)
    changed = [{**each, "awsRegion": "eu-central-1"} for each in rng.sample(records, 50)]
    undated = [
        {**each, "eventTime": "soon", "eventID": f"u{n}"} for n, each in enumerate(copies[:9])
    ]
    list(write_trail(folder, [*records, *copies, *changed, *undated], seed=3, per_file=100))
    files = sorted(folder.rglob("*.gz"))
    broken = gzip.decompress(files[7].read_bytes()).replace(
        b'"eventTime":"', b'"eventTime":7,"x":"', 3
    )
    files[7].write_bytes(gzip.compress(broken))
    files[13].write_bytes(files[13].read_bytes()[:-900])
    (files[3].parent / "notes.txt").write_text("no log\n")
    return expand_sources([str(folder)])


@pytest.mark.parametrize("keep_all", [False, True])
def test_portions_come_to_what_the_whole_comes_to(trail: list[Source], keep_all: bool) -> None:
    plan = compile_catalog(CASCADES)
    whole = alone(plan, trail, keep_all=keep_all)
    assert len(whole[2]) > 9
    assert whole[1][1] > 100
    for size in (1, 7, len(trail)):
        parts = [trail[at : at + size] for at in range(0, len(trail), size)]
        assert in_portions(plan, parts, keep_all=keep_all) == whole


def test_processes_come_to_what_one_comes_to(trail: list[Source]) -> None:
    whole = alone(compile_catalog(CASCADES), trail)
    assert together(trail, 2) == whole
    assert together(trail, 3) == whole


def test_so_do_processes_that_begin_anew(
    trail: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")  # where nothing is forked
    assert together(trail[:6], 2) == alone(compile_catalog(CASCADES), trail[:6])


@given(st.data(), catalogues())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_random_logs_may_be_cut_anywhere(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, cascades: list[Cascade]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    batches = data.draw(arrivals(data.draw(logs(cascades))))
    sources = [written(folder, number, batch) for number, batch in enumerate(batches)]
    plan = compile_catalog(cascades)
    assert in_portions(plan, [[source] for source in sources]) == alone(plan, sources)


def test_a_worker_that_dies_is_an_error_and_no_silence(trail: list[Source]) -> None:
    plan = compile_catalog(CASCADES)
    engine = Engine(plan)
    before = set(multiprocessing.active_children())

    def kill(_: int) -> None:
        for child in set(multiprocessing.active_children()) - before:
            child.kill()

    with (
        pytest.raises(WorkerError, match="a worker process has died"),
        Workers(2, plan, partial(compile_catalog, CASCADES), LIMITS) as workers,
    ):
        workers.feed(engine, trail, on_problem=lambda problem: None, on_progress=kill)
    assert set(multiprocessing.active_children()) == before


def test_what_goes_wrong_in_between_leaves_no_process_behind(trail: list[Source]) -> None:
    plan = compile_catalog(CASCADES)
    before = set(multiprocessing.active_children())

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        Workers(2, plan, partial(compile_catalog, CASCADES), LIMITS) as workers,
    ):
        workers.feed(Engine(plan), trail, on_problem=lambda problem: None, on_progress=interrupt)
    assert set(multiprocessing.active_children()) == before


def test_tasks_hold_every_file_once_and_in_order() -> None:
    sizes = [5, 0, 90, 1, 1, 1, 300, 2]
    sources = [Source(str(number), Path(str(number)), size) for number, size in enumerate(sizes)]
    for workers in (1, 2, 50):
        cut = list(tasks(sources, workers))
        assert [source for task in cut for source in task] == sources
        assert all(cut)
    assert list(tasks([], 2)) == []
