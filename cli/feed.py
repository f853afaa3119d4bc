"""`cascade feed`: fills the tables of explained events that exported artefacts ask."""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .options import JsonOption, positive_seconds
from .problem_log import ProblemLog
from .shown import shown

if TYPE_CHECKING:
    from ..feeds import Feed, Report, Wanted

UNUSABLE = 2
_SIGNS = {"added": "+", "changed": "~", "taken_back": "-", "expired": "-", "repeated": "-"}
_ALWAYS = ("added", "changed", "taken_back", "expired")


def complete_feed(context: typer.Context, incomplete: str) -> list[str]:
    """The platforms that begin with what was typed."""
    from ..feeds import feed_names

    return [name for name in feed_names() if name.startswith(incomplete.lower())]


@app.command(rich_help_panel="Detection content")
def feed(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET", help="A platform: see --list.", autocompletion=complete_feed
        ),
    ] = None,
    verdicts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VERDICTS]...",
            help="NDJSON of `classify` or `watch`: files, or `-` for standard input (the default).",
        ),
    ] = None,
    listing: Annotated[
        bool,
        typer.Option("--list", help="The platforms, their tables, and what credentials they take."),
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the platform's API is: see --list."),
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Lines NAME=value, for credentials that are not in the environment.",
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            metavar="DURATION",
            help="How long an event stays in the table. Default: 30d, as the exports say.",
            show_default=False,
            parser=positive_seconds,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Ask the table, and say what would change; change nothing."),
    ] = False,
    timeout: Annotated[
        int,
        typer.Option(
            metavar="DURATION",
            help="How long a connection or an answer may take.",
            parser=positive_seconds,
        ),
    ] = "30s",  # type: ignore[assignment]  # typer parses a default, too
    as_json: JsonOption = False,
) -> None:
    """Fill the table of explained events that a platform's exported rules ask, and prune it.

    Of the verdicts those count that silence an event: final ones, `effect`, policy `suppress`. Their rows are added;
    those of events that may not be silenced after all are taken out, and so are those that are older than --keep. The
    table is compared first, so that a second run changes nothing, and the next one finishes what was interrupted. Give
    all verdicts of that time together: a verdict that was taken back is then not believed, whatever the order.

    Credentials come from the environment or from --credentials, never from the command line. Exit status 2 where the
    platform refuses something, and where a line was no verdict: all the other lines count even so.

    **Examples**

    `cascade classify AWSLogs/ -f ndjson | cascade feed splunk --url https://splunk.example.com:8089`

    `cascade feed datadog verdicts*.ndjson --credentials /etc/cloudcascade/datadog --dry-run`

    `cascade feed --list`
    """
    from ..exporters import LOOKUPS
    from ..feeds import Opening, Wanted, fill, find_feed, open_client, read_credentials

    if listing:
        _list(as_json)
        return
    if target is None:
        raise typer.BadParameter("give a TARGET; --list tells which there are")
    platform = find_feed(target)
    lookup = LOOKUPS[platform.name]
    kept = keep if keep is not None else lookup.kept
    now = time.time()
    problems = ProblemLog()
    with ExitStack() as stack:
        secrets = read_credentials(credentials, os.environ)
        client = stack.enter_context(
            closing(open_client(platform, url, secrets, timeout=float(timeout)))
        )
        wanted = stack.enter_context(closing(Wanted()))
        _read(verdicts or ["-"], wanted, problems)
        table = stack.enter_context(closing(platform.open(Opening(client, kept, now))))
        try:
            report = fill(
                table,
                wanted,
                keep=kept,
                now=now,
                dry_run=dry_run,
                say=_say if dry_run and not as_json else _hold_back,
            )
        finally:
            problems.report()
        _tell(platform, client.name, report, dry_run, as_json)
    if problems.broken:
        raise typer.Exit(UNUSABLE)


def _read(sources: Sequence[str], wanted: "Wanted", problems: ProblemLog) -> None:
    """Take in all verdicts, before anything is changed."""
    from ..feeds import read_verdicts

    for source in dict.fromkeys(sources):
        if source == "-":
            wanted.add(read_verdicts(sys.stdin.buffer, "standard input", problems.add))
            continue
        with open(source, "rb") as opened:
            wanted.add(read_verdicts(opened, source, problems.add))


def _say(what: str, event_id: str, cascade: str) -> None:
    reason = cascade or {"taken_back": "taken back"}.get(what, what)
    typer.echo(f"{_SIGNS[what]} {shown(event_id)}  {shown(reason)}")


def _hold_back(what: str, event_id: str, cascade: str) -> None:
    """Nothing is said of single rows that are changed indeed."""


def _tell(platform: "Feed", address: str, report: "Report", dry_run: bool, as_json: bool) -> None:
    from ..exporters import LOOKUPS

    name = LOOKUPS[platform.name].name
    counts = report.as_dict()
    if as_json:
        facts = {"target": platform.name, "table": name, "url": address, "dry_run": dry_run}
        typer.echo(json.dumps({**facts, **counts}))
        return
    parts = ", ".join(_counted(counts))
    typer.echo(f"{name} at {shown(address)}: {'would be ' if dry_run else ''}{parts}")


def _counted(counts: dict[str, int]) -> Iterator[str]:
    for name, count in counts.items():
        if count or name in _ALWAYS:
            yield f"{count:,} {name.replace('_', ' ')}"


def _list(as_json: bool) -> None:
    from ..exporters import LOOKUPS
    from ..feeds import feed_names, find_feed

    found = [find_feed(name) for name in feed_names()]
    if as_json:
        rows = [
            {
                "target": each.name,
                "title": each.title,
                "table": LOOKUPS[each.name].name,
                "columns": LOOKUPS[each.name].columns,
                "url": each.default_url,
                "credentials": [variable for _, _, variable in each.headers],
            }
            for each in found
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    for each in found:
        variables = " and ".join(variable for _, _, variable in each.headers)
        typer.echo(f"{each.name}: {each.title}, {LOOKUPS[each.name].name}")
        typer.echo(f"  --url          {each.url}")
        typer.echo(f"  credentials    {variables}")
