"""How Sigma compares: the functions of its expressions, each of a field's value, or of any of its values.

Texts compare without case and know `*` and `?`; a missing or empty list of values equals nothing but null.
https://sigmahq.io/sigma-specification/specification/sigma-appendix-modifiers.html
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from ...errors import NotJudged
from ...expression import Function, Value
from .regex import BoundedRegex

_PLAIN_WORD = re.compile(r"[\w./-]+")


def text_of(value: Value) -> str:
    """A value as platforms write it.

    Raises:
        NotJudged: it is an object, which every platform writes otherwise.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        raise NotJudged(
            "it compares an object with a text, and every platform writes objects otherwise"
        )
    return str(value)


def _any(test: Callable[[Value], bool], value: Value) -> bool:
    if value is None:
        return False
    if isinstance(value, list | tuple):
        return any(test(each) for each in value)
    return test(value)


class _Fixed:
    """A part of a pattern, in which `?` is any character: it has one length."""

    def __init__(self, part: Sequence[str | None], cased: bool) -> None:
        texts = [each if cased or each is None else each.lower() for each in part]
        self.length = sum(1 if each is None else len(each) for each in texts)
        self.word = "".join(each or "" for each in texts)
        self._regex = None
        if None in texts:
            written = "".join("." if each is None else re.escape(each) for each in texts)
            self._regex = re.compile(written, re.DOTALL)

    def stands_at(self, text: str, at: int) -> bool:
        """Whether it stands at a place of the text."""
        if self._regex is not None:
            return self._regex.match(text, at) is not None
        return text.startswith(self.word, at)

    def find(self, text: str, at: int) -> int:
        """Where it stands first, at a place or behind it; -1 where it does not."""
        if self._regex is None:
            return text.find(self.word, at)
        found = self._regex.search(text, at)
        return found.start() if found else -1


class Pattern:
    """A text with wildcards. `parts` stand between `*` and are made of texts, and of None for `?`."""

    def __init__(self, parts: Sequence[Sequence[str | None]], cased: bool) -> None:
        self._parts = [_Fixed(part, cased) for part in parts]
        self._cased = cased
        plain = len(parts) == 3 and not parts[0] and not parts[2] and None not in parts[1]
        self._word = self._parts[1].word if plain else None

    def matches(self, text: str) -> bool:
        """Whether the whole text fits."""
        text = text if self._cased else text.lower()
        first, last = self._parts[0], self._parts[-1]
        if not first.stands_at(text, 0):
            return False
        if first is last:
            return first.length == len(text)
        at = self._behind(self._parts[1:-1], text, first.length)
        start = len(text) - last.length
        return 0 <= at <= start and last.stands_at(text, start)

    def within(self, text: str) -> bool:
        """Whether a part of the text fits."""
        return self._behind(self._parts, text if self._cased else text.lower(), 0) >= 0

    def _behind(self, parts: Sequence[_Fixed], text: str, at: int) -> int:
        """Where the parts end, each looked for once behind the one before; -1 where one is not there."""
        for part in parts:
            found = part.find(text, at)
            if found < 0:
                return -1
            at = found + part.length
        return at

    def in_object(self, value: Mapping[str, Any]) -> bool:
        """Whether one plain word stands in an object, however it is written.

        Raises:
            NotJudged: the pattern asks for more than that.
        """
        if self._word is None or not _PLAIN_WORD.fullmatch(self._word):
            text_of(value)
        return self.within(json.dumps(value, ensure_ascii=False))


@lru_cache(maxsize=65_536)
def pattern(written: str, cased: bool) -> Pattern:
    """The pattern of a text as Sigma writes it: `\\` before `*`, `?` and `\\` takes their meaning."""
    parts: list[list[str | None]] = [[]]
    text: list[str] = []

    def close() -> None:
        if text:
            parts[-1].append("".join(text))
            text.clear()

    at = 0
    while at < len(written):
        char = written[at]
        if char == "\\" and written[at + 1 : at + 2] in ("*", "?", "\\"):
            at += 1
            text.append(written[at])
        elif char == "*":
            close()
            parts.append([])
        elif char == "?":
            close()
            parts[-1].append(None)
        else:
            text.append(char)
        at += 1
    close()
    return Pattern(parts, cased)


def _matching(cased: bool) -> Function:
    def matches(value: Value, written: str) -> bool:
        wanted = pattern(written, cased)

        def one(each: Value) -> bool:
            if isinstance(each, Mapping):
                return bool(written) and wanted.in_object(each)
            return wanted.matches(text_of(each))

        return _any(one, value)

    return matches


def _keyword(value: Value, written: str) -> bool:
    wanted = pattern(written, False)
    return _any(lambda each: wanted.within(text_of(each)), value)


def _keyword_cased(value: Value, written: str) -> bool:
    wanted = pattern(written, True)
    return _any(lambda each: wanted.within(text_of(each)), value)


def _number_of(value: Value) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 10**300 else None
    if isinstance(value, str) and len(value) < 64:
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _equals_number(value: Value, number: float) -> bool:
    return _any(lambda each: _number_of(each) == number, value)


def _compared(test: Callable[[float, float], bool]) -> Function:
    def compares(value: Value, number: float) -> bool:
        def one(each: Value) -> bool:
            own = _number_of(each)
            return own is not None and test(own, number)

        return _any(one, value)

    return compares


def _equals_truth(value: Value, truth: bool) -> bool:
    wanted = "true" if truth else "false"
    return _any(
        lambda each: not isinstance(each, Mapping) and text_of(each).lower() == wanted, value
    )


@lru_cache(maxsize=2_048)
def bounded(written: str, flags: int) -> BoundedRegex:
    """The regular expression, compiled once.

    Raises:
        NotJudged: its time cannot be bounded, or it is none.
    """
    return BoundedRegex(written, flags)


def _regex(value: Value, written: str, flags: int) -> bool:
    search = bounded(written, flags).search
    return _any(lambda each: search(text_of(each)), value)


@lru_cache(maxsize=2_048)
def _network(written: str) -> IPv4Network | IPv6Network:
    return ip_network(written)


def _cidr(value: Value, written: str) -> bool:
    network = _network(written)

    def one(each: Value) -> bool:
        try:
            return isinstance(each, str) and ip_address(each) in network
        except ValueError:
            return False

    return _any(one, value)


def _refers(value: Value, other: Value, starts: bool, ends: bool) -> bool:
    """Whether a field's text equals, begins, ends with or (both) contains another field's."""

    def fits(own: str, wanted: str) -> bool:
        if starts and ends:
            return wanted in own
        if starts:
            return own.startswith(wanted)
        return own.endswith(wanted) if ends else own == wanted

    def one(each: Value) -> bool:
        own = text_of(each)

        def against(wanted: Value) -> bool:
            text = text_of(wanted)
            if fits(own, text):
                return True
            if fits(own.lower(), text.lower()):
                raise NotJudged(
                    "two fields differ in case only, which platforms compare differently"
                )
            return False

        return _any(against, other)

    return _any(one, value)


FUNCTIONS: Mapping[str, Function] = {
    "matches": _matching(False),
    "matches_cased": _matching(True),
    "keyword": _keyword,
    "keyword_cased": _keyword_cased,
    "equals_number": _equals_number,
    "equals_truth": _equals_truth,
    "lt": _compared(lambda own, other: own < other),
    "lte": _compared(lambda own, other: own <= other),
    "gt": _compared(lambda own, other: own > other),
    "gte": _compared(lambda own, other: own >= other),
    "re": _regex,
    "cidr": _cidr,
    "exists": lambda value: value is not None,
    "is_null": lambda value: value is None,
    "fieldref": _refers,
    "explained": lambda value: bool(value),
}
"""What expressions of Sigma call. `matches` and `keyword` take the text as Sigma writes it."""
