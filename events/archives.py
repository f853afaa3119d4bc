"""Opens what holds files: zip and tar archives, member by member; and text that is no UTF-8."""

import codecs
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO, BinaryIO

from .compression import CHUNK, Stopped, check_expansion, expanded, peeked
from .sources import Limits

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MOST_MEMBERS = 100_000
_NO_FILE = "an archive without a file in it"
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError)

Part = tuple[str, Iterator[bytes]]
"""The name of a member, empty where there is but one, and its content."""


def parts(file: BinaryIO, stream: Iterator[bytes], limits: Limits) -> Iterator[Part]:
    """The parts of a source, each to be read before the next; `file` is what `stream` reads, to be sought in.

    Raises:
        Stopped: an archive is damaged, holds too many members or is nested. Reading a part raises it, too.
    """
    head, stream = peeked(stream)
    if head.startswith(_ZIP):
        yield from _zip_members(file, stream, limits)
        return
    try:
        inner = expanded(stream, limits)
        head, inner = peeked(inner)
    except Stopped as stopped:
        yield "", _stopped(stopped)
        return
    if head[257:262] == b"ustar":
        yield from _tar_members(inner, limits)
    elif head.startswith(_ZIP):
        raise Stopped("a zip archive within compressed data: unpack it first")
    else:
        yield "", _utf8(inner)


def _stopped(stopped: Stopped) -> Iterator[bytes]:
    raise stopped
    yield b""


def _zip_members(file: BinaryIO, stream: Iterator[bytes], limits: Limits) -> Iterator[Part]:
    if not file.seekable():
        file = BytesIO(b"".join(_limited(stream, limits.whole_file_bytes)))
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise Stopped(f"an archive of more than {_MOST_MEMBERS:,} members")
            if not any(not each.is_dir() and not _is_hidden(each.filename) for each in members):
                raise Stopped(_NO_FILE)
            budget = _Budget(limits)
            for member in members:
                if member.is_dir() or _is_hidden(member.filename):
                    continue
                if member.flag_bits & 1:
                    yield member.filename, _stopped(Stopped("it is encrypted"))
                    continue
                try:
                    opened = archive.open(member)
                except NotImplementedError as error:  # a way to compress that zipfile does not know
                    yield member.filename, _stopped(Stopped(str(error)))
                    continue
                with opened:
                    pieces = budget.counted(_pieces(opened), member.compress_size)
                    yield member.filename, _content(pieces, limits)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise Stopped(f"a damaged zip archive: {error}") from error


def _tar_members(stream: Iterator[bytes], limits: Limits) -> Iterator[Part]:
    try:
        with tarfile.open(fileobj=_Stream(stream), mode="r|") as archive:
            found = False
            for number, member in enumerate(archive):
                if number >= _MOST_MEMBERS:
                    raise Stopped(f"an archive of more than {_MOST_MEMBERS:,} members")
                opened = archive.extractfile(member) if member.isreg() else None
                if opened is not None and not _is_hidden(member.name):
                    found = True
                    yield member.name, _content(_pieces(opened), limits)
            if not found:
                raise Stopped(_NO_FILE)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Stopped(f"a damaged tar archive: {error}") from error


def _content(pieces: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    inner = expanded(pieces, limits)
    head, inner = peeked(inner)
    if head.startswith(_ZIP) or head[257:262] == b"ustar":
        raise Stopped("an archive within an archive: unpack it first")
    yield from _utf8(inner)


def _utf8(stream: Iterator[bytes]) -> Iterator[bytes]:
    head, stream = peeked(stream)
    encoding = _UTF16.get(head[:2])
    if encoding is None:
        yield from stream
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    first = True
    for piece in stream:
        text = decoder.decode(piece)
        yield (text[1:] if first else text).encode()
        first = first and not text


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    try:
        while piece := file.read(CHUNK):
            yield piece
    except _DAMAGED as error:
        raise Stopped(f"a damaged member: {error}") from error


def _is_hidden(name: str) -> bool:
    """Whether it is what a system left there: `./` and `../` in front hide nothing."""
    return any(
        part == "__MACOSX" or (part.startswith(".") and part not in (".", ".."))
        for part in name.split("/")
    )


def _limited(stream: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in stream:
        size += len(piece)
        if size > limit:
            raise Stopped(f"a zip archive of more than {limit} bytes can only be read from a file")
        yield piece


class _Budget:
    """What all members of an archive may expand to together."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken = self._given = 0

    def counted(self, pieces: Iterator[bytes], compressed: int) -> Iterator[bytes]:
        """The pieces of a member of so many bytes in the archive."""
        self._taken += compressed
        for piece in pieces:
            self._given += len(piece)
            check_expansion(self._taken, self._given, self._limits)
            yield piece


class _Stream(BytesIO):
    """A stream as a file that tarfile reads from its beginning to its end."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self._left = b""

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes, and fewer only at the end."""
        assert size is not None
        while len(self._left) < size:
            piece = next(self._stream, None)
            if piece is None:
                break
            self._left += piece
        given, self._left = self._left[:size], self._left[size:]
        return given
