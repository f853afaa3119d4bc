"""From when until when a log reaches, by the eventTime of all its records."""

from ...events import event_time

# Times of this length compare as texts do: 2026-03-17T01:01:01Z.
_CANONICAL = 20


class Extent:
    """The first and the last instant seen, in seconds since the epoch, UTC; None before the first event."""

    __slots__ = ("_first", "_last", "since", "until")

    def __init__(self) -> None:
        self.since: int | None = None
        self.until: int | None = None
        self._first = "~"
        self._last = ""

    def covers(self, moment: str) -> bool:
        """Whether an eventTime lies between the first and the last. False may be wrong: it is asked of every record."""
        return self._first <= moment <= self._last and len(moment) == _CANONICAL

    def see(self, moment: str, earliest: int | None = None, latest: float | None = None) -> None:
        """Take notice of an eventTime. One that cannot be read says nothing, and neither does one from before
        `earliest` or after `latest` (seconds since the epoch, UTC)."""
        try:
            time = event_time(moment)
        except ValueError:
            return
        if (earliest is not None and time < earliest) or (latest is not None and time > latest):
            return
        self.widen(time, time)
        if len(moment) == _CANONICAL and moment[-1] == "Z":
            self._first = min(self._first, moment)
            self._last = max(self._last, moment)

    def widen(self, since: int | None, until: int | None) -> None:
        """Take in another extent."""
        if since is not None and (self.since is None or since < self.since):
            self.since = since
        if until is not None and (self.until is None or until > self.until):
            self.until = until
