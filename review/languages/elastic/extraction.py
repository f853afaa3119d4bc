"""GROK and DISSECT: columns taken out of a text.

https://www.elastic.co/docs/reference/query-languages/esql/esql-process-data-with-dissect-grok
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from ...errors import NotJudged
from ...expression import Call, Expression, Function, Literal, Value
from .matching import length_for, safe

# The patterns of https://github.com/elastic/elasticsearch/tree/main/libs/grok that need no long table.
_PATTERNS = {
    "DATA": ".*?",
    "GREEDYDATA": ".*",
    "INT": "[+-]?[0-9]+",
    "NOTSPACE": r"\S+",
    "NUMBER": r"[+-]?[0-9]+(?:\.[0-9]+)?",
    "SPACE": r"\s*",
    "USER": "[a-zA-Z0-9._-]+",
    "USERNAME": "[a-zA-Z0-9._-]+",
    "WORD": r"\b\w+\b",
}


def grokked(subject: Expression, pattern: str, line: int) -> Mapping[str, Expression]:
    """The columns that GROK makes of the text.

    Raises:
        NotJudged: the pattern is not modelled.
    """
    _, names = _grok(pattern)
    return {name: _column("esql:grok", subject, pattern, name, line) for name in names}


def dissected(subject: Expression, pattern: str, line: int) -> Mapping[str, Expression]:
    """The columns that DISSECT makes of the text.

    Raises:
        NotJudged: the pattern is not modelled.
    """
    _, names = _dissect(pattern)
    return {
        name: _column("esql:dissect", subject, pattern, name, line)
        for name in names
        if name and not name.startswith("?")
    }


def _column(function: str, subject: Expression, pattern: str, name: str, line: int) -> Call:
    return Call(function, (subject, Literal(pattern, line), Literal(name, line)), line)


@lru_cache(maxsize=512)
def _grok(pattern: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """The expression, and its groups by column."""
    names: dict[str, str] = {}

    def group(name: str) -> str:
        if name in names:
            raise NotJudged(f"GROK with several values of {name} is not modelled")
        names[name] = f"g{len(names)}"
        return f"(?P<{names[name]}>"

    def known(found: re.Match[str]) -> str:
        if found[1] not in _PATTERNS:
            raise NotJudged(f"the GROK pattern {found[1]} is not modelled")
        if found[3]:
            raise NotJudged(f"the GROK type {found[3]} is not modelled")
        inner = _PATTERNS[found[1]]
        return f"{group(found[2])}{inner})" if found[2] else f"(?:{inner})"

    made = re.sub(r"%\{(\w+)(?::([\w.@\[\]-]+))?(?::(\w+))?\}", known, pattern)
    made = re.sub(r"\(\?<([A-Za-z_][\w.]*)>", lambda found: group(found[1]), made)
    return safe(made), names


def _grok_value(text: Value, pattern: Value, name: Value) -> Value:
    if not isinstance(text, str):
        return None
    compiled, names = _grok(str(pattern))
    if len(text) > length_for(compiled.pattern):
        return None
    # What begins with anything need not be looked for from every place.
    anchored = compiled.pattern.startswith(".*") and "\n" not in text
    found = compiled.match(text) if anchored else compiled.search(text)
    return found[names[str(name)]] if found else None


@lru_cache(maxsize=512)
def _dissect(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The delimiters, one more than there are keys, and the keys."""
    pieces = re.split(r"%\{([^}]*)\}", pattern)
    names = tuple(pieces[1::2])
    for name in names:
        if re.search(r"^[+*&]|->$|/", name):
            raise NotJudged(f"the DISSECT key {name} is not modelled")
    kept = [name for name in names if name and not name.startswith("?")]
    if not names or len(set(kept)) < len(kept):
        raise NotJudged("DISSECT without a key, or with the same twice, is not modelled")
    if "" in pieces[2:-1:2]:
        raise NotJudged("DISSECT with nothing between two keys is not modelled")
    return tuple(pieces[0::2]), names


def _dissect_value(text: Value, pattern: Value, name: Value) -> Value:
    if not isinstance(text, str):
        return None
    delimiters, names = _dissect(str(pattern))
    if not text.startswith(delimiters[0]):
        return None
    at, wanted = len(delimiters[0]), None
    for key, delimiter in zip(names, delimiters[1:], strict=True):
        end = text.find(delimiter, at) if delimiter else len(text)
        if end < 0:
            return None
        if key == name:
            wanted = text[at:end]
        at = end + len(delimiter)
    return wanted


FUNCTIONS: Mapping[str, Function] = {"esql:grok": _grok_value, "esql:dissect": _dissect_value}
"""What a column that was taken out calls."""
