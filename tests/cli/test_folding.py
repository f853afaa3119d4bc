"""Lines, tables and paragraphs that fit: where they break, what goes first, and that it is told."""

import pytest
from rich.text import Text

from cloudcascade.cli.folding import folded
from cloudcascade.cli.tables import Column, Table, line_width, table


def lines(text: str, width: int) -> list[str]:
    return [each.plain for each in folded(Text(text), width)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("of aws.iam.delete-user", 12, ["of aws.iam.", "delete-user"]),
        ("see aws.iam.x now", 9, ["see", "aws.iam.x", "now"]),
        ("arn:aws:iam::1:user/a", 8, ["arn:aws:", "iam::1:", "user/a"]),
        ("61de29ce68df52e6c8445c0f6128131c", 10, ["61de29ce68df52e6c8445c0f6128131c"]),
        ("a\n\nb", 10, ["a", "", "b"]),
        ("", 10, [""]),
        ("   ", 2, [""]),
    ],
    ids=[
        "at blanks",
        "an id that fits on no line behind its separators",
        "an id that fits on a line only before it",
        "behind each kind of separator",
        "never within a piece, however long",
        "where the text breaks its lines itself",
        "nothing",
        "nothing but blanks",
    ],
)
def test_a_line_breaks(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


def test_styles_outlive_the_folding() -> None:
    first, second = folded(Text.from_markup("one [bold]two three[/]"), 8)
    assert [(span.start, span.end) for span in first.spans] == [(4, 7)]
    assert [(span.start, span.end) for span in second.spans] == [(0, 5)]


def shown(made: Table, width: int) -> list[str]:
    return [line.plain for line in made.lines(width)]


def three_columns() -> Table:
    made = table("id", Column("note", priority=1), Column("more", priority=2))
    made.add_row("aws.iam.delete-user", "something", "anything")
    return made


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(60, ""), (24, "more"), (17, "note, more")],
    ids=["none", "the last", "two"],
)
def test_columns_go_by_priority_and_it_is_told(width: int, left_out: str) -> None:
    told = " ".join(line.strip() for line in shown(three_columns(), width))
    note = f"left out for want of room: {left_out}; --wide shows all"
    assert (note in told) == bool(left_out)
    assert ("left out" in told) == bool(left_out)


def test_what_does_not_fit_side_by_side_is_a_block_of_lines() -> None:
    made = table("id", "sessions")
    made.add_row("aws.iam.delete-user", "61de29ce68df52e6c8445c0f6128131c")
    assert shown(made, 36) == [
        "  id: aws.iam.delete-user",
        "    sessions:",
        "      61de29ce68df52e6c8445c0f6128131c",
        "",
    ]


def test_a_cell_that_is_cut_says_so() -> None:
    made = table("id", Column("note", lines=1, least=10))
    made.add_row("x", "one two three four five six")
    told = shown(made, 20)
    assert told[2] == "  x   one two …"
    assert "… is cut; --wide" in told[3]


def test_a_column_without_anything_in_it_is_none() -> None:
    made = table("id", "nothing", "note")
    made.add_row("x", "", "y")
    assert shown(made, 80)[0] == "  id  note"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [("72", 72), ("", 10_000), ("0", 10_000), ("-5", 10_000), ("wide", 10_000), ("٣", 10_000)],
)
def test_a_pipe_has_the_width_that_columns_says_or_none(
    monkeypatch: pytest.MonkeyPatch, columns: str, expected: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert line_width(terminal=False) == expected
