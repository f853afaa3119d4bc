"""Verdicts in a file, a line each and each exactly once, in files that follow one another."""

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..sink import Message, SinkError
from .file_rotation import rotated_files, rotated_name
from .file_tail import Tail, read_tail
from .rendering import Render, as_ndjson

WINDOW = 65_536
"""So many messages, at most, may lie between what the loop has stored as acknowledged and what it has sent.

After a crash the loop sends again what it had not stored as acknowledged. All of it is among the last `WINDOW`
lines, which are what a sink looks at when it opens its file. A loop that has sent so many stores its state before
it sends more.
"""

_MODE = 0o640
_LASTING = frozenset(
    (
        errno.EACCES,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    )
)
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a file ends and the next one begins.

    `most_bytes`: before a batch would make it larger. `period`: in seconds, counted in UTC from 1970, so that
    86,400 gives a file per day; a file whose last line is of an earlier period ends before the next line. `keep`
    is the number of ended files that are left; older ones are deleted, and None keeps all.
    """

    most_bytes: int | None = None
    period: int | None = None
    keep: int | None = None


class FileSink:
    """Appends lines to a file and has them on the disk before `send` returns.

    Exactly once: on opening, a last line that was not written whole is cut off, and messages whose ids stand in
    the last `window` lines (of ended files, too) are skipped when they are sent again. After any fault the file
    is opened anew, so that the same holds for a full disk.

    `PATH` of the form `name.suffix` ends as `name-YYYYmmddTHHMMSSZ.suffix`, with `-001` and so on behind the time
    where that exists. The folder and a link at PATH are followed once, when the sink is made; a link put there
    later is refused. One process writes to a file: it holds a lock. A file that another program moved away is
    begun anew.
    """

    def __init__(
        self,
        path: Path,
        *,
        rotation: Rotation = Rotation(),  # frozen
        render: Render = as_ndjson,
        window: int = WINDOW,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the file, or make it with mode 0640.

        Raises:
            SinkError: it cannot be opened, is no file, or is written by another process.
        """
        self.name = str(path)
        self._path = _followed(path)
        self._rotation = rotation
        self._render = render
        self._window = window
        self._clock = clock
        self._descriptor = -1
        self._known: dict[str, None] = {}
        self._open()

    def send(self, messages: Sequence[Message]) -> None:
        """See `Sink.send`."""
        try:
            if self._descriptor < 0 or not self._in_place():
                self._open()
            fresh = {each.id: each.line for each in messages if each.id not in self._known}
            lines = b"".join(self._render(line) + b"\n" for line in fresh.values())
            if lines:
                if self._has_ended(len(lines)):
                    self._rotate()
                self._append(lines)
        except OSError as error:
            self.close()
            raise SinkError(f"{self.name}: {error.strerror or error}") from error
        self._remember(fresh)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _open(self, *, knows: bool = False) -> None:
        """Open what stands at the name, or make it; `knows` says that the last ids are known already."""
        self.close()
        try:
            self._descriptor = os.open(self._path, _FLAGS, _MODE)
            if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                raise SinkError(f"{self.name} is no file; - is standard output", lasting=True)
            self._lock()
            tail = read_tail(self._descriptor, self._window)
            self._cut(tail)
            # What a killed process wrote may not be on the disk yet, and will be skipped from now on.
            os.fsync(self._descriptor)
            _sync_folder(self._path.parent)
            if not knows:
                self._learn(tail)
        except OSError as error:
            self.close()
            lasting = error.errno in _LASTING
            raise SinkError(f"{self.name}: {_reason(error)}", lasting=lasting) from error
        except SinkError:
            self.close()
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SinkError(f"{self.name}: another process writes to it", lasting=True) from error

    def _cut(self, tail: Tail) -> None:
        if not tail.torn:
            return
        if not tail.is_ours:
            raise SinkError(
                f"{self.name} does not end like a file of verdicts; name another", lasting=True
            )
        os.ftruncate(self._descriptor, tail.whole)

    def _learn(self, tail: Tail) -> None:
        """Take up the ids of the last lines, from ended files too where this one has too few."""
        ids, wanted = tail.ids, self._window - tail.lines
        for ended in reversed(rotated_files(self._path)):
            if not wanted:
                break
            descriptor = os.open(ended, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                before = read_tail(descriptor, wanted)
            finally:
                os.close(descriptor)
            ids, wanted = before.ids + ids, wanted - before.lines
        self._remember(ids)

    def _remember(self, ids: Iterable[str]) -> None:
        for each in ids:
            self._known.pop(each, None)
            self._known[each] = None
        while len(self._known) > self._window:
            del self._known[next(iter(self._known))]

    def _in_place(self) -> bool:
        """Whether the name still leads to the file that is open."""
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._descriptor))

    def _has_ended(self, more: int) -> bool:
        found = os.fstat(self._descriptor)
        limit, period = self._rotation.most_bytes, self._rotation.period
        if not found.st_size:
            return False
        if limit is not None and found.st_size + more > limit:
            return True
        return period is not None and found.st_mtime // period < self._clock() // period

    def _rotate(self) -> None:
        ended = rotated_files(self._path)
        os.rename(self._path, rotated_name(self._path, self._clock(), ended))
        _sync_folder(self._path.parent)
        if self._rotation.keep is not None:
            ended = rotated_files(self._path)
            for each in ended[: max(0, len(ended) - self._rotation.keep)]:
                with contextlib.suppress(FileNotFoundError):
                    each.unlink()
        self._open(knows=True)

    def _append(self, lines: bytes) -> None:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        os.fsync(self._descriptor)


def _followed(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # links that lead in a circle
        raise SinkError(f"{path}: {error}", lasting=True) from error


def _sync_folder(folder: Path) -> None:
    """Have the names in the folder on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return "it is a folder; name a file in it"
    return error.strerror or str(error)
