"""The benchmark counts the same events on both sides, and keeps what it generated."""

from pathlib import Path

import pytest

from cloudcascade.bench import classify
from cloudcascade.bench.classify import Written
from cloudcascade.catalog import load_catalog
from cloudcascade.matcher import Plan, compile_catalog

EVENTS = 1_200


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_catalog(load_catalog().cascades)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trail")


@pytest.fixture(scope="module")
def written(folder: Path) -> Written:
    return classify.trail(folder, EVENTS, 0.2, frozenset())


def test_what_was_written_is_measured_in_events_and_bytes(folder: Path, written: Written) -> None:
    files = classify.log_files(folder)
    assert written.events == EVENTS
    assert written.files == len(files)
    assert written.packed == sum(path.stat().st_size for path in files)
    assert 1_300 * EVENTS < written.raw < 1_600 * EVENTS


def test_a_log_that_is_there_is_used_again(folder: Path, written: Written) -> None:
    before = {path: path.stat().st_mtime_ns for path in classify.log_files(folder)}
    assert classify.trail(folder, EVENTS, 0.2, frozenset()) == written
    assert {path: path.stat().st_mtime_ns for path in classify.log_files(folder)} == before


def test_a_log_with_other_events_left_out_is_made_anew(tmp_path: Path) -> None:
    classify.trail(tmp_path, 100, 0.2, frozenset())
    unwanted = frozenset({"kms:Decrypt"})
    assert classify.trail(tmp_path, 100, 0.2, unwanted).without == ["kms:Decrypt"]


def test_an_unfinished_log_is_made_anew(tmp_path: Path) -> None:
    stale = tmp_path / "AWSLogs" / "half.json.gz"
    stale.parent.mkdir()
    stale.touch()
    classify.trail(tmp_path, 100, 0.2, frozenset())
    assert not stale.exists()


def test_floor_and_classify_read_the_same_events(
    folder: Path, written: Written, plan: Plan
) -> None:
    records, verdicts = classify.classify(plan, folder)
    assert classify.decode_only(classify.log_files(folder)) == records == written.events
    assert 0 < verdicts < records


def test_a_log_that_lost_a_file_is_not_measured(tmp_path: Path, plan: Plan) -> None:
    short = classify.trail(tmp_path, 100, 0.2, frozenset())
    classify.log_files(tmp_path)[0].unlink()
    with pytest.raises(SystemExit, match="100 events written"):
        classify.measure(tmp_path, 0.2, short, plan, rounds=1)


def test_the_results_name_time_ratio_and_memory(folder: Path, written: Written, plan: Plan) -> None:
    measured = classify.measure(folder, 0.2, written, plan, rounds=1)
    assert measured.ratio == measured.classify / measured.floor
    assert measured.whole > 0
    assert measured.peak > 10_000_000
    table = classify.shown([measured], loading=0.5)
    assert table.row_count == 1
