"""Sigma's conditions, patterns and regular expressions, held to slower readings of the same."""

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.conditions import ConditionAND, ConditionItem, ConditionNOT, ConditionOR
from sigma.rule import SigmaDetections

from cloudcascade.review import NotJudged
from cloudcascade.review.expression import Field, compiled
from cloudcascade.review.languages.sigma.conditions import MOST_DEPTH, Unparsable, parse, resolved
from cloudcascade.review.languages.sigma.matching import pattern
from cloudcascade.review.languages.sigma.regex import BoundedRegex

NAMES = ("sel", "sel_b", "filter_main_x", "filter_y", "_z")
CONDITIONS = st.recursive(
    st.sampled_from(NAMES)
    | st.sampled_from(["1 of sel*", "all of filter_*", "1 of them", "all of *_b", "1 of _*"]),
    lambda inner: st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        st.tuples(inner, inner).map(" and ".join),
        st.tuples(inner, inner).map(" or ".join),
    ),
    max_leaves=8,
)


def by_pysigma(condition: str, held: dict[str, bool]) -> bool:
    detections = {name: {name: "x"} for name in NAMES}
    parsed = (
        SigmaDetections.from_dict({**detections, "condition": condition}).parsed_condition[0].parsed
    )

    def ask(item: object) -> bool:
        if isinstance(item, ConditionItem):
            parts = [ask(each) for each in item.args]
            if isinstance(item, ConditionNOT):
                return not parts[0]
            assert isinstance(item, ConditionAND | ConditionOR)
            return all(parts) if isinstance(item, ConditionAND) else any(parts)
        return held[str(getattr(item, "field", ""))]

    return ask(parsed)


@settings(max_examples=100, deadline=None)
@given(condition=CONDITIONS)
def test_conditions_mean_what_pysigma_takes_them_for(condition: str) -> None:
    test = compiled(resolved(parse(condition), NAMES, Field), NAMES, {})
    for row in list(product((False, True), repeat=len(NAMES)))[::3]:
        assert test(row) is by_pysigma(condition, dict(zip(NAMES, row, strict=True)))


@pytest.mark.parametrize("condition", ["", "sel and", "sel sel", "(sel", "1 of", "sel or or sel"])
def test_what_is_no_condition_is_refused(condition: str) -> None:
    with pytest.raises(Unparsable):
        parse(condition)


@pytest.mark.parametrize(
    "condition",
    ["sel | count() > 5", f"{'(' * (MOST_DEPTH + 1)}sel", "not " * (MOST_DEPTH + 1) + "sel"],
)
def test_what_counts_or_is_too_deep_is_not_judged(condition: str) -> None:
    with pytest.raises(NotJudged):
        parse(condition)


@pytest.mark.parametrize("name", ["notes", "order", "android", "all_of", "1st", "a-b"])
def test_a_name_may_begin_like_an_operator(name: str) -> None:
    condition = resolved(parse(f"not {name} or {name}"), [name], Field)
    assert compiled(condition, [name], {})([True]) is True


PARTS = st.lists(
    st.sampled_from(["a", "B", "ab", "*", "?", "\\*", "\\?", "\\\\", "\\a", "."]), max_size=8
)


@settings(max_examples=400)
@given(parts=PARTS, text=st.text("aAbB*?\\.", max_size=8))
def test_a_pattern_finds_what_a_regular_expression_of_its_parts_finds(
    parts: list[str], text: str
) -> None:
    written = "".join(parts)
    known = {"*": ".*", "?": ".", "\\*": r"\*", "\\?": r"\?", "\\\\": r"\\"}
    tokens = re.findall(r"\\[*?\\]|.", written, re.DOTALL)
    oracle = "".join(known.get(token, re.escape(token)) for token in tokens)
    flags = re.IGNORECASE | re.DOTALL
    assert pattern(written, False).matches(text) is (re.fullmatch(oracle, text, flags) is not None)
    assert pattern(written, True).matches(text) is (
        re.fullmatch(oracle, text, re.DOTALL) is not None
    )
    assert pattern(written, False).within(text) is (re.search(oracle, text, flags) is not None)


REGEXES = st.lists(
    st.sampled_from(
        ["a", ".*", "b+", ".*?", "[ab]", "(a|b)", "a?", "^", "$", "\\.", "(ab)*", "a{2,3}"]
    ),
    max_size=6,
).map("".join)


@settings(max_examples=400)
@given(
    regex=REGEXES,
    text=st.text("ab.\n", max_size=10),
    flags=st.sampled_from([0, re.DOTALL, re.MULTILINE]),
)
def test_a_bounded_expression_finds_what_python_finds(regex: str, text: str, flags: int) -> None:
    try:
        bounded = BoundedRegex(regex, flags)
        expected = re.search(regex, text, flags) is not None
    except NotJudged:
        return
    assert bounded.search(text) is expected


@pytest.mark.parametrize(
    "regex",
    ["(a+)+", "(a*b?)*x", "(a|ab)+", "a?" * 40, "(x)\\1", "(", "a" * 3_000, "((a{1,9}){1,9}){1,9}"],
)
def test_an_expression_that_could_take_for_ever_is_refused(regex: str) -> None:
    with pytest.raises(NotJudged):
        BoundedRegex(regex)


def test_a_text_that_is_too_long_for_an_expression_is_refused() -> None:
    regex = BoundedRegex("a.*b.*c.*d")
    assert regex.search("a-b-c-d")
    with pytest.raises(NotJudged, match="characters"):
        regex.search("a" * 10_000)
