"""What a rule asks, evaluated: three values, and the parts that exclude."""

from typing import Any

import pytest

from cloudcascade.review.expression import (
    Call,
    Expression,
    Field,
    Literal,
    both,
    compiled,
    either,
    excluded,
    fields_of,
    literals_of,
    negated,
)

YES, NO, UNKNOWN = Literal(True), Literal(False), Literal(None)


def told(expression: Expression, **row: Any) -> Any:
    fields = tuple(row)
    functions = {"same": lambda one, other: None if one is None else one == other}
    return compiled(expression, fields, functions)([row[name] for name in fields])


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        pytest.param(both(), True, id="all of nothing"),
        pytest.param(either(), False, id="one of nothing"),
        pytest.param(both(YES, UNKNOWN), None, id="true and unknown"),
        pytest.param(both(NO, UNKNOWN), False, id="false and unknown"),
        pytest.param(both(UNKNOWN, NO), False, id="unknown and false"),
        pytest.param(either(YES, UNKNOWN), True, id="true or unknown"),
        pytest.param(either(UNKNOWN, NO), None, id="unknown or false"),
        pytest.param(negated(UNKNOWN), None, id="not unknown"),
        pytest.param(negated(NO), True, id="not false"),
        pytest.param(negated(Literal("text")), None, id="a text is no truth"),
    ],
)
def test_truth_has_three_values(expression: Expression, answer: bool | None) -> None:
    assert told(expression) is answer


def test_a_field_is_read_from_its_place_in_the_row() -> None:
    same = Call("same", (Field("b"), Literal("x")))
    assert told(same, a="y", b="x") is True
    assert told(same, a="x", b="y") is False
    assert told(same, a="x", b=None) is None


def test_a_field_that_is_not_in_the_row_is_refused() -> None:
    with pytest.raises(KeyError):
        told(Call("same", (Field("c"), Literal("x"))), a=1)


def test_a_function_that_there_is_not_is_refused() -> None:
    with pytest.raises(KeyError):
        told(Call("other", (Field("a"),)), a=1)


def test_fields_and_texts_are_named_once() -> None:
    one = Call("same", (Field("b"), Literal("x")))
    two = Call("in", (Field("a"), Literal(["x", "y", 3])))
    expression = both(one, negated(either(two, one)))
    assert fields_of(expression) == ("a", "b")
    assert literals_of(expression) == ("x", "y")


A, B, C = (Call("same", (Field(name), Literal(name))) for name in "abc")


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        pytest.param(both(A, B), [], id="nothing"),
        pytest.param(both(A, negated(B)), [B], id="below not"),
        pytest.param(negated(either(A, B)), [either(A, B)], id="the largest part"),
        pytest.param(negated(both(A, negated(B))), [both(A, negated(B))], id="not within not"),
        pytest.param(negated(negated(A)), [negated(A)], id="twice"),
        pytest.param(either(both(A, negated(B)), negated(C)), [B, C], id="in every branch"),
    ],
)
def test_what_excludes_stands_below_not(expression: Expression, parts: list[Expression]) -> None:
    assert list(excluded(expression)) == parts
