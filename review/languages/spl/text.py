"""SPL as text: which line each character comes from, what is quoted, and where commands end."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import NotJudged

_OPAQUE = re.compile(
    r'```.*?```|`[^`]*`|"(?:[^"\\]|\\.)*"|[\[\]|]',
    re.DOTALL,
)
_HIDDEN = "\0"


@dataclass(frozen=True, slots=True)
class Text:
    """A part of a search. `lines` has the line in the file of each character."""

    value: str
    lines: Sequence[int]

    def part(self, start: int, end: int | None = None) -> "Text":
        """From `start` to before `end`."""
        return Text(self.value[start:end], self.lines[start:end])

    def line(self, at: int = 0) -> int:
        """The line of the character at `at`, the last one's behind the end; 0 where there is none."""
        return self.lines[min(at, len(self.lines) - 1)] if self.lines else 0

    def stripped(self) -> "Text":
        """Without blanks around it."""
        start = len(self.value) - len(self.value.lstrip())
        return self.part(start, max(start, len(self.value.rstrip())))


def joined(parts: Sequence[Text]) -> Text:
    """The parts, one behind the other."""
    lines: list[int] = []
    for part in parts:
        lines.extend(part.lines)
    return Text("".join(part.value for part in parts), lines)


def masked(text: str) -> str:
    """The text with quoted parts, macros, comments and subsearches blotted out, each letter by a NUL.

    Raises:
        NotJudged: a bracket is not closed.
    """
    out: list[str] = []
    at = depth = 0
    for found in _OPAQUE.finditer(text):
        between = text[at : found.start()]
        out.append(_HIDDEN * len(between) if depth else between)
        mark = found[0]
        if mark == "[":
            depth += 1
            out.append("[" if depth == 1 else _HIDDEN)
        elif mark == "]":
            depth -= 1
            if depth < 0:
                raise NotJudged("a bracket is closed that was not opened")
            out.append(_HIDDEN)
        elif mark == "|":
            out.append(_HIDDEN if depth else "|")
        else:
            out.append(_HIDDEN * len(mark))
        at = found.end()
    if depth:
        raise NotJudged("a bracket is not closed")
    out.append(text[at:])
    return "".join(out)


def bars(text: str) -> list[int]:
    """Where the bars stand that end a command."""
    return [at for at, char in enumerate(masked(text)) if char == "|"]


def commands(text: Text) -> Iterator[Text]:
    """The commands between the bars, without blanks around them; the first is empty where a bar begins the text."""
    start = 0
    for at in bars(text.value):
        yield text.part(start, at).stripped()
        start = at + 1
    yield text.part(start).stripped()


_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,"]+')


def words(text: str) -> list[str]:
    """Words between blanks and commas, quotation marks taken off."""
    return [unquoted(found[0]) for found in _WORD.finditer(text)]


def unquoted(text: str) -> str:
    """What stands between quotation marks; other text as it is.

    >>> unquoted('"a\\\\"b"')
    'a"b'
    """
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return re.sub(r'\\(["\\])', r"\1", text[1:-1])
