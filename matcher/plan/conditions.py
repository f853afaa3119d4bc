"""Compiles the `where` conditions of a cascade document to functions of a record's `View`."""

from collections.abc import Callable

from ...catalog.models import Condition
from .fields import Path, View, is_omitted, same
from .resource_policy import grants_only_own_account

Test = Callable[[View], bool]
_ElementTest = Callable[[object, View], bool]


def compile_condition(path: str, condition: Condition) -> Test:
    """A function that says whether `condition` holds for the field at `path` of a record."""
    compiled = Path(path)
    if condition.absent:
        absent = _compile_absence(compiled)
        others = condition.model_copy(update={"absent": None})
        if not _element_tests(others):
            return absent
        return lambda view: False  # nothing else holds for a field that is not there
    tests = _element_tests(condition)

    def holds(value: object, view: View) -> bool:
        return value is not None and all(test(value, view) for test in tests)

    if not compiled.many:
        one = compiled.one
        if len(tests) == 1:
            (test,) = tests
            return lambda view: (value := one(view)) is not None and test(value, view)
        return lambda view: holds(one(view), view)

    def holds_for_each(view: View) -> bool:
        found = False
        for element in compiled.each(view):
            if not holds(element, view):
                return False
            found = True
        return found

    return holds_for_each


def or_unreadable(path: str, holds: Test) -> Test:
    """`holds`, or the member of the record that it reads is not there to be read: a spoiler then counts."""
    return lambda view: is_omitted(path, view) or holds(view)


def rests_on_caller(path: str, condition: Condition) -> bool:
    """Whether nothing but `userIdentity` decides it: `grants` asks for the record's account, too."""
    inner = condition.not_
    grants = condition.grants is not None or (inner is not None and inner.grants is not None)
    return path.partition(".")[0] == "userIdentity" and not grants


def holds_only(value: object, listed: frozenset[str]) -> bool:
    """Whether `value` is an object of which no member but the listed ones is more than null.

    >>> holds_only({"desiredCount": 0, "taskDefinition": None}, frozenset({"desiredCount"}))
    True
    """
    return type(value) is dict and all(
        name in listed or member is None for name, member in value.items()
    )


def _compile_absence(path: Path) -> Test:
    if path.many:
        return lambda view: not any(_holds_something(element) for element in path.each(view))
    return lambda view: not _holds_something(path.one(view))


def _holds_something(value: object) -> bool:
    return value is not None and value != "" and value != [] and value != {}


def _element_tests(condition: Condition) -> list[_ElementTest]:
    tests: list[_ElementTest] = []
    if condition.equals is not None:
        expected = condition.equals
        tests.append(lambda value, view: same(value, expected))
    if condition.in_ is not None:
        choices = condition.in_
        tests.append(lambda value, view: any(same(value, choice) for choice in choices))
    if condition.startswith is not None:
        head = condition.startswith
        tests.append(lambda value, view: isinstance(value, str) and value.startswith(head))
    if condition.endswith is not None:
        tail = condition.endswith
        tests.append(lambda value, view: isinstance(value, str) and value.endswith(tail))
    if condition.exists:
        tests.append(lambda value, view: _holds_something(value))
    if condition.grants is not None:
        tests.append(lambda value, view: grants_only_own_account(value, view.account))
    if condition.only is not None:
        listed = frozenset(condition.only)
        tests.append(lambda value, view: holds_only(value, listed))
    if condition.not_ is not None:
        inner = condition.not_
        if inner.absent:
            tests.append(lambda value, view: _holds_something(value))
        else:
            inner_tests = _element_tests(inner)
            tests.append(
                lambda value, view: (
                    _holds_something(value) and not all(test(value, view) for test in inner_tests)
                )
            )
    return tests
