"""For platforms that cannot answer a query: a table of event ids that something else found explained.

`cascade feed` or the `explained.sql` of an SQL target fills it. A rule then asks the table, so that
nothing is silenced which was not explained by all of the reference semantics; what comes late, alerts.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import PurePosixPath

from .capabilities import EVERY_CONDITION, Capabilities, Direction, Loss
from .header import overlay_lines
from .query import Pattern, Query
from .target import Artefact, Options

TABLE = "cascade_explained"
# The last one says when a row may go.
COLUMNS = ("event_id", "cascade", "effect", "origin_event_id", "event_time")

# What fills the table judges; the rule merely asks it.
EVERYTHING = Capabilities(
    actor="initial-principal",
    conditions=EVERY_CONDITION,
    nested_lists=True,
    list_conditions=True,
    number_keys=True,
    repeated_actions=True,
    resource_name=True,
)


def empty_table() -> str:
    """The table as CSV, without a row."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(COLUMNS)
    return out.getvalue()


def empty_files(folder: PurePosixPath, options: Options) -> Iterator[Artefact]:
    """The table without a row, and beside it what it is, since to many a reader a comment in a CSV is a row."""
    yield Artefact(folder / f"{TABLE}.csv", empty_table())
    lines = [
        f"{TABLE}.csv holds the ids of the events that a cascade explains and no stricter one does.",
        f"Filled by cascade feed, or from the explained.sql of an SQL target: {', '.join(COLUMNS)}.",
        "Only events whose policy is suppress belong in it. Rows older than any rule looks back may go.",
        f"cloudcascade catalogue {options.catalog_version}, made {options.created.isoformat()}",
        *overlay_lines(options),
        f"owner: {options.owner or 'nobody yet (--owner)'}; expires {options.expires.isoformat()}",
    ]
    yield Artefact(folder / f"{TABLE}.txt", "".join(f"{line}\n" for line in lines))


def table_losses(query: Query, options: Options) -> Iterator[Loss]:
    """What is lost by asking a table."""
    yield Loss(
        Direction.OPEN,
        f"what comes into {TABLE} after the rule has run still alerts; fill it more often than that",
    )


def unidentified() -> Loss:
    """What becomes of an event that cannot be in a table of ids."""
    return Loss(Direction.OPEN, f"an event without an eventID is in no {TABLE}, and alerts")


def calls_of(query: Query) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The subjects' event sources with their event names. Failed calls are among those that alert."""
    found: dict[str, list[str]] = {}
    for pattern in map(Pattern, query.actions):
        found.setdefault(pattern.event_source, []).append(pattern.event_name)
    for source, names in found.items():
        yield source, tuple(names)


def by_source(query: Query) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """The subjects' event sources with their event names, and whether failed calls of them may be silenced."""
    found: dict[tuple[str, bool], list[str]] = {}
    for action in query.actions:
        pattern = Pattern(action)
        key = (pattern.event_source, action in query.may_fail)
        found.setdefault(key, []).append(pattern.event_name)
    for (source, may_fail), names in found.items():
        yield source, tuple(names), may_fail
