"""How far a stream has come in event time, in seconds since the epoch, UTC."""

from collections.abc import Callable

# How far, in seconds, the clocks that events are stamped by may be ahead of ours.
MAX_SKEW = 300


class Watermark:
    """Lies `lateness` seconds behind the latest eventTime, as far as `clock` (seconds since the epoch) has come there:
    what is before it has arrived.

    `latest` and `earliest` are those of the events seen, `target` the watermark as far as it was asked for, which
    never goes back, and `front` the instant up to which events were taken up. Each is None before the first.
    """

    __slots__ = ("_clock", "earliest", "front", "lateness", "latest", "target")

    def __init__(self, lateness: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.lateness = lateness
        self.latest: int | None = None
        self.earliest: int | None = None
        self.target: int | None = None
        self.front: int | None = None

    @property
    def value(self) -> int | None:
        """The watermark, by what the events themselves say."""
        if self.latest is None:
            return None
        # Else one event from tomorrow would say that everything until then has arrived.
        return min(self.latest, int(self._clock()) + MAX_SKEW) - self.lateness

    def see(self, time: int) -> bool:
        """Take notice of an event; whether it is late."""
        if self.latest is None or time > self.latest:
            self.latest = time
        self._begin(time)
        return self.front is not None and time < self.front

    def advance(self, to: int | None) -> int | None:
        """Move the target forward, to the watermark by default; the front, None while there is no target."""
        to = self.value if to is None else to
        if to is not None and (self.target is None or to > self.target):
            self.target = to
        if self.front is None and self.target is not None:
            earliest = self.target if self.earliest is None else self.earliest
            self.front = min(earliest, self.target)
        return self.front

    def restore(self, latest: int | None, front: int | None) -> None:
        """Go on where another one was."""
        self.latest = latest
        self.front = self.target = self.earliest = front

    def see_again(self, time: int) -> None:
        """Take notice of an event that was seen before `restore`, and not taken up."""
        if self.front is None:
            self._begin(time)

    def _begin(self, time: int) -> None:
        if self.earliest is None or time < self.earliest:
            self.earliest = time
