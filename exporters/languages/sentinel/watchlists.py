"""Watchlists: their rows, their templates, and the queries that ask them."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from ...header import overlay_lines
from ...query import Query
from ...target import Artefact, Options
from . import arm
from .kusto import table_name, text_list, text_literal

EXPLAINED, CONTROLLERS = "cascade_explained", "cascade_controllers"
EXPLAINED_COLUMNS = ("AwsEventId", "Cascade", "Relation", "OriginEventId", "Expires")


def listed_events(query: Query, table: str) -> str:
    """The subjects' events, and before them what the watchlist of explained events holds."""
    return (
        "// The rows that hold an id and have not expired; an event without an id is never muted.\n"
        f"let Explained = _GetWatchlist({text_literal(EXPLAINED)})\n"
        "    | where isnotempty(AwsEventId) and todatetime(Expires) > now()\n"
        "    | project AwsEventId = tostring(AwsEventId);\n"
        "// In place of these lines: your own rule, with AwsEventId kept.\n"
        + own_rule(query, table)
    )


def own_rule(query: Query, table: str) -> str:
    """All calls of the subjects' actions."""
    sources = dict.fromkeys(f"{action.partition(':')[0]}.amazonaws.com" for action in query.actions)
    names = dict.fromkeys(action.partition(":")[2] for action in query.actions)
    lines = [
        table_name(table),
        f"| where EventSource in {text_list(sources)}",
        f"| where EventName in {text_list(names)}",
    ]
    return "\n".join(lines) + "\n"


def template(alias: str, about: str, key: str, held: str, options: Options) -> Artefact:
    """The template of a watchlist. It says what its rows cannot: whose they are, and which overlay was in force."""
    owner = options.owner or "nobody yet"
    described = " ".join(
        [
            f"{about}. Owner: {owner}. Expires {options.expires.isoformat()}.",
            *(f"{line}." for line in overlay_lines(options)),
        ]
    )
    resource = arm.watchlist(alias, described, key, held)
    return Artefact(
        PurePosixPath("Watchlists") / alias / "watchlist.json", arm.template([resource])
    )


def rows(columns: Sequence[str], found: Iterable[Sequence[str]]) -> str:
    """The rows of a watchlist, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(found)
    return out.getvalue()
