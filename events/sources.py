"""Where logs come from: files, folders, globs, standard input; and how much of them is read."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .problems import EventsError

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, or standard input where `path` is None. `size` is in bytes, None if unknown."""

    name: str
    path: Path | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile input, in bytes.

    CloudTrail's own records stay under 256 KB. `whole_file_bytes` is how much is decoded in one go;
    what is larger is read in pieces. A gzip file may expand to `max_expanded_bytes`, and beyond the
    first `whole_file_bytes` to at most `max_ratio` times its size.
    """

    max_record_bytes: int = 1 << 20
    max_expanded_bytes: int = 16 << 30
    max_ratio: int = 250
    whole_file_bytes: int = 48 << 20


def expand_sources(names: Sequence[str]) -> list[Source]:
    """The files behind what a person typed: files, folders (recursively), globs, `-`.

    Folders are walked in sorted order; hidden files, pipes, sockets and devices are left out, links to folders are not
    followed.

    Raises:
        EventsError: a name leads to no file.
    """
    found: dict[str, Source] = {}
    for name in names:
        for source in _expand(name):
            found.setdefault(source.name, source)
    return list(found.values())


def _expand(name: str) -> Iterator[Source]:
    if name == STDIN:
        yield Source("stdin", None, None)
        return
    path = Path(name)
    if path.is_dir():
        files = list(_walk(path))
        if not files:
            raise EventsError(f"{name}: the folder holds no files")
        yield from map(_source, files)
    elif path.exists():
        yield _source(path)
    elif glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))
        if not matches:
            raise EventsError(f"{name}: nothing matches")
        for match in matches:
            if os.path.isdir(match):
                yield from map(_source, _walk(Path(match)))
            else:
                yield _source(Path(match))
    else:
        raise EventsError(f"{name}: no such file or folder")


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        paths = (Path(parent, each) for each in sorted(files) if not each.startswith("."))
        # What is no file might never end, or never begin. A link that leads nowhere is told when it is opened.
        yield from (path for path in paths if path.is_file() or not path.exists())


def _source(path: Path) -> Source:
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError:
        size = None
    return Source(str(path), path, size)
