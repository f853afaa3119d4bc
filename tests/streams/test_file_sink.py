"""A file of verdicts holds every message exactly once, whatever happens to the writer."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.streams import SinkError
from cloudcascade.streams.ocsf import as_ocsf
from cloudcascade.streams.sinks.file import FileSink, Rotation
from cloudcascade.streams.sinks.file_rotation import rotated_files
from cloudcascade.streams.sinks.file_tail import read_tail
from cloudcascade.streams.sinks.rendering import line_id
from cloudcascade.tests.support.messages import message, messages

NOON = 1_715_688_000.0  # 2024-05-14T12:00:00Z


class Writers:
    """Sinks on one file; `open` makes a further one, `restart` one behind the end of all others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: list[FileSink] = []

    def open(self, at: Path | None = None, **options: Any) -> FileSink:
        self._made.append(FileSink(at or self._path, **{"clock": lambda: NOON, **options}))
        return self._made[-1]

    def restart(self, **options: Any) -> FileSink:
        self.close()
        return self.open(**options)

    def close(self) -> None:
        for sink in self._made:
            sink.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "verdicts.ndjson"


@pytest.fixture
def writers(path: Path) -> Iterator[Writers]:
    with closing(Writers(path)) as made:
        yield made


def told(path: Path) -> list[str]:
    """The ids in the ended files, oldest first, and in the file itself."""
    files = [*rotated_files(path), path]
    lines = b"".join(each.read_bytes() for each in files).splitlines()
    return [json.loads(line)["id"] for line in lines]


def ids(first: int, last: int) -> list[str]:
    return [f"v{number}" for number in range(first, last + 1)]


def test_a_message_is_a_line(writers: Writers, path: Path) -> None:
    writers.open().send([message(1), message(2)])
    assert path.read_bytes() == message(1).line + b"\n" + message(2).line + b"\n"


def test_what_stands_in_the_file_stays(writers: Writers, path: Path) -> None:
    path.write_bytes(b"# notes of somebody\n")
    writers.open().send([message(1)])
    assert path.read_bytes() == b"# notes of somebody\n" + message(1).line + b"\n"


def test_messages_that_are_sent_again_are_skipped(writers: Writers, path: Path) -> None:
    sink = writers.open()
    sink.send(messages(1, 3))
    sink.send(messages(2, 5))
    assert told(path) == ids(1, 5)


def test_messages_that_are_sent_again_after_a_restart_are_skipped(
    writers: Writers, path: Path
) -> None:
    writers.open().send(messages(1, 3))
    writers.restart().send(messages(1, 5))
    assert told(path) == ids(1, 5)


def test_a_line_in_another_format_is_known_again(writers: Writers, path: Path) -> None:
    writers.open(render=as_ocsf).send(messages(1, 3))
    writers.restart(render=as_ocsf).send(messages(1, 4))
    found = [line_id(line) for line in path.read_bytes().splitlines()]
    assert found == ids(1, 4)


@given(data=st.data(), first=st.integers(0, 6), second=st.integers(1, 6))
@settings(deadline=None, max_examples=120)
def test_after_a_crash_at_any_byte_every_message_is_there_once_and_in_order(
    data: st.DataObject, first: int, second: int
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "verdicts.ndjson"
        sent = messages(1, first + second)
        limit = data.draw(st.sampled_from([None, 700, 2_000]))
        rotation = Rotation(most_bytes=limit)
        sink = FileSink(path, rotation=rotation)
        sink.send(sent[:first])
        acknowledged = path.stat()
        sink.send(sent[first:])
        sink.close()
        end = path.stat()
        safe = acknowledged.st_size if os.path.samestat(acknowledged, end) else 0
        os.truncate(path, data.draw(st.integers(safe, end.st_size), label="crash at byte"))
        sink = FileSink(path, rotation=rotation)
        begin = data.draw(st.integers(0, first), label="sent again from")
        for start in range(begin, len(sent), 2):
            sink.send(sent[start : start + 2])
        sink.close()
        assert told(path) == ids(1, first + second)


def test_a_writer_that_is_killed_and_started_again_repeats_nothing(path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from cloudcascade.streams.sinks.file import FileSink\n"
        "from cloudcascade.tests.support.messages import message\n"
        "sink = FileSink(Path(sys.argv[1]))\n"
        "for number in range(1, 400):\n"
        "    sink.send([message(number)])\n"
        "    print(number, flush=True)\n"
    )
    for stop in (20, 90, 170):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                if int(line) == stop:
                    writer.send_signal(signal.SIGKILL)
                    break
    with_rest = FileSink(path)
    with_rest.send(messages(1, 400))
    with_rest.close()
    assert told(path) == ids(1, 400)


def test_half_a_line_of_somebody_else_is_not_cut_off(writers: Writers, path: Path) -> None:
    path.write_bytes(b"a picture without an end of line")
    with pytest.raises(SinkError, match="does not end like a file of verdicts"):
        writers.open()
    assert path.read_bytes() == b"a picture without an end of line"


def test_a_file_without_an_end_of_line_is_not_read_to_its_beginning(
    writers: Writers, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudcascade.streams.sinks.file_tail._LONGEST", 1 << 20)
    path.write_bytes(b"{" * (5 << 20))
    with pytest.raises(SinkError, match="does not end like a file of verdicts"):
        writers.open()
    assert path.stat().st_size == 5 << 20


def test_only_the_last_lines_are_looked_at(writers: Writers, path: Path) -> None:
    writers.open().send(messages(1, 5))
    writers.restart(window=2).send([message(3), message(4), message(5)])
    assert told(path) == [*ids(1, 5), "v3"]


def test_a_tail_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b'{"id":"a"}\n{"id":"b","x":"' + b"x" * (3 << 20) + b'"}\n{"id":"to')
    with path.open("rb") as file:
        tail = read_tail(file.fileno(), 10)
    assert (tail.ids, tail.torn, tail.lines) == (["a", "b"], 9, 2)


class TestRotation:
    def test_a_file_ends_before_it_would_grow_too_large(self, writers: Writers, path: Path) -> None:
        size = len(message(1).line) + 1
        sink = writers.open(rotation=Rotation(most_bytes=2 * size))
        for number in range(1, 6):
            sink.send([message(number)])
        assert sorted(each.name for each in path.parent.iterdir()) == [
            "verdicts-20240514T120000Z-001.ndjson",
            "verdicts-20240514T120000Z.ndjson",
            "verdicts.ndjson",
        ]
        assert path.read_bytes() == message(5).line + b"\n"

    def test_a_batch_stands_in_one_file(self, writers: Writers, path: Path) -> None:
        sink = writers.open(rotation=Rotation(most_bytes=10))
        sink.send(messages(1, 3))
        assert len(path.read_bytes().splitlines()) == 3

    def test_a_file_ends_with_its_period(self, writers: Writers, path: Path) -> None:
        sink = writers.open(rotation=Rotation(period=86_400))
        sink.send([message(1)])
        os.utime(path, (NOON - 86_400, NOON - 86_400))
        sink.send([message(2)])
        ended = path.with_name("verdicts-20240514T120000Z.ndjson")
        assert ended.read_bytes() == message(1).line + b"\n"

    def test_old_files_go(self, writers: Writers, path: Path) -> None:
        clock = iter(range(int(NOON), int(NOON) + 100))
        sink = writers.open(rotation=Rotation(most_bytes=1, keep=2), clock=lambda: next(clock))
        for number in range(1, 6):
            sink.send([message(number)])
        assert told(path) == ids(3, 5)

    def test_what_only_looks_like_an_ended_file_stays(self, writers: Writers, path: Path) -> None:
        others = [path.with_name("verdicts-final.ndjson"), path.with_name("verdicts-2024Z.ndjson")]
        for each in others:
            each.write_bytes(b"")
        sink = writers.open(rotation=Rotation(most_bytes=1, keep=0))
        sink.send([message(1)])
        sink.send([message(2)])
        assert sorted(path.parent.iterdir()) == sorted([*others, path])

    def test_messages_in_the_ended_file_are_known(self, writers: Writers, path: Path) -> None:
        rotation = Rotation(most_bytes=1)
        sink = writers.open(rotation=rotation)
        sink.send(messages(1, 2))
        sink.send([message(3)])
        writers.restart(rotation=rotation).send(messages(1, 4))
        assert told(path) == ids(1, 4)

    def test_a_clock_that_goes_back_does_not_change_the_order(
        self, writers: Writers, path: Path
    ) -> None:
        times = iter([NOON, NOON - 3_600])
        sink = writers.open(rotation=Rotation(most_bytes=1), clock=lambda: next(times))
        for number in range(1, 4):
            sink.send([message(number)])
        assert sorted(each.name for each in path.parent.iterdir())[0].endswith("120000Z-001.ndjson")

    def test_a_name_that_something_else_has_is_left_to_it(
        self, writers: Writers, path: Path
    ) -> None:
        taken = path.with_name("verdicts-20240514T120000Z.ndjson")
        taken.symlink_to("nowhere")
        sink = writers.open(rotation=Rotation(most_bytes=1))
        sink.send([message(1)])
        sink.send([message(2)])
        assert taken.is_symlink()
        ended = path.with_name("verdicts-20240514T120000Z-001.ndjson")
        assert ended.read_bytes() == message(1).line + b"\n"

    def test_a_file_that_was_moved_away_is_begun_anew(self, writers: Writers, path: Path) -> None:
        sink = writers.open()
        sink.send([message(1)])
        path.rename(path.with_name("moved"))
        sink.send(messages(1, 2))
        assert path.read_bytes() == message(2).line + b"\n"

    def test_a_link_that_takes_the_file_s_place_is_not_followed(
        self, writers: Writers, path: Path
    ) -> None:
        sink = writers.open()
        sink.send([message(1)])
        victim = path.with_name("victim")
        victim.write_bytes(b"precious\n")
        path.unlink()
        path.symlink_to(victim)
        with pytest.raises(SinkError, match="symbolic links"):
            sink.send([message(2)])
        assert victim.read_bytes() == b"precious\n"


class TestOpening:
    def test_the_file_is_not_for_everybody(self, writers: Writers, path: Path) -> None:
        before = os.umask(0)
        try:
            writers.open()
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_link_that_was_there_before_is_followed(self, writers: Writers, path: Path) -> None:
        target = path.with_name("elsewhere")
        target.write_bytes(b"")
        path.symlink_to(target)
        writers.open().send([message(1)])
        assert target.read_bytes() == message(1).line + b"\n"

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            (".", "it is a folder; name a file in it"),
            ("missing/verdicts.ndjson", "No such file or directory"),
            ("pipe", "is no file"),
            ("circle", "circle"),
        ],
    )
    def test_what_cannot_be_written_is_told(
        self, writers: Writers, path: Path, name: str, reason: str
    ) -> None:
        os.mkfifo(path.with_name("pipe"))
        path.with_name("circle").symlink_to("circle")
        with pytest.raises(SinkError, match=reason) as caught:
            writers.open(path.parent / name)
        assert caught.value.lasting

    def test_two_writers_do_not_share_a_file(self, writers: Writers) -> None:
        writers.open()
        with pytest.raises(SinkError, match="another process writes to it"):
            writers.open()


def test_a_full_disk_loses_and_repeats_nothing(
    writers: Writers, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = writers.open()
    write = os.write
    written: list[int] = []

    def short(descriptor: int, data: bytes) -> int:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(write(descriptor, bytes(data)[: len(message(1).line) + 20]))
        return written[0]

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        with pytest.raises(SinkError, match="No space left on device") as caught:
            sink.send(messages(1, 3))
    assert not caught.value.lasting
    sink.send(messages(1, 3))
    assert told(path) == ids(1, 3)
