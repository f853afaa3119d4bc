"""When an artefact says that it was made, and until when it holds: so that it can be made again, byte for byte."""

import os
from datetime import UTC, date, datetime, timedelta

import typer

LIFE = timedelta(days=180)
EPOCH = "SOURCE_DATE_EPOCH"


def day(text: str) -> date:
    """A date that was typed."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day is YYYY-MM-DD, such as 2027-01-31") from None


def days(made: date | None, expires: date | None) -> tuple[date, date]:
    """The day that artefacts bear, and the day on which they want a new look: UTC.

    What was asked for; else the day of SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/),
    else today. They hold for LIFE unless told otherwise.
    """
    made = made or _epoch() or datetime.now(UTC).date()
    if expires is not None and expires <= made:
        raise typer.BadParameter(
            f"{expires.isoformat()} is no day after {made.isoformat()}, the day they are made"
        )
    try:
        return made, expires or made + LIFE
    except OverflowError:
        raise typer.BadParameter(f"{made.isoformat()} leaves no day to expire on") from None


def _epoch() -> date | None:
    text = os.environ.get(EPOCH, "").strip()
    if not text:
        return None
    try:
        if not (text.isascii() and text.isdigit()):
            raise ValueError
        return datetime.fromtimestamp(int(text), UTC).date()
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(
            f"{EPOCH} is seconds since 1970, such as 1767225600, not {text[:40]!r}"
        ) from None
