"""When a scheduled artefact runs, and which slice of time each run judges: one rule for every platform.

A run that is due at an instant judges the events from `hold + every + overlap` until `hold` seconds
before it. Instants are multiples of the interval since 1970, UTC, however late the run starts. Slices
overlap, so that a run that is skipped or starts late, or an event that comes later than it should, is
made up for by a later run; what a run has told before is told once where the platform can drop it by its
event id. What holds nothing back must look back further by the lateness: an event that is in late is not
to be missed by a run that never was.
"""

from collections.abc import Iterable, Sequence

from ..catalog.terms import format_duration
from .errors import ExportError

DEFAULT_LATENESS = 20 * 60
SKIPPED_RUNS = 2
"""How many runs in a row may be skipped without a loss."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_CRON = (
    *(minutes * _MINUTE for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 4, 6, 8, 12)),
    _DAY,
)


def overlap(every: int, lateness: int) -> int:
    """By how many seconds the slice of a run reaches back into those of the runs before it: whole intervals.

    One interval more than the runs that may be skipped: the run after them may start so late that its
    slice is that of the next instant, and few schedulers say at which second of the interval they run.
    """
    return max(-(-lateness // every), SKIPPED_RUNS + 1) * every


def tellings(every: int, lateness: int) -> int:
    """How many runs at most judge one event, none of which is skipped.

    >>> tellings(900, 1200)
    4
    """
    return 1 + overlap(every, lateness) // every


def spread(name: str, every: int) -> int:
    """A minute that is always the same for a name, so that artefacts do not all run at once.

    >>> 0 <= spread("aws.iam.delete-user", 900) < 15
    True
    """
    number = int.from_bytes(name.encode()[-4:], "big") + sum(name.encode())
    return number % max(1, min(every, _HOUR) // _MINUTE)


def cron(every: int, minute: int = 0) -> str:
    """The cron of five fields that runs exactly so often, `minute` minutes after the multiple.

    >>> cron(900), cron(900, 4), cron(2 * 3600, 7), cron(86400)
    ('*/15 * * * *', '4-59/15 * * * *', '7 */2 * * *', '0 0 * * *')

    Raises:
        ExportError: cron cannot say it; the nearest that it can.
    """
    require(every, _CRON, "cron")
    if every < _HOUR:
        step = every // _MINUTE
        offset = minute % step
        minutes = "*" if step == 1 else f"{offset}-59/{step}" if offset else f"*/{step}"
        return f"{minutes} * * * *"
    if every < _DAY:
        hours = every // _HOUR
        return f"{minute % 60} {'*' if hours == 1 else f'*/{hours}'} * * *"
    return f"{minute % 60} 0 * * *"


def require(every: int, allowed: Sequence[int], scheduler: str) -> None:
    """Refuse an interval that a scheduler cannot say exactly.

    Raises:
        ExportError: with the nearest ones that it can.
    """
    if every not in allowed:
        nearest = " or ".join(format_duration(each) for each in _nearest(every, allowed))
        raise ExportError(
            f"{scheduler} cannot run every {format_duration(every)} exactly; the nearest: {nearest}"
        )


def require_minutes(every: int, scheduler: str, least: int = 1, most: int | None = None) -> None:
    """Refuse what is not whole minutes, or fewer or more of them than a scheduler keeps.

    Raises:
        ExportError: with the nearest ones that it can.
    """
    below = max(least, every // _MINUTE) * _MINUTE
    near = {below, max(least, -(-every // _MINUTE)) * _MINUTE}
    if most is not None:
        near = {min(each, most * _MINUTE) for each in near}
    require(every, sorted(near), scheduler)


def _nearest(every: int, allowed: Iterable[int]) -> list[int]:
    below = [each for each in allowed if each < every]
    above = [each for each in allowed if each > every]
    return [*below[-1:], *above[:1]]
