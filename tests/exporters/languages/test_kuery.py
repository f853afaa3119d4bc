"""KQL: any text that the language can hold comes back from its literal."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudcascade.exporters.errors import CannotEncode
from cloudcascade.exporters.languages.elastic.kuery import equals, every_one, quoted

HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=64))
@example(HOSTILE)
@example('" or event.action: *')
@example("x" * 2_048)
def test_a_literal_holds_its_text(value: str) -> None:
    written = quoted(value)
    assert re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', written)
    assert re.sub(r"\\(.)", r"\1", written[1:-1]) == value


@pytest.mark.parametrize("value", ["", "a\nb", "\0", "\u2028"])
def test_what_no_literal_can_hold_is_refused(value: str) -> None:
    with pytest.raises(CannotEncode):
        quoted(value)


def test_one_value_is_compared_and_several_are_listed() -> None:
    assert equals("event.action", "A") == 'event.action: "A"'
    assert equals("event.action", "A", "B") == 'event.action: ("A" or "B")'


def test_many_values_are_laid_out_in_rows() -> None:
    values = [f"DescribeSomethingLong{number}" for number in range(8)]
    written = equals("event.action", *values)
    assert written.startswith("event.action: (\n      ")
    assert max(map(len, written.splitlines())) <= 100
    assert " ".join(written.split()) == f"event.action: ( {' or '.join(map(quoted, values))} )"


def test_tests_that_all_hold_stand_in_a_line_each() -> None:
    assert every_one(['a: "1"', 'b: "2"']) == 'a: "1"\n  and b: "2"'
