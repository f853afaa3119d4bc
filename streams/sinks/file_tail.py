"""The end of a file of verdicts: what is whole in it, and which messages those are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from .rendering import line_id

_PIECE = 1 << 20
_LONGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines of a file.

    `whole` is the length in bytes up to the end of the last whole line, `torn` the number of bytes behind it.
    `is_ours` says whether these look like the beginning of a line of ours (or like the zeros that a power failure
    leaves). `lines` is how many whole lines were looked at; `ids` are those of the messages among them, oldest
    first.
    """

    whole: int
    torn: int
    is_ours: bool
    lines: int
    ids: list[str]


def read_tail(descriptor: int, most: int) -> Tail:
    """The last `most` lines of an open file, read backwards: no more is read than they take.

    Raises:
        OSError: the file cannot be read.
    """
    size = os.fstat(descriptor).st_size
    backwards = _lines_backwards(descriptor, size)
    torn = next(backwards)
    seen, ids = 0, []
    if len(torn) <= _LONGEST:
        for line in backwards:
            if seen == most:
                break
            seen += 1
            if (found := line_id(line)) is not None:
                ids.append(found)
    ids.reverse()
    is_ours = len(torn) <= _LONGEST and (torn[:1] == b"{" or not torn.strip(b"\0"))
    return Tail(size - len(torn), len(torn), is_ours, seen, ids)


def _lines_backwards(descriptor: int, size: int) -> Iterator[bytes]:
    """What stands behind the last end of line, then the lines from the last to the first.

    It stops behind a line that is longer than any of ours could be.
    """
    begun: list[bytes] = []
    held, start = 0, size
    while start:
        length = min(_PIECE, start)
        start -= length
        first, *others = os.pread(descriptor, length, start).split(b"\n")
        if others:
            begun.append(others.pop())
            yield b"".join(reversed(begun))
            yield from reversed(others)
            begun, held = [], 0
        begun.append(first)
        held += len(first)
        if held > _LONGEST:
            break
    yield b"".join(reversed(begun))
