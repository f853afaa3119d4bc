"""Verdicts on standard output, a line each."""

import os
import select
from collections.abc import Sequence

from ..sink import Message, SinkError
from .rendering import Render, as_ndjson


class StdoutSink:
    """Writes to a descriptor that somebody else opened and will close.

    What was written is the reader's: a pipe cannot be asked whether it was read. After a crash the messages that
    were not acknowledged are written again; the reader tells them by their `id`.
    """

    def __init__(self, *, descriptor: int = 1, render: Render = as_ndjson) -> None:
        self.name = "-"
        self._descriptor = descriptor
        self._render = render

    def send(self, messages: Sequence[Message]) -> None:
        """See `Sink.send`. A reader that has gone is a lasting fault."""
        rest = memoryview(b"".join(self._render(each.line) + b"\n" for each in messages))
        try:
            while rest:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:  # the other end has made the pipe non-blocking
                    select.select([], [self._descriptor], [])
        except BrokenPipeError as error:
            raise SinkError("standard output: nobody reads it any more", lasting=True) from error
        except OSError as error:
            raise SinkError(f"standard output: {error.strerror}") from error

    def close(self) -> None:
        """Nothing to let go of."""
