"""A file of YARA-L as its rules, and a rule as its sections."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

MOST: Final = 500
"""Rules of a file."""

_SKIPPED: Final = re.compile(
    r"//[^\n]*|/\*[\s\S]*?\*/|\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`"
    r"|(?<=[=(,])(?P<blank>[ \t]*)/(?!/)(?:[^/\\\n]|\\.)+/"
)
_HEAD: Final = re.compile(r"\brule\s+(\w+)\s*\{")
_SECTION: Final = re.compile(r"\b(meta|events|match|outcome|condition|options|dedup)\s*:")
_META: Final = re.compile(r"(\w+)\s*=\s*(?:\"((?:[^\"\\\n]|\\.)*)\"|(\w+))")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands in a section: from `start` to `end` of the file."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """A rule. It begins at `start` of the file and ends at `end`; `name_at` is where its name stands.

    `closed` is whether its bracket is.
    """

    name: str
    name_at: tuple[int, int]
    start: int
    end: int
    sections: Mapping[str, Section]
    meta: Mapping[str, str]
    closed: bool


def _plain(text: str) -> str:
    """The text with comments, strings and regular expressions blanked out, all else where it stands."""
    return _SKIPPED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def without_comments(text: str) -> str:
    """The text with its comments blanked out."""
    return _SKIPPED.sub(
        lambda found: re.sub(r"[^\n]", " ", found[0]) if found[0][:2] in ("//", "/*") else found[0],
        text,
    )


def rules(text: str) -> Iterator[Written]:
    """The rules of a file, in order."""
    plain = _plain(text)
    at = 0
    for _ in range(MOST):
        head = _HEAD.search(plain, at)
        if head is None:
            return
        end = _closing(plain, head.end())
        found = list(_SECTION.finditer(plain, head.end(), end))
        bounds = [*(each.start() for each in found[1:]), end]
        sections = {
            each[1]: Section(text[each.end() : stop], each.end(), stop)
            for each, stop in zip(found, bounds, strict=True)
        }
        meta = sections.get("meta")
        pairs = _META.findall(without_comments(meta.text)) if meta else []
        about = {key: re.sub(r"\\(.)", r"\1", quoted) or word for key, quoted, word in pairs}
        closed = end < len(text)
        yield Written(head[1], head.span(1), head.start(), end + closed, sections, about, closed)
        at = end


def meta_values(section: Section) -> Iterator[tuple[str, int, int]]:
    """The keys of a meta section, and where in the file their values begin and end, without quotes."""
    for found in _META.finditer(without_comments(section.text)):
        start, end = found.span(2) if found[2] is not None else found.span(3)
        yield found[1], section.start + start, section.start + end


def _closing(plain: str, at: int) -> int:
    """Where the bracket closes that was opened before; the end of the text where it does not."""
    depth = 1
    for found in re.finditer(r"[{}]", plain[at:]):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return at + found.start()
    return len(plain)
