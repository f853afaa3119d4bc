"""The names of files that have ended: `name-YYYYmmddTHHMMSSZ.suffix`, `name-YYYYmmddTHHMMSSZ-001.suffix`."""

import os
import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

_STAMP = "%Y%m%dT%H%M%SZ"
_MARK = re.compile(r"(\d{8}T\d{6}Z)(?:-(\d{3,}))?", re.ASCII)


def rotated_files(path: Path) -> list[Path]:
    """The files into which the one at `path` was rotated, oldest first; links and the like are none."""
    found = []
    with os.scandir(path.parent) as entries:
        for entry in entries:
            mark = _mark(path, entry.name)
            if mark is not None and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                found.append((mark, Path(entry.path)))
    return [each for _, each in sorted(found)]


def rotated_name(path: Path, now: float, ended: Sequence[Path]) -> Path:
    """What the file at `path` is called when it ends at `now`: behind all of `ended`, even if the clock went back."""
    stamp, count = datetime.fromtimestamp(now, UTC).strftime(_STAMP), 0
    last = _mark(path, ended[-1].name) if ended else None
    if last is not None and last[0] >= stamp:
        stamp, count = last[0], last[1] + 1
    while True:
        again = f"-{count:03}" if count else ""
        name = path.with_name(f"{path.stem}-{stamp}{again}{path.suffix}")
        if not os.path.lexists(name):
            return name
        count += 1


def _mark(path: Path, name: str) -> tuple[str, int] | None:
    """When, and as which of that second, a file of that name was rotated from `path`; None if it was not."""
    front, behind = f"{path.stem}-", path.suffix
    if not (name.startswith(front) and name.endswith(behind)):
        return None
    found = _MARK.fullmatch(name[len(front) : len(name) - len(behind)])
    return (found[1], int(found[2] or 0)) if found else None
