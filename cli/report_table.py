"""What a person sees first: the cascades found, what name-only rules would have said, and the orphans."""

import io
import shutil
from typing import BinaryIO

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from .shown import shown
from .tally import OrphanGroup, Tally


def write_table(out: BinaryIO, tally: Tally, limit: int) -> None:
    """Write the report for a terminal; colours only where `out` is one. `limit` bounds the orphan rows."""
    text = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    is_terminal = text.isatty()
    console = Console(
        file=text, width=shutil.get_terminal_size((100, 24)).columns, soft_wrap=not is_terminal
    )
    try:
        _print(console, tally, limit)
    finally:
        text.detach()


def _print(console: Console, tally: Tally, limit: int) -> None:
    facts = tally.facts
    console.print(
        f"{facts.records:,} events read"
        + (f", {facts.duplicates:,} duplicates" if facts.duplicates else "")
        + (f", {facts.undecodable:,} not decodable" if facts.undecodable else "")
        + f"; {facts.cascades} cascades known",
        highlight=False,
    )
    if facts.overlay:
        console.print(f"overlay in force: {escape(shown(facts.overlay))}", style="yellow")
    named = sum(each.fires for each in tally.actions.values())
    silent = sum(each.suppressed for each in tally.actions.values())
    labelled = sum(each.annotated for each in tally.actions.values())
    console.print(
        f"{named:,} may be side effects by name: [green]{silent:,} explained and safe to silence[/], "
        f"[cyan]{labelled:,} explained, to be shown with a label[/], "
        f"[bold]{named - silent - labelled:,} left over[/]; {tally.verdicts['origin']:,} origins",
        highlight=False,
    )
    if tally.cascades:
        console.print(_cascades(tally))
    if tally.actions:
        console.print(_actions(tally))
    if tally.orphans:
        console.print(_orphans(tally, limit))
        hidden = len(tally.orphans) - limit
        if hidden > 0:
            console.print(f"… and {hidden} more kinds of orphan: --limit shows more", style="dim")
    elif named:
        console.print("Nothing is left over.", style="green")


def _table(title: str) -> Table:
    return Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")


def _cascades(tally: Tally) -> Table:
    table = _table("Cascades found")
    table.add_column("cascade", overflow="fold")
    for name in ("instances", "side effects", "to silence"):
        table.add_column(name, justify="right")
    for name, each in sorted(tally.cascades.items(), key=lambda item: (-item[1].effects, item[0])):
        table.add_row(name, str(len(each.instances)), str(each.effects), str(each.suppressible))
    return table


def _actions(tally: Tally) -> Table:
    table = _table("A rule on the event name alone")
    table.add_column("action", overflow="fold")
    table.add_column("fires", justify="right")
    table.add_column("silenced", justify="right", style="green")
    table.add_column("labelled", justify="right", style="cyan")
    table.add_column("left over", justify="right", style="bold")
    ranked = sorted(tally.actions.items(), key=lambda item: (-item[1].suppressed, item[0]))
    for name, each in ranked:
        if each.suppressed or each.annotated:
            table.add_row(
                name, str(each.fires), str(each.suppressed), str(each.annotated), str(each.left)
            )
    return table


def _orphans(tally: Tally, limit: int) -> Table:
    table = _table("Left over: could be side effects, but nothing explains them")
    table.add_column("first seen", no_wrap=True)
    table.add_column("times", justify="right")
    table.add_column("action", overflow="fold")
    table.add_column("actor", overflow="fold")
    table.add_column("nearest explanation, and why not", overflow="fold")
    groups = sorted(
        tally.orphans.values(),
        key=lambda group: (group.first.failed, group.first.event_time, group.first.event_id),
    )
    for group in groups[:limit]:
        table.add_row(
            group.first.event_time[5:19].replace("T", " "),
            str(group.count) if group.count > 1 else "",
            Text(shown(group.first.action), style="dim" if group.first.failed else ""),
            Text(shown(_actor(group))),
            Text(shown(_why(group))),
        )
    return table


def _actor(group: OrphanGroup) -> str:
    verdict = group.first
    name = (verdict.actor_arn or verdict.actor or "unknown").rpartition(":")[2]
    return f"{name} ({verdict.controller})" if verdict.controller else name


def _why(group: OrphanGroup) -> str:
    verdict = group.first
    failed = f"failed: {verdict.error}" if verdict.error else ""
    if not verdict.near_misses:
        return failed
    nearest = verdict.near_misses[0]
    why = f"{nearest.cascade}: {nearest.reason}"
    return why if not failed or failed in why else f"{failed}; {why}"
