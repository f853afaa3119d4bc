"""JSON with the place of every value in its text, so that a text can be changed in one place alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn

from ....errors import Place
from ...errors import Unreadable

MOST_DEPTH = 60
_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_DECODER = JSONDecoder()
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Node:
    """A value: `start` and `end` bound it in the text; of an object or a list it holds nodes."""

    value: Any
    start: int
    end: int

    def get(self, key: str) -> "Node | None":
        """The member of an object; None where there is none."""
        return self.value.get(key) if isinstance(self.value, Mapping) else None

    def text(self, key: str) -> str | None:
        """The member of an object that is a text."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, str) else None

    def items(self, key: str) -> Sequence["Node"]:
        """The elements of a member that is a list."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, list) else ()

    def flag(self, key: str) -> bool:
        """Whether a member is true."""
        found = self.get(key)
        return found is not None and found.value is True


def parse(path: str, text: str) -> Node:
    """The text as nodes.

    Raises:
        Unreadable: it is no JSON, or nested too deeply.
    """
    at = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    reader = _Reader(path, text)
    found = reader.value(at, 0)
    if _end(text, found.end) != len(text):
        reader.refuse(found.end, "there is more behind the value")
    return found


def line_of(text: str, at: int) -> int:
    """The line of a place in a text, from 1."""
    return text.count("\n", 0, at) + 1


def _end(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


class _Reader:
    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = path, text
        self._after = 0

    def refuse(self, at: int, reason: str) -> NoReturn:
        line = line_of(self._text, at)
        column = at - self._text.rfind("\n", 0, at)
        raise Unreadable(Place(self._path, line, column), f"it is no JSON: {reason}")

    def value(self, at: int, depth: int) -> Node:
        if depth > MOST_DEPTH:
            self.refuse(at, "it is nested too deeply")
        at = _end(self._text, at)
        first = self._text[at : at + 1]
        if first == "{":
            return self._object(at, depth)
        if first == "[":
            return self._list(at, depth)
        if first == '"':
            text, end = self._string(at)
            return Node(text, at, end)
        found = _SCALAR.match(self._text, at)
        if found is None:
            self.refuse(at, "a value was expected")
        written = found[0]
        value: Any = _WORDS[written] if written in _WORDS else float(written)
        return Node(value, at, found.end())

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = _DECODER.raw_decode(self._text, at)
        except JSONDecodeError as error:
            self.refuse(error.pos, error.msg)
        return str(text), end

    def _list(self, at: int, depth: int) -> Node:
        found: list[Node] = []
        for start in self._members(at, "]"):
            found.append(self.value(start, depth + 1))
            self._after = found[-1].end
        return Node(found, at, self._after)

    def _object(self, at: int, depth: int) -> Node:
        found: dict[str, Node] = {}
        for start in self._members(at, "}"):
            if self._text[start : start + 1] != '"':
                self.refuse(start, "a name was expected")
            name, end = self._string(start)
            end = _end(self._text, end)
            if self._text[end : end + 1] != ":":
                self.refuse(end, "`:` was expected")
            if name in found:
                self.refuse(start, f"{name!r} is there twice")
            found[name] = self.value(end + 1, depth + 1)
            self._after = found[name].end
        return Node(found, at, self._after)

    def _members(self, at: int, closing: str) -> Iterator[int]:
        """Where each member begins; whoever asks leaves in `_after` where it ended, and finds the end there."""
        at = _end(self._text, at + 1)
        if self._text[at : at + 1] == closing:
            self._after = at + 1
            return
        while True:
            yield at
            at = _end(self._text, self._after)
            mark = self._text[at : at + 1]
            if mark == closing:
                self._after = at + 1
                return
            if mark != ",":
                self.refuse(at, f"`,` or `{closing}` was expected")
            at = _end(self._text, at + 1)
