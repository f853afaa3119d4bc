"""A file of NDJSON that is read while it grows, and is sometimes cut short or replaced."""

import os
from hashlib import blake2b
from pathlib import Path

import msgspec

from ...events import LineReader, OnProblem, Problem, Record
from .position_types import Count

_PIECE = 1 << 20
_END = 1_024


class GrowingFilePosition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a growing file was read: `lines` whole lines, which end at byte `offset`.

    `inode` and `end`, a digest of the bytes before `offset`, tell whether a file is still the same: the beginning of
    a record says too little, since many begin alike.
    """

    inode: Count
    offset: Count = 0
    lines: Count = 0
    end: bytes = b""


class GrowingFile:
    """Reads on where `position` says. A half line waits for the rest of it.

    The file stays open once it was read, so that what a writer still adds is read even after the file was renamed
    or deleted.
    """

    def __init__(
        self, path: Path, on_problem: OnProblem, max_line_bytes: int, position: GrowingFilePosition
    ) -> None:
        self.path = path
        """Where it is now: renamed, it is still the same file."""
        self._on_problem = on_problem
        self._max = max_line_bytes
        self._descriptor = -1
        self._from(position)

    def _from(self, position: GrowingFilePosition) -> None:
        self.position = position
        self._at = position.offset
        self._lines = self._reader()

    def _reader(self) -> LineReader:
        return LineReader(
            str(self.path),
            self._on_problem,
            max_line_bytes=self._max,
            lines_before=self.position.lines,
        )

    @property
    def is_open(self) -> bool:
        """Whether it holds a descriptor."""
        return self._descriptor >= 0

    def read(self) -> list[Record] | None:
        """The records of the next piece; None where there is no more for now.

        Raises:
            OSError: it cannot be read.
        """
        if not self.is_open:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            if os.fstat(descriptor).st_ino != self.position.inode:
                os.close(descriptor)
                return None  # another file by now: the next look finds out which
            self._descriptor = descriptor
        if self._was_rewritten():
            self._begin_anew()
        piece = os.pread(self._descriptor, _PIECE, self._at)
        if not piece:
            return None
        self._lines.source = str(self.path)
        records = list(self._lines.take(piece))
        ended = piece.rfind(b"\n") + 1
        start = self._at + ended if ended else self.position.offset
        self._at += len(piece)
        if ended:
            self.position = GrowingFilePosition(
                self.position.inode, start, self._lines.lines, self._end_before(start)
            )
        return records

    def last(self) -> list[Record]:
        """The records of the last line where it has no end: nobody will write on."""
        return list(self._lines.end())

    def skip_all(self) -> None:
        """Take what is there now for read, up to the end of its last whole line.

        Raises:
            OSError: it cannot be read.
        """
        lines = at = start = 0
        with self.path.open("rb") as file:
            while piece := file.read(_PIECE):
                lines += piece.count(b"\n")
                ended = piece.rfind(b"\n") + 1
                start = at + ended if ended else start
                at += len(piece)
            file.seek(max(0, start - _END))
            end = _digest(file.read(min(_END, start)))
        self._from(GrowingFilePosition(self.position.inode, start, lines, end if start else b""))

    def close(self) -> None:
        """Let go of the file; a half line is read again when it is opened again."""
        if self.is_open:
            os.close(self._descriptor)
            self._descriptor = -1
            self._at = self.position.offset
            self._lines = self._reader()

    def _was_rewritten(self) -> bool:
        if os.fstat(self._descriptor).st_size < self._at:
            return True
        return (
            self.position.offset > 0 and self._end_before(self.position.offset) != self.position.end
        )

    def _end_before(self, offset: int) -> bytes:
        start = max(0, offset - _END)
        return _digest(os.pread(self._descriptor, offset - start, start))

    def _begin_anew(self) -> None:
        if self._at > self.position.offset:
            reason = "the file was cut short or written anew in the middle of this line"
            self._on_problem(Problem(str(self.path), f"line {self.position.lines + 1}", reason))
        self._from(GrowingFilePosition(self.position.inode))


def _digest(some: bytes) -> bytes:
    return blake2b(some, digest_size=8).digest()
