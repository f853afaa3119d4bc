"""Splunk's .conf files, with where each value stands.

A line that ends with a backslash goes on in the next one: https://docs.splunk.com/Documentation/Splunk/latest/Admin/Howtoeditaconfigurationfile
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value: `value` as Splunk reads it, `places` the offset in the file of each of its characters.

    `start` is the offset of the line on which the key stands.
    """

    value: str
    places: list[int]
    start: int


@dataclass(frozen=True, slots=True)
class Stanza:
    """The settings below a name; of a key that is said twice, the last."""

    name: str
    line: int
    settings: Mapping[str, Setting]

    def value(self, key: str) -> str:
        """The value, empty where there is none."""
        setting = self.settings.get(key)
        return setting.value if setting else ""


def stanzas(text: str) -> Iterator[Stanza]:
    """All stanzas with a name, in order. What is no setting is skipped, as Splunk does."""
    name, began = "", 0
    settings: dict[str, Setting] = {}
    at = number = 0
    lines = [found[0] for found in _LINE.finditer(text)]
    while number < len(lines):
        first, start = number, at
        body = lines[number].rstrip("\r\n")
        at += len(lines[number])
        number += 1
        if body.startswith("[") and body.rstrip().endswith("]"):
            if name:
                yield Stanza(name, began, settings)
            name, began, settings = body.rstrip()[1:-1], first + 1, {}
            continue
        if not body.strip() or body.lstrip().startswith("#"):
            continue
        key, equals, value = body.partition("=")
        places = list(range(start + len(key) + 1, start + len(body)))
        parts = [value]
        while parts[-1].endswith("\\") and number < len(lines):
            more = lines[number].rstrip("\r\n")
            # The line break stands where the backslash was.
            parts[-1] = f"{parts[-1][:-1]}\n"
            parts.append(more)
            places.extend(range(at, at + len(more)))
            at += len(lines[number])
            number += 1
        value = "".join(parts)
        if equals:
            lead = len(value) - len(value.lstrip())
            kept = value.rstrip()
            settings[key.strip()] = Setting(kept[lead:], places[lead : len(kept)], start)
    if name:
        yield Stanza(name, began, settings)
