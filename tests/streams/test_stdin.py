"""Standard input is read line by line, ends once, and cannot be resumed."""

import os
from collections.abc import Iterator

import pytest

from cloudcascade.streams import SourceError
from cloudcascade.streams.sources import SourceOptions
from cloudcascade.streams.sources.stdin import StandardInput
from cloudcascade.tests.support.sources import Told, ids, lines


class Pipe:
    def __init__(self) -> None:
        self.read, self._write = os.pipe()
        self.told = Told()
        self.source = StandardInput(self.told.append, SourceOptions(), descriptor=self.read)

    def write(self, data: bytes) -> None:
        os.write(self._write, data)

    def end(self) -> None:
        os.close(self._write)
        self._write = -1

    def poll(self) -> list[str] | None:
        records = self.source.poll(0)
        return None if records is None else ids(records)

    def close(self) -> None:
        for each in (self.read, self._write):
            if each >= 0:
                os.close(each)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_a_record_comes_when_its_line_is_whole(pipe: Pipe) -> None:
    data = lines("a", "b")
    assert pipe.poll() == []
    pipe.write(data[:-5])
    assert pipe.poll() == ["a"]
    pipe.write(data[-5:])
    assert pipe.poll() == ["b"]


def test_the_end_is_none_and_stays_none(pipe: Pipe) -> None:
    pipe.write(lines("a"))
    pipe.end()
    assert [pipe.poll(), pipe.poll(), pipe.poll()] == [["a"], None, None]


def test_a_last_line_without_an_end_counts(pipe: Pipe) -> None:
    pipe.write(lines("a")[:-1])
    pipe.end()
    assert [pipe.poll(), pipe.poll(), pipe.poll()] == [[], ["a"], None]


def test_what_is_no_record_is_told(pipe: Pipe) -> None:
    pipe.write(b"{broken\n" + lines("a"))
    assert pipe.poll() == ["a"]
    assert [(each.source, each.position) for each in pipe.told] == [("standard input", "line 1")]


def test_there_is_no_position_to_go_on_from(pipe: Pipe) -> None:
    assert pipe.source.position() == b""
    pipe.source.resume(b"")
    with pytest.raises(SourceError, match="cannot be read again"):
        pipe.source.resume(b"x")
