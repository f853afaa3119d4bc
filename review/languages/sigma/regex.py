"""Regular expressions of rules, matched within bounded time.

Python's `re` backtracks. What multiplies with the text's length or doubles its work is counted beforehand, and a
text that could take too long is refused.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from math import factorial
from typing import Any

from ...errors import NotJudged

MOST_STEPS = 100_000_000
MOST_PATTERN = 2_000
_LONG_TEXT = 100_000
_DULL_HEAD = re.compile(r"\A\.\*\??(?![?+{])")
_DULL_TAIL = re.compile(r"(?<!\\)\.\*\??\Z")


class BoundedRegex:
    """A pattern, and the texts short enough for it.

    Raises:
        NotJudged: the pattern is no regular expression of Python, or its time cannot be bounded.
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        if len(pattern) > MOST_PATTERN:
            raise NotJudged(f"a regular expression of {len(pattern):,} characters is too long")
        # What may be anything, or nothing, before or behind changes nothing for a search.
        pattern = _DULL_TAIL.sub("", _DULL_HEAD.sub("", pattern))
        try:
            self._pattern = re.compile(pattern, flags)
            parsed = import_module("re._parser").parse(pattern, flags)
            repeats, choices = _cost(parsed)
        except (re.error, RecursionError, OverflowError) as error:
            raise NotJudged(f"the regular expression {pattern!r} cannot be read: {error}") from None
        # One that begins at the beginning is tried there alone.
        first = [str(where) for operation, where in parsed[:1] if str(operation) == "AT"]
        anchored = first == ["AT_BEGINNING"] and not flags & re.MULTILINE
        self._most = _longest(repeats + (not anchored), choices)
        if self._most < 16:
            raise NotJudged(f"the regular expression {pattern!r} could take too long")
        self.search = lru_cache(maxsize=4_096)(self._search)

    def _search(self, text: str) -> bool:
        if len(text) > self._most:
            raise NotJudged(
                f"the regular expression {self._pattern.pattern!r} could take too long on "
                f"{len(text):,} characters"
            )
        return self._pattern.search(text) is not None


def _longest(repeats: int, choices: int) -> int:
    """The length of text n for which n ** repeats / repeats! * choices steps are few enough."""
    if choices > MOST_STEPS:
        return 0
    many = MOST_STEPS / choices * factorial(min(repeats, 100))
    return min(_LONG_TEXT, int(many ** (1 / max(repeats, 1))))


def _cost(parsed: Iterable[Any], inside: bool = False) -> tuple[int, int]:
    """How many repeats the pattern has one after another, and how many ways through its choices."""
    repeats, choices = 0, 1
    for operation, argument in parsed:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = argument
            if most <= 1:
                choices *= 2 if least != most else 1
                more, ways = _cost(body, inside)
            else:
                if inside:
                    raise NotJudged(
                        "a regular expression repeats what repeats: it could take for ever"
                    )
                more, ways = _cost(body, True)
                repeats += 1
            repeats, choices = repeats + more, choices * ways
        elif name == "BRANCH":
            costs = [_cost(each, inside) for each in argument[1]]
            if inside and not all(_one_character(each) for each in argument[1]):
                raise NotJudged("a regular expression repeats a choice: it could take for ever")
            repeats += max(each[0] for each in costs)
            choices *= sum(each[1] for each in costs)
        elif name == "SUBPATTERN":
            more, ways = _cost(argument[3], inside)
            repeats, choices = repeats + more, choices * ways
        elif name in ("ASSERT", "ASSERT_NOT"):
            more, ways = _cost(argument[1], inside)
            repeats, choices = repeats + more, choices * ways
        elif name in ("GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP"):
            raise NotJudged(
                "a regular expression refers to its own groups, which Sigma does not know"
            )
        choices = min(choices, MOST_STEPS + 1)
    return repeats, choices


def _one_character(parsed: Iterable[Any]) -> bool:
    return [str(operation) for operation, _ in parsed] == ["LITERAL"]
