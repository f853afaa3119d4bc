"""Two patterns are told apart where no event can fit both, and only there."""

import pytest

from cloudcascade.exporters.overlap import may_both_fit
from cloudcascade.exporters.query import Condition, Denied, Pattern, Test

FLAG = "requestParameters.flag"
ACTION = "iam:DeleteUser"


def asks(operator: str, *values: bool | int | str) -> Test:
    return Test(FLAG, operator, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (asks("equals", "on"), asks("equals", "on"), True),
        (asks("equals", "on"), asks("equals", "off"), False),
        (asks("equals", 1), asks("equals", True), False),
        (asks("in", "on", "off"), asks("in", "off", "none"), True),
        (asks("in", "on", "off"), asks("equals", "none"), False),
        (asks("equals", "on"), asks("startswith", "o"), True),
        (asks("equals", "on"), asks("startswith", "x"), False),
        (asks("equals", 1), asks("endswith", "1"), False),
        (asks("startswith", "ab"), asks("startswith", "a"), True),
        (asks("startswith", "ab"), asks("startswith", "ac"), False),
        (asks("endswith", "ab"), asks("endswith", "cb"), False),
        (asks("startswith", "a"), asks("endswith", "b"), True),
        (asks("exists"), asks("absent"), False),
        (asks("exists"), asks("equals", "on"), True),
        (asks("absent"), asks("equals", "on"), False),
        (asks("absent"), asks("equals", ""), True),
        (asks("absent"), asks("grants"), False),
        (asks("absent"), asks("absent"), True),
        (Denied(FLAG, (asks("equals", "on"),)), asks("equals", "on"), False),
        (Denied(FLAG, (asks("equals", "on"),)), asks("in", "on", "off"), True),
        (Denied(FLAG, (asks("grants"),)), asks("equals", "on"), True),
        (Denied(FLAG, (asks("equals", "on"),)), asks("absent"), False),
        (asks("grants"), asks("equals", "on"), True),
        (asks("only", "on"), asks("equals", "on"), False),
        (asks("only", "on"), asks("exists"), True),
        (Denied(FLAG, (asks("only", "on"),)), asks("equals", "on"), True),
    ],
)  # fmt: skip
def test_two_conditions_on_one_field(one: Condition, other: Condition, both: bool) -> None:
    mine, theirs = Pattern(ACTION, (one,)), Pattern(ACTION, (other,))
    assert may_both_fit(mine, theirs) is both
    assert may_both_fit(theirs, mine) is both


def test_conditions_on_two_fields_say_nothing_of_each_other() -> None:
    other = Test("requestParameters.other", "equals", ("off",))
    assert may_both_fit(Pattern(ACTION, (asks("equals", "on"),)), Pattern(ACTION, (other,)))


@pytest.mark.parametrize("field", ["errorCode", "errorMessage"])
def test_a_call_that_must_succeed_is_none_that_must_fail(field: str) -> None:
    failed = Pattern(ACTION, (Test(field, "equals", ("AccessDenied",)),), may_fail=True)
    assert not may_both_fit(Pattern(ACTION), failed)
    assert may_both_fit(Pattern(ACTION, may_fail=True), failed)


def test_patterns_of_two_actions_have_no_event_in_common() -> None:
    assert not may_both_fit(Pattern(ACTION), Pattern("iam:DeleteGroup"))
