"""Lines are lines wherever the pieces end, and one that is none is told of with its number."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.events import LineReader, Problem, Record
from cloudcascade.tests.support.offboarding import deactivate, delete_user

EVENTS = [deactivate("mfa", 0), delete_user("gone", 60)]
STREAM = b"\n".join(
    [
        json.dumps(EVENTS[0]).encode(),
        b"",
        b"{broken",
        json.dumps({"Records": EVENTS}).encode(),
        b"x" * 5_000,
        b'{"some": "thing else"}',
        json.dumps(EVENTS[1]).encode(),
    ]
)


def read(pieces: list[bytes]) -> tuple[list[str | None], list[tuple[str, int]]]:
    problems: list[Problem] = []
    lines = LineReader("stream", problems.append, max_line_bytes=4_096)
    records: list[Record] = [record for piece in pieces for record in lines.take(piece)]
    records += lines.end()
    told = [(problem.position, len(problem.data or b"")) for problem in problems]
    return [record.eventID for record in records], told


EXPECTED = read([STREAM])


def test_records_come_in_order_and_what_is_none_is_told() -> None:
    ids, told = EXPECTED
    assert ids == ["mfa", "mfa", "gone", "gone"]
    assert told == [("line 3", 7), ("line 5", 4_096), ("line 6", 22)]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_pieces_may_end_anywhere(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(STREAM)]
    assert read([STREAM[start:end] for start, end in pairwise(ends)]) == EXPECTED


def test_a_line_without_an_end_is_not_kept() -> None:
    problems: list[Problem] = []
    lines = LineReader("stream", problems.append, max_line_bytes=1_024)
    for _ in range(1_000):
        assert list(lines.take(b"x" * 1_000)) == []
        assert lines.kept <= 1_025
    assert list(lines.take(b"\n" + json.dumps(EVENTS[0]).encode() + b"\n"))
    assert [(problem.position, problem.reason) for problem in problems] == [
        ("line 1", "is longer than 1,024 bytes")
    ]


def test_numbers_go_on_where_reading_goes_on() -> None:
    problems: list[Problem] = []
    lines = LineReader("stream", problems.append, max_line_bytes=1_024, lines_before=7)
    assert list(lines.take(b"{broken\n\n")) == []
    assert [problem.position for problem in problems] == ["line 8"]
    assert lines.lines == 9


@pytest.mark.parametrize("depth", [1, 11, 12, 13, 40])
def test_a_wrapper_in_wrappers_is_entered_or_told_and_never_passed_over(depth: int) -> None:
    problems: list[Problem] = []
    reader = LineReader("log", problems.append, max_line_bytes=1 << 20)
    line = b'{"detail":' * depth + json.dumps(delete_user("gone", 0)).encode() + b"}" * depth
    found = [*reader.take(line), *reader.end()]
    assert len(found) + len(problems) == 1
    assert bool(found) == (depth < 12)
