"""When a saved search runs, over which time, and how often it tells of one event.

The settings are those of savedsearches.conf: https://help.splunk.com/en/splunk-enterprise/administer/admin-manual
"""

from ...schedule import cron, spread
from ...target import Options

_MINUTE, _DAY = 60, 86_400
_WIDEST = 10


def start_window(every: int) -> int:
    """Minutes by which the scheduler may delay a run; a third of the interval, and at most ten."""
    return min(_WIDEST, every // _MINUTE // 3)


def minute_of(name: str, every: int) -> int:
    """The search's own minute within the interval, so early that a delayed run does not reach the next interval."""
    return spread(name, every - start_window(every) * _MINUTE)


def schedule_of(name: str, every: int) -> str:
    """The search's cron.

    Raises:
        ExportError: cron cannot say the interval exactly.
    """
    return cron(every, minute_of(name, every))


def back_of(hold: int, reach: int, before: int, every: int) -> int:
    """How many seconds back a run has to read, to judge its slice and see `before` ahead of it.

    The interval is added since the run is as of the multiple of it that lies up to an interval before its end.
    """
    return hold + reach + before + every


def scheduled(name: str, back: int, options: Options) -> list[tuple[str, str]]:
    """The settings of a search that runs every interval over the last `back` seconds.

    The scheduler counts both ends of the range from the minute at which the run was due. No run is left out
    (`realtime_schedule`), and one that failed is repeated over the same range (`durable`).

    Raises:
        ExportError: cron cannot say the interval exactly.
    """
    return [
        ("cron_schedule", schedule_of(name, options.every)),
        ("schedule_window", str(start_window(options.every))),
        ("realtime_schedule", "0"),
        ("dispatch.earliest_time", f"-{back}s@m"),
        ("dispatch.latest_time", "@m"),
        ("durable.track_time_type", "_time"),
        ("durable.backfill_type", "time_interval"),
        ("durable.lag_time", "0"),
        ("enableSched", "1"),
    ]


def throttle_period(reach: int, every: int) -> int:
    """How many seconds an event that alerted is remembered: longer than slices of `reach` repeat it, at least a day."""
    return max(_DAY, reach + 2 * every)


def alerting(reach: int, every: int) -> list[tuple[str, str]]:
    """The settings of a search whose every result alerts, once for an event id."""
    return [
        ("counttype", "number of events"),
        ("relation", "greater than"),
        ("quantity", "0"),
        ("alert.track", "1"),
        ("alert.digest_mode", "0"),
        ("alert.suppress", "1"),
        ("alert.suppress.fields", "event_id"),
        ("alert.suppress.period", f"{throttle_period(reach, every)}s"),
    ]


def described(options: Options) -> tuple[str, str]:
    """Who answers for a search; a saved search cannot expire, so the day is told."""
    return "description", f"owner {options.owner or 'nobody yet'}, expires {options.expires}"


def daily(name: str, options: Options) -> list[tuple[str, str]]:
    """The settings of a search that runs once a day, for what no run waits for."""
    return [
        described(options),
        ("cron_schedule", f"{spread(name, 3600)} 3 * * *"),
        ("schedule_window", "60"),
        ("dispatch.latest_time", "now"),
        ("enableSched", "1"),
    ]
