"""Strings in TOML and JSON: where each character of one stands in the file, so that text can be put into it."""

import json
import re
import string
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import NoFix

_TOML_ESCAPES = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    '"': '"',
    "\\": "\\",
    "e": "\x1b",
}
_JSON_ESCAPES = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    '"': '"',
    "\\": "\\",
    "/": "/",
}
_HEX = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True, slots=True)
class Written:
    """A string as it stands in a file.

    `quote` is what it stands between, `json` for a JSON string. `places` are the places of its characters in the file,
    and behind them that of its end.
    """

    quote: str
    text: str
    places: Sequence[int]

    @property
    def lines(self) -> bool:
        """Whether a line feed can be put into it."""
        return self.quote != "'"

    def encoded(self, addition: str) -> str:
        """The text as it is put into the string.

        Raises:
            NoFix: the string cannot hold it.
        """
        if self.quote == "json":
            return json.dumps(addition, ensure_ascii=False)[1:-1]
        if self.quote.startswith("'"):
            plain = addition.replace("\n", "") if self.quote == "'''" else addition
            if "'" in addition or not all(char == "\t" or char.isprintable() for char in plain):
                raise NoFix(
                    "the query is a literal string of TOML, which cannot hold a value of the exclusion"
                )
            return addition
        several = self.quote == '"""'
        return "".join(_basic(char, several) for char in addition)


def _basic(char: str, several: bool) -> str:
    if char == "\n":
        return "\n" if several else "\\n"
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def edited(file: str, edits: Sequence[tuple[int, str]]) -> str:
    """The file with texts put in at places; those of one place in their order."""
    newline = "\r\n" if "\r\n" in file else "\n"
    out, at = [], 0
    for place, addition in sorted(edits, key=lambda each: each[0]):
        out += [file[at:place], addition.replace("\n", newline)]
        at = place
    return "".join([*out, file[at:]])


@dataclass(frozen=True, slots=True)
class Member:
    """A key and its value in a file: where the line of the key begins, and the value from `begin` to `end`."""

    table: str
    key: str
    line: int
    begin: int
    end: int


_KEY = re.compile(
    r"""[ \t]*((?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*[\w-]+)*)[ \t]*=[ \t]*"""
)
_HEADER = re.compile(r"[ \t]*\[{1,2}[ \t]*([^\]\n]+?)[ \t]*\]{1,2}")
_TOML_STRING = re.compile(
    r'"{3}(?:\\.|[^\\])*?"{3,5}' r"|'{3}.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'", re.DOTALL
)


def toml_members(text: str) -> Iterator[Member]:
    """The keys of a TOML file that was read without an error."""
    table, at = "", 0
    while at < len(text):
        header, key = _HEADER.match(text, at), _KEY.match(text, at)
        if key is not None:
            end = _toml_value_end(text, key.end())
            yield Member(table, key[1].strip("\"'"), at, key.end(), end)
            at = end
        elif header is not None:
            table = header[1]
            at = header.end()
        following = text.find("\n", at)
        at = len(text) if following < 0 else following + 1


def _toml_value_end(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        char = text[at]
        if char in "\"'":
            found = _TOML_STRING.match(text, at)
            at = found.end() if found else at + 1
            if depth == 0:
                return at
            continue
        if char == "#":
            at = (text.find("\n", at) + len(text) + 1) % (len(text) + 1)
            if depth == 0:
                return at
            continue
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(char, 0)
        if depth == 0 and (char in "]}" or char == "\n"):
            return at + (char != "\n")
        at += 1
    return at


def toml_string(file: str, begin: int) -> Written | None:
    """The string that begins there; None where none does."""
    found = _TOML_STRING.match(file, begin)
    if found is None:
        return None
    quote = next(each for each in ('"""', "'''", '"', "'") if found[0].startswith(each))
    at, end = begin + len(quote), found.end() - len(quote)
    if len(quote) == 3:
        at += 2 if file.startswith("\r\n", at) else 1 if file.startswith("\n", at) else 0
    chars: list[str] = []
    places: list[int] = []
    while at < end:
        char, length = file[at], 1
        if file.startswith("\r\n", at):
            char, length = "\n", 2
        elif char == "\\" and quote.startswith('"'):
            char, length = _toml_escape(file, at)
        if char:
            chars.append(char)
            places.append(at)
        at += length
    return Written(quote, "".join(chars), [*places, end])


def _toml_escape(file: str, at: int) -> tuple[str, int]:
    following = file[at + 1]
    if following in _HEX:
        digits = file[at + 2 : at + 2 + _HEX[following]]
        return chr(int(digits, 16)), 2 + len(digits)
    if following in _TOML_ESCAPES:
        return _TOML_ESCAPES[following], 2
    # A backslash at the end of a line takes all white space with it.
    rest = at + 1
    while file[rest] in string.whitespace:
        rest += 1
    return "", rest - at


def json_members(text: str, begin: int) -> Iterator[Member]:
    """The keys of the JSON object that begins there, which was read without an error."""
    at = begin + 1
    while True:
        found = re.compile(r'[\s,]*"((?:\\.|[^"\\])*)"\s*:\s*').match(text, at)
        if found is None:
            return
        end = _json_value_end(text, found.end())
        yield Member("", found[1], found.start(), found.end(), end)
        at = end


_JSON_PIECE = re.compile(r'"(?:\\.|[^"\\])*"|[\[{]|[\]}]|,', re.DOTALL)


def _json_value_end(text: str, at: int) -> int:
    depth = 0
    for found in _JSON_PIECE.finditer(text, at):
        if found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth -= 1
            if depth <= 0:
                return found.end() if depth == 0 else found.start()
        elif depth == 0:
            return found.start() if found[0] == "," else found.end()
    return len(text)


def json_string(file: str, begin: int) -> Written | None:
    """The string that begins there; None where none does, or it holds half a character."""
    if not file.startswith('"', begin):
        return None
    at = begin + 1
    chars: list[str] = []
    places: list[int] = []
    while file[at] != '"':
        char, length = file[at], 1
        if char == "\\":
            following = file[at + 1]
            char, length = _JSON_ESCAPES.get(following, ""), 2
            if following == "u":
                code, length = int(file[at + 2 : at + 6], 16), 6
                if 0xD800 <= code < 0xDC00 and file.startswith("\\u", at + 6):
                    low = int(file[at + 8 : at + 12], 16)
                    code, length = 0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00, 12
                char = chr(code)
        chars.append(char)
        places.append(at)
        at += length
    return Written("json", "".join(chars), [*places, at])


def line_starts(text: str) -> Sequence[int]:
    """Where the lines of a text begin."""
    return [0, *(found.end() for found in re.finditer("\n", text))]


def line_of(starts: Sequence[int], place: int) -> int:
    """The number of the line, from 1 on, in which a place lies."""
    return bisect_right(starts, place)
