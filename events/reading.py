"""Reads records from sources: a typed call for a whole file where it is an ordinary log file, else in pieces."""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

import msgspec

from .archives import parts
from .categories import no_call, no_calls
from .compression import CHUNK, Stopped
from .containers import documents
from .inflate import inflate_whole, opened, raw_chunks
from .keeping import OnRecord, keeping_log_file, kept
from .line import line_value
from .parquet import MAGIC, parquet_rows
from .problems import OnProblem, Problem
from .projections import NO_ERRORS, VERSION
from .record import Brief, Projection, Record
from .refusal import NoRecord
from .scanner import RECORD_START, Cut, Cutter
from .sources import Limits, Source
from .tables import delimiter_of, table_rows
from .unwrap import records_in, records_in_row

_BATCH = 1_000
_BATCH_BYTES = 16 << 20
_FIRST = 64 << 10  # bytes, in which the first record says that it is whole
DEFAULT_LIMITS = Limits()
_TEXTS = re.compile(rb'[\s\xef\xbb\xbf]*\[\s*"\s*\{')  # records as texts in a list
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
    keep: OnRecord | None = None,
) -> Iterator[list[Record]]:
    """The records of all sources, in lists; a list is worth keeping no longer than until the next.

    Nothing in the input raises: what is no record goes to `on_problem` with its place, and reading goes
    on behind it. `on_progress` is told how many bytes were taken from the source. `keep` is given each record with
    its JSON before its list comes, some perhaps twice.
    """
    decode = _all_members if keep is None else keeping_log_file(keep)
    return _batches(sources, decode, limits, on_problem, on_progress, keep)


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
    keep: OnRecord | None = None,
) -> Iterator[list[_Read]]:
    for source in sources:
        try:
            yield from _read(source, decode, limits, on_problem, on_progress, keep)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            on_problem(Problem(source.name, "file", f"cannot be read: {reason}"))


def _read(
    source: Source,
    decode: Callable[[bytes], list[_Read]],
    limits: Limits,
    on_problem: OnProblem,
    on_progress: OnProgress | None,
    keep: OnRecord | None,
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
            ready = _calls(ready, source, on_problem)
            if ready:
                yield ready
            return
        stream = raw_chunks(file, on_progress)
        try:
            for name, part in parts(file, stream, limits):
                member = replace(source, name=f"{source.name}!{name}") if name else source
                yield from _Pieces(member, limits, on_problem, keep).batches(part)
        except Stopped as stopped:
            on_problem(Problem(source.name, "file", str(stopped)))


def _calls(records: list[_Read], source: Source, on_problem: OnProblem) -> list[_Read]:
    """The records without those that are no API calls, which are counted."""
    left_out = no_calls(records)
    if not left_out:
        return records
    for what, count in Counter(map(no_call, left_out)).items():
        on_problem(Problem(source.name, "file", str(what), ignored=True, count=count))
    out = set(map(id, left_out))
    return [record for record in records if id(record) not in out]


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
    if data.find(VERSION, 0, _FIRST) < 0:
        return None  # its records were cut out of whole ones
    try:
        records = decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if records and records[0].eventSource.startswith("aws:"):
        return None  # a notification of S3
    # A list of few but huge records is left to the slow way, which knows the limit of one.
    if (
        len(data) > limits.max_record_bytes
        and len(data) > len(records) * limits.max_record_bytes // 4
    ):
        return None
    return records


class _Pieces:
    """Reads one source piece by piece and says of each what it is."""

    def __init__(
        self, source: Source, limits: Limits, on_problem: OnProblem, keep: OnRecord | None = None
    ) -> None:
        self._file = source
        self._keep = keep
        self._source = source.name
        self._limits = limits
        self._on_problem = on_problem
        self._told = 0
        self._has_told_of_projections = False
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
        lines = _holds_lines(head)
        if head.startswith(MAGIC):
            yield from self._parquet(head, stream)
        elif _TEXTS.match(head) or (
            lines is not True and any(all(mark in head for mark in marks) for marks in documents())
        ):
            yield from self._document(whole)
        elif (delimiter := delimiter_of(head)) is not None:
            yield from self._rows(table_rows(whole, self._limits.max_record_bytes, delimiter))
        elif lines is not None:
            yield from self._lines(whole)
        else:
            yield from self._all(self._from_a_start(head, stream))

    def _from_a_start(self, head: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
        """The stream from where a record begins, if the file was cut off within one."""
        opening = head.lstrip(b" \t\r\n\0\x1e\xef\xbb\xbf,")
        if opening[:1] not in (b"{", b"["):
            found = RECORD_START.search(head)
            if found is not None:
                self._tell("byte 0", "text outside of any record", head[: found.start()])
                head = head[found.start() :]
        return chain((head,), stream)

    def _document(self, stream: Iterator[bytes]) -> Iterator[Record]:
        """One value, whose parts say nothing alone."""
        data = b""
        for piece in stream:
            data += piece
            if len(data) > self._limits.whole_file_bytes:
                self._tell(
                    "file",
                    f"an answer to a query of more than {self._limits.whole_file_bytes:,} bytes, which has "
                    "to be read as one: ask for fewer rows at a time",
                    None,
                )
                return
        try:
            msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield from self._all(iter((data,)))
        else:
            yield from self._from(data, "byte 0")

    def _parquet(self, head: bytes, stream: Iterator[bytes]) -> Iterator[Record]:
        try:
            for number, row in enumerate(parquet_rows(self._file, head, stream, self._limits), 1):
                yield from self._row(row, f"row {number}")
        except Stopped as stopped:
            self._tell("file", str(stopped), None)

    def _all(self, stream: Iterator[bytes]) -> Iterator[Record]:
        """Objects wherever they stand."""
        cutter = Cutter(self._limits.max_record_bytes)
        given = 0
        number = 0

        def cuts() -> Iterator[tuple[str, Cut]]:
            nonlocal given
            try:
                for piece in stream:
                    given += len(piece)
                    for cut in cutter.feed(piece):
                        yield f"byte {cut.start}", cut
            except Stopped as stopped:
                yield f"byte {given}", Cut(given, b"", str(stopped))
            for cut in cutter.finish():
                yield f"byte {cut.start}", cut

        for position, cut in cuts():
            if cut.fault is not None:
                self._tell(position, cut.fault, cut.data or None)
                continue
            number += 1
            yield from self._from(cut.data, f"{position} (object {number})")

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
        elif value := line_value(line):
            yield from self._from(value, f"line {number}")

    def _rows(
        self, rows: Iterator[tuple[int, Mapping[str, object] | NoRecord]]
    ) -> Iterator[Record]:
        try:
            for number, row in rows:
                if isinstance(row, NoRecord):
                    self._tell(f"line {number}", str(row), None)
                else:
                    yield from self._row(row, f"line {number}")
        except Stopped as stopped:
            self._tell("file", str(stopped), None)

    def _row(self, row: Mapping[str, object], place: str) -> Iterator[Record]:
        yield from self._found(records_in_row(row), place, lambda: msgspec.json.encode(row))

    def _from(self, data: bytes, position: str) -> Iterator[Record]:
        self._taken += len(data)
        yield from self._found(records_in(data), position, lambda: data)

    def _found(
        self, items: Iterable[Record | NoRecord], position: str, data: Callable[[], bytes]
    ) -> Iterator[Record]:
        if self._keep is not None:
            items = kept(items, data, self._keep)
        for number, found in enumerate(items, 1):
            if isinstance(found, Record):
                if type(found) is Projection:
                    self._tell_of_projections()
                yield found
            else:
                place = position if number == 1 else f"{position}, record {number}"
                self._tell(place, str(found), data(), ignored=found.ignored)

    def _tell_of_projections(self) -> None:
        if not self._has_told_of_projections:
            self._has_told_of_projections = True
            self._on_problem(Problem(self._source, "file", NO_ERRORS, note=True))

    def _tell(
        self, position: str, reason: str, data: bytes | None, *, ignored: bool = False
    ) -> None:
        self._told += 1
        kept = None if data is None else bytes(data[: self._limits.max_record_bytes])
        self._on_problem(Problem(self._source, position, reason, kept, ignored))


def _holds_lines(head: bytes) -> bool | None:
    """Whether the first line that says anything is a JSON object of its own, behind what a logger wrote.

    True where more lines follow, False where none is seen to, None where it is no object.
    """
    lines = [line for line in head.split(b"\n")[:-1] if line.strip(b" \t\r\0\x1e")]
    if not lines:
        return None
    try:
        if not isinstance(msgspec.json.decode(line_value(lines[0])), dict):
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return len(lines) > 1 or bool(head.rpartition(b"\n")[2].strip())
