"""What EQL expressions call: searches of a field, which are never null, and scripts, which are.

https://www.elastic.co/docs/reference/query-languages/eql/eql-function-ref . A search finds a field by any
of its values, a script reads the first one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ...expression import Function, Value
from .matching import Test, escaped, lucene, wildcard, within
from .parsing import texts

_LONGEST_RESULT = 65_536


def _any(test: Callable[[str, Any], bool | None]) -> Function:
    """A search: False where nothing is there."""

    def search(value: Value, wanted: Any) -> bool | None:
        if isinstance(value, str):
            return test(value, wanted)
        answers = [test(text, wanted) for text in texts(value)]
        return True if True in answers else None if None in answers else False

    return search


def _same(text: str, wanted: Any) -> bool:
    return text == wanted or (not isinstance(wanted, str) and text in texts(wanted))


def _patterned(ignore_case: bool) -> Callable[[str, Any], bool | None]:
    def test(text: str, pattern: Any) -> bool | None:
        # Neither star nor question mark can be escaped there.
        made: Test = wildcard(str(pattern).replace("\\", "\\\\"), True, ignore_case)
        return made(text)

    return test


_SEARCHES: Mapping[str, Function] = {
    "eql:exists": lambda value: value is not None,
    "eql:==": _any(_same),
    "eql:in~": _any(lambda text, wanted: text.lower() == wanted.lower()),
    "eql:like": _any(_patterned(False)),
    "eql:like~": _any(_patterned(True)),
    "eql:regex": _any(lambda text, pattern: lucene(pattern)(text)),
    "eql:regex~": _any(lambda text, pattern: lucene(pattern, True)(text)),
    "eql:address": _any(within),
    "eql:stringContains": _any(lambda text, part: wildcard(f"*{part}*")(text)),
    "eql:endsWith": _any(lambda text, part: wildcard(f"*{part}")(text)),
    "eql:startsWith": _any(lambda text, part: wildcard(f"{escaped(part)}*")(text)),
    "eql:<": _any(lambda text, bound: text < str(bound)),
    "eql:<=": _any(lambda text, bound: text <= str(bound)),
    "eql:>": _any(lambda text, bound: text > str(bound)),
    "eql:>=": _any(lambda text, bound: text >= str(bound)),
}


def _script(function: Callable[..., Value]) -> Function:
    """A script: null where an argument is."""

    def called(*arguments: Value) -> Value:
        first = [each[0] if isinstance(each, list) and each else each for each in arguments]
        if any(each is None for each in first):
            return None
        try:
            return function(*first)
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            return None

    return called


def _between(
    text: str, left: str, right: str, greedy: bool = False, *, ignore_case: bool = False
) -> str:
    searched = text.lower() if ignore_case else text
    if ignore_case:
        left, right = left.lower(), right.lower()
    begin = searched.find(left)
    if begin < 0:
        return ""
    begin += len(left)
    end = searched.rfind(right, begin) if greedy else searched.find(right, begin)
    return text[begin:end] if end >= 0 else ""


def _index(text: str, part: str, start: int = 0, *, ignore_case: bool = False) -> int | None:
    found = (text.lower() if ignore_case else text).find(
        part.lower() if ignore_case else part, start
    )
    return found if found >= 0 else None


def _substring(text: str, start: int, end: int | None = None) -> str:
    return text[start:end] if end is not None else text[start:]


def _concat(*parts: Value) -> str:
    return "".join(map(_string, parts))[:_LONGEST_RESULT]


def _string(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _divided(one: float, other: float) -> float:
    if isinstance(one, int) and isinstance(other, int):
        whole = abs(one) // abs(other)
        return whole if (one < 0) == (other < 0) else -whole
    return one / other


def _number(text: str, base: int = 10) -> float:
    if base == 10:
        return float(text) if any(char in text for char in ".eE") else int(text)
    return int(text, base)


# The fewest and the most arguments, and the function.
_NAMED: Mapping[str, tuple[int, int, Callable[..., Value]]] = {
    "stringContains": (2, 2, lambda text, part: part in text),
    "stringContains~": (2, 2, lambda text, part: part.lower() in text.lower()),
    "startsWith": (2, 2, lambda text, part: text.startswith(part)),
    "startsWith~": (2, 2, lambda text, part: text.lower().startswith(part.lower())),
    "endsWith": (2, 2, lambda text, part: text.endswith(part)),
    "endsWith~": (2, 2, lambda text, part: text.lower().endswith(part.lower())),
    "in~": (2, 2, lambda text, other: text.lower() == other.lower()),
    "length": (1, 1, len),
    "concat": (1, 50, _concat),
    "string": (1, 1, _string),
    "number": (1, 2, _number),
    "substring": (2, 3, _substring),
    "between": (3, 4, _between),
    "between~": (3, 4, lambda *values: _between(*values, ignore_case=True)),
    "indexOf": (2, 3, _index),
    "indexOf~": (2, 3, lambda *values: _index(*values, ignore_case=True)),
    "==": (2, 2, lambda one, other: one == other),
    "<": (2, 2, lambda one, other: one < other),
    "<=": (2, 2, lambda one, other: one <= other),
    ">": (2, 2, lambda one, other: one > other),
    ">=": (2, 2, lambda one, other: one >= other),
    "+": (2, 2, lambda one, other: one + other),
    "-": (2, 2, lambda one, other: one - other),
    "*": (2, 2, lambda one, other: float(one) * other if isinstance(one, float) else one * other),
    "/": (2, 2, _divided),
    "%": (2, 2, lambda one, other: one % other),
    "add": (2, 2, lambda one, other: one + other),
    "subtract": (2, 2, lambda one, other: one - other),
}
_NUMBERS = {"+", "-", "*", "/", "%", "add", "subtract"}


def _numeric(function: Callable[..., Value]) -> Callable[..., Value]:
    """A text is no number, and must not be repeated by one."""

    def called(*values: Value) -> Value:
        if any(isinstance(each, str | bool) for each in values):
            return None
        found = function(*values)
        return found if isinstance(found, int | float) and abs(found) < 2**63 else None

    return called


SCRIPTS: Mapping[str, tuple[int, int]] = {
    f"eql:script {name}": (fewest, most) for name, (fewest, most, _) in _NAMED.items()
}
"""How many arguments a script takes, at least and at most."""

FUNCTIONS: Mapping[str, Function] = {
    **_SEARCHES,
    "eql:isNotNull": lambda value: value is not None,
    **{
        f"eql:script {name}": _script(_numeric(function) if name in _NUMBERS else function)
        for name, (_, _, function) in _NAMED.items()
    },
}
"""What an EQL expression calls."""
