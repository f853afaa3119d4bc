"""Opens a source, plain or gzip by content, as bounded chunks of what it holds."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, cast

from isal import isal_zlib

from .sources import Limits, Source

CHUNK = 1 << 18
_OUT = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
# The stub declares an instance.
_Damaged = cast(type[Exception], isal_zlib.error)


class Stopped(Exception):
    """The rest of a source is not read; the text says why. What came before is good."""


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


def chunks(
    file: BinaryIO, limits: Limits, on_progress: Callable[[int], None] | None
) -> Iterator[bytes]:
    """The content of `file` piece by piece, decompressed where it is gzip (of one member or many).

    Raises:
        Stopped: the gzip stream is damaged, ends early, or expands beyond the limits.
    """

    def read() -> bytes:
        data = file.read(CHUNK)
        if data and on_progress is not None:
            on_progress(len(data))
        return data

    data = read()
    if not data.startswith(_GZIP_MAGIC):
        while data:
            yield data
            data = read()
        return
    taken, given = 0, 0
    while data:
        inflater = isal_zlib.decompressobj(wbits=31)
        while not inflater.eof:
            taken += len(data)
            try:
                piece = inflater.decompress(data, _OUT)
                while piece:
                    given += len(piece)
                    _check_expansion(taken, given, limits)
                    yield piece
                    piece = (
                        b"" if inflater.eof else inflater.decompress(inflater.unconsumed_tail, _OUT)
                    )
            except _Damaged as error:
                raise Stopped(f"damaged gzip data: {error}") from error
            if not inflater.eof:
                data = inflater.unconsumed_tail or read()
                if not data:
                    raise Stopped("the gzip data ends early")
        data = inflater.unused_data or read()
        taken -= len(inflater.unused_data)
        data = data.lstrip(b"\0") or read()  # padding behind the last member
        if data and not data.startswith(_GZIP_MAGIC):
            raise Stopped("something that is no gzip data follows the gzip data")


def _check_expansion(taken: int, given: int, limits: Limits) -> None:
    if given > limits.max_expanded_bytes:
        raise Stopped(f"it expands to more than {limits.max_expanded_bytes} bytes")
    if given > limits.whole_file_bytes and given > taken * limits.max_ratio:
        raise Stopped(f"it expands more than {limits.max_ratio} times, as no log does")


def inflate_whole(data: bytes, limit: int) -> bytes | None:
    """`data` decompressed in one go; None unless it is one sound gzip member of at most `limit` bytes."""
    # The trailer says how much it will be, modulo 4 GiB: with room for just that the call is twice as fast.
    promised = int.from_bytes(data[-4:], "little")
    if promised >= limit:
        return None
    inflater = isal_zlib.decompressobj(wbits=31)
    try:
        whole = inflater.decompress(data, promised + 1)
    except _Damaged:
        return None
    return whole if inflater.eof and not inflater.unused_data else None


def inflate_bounded(data: bytes, limits: Limits) -> tuple[bytes, str | None]:
    """What gzip `data` hold, as far as they are sound, and why there is no more of it.

    Nothing of what expands to more than `limits.whole_file_bytes` is given.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in chunks(BytesIO(data), limits, None):
            size += len(piece)
            if size > limits.whole_file_bytes:
                return b"", f"it expands to more than {limits.whole_file_bytes} bytes"
            pieces.append(piece)
    except Stopped as stopped:
        return b"".join(pieces), str(stopped)
    return b"".join(pieces), None
