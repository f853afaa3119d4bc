"""Reads records from sources: a typed call for a whole file where it is an ordinary log file, else in pieces."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

import msgspec

from .inflate import CHUNK, Stopped, chunks, inflate_whole, opened
from .problems import OnProblem, Problem
from .record import Brief, Record
from .scanner import Cut, Cutter
from .sources import Limits, Source
from .tables import looks_like_table, table_rows
from .unwrap import NoRecord, records_in

_BATCH = 1_000
_BATCH_BYTES = 16 << 20
DEFAULT_LIMITS = Limits()
OnProgress = Callable[[int], None]
_Read = TypeVar("_Read", Record, Brief)


class _LogFile(msgspec.Struct, gc=False):
    Records: list[Record]


class _BriefLogFile(msgspec.Struct, gc=False):
    Records: list[Brief]


_decode_log_file = msgspec.json.Decoder(_LogFile).decode
_decode_briefly = msgspec.json.Decoder(_BriefLogFile).decode


def read_batches(
    sources: Sequence[Source],
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_problem: OnProblem,
    on_progress: OnProgress | None = None,
) -> Iterator[list[Record]]:
    """The records of all sources, in lists; a list is worth keeping no longer than until the next.

    Nothing in the input raises: what is no record goes to `on_problem` with its place, and reading goes
    on behind it. `on_progress` is told how many bytes were taken from the source.
    """
    return _batches(sources, _all_members, limits, on_problem, on_progress)


def read_briefly(
    sources: Sequence[Source],
    names: Container[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_problem: OnProblem,
    on_progress: OnProgress | None = None,
) -> Iterator[list[Brief]]:
    """As `read_batches`, and sooner: more than the members of `Brief` are read only in files that hold an eventName
    of `names`, or a record without an eventID, which has to be named by all that it says."""

    def decode(data: bytes) -> list[Brief]:
        records = _decode_briefly(data).Records
        for each in records:
            if each.eventName in names or not each.eventID:
                return [*_all_members(data)]
        return records

    return _batches(sources, decode, limits, on_problem, on_progress)


def _all_members(data: bytes) -> list[Record]:
    return _decode_log_file(data).Records


def _batches(
    sources: Sequence[Source],
    decode: Callable[[bytes], list[_Read]],
    limits: Limits,
    on_problem: OnProblem,
    on_progress: OnProgress | None,
) -> Iterator[list[_Read]]:
    for source in sources:
        try:
            yield from _read(source, decode, limits, on_problem, on_progress)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            on_problem(Problem(source.name, "file", f"cannot be read: {reason}"))


def _read(
    source: Source,
    decode: Callable[[bytes], list[_Read]],
    limits: Limits,
    on_problem: OnProblem,
    on_progress: OnProgress | None,
) -> Iterator[list[_Read]]:
    with opened(source) as file:
        ready = None
        if source.size is not None and source.size <= limits.whole_file_bytes // 2:
            data = file.read(source.size + 1)  # asked for more, it would make room for more
            if len(data) > source.size:
                data += file.read(limits.whole_file_bytes - len(data))
            ready = _whole_log_file(data, decode, limits)
            if ready is None:
                file.seek(0)
        if ready is not None:
            if on_progress is not None:
                on_progress(len(data))
            if ready:
                yield ready
            return
        pieces = _Pieces(source, limits, on_problem)
        yield from pieces.batches(chunks(file, limits, on_progress))


def _whole_log_file(
    data: bytes, decode: Callable[[bytes], list[_Read]], limits: Limits
) -> list[_Read] | None:
    """The records of an ordinary log file; None where it is anything else."""
    if data[:2] == b"\x1f\x8b":
        expanded = inflate_whole(data, limits.whole_file_bytes)
        if expanded is None:
            return None
        data = expanded
    if len(data) > limits.whole_file_bytes or data[:1] != b"{":
        return None
    try:
        records = decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # A list of few but huge records is left to the slow way, which knows the limit of one.
    if (
        len(data) > limits.max_record_bytes
        and len(data) > len(records) * limits.max_record_bytes // 4
    ):
        return None
    return records


class _Pieces:
    """Reads one source piece by piece and says of each what it is."""

    def __init__(self, source: Source, limits: Limits, on_problem: OnProblem) -> None:
        self._source = source.name
        self._limits = limits
        self._on_problem = on_problem
        self._told = 0
        self._taken = 0

    def batches(self, stream: Iterator[bytes]) -> Iterator[list[Any]]:  # of Record, and so of Brief
        """Lists of records, none of them of much more than `_BATCH_BYTES` of JSON."""
        batch: list[Record] = []
        taken = 0
        for record in self.records(stream):
            batch.append(record)
            if len(batch) == _BATCH or self._taken - taken >= _BATCH_BYTES:
                yield batch
                batch, taken = [], self._taken
        if batch:
            yield batch

    def records(self, stream: Iterator[bytes]) -> Iterator[Record]:
        found = 0
        for record in self._by_form(stream):
            found += 1
            yield record
        if not found and not self._told:
            self._tell("file", "no CloudTrail record in it", None)

    def _by_form(self, stream: Iterator[bytes]) -> Iterator[Record]:
        head = b""
        try:
            while len(head) < CHUNK:
                piece = next(stream, None)
                if piece is None:
                    break
                head += piece
        except Stopped as stopped:
            yield from self._all(iter((head,)))
            self._tell(f"byte {len(head)}", str(stopped), None)
            return
        whole = chain((head,), stream)
        if looks_like_table(head):
            yield from self._rows(whole)
        elif _holds_lines(head):
            yield from self._lines(whole)
        else:
            yield from self._all(whole)

    def _all(self, stream: Iterator[bytes]) -> Iterator[Record]:
        """Objects wherever they stand."""
        cutter = Cutter(self._limits.max_record_bytes)
        given = 0
        number = 0

        def cuts() -> Iterator[tuple[str, bytes, str | None]]:
            nonlocal given
            try:
                for piece in stream:
                    given += len(piece)
                    for cut in cutter.feed(piece):
                        yield f"byte {cut.start}", cut.data, cut.fault
            except Stopped as stopped:
                yield f"byte {given}", b"", str(stopped)
            for cut in cutter.finish():
                yield f"byte {cut.start}", cut.data, cut.fault

        for position, data, fault in cuts():
            if fault is not None:
                self._tell(position, fault, data or None)
                continue
            number += 1
            yield from self._from(data, f"{position} (object {number})")

    def _lines(self, stream: Iterator[bytes]) -> Iterator[Record]:
        """One JSON value a line."""
        number = 1
        left = b""
        cutter: Cutter | None = None
        limit = max(self._limits.whole_file_bytes, self._limits.max_record_bytes)
        try:
            for piece in chain(stream, (b"\n",)):
                *ended, last = piece.split(b"\n")
                for part in ended:
                    if cutter is not None:
                        yield from self._cut_line(chain(cutter.feed(part), cutter.finish()), number)
                        cutter = None
                    else:
                        yield from self._line(left + part, number)
                    number, left = number + 1, b""
                if cutter is not None:
                    yield from self._cut_line(cutter.feed(last), number)
                    continue
                left += last
                if len(left) > limit:  # a container without an end of line, or too large a record
                    cutter = Cutter(self._limits.max_record_bytes)
                    yield from self._cut_line(cutter.feed(left), number)
                    left = b""
        except Stopped as stopped:
            if left.strip():
                self._tell(f"line {number}", "the input ends in the middle of it", left)
            self._tell(f"line {number}", str(stopped), None)

    def _cut_line(self, cuts: Iterable[Cut], number: int) -> Iterator[Record]:
        for cut in cuts:
            place = f"line {number}, byte {cut.start}"
            if cut.fault is not None:
                self._tell(place, cut.fault, cut.data)
            else:
                yield from self._from(cut.data, place)

    def _line(self, line: bytes, number: int) -> Iterator[Record]:
        if len(line) > self._limits.max_record_bytes:
            cutter = Cutter(self._limits.max_record_bytes)
            yield from self._cut_line(chain(cutter.feed(line), cutter.finish()), number)
        elif line.strip(b" \t\r\0\x1e"):
            yield from self._from(line.lstrip(b"\xef\xbb\xbf"), f"line {number}")

    def _rows(self, stream: Iterator[bytes]) -> Iterator[Record]:
        try:
            for number, row in table_rows(stream, self._limits.max_record_bytes):
                if isinstance(row, NoRecord):
                    self._tell(f"line {number}", str(row), None)
                else:
                    yield from self._from(msgspec.json.encode(row), f"line {number}")
        except Stopped as stopped:
            self._tell("file", str(stopped), None)

    def _from(self, data: bytes, position: str) -> Iterator[Record]:
        self._taken += len(data)
        for number, found in enumerate(records_in(data), 1):
            if isinstance(found, Record):
                yield found
            else:
                place = position if number == 1 else f"{position}, record {number}"
                self._tell(place, str(found), data, ignored=found.ignored)

    def _tell(
        self, position: str, reason: str, data: bytes | None, *, ignored: bool = False
    ) -> None:
        self._told += 1
        kept = None if data is None else bytes(data[: self._limits.max_record_bytes])
        self._on_problem(Problem(self._source, position, reason, kept, ignored))


def _holds_lines(head: bytes) -> bool:
    """Whether the first line that says anything is a JSON object of its own."""
    for line in head.lstrip(b"\xef\xbb\xbf").split(b"\n")[:-1]:
        if line.strip(b" \t\r\0\x1e"):
            try:
                return isinstance(msgspec.json.decode(line), dict)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return False
    return False
