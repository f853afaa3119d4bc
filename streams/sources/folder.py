"""A folder or a file that grows: delivered log files, and NDJSON that is written while we read."""

import heapq
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ...events import OnProblem, Problem, Record
from ...events import Source as FileSource
from ..source import SourceError
from .clock import SYSTEM, Clock
from .dated_folders import DatedFolder, Delivered, delivered, order, today
from .folder_listing import FoundFile, form_of, look_at, walk
from .folder_position import FolderState, WholeFilePosition, decoded, encoded
from .growing_file import GrowingFile, GrowingFilePosition
from .options import SourceOptions
from .whole_file import WholeFile

_INTERVAL = 1.0
_RETRY = 60.0
_OPEN = 64
_AT_ONCE = 20_000
# A file that was last written so long ago is not being written now.
_OLD = 600.0


@dataclass(slots=True)
class _Reading:
    """A whole file while it is read, and its place where it was delivered by day."""

    place: Delivered | None
    file: WholeFile


@dataclass(slots=True)
class _Growth:
    """A growing file in which there is more; `last`: and nobody will write on, since it is gone."""

    file: GrowingFile
    last: bool = False


class Folder:
    """Every log file of a folder, or one file, as files come and grow; looked at every `poll_interval` seconds.

    A file whose lines are JSON objects is read line by line as it grows. It is known by its inode: renamed, it
    is read to its end before the one that took its name; cut short or written anew, it begins anew. Any other
    file is read whole, once it has not changed for `settling` seconds; what of it cannot be read is told then.
    If it grows nevertheless, what it holds beyond what was given follows. A link to a file is read as the file.
    What a rotation compresses is another file, and is read again: the engine knows its events by their ids.

    Memory and position: of each file that is there about 100 bytes; of files in dated folders (FOLDER/YYYY/MM/DD, as
    CloudTrail delivers) eight bytes each for the newest day and `lookback_days` before it, and of those of earlier days
    nothing: they are not looked at again. A file that is gone is forgotten. Files of days further ahead than
    tomorrow are read, and do not count as the newest.
    """

    forgets = False

    def __init__(
        self,
        path: str,
        on_problem: OnProblem,
        options: SourceOptions,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        self.name = path
        self._on_problem = on_problem
        self._options = options
        self._clock = clock
        typed = Path(path)
        try:
            mode = typed.stat().st_mode
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from error
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise SourceError(f"{path}: is neither a file nor a folder")
        self._only = None if stat.S_ISDIR(mode) else typed.name
        self._root = typed if self._only is None else typed.parent
        self._started = options.start == "earliest"
        self._dated: dict[str, DatedFolder] = {}
        self._wholes: dict[str, WholeFilePosition] = {}
        self._growing: dict[str, GrowingFile] = {}
        self._open: list[GrowingFile] = []
        self._drained: dict[GrowingFile, tuple[int, int]] = {}
        self._changes: dict[str, tuple[int, int, float]] = {}
        self._refused: dict[str, float] = {}
        self._queue: deque[FoundFile | _Growth] = deque()
        self._reading: _Reading | None = None
        self._next_look = 0.0

    def poll(self, wait: float) -> Sequence[Record] | None:
        """See `Source`. A folder never ends."""
        now = self._clock.steady
        deadline = now() + wait
        while True:
            if self._queue:
                records = self._step(self._queue[0])
                if records:
                    return records
            elif now() >= self._next_look:
                self._look()
            elif now() < deadline:
                self._clock.wait(min(deadline, self._next_look) - now())
            if now() >= deadline:
                return []

    @property
    def busy(self) -> bool:
        """See `Source`. A file that may still be written is waited for."""
        return bool(self._queue or self._changes)

    def position(self) -> bytes:
        """See `Source`."""
        positions = {path: file.position for path, file in self._growing.items()}
        return encoded(FolderState(self._started, self._dated, self._wholes, positions))

    def resume(self, position: bytes) -> None:
        """See `Source`."""
        try:
            state = decoded(position, self._options.lookback_days)
        except ValueError as error:
            raise SourceError(f"{self.name}: the stored position is none of a folder") from error
        self._started = state.started
        self._dated = state.dated
        self._wholes = state.wholes
        for path, reached in state.growing.items():
            self._grower_at(path, reached)

    def settle(self) -> None:
        """See `Source`. Nothing is deleted."""

    def close(self) -> None:
        """See `Source`."""
        if self._reading is not None:
            self._reading.file.close()
        for file in self._open:
            file.close()

    def _look(self) -> None:
        """Find out what has changed, and queue what is to be read."""
        failed: list[str] = []

        def on_failed(folder: str, error: OSError) -> None:
            failed.append(folder)
            self._refuse(folder, error)

        self._next_look = self._clock.steady() + (self._options.poll_interval or _INTERVAL)
        files = {each.path: each for each in self._files(on_failed)}
        if "" in failed:
            return  # the folder itself is away, which says nothing of its files
        self._queue += [_Growth(file, last=True) for file in self._follow_renames(files, failed)]
        if not self._started:
            self._take_as_read(files)
        grown = [path for path in self._growing if self._has_grown(files.get(path))]
        # Of two that were written one after the other, the one that was renamed is the earlier.
        grown.sort(key=lambda path: (files[path].changed, path))
        self._queue += [_Growth(self._growing[path]) for path in grown]
        due = heapq.nsmallest(_AT_ONCE, self._due(files), key=lambda each: order(each.path))
        self._queue += due
        if len(due) == _AT_ONCE:
            self._next_look = 0.0

    def _files(self, on_failed: Callable[[str, OSError], None]) -> Iterator[FoundFile]:
        if self._only is None:
            yield from walk(self._root, self._is_over, on_failed)
            return
        found = look_at(self._root, self._only)
        if found is not None:
            yield found
        known = {file.position.inode for file in self._growing.values()}
        if found is not None:
            known.discard(found.inode)
        if known:
            # It was renamed: it lies beside the one that took its name.
            try:
                names = sorted(os.listdir(self._root))
            except OSError as error:
                on_failed("", error)
                return
            for name in names:
                other = look_at(self._root, name) if name != self._only else None
                if other is not None and other.inode in known:
                    yield other

    def _follow_renames(self, files: dict[str, FoundFile], failed: list[str]) -> list[GrowingFile]:
        """Note new names and forget what is gone; gives the files that are gone and still open."""
        by_inode = {each.inode: each for each in files.values()}
        gone = []
        growing: dict[str, GrowingFile] = {}
        for path, file in self._growing.items():
            found = files.get(path)
            if found is None or found.inode != file.position.inode:
                found = by_inode.get(file.position.inode)
            if found is not None:
                file.path = self._root / found.path
                growing[found.path] = file
            elif _is_below(path, failed):
                growing[path] = file
            else:
                self._drained.pop(file, None)
                if file.is_open:
                    gone.append(file)
        self._growing = growing
        wholes: dict[str, WholeFilePosition] = {}
        for path, position in self._wholes.items():
            found = files.get(path) or by_inode.get(position.inode)
            if found is not None and (found.path == path or position.is_of(found)):
                wholes[found.path] = position
            elif _is_below(path, failed):
                wholes[path] = position
        self._wholes = wholes
        self._changes = {path: each for path, each in self._changes.items() if path in files}
        self._refused = {
            path: each
            for path, each in self._refused.items()
            if path in files or path in failed or _is_below(path, failed)
        }
        return gone

    def _take_as_read(self, files: dict[str, FoundFile]) -> None:
        """What is there at the beginning is not read."""
        self._started = True
        for found in files.values():
            place = self._place(found.path)
            try:
                if not found.path.endswith(".gz") and form_of(self._root / found.path) == "lines":
                    file = self._grower(found)
                    file.skip_all()
                    continue
            except OSError as error:
                self._refuse(found.path, error)
            if place is not None:
                self._folder(place).add(place)
            else:
                position = WholeFilePosition(
                    found.inode, found.size, found.changed, given=0, done=True
                )
                self._wholes[found.path] = position

    def _has_grown(self, found: FoundFile | None) -> bool:
        if found is None or self._is_refused(found.path):
            return False
        return self._drained.get(self._growing[found.path]) != (found.size, found.changed)

    def _due(self, files: dict[str, FoundFile]) -> Iterator[FoundFile]:
        """The files that are to be read whole, or of which it is not yet known how."""
        for found in files.values():
            if found.path in self._growing or not found.size or self._is_refused(found.path):
                continue
            place, position = self._place(found.path), self._wholes.get(found.path)
            if position is not None:
                if not (position.done and position.is_of(found)):
                    yield found
            elif place is None or not self._folder(place).has(place):
                yield found

    def _step(self, job: FoundFile | _Growth) -> list[Record]:
        """A piece of what is to be done first; it leaves the queue when there is no more of it."""
        path = job.path if isinstance(job, FoundFile) else self._name_of(job.file)
        try:
            records = self._read(job) if isinstance(job, FoundFile) else self._drain(job)
        except FileNotFoundError:
            records = None
        except OSError as error:
            self._refuse(path, error)
            records = None
            if isinstance(job, _Growth):
                job.file.close()
        if records is None:
            self._queue.popleft()
        return records or []

    def _drain(self, job: _Growth) -> list[Record] | None:
        file = job.file
        if job.last and not file.is_open:
            return None
        found = None if job.last else look_at(self._root, self._name_of(file))
        records = file.read()
        if file in self._open:
            self._open.remove(file)
        if job.last:
            if records is None:
                records = file.last()
                file.close()
            return records
        self._open.append(file)
        while len(self._open) > _OPEN:
            self._open.pop(0).close()
        if records is None and found is not None:
            self._drained[file] = (found.size, found.changed)
        return records

    def _read(self, found: FoundFile) -> list[Record] | None:
        if self._reading is None:
            form = form_of(self._root / found.path)
            if form == "lines" and found.path not in self._wholes:
                self._queue[0] = _Growth(self._grower(found))
                return []
            if form == "unknown" or not self._has_settled(found):
                return None
            self._reading = self._begin(found)
        reading = self._reading
        records = reading.file.portion()
        if records is None:
            self._reading = None
            self._changes.pop(found.path, None)
            if reading.place is not None and not reading.file.faulty:
                self._wholes.pop(found.path, None)
                self._folder(reading.place).add(reading.place)
                return None
        given, done = reading.file.given, records is None
        position = WholeFilePosition(found.inode, found.size, found.changed, given, done)
        self._wholes[found.path] = position
        return records

    def _begin(self, found: FoundFile) -> _Reading:
        path, position = self._root / found.path, self._wholes.get(found.path)
        same = position is not None and position.is_of(found)
        grown = (
            position is not None and position.inode == found.inode and position.size <= found.size
        )
        file = WholeFile(
            FileSource(str(path), path, found.size),
            self._options.limits,
            self._on_problem,
            skip=position.given if position is not None and (same or grown) else 0,
            quiet=same,
        )
        return _Reading(self._place(found.path), file)

    def _has_settled(self, found: FoundFile) -> bool:
        if found.changed / 1e9 < self._clock.wall() - max(_OLD, self._options.settling):
            return True
        now = self._clock.steady()
        size, changed, since = self._changes.get(found.path, (-1, -1, now))
        if (size, changed) != (found.size, found.changed):
            self._changes[found.path] = (found.size, found.changed, now)
            since = now
        return now - since >= self._options.settling

    def _is_over(self, group: str, day: date) -> bool:
        folder = self._dated.get(group)
        return folder is not None and folder.is_over(day)

    def _place(self, path: str) -> Delivered | None:
        place = delivered(path)
        if place is None or place.day > today(self._clock.wall()) + timedelta(1):
            return None
        return place

    def _folder(self, place: Delivered) -> DatedFolder:
        return self._dated.setdefault(place.group, DatedFolder(self._options.lookback_days))

    def _grower(self, found: FoundFile) -> GrowingFile:
        return self._grower_at(found.path, GrowingFilePosition(found.inode))

    def _grower_at(self, path: str, position: GrowingFilePosition) -> GrowingFile:
        limit = self._options.max_line_bytes
        file = GrowingFile(self._root / path, self._on_problem, limit, position)
        self._growing[path] = file
        return file

    def _name_of(self, file: GrowingFile) -> str:
        return file.path.relative_to(self._root).as_posix()

    def _refuse(self, path: str, error: OSError) -> None:
        if path not in self._refused:
            reason = f"cannot be read: {error.strerror or error}; it is tried again"
            self._on_problem(Problem(str(self._root / path), "file", reason))
        self._refused[path] = self._clock.steady() + _RETRY
        self._changes.pop(path, None)

    def _is_refused(self, path: str) -> bool:
        return self._clock.steady() < self._refused.get(path, 0.0)


def _is_below(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
