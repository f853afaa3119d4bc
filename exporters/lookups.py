"""The tables of explained events that artefacts ask, by target. What fills one spells it as stands here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from .explained_table import COLUMNS, TABLE
from .languages.elastic import exceptions
from .languages.sentinel import watchlists
from .languages.splunk import app

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table: its name there, and its columns, of which the first holds the event's id.

    `kept` is for how many seconds a row serves. `of` is the file, below the export's folder, that says what the
    table is, where the platform takes one.
    """

    name: str
    columns: tuple[str, ...]
    of: PurePosixPath | None = None
    kept: int = app.KEPT_DAYS * _DAY


_FILE = f"{TABLE}.csv"
LOOKUPS: Mapping[str, Lookup] = {
    "datadog": Lookup(TABLE, COLUMNS, PurePosixPath("datadog", "reference_tables", _FILE)),
    "elastic": Lookup(exceptions.VALUE_LIST, ("value",)),
    "logscale": Lookup(TABLE, COLUMNS, PurePosixPath("logscale", "files", _FILE)),
    "secops": Lookup(TABLE, COLUMNS, PurePosixPath("secops", "data_tables", _FILE)),
    "sentinel": Lookup(
        watchlists.EXPLAINED,
        watchlists.EXPLAINED_COLUMNS,
        PurePosixPath("Watchlists", watchlists.EXPLAINED, "watchlist.json"),
    ),
    "splunk": Lookup(app.LOOKUP, tuple(app.COLUMNS), app.APP / "default" / "collections.conf"),
}
"""By the name of the target. SQL engines and the others answer the query themselves."""
