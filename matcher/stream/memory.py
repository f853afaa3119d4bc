"""About how much memory the state of a stream takes, and texts that stand in it once."""

from collections import deque

from ..event import Event

# Bytes, as bench/live_state.py measures them: an event that waits, one place in which it is filed, an id that
# copies are known by, credentials, what was emitted, an event or a place that a silence is remembered with.
WAITING, FILED, KNOWN, ISSUED, EMITTED, SILENCED = 700, 320, 160, 400, 300, 300
# Characters of an event that are in these bytes; what is beyond is weighed.
_USUAL = 512
# Equal texts are one object, as far as they are short; it is no harm when they are two again.
MAX_TEXTS = 100_000
_SHORT = 256


class Texts:
    """`texts.intern` makes equal texts one object."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def intern(self, text: str | None) -> str | None:
        """The first text that was equal to this one, as far as it is remembered."""
        if text is None or len(text) > _SHORT:
            return text
        if len(self._texts) > MAX_TEXTS:
            self._texts.clear()
        return self._texts.setdefault(text, text)

    def clear(self) -> None:
        """Remember none."""
        self._texts.clear()


class LargeEvents:
    """What the events that are kept take beyond what an event usually takes; `size` in bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._expiring: deque[tuple[int, int]] = deque()

    def add(self, event: Event, expires: int) -> int:
        """Weigh an event that is kept until then; how many usual events it takes the room of."""
        beyond = event.weight() - _USUAL
        if beyond <= 0:
            return 1
        self.size += beyond
        self._expiring.append((expires, beyond))
        return 1 + beyond // _USUAL

    def forget(self, before: int) -> None:
        """Leave out those that were kept until before an instant."""
        while self._expiring and self._expiring[0][0] < before:
            self.size -= self._expiring.popleft()[1]

    def clear(self) -> None:
        """Leave out all."""
        self.size = 0
        self._expiring.clear()
