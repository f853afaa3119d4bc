"""What lies in a folder, and which form a file has."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from .dated_folders import DIGESTS

# What a copy is called until it is whole: rsync and browsers, and the AWS CLI's eight digits behind the name.
_TEMPORARY = re.compile(
    r"(?:\.(?:part|tmp|temp|partial|filepart|crdownload|swp)|~|\.[0-9A-Fa-f]{8})$"
)
_LINES = (".ndjson", ".jsonl", ".log")
_HEAD = 1 << 16
_YEAR = re.compile(r"[12][0-9]{3}")
_TWO_DIGITS = re.compile(r"[0-9]{2}")

Form = Literal["lines", "whole", "unknown"]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file: its path below the folder, with `/` between names, and what the system says of it."""

    path: str
    inode: int
    size: int
    changed: int
    """In nanoseconds since 1970, as the file says; a copy may bring it along."""


def walk(
    root: Path, is_over: Callable[[str, date], bool], on_failed: Callable[[str, OSError], None]
) -> Iterator[FoundFile]:
    """The files below `root`, in the order of their names.

    Hidden files, temporary names and digest files are left out, links to folders are not followed, and neither are
    folders of days of which `is_over(group, day)` holds. A folder that cannot be listed goes to `on_failed`.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(root / folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError as error:
            if not folder:
                on_failed(folder, error)
            continue
        except OSError as error:
            on_failed(folder, error)
            continue
        below: list[str] = []
        for entry in inside:
            if entry.name.startswith(".") or entry.name == DIGESTS:
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            if _is_folder(entry):
                if not _is_day_over(path, is_over):
                    below.append(path)
            elif not _TEMPORARY.search(entry.name) and (found := look_at(root, path)) is not None:
                yield found
        pending += reversed(below)


def look_at(root: Path, path: str) -> FoundFile | None:
    """The file of that path below `root`; None where it is none, or not there."""
    try:
        state = os.stat(root / path)
    except OSError:
        return None
    if not stat.S_ISREG(state.st_mode):
        return None
    return FoundFile(path, state.st_ino, state.st_size, state.st_mtime_ns)


def form_of(path: Path) -> Form:
    """Whether a file is NDJSON, to be read line by line as it grows, or to be read whole when it is all there.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "unknown"
    if head.startswith(b"\x1f\x8b") or path.suffix == ".gz":
        return "whole"
    if path.suffix in _LINES:
        return "lines"
    for line in head.split(b"\n")[:-1]:
        if line.strip():
            return "lines" if _is_object(line) else "whole"
    return "whole"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_day_over(path: str, is_over: Callable[[str, date], bool]) -> bool:
    """Whether the folder holds days that are over, and nothing else."""
    names = path.split("/")
    # The last day that the folder of a day, a month or a year may hold.
    for depth, rest in ((3, ()), (2, (31,)), (1, (12, 31))):
        if len(names) < depth or _YEAR.fullmatch(names[-depth]) is None:
            continue
        numbers = names[1 - depth :] if depth > 1 else []
        if not all(_TWO_DIGITS.fullmatch(each) for each in numbers):
            continue
        parts = [int(names[-depth]), *map(int, numbers), *rest]
        last = _last_day(parts)
        if last is not None and is_over("/".join(names[:-depth]), last):
            return True
    return False


def _last_day(parts: list[int]) -> date | None:
    year, month, day = parts
    for each in range(day, max(day - 4, 0), -1):  # the 31st of a shorter month
        try:
            return date(year, month, each)
        except ValueError:
            continue
    return None
