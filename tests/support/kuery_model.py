"""A model of Kibana's query language, of what the exported rules on verdicts say, written from the vendor's reference:
https://www.elastic.co/docs/reference/query-languages/kql

`field: "text"`, `field: word`, `field: ("a" or "b")`; `and` binds tighter than `or`, `not` tighter than both. A
document is what lies in its members, with dots between their names; a field that it lacks has no value.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Search = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r'\s*(?:(?P<mark>[():])|(?P<text>"(?:[^"\\]|\\["\\])*")|(?P<word>[\w.]+))')


def search(text: str) -> Search:
    """Whether a document fits.

    Raises:
        ValueError: the text is none that the model knows.
    """
    reader = _Reader(text)
    found = reader.alternatives()
    if reader.rest():
        raise ValueError(f"what is {reader.rest()!r}?")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text.rstrip(), 0

    def rest(self) -> str:
        return self._text[self._at :]

    def _peek(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        return (found["mark"] or found["word"] or "") if found else ""

    def _take(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise ValueError(f"what is {self.rest()[:40]!r}?")
        self._at = found.end()
        return found

    def _expect(self, mark: str) -> None:
        if self._take()["mark"] != mark:
            raise ValueError(f"{mark!r} expected before {self.rest()[:40]!r}")

    def alternatives(self) -> Search:
        found = [self._together()]
        while self._peek() == "or":
            self._take()
            found.append(self._together())
        return lambda document: any(each(document) for each in found)

    def _together(self) -> Search:
        found = [self._test()]
        while self._peek() == "and":
            self._take()
            found.append(self._test())
        return lambda document: all(each(document) for each in found)

    def _test(self) -> Search:
        if self._peek() == "not":
            self._take()
            denied = self._test()
            return lambda document: not denied(document)
        if self._peek() == "(":
            self._take()
            inner = self.alternatives()
            self._expect(")")
            return inner
        field = self._take()["word"]
        if not field:
            raise ValueError(f"a field expected before {self.rest()[:40]!r}")
        self._expect(":")
        wanted = self._values()
        return lambda document: _value(document, field) in wanted

    def _values(self) -> set[str]:
        if self._peek() != "(":
            return {self._literal()}
        self._take()
        found = {self._literal()}
        while self._peek() == "or":
            self._take()
            found.add(self._literal())
        self._expect(")")
        return found

    def _literal(self) -> str:
        token = self._take()
        if token["text"]:
            return re.sub(r"\\(.)", r"\1", token["text"][1:-1])
        if not token["word"]:
            raise ValueError(f"a value expected before {self.rest()[:40]!r}")
        return token["word"]


def _value(document: Mapping[str, Any], field: str) -> str | None:
    held: Any = document
    for member in field.split("."):
        held = held.get(member) if isinstance(held, Mapping) else None
    if isinstance(held, bool):
        return str(held).lower()
    return held if isinstance(held, str) else None
