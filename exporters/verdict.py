"""Rules on the final verdicts of `cascade watch`, which come when nothing can change them any more: for platforms that
cannot wait, or need not.

A verdict alerts unless the event is an effect that may be silenced. What came late and spoke against one that was
silenced is told by one more final verdict (docs/operations.md, Taken back), which alerts like any other.
"""

from collections.abc import Iterator

from ..catalog.terms import format_duration
from .capabilities import Direction, Loss
from .query import Query
from .target import Options

SOURCE = "cloudcascade"
"""Who tells the verdicts, as each platform names it: EventBridge's source, Datadog's source, SecOps' vendor."""

UNEXPLAINED = ("orphan", "origin")
"""The verdicts that alert whatever else they say."""
EXPLAINED = "effect"
"""The verdict that alerts unless its policy is `SILENT`."""
SILENT = "suppress"


def verdict_losses(query: Query, options: Options) -> Iterator[Loss]:
    """What is lost by asking verdicts where each that is delivered alerts."""
    yield from watch_losses(query, options)
    yield Loss(
        Direction.OPEN, "a verdict that is delivered twice may alert twice: its id is the same"
    )


def watch_losses(query: Query, options: Options) -> Iterator[Loss]:
    """What is lost by asking verdicts where an event alerts once."""
    yield Loss(
        Direction.UNCOVERED,
        f"while no cascade watch --lateness {format_duration(options.lateness)} tells its verdicts, nothing alerts: "
        "watch its /readyz",
    )
    yield Loss(
        Direction.UNCOVERED,
        "calls that cascade watch calls unlisted: everyday ones, and those that no effect could be",
    )
