"""EQL: any text that the language can hold comes back from its literal."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudcascade.exporters.errors import CannotEncode
from cloudcascade.exporters.languages.elastic.eql import equals, event, missing, quoted, without
from cloudcascade.tests.support.eql_model import literal, run

HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64))
@example(HOSTILE)
@example("a\nb\r\tc\u2028\u202e\x01")
@example("x" * 2_048)
@example('\\u{41}"]\n  ![any where true')
def test_a_literal_holds_its_text(value: str) -> None:
    written = quoted(value)
    assert literal(written) == value
    assert "\n" not in written


@pytest.mark.parametrize("value", ["\0", "\ud800"])
def test_what_no_literal_can_hold_is_refused(value: str) -> None:
    with pytest.raises(CannotEncode):
        quoted(value)


def test_an_invisible_mark_is_seen_in_the_text() -> None:
    assert quoted("a\u200fb") == '"a\\u{200f}b"'


def test_one_value_is_compared_and_several_are_listed() -> None:
    assert equals("event.action", "A") == 'event.action == "A"'
    assert equals("event.action", "A", "B") == 'event.action in ("A", "B")'


@pytest.mark.parametrize(("seconds", "span"), [(3_600, "60m"), (90, "90s"), (60, "1m")])
def test_a_sequence_asks_for_no_second_event_after_the_first(seconds: int, span: str) -> None:
    text = without([equals("a", "1")], [equals("a", "2")], ["user", "account"], seconds)
    assert text == (
        f"sequence by user, account with maxspan={span}\n"
        '  [any where a == "1"]\n'
        '  ![any where a == "2"]'
    )


@pytest.mark.parametrize(
    ("at", "found"),
    [(-1, {"effect"}), (0, {"effect"}), (1, set()), (60, set()), (61, {"effect"})],
)
def test_only_a_later_origin_within_the_span_counts(at: int, found: set[str]) -> None:
    text = without([equals("a", "1")], [equals("a", "2")], ["user"], 60)
    rows = [
        {"event.id": "effect", "a": "1", "user": "bob", "@timestamp": 0},
        {"event.id": "origin", "a": "2", "user": "bob", "@timestamp": at * 1_000},
    ]
    assert run(text, rows) == found


def test_what_lacks_a_key_is_in_no_sequence_but_is_asked_for_by_itself() -> None:
    row = {"event.id": "effect", "a": "1", "user": None, "@timestamp": 0}
    tests = [equals("a", "1")]
    assert run(without(tests, [equals("a", "2")], ["user"], 60), [row]) == set()
    assert run(event([*tests, f"({missing('user')})"]), [row]) == {"effect"}
