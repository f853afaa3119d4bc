"""A YAML scalar as it stands in its file: where each letter of its value is, and how more text is put among them.

https://yaml.org/spec/1.2.2/#chapter-7-flow-style-productions and chapter 8, as PyYAML reads them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from ...errors import NoFix

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_NAMED = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
          " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
          "\t": "\t"}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True, slots=True)
class Scalar:
    """`places` are the offsets in the file of the letters of `value`, empty where they could not be told.

    `start` and `end` are those of the scalar itself, its quotation marks or its `|` included.
    """

    value: str
    style: str | None
    start: int
    end: int
    places: Sequence[int]


def offsets(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(found.end() for found in _BREAK.finditer(text))]


def scalar_of(node: yaml.ScalarNode, text: str, begins: Sequence[int]) -> Scalar:
    """A scalar node of the file."""
    start = begins[node.start_mark.line] + node.start_mark.column
    end = begins[node.end_mark.line] + node.end_mark.column
    if node.style in ("|", ">"):
        value, places = _block(node.style, text, start, end)
    elif node.style in ("'", '"'):
        value, places = _flow(text, start + 1, end - 1, node.style)
    else:
        value, places = _flow(text, start, end, "")
    # A block's end may be read in two ways (its last line breaks): what is before counts.
    same = value.rstrip() == node.value.rstrip()
    return Scalar(node.value, node.style, start, end, places if same else ())


def put_in(scalar: Scalar, text: str, at: int, more: str) -> str:
    """The file with `more`, one line, before the value's letter at `at`; behind all of it where that is the length.

    Raises:
        NoFix: where the letters stand is not known, or YAML cannot hold one of `more`.
    """
    if not scalar.places or any(not each.isprintable() for each in more):
        raise NoFix("the search stands in the YAML in a way that review cannot edit")
    place = scalar.places[at] if at < len(scalar.places) else scalar.places[-1] + 1
    if scalar.style == '"':
        more = more.replace("\\", "\\\\").replace('"', '\\"')
    elif scalar.style == "'":
        more = more.replace("'", "''")
    elif scalar.style is None and (": " in more or " #" in more or more.endswith(":")):
        before, behind = text[scalar.start : place], text[place : scalar.end]
        quoted = "".join(part.replace("'", "''") for part in (before, more, behind))
        return f"{text[: scalar.start]}'{quoted}'{text[scalar.end :]}"
    return text[:place] + more + text[place:]


def _flow(text: str, start: int, end: int, quote: str) -> tuple[str, list[int]]:
    out: list[str] = []
    places: list[int] = []
    at = start
    while at < end:
        char = text[at]
        if quote == '"' and char == "\\":
            name = text[at + 1 : at + 2]
            if name in _HEX:
                digits = text[at + 2 : at + 2 + _HEX[name]]
                out.append(chr(int(digits, 16)))
                places.append(at)
                at += 2 + _HEX[name]
                continue
            line = _BREAK.match(text, at + 1)
            if line:
                at = line.end()
                while at < end and text[at] in " \t":
                    at += 1
                continue
            out.append(_NAMED.get(name, name))
            places.append(at)
            at += 2
            continue
        if quote == "'" and text.startswith("''", at):
            out.append("'")
            places.append(at)
            at += 2
            continue
        line = _BREAK.match(text, at)
        if line is None:
            out.append(char)
            places.append(at)
            at += 1
            continue
        # Blanks around a line break fold into one; a line without letters is a line break.
        while out and out[-1] in " \t":
            out.pop()
            places.pop()
        first, breaks = at, -1
        while at < end and (text[at] in " \t" or _BREAK.match(text, at)):
            found = _BREAK.match(text, at)
            breaks += found is not None
            at = found.end() if found else at + 1
        folded = "\n" * breaks or " "
        out.append(folded)
        places.extend([first] * len(folded))
    return "".join(out), places


def _block(style: str, text: str, start: int, end: int) -> tuple[str, list[int]]:
    header = _BREAK.search(text, start)
    if header is None:
        return "", []
    lines: list[tuple[int, str]] = []
    at = header.end()
    while at < len(text) and at < max(end, header.end()):
        found = _BREAK.search(text, at)
        stop = found.start() if found else len(text)
        lines.append((at, text[at:stop]))
        at = found.end() if found else len(text)
    given = re.match(r"[|>][+-]?([1-9])", text[start:])
    filled = [line for _, line in lines if line.strip(" ")]
    if not filled or given:
        return "", []
    indent = len(filled[0]) - len(filled[0].lstrip(" "))
    out: list[str] = []
    places: list[int] = []

    waiting = ""
    previous: str | None = None
    for began, line in lines:
        body = line[indent:] if line.strip(" ") else ""
        if not body:
            waiting += "\n"
            continue
        if previous is not None:
            plain = style == ">" and previous[0] not in " \t" and body[0] not in " \t"
            between = (waiting or " ") if plain else "\n" + waiting
        else:
            between = waiting
        where = began + indent
        out += [between, body]
        places += [where] * len(between)
        places += range(where, where + len(body))
        waiting, previous = "", body
    return "".join(out), places
