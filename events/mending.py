"""Reads what other products make of CloudTrail's JSON: syntax that JSON forbids, and values in another spelling.

A record that AWS wrote needs none of this, and nothing here changes one.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

# A line that a container runtime split in two: what it wrote between them is in the midst of a text.
_SPLIT = re.compile(rb"\n\d{4}-\d\d-\d\dT\S{1,40} std(out|err) [PF] ")
_encode = msgspec.json.Encoder().encode
_ACCOUNT_DIGITS = 12
# Seconds, and the thousandths, millionths and billionths of them, by the number of digits from 2001 to 2286.
_UNITS = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}


def mended(data: bytes) -> bytes | None:
    """The same JSON value, written soundly; None where it cannot be read at all.

    Control characters inside of a text, bytes that are no UTF-8, half a surrogate pair (both become `\\ufffd`), NaN
    and infinite numbers (which become null) are what exporters write in spite of RFC 8259.

    >>> mended(b'{"userAgent": "a\\tb", "n": NaN}')
    b'{"userAgent":"a\\\\tb","n":null}'
    """
    if _SPLIT.search(data):
        return None
    try:
        value = json.loads(data.decode("utf-8", "replace"), strict=False, parse_constant=_nothing)
        return _encode(_sound(value))
    except (ValueError, RecursionError, OverflowError):
        return None


def _nothing(constant: str) -> None:
    return None


def _sound(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_sound(each) for each in value]
    if isinstance(value, dict):
        return {_sound(name): _sound(member) for name, member in value.items()}
    if isinstance(value, float) and value - value != 0:  # 1e999 is read as infinite
        return None
    return value


def spelt_time(value: object) -> object:
    """An eventTime as AWS spells it, from seconds or fractions of them since the epoch, as a number or as digits, or
    from the object that MongoDB writes; anything else as it is.

    >>> spelt_time(1770109200000), spelt_time({"$date": "2026-02-03T09:00:00Z"})
    ('2026-02-03T09:00:00Z', '2026-02-03T09:00:00Z')
    """
    if isinstance(value, Mapping):
        inner = value.get("$date", value)
        return (
            spelt_time(inner.get("$numberLong"))
            if isinstance(inner, Mapping)
            else spelt_time(inner)
        )
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    unit = _UNITS.get(len(digits)) if digits.isascii() and digits.isdigit() else None
    if unit is None:
        return value
    moment = datetime.fromtimestamp(int(digits) // unit, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def spelt_account(value: object) -> object:
    """An account id as AWS spells it, from a number, which has lost its leading zeros; anything else as it is.

    >>> spelt_account(11112222333), spelt_account("111122223333")
    ('011112222333', '111122223333')
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**_ACCOUNT_DIGITS:
        return f"{value:0{_ACCOUNT_DIGITS}d}"
    return value


def object_in(value: object) -> object:
    """An object or a list that an export wrote as JSON text; anything else as it is.

    >>> object_in('{"userName": "kim"}'), object_in("ok")
    ({'userName': 'kim'}, 'ok')
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return value
