"""Kusto's operators and functions over values: a text is never null, None is the null of any other type.

https://learn.microsoft.com/kusto/query/scalar-data-types/null-values
https://learn.microsoft.com/kusto/query/datatypes-string-operators
"""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from ...expression import Function, Value
from ..re2 import LONGEST, pattern

_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def text(value: Value) -> str:
    """What `tostring` makes of it: null is empty, and what has parts is JSON without blanks."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parsed(value: Value) -> Value:
    """What `parse_json` makes of a text. One that is no JSON stays a text."""
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def member(value: Value, key: Value) -> Value:
    """A member of a property bag, or an element of an array, counted from its end where negative."""
    if isinstance(key, str):
        return value.get(key) if isinstance(value, dict) else None
    if isinstance(key, int) and isinstance(value, list) and -len(value) <= key < len(value):
        return value[key]
    return None


def expanded(value: Value) -> list[Value]:
    """The rows that `mv-expand` makes: null is one row, an empty array or property bag none.

    https://learn.microsoft.com/kusto/query/mv-expand-operator
    """
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [{key: each} for key, each in value.items()]
    return [value]


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def equal(left: Value, right: Value) -> bool | None:
    """`==`. None of two nulls, and of values of two types, for which no rule is documented."""
    if left is None or right is None:
        return None if left is None and right is None else False
    return left == right if _kind(left) == _kind(right) else None


def _folded(left: Value, right: Value) -> bool:
    return text(left).lower() == text(right).lower()


def _flat(values: tuple[Value, ...]) -> Iterator[Value]:
    for each in values:
        if isinstance(each, list):
            yield from each
        else:
            yield each


def _among(value: Value, *others: Value) -> bool | None:
    answers = [equal(value, each) for each in _flat(others)]
    return True if True in answers else None if None in answers and value is not None else False


def _among_folded(value: Value, *others: Value) -> bool:
    return any(_folded(value, each) for each in _flat(others))


def _has(whole: str, part: str, *, left: bool = True, right: bool = True) -> bool:
    """Whether `part` stands in `whole` and neither cuts a term where it may not: a run of letters and digits."""
    at = whole.find(part)
    while at >= 0:
        end = at + len(part)
        cut_left = left and part[:1].isalnum() and whole[at - 1 : at].isalnum()
        cut_right = right and part[-1:].isalnum() and whole[end : end + 1].isalnum()
        if not cut_left and not cut_right:
            return True
        at = whole.find(part, at + 1)
    return False


def _cased(test: Callable[[str, str], bool]) -> Function:
    return lambda left, right: test(text(left), text(right))


def _uncased(test: Callable[[str, str], bool]) -> Function:
    return lambda left, right: test(text(left).lower(), text(right).lower())


def _has_any(value: Value, *terms: Value) -> bool:
    whole = text(value).lower()
    return any(_has(whole, text(each).lower()) for each in _flat(terms))


def _has_all(value: Value, *terms: Value) -> bool:
    whole = text(value).lower()
    return all(_has(whole, text(each).lower()) for each in _flat(terms))


def _matches(value: Value, written: Value) -> bool:
    return pattern(text(written)).search(text(value)[:LONGEST]) is not None


def _extract(written: Value, group: Value, value: Value, *_type: Value) -> str:
    found = pattern(text(written)).search(text(value)[:LONGEST])
    if found is None or not isinstance(group, int) or not 0 <= group <= found.re.groups:
        return ""
    return found[group] or ""


def _replaced(value: Value, old: Value, new: Value) -> str:
    return text(value).replace(text(old), text(new)) if text(old) else text(value)


def _split(value: Value, mark: Value, at: Value = None) -> list[str]:
    # https://learn.microsoft.com/kusto/query/split-function
    parts = text(value).split(text(mark)) if text(mark) else [text(value)]
    if not isinstance(at, int):
        return parts
    return [parts[at]] if -len(parts) <= at < len(parts) else []


def _substring(value: Value, start: Value, length: Value = None) -> str:
    whole = text(value)
    if not isinstance(start, int):
        return ""
    first = max(0, start if start >= 0 else len(whole) + start)
    return whole[first : first + length] if isinstance(length, int) else whole[first:]


def _length(value: Value) -> int | None:
    return len(value) if isinstance(value, list) else None


def _iff(condition: Value, yes: Value, no: Value) -> Value:
    return yes if condition is True else no


def _case(*parts: Value) -> Value:
    for at in range(0, len(parts) - 1, 2):
        if parts[at] is True:
            return parts[at + 1]
    return parts[-1]


def _coalesce(*values: Value) -> Value:
    return next((each for each in values if each is not None and each != ""), values[-1])


def is_empty(value: Value) -> bool:
    """`isempty`: an empty text, or null."""
    return value is None or value == ""


def _whole(value: Value) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: Value) -> int | float | None:
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and len(value) < 40:
        if re.fullmatch(r"\s*[+-]?\d+\s*", value, re.ASCII):
            return int(value)
        if re.fullmatch(r"\s*[+-]?\d+\.\d*(e[+-]?\d{1,2})?\s*", value, re.ASCII | re.IGNORECASE):
            return float(value)
    return None


def _bool(value: Value) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    return bool(value) if isinstance(value, int | float) else None


def _ordered(compare: Callable[[float, float], bool]) -> Function:
    def answer(left: Value, right: Value) -> bool | None:
        if _kind(left) != "number" or _kind(right) != "number":
            return None
        return compare(left, right)

    return answer


def _computed(compute: Callable[[float, float], float]) -> Function:
    def answer(left: Value, right: Value) -> float | None:
        if _kind(left) != "number" or _kind(right) != "number":
            return None
        try:
            return compute(left, right)
        except (ZeroDivisionError, OverflowError):
            return None

    return answer


def _divided(left: float, right: float) -> float:
    return int(left / right) if isinstance(left, int) and isinstance(right, int) else left / right


@lru_cache(maxsize=4096)
def _address(value: str) -> ipaddress.IPv4Interface | None:
    try:
        return ipaddress.IPv4Interface(value)
    except ValueError:
        return None


def _private(value: Value) -> bool | None:
    found = _address(text(value))
    return None if found is None else any(found.ip in each for each in _PRIVATE)


def _in_range(value: Value, *ranges: Value) -> bool | None:
    found = _address(text(value))
    networks = [_address(text(each)) for each in _flat(ranges)]
    if found is None or None in networks:
        return None
    return any(each is not None and found.ip in each.network for each in networks)


def _decoded(value: Value) -> str:
    try:
        return base64.b64decode(text(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _packed(*parts: Value) -> dict[str, Value]:
    return {text(key): value for key, value in zip(parts[::2], parts[1::2], strict=False)}


def _position(value: Value, part: Value) -> int:
    return text(value).find(text(part))


def _in_set(values: Value, value: Value) -> bool:
    return isinstance(values, list) and value in values


def _typed(value: Value) -> str:
    names = {"NoneType": "null", "list": "array", "dict": "dictionary", "str": "string"}
    kind = type(value).__name__
    return {"int": "long", "float": "double"}.get(kind, names.get(kind, kind))


def _explained(value: Value) -> bool:
    return bool(value)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "==": equal,
    "=~": _folded,
    "in": _among,
    "in~": _among_folded,
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "+": _computed(lambda left, right: left + right),
    "-": _computed(lambda left, right: left - right),
    "*": _computed(lambda left, right: left * right),
    "/": _computed(_divided),
    "%": _computed(lambda left, right: left % right),
    "has": _uncased(_has),
    "has_cs": _cased(_has),
    "hasprefix": _uncased(lambda whole, part: _has(whole, part, right=False)),
    "hasprefix_cs": _cased(lambda whole, part: _has(whole, part, right=False)),
    "hassuffix": _uncased(lambda whole, part: _has(whole, part, left=False)),
    "hassuffix_cs": _cased(lambda whole, part: _has(whole, part, left=False)),
    "contains": _uncased(lambda whole, part: part in whole),
    "contains_cs": _cased(lambda whole, part: part in whole),
    "startswith": _uncased(str.startswith),
    "startswith_cs": _cased(str.startswith),
    "endswith": _uncased(str.endswith),
    "endswith_cs": _cased(str.endswith),
    "has_any": _has_any,
    "has_all": _has_all,
    "matches regex": _matches,
    "member": member,
    "tostring": text,
    "parse_json": parsed,
    "tolower": lambda value: text(value).lower(),
    "toupper": lambda value: text(value).upper(),
    "strlen": lambda value: len(text(value)),
    "strcat": lambda *values: "".join(map(text, values)),
    "strcat_delim": lambda mark, *values: text(mark).join(map(text, values)),
    "strcat_array": lambda values, mark: text(mark).join(
        map(text, values if isinstance(values, list) else ())
    ),
    "substring": _substring,
    "replace_string": _replaced,
    "split": _split,
    "extract": _extract,
    "indexof": _position,
    "base64_decode_tostring": _decoded,
    "array_length": _length,
    "array_concat": lambda *values: list(_flat(values)),
    "pack_array": lambda *values: list(values),
    "bag_pack": _packed,
    "bag_keys": lambda value: list(value) if isinstance(value, dict) else None,
    "bag_has_key": lambda value, key: isinstance(value, dict) and key in value,
    "set_has_element": _in_set,
    "iff": _iff,
    "case": _case,
    "coalesce": _coalesce,
    "isempty": is_empty,
    "isnull": lambda value: value is None,
    "toint": _whole,
    "toreal": _number,
    "tobool": _bool,
    "gettype": _typed,
    "ipv4_is_private": _private,
    "ipv4_is_in_range": _in_range,
    "explained": _explained,
}
"""By the operator's or function's name; of a pair that differs in `!` the one without."""
