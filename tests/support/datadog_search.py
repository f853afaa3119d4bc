"""A model of Datadog's log search, of what the exported rules say in it, written from the vendor's reference:
https://docs.datadoghq.com/logs/explorer/search_syntax/

Terms stand together for AND, OR and parentheses group, `-` excludes, `@a:(x OR y)` asks one attribute for several.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Search = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r'\s*(?:(\()|(\))|(OR)\b|(-)|("(?:[^"\\]|\\.)*")|((?:[^\s()":\\]|\\.)+)(:?))')


def search(text: str) -> Search:
    """Whether a log fits, a log being its attributes and tags by their names, with dots for what lies within.

    Raises:
        ValueError: the text is none that the model knows.
    """
    reader = _Reader(text)
    found = reader.alternatives(reader.term)
    if reader.rest():
        raise ValueError(f"what is {reader.rest()!r}?")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text.rstrip(), 0

    def rest(self) -> str:
        return self._text[self._at :]

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._text, self._at)

    def _take(self) -> re.Match[str]:
        token = self._peek()
        if token is None:
            raise ValueError(f"what is {self.rest()!r}?")
        self._at = token.end()
        return token

    def alternatives(self, part: Callable[[], Search]) -> Search:
        found = [self._together(part)]
        while (token := self._peek()) and token[3]:
            self._take()
            found.append(self._together(part))
        return lambda log: any(each(log) for each in found)

    def _together(self, part: Callable[[], Search]) -> Search:
        found = [part()]
        while (token := self._peek()) and not token[2] and not token[3]:
            found.append(part())
        return lambda log: all(each(log) for each in found)

    def term(self) -> Search:
        token = self._take()
        if token[4]:
            excluded = self.term()
            return lambda log: not excluded(log)
        if token[1]:
            inner = self.alternatives(self.term)
            self._close()
            return inner
        if not token[7]:
            raise ValueError(f"a term without an attribute: {token[0]!r}")
        return self._values(_plain(token[6].removeprefix("@")))

    def _values(self, name: str) -> Search:
        def value() -> Search:
            token = self._take()
            if not token[5] and (not token[6] or token[7]):
                raise ValueError(f"no value: {token[0]!r}")
            return _equals(name, token[5] or token[6])

        if (token := self._peek()) and token[1]:
            self._take()
            found = self.alternatives(value)
            self._close()
            return found
        return value()

    def _close(self) -> None:
        if not self._take()[2]:
            raise ValueError("a parenthesis stays open")


def _equals(name: str, written: str) -> Search:
    if written == "*":
        return lambda log: log.get(name) is not None
    wanted = _plain(written[1:-1] if written.startswith('"') else written)
    return lambda log: _shown(log.get(name)) == wanted


def _plain(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written)


def _shown(value: Any) -> str | None:
    return str(value).lower() if isinstance(value, bool) else value
