"""Undoes compression, told by the first bytes, piece by piece and within bounds; several layers of it, too.

What is of the standard library is always there; for the rest the extra `containers` brings a package.
"""

import bz2
import lzma
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from typing import Any, cast

from isal import isal_zlib

from .sources import Limits

CHUNK = 1 << 18
OUT = 1 << 20
_LAYERS = 4
GZIP_MAGIC = b"\x1f\x8b"
# The stub declares an instance.
Damaged = cast(type[Exception], isal_zlib.error)
EXTRA = "pip install 'cloudcascade[containers]'"


class Stopped(Exception):
    """The rest of a source is not read; the text says why. What came before is good."""


@dataclass(frozen=True, slots=True)
class _Codec:
    name: str
    magic: bytes
    expand: Callable[[Iterator[bytes]], Iterator[bytes]]


def expanded(stream: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """The content of a stream, decompressed as often as it is compressed.

    Raises:
        Stopped: it is damaged, ends early, expands beyond the limits, or is of a kind that is not read.
    """
    for _ in range(_LAYERS):
        head, stream = peeked(stream)
        codec = next((each for each in _CODECS if head.startswith(each.magic)), None)
        if codec is None:
            return stream
        stream = _bounded(codec, stream, limits)
    raise Stopped(f"it is compressed {_LAYERS} times and more")


def peeked(stream: Iterator[bytes], least: int = 512) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of a stream, and the stream with them."""
    head = b""
    for piece in stream:
        head += piece
        if len(head) >= least:
            break
    return head, chain((head,), stream) if head else iter(())


def _bounded(codec: _Codec, stream: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    taken = given = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        for piece in stream:
            taken += len(piece)
            yield piece

    for piece in codec.expand(counted()):
        given += len(piece)
        check_expansion(taken, given, limits)
        yield piece


def check_expansion(taken: int, given: int, limits: Limits) -> None:
    """Refuse what no log expands to.

    Raises:
        Stopped: it is more than the limits allow.
    """
    if given > limits.max_expanded_bytes:
        raise Stopped(f"it expands to more than {limits.max_expanded_bytes} bytes")
    if given > limits.whole_file_bytes and given > taken * limits.max_ratio:
        raise Stopped(f"it expands more than {limits.max_ratio} times, as no log does")


def _gzip(stream: Iterator[bytes]) -> Iterator[bytes]:
    data = next(stream, b"")
    while data:
        inflater = isal_zlib.decompressobj(wbits=31)
        while not inflater.eof:
            try:
                piece = inflater.decompress(data, OUT)
                while piece:
                    yield piece
                    piece = (
                        b"" if inflater.eof else inflater.decompress(inflater.unconsumed_tail, OUT)
                    )
            except Damaged as error:
                raise Stopped(f"damaged gzip data: {error}") from error
            if not inflater.eof:
                data = inflater.unconsumed_tail or next(stream, b"")
                if not data:
                    raise Stopped("the gzip data ends early")
        data = inflater.unused_data or next(stream, b"")
        data = data.lstrip(b"\0") or next(stream, b"")  # padding behind the last member
        if data and not data.startswith(GZIP_MAGIC):
            raise Stopped("something that is no gzip data follows the gzip data")


def _of(
    name: str, start: Callable[[], Any], errors: tuple[type[Exception], ...]
) -> Callable[[Iterator[bytes]], Iterator[bytes]]:
    """What expands streams of one frame after the other, with a decompressor as those of the standard library."""

    def expand(stream: Iterator[bytes]) -> Iterator[bytes]:
        decompressor, begun = start(), False
        try:
            for data in stream:
                while data or (begun and not decompressor.needs_input):
                    if decompressor.eof:
                        decompressor, begun = start(), False
                    begun = begun or bool(data)
                    piece = decompressor.decompress(data, OUT)
                    data = decompressor.unused_data if decompressor.eof else b""
                    if piece:
                        yield piece
                    if decompressor.eof and not data:
                        break
        except errors as error:
            raise Stopped(f"damaged {name} data: {error}") from error
        if begun and not decompressor.eof:
            raise Stopped(f"the {name} data ends early")

    return expand


def _lz4(stream: Iterator[bytes]) -> Iterator[bytes]:
    frame = _package("lz4.frame", "lz4")
    yield from _of("lz4", frame.LZ4FrameDecompressor, (RuntimeError, EOFError))(stream)


def _zstd(stream: Iterator[bytes]) -> Iterator[bytes]:
    zstandard = _package("zstandard", "zstd")
    expander = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    with expander.stream_reader(_File(stream), read_size=CHUNK, read_across_frames=True) as reader:
        try:
            while piece := reader.read(OUT):
                yield piece
        except zstandard.ZstdError as error:
            raise Stopped(f"damaged zstd data: {error}") from error


def _snappy(stream: Iterator[bytes]) -> Iterator[bytes]:
    snappy = _package("snappy", "snappy")
    expander = snappy.StreamDecompressor()
    try:
        for data in stream:
            for at in range(0, len(data), 1 << 16):  # a frame expands to at most 64 KiB
                if piece := expander.decompress(data[at : at + (1 << 16)]):
                    yield piece
        expander.flush()
    except snappy.UncompressError as error:
        raise Stopped(f"damaged snappy data: {error}") from error


class _File:
    """A stream as a file that can be read."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        self._stream = stream
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes, and none at the end only."""
        while not self._left:
            piece = next(self._stream, None)
            if piece is None:
                return b""
            self._left = piece
        if size < 0:
            size = len(self._left)
        given, self._left = self._left[:size], self._left[size:]
        return given


def _package(module: str, what: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise Stopped(f"{what} data, for which a package is missing: {EXTRA}") from error


def _refused(what: str, remedy: str) -> Callable[[Iterator[bytes]], Iterator[bytes]]:
    def expand(stream: Iterable[bytes]) -> Iterator[bytes]:
        raise Stopped(f"{what}, which is not read: {remedy}")

    return expand


_EXPORT = "export it as JSON lines or CSV"
_CODECS = (
    _Codec("gzip", GZIP_MAGIC, _gzip),
    _Codec("bzip2", b"BZh", _of("bzip2", bz2.BZ2Decompressor, (OSError, EOFError))),
    _Codec(
        "xz",
        b"\xfd7zXZ\0",
        _of("xz", lambda: lzma.LZMADecompressor(memlimit=256 << 20), (lzma.LZMAError, EOFError)),
    ),
    _Codec("zstd", b"\x28\xb5\x2f\xfd", _zstd),
    _Codec("lz4", b"\x04\x22\x4d\x18", _lz4),
    _Codec("snappy", b"\xff\x06\x00\x00sNaPpY", _snappy),
    _Codec("7z", b"7z\xbc\xaf\x27\x1c", _refused("a 7z archive", "unpack it first")),
    _Codec("rar", b"Rar!\x1a\x07", _refused("a rar archive", "unpack it first")),
    _Codec("avro", b"Obj\x01", _refused("an Avro file", _EXPORT)),
    _Codec("orc", b"ORC", _refused("an ORC file", _EXPORT)),
    _Codec("sqlite", b"SQLite format 3\0", _refused("an SQLite database", _EXPORT)),
    _Codec("pdf", b"%PDF-", _refused("a PDF file", _EXPORT)),
    _Codec(
        "xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _refused("an Excel or Outlook file", _EXPORT)
    ),
    _Codec("evtx", b"ElfFile\0", _refused("a Windows event log", "it holds no CloudTrail records")),
)
