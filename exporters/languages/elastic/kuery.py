"""Kibana's query language (KQL): literals, and tests of one field.

https://www.elastic.co/docs/reference/query-languages/kql : between quotation marks `*` is no wildcard, and
only `"` and the backslash are special.
"""

import unicodedata

from ...errors import CannotEncode


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
    literals = " or ".join(map(quoted, values))
    return f"{field}: ({literals})" if len(values) > 1 else f"{field}: {literals}"
