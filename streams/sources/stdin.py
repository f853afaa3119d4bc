"""Records on standard input: NDJSON, in pieces that end anywhere."""

import os
import select
import sys
from collections.abc import Sequence

from ...events import LineReader, OnProblem, Record
from ..source import SourceError
from .options import SourceOptions

_PIECE = 1 << 20


class StandardInput:
    """Standard input, which ends once and cannot be read again: its position is empty, and nothing can be resumed.

    What was taken and not yet judged when the process ends is lost unless the engine's state was stored.
    """

    forgets = False

    def __init__(
        self, on_problem: OnProblem, options: SourceOptions, *, descriptor: int | None = None
    ) -> None:
        self.name = "-"
        self._lines = LineReader(
            "standard input", on_problem, max_line_bytes=options.max_line_bytes
        )
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._ended = False

    def poll(self, wait: float) -> Sequence[Record] | None:
        """See `Source`."""
        if self._ended:
            return None
        try:
            ready, _, _ = select.select([self._descriptor], [], [], wait)
            if not ready:
                return []
            piece = os.read(self._descriptor, _PIECE)
        except OSError as error:
            raise SourceError(f"standard input: {error.strerror or error}") from error
        if piece:
            return list(self._lines.take(piece))
        self._ended = True
        return list(self._lines.end()) or None

    @property
    def busy(self) -> bool:
        """See `Source`. Who writes may think for a while; only the end of the input is the end."""
        return not self._ended

    def position(self) -> bytes:
        """See `Source`."""
        return b""

    def resume(self, position: bytes) -> None:
        """See `Source`."""
        if position:
            raise SourceError("standard input cannot be read again from a stored position")

    def settle(self) -> None:
        """See `Source`."""

    def close(self) -> None:
        """See `Source`."""
