"""YARA-L's functions over values. A field that is missing is the empty text.

https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-functions
"""

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from typing import Final

from ...expression import Function, Value
from ..re2 import LONGEST, pattern


def _equal(left: Value, right: Value) -> bool | None:
    alike = isinstance(left, str) == isinstance(right, str)
    return left == right if alike else None


def _folded(left: Value, right: Value) -> bool:
    return str(left).lower() == str(right).lower()


def _matches(value: Value, written: Value) -> bool:
    return pattern(str(written)).search(str(value)[:LONGEST]) is not None


def _captured(value: Value, written: Value) -> str:
    # The first group, or all of the match where the expression has none; nothing where it does not match.
    found = pattern(str(written)).search(str(value)[:LONGEST])
    if found is None:
        return ""
    return (found[1] if found.re.groups else found[0]) or ""


def _in_range(value: Value, written: Value) -> bool:
    try:
        return ipaddress.ip_address(str(value)) in ipaddress.ip_network(str(written), strict=False)
    except ValueError:
        return False


def _ordered(left: Value, right: Value) -> int | None:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return (left > right) - (left < right)
    return None


def _decoded(value: Value) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _coalesced(*values: Value) -> Value:
    return next((each for each in values if each != ""), "")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "=": _equal,
    "= nocase": _folded,
    "re.regex": _matches,
    "re.capture": _captured,
    "strings.to_lower": lambda value: str(value).lower(),
    "strings.to_upper": lambda value: str(value).upper(),
    "strings.concat": lambda *values: "".join(map(str, values)),
    "strings.contains": lambda value, part: str(part) in str(value),
    "strings.starts_with": lambda value, part: str(value).startswith(str(part)),
    "strings.ends_with": lambda value, part: str(value).endswith(str(part)),
    "strings.coalesce": _coalesced,
    "strings.base64_decode": _decoded,
    "net.ip_in_range_cidr": _in_range,
    "one of": lambda value, values: value in values,
    "one of nocase": lambda value, values: str(value).lower() in values,
    "one of regex": lambda value, values: any(_matches(value, each) for each in values),
    "one of cidr": lambda value, values: any(_in_range(value, each) for each in values),
    "explained": bool,
}
"""By their names; the operators with `nocase` have one of their own."""

BOOLEAN: Final = frozenset(
    (
        "re.regex",
        "strings.contains",
        "strings.starts_with",
        "strings.ends_with",
        "net.ip_in_range_cidr",
    )
)
PATTERNS: Final = frozenset(("re.regex", "re.capture"))
ARITY: Final[Mapping[str, int]] = {
    **dict.fromkeys(("strings.to_lower", "strings.to_upper", "strings.base64_decode"), 1),
    **dict.fromkeys((*BOOLEAN, *PATTERNS), 2),
}
"""How many values a function takes; those that are not here take any number."""
