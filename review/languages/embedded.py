"""A query inside a file of YAML or JSON: what it says, where it stands, and the file with parts of it changed."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from ..errors import NoFix

Edits = Sequence[tuple[int, int, str]]
"""From and to in the query, and what shall stand there."""

_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_SPELT_OUT: Final = {
    "\x85": "\\u0085",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
    "\ufeff": "\\ufeff",
}


@dataclass(frozen=True, slots=True)
class Embedded:
    """A query. `line` is where its text begins in the file; `edited` gives the whole file with the edits made.

    `edited` raises `NoFix` where the file's way of writing it has no place for them.
    """

    text: str
    line: int
    edited: Callable[[Edits], str]


def in_yaml(text: str, node: yaml.ScalarNode) -> Embedded:
    """The query of a scalar of a YAML file."""
    lines = _starts(text)
    first = node.start_mark.line
    if node.style != "|":
        start = lines[first] + node.start_mark.column
        end = lines[node.end_mark.line] + node.end_mark.column
        folded = node.style == ">"
        return Embedded(
            node.value,
            first + 1,
            lambda edits: _requoted(text, node.value, start, end, folded, edits),
        )
    return Embedded(
        node.value, first + 2, lambda edits: _in_block(text, node.value, lines, first, edits)
    )


def _starts(text: str) -> list[int]:
    """Where the lines of the file begin, as YAML counts them, and its end."""
    return [0, *(found.end() for found in _BREAK.finditer(text)), len(text)]


def _applied(text: str, edits: Edits) -> str:
    for start, end, new in sorted(edits, key=lambda each: each[0])[::-1]:
        text = text[:start] + new + text[end:]
    return text


def _requoted(text: str, value: str, start: int, end: int, folded: bool, edits: Edits) -> str:
    if folded:
        raise NoFix("the query is written as a folded scalar (>): write it as a literal one (|)")
    written = json.dumps(_applied(value, edits), ensure_ascii=False)
    for char, escape in _SPELT_OUT.items():
        written = written.replace(char, escape)
    return text[:start] + written + text[end:]


def _in_block(text: str, value: str, lines: Sequence[int], header: int, edits: Edits) -> str:
    written = value.split("\n")
    sample = next((at for at, line in enumerate(written) if line.strip()), None)
    if sample is None:
        raise NoFix("the query is empty")
    held = _BREAK.sub("", text[lines[header + 1 + sample] : lines[header + 2 + sample]])
    indent = len(held) - len(written[sample])
    ending = _BREAK.search(text)
    newline = (ending[0] if ending else "\n") + " " * indent
    moved = []
    for start, end, new in edits:
        places = []
        for at in (start, end):
            number = value.count("\n", 0, at)
            column = at - (value.rfind("\n", 0, at) + 1)
            places.append(lines[header + 1 + number] + indent + column)
        moved.append((places[0], places[1], new.replace("\n", newline)))
    return _applied(text, moved)


def in_json(text: str, path: Sequence[str | int]) -> Embedded:
    """The query of a string in a JSON file, at a path of members and elements that the file has."""
    at = _located(text, path)
    value, end = json.JSONDecoder().raw_decode(text, at)
    return Embedded(
        value, text.count("\n", 0, at) + 1, lambda edits: _in_string(text, at + 1, end - 1, edits)
    )


def _in_string(text: str, start: int, end: int, edits: Edits) -> str:
    """The edits made between the quotes, all else left in the escapes in which it stands."""
    places, at = [], start
    while at < end:
        places.append(at)
        pair = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}").match(
            text, at
        )
        at += 12 if pair else 6 if text.startswith("\\u", at) else 2 if text[at] == "\\" else 1
    places.append(end)
    moved = [(places[first], places[last], json.dumps(new)[1:-1]) for first, last, new in edits]
    return _applied(text, moved)


def _located(text: str, path: Sequence[str | int]) -> int:
    decoder = json.JSONDecoder()
    blank = re.compile(r"[ \t\r\n]*")

    def skip(place: int) -> int:
        found = blank.match(text, place)
        return found.end() if found else place

    at = skip(1 if text.startswith("\ufeff") else 0)
    for wanted in path:
        at, number = skip(at + 1), 0
        while True:
            key: Any = number
            if isinstance(wanted, str):
                key, at = decoder.raw_decode(text, at)
                at = skip(skip(at) + 1)
            # Of two members of one name the last one counts.
            if key == wanted and not (
                isinstance(wanted, str) and _again(decoder, text, at, wanted, skip)
            ):
                break
            _, at = decoder.raw_decode(text, at)
            at, number = skip(skip(at) + 1), number + 1
    return at


def _again(
    decoder: json.JSONDecoder, text: str, at: int, wanted: str, skip: Callable[[int], int]
) -> bool:
    """Whether a member of the same name follows in the object."""
    while True:
        _, at = decoder.raw_decode(text, at)
        at = skip(at)
        if text[at : at + 1] != ",":
            return False
        key, at = decoder.raw_decode(text, skip(at + 1))
        if key == wanted:
            return True
        at = skip(skip(at) + 1)


def mapping_of(node: yaml.Node | None) -> Mapping[str, yaml.Node]:
    """The values of a mapping of YAML by their keys; empty where it is none."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
