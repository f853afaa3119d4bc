"""Instants, as tables spell them."""

from datetime import UTC, datetime
from typing import Final

_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


def spelt(seconds: float) -> str:
    """An instant in seconds since the epoch, as CloudTrail writes it; what lies beyond the year 9999 at its end.

    >>> spelt(1773705053), spelt(1e18)
    ('2026-03-16T23:50:53Z', '9999-12-31T23:59:59Z')
    """
    return datetime.fromtimestamp(int(min(seconds, _LAST)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: object) -> float | None:
    """The instant that a text in ISO 8601 says, in seconds since the epoch; None where it says none.

    >>> instant("2026-03-16T23:50:53.000Z"), instant("2026-03-16"), instant("soon"), instant(None)
    (1773705053.0, 1773619200.0, None, None)
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def number(value: object) -> float | None:
    """The number that a value is, or spells; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < 1e15 else None
