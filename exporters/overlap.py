"""Whether one event may fit two patterns: told by their conditions alone, and only denied where that is certain."""

from collections.abc import Iterable
from itertools import product

from .query import Condition, Denied, Pattern, Scalar, Test

_SUCCEEDED = (Test("errorCode", "absent"), Test("errorMessage", "absent"))


def may_both_fit(one: Pattern, other: Pattern) -> bool:
    """Whether some event may fit both.

    >>> failed = Pattern("iam:DeleteLoginProfile", (Test("errorCode", "exists"),), may_fail=True)
    >>> may_both_fit(Pattern("iam:DeleteLoginProfile"), failed)
    False
    """
    return one.action == other.action and not any(
        _exclude(mine, theirs) or _exclude(theirs, mine)
        for mine, theirs in product(_asked(one), _asked(other))
        if mine.path == theirs.path
    )


def _asked(pattern: Pattern) -> tuple[Condition, ...]:
    return pattern.where if pattern.may_fail else (*pattern.where, *_SUCCEEDED)


def _exclude(one: Condition, other: Condition) -> bool:
    """Whether no value meets both conditions on one field; False may be wrong."""
    values = _values(one)
    if values is not None:
        return not any(_may_meet(value, other) for value in values)
    if _absent(one):
        return not _absent(other) and _values(other) is None
    if isinstance(one, Test) and isinstance(other, Test):
        mine, theirs = (str(test.values[0]) if test.values else "" for test in (one, other))
        if one.operator == other.operator == "startswith":
            return not (mine.startswith(theirs) or theirs.startswith(mine))
        if one.operator == other.operator == "endswith":
            return not (mine.endswith(theirs) or theirs.endswith(mine))
    return False


def _values(condition: Condition) -> tuple[Scalar, ...] | None:
    """The only values that meet the condition; None where there are more than can be listed."""
    if isinstance(condition, Test) and condition.operator in ("equals", "in"):
        return condition.values
    return None


def _absent(condition: Condition) -> bool:
    return isinstance(condition, Test) and condition.operator == "absent"


def _may_meet(value: Scalar, condition: Condition) -> bool:
    if isinstance(condition, Denied):
        return value != "" and not all(_surely_meets(value, test) for test in condition.tests)
    match condition.operator:
        case "equals" | "in":
            return _among(value, condition.values)
        case "startswith":
            return isinstance(value, str) and value.startswith(str(condition.values[0]))
        case "endswith":
            return isinstance(value, str) and value.endswith(str(condition.values[0]))
        case "exists":
            return value != ""
        case "absent":
            return value == ""
        case "only":
            return False  # no scalar is an object
        case _:
            return True


def _surely_meets(value: Scalar, condition: Condition) -> bool:
    if isinstance(condition, Denied) or condition.operator == "grants":
        return False
    return _may_meet(value, condition)


def _among(value: Scalar, choices: Iterable[Scalar]) -> bool:
    return any(type(value) is type(choice) and value == choice for choice in choices)
