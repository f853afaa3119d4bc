"""The rows of the tables that Datadog, SecOps and LogScale ask: their columns are the export's own."""

from ..exporters import Lookup
from .errors import FeedError
from .moments import instant, spelt
from .row import Row
from .table import Held, Values


def as_columns(row: Row) -> dict[str, str]:
    """The row by column."""
    return {
        "event_id": row.event_id,
        "cascade": row.cascade,
        "effect": row.action,
        "origin_event_id": row.origin_event_id,
        "event_time": spelt(row.event_time),
    }


def held_row(ref: str, columns: Values, keep: int) -> Held:
    """A row as a table gave it, by column."""
    since = instant(columns.get("event_time"))
    return Held(
        ref, str(columns.get("event_id") or ""), columns, None if since is None else since + keep
    )


def require_columns(lookup: Lookup, found: list[str], name: str, *, ordered: bool = False) -> None:
    """Hold a table's columns to those that the artefacts ask and the feeder writes.

    Raises:
        FeedError: one is missing, or they stand in another order.
    """
    missing = [column for column in lookup.columns if column not in found]
    if missing:
        raise FeedError(
            f"{name}: the table {lookup.name} lacks {', '.join(missing)}: make it from {lookup.of} of the export"
        )
    if ordered and list(lookup.columns) != found:
        raise FeedError(
            f"{name}: the table {lookup.name} has the columns {', '.join(found)[:200]}: make it from {lookup.of} of "
            "the export"
        )
