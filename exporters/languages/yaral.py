"""YARA-L 2.0 of Google SecOps: https://cloud.google.com/chronicle/docs/yara-l/yara-l-2-0-syntax"""

import unicodedata
from collections.abc import Sequence

from ..errors import CannotEncode

_SPECIAL = frozenset("\\.+*?()|[]{}^$/")


def quoted(value: str) -> str:
    """A string literal.

    Raises:
        CannotEncode: it holds a control character.
    """
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
        raise CannotEncode(f"YARA-L cannot hold the control characters of {value!r}")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def one_of(field: str, values: Sequence[str]) -> str:
    """The field equals one of the values."""
    tests = [f"{field} = {quoted(value)}" for value in values]
    return tests[0] if len(tests) == 1 else "(" + " or ".join(tests) + ")"


def one_of_lines(field: str, values: Sequence[str]) -> list[str]:
    """The field equals one of the values, a line for each."""
    if len(values) == 1:
        return [one_of(field, values)]
    tests = [f"{field} = {quoted(value)}" for value in values]
    return ["(", *(f"  {test} or" for test in tests[:-1]), f"  {tests[-1]}", ")"]


def starting_with(prefix: str) -> str:
    """A regular expression between slashes that texts match which begin so.

    Raises:
        CannotEncode: it holds a control character.
    """
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in prefix):
        raise CannotEncode(f"YARA-L cannot hold the control characters of {prefix!r}")
    # RE2 takes a backslash before any punctuation of ASCII; the slash would end the expression.
    escaped = "".join(f"\\{char}" if char in _SPECIAL else char for char in prefix)
    return f"/^{escaped}.*$/"


def rule(
    name: str, meta: Sequence[tuple[str, str]], sections: Sequence[tuple[str, Sequence[str]]]
) -> str:
    """A rule: its meta data and its sections, a line each."""
    lines = [f"rule {name} {{", "  meta:"]
    lines += [f"    {key} = {quoted(value)}" for key, value in meta]
    for section, body in sections:
        lines += ["", f"  {section}:", *(f"    {line}".rstrip() for line in body)]
    return "\n".join([*lines, "}", ""])


def comment(lines: Sequence[str]) -> str:
    """Lines that the language skips."""
    return "".join(f"// {line}\n" for line in lines)
