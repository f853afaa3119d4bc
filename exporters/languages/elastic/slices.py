"""How Kibana's rules keep the one rule of slices (exporters/schedule.py): intervals, look-backs, and ES|QL's own slice.

https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/date-time-functions/date_trunc :
a span of seconds, minutes or hours is counted from 1970 on, UTC.
"""

from ...schedule import overlap

_UNITS = ((3_600, "h", "hour"), (60, "m", "minute"), (1, "s", "second"))


def interval(seconds: int) -> str:
    """The duration as Kibana writes an interval: whole hours, minutes or seconds, never rounded.

    >>> interval(172_800), interval(5_400), interval(90)
    ('48h', '90m', '90s')
    """
    size, letter, _ = _unit(seconds)
    return f"{seconds // size}{letter}"


def timespan(seconds: int) -> str:
    """The duration as ES|QL writes a span of time.

    >>> timespan(900), timespan(3_600), timespan(90)
    ('15 minutes', '1 hour', '90 seconds')
    """
    size, _, word = _unit(seconds)
    count = seconds // size
    return f"{count} {word}{'' if count == 1 else 's'}"


def _unit(seconds: int) -> tuple[int, str, str]:
    return next(unit for unit in _UNITS if seconds % unit[0] == 0)


def judged(hold: int, every: int, lateness: int) -> int:
    """From how many seconds before a run is due its slice begins; it ends `hold` before.

    >>> judged(hold=1_200, every=900, lateness=1_200)
    4800
    """
    return hold + every + overlap(every, lateness)


def look_back(seconds: int) -> str:
    """Kibana's `from`, in minutes: never less than `seconds`."""
    return f"now-{-(-seconds // 60)}m"


def due(every: int) -> str:
    """When the run was due, in ES|QL: however late it starts, the last multiple of the interval."""
    return f"DATE_TRUNC({timespan(every)}, NOW())"
