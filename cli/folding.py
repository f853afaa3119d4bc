"""Lines no wider than the terminal. They break at blanks, and behind separators in ids that fit on no line."""

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

# A piece is what is never broken: a run without blanks up to and with its separators.
_WORD = re.compile(r"\s*\S+\s*")
_PIECE = re.compile(r"[^\s.:/\-_@,]*[.:/\-_@,]*\s*")


def pieces(text: str) -> Iterator[tuple[int, int, int]]:
    """Where each piece of a line begins, ends, and ends with the blanks that follow it.

    >>> [text[begin:end] for text in ["aws.iam.delete-user: other actor"] for begin, end, _ in pieces(text)]
    ['aws.', 'iam.', 'delete-', 'user:', 'other', 'actor']
    """
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        assert found is not None
        end = found.end()
        yield at, at + len(text[at:end].rstrip()), end
        at = end


def longest_piece(text: str) -> int:
    """How wide the widest of its pieces is: less room than that breaks none, but does not hold it."""
    return max((cell_len(text[begin:end]) for begin, end, _ in pieces(text)), default=0)


def folded(text: Text, width: int, later: int = 0) -> list[Text]:
    """The lines of `text`, each at most `width` columns unless one piece alone is wider; the second and those after
    it are `later` columns narrower, for the indent that the caller gives them."""
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        lines += _folded(paragraph, width, later, begun=bool(lines))
    return lines or [Text("")]


def _folded(text: Text, width: int, later: int, *, begun: bool) -> Iterator[Text]:
    plain = text.plain
    start = stop = 0
    room = width - (later if begun else 0)
    for word in _WORD.finditer(plain):
        alone = cell_len(word[0].rstrip()) <= width - later
        parts = [(word.start(), word.start() + len(word[0].rstrip()), word.end())]
        if not alone:
            parts = [
                (word.start() + begin, word.start() + end, word.start() + after)
                for begin, end, after in pieces(word[0])
            ]
        for begin, end, _ in parts:
            if stop > start and cell_len(plain[start:end]) > room:
                yield text[start:stop]
                start = begin
                room = width - later
            stop = end
    yield text[start:stop]
