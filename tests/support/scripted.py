"""A source, a sink and a watcher for tests of the loop, which can be killed between any two of its steps."""

from collections.abc import Iterable, Sequence

from cloudcascade.events import Record
from cloudcascade.streams import Look, Message, SourceError

from .cloudtrail import Event, record


class Killed(Exception):
    """The process died here."""


class Fuse:
    """Lets so many steps pass and kills the next one."""

    def __init__(self, steps: int | None = None) -> None:
        self.left = steps

    def burn(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


class ScriptedSource:
    """Gives pieces of a log one after the other, and ends."""

    name = "scripted"
    forgets = False

    def __init__(self, pieces: Sequence[Iterable[Event]], fuse: Fuse | None = None) -> None:
        self._pieces = [list(piece) for piece in pieces]
        self._next = 0
        self._fuse = fuse or Fuse()
        self.settled = 0

    def poll(self, wait: float) -> Sequence[Record] | None:
        self._fuse.burn()
        if self._next == len(self._pieces):
            return None
        self._next += 1
        return [record(event) for event in self._pieces[self._next - 1]]

    @property
    def busy(self) -> bool:
        return False

    def position(self) -> bytes:
        return b"%d" % self._next

    def resume(self, position: bytes) -> None:
        try:
            self._next = int(position)
        except ValueError as error:
            raise SourceError("a position that is no number") from error

    def settle(self) -> None:
        self._fuse.burn()
        self.settled = self._next

    def close(self) -> None:
        pass


class CollectingSink:
    """Keeps what it is sent, in a list that outlives it."""

    def __init__(self, into: list[Message], fuse: Fuse | None = None, name: str = "list") -> None:
        self.name = name
        self._into = into
        self._fuse = fuse or Fuse()

    def send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._fuse.burn()
            self._into.append(message)

    def close(self) -> None:
        pass


class Looking:
    """Remembers the last look."""

    def __init__(self, fuse: Fuse | None = None) -> None:
        self.last: Look | None = None
        self._fuse = fuse or Fuse()

    def look(self, look: Look) -> None:
        self.last = look

    def keep(self) -> None:
        self._fuse.burn()
