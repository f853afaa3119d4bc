"""Kibana's query language (KQL): literals, and tests of one field.

https://www.elastic.co/docs/reference/query-languages/kql : between quotation marks `*` is no wildcard, and
only `"` and the backslash are special.
"""

import unicodedata
from collections.abc import Iterable

from ...errors import CannotEncode

_WIDTH = 90


def quoted(value: str) -> str:
    """A literal between quotation marks, which matches a keyword field exactly.

    Raises:
        CannotEncode: it holds a control character, or nothing.
    """
    if not value or any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise CannotEncode(f"KQL cannot hold {value!r}")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def equals(field: str, *values: str) -> str:
    """The field holds one of the values.

    Raises:
        CannotEncode: the language cannot hold a value.
    """
    literals = list(map(quoted, values))
    if len(literals) == 1:
        return f"{field}: {literals[0]}"
    line = f"{field}: ({' or '.join(literals)})"
    if len(line) <= _WIDTH:
        return line
    rows: list[list[str]] = [[]]
    for literal in literals:
        if rows[-1] and len(" or ".join([*rows[-1], literal])) > _WIDTH:
            rows.append([])
        rows[-1].append(literal)
    listed = "\n      or ".join(" or ".join(row) for row in rows)
    return f"{field}: (\n      {listed}\n    )"


def every_one(tests: Iterable[str]) -> str:
    """All tests hold, one a line."""
    return "\n  and ".join(tests)
