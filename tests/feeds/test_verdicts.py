"""Which lines silence an event, which do not, and which are no verdicts."""

import io
import tracemalloc
from contextlib import closing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.events import Problem
from cloudcascade.feeds import MOST_LINE, Row, Statement, Wanted, read_verdicts
from cloudcascade.matcher import LiveVerdict, Verdict
from cloudcascade.tests.support.feeding import row, silenced, spoken

VERDICT = {
    "event_id": "e-1",
    "event_time": "2026-03-17T23:00:00Z",
    "action": "iam:DeactivateMFADevice",
    "account": None,
    "region": None,
    "actor": None,
    "verdict": "effect",
    "failed": False,
    "cascade": "aws.iam.delete-user",
    "instance": "root-1",
    "relation": "precondition",
    "policy": "suppress",
}


def read(*lines: bytes) -> tuple[list[Statement], list[Problem]]:
    problems: list[Problem] = []
    opened = io.BytesIO(b"".join(each + b"\n" for each in lines))
    return list(read_verdicts(opened, "v.ndjson", problems.append)), problems


def line(**members: object) -> bytes:
    return msgspec.json.encode({**VERDICT, **members})


def decided(*statements: Statement) -> dict[str, str | None]:
    """Of each event the cascade that silences it, or None."""
    with closing(Wanted()) as wanted:
        wanted.add(statements)
        wanted.judge(lambda _: False)
        found = {}
        for each in statements:
            held = wanted.find(each.event_id)
            assert held is not None
            found[each.event_id] = held[0].cascade if held[0] else None
        return found


def test_a_line_that_silences_is_a_row() -> None:
    (said,), problems = read(line())
    assert said == Statement(
        "e-1",
        Row(
            "e-1",
            1_773_788_400,
            "iam:DeactivateMFADevice",
            "aws.iam.delete-user",
            "precondition",
            "root-1",
        ),
    )
    assert problems == []


def test_the_lines_are_those_that_the_matcher_writes() -> None:
    verdict = msgspec.convert(VERDICT, Verdict)
    live = LiveVerdict(verdict, False, True, "v2", "v1")
    (batch, stream), problems = read(msgspec.json.encode(verdict), live.line())
    assert (batch.row, batch.id) == (stream.row, None)
    assert (stream.id, stream.supersedes, stream.final) == ("v2", "v1", True)
    assert problems == []


@pytest.mark.parametrize(
    "members",
    [
        {"policy": "annotate"},
        {"policy": "never"},
        {"policy": None, "verdict": "orphan"},
        {"policy": None, "verdict": "pending"},
        {"policy": None, "verdict": "origin"},
        {"policy": None, "verdict": "unlisted"},
    ],
)
def test_any_other_verdict_does_not_silence(members: dict[str, object]) -> None:
    (said,), problems = read(line(**members))
    assert (said.event_id, said.row, problems) == ("e-1", None, [])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "no verdict"),
        (b"[]", "no verdict"),
        (b"\xff", "no verdict"),
        (b'{"class_uid":2004}', "an OCSF finding; give the verdicts of --format ndjson"),
        (b"x" * (MOST_LINE + 9), f"a line of more than {MOST_LINE} bytes"),
        (line(event_id=""), "no verdict"),
        (line(event_id="e" * 129), "no verdict"),
        (line(event_id="a\nb"), "no verdict"),
        (line(event_id="é"), "no verdict"),
        (line(event_id="a\n"), "no verdict"),
        (line(event_id=7), "no verdict"),
    ],
)
def test_a_line_that_is_no_verdict_is_told_with_its_place_and_nothing_else_is_lost(
    bad: bytes, reason: str
) -> None:
    said, problems = read(line(event_id="before"), b"", bad, line(event_id="after"))
    assert [each.event_id for each in said if each.row] == ["before", "after"]
    (problem,) = problems
    assert (problem.source, problem.position) == ("v.ndjson", "line 3")
    assert reason in problem.reason


@pytest.mark.parametrize(
    "members",
    [
        {"verdict": "explained"},
        {"policy": "hide"},
        {"cascade": "a b"},
        {"cascade": None},
        {"instance": None},
        {"relation": "friend"},
        {"event_time": "yesterday"},
        {"event_time": "2026-03-17T23:00:00"},
        {"final": "yes"},
    ],
)
def test_a_broken_verdict_speaks_against_the_event_that_it_names(
    members: dict[str, object],
) -> None:
    said, problems = read(line(), line(**members))
    assert len(problems) == 1
    assert decided(*said) == {"e-1": None}


def test_a_last_line_without_its_end_is_noted_and_no_fault() -> None:
    problems: list[Problem] = []
    opened = io.BytesIO(line(event_id="whole") + b"\n" + line(event_id="half")[:-9])
    said = list(read_verdicts(opened, "v.ndjson", problems.append))
    assert [each.event_id for each in said] == ["whole"]
    assert [each.note for each in problems] == [True]


def test_a_last_line_without_its_end_that_is_a_verdict_is_one() -> None:
    problems: list[Problem] = []
    (said,) = read_verdicts(io.BytesIO(line()), "v.ndjson", problems.append)
    assert (said.event_id, problems) == ("e-1", [])


@given(st.binary(max_size=200))
def test_whatever_stands_in_a_line_is_told(content: bytes) -> None:
    said, problems = read(content)
    assert len(said) <= content.count(b"\n") + 1
    assert bool(problems) or not content.strip() or b'"event_id"' in content


HOW_THEY_COUNT: dict[str, tuple[list[Statement], str | None]] = {
    "one that silences": ([silenced("e")], "aws.iam.delete-user"),
    "two that agree": ([silenced("e"), silenced("e")], "aws.iam.delete-user"),
    "two logs that disagree": ([silenced("e"), spoken("e")], None),
    "two logs that disagree, the other way round": ([spoken("e"), silenced("e")], None),
    "one that was taken back": ([silenced("e", named="a"), spoken("e", instead_of="a")], None),
    "one that took another's place": (
        [spoken("e", named="a"), Statement("e", row("e"), id="b", supersedes="a")],
        "aws.iam.delete-user",
    ),
    "one that may still be revised": ([Statement("e", row("e"), final=False, id="a")], None),
    "a final one after one that might be revised": (
        [Statement("e", None, final=False, id="a"), silenced("e", named="b")],
        "aws.iam.delete-user",
    ),
    "one that another event's verdict claims to supersede": (
        [silenced("e", named="a"), Statement("f", None, id="b", supersedes="a")],
        "aws.iam.delete-user",
    ),
    "two that supersede each other": (
        [
            Statement("e", row("e"), id="a", supersedes="b"),
            Statement("e", row("e"), id="b", supersedes="a"),
        ],
        None,
    ),
    "one that supersedes itself": ([Statement("e", row("e"), id="a", supersedes="a")], None),
}


@pytest.mark.parametrize("name", HOW_THEY_COUNT)
@pytest.mark.parametrize("order", [1, -1])
def test_which_of_several_verdicts_on_an_event_counts(name: str, order: int) -> None:
    statements, cascade = HOW_THEY_COUNT[name]
    assert decided(*statements[::order])["e"] == cascade


def test_memory_does_not_grow_with_the_verdicts() -> None:
    peaks = []
    for many in (20_000, 100_000):
        with closing(Wanted()) as wanted:
            tracemalloc.start()
            wanted.add(silenced(f"event-{number:032}") for number in range(many))
            wanted.judge(lambda _: False)
            assert sum(1 for _ in wanted.missing()) == many
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
