"""Elastic's Event Query Language: literals, tests of one field, and the sequence that misses its second event.

https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax : `==` and `in` compare exactly, and only
`:`, `like` and `regex` know wildcards. `[A] ![B]` holds for an A after which, within `maxspan`, there is no B
of equal keys; an event that lacks a key is in no sequence.
"""

import unicodedata
from collections.abc import Sequence

from ...errors import CannotEncode

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(value: str) -> str:
    """A string literal.

    Raises:
        CannotEncode: it holds a NUL or half of a surrogate pair.
    """
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    category = unicodedata.category(char)
    if char == "\0" or category == "Cs":
        raise CannotEncode(f"EQL cannot hold the character {char!r}")
    # Also what would not be seen: a right-to-left mark reads as its code.
    return f"\\u{{{ord(char):04x}}}" if category in ("Cc", "Cf", "Zl", "Zp") else char


def equals(field: str, *values: str) -> str:
    """The field is one of the values.

    Raises:
        CannotEncode: the language cannot hold a value.
    """
    if len(values) == 1:
        return f"{field} == {quoted(values[0])}"
    return f"{field} in ({', '.join(map(quoted, values))})"


def missing(field: str) -> str:
    """The field holds nothing. The question mark lets the query run where no index knows the field."""
    return f"?{field} == null"


def event(tests: Sequence[str], indent: str = "") -> str:
    """Any event for which all `tests` hold, one a line."""
    return "any where " + f"\n{indent}  and ".join(tests)


def without(effect: Sequence[str], origin: Sequence[str], by: Sequence[str], seconds: int) -> str:
    """The effects after which, within `seconds`, no origin of equal keys `by` follows."""
    first, second = (event(tests, "    ") for tests in (effect, origin))
    return f"sequence by {', '.join(by)} with maxspan={_span(seconds)}\n  [{first}]\n  ![{second}]"


def _span(seconds: int) -> str:
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
