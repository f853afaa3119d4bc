"""Kusto's literals: what goes in comes out, whatever it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.exporters.errors import CannotEncode
from cloudcascade.exporters.languages.sentinel.kusto import (
    bool_literal,
    comment_line,
    folded,
    long_literal,
    member,
    pascal_name,
    table_name,
    text_list,
    text_literal,
    timespan_literal,
)
from cloudcascade.tests.exporters.kusto.service import problems, values

HOSTILE = (
    "",
    "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)/x",
    "`${x}` // /* */ ; | take 1",
    '\\"',
    "\\",
    "line\nbreak\r\n\ttab",
    "nul\0nul",
    "\u202etfel-ot-thgir\u2069",
    "\u2028\u2029\u0085",
    "caf\u00e9 \u212a \U0001f600 \U000e0041",
    "x" * 2_048,
)


def test_the_language_service_reads_back_every_hostile_text() -> None:
    literals = [text_literal(text) for text in HOSTILE]
    assert values(literals) == list(HOSTILE)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_literal_reads_back_as_the_text(text: str) -> None:
    # Kusto's escapes are among those of JSON, and the literals use no others.
    assert json.loads(text_literal(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_literal_is_one_line_of_visible_characters(text: str) -> None:
    literal = text_literal(text)
    assert len(literal.splitlines()) == 1
    assert not any(
        char in literal for char in ("\u202e", "\u200b", "\ufeff", "\0", "\u2028", "\x85")
    )


def test_random_texts_survive_the_language_service() -> None:
    drawn: list[str] = []

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    def draw(text: str) -> None:
        drawn.append(text)

    draw()
    assert len(drawn) > 20
    assert values([text_literal(text) for text in drawn]) == drawn


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("userName", "R.userName"), ("a-b", 'R["a-b"]'), ('a"]b', 'R["a\\"]b"]'), ("", 'R[""]')],
)
def test_a_member_is_quoted_where_it_must_be(name: str, wanted: str) -> None:
    assert member("R", name) == wanted


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(0, "0s"), (1, "1s"), (60, "1m"), (90, "90s"), (7_200, "2h"), (86_400, "1d"), (8_520, "142m")],
)
def test_a_timespan_is_exact(seconds: int, wanted: str) -> None:
    assert timespan_literal(seconds) == wanted


def test_other_literals() -> None:
    assert text_list(["a", 'b"']) == '("a", "b\\"")'
    assert (long_literal(7), long_literal(-7)) == ("7", "long(-7)")
    assert (bool_literal(True), bool_literal(False)) == ("true", "false")
    assert (table_name("AWSCloudTrail"), table_name("my logs")) == ("AWSCloudTrail", '["my logs"]')
    assert pascal_name("iam.delete-user") == "IamDeleteUser"
    assert comment_line("x") == "// x"


@pytest.mark.parametrize(
    "encode",
    [
        lambda: text_literal("\ud800"),
        lambda: table_name(""),
        lambda: long_literal(2**63),
        lambda: comment_line("a\nb"),
        lambda: comment_line("a\u2028b"),
    ],
)
def test_what_cannot_be_said_is_refused(encode: object) -> None:
    assert callable(encode)
    with pytest.raises(CannotEncode):
        encode()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("AWSCloudTrail | where EventNam == 'x'", "KS142"),
        ("AWSCloudTrail | wher EventName == 'x'", "KS176"),
        ("AWSCloudTrail | where nosuch(EventName)", "KS211"),
        ('AWSCloudTrail | where EventName == "x', "KS001"),
        ("AWSCloudTrai | take 1", "KS204"),
        ("AWSCloudTrail | join kind=inner (AWSCloudTrail) on Nope", "KS142"),
    ],
)
def test_the_language_service_rejects_what_is_wrong(query: str, code: str) -> None:
    (found,) = problems([query])
    assert any(each.startswith(code) for each in found), found


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        pytest.param("| where A", ["| where A"], id="a short line"),
        pytest.param(
            '  | where A in ("a", "b, c") and B == "d"',
            ['  | where A in ("a", "b, c")', '      and B == "d"'],
            id="before the brackets of a list",
        ),
        pytest.param(
            '| where A in ("aaaaaaaa", "bbbbbbbb", "c")',
            ['| where A in ("aaaaaaaa", "bbbbbbbb",', '    "c")'],
            id="in a list",
        ),
        pytest.param(
            '| where A == "one, two and three, four or \\", five"',
            ['| where A == "one, two and three, four or \\", five"'],
            id="never in a literal",
        ),
        pytest.param(
            "// " + "word " * 8 + "end",
            ["// " + "word " * 6 + "word", "// word end"],
            id="a comment",
        ),
    ],
)
def test_a_long_line_is_broken_where_a_reader_breaks_it(line: str, wanted: list[str]) -> None:
    assert folded([line], 40).splitlines() == wanted


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=12))
def test_breaking_lines_changes_no_literal(texts: list[str]) -> None:
    line = f"print A in {text_list(texts)} and B in {text_list(texts)}"
    broken = folded([line], 40)
    assert "".join(part.strip() for part in broken.splitlines()).replace(" ", "") == line.replace(
        " ", ""
    )


def test_a_query_of_broken_lines_says_the_same_to_the_language_service() -> None:
    line = 'AWSCloudTrail | where EventName in ("a, b", "c and d") and EventSource == "x" or ErrorCode == "\\", y"'
    assert problems([folded([line], 30), line]) == [[], []]
