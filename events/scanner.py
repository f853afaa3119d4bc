"""Cuts JSON objects out of a stream of any size, keeping no more than one of them in memory.

Lists of known containers (a log file's `Records`, a search response's `hits`) are entered, so that
their elements come out one by one. Damage costs the piece it stands in: cutting goes on at the next
thing that begins as AWS begins a record. That is looked for only where the JSON is broken or the piece
is larger than AWS makes records, so that nothing inside a sound record can pass for one of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from .mending import mended
from .unwrap import LISTS

_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*+"|[{}\[\]"]', re.DOTALL)
_REST_OF_TEXT = re.compile(rb'(?:[^"\\\n]|\\.)*+["\n]', re.DOTALL)
RECORD_START = re.compile(rb'\{\s*"eventVersion"\s*:')
_LISTS = frozenset(name.encode() for name in LISTS)
# Separators, and the letters of numbers, true, false and null, which stand between the parts of a container.
_HARMLESS = b" \t\r\n,:\x00\x1e0123456789+-.Etruefalsn"
_LARGEST_RECORD = 256 << 10
_BOM = b"\xef\xbb\xbf"
_QUOTE, _BRACE, _BRACKET = 0x22, 0x7B, 0x5B
_syntax = msgspec.json.Decoder(msgspec.Raw)


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of the stream: `start` in bytes from its beginning. `fault` says why it is no whole object."""

    start: int
    data: bytes
    fault: str | None = None


class Cutter:
    """Feed it a stream chunk by chunk, then `finish`; it gives back the objects as they end."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._buffer = b""
        self._base = 0  # where the buffer begins in the stream
        self._at = 0  # how far the buffer is scanned
        self._start = 0  # where the object begins in the buffer, while depth > 0
        self._depth = 0
        self._key = b""
        self._skipping = False
        self._in_text = False
        self._entered = 0  # how many brackets of containers are open
        self._junk = False
        self._unbalanced = False
        self._rows = False  # in a list whose elements are lists of one column each

    def feed(self, chunk: bytes) -> Iterator[Cut]:
        """Take in the next bytes and hand on the objects that end in them."""
        self._buffer += chunk
        if self._base == 0 and self._at == 0 and self._buffer[:3] == _BOM:
            self._buffer, self._base = self._buffer[3:], 3
        yield from self._scan()
        if self._depth and not self._skipping and len(self._buffer) - self._start > self._max:
            yield from self._oversize()
        keep = self._start if self._depth and not self._skipping else self._at
        if self._skipping and len(self._buffer) - keep > self._max:
            self._in_text = True  # an endless text: nothing of it is kept but a cut escape
            keep = len(self._buffer) - self._buffer.endswith(b"\\")
        self._drop(keep)

    def finish(self) -> Iterator[Cut]:
        """Say that the stream has ended."""
        while self._depth and not self._skipping:
            piece = self._buffer[self._start :]
            found = RECORD_START.search(piece, 1)
            if found is None:
                yield Cut(self._base + self._start, piece, "the input ends in the middle of it")
                break
            yield Cut(self._base + self._start, piece[: found.start()], "broken JSON")
            self._restart(self._start + found.start())
            yield from self._scan()

    def _drop(self, count: int) -> None:
        self._buffer = self._buffer[count:]
        self._base += count
        self._at = max(self._at - count, 0)
        self._start -= count

    def _restart(self, at: int) -> None:
        self._at, self._depth, self._skipping, self._in_text = at, 0, False, False

    def _oversize(self) -> Iterator[Cut]:
        found = (
            RECORD_START.search(self._buffer, self._start + 1)
            if self._max >= _LARGEST_RECORD
            else None
        )
        begin = self._base + self._start
        if found is not None:
            yield Cut(begin, self._buffer[self._start : found.start()], "broken JSON")
            self._restart(found.start())
            yield from self._scan()
            if self._depth and len(self._buffer) - self._start > self._max:
                yield from self._oversize()
            return
        yield Cut(
            begin,
            self._buffer[self._start : self._start + self._max],
            f"larger than {self._max} bytes",
        )
        self._skipping = True

    def _scan(self) -> Iterator[Cut]:
        if self._in_text:
            rest = _REST_OF_TEXT.match(self._buffer)
            if rest is None:
                return
            self._at, self._in_text = rest.end(), False
        again = True
        while again:
            again = False
            for token in _TOKEN.finditer(self._buffer, self._at):
                begin, end = token.span()
                if not self._depth:
                    gap = self._buffer[self._at : begin].strip(_HARMLESS)
                    if gap and not self._junk:
                        self._junk = True
                        yield Cut(
                            self._base + self._at, gap[: self._max], "text outside of any record"
                        )
                first = self._buffer[begin]
                if first == _QUOTE:
                    if end - begin == 1 and b"\n" not in self._buffer[end:]:
                        self._at = begin
                        return  # the text goes on in the next chunk
                    self._key = self._buffer[begin + 1 : end - 1] if end - begin < 64 else b""
                    self._at = end
                    continue
                self._at = end
                if first in (_BRACE, _BRACKET):
                    self._open(first, begin)
                elif self._depth:
                    self._depth -= 1
                    if not self._depth and not self._skipping:
                        cut, onward = self._cut(end)
                        yield cut
                        if onward is not None:
                            self._restart(onward)
                            again = True
                            break
                    elif not self._depth:
                        self._skipping = False
                else:
                    self._entered -= 1
                    if self._entered < 0 and not self._unbalanced:
                        self._unbalanced = True
                        yield Cut(self._base + begin, b"", "a bracket too many")
            else:
                self._at = len(self._buffer)

    def _open(self, first: int, begin: int) -> None:
        entered = self._depth == 1 and (
            self._key in _LISTS if first == _BRACKET else self._key == b"hits"
        )
        if entered and not self._skipping:
            self._depth = 0
            self._entered += 2
            self._rows = first == _BRACKET
        elif self._depth:
            self._depth += 1
        elif first == _BRACE or self._rows:
            self._depth, self._start = 1, begin
        else:
            self._entered += 1

    def _cut(self, end: int) -> tuple[Cut, int | None]:
        """The object that ends here; and where to go on, when damage calls for another place."""
        begin = self._base + self._start
        piece = self._buffer[self._start : end]
        if len(piece) > self._max:
            return Cut(begin, piece[: self._max], f"larger than {self._max} bytes"), None
        try:
            _syntax.decode(piece)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            sound = mended(piece)
            if sound is not None:
                return Cut(begin, sound), None
            found = RECORD_START.search(piece, 1)
            if found is None:
                return Cut(begin, piece, f"broken JSON: {error}"), None
            return Cut(begin, piece[: found.start()], "broken JSON"), self._start + found.start()
        return Cut(begin, piece), None
