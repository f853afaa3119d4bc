"""Opens a source as bounded chunks of its bytes, and inflates gzip data that are in memory."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

from isal import isal_zlib

from .compression import CHUNK, Damaged, Stopped, expanded
from .sources import Limits, Source


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The raw bytes of a source.

    Raises:
        OSError: it cannot be opened.
    """
    if source.path is None:
        yield sys.stdin.buffer
        return
    with source.path.open("rb") as file:
        yield file


def raw_chunks(file: BinaryIO, on_progress: Callable[[int], None] | None) -> Iterator[bytes]:
    """The bytes of `file`, piece by piece, as they are."""
    while data := file.read(CHUNK):
        if on_progress is not None:
            on_progress(len(data))
        yield data


def inflate_whole(data: bytes, limit: int) -> bytes | None:
    """`data` decompressed in one go; None unless it is one sound gzip member of at most `limit` bytes."""
    # The trailer says how much it will be, modulo 4 GiB: with room for just that the call is twice as fast.
    promised = int.from_bytes(data[-4:], "little")
    if promised >= limit:
        return None
    inflater = isal_zlib.decompressobj(wbits=31)
    try:
        whole = inflater.decompress(data, promised + 1)
    except Damaged:
        return None
    return whole if inflater.eof and not inflater.unused_data else None


def inflate_bounded(data: bytes, limits: Limits) -> tuple[bytes, str | None]:
    """What gzip `data` hold, as far as they are sound, and why there is no more of it.

    Nothing of what expands to more than `limits.whole_file_bytes` is given.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in expanded(raw_chunks(BytesIO(data), None), limits):
            size += len(piece)
            if size > limits.whole_file_bytes:
                return b"", f"it expands to more than {limits.whole_file_bytes} bytes"
            pieces.append(piece)
    except Stopped as stopped:
        return b"".join(pieces), str(stopped)
    return b"".join(pieces), None
