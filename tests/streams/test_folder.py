"""A folder gives each record once: files that come, files that grow, files that are renamed, across restarts."""

import errno
import gzip
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.events import Limits
from cloudcascade.streams import SourceError
from cloudcascade.streams.sources import Clock, SourceOptions
from cloudcascade.streams.sources import folder as folder_source
from cloudcascade.streams.sources.folder import Folder
from cloudcascade.tests.support.sources import (
    GROUP,
    HandClock,
    Told,
    drained,
    ids,
    key,
    lines,
    log,
    write,
)


class Watched:
    """A folder and a source that reads it; `restart` makes another one from the position of the first."""

    def __init__(self, root: Path, **options: object) -> None:
        self.root = root
        self.path = root
        self.hand = HandClock()
        self.told = Told()
        self.options = SourceOptions(**options)  # type: ignore[arg-type]
        self._source: Folder | None = None

    @property
    def source(self) -> Folder:
        if self._source is None:
            self._source = Folder(
                str(self.path), self.told.append, self.options, clock=self.hand.clock
            )
        return self._source

    def write(self, name: str, data: bytes) -> Path:
        return write(self.root / name, data)

    def add(self, name: str, data: bytes) -> None:
        with (self.root / name).open("ab") as file:
            file.write(data)

    def read(self) -> list[str]:
        return drained(self.source)

    def restart(self) -> None:
        position = self.source.position()
        self.close()
        self.source.resume(position)

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.close()


Step = Callable[[Watched], None]


def nothing(_: Watched) -> None:
    pass


BETWEEN = pytest.mark.parametrize(
    "between", [nothing, Watched.restart], ids=["going on", "after a restart"]
)


# Files that are delivered whole.


@BETWEEN
def test_a_delivered_file_is_read_once(folder: Watched, between: Step) -> None:
    folder.write(key("2024/05/14"), log("a", "b"))
    assert folder.read() == ["a", "b"]
    between(folder)
    folder.write(key("2024/05/14", "0910"), log("c"))
    assert folder.read() == ["c"]
    assert folder.told == []


def test_files_of_several_folders_come_in_the_order_of_their_delivery(folder: Watched) -> None:
    other = GROUP.replace("eu-west-1", "us-east-1")
    for name, event_id in [
        (key("2024/05/13", "0900", group=other), "1"),
        (key("2024/05/13", "0910"), "2"),
        (key("2024/05/14", "0800", group=other), "3"),
        (key("2024/05/14", "0805"), "4"),
    ]:
        folder.write(name, log(event_id))
    assert folder.read() == ["1", "2", "3", "4"]


@BETWEEN
def test_a_file_of_an_earlier_day_is_found_within_the_lookback(
    folder: Watched, between: Step
) -> None:
    folder.write(key("2024/05/14"), log("new"))
    assert folder.read() == ["new"]
    between(folder)
    folder.write(key("2024/05/11"), log("late"))
    folder.write(key("2024/05/10"), log("too late"))
    assert folder.read() == ["late"]


def test_what_was_read_of_days_gone_by_is_forgotten(folder: Watched) -> None:
    sizes = []
    for day in range(1, 29):
        for minute in range(10):
            folder.write(key(f"2024/02/{day:02}", f"09{minute:02}"), log(f"{day}-{minute}"))
        assert len(folder.read()) == 10
        sizes.append(len(folder.source.position()))
    assert max(sizes[4:]) == min(sizes[4:]) < 800


def test_a_folder_from_the_future_hides_nothing(folder: Watched) -> None:
    folder.write(key("2999/12/31"), log("future"))
    folder.write(key("2024/05/14"), log("a"))
    assert folder.read() == ["a", "future"]
    folder.restart()
    folder.write(key("2024/05/13"), log("b"))
    assert folder.read() == ["b"]


@BETWEEN
@pytest.mark.parametrize("cut", [1, 10, 60, -9, -1])
def test_a_file_that_is_still_being_copied_is_left_alone(
    folder: Watched, cut: int, between: Step
) -> None:
    whole = log(*(f"e{number}" for number in range(50)))
    folder.write(key("2024/05/14"), whole[:cut])
    assert ids(folder.source.poll(1) or []) == []
    between(folder)
    folder.write(key("2024/05/14"), whole)
    assert folder.read() == [f"e{number}" for number in range(50)]
    assert folder.told == []


@BETWEEN
def test_a_file_that_stays_cut_short_is_read_as_far_as_it_goes_and_told_once(
    folder: Watched, between: Step
) -> None:
    data = b"".join(gzip.compress(lines(f"e{number}")) for number in range(3))
    folder.write(key("2024/05/14"), data[:-20])
    assert folder.read() == ["e0", "e1"]
    assert "the gzip data ends early" in folder.told.reasons
    count = len(folder.told)
    between(folder)
    assert folder.read() == []
    assert len(folder.told) == count


@BETWEEN
def test_what_is_added_to_a_damaged_file_later_is_read_without_the_rest(
    folder: Watched, between: Step
) -> None:
    data = b"".join(gzip.compress(lines(f"e{number}")) for number in range(4))
    folder.write(key("2024/05/14"), data[: len(data) // 2 + 9])
    assert folder.read() == ["e0", "e1"]
    between(folder)
    folder.write(key("2024/05/14"), data)
    assert folder.read() == ["e2", "e3"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (".hidden.json", lines("x")),
        ("log.json.part", lines("x")),
        ("log.json.gz.A1b2C3d4", log("x")),
        ("log.tmp", lines("x")),
        (".folder/log.json", lines("x")),
        ("AWSLogs/111111111111/CloudTrail-Digest/eu-west-1/2024/05/14/d.json.gz", log("x")),
        ("empty.json", b""),
    ],
)
def test_what_is_no_log_is_passed_over_in_silence(folder: Watched, name: str, data: bytes) -> None:
    folder.write(name, data)
    assert folder.read() == []
    assert folder.told == []


def test_links_to_folders_and_pipes_are_not_followed(folder: Watched, tmp_path: Path) -> None:
    outside = write(tmp_path.parent / f"{tmp_path.name}-outside" / "log.json", lines("x"))
    (folder.root / "link").symlink_to(outside.parent)
    os.mkfifo(folder.root / "pipe.json")
    assert folder.read() == []


def test_a_name_that_is_no_text_is_a_name(folder: Watched) -> None:
    name = os.fsdecode(b"log-\xff\n.ndjson")
    folder.write(name, lines("a"))
    assert folder.read() == ["a"]
    folder.restart()
    folder.add(name, lines("b"))
    assert folder.read() == ["b"]


def test_a_file_that_must_not_be_read_is_told_once_and_tried_again(
    folder: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")  # which root never hears

    folder.write("log.ndjson", lines("a"))
    with monkeypatch.context() as patch:
        patch.setattr(folder_source, "form_of", refused)
        assert drained(folder.source, quiet=200) == []
    assert folder.told.reasons == ["cannot be read: Permission denied; it is tried again"]
    assert drained(folder.source, quiet=70) == ["a"]


def test_what_is_known_of_a_folder_that_cannot_be_listed_is_kept(
    folder: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("in/log.ndjson", lines("a"))
    folder.write("in/log.json.gz", log("b"))
    assert sorted(folder.read()) == ["a", "b"]
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if path.name == "in":
            raise OSError(errno.EIO, "Input/output error")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr("cloudcascade.streams.sources.folder_listing.os.scandir", refusing)
        assert folder.read() == []
        folder.restart()
        assert folder.read() == []
    assert {each.reason for each in folder.told} == {
        "cannot be read: Input/output error; it is tried again"
    }
    folder.add("in/log.ndjson", lines("c"))
    assert folder.read() == ["c"]


def test_a_folder_in_the_place_of_a_file_ends_nothing(folder: Watched) -> None:
    path = folder.write("log.ndjson", lines("a"))
    assert folder.read() == ["a"]
    path.unlink()
    path.mkdir()
    folder.write("other.ndjson", lines("b"))
    assert folder.read() == ["b"]


def test_a_file_that_is_deleted_before_it_is_read_is_no_fault(folder: Watched) -> None:
    first = folder.write(key("2024/05/13"), log("a"))
    second = folder.write(key("2024/05/14"), log("b"))
    os.utime(first, (0, 0))
    os.utime(second, (0, 0))
    assert ids(folder.source.poll(1) or []) == ["a"]
    second.unlink()
    assert folder.read() == []
    assert folder.told == []


def test_a_bomb_is_told_and_not_expanded(tmp_path: Path) -> None:
    limits = Limits(whole_file_bytes=1 << 20, max_record_bytes=1 << 16, max_ratio=50)
    folder = Watched(tmp_path, limits=limits)
    folder.write("bomb.json.gz", gzip.compress(b" " * (64 << 20)))
    folder.write("log.ndjson", lines("a"))
    with closing(folder.source):
        assert folder.read() == ["a"]
    assert any("expands" in reason for reason in folder.told.reasons)


# Files that grow.


@BETWEEN
def test_a_growing_file_is_read_line_by_line(folder: Watched, between: Step) -> None:
    data = lines("a", "b", "c")
    cut = len(lines("a", "b")) - 7
    folder.write("log.ndjson", data[:cut])
    assert folder.read() == ["a"]
    between(folder)
    folder.add("log.ndjson", data[cut:])
    assert folder.read() == ["b", "c"]
    assert folder.told == []


def test_the_number_of_a_broken_line_is_right_after_a_restart(folder: Watched) -> None:
    folder.write("log.ndjson", lines("a", "b"))
    assert folder.read() == ["a", "b"]
    folder.restart()
    folder.add("log.ndjson", b"{broken\n")
    assert folder.read() == []
    assert [each.position for each in folder.told] == ["line 3"]


@BETWEEN
@pytest.mark.parametrize("single", [False, True], ids=["a folder", "a file"])
def test_a_renamed_file_is_read_to_its_end_before_the_new_one(
    folder: Watched, single: bool, between: Step
) -> None:
    path = folder.write("log.ndjson", lines("a"))
    folder.path = path if single else folder.root
    assert folder.read() == ["a"]
    between(folder)
    folder.add("log.ndjson", lines("b"))
    path.rename(folder.root / "log.ndjson.1")
    folder.write("log.ndjson", lines("c"))
    assert folder.read() == ["b", "c"]
    folder.add("log.ndjson.1", lines("d"))
    folder.add("log.ndjson", lines("e"))
    assert sorted(folder.read()) == ["d", "e"]


def test_the_rest_of_a_file_that_was_deleted_while_open_is_read(folder: Watched) -> None:
    path = folder.write("log.ndjson", lines("a"))
    assert folder.read() == ["a"]
    folder.add("log.ndjson", lines("b", "c")[:-1])
    path.unlink()
    folder.write("log.ndjson", lines("d"))
    assert folder.read() == ["b", "c", "d"]


@BETWEEN
def test_a_file_that_is_cut_short_begins_anew(folder: Watched, between: Step) -> None:
    folder.write("log.ndjson", lines("a", "b"))
    assert folder.read() == ["a", "b"]
    between(folder)
    with (folder.root / "log.ndjson").open("r+b") as file:
        file.truncate(0)
        file.write(lines("c"))
    assert folder.read() == ["c"]


@BETWEEN
def test_a_file_that_was_cut_short_and_is_longer_again_begins_anew(
    folder: Watched, between: Step
) -> None:
    folder.write("log.ndjson", lines("a"))
    assert folder.read() == ["a"]
    between(folder)
    folder.write("log.ndjson", lines("b", "c", "d"))
    assert folder.read() == ["b", "c", "d"]


def test_a_line_without_an_end_is_not_kept(tmp_path: Path) -> None:
    folder = Watched(tmp_path, max_line_bytes=10_000)
    folder.write("log.ndjson", b"x" * 100_000)
    with closing(folder.source):
        assert folder.read() == []
        folder.add("log.ndjson", b"\n" + lines("a"))
        assert folder.read() == ["a"]
    assert folder.told.reasons == ["is longer than 10,000 bytes"]


def test_more_files_grow_than_are_held_open(folder: Watched) -> None:
    names = [f"{number:03}.ndjson" for number in range(100)]
    for name in names:
        folder.write(name, lines(f"{name}-1"))
    before = len(list(Path("/dev/fd").iterdir()))
    assert sorted(folder.read()) == [f"{name}-1" for name in names]
    assert len(list(Path("/dev/fd").iterdir())) < before + 100
    for name in names:
        folder.add(name, lines(f"{name}-2"))
    assert sorted(folder.read()) == [f"{name}-2" for name in names]


def test_files_that_are_gone_are_forgotten(folder: Watched) -> None:
    empty = len(folder.source.position())
    for name in ("log.ndjson", "log.json.gz"):
        folder.write(name, lines("a") if name.endswith("n") else log("a"))
    folder.read()
    for path in folder.root.iterdir():
        path.unlink()
    assert folder.read() == []
    assert len(folder.source.position()) == empty


# Beginning and going on.


def test_latest_begins_with_what_comes_from_now_on(tmp_path: Path) -> None:
    folder = Watched(tmp_path, start="latest")
    folder.write(key("2024/05/14"), log("old"))
    folder.write("other.json.gz", log("old"))
    folder.write("log.ndjson", lines("old", "half")[:-5])
    assert folder.read() == []
    folder.restart()
    folder.write(key("2024/05/14", "0910"), log("new"))
    folder.add("log.ndjson", lines("half")[-5:] + b"{broken\n")
    assert sorted(folder.read()) == ["half", "new"]
    assert [each.position for each in folder.told] == ["line 3"]
    folder.close()


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 12), max_size=6))
def test_wherever_it_is_cut_the_rest_follows(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = Watched(tmp_path_factory.mktemp("cut"), limits=Limits(whole_file_bytes=2_000))
    expected = []
    for day in ("13", "14"):
        some = [f"{day}-{number}" for number in range(1_500)]
        folder.write(key(f"2024/05/{day}"), log(*some))
        expected += some
    folder.write("log.ndjson", lines("l1", "l2"))
    folder.write("twice.json.gz", log("w1") + gzip.compress(b"{broken"))
    expected += ["l1", "l2", "w1"]
    found: list[str] = []
    for cut in cuts:
        for _ in range(cut):
            found += ids(folder.source.poll(1) or [])
        folder.restart()
    found += folder.read()
    assert sorted(found) == sorted(expected)
    assert len(folder.told) == 1
    folder.close()


@pytest.mark.parametrize("garbage", [b"", b"x", b"\x80", b"\xc1", b"\x81\xa1\xff\x01", b"{}"])
def test_a_position_of_something_else_is_refused(folder: Watched, garbage: bytes) -> None:
    with pytest.raises(SourceError, match="none of a folder"):
        folder.source.resume(garbage)


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        Folder(str(tmp_path / "typo"), Told().append, SourceOptions())


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        Folder(str(tmp_path / "pipe"), Told().append, SourceOptions())


def test_a_folder_that_goes_away_is_told_and_read_again_when_it_is_back(folder: Watched) -> None:
    folder.write("in/log.ndjson", lines("a"))
    folder.path = folder.root / "in"
    assert folder.read() == ["a"]
    folder.path.rename(folder.root / "away")
    assert folder.read() == []
    assert len(folder.told) == 1
    (folder.root / "away").rename(folder.path)
    folder.add("in/log.ndjson", lines("b"))
    assert folder.read() == ["b"]


def test_a_poll_takes_no_longer_than_it_may(folder: Watched) -> None:
    before = folder.hand.now
    assert folder.source.poll(0.4) == []
    assert folder.hand.now - before == pytest.approx(0.4)


def test_time_that_passes_meanwhile_does_no_harm(tmp_path: Path) -> None:
    ticks = itertools.count()

    def sleep(seconds: float) -> None:
        assert seconds > 0

    clock = Clock(time.time, lambda: next(ticks) * 0.03, sleep)
    source = Folder(str(tmp_path), Told().append, SourceOptions(poll_interval=0.05), clock=clock)
    for _ in range(100):
        assert source.poll(0.1) == []
    source.close()
