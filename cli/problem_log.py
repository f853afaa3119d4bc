"""Shows and keeps what could not be decoded: nothing is lost, and nothing floods the terminal."""

import base64
import os
import sys
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

import msgspec

from ..events import Problem
from .shown import shown

SHOWN = 10


class ProblemLog:
    """Takes in problems while a log is read. With a quarantine file each becomes a line of NDJSON there.

    A line holds source, position, reason, and the piece itself: `data` where it is UTF-8, else
    `data_base64`. `broken` counts pieces that were lost to the verdicts, `ignored` by name those that are no API
    calls by their nature. Notes about a source are shown.
    """

    def __init__(self, quarantine: Path | None = None, *, append: bool = False) -> None:
        self.broken = 0
        self.ignored: Counter[str] = Counter()
        self._shown: dict[tuple[str, str], Problem] = {}
        self._alike: Counter[tuple[str, str]] = Counter()
        self._notes: list[Problem] = []
        self._noted = 0
        self._path = quarantine
        self._mode = "ab" if append else "wb"
        self._file: BinaryIO | None = None
        self._dirty = False

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = cast(BinaryIO, self._path.open(self._mode))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, problem: Problem) -> None:
        """Count, keep and remember one problem."""
        if problem.ignored:
            self.ignored[problem.reason] += problem.count
            return
        if problem.note:
            self._noted += 1
            if len(self._notes) < SHOWN:
                self._notes.append(problem)
            return
        self.broken += 1
        kind = (problem.source, problem.reason)
        if kind in self._shown or len(self._shown) < SHOWN:
            self._shown.setdefault(kind, problem)
            self._alike[kind] += 1
        if self._file is not None:
            self._dirty = True
            self._file.write(msgspec.json.encode(_line(problem)) + b"\n")

    def flush(self) -> None:
        """Have on the disk what was added so far."""
        if self._file is not None and self._dirty:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._dirty = False

    def report(self) -> None:
        """Tell standard error what was not decodable, the first few with their places."""
        for note in self._notes:
            print(f"cascade: {shown(f'{note.source}: {note.reason}')}", file=sys.stderr)
        if self._noted > len(self._notes):
            print(f"cascade: so of {self._noted - len(self._notes)} more files", file=sys.stderr)
        for kind, problem in self._shown.items():
            alike = self._alike[kind] - 1
            place = f"{problem.position} and {alike} more" if alike else problem.position
            print(
                f"cascade: {shown(f'{problem.source}: {place}: {problem.reason}')}", file=sys.stderr
            )
        if self.broken:
            more = self.broken - sum(self._alike.values())
            kept = f", kept in {self._path}" if self._path is not None else ""
            others = f" ({more} more)" if more else ""
            print(f"cascade: not decodable: {self.broken}{others}{kept}", file=sys.stderr)


def _line(problem: Problem) -> dict[str, str]:
    line = {
        "source": problem.source,
        "position": problem.position,
        "reason": problem.reason,
    }
    if problem.data is not None:
        try:
            line["data"] = problem.data.decode()
        except UnicodeDecodeError:
            line["data_base64"] = base64.b64encode(problem.data).decode()
    return line
