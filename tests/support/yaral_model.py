"""A model of YARA-L's rules about single events, of what the exported ones say, written from the vendor's reference:
https://cloud.google.com/chronicle/docs/yara-l/yara-l-2-0-syntax

The lines of `events` hold together; `and`, `or`, `not`, parentheses, `=`, `!=`, `in %table.column`. A field that an
event lacks is the empty text.
"""

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

Event = Mapping[str, Any]
Rule = Callable[[Event], bool]
Tables = Mapping[str, Collection[str]]

_TOKEN = re.compile(
    r'\s*(?:(?P<mark>[()]|!=|=)|(?P<word>and|or|not|in)\b|(?P<text>"(?:[^"\\]|\\.)*")'
    r'|\$(?P<variable>\w+)(?P<path>(?:\.\w+(?:\["[^"]*"\])?)+)|%(?P<table>\w+\.\w+))'
)


def rule(text: str, tables: Tables = MappingProxyType({})) -> Rule:
    """Whether the rule of that text detects something in an event. `tables` holds columns by `table.column`.

    Raises:
        ValueError: the rule says what the model does not know.
    """
    body = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    if re.search(r"^  match:", body, re.MULTILINE):
        raise ValueError("a rule with a match section is not about single events")
    section = re.search(r"^  events:\n(.*?)\n\n  outcome:", body, re.DOTALL | re.MULTILINE)
    if section is None:
        raise ValueError("no events section")
    reader = _Reader(section[1], tables)
    lines = [reader.alternatives()]
    while reader.more():
        lines.append(reader.alternatives())
    return lambda event: all(line(event) for line in lines)


class _Reader:
    def __init__(self, text: str, tables: Tables) -> None:
        self._text, self._at, self._tables = text.rstrip(), 0, tables

    def more(self) -> bool:
        return self._at < len(self._text)

    def _peek(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        return (found["mark"] or found["word"] or "") if found else ""

    def _take(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise ValueError(f"what is {self._text[self._at :][:40]!r}?")
        self._at = found.end()
        return found

    def alternatives(self) -> Rule:
        found = [self._together()]
        while self._peek() == "or":
            self._take()
            found.append(self._together())
        return lambda event: any(each(event) for each in found)

    def _together(self) -> Rule:
        found = [self._test()]
        while self._peek() == "and":
            self._take()
            found.append(self._test())
        return lambda event: all(each(event) for each in found)

    def _test(self) -> Rule:
        if self._peek() == "not":
            self._take()
            denied = self._test()
            return lambda event: not denied(event)
        if self._peek() == "(":
            self._take()
            inner = self.alternatives()
            if self._take()["mark"] != ")":
                raise ValueError("a parenthesis stays open")
            return inner
        path = self._take()["path"]
        operator, operand = self._take(), self._take()
        if operator["word"] == "in":
            column = self._tables[operand["table"]]
            return lambda event: read(event, path) in column
        wanted = re.sub(r"\\(.)", r"\1", operand["text"][1:-1])
        equal = {"=": True, "!=": False}[operator["mark"]]
        return lambda event: (read(event, path) == wanted) is equal


def read(event: Event, path: str) -> str:
    """The field of the event at a path such as `.additional.fields["action"]`; the struct's fields are its members."""
    found: Any = event
    for step, member in re.findall(r'\.(\w+)(?:\["([^"]*)"\])?', path):
        found = found.get(step, {}) if step != "fields" else found
        found = found.get(member, "") if member else found
    return found if isinstance(found, str) else ""
