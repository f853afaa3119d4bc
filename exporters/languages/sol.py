"""Sekoia Operating Language: https://docs.sekoia.io/xdr/features/investigate/sol_ref_operators/"""

import unicodedata
from collections.abc import Sequence

from ..errors import CannotEncode


def quoted(value: str) -> str:
    """A string literal.

    Raises:
        CannotEncode: it holds a control character.
    """
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise CannotEncode(f"SOL cannot hold the control characters of {value!r}")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def one_of(field: str, values: Sequence[str]) -> str:
    """The field equals one of the values."""
    tests = [f"{field} == {quoted(value)}" for value in values]
    return tests[0] if len(tests) == 1 else "(" + " or ".join(tests) + ")"


def comment(lines: Sequence[str]) -> str:
    """Lines that the language skips."""
    return "".join(f"// {line}\n" for line in lines)
