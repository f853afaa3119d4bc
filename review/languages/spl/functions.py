"""What the functions of SPL answer. A field of several values is a list; None is null.

Search command: https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Search
Functions of eval: https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/CommonEvalFunctions

What the search command asks of a missing field is false, so that its NOT holds there; a comparison of eval with
null is null. Of several values one must fit. Whether `!=` holds where some fit and some do not is documented
nowhere, and cannot be told.
"""

import ipaddress
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ...expression import Function, Value
from .patterns import like, regular, wildcard, word


def _each(value: Value) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _search_equal(value: Value, pattern: str) -> bool:
    fits = wildcard(pattern)
    return any(fits(str(each)) for each in _each(value))


def _search_unequal(value: Value, pattern: str) -> bool | None:
    fits = wildcard(pattern)
    answers = {fits(str(each)) for each in _each(value)}
    return None if len(answers) > 1 else answers == {False}


def _search_order(sign: str) -> Function:
    compare = _ORDERS[sign]

    def ordered(value: Value, bound: str) -> bool:
        return any(compare(*_alike(str(each), bound)) for each in _each(value))

    return ordered


def _search_in_network(value: Value, network: str) -> bool:
    return any(_in_network(network, str(each)) is True for each in _each(value))


def _search_word(raw: Value, pattern: str) -> bool:
    return isinstance(raw, str) and word(pattern)(raw)


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _number(value: Value) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > 40:
        return None
    return float(value) if re.fullmatch(r"\s*-?\d+(\.\d*)?([eE][-+]?\d{1,2})?\s*", value) else None


def _alike(one: Value, other: Value) -> tuple[Any, Any]:
    first, second = _number(one), _number(other)
    if first is not None and second is not None:
        return first, second
    return _text(one), _text(other)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    first, second = _alike(one, other)
    return bool(first == second)


def _equal(one: Value, other: Value) -> bool | None:
    if one is None or other is None:
        return None
    return any(_same(first, second) for first in _each(one) for second in _each(other))


def _unequal(one: Value, other: Value) -> bool | None:
    if one is None or other is None:
        return None
    answers = {_same(first, second) for first in _each(one) for second in _each(other)}
    return None if len(answers) > 1 else answers == {False}


def _order(sign: str) -> Function:
    compare = _ORDERS[sign]

    def ordered(one: Value, other: Value) -> bool | None:
        if one is None or other is None or isinstance(one, list) or isinstance(other, list):
            return None
        return compare(*_alike(one, other))

    return ordered


def _calculated(compute: Callable[[float, float], float]) -> Function:
    def calculated(one: Value, other: Value) -> Value:
        first, second = _number(one), _number(other)
        if first is None or second is None:
            return None
        try:
            return _finite(compute(first, second))
        except (ArithmeticError, ValueError):
            return None

    return calculated


def _finite(number: float) -> Value:
    return number if math.isfinite(number) else None


def _plus(one: Value, other: Value) -> Value:
    first, second = _number(one), _number(other)
    if first is not None and second is not None:
        return _finite(first + second)
    return one + other if isinstance(one, str) and isinstance(other, str) else None


def _joined(one: Value, other: Value) -> Value:
    if one is None or other is None or isinstance(one, list) or isinstance(other, list):
        return None
    return _short(_text(one) + _text(other))


_LONGEST = 200_000
_LONGEST_LIKE = 1_000


def _short(text: str) -> str | None:
    return text if len(text) <= _LONGEST else None


def _if(test: Value, yes: Value, no: Value) -> Value:
    return yes if test is True else no


def _case(*parts: Value) -> Value:
    return next(
        (then for test, then in zip(parts[::2], parts[1::2], strict=True) if test is True), None
    )


def _found(pattern: str, value: Value) -> re.Match[str] | bool | None:
    """The first place; False where the text is too long to ask."""
    compiled, longest = regular(pattern)
    text = _text(value)
    return compiled.search(text) if len(text) <= longest else False


def _match(value: Value, pattern: Value) -> bool | None:
    if value is None or not isinstance(pattern, str):
        return None
    answers = [_found(pattern, each) for each in _each(value)]
    if any(isinstance(each, re.Match) for each in answers):
        return True
    return None if False in answers else False


def _rex(value: Value, pattern: str, group: str) -> Value:
    for each in _each(value):
        found = _found(pattern, each)
        if isinstance(found, re.Match):
            return found[group]
    return None


def _replace(value: Value, pattern: Value, by: Value) -> Value:
    if value is None or not isinstance(pattern, str) or isinstance(value, list) or by is None:
        return None
    compiled, longest = regular(pattern)
    text = _text(value)
    if len(text) > longest:
        return None
    try:
        return _short(compiled.sub(str(by), text))
    except (re.error, IndexError):
        return None


def _like(value: Value, pattern: Value) -> bool | None:
    if value is None or not isinstance(pattern, str) or len(pattern) > _LONGEST_LIKE:
        return None
    fits = like(pattern)
    return any(fits(_text(each)) for each in _each(value))


@lru_cache(maxsize=4096)
def _in_network(network: str, address: str) -> bool | None:
    try:
        return ipaddress.ip_address(address.strip()) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _cidrmatch(network: Value, value: Value) -> bool | None:
    if value is None or not isinstance(network, str):
        return None
    return any(_in_network(network, _text(each)) is True for each in _each(value))


def _in(value: Value, *listed: Value) -> bool | None:
    if value is None:
        return None
    return any(_equal(value, each) is True for each in listed)


def _mvcount(value: Value) -> Value:
    return len(_each(value)) or None


def _mvindex(value: Value, start: Value, end: Value = None) -> Value:
    held, first = _each(value), _number(start)
    if first is None:
        return None
    begin = int(first) + (len(held) if first < 0 else 0)
    if end is None:
        return held[begin] if 0 <= begin < len(held) else None
    last = _number(end)
    if last is None:
        return None
    stop = int(last) + (len(held) if last < 0 else 0)
    return _some(held[max(begin, 0) : stop + 1])


def _some(held: list[Any]) -> Value:
    return held if len(held) > 1 else held[0] if held else None


def _mvfind(value: Value, pattern: Value) -> Value:
    if not isinstance(pattern, str):
        return None
    for at, each in enumerate(_each(value)):
        if isinstance(_found(pattern, each), re.Match):
            return at
    return None


def _mvappend(*values: Value) -> Value:
    return _some([each for value in values for each in _each(value)])


def _mvjoin(value: Value, mark: Value) -> Value:
    return None if value is None else _short(str(mark).join(map(_text, _each(value))))


def _split(value: Value, mark: Value) -> Value:
    if value is None or isinstance(value, list) or not isinstance(mark, str):
        return None
    text = _text(value)
    return _some(text.split(mark) if mark else list(text))


def _substr(value: Value, start: Value, length: Value = None) -> Value:
    first = _number(start)
    if value is None or isinstance(value, list) or first is None:
        return None
    text = _text(value)
    begin = int(first) - 1 if first > 0 else max(len(text) + int(first), 0)
    size = _number(length)
    return text[begin:] if size is None else text[begin : begin + max(int(size), 0)]


def _of_text(change: Callable[[str], Value]) -> Function:
    def changed(value: Value) -> Value:
        if value is None:
            return None
        return _some([change(_text(each)) for each in _each(value)])

    return changed


def _trim(value: Value, letters: Value = None) -> Value:
    if value is None or isinstance(value, list):
        return None
    return _text(value).strip(letters if isinstance(letters, str) else None)


def _tonumber(value: Value) -> Value:
    return _number(value)


def _nullif(one: Value, other: Value) -> Value:
    return None if _equal(one, other) is True else one


def _coalesce(*values: Value) -> Value:
    return next((each for each in values if each is not None), None)


FUNCTIONS: Mapping[str, Function] = {
    "search =": _search_equal,
    "search !=": _search_unequal,
    "search network": _search_in_network,
    "search word": _search_word,
    **{f"search {sign}": _search_order(sign) for sign in _ORDERS},
    "=": _equal,
    "!=": _unequal,
    **{sign: _order(sign) for sign in _ORDERS},
    "+": _plus,
    "-": _calculated(operator.sub),
    "*": _calculated(operator.mul),
    "/": _calculated(operator.truediv),
    "%": _calculated(operator.mod),
    ".": _joined,
    "rex": _rex,
    "case": _case,
    "cidrmatch": _cidrmatch,
    "coalesce": _coalesce,
    "if": _if,
    "in": _in,
    "isnotnull": lambda value: value is not None,
    "isnull": lambda value: value is None,
    "len": _of_text(len),
    "like": _like,
    "lower": _of_text(str.lower),
    "match": _match,
    "mvappend": _mvappend,
    "mvcount": _mvcount,
    "mvfind": _mvfind,
    "mvindex": _mvindex,
    "mvjoin": _mvjoin,
    "nullif": _nullif,
    "replace": _replace,
    "split": _split,
    "substr": _substr,
    "tonumber": _tonumber,
    "tostring": _of_text(str),
    "trim": _trim,
    "upper": _of_text(str.upper),
}
"""By the name under which an expression calls them; those of the search command begin with `search`."""

ARITY: Mapping[str, tuple[int, int]] = {
    "case": (2, 200),
    "cidrmatch": (2, 2),
    "coalesce": (1, 100),
    "if": (3, 3),
    "in": (2, 1000),
    "isnotnull": (1, 1),
    "isnull": (1, 1),
    "len": (1, 1),
    "like": (2, 2),
    "lower": (1, 1),
    "match": (2, 2),
    "mvappend": (1, 100),
    "mvcount": (1, 1),
    "mvfind": (2, 2),
    "mvindex": (2, 3),
    "mvjoin": (2, 2),
    "nullif": (2, 2),
    "replace": (3, 3),
    "split": (2, 2),
    "substr": (2, 3),
    "tonumber": (1, 1),
    "tostring": (1, 1),
    "trim": (1, 2),
    "upper": (1, 1),
}
"""The functions that a search may call, and with how few and how many arguments."""
