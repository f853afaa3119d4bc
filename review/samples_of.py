"""A text that a pattern of a rule matches: what somebody would type who has read the rule."""

import re
from importlib import import_module
from typing import Any

_MOST = 200
# What Python itself reads regular expressions with; it has no public name.
parser: Any = import_module("re._parser")
ops: Any = import_module("re._constants")


def texts(literal: str) -> tuple[str, ...]:
    """Texts that a constant of a rule may stand for: itself, wildcards filled, and as a regular expression."""
    plain = literal.strip()
    filled = plain.replace("*", "x").replace("?", "x").replace("%", "x")
    # A caller chooses the last part of an ARN, and not the rest.
    found = [plain.strip("*%"), filled, re.split(r"[/:]", filled)[-1], literal]
    found.append(_of_regex(plain.strip("/")))
    return tuple(dict.fromkeys(each for each in found if each and len(each) <= _MOST))


def _of_regex(pattern: str) -> str:
    if len(pattern) > _MOST:
        return ""
    try:
        return _spelt(parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return ""


def _spelt(parts: Any) -> str:
    return "".join(_part(op, value) for op, value in parts)


def _part(op: Any, value: Any) -> str:
    if op is ops.LITERAL:
        return chr(int(value))
    if op is ops.IN:
        return _one_of(value)
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
        least, _, inner = value
        return _spelt(inner) * min(int(least), _MOST)
    if op is ops.SUBPATTERN:
        return _spelt(value[-1])
    if op is ops.BRANCH:
        return _spelt(value[1][0])
    return "x" if op in (ops.ANY, ops.NOT_LITERAL) else ""


def _one_of(values: Any) -> str:
    for op, value in values:
        if op is ops.LITERAL:
            return chr(int(value))
        if op is ops.RANGE:
            return chr(value[0])
        if op is ops.CATEGORY:
            return "1" if value is ops.CATEGORY_DIGIT else "x"
        if op is ops.NEGATE:
            return "x"
    return "x"
