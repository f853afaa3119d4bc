"""NDJSON as it arrives, in pieces that end anywhere."""

from collections.abc import Iterator

from .line import line_value
from .problems import OnProblem, Problem
from .projections import NO_ERRORS
from .record import Projection, Record
from .refusal import NoRecord
from .unwrap import records_in


class LineReader:
    """Give it pieces of NDJSON and take the records of the lines that are whole.

    A line may hold one record or a wrapper of many (`unwrap`). One that holds none, or is longer than
    `max_line_bytes`, goes to `on_problem` with its number. `lines_before` is how many lines were read earlier,
    where reading goes on in the middle of a file.
    """

    def __init__(
        self, source: str, on_problem: OnProblem, *, max_line_bytes: int, lines_before: int = 0
    ) -> None:
        self.source = source
        self._on_problem = on_problem
        self._max = max_line_bytes
        self._rest = bytearray()
        self._number = lines_before
        self._skipping = False
        self._has_told_of_projections = False

    @property
    def kept(self) -> int:
        """How many bytes of an unfinished line are kept."""
        return len(self._rest)

    @property
    def lines(self) -> int:
        """How many lines have ended so far, those before included."""
        return self._number

    def take(self, piece: bytes) -> Iterator[Record]:
        """The records of the lines that `piece` ends."""
        *ends, rest = piece.split(b"\n")
        for end in ends:
            self._rest += end
            yield from self._line()
        self._rest += rest
        if len(self._rest) > self._max:
            # What is kept of it is enough to look at; the line is told of where it ends.
            del self._rest[self._max + 1 :]
            self._skipping = True

    def end(self) -> Iterator[Record]:
        """The records of the last line, which ends without a line feed."""
        if self._rest:
            yield from self._line()

    def _line(self) -> Iterator[Record]:
        self._number += 1
        line, skipping = bytes(self._rest), self._skipping
        self._rest.clear()
        self._skipping = False
        if skipping or len(line) > self._max:
            self._tell(f"is longer than {self._max:,} bytes", line[: self._max])
        elif value := line_value(line) or line.strip():
            for found in records_in(value):
                if isinstance(found, Record):
                    if type(found) is Projection and not self._has_told_of_projections:
                        self._has_told_of_projections = True
                        self._on_problem(
                            Problem(self.source, f"line {self._number}", NO_ERRORS, note=True)
                        )
                    yield found
                else:
                    self._tell(str(found), line, found)

    def _tell(self, reason: str, line: bytes, found: NoRecord | None = None) -> None:
        ignored = found is not None and found.ignored
        self._on_problem(
            Problem(self.source, f"line {self._number}", reason, data=line, ignored=ignored)
        )
