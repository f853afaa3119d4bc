"""When an analytics rule runs, what it looks back upon, and which slice of time a run judges.

https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview has the limits and the five minutes.
"""

from dataclasses import dataclass

from ....catalog.terms import format_duration
from ...errors import Refused
from ...query import Query
from ...schedule import SKIPPED_RUNS, overlap, require_minutes
from .kusto import timespan_literal

DELAY = 5 * 60
"""Sentinel runs a rule five minutes after its time on the events up to that time, so that the last five minutes may not
be seen. `now()` is the time that its alerts name `query_now`, and is nothing that the reference promises."""

_DAY = 86_400
_MIN_EVERY = 5
_MAX_PERIOD = 14 * _DAY
# A rule that looks back two days or more runs no more often than every hour.
_LONG_PERIOD, _LONG_EVERY = 2 * _DAY, 3_600


@dataclass(frozen=True, slots=True)
class Slice:
    """The events that a query judges: from `hold + length` until `hold` seconds before its clock.

    `every`: the clock is floored to the multiple of so many seconds, so that runs judge the same slices
    however late they start; None: the clock is that of whoever asks.
    """

    length: int
    hold: int
    every: int | None = None

    def lines(self) -> tuple[str, str]:
        """`Until` and `Since`, between which the judged events lie."""
        hold = timespan_literal(self.hold)
        clock = f"bin(now(), {timespan_literal(self.every)})" if self.every else "now()"
        until = f"{clock} - {hold}" if self.hold else clock
        if not self.every and self.hold:
            until = f"ago({hold})"
        return (
            f"let Until = {until};",
            f"let Since = Until - {timespan_literal(self.length)};",
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """A rule's schedule: it runs `every` so many seconds on the events of the last `period`, and judges `slice`."""

    every: int
    period: int
    slice: Slice

    @property
    def runs(self) -> int:
        """How many runs may judge an event."""
        return -(-self.slice.length // self.every)

    def said(self, lateness: int) -> str:
        """The line of a header that says it, for events that are `lateness` seconds late."""
        return (
            f"runs every {format_duration(self.every)} and judges {format_duration(self.slice.length)}: events that "
            f"are {format_duration(lateness)} late and {SKIPPED_RUNS} runs left out lose nothing"
        )


def timing(query: Query, every: int) -> Timing:
    """The schedule of a rule that is asked to run `every` so many seconds.

    Raises:
        ExportError: Sentinel runs no rule so often, or at such moments; the nearest that it does.
        Refused: the rule would have to look back further than one can.
    """
    hold = query.reach_after + max(query.lateness, DELAY)
    return _fitting(every, query.lateness, query.reach_before, hold)


def prompt_timing(lookback: int, lateness: int, every: int) -> Timing:
    """The schedule of a rule that waits for nothing and asks `lookback` seconds before the events that it judges.

    What comes late is judged by a later run, since slices overlap by the lateness, too.

    Raises:
        ExportError, Refused: as `timing`.
    """
    return _fitting(every, lateness, lookback, 0)


def longest_lookback(lateness: int, every: int) -> int:
    """How many whole days, in seconds, a rule that waits for nothing can ask before the events that it judges.

    Raises:
        ExportError: as `timing`.
        Refused: less than a day.
    """
    every = max(_checked(every), _LONG_EVERY)
    days = (_MAX_PERIOD - _span(every, lateness, 0, 0)) // _DAY
    if days < 1:
        raise Refused(
            f"runs every {format_duration(every)} leave no day before the events of a slice in the 14 days "
            "that a rule sees"
        )
    return days * _DAY


def _fitting(every: int, lateness: int, back: int, hold: int) -> Timing:
    every = _checked(every)
    if _span(every, lateness, back, hold) >= _LONG_PERIOD:
        every = max(every, _LONG_EVERY)
    span = _span(every, lateness, back, hold)
    if span > _MAX_PERIOD:
        raise Refused(
            f"it takes the events of {format_duration(span)}, and a rule sees those of 14 days: "
            "a smaller --window, or --style query"
        )
    return Timing(every, span, Slice(_length(every, lateness, hold), hold, every))


def _length(every: int, lateness: int, hold: int) -> int:
    """How much a run judges: its own interval, those of runs that were skipped, and what comes late unless `hold`
    waits for that."""
    if hold:
        return every + overlap(every, lateness)
    return every + overlap(every, 0) + max(lateness, DELAY)


def _span(every: int, lateness: int, back: int, hold: int) -> int:
    """What a rule looks back upon. One interval more, since the clock is floored to it."""
    return -(-(back + hold + _length(every, lateness, hold) + every) // 60) * 60


def _checked(every: int) -> int:
    require_minutes(every, "Sentinel", _MIN_EVERY, _MAX_PERIOD // 60)
    return every
