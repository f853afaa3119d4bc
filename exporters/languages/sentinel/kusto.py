"""Kusto's literals and names, so that no value of a log or a document is ever pasted into a query.

The language: https://learn.microsoft.com/kusto/query/scalar-data-types/string
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from ...errors import CannotEncode

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Controls, invisible marks and separators are spelt out, so that a reader sees them.
_SPELT_OUT = frozenset({"Cc", "Cf", "Co", "Cn", "Zl", "Zp"})


def text_literal(value: str) -> str:
    """`value` as a string literal, in double quotes.

    >>> print(text_literal('a"b'))
    "a\\"b"

    Raises:
        CannotEncode: it holds a lone surrogate, which is no character.
    """
    return '"' + "".join(map(_spelt, value)) + '"'


def _spelt(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    category = unicodedata.category(char)
    if category == "Cs":
        raise CannotEncode(f"Kusto cannot hold the lone surrogate U+{ord(char):04X}")
    if category not in _SPELT_OUT:
        return char
    units = char.encode("utf-16-be")
    return "".join(
        f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2)
    )


def text_list(values: Iterable[str]) -> str:
    """The string literals in parentheses, for `in`."""
    return "(" + ", ".join(map(text_literal, values)) + ")"


def timespan_literal(seconds: int) -> str:
    """A timespan of so many seconds, in the largest unit that keeps it whole.

    >>> timespan_literal(7200), timespan_literal(8520), timespan_literal(0)
    ('2h', '142m', '0s')
    """
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def long_literal(value: int) -> str:
    """A whole number.

    Raises:
        CannotEncode: it takes more than the 64 bits of a `long`.
    """
    if not -(2**63) < value < 2**63:
        raise CannotEncode(f"Kusto's long cannot hold {value}")
    return f"long({value})" if value < 0 else str(value)


def bool_literal(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def member(value: str, name: str) -> str:
    """The member `name` of the dynamic value that the expression `value` yields.

    >>> print(member("Request", "userName"), member("Request", "a-b"))
    Request.userName Request["a-b"]
    """
    if _PLAIN_NAME.fullmatch(name):
        return f"{value}.{name}"
    return f"{value}[{text_literal(name)}]"


def table_name(name: str) -> str:
    """A table's name, quoted where it is not plain.

    Raises:
        CannotEncode: it is empty or holds a lone surrogate.
    """
    if not name:
        raise CannotEncode("a table needs a name")
    return name if _PLAIN_NAME.fullmatch(name) else f"[{text_literal(name)}]"


def comment_line(line: str) -> str:
    """`line`, which ends nowhere but at its end, as a comment.

    Raises:
        CannotEncode: it holds a line break.
    """
    if len(line.splitlines()) > 1 or line.endswith(("\n", "\r")):
        raise CannotEncode("a comment is one line")
    return f"// {line}".rstrip()


def folded(lines: Iterable[str], width: int = 110) -> str:
    """The lines, each that is longer than `width` broken where Kusto allows it: never within a text literal.

    >>> print(folded(['| where A in ("a, b", "c") and B', "// one two three four"], 20), end="")
    | where A in ("a, b",
        "c") and B
    // one two three
    // four
    """
    text = "\n".join(lines)
    return "".join(f"{part}\n" for line in text.split("\n") for part in _parts(line, width))


def _parts(line: str, width: int) -> Iterator[str]:
    margin = line[: len(line) - len(line.lstrip())]
    comment = line.lstrip().startswith("//")
    mark = margin + ("// " if comment else "    ")
    while len(line) > width:
        cuts = _blanks(line, len(mark)) if comment else _cuts(line)
        # Where the fewest brackets are open, and there the last that fits.
        fitting = [cut for cut in cuts if cut[1] <= width] or cuts[:1]
        if not fitting:
            break
        _, at = min(fitting, key=lambda cut: (cut[0], -cut[1]))
        yield line[:at]
        line = mark + line[at + 1 :]
    yield line


def _blanks(line: str, start: int) -> list[tuple[int, int]]:
    return [(0, at) for at in range(start, len(line)) if line[at] == " "]


def _cuts(line: str) -> list[tuple[int, int]]:
    """The blanks behind a comma and before `and`, `or` and `|` that stand in no literal, each behind the count of the
    brackets that are open there."""
    found, quoted, depth, at = [], False, 0, len(line) - len(line.lstrip())
    first = at
    while at < len(line):
        char = line[at]
        if quoted and char == "\\":
            at += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char in "([{") - (char in ")]}")
            after = line[at + 1 : at + 5]
            breaks = line[at - 1] == "," or after.startswith(("and ", "or ", "| "))
            if char == " " and at > first and breaks:
                found.append((depth, at))
        at += 1
    return found


def pascal_name(words: str) -> str:
    """The letters and digits of `words` as one name that begins with a capital letter.

    >>> pascal_name("virtual-device"), pascal_name("2nd key")
    ('VirtualDevice', 'N2ndKey')
    """
    parts = re.findall("[A-Za-z0-9]+", words)
    name = "".join(part[0].upper() + part[1:] for part in parts) or "Value"
    return name if name[0].isalpha() else f"N{name}"
