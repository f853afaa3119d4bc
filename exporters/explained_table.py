"""For platforms that cannot answer a query: a table of event ids that something else found explained.

`cascade classify` or the `explained.sql` of an SQL target fills it. A rule then asks the table, so that
nothing is silenced which was not explained by all of the reference semantics; what comes late, alerts.
"""

import csv
import io
from collections.abc import Iterator

from .capabilities import EVERY_CONDITION, Capabilities, Direction, Loss
from .query import Pattern, Query
from .target import Options

TABLE = "cascade_explained"
COLUMNS = ("event_id", "cascade", "effect", "origin_event_id")

# What fills the table judges; the rule merely asks it.
EVERYTHING = Capabilities(
    actor="initial-principal",
    conditions=EVERY_CONDITION,
    nested_lists=True,
    list_conditions=True,
    number_keys=True,
    repeated_actions=True,
)


def empty_table() -> str:
    """The table as CSV, without a row."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(COLUMNS)
    return out.getvalue()


def table_losses(query: Query, options: Options) -> Iterator[Loss]:
    """What is lost by asking a table."""
    yield Loss(
        Direction.OPEN,
        f"what comes into {TABLE} after the rule has run still alerts; fill it more often than that",
    )


def by_source(query: Query) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """The subjects' event sources with their event names, and whether failed calls of them count."""
    found: dict[tuple[str, bool], list[str]] = {}
    for action in query.actions:
        pattern = Pattern(action)
        key = (pattern.event_source, action in query.may_fail)
        found.setdefault(key, []).append(pattern.event_name)
    for (source, may_fail), names in found.items():
        yield source, tuple(names), may_fail
