"""CrowdStrike's query language: https://library.humio.com/data-analysis/syntax.html"""

import unicodedata
from collections.abc import Sequence

from ..errors import CannotEncode


def quoted(value: str) -> str:
    """A text that is compared as it is; inside quotation marks `*` would be a wildcard.

    Raises:
        CannotEncode: it holds a `*` or a control character.
    """
    if "*" in value or any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value
    ):
        raise CannotEncode(f"LogScale cannot hold {value!r} as a text that is compared")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def one_of(field: str, values: Sequence[str]) -> str:
    """The field equals one of the values."""
    listed = ", ".join(map(quoted, values))
    return f"in(field={quoted(field)}, values=[{listed}])"


def comment(lines: Sequence[str]) -> str:
    """Lines that the language skips."""
    return "".join(f"// {line}\n" for line in lines)
