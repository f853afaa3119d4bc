"""What Datadog holds of a CloudTrail record, and how a search compares it.

https://docs.datadoghq.com/integrations/amazon_cloudtrail/ , https://docs.datadoghq.com/logs/explorer/search_syntax/
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from ....exporters.field_maps import field_map
from ...errors import NotJudged
from ...expression import Function, Value
from ...members import is_member, member
from ...rule import EXPLAINED, Spelling

# Reserved attributes and tags that are the same of every CloudTrail log.
CONSTANTS = {"source": "cloudtrail", "ddsource": "cloudtrail", "sourcecategory": "aws"}
_MAP = field_map("datadog")
_MOVED = {name: path for path, name in _MAP.fields.items() if path != name}


def path_of(name: str) -> str | None:
    """CloudTrail's path of an attribute, which begins with `@`; None where it is no member of a record."""
    if not name.startswith("@"):
        return None
    plain = name[1:]
    if plain in _MOVED:
        return _MOVED[plain]
    if plain in _MOVED.values():
        return None
    return plain if is_member(plain) else None


def require(name: str) -> None:
    """See that it is known what a log holds there.

    Raises:
        NotJudged: it is not.
    """
    if name in CONSTANTS or name == EXPLAINED or path_of(name) is not None:
        return
    moved = _MAP.fields.get(name[1:])
    if moved is not None:
        raise NotJudged(
            f"it reads {name}, which Datadog's pipeline moves to @{moved}: ask for that"
        )
    raise NotJudged(f"it reads {name}, which is no member of a CloudTrail record")


def attribute_of(path: str) -> str | None:
    """The attribute, without `@`, that holds what CloudTrail writes at `path`; None where Datadog keeps none."""
    found = _MAP.find(path)
    return found if found is not None else path if is_member(path) else None


def _value(record: Mapping[str, Any], name: str) -> Any:
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name == EXPLAINED:
        return record.get(EXPLAINED)
    path = path_of(name)
    return None if path is None else member(record, path)


SPELLING = Spelling(name="datadog", value=_value, path=path_of)


def _any(test: Callable[[Value], bool], value: Value) -> bool:
    if value is None:
        return False
    return any(test(each) for each in value) if isinstance(value, list) else test(value)


def _text(value: Value) -> str | None:
    """A value as a search sees it; an object is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if isinstance(value, Mapping) else str(value)


def _equals(value: Value, wanted: str) -> bool:
    return _any(lambda each: _text(each) == wanted, value)


@lru_cache(maxsize=16_384)
def _wild(written: str) -> tuple[re.Pattern[str], ...]:
    """What stands between the `*` of a term, from left to right."""
    parts = [""]
    for char in re.findall(r"\\.|.", written, re.DOTALL):
        if char == "*":
            parts.append("")
        else:
            parts[-1] += "." if char == "?" else re.escape(char[-1])
    return tuple(re.compile(part, re.DOTALL) for part in parts)


def _matches(value: Value, written: str) -> bool:
    parts = _wild(written)

    def one(each: Value) -> bool:
        text = _text(each)
        return text is not None and _fits(parts, text)

    return _any(one, value)


def _fits(parts: tuple[re.Pattern[str], ...], text: str) -> bool:
    if len(parts) == 1:
        return parts[0].fullmatch(text) is not None
    first = parts[0].match(text)
    if first is None:
        return False
    at = first.end()
    for part in parts[1:-1]:
        found = part.search(text, at)
        if found is None:
            return False
        at = found.end()
    # Every part has one length, so that the last may only stand at the end.
    length = sum(1 for _ in re.finditer(r"\\.|.", parts[-1].pattern, re.DOTALL))
    start = len(text) - length
    return start >= at and parts[-1].fullmatch(text, start) is not None


def _compared(test: Callable[[float, float], bool]) -> Function:
    def compares(value: Value, number: float) -> bool:
        def one(each: Value) -> bool:
            if isinstance(each, str) and re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", each):
                raise NotJudged(
                    "it compares a text with a number: that depends on the attribute's facet"
                )
            if isinstance(each, bool) or not isinstance(each, int | float):
                return False
            return test(each, number)

        return _any(one, value)

    return compares


def _cidr(value: Value, blocks: list[str]) -> bool:
    networks = [ip_network(each) for each in blocks]

    def one(each: Value) -> bool:
        try:
            address = ip_address(each) if isinstance(each, str) else None
        except ValueError:
            return False
        return address is not None and any(address in network for network in networks)

    return _any(one, value)


FUNCTIONS: Mapping[str, Function] = {
    "equals": _equals,
    "matches": _matches,
    "exists": lambda value: value is not None,
    "lt": _compared(lambda own, other: own < other),
    "lte": _compared(lambda own, other: own <= other),
    "gt": _compared(lambda own, other: own > other),
    "gte": _compared(lambda own, other: own >= other),
    "cidr": _cidr,
    "explained": lambda value: bool(value),
}
