"""Where results go: standard output, a device or pipe, or a file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def opened(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, a device or a pipe, or a file that appears under its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    output = output.resolve()  # a link stays one
    if output.exists() and not output.is_file():
        with output.open("wb") as out:
            yield out
        return
    partial = output.with_name(f".{output.name}.part")
    try:
        with partial.open("wb") as out:
            yield out
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
