"""Reads `{name=value, name={name=value}}`, in which Athena and CloudTrail Lake write structs and maps as text.

The notation marks no text: a value may hold what parts one from the next. What can be read in more than one
way is not read.
"""

import re
from collections.abc import Callable

_NAME = re.compile(r"([A-Za-z_][\w.:/-]*)=")
_DEEPEST = 8


class _Unclear(Exception):
    """It is no struct, or may be read in more than one way."""


def struct_in(text: str) -> dict[str, object] | None:
    """The object that the text stands for, all values text; None where that is not clear.

    >>> struct_in("{type=AssumedRole, sessioncontext={attributes={mfaauthenticated=false}}, invokedby=null}")
    {'type': 'AssumedRole', 'sessioncontext': {'attributes': {'mfaauthenticated': 'false'}}, 'invokedby': None}
    >>> struct_in("{description=a, name=b, name=c}") is None
    True
    """
    try:
        value, end = _struct(text.strip(), 0, _DEEPEST)
    except _Unclear:
        return None
    return value if end == len(text.strip()) else None


def _struct(text: str, at: int, depth: int) -> tuple[dict[str, object], int]:
    if text[at : at + 1] != "{" or not depth:
        raise _Unclear
    found: dict[str, object] = {}
    at += 1
    if text[at : at + 1] == "}":
        return found, at + 1
    while True:
        name = _NAME.match(text, at)
        if name is None or name[1] in found:
            raise _Unclear
        found[name[1]], at = _value(text, name.end(), depth - 1)
        if text[at : at + 1] == "}":
            return found, at + 1
        at += 2  # ", "


def _value(text: str, at: int, depth: int) -> tuple[object, int]:
    if text[at : at + 1] == "{":
        return _struct(text, at, depth)
    if text[at : at + 1] == "[":
        return _list(text, at, depth)
    plain, end = _plain(text, at, lambda rest: _NAME.match(text, rest) is not None)
    return (None if plain == "null" else plain), end


def _list(text: str, at: int, depth: int) -> tuple[list[object], int]:
    found: list[object] = []
    at += 1
    if text[at : at + 1] == "]":
        return found, at + 1
    while depth:
        if text[at : at + 1] == "{":
            value: object
            value, at = _struct(text, at, depth - 1)
        else:
            end = min(
                (each for each in (text.find(", ", at), text.find("]", at)) if each >= 0),
                default=-1,
            )
            if end < 0 or "{" in text[at:end] or "[" in text[at:end]:
                raise _Unclear
            value, at = text[at:end], end
        found.append(value)
        if text[at : at + 1] == "]":
            return found, at + 1
        if text[at : at + 2] != ", ":
            raise _Unclear
        at += 2
    raise _Unclear


def _plain(text: str, at: int, is_next: Callable[[int], bool]) -> tuple[str, int]:
    """The text up to what ends it: the next name behind a comma, or the brace that closes the struct."""
    for end in range(at, len(text)):
        character = text[end]
        if character in "{[":
            raise _Unclear
        if character == "}" or (text.startswith(", ", end) and is_next(end + 2)):
            return text[at:end], end
    raise _Unclear
