"""What ES|QL expressions call. Null makes null, and so do several values where one is asked for.

https://www.elastic.co/docs/reference/query-languages/esql/esql-functions-operators ,
https://www.elastic.co/docs/reference/query-languages/esql/esql-multivalued-fields
"""

import base64
from collections.abc import Callable, Mapping

from ...errors import NotJudged
from ...expression import Function, Value
from . import kql
from .extraction import FUNCTIONS as EXTRACTION
from .matching import lucene, safe, wildcard, within
from .parsing import texts

_LONGEST = 65_536


def _single(function: Callable[..., Value]) -> Function:
    """A function of single values."""

    def called(*arguments: Value) -> Value:
        if any(each is None or isinstance(each, list | tuple) for each in arguments):
            return None
        try:
            found = function(*arguments)
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            return None
        return found[:_LONGEST] if isinstance(found, str) else found

    return called


def _equal(one: Value, other: Value) -> bool:
    if isinstance(one, bool) != isinstance(other, bool):
        return texts(one) == texts(other)
    return bool(one == other)


def _numeric(function: Callable[[float, float], Value]) -> Function:
    """A function of two numbers: a text is none."""

    def called(one: Value, other: Value) -> Value:
        if isinstance(one, str | bool) or isinstance(other, str | bool):
            return None
        found = function(one, other)
        # A long that overflows is null.
        return found if isinstance(found, int | float) and abs(found) < 2**63 else None

    return _single(called)


def _divided(one: float, other: float) -> float:
    if isinstance(one, int) and isinstance(other, int):
        whole = abs(one) // abs(other)
        return whole if (one < 0) == (other < 0) else -whole
    return one / other


def _case(*arguments: Value) -> Value:
    for at in range(0, len(arguments) - 1, 2):
        if arguments[at] is True:
            return arguments[at + 1]
    return arguments[-1] if len(arguments) % 2 else None


def _coalesce(*arguments: Value) -> Value:
    return next((each for each in arguments if each is not None), None)


def _substring(text: str, start: int, length: int | None = None) -> str:
    begin = start - 1 if start > 0 else max(len(text) + start, 0) if start < 0 else 0
    return text[begin:] if length is None else text[begin : begin + length]


def _replace(text: str, pattern: str, new: str) -> str | None:
    if len(text) > 1_024 or len(new) > 256 or "$" in new or "\\" in new:
        return None
    try:
        compiled = safe(pattern)
    except NotJudged:
        return None
    return compiled.sub(lambda _: new, text)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integer(value: Value) -> int:
    return int(float(value))


def _boolean(value: Value) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _base64(text: str) -> str:
    return base64.b64decode(text, validate=True).decode("utf-8", "replace")


def _locate(text: str, part: str, start: int = 1) -> int:
    return text.find(part, max(start - 1, 0)) + 1


def _many(value: Value) -> list[Value]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _shortened(pick: Callable[[list[Value]], Value]) -> Function:
    """A function of all values of a field, in the order in which an index keeps them."""
    return lambda value: None if value is None else pick(sorted(set(map(_text, _many(value)))))


def _contains(value: Value, wanted: Value) -> bool:
    return set(_many(wanted)) <= set(_many(value))


FUNCTIONS: Mapping[str, Function] = {
    **kql.FUNCTIONS,
    **EXTRACTION,
    "esql:leaf": lambda value: value,
    "esql:exists": lambda value: value is not None,
    "esql:==": _single(_equal),
    "esql:!=": _single(lambda one, other: not _equal(one, other)),
    "esql:<": _single(lambda one, other: bool(one < other)),
    "esql:<=": _single(lambda one, other: bool(one <= other)),
    "esql:>": _single(lambda one, other: bool(one > other)),
    "esql:>=": _single(lambda one, other: bool(one >= other)),
    "esql:=~": _single(lambda one, other: one.lower() == other.lower()),
    "esql:+": _numeric(lambda one, other: one + other),
    "esql:-": _numeric(lambda one, other: one - other),
    "esql:*": _numeric(lambda one, other: one * other),
    "esql:/": _numeric(_divided),
    "esql:%": _numeric(lambda one, other: one % other),
    "esql:like": _single(lambda text, pattern: wildcard(pattern)(text)),
    "esql:rlike": _single(lambda text, pattern: lucene(pattern)(text)),
    "esql:case": _case,
    "esql:coalesce": _coalesce,
    "esql:contains": _single(lambda text, part: part in text),
    "esql:starts_with": _single(lambda text, part: text.startswith(part)),
    "esql:ends_with": _single(lambda text, part: text.endswith(part)),
    "esql:to_lower": _single(lambda text: text.lower()),
    "esql:to_upper": _single(lambda text: text.upper()),
    "esql:trim": _single(lambda text: text.strip()),
    "esql:ltrim": _single(lambda text: text.lstrip()),
    "esql:rtrim": _single(lambda text: text.rstrip()),
    "esql:length": _single(len),
    "esql:left": _single(lambda text, count: text[: max(count, 0)]),
    "esql:right": _single(lambda text, count: text[-count:] if count > 0 else ""),
    "esql:substring": _single(_substring),
    "esql:locate": _single(_locate),
    "esql:replace": _single(_replace),
    "esql:concat": _single(lambda *parts: "".join(map(_text, parts))),
    "esql:to_string": _single(_text),
    "esql:to_keyword": _single(_text),
    "esql:to_str": _single(_text),
    "esql:to_integer": _single(_integer),
    "esql:to_int": _single(_integer),
    "esql:to_long": _single(_integer),
    "esql:to_double": _single(float),
    "esql:to_boolean": _single(_boolean),
    "esql:to_bool": _single(_boolean),
    "esql:to_ip": _single(_text),
    "esql:from_base64": _single(_base64),
    "esql:cidr_match": _single(
        lambda address, *blocks: any(within(address, each) for each in blocks)
    ),
    "esql:mv_count": lambda value: None if value is None else len(set(map(_text, _many(value)))),
    "esql:mv_first": _shortened(lambda values: values[0]),
    "esql:mv_min": _shortened(lambda values: values[0]),
    "esql:mv_last": _shortened(lambda values: values[-1]),
    "esql:mv_max": _shortened(lambda values: values[-1]),
    "esql:mv_contains": _contains,
    "esql:mv_concat": lambda value, joint: (
        None if value is None or joint is None else _shortened(joint.join)(value)
    ),
}
"""What an ES|QL expression calls."""
