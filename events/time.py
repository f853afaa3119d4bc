"""Reads eventTime."""

from datetime import UTC, datetime
from functools import lru_cache

from .mending import spelt_time


@lru_cache(maxsize=65_536)
def event_time(text: str) -> int:
    """Seconds since the epoch, UTC, of an eventTime; fractions are cut off.

    CloudTrail writes `2026-03-17T09:55:00Z`; tables write `2026-03-17 09:55:00.000`, which is UTC, too, or say so
    behind it; of others come seconds or milliseconds since the epoch.

    Raises:
        ValueError: the text is no instant between the years 1970 and 9999.

    >>> event_time("1970-01-01T00:01:00Z"), event_time("1970-01-01 00:01:00.900")
    (60, 60)
    """
    if text[4:5] != "-" or text.endswith(" UTC"):
        text = str(spelt_time(text)).removesuffix(" UTC")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = int((moment - _EPOCH).total_seconds() // 1)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no time") from error
    if seconds < 0 or len(text) < 19:
        raise ValueError(f"{text[:40]!r} is no time")
    return seconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
