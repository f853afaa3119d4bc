"""What a person sees first: what is left over, as stories; then the cascades, what name-only rules would have said, and
the origins."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.text import Text

from ..matcher import Verdict
from .origins import Explained
from .shown import shown
from .stories import Kind, Stories, Story
from .tables import ENDLESS, Column, Paragraph, Table, line_width, paragraph, table
from .tally import Shape, Tally

# Of a story that does many things the rows most worth a look are shown.
_KINDS = 12


@dataclass(slots=True)
class Watched:
    """What the table tells beside the counts; pass all verdicts through `add`."""

    stories: Stories = field(default_factory=Stories)
    explained: Explained = field(default_factory=Explained)

    def add(self, verdict: Verdict) -> None:
        """Keep what is wanted of a verdict."""
        self.stories.add(verdict)
        self.explained.add(verdict)


def write_table(out: BinaryIO, tally: Tally, watched: Watched, shape: Shape) -> None:
    """Write the report for a terminal; colours only where `out` is one."""
    text = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    width = ENDLESS if shape.wide else line_width(text.isatty())
    console = Console(file=text, width=width, soft_wrap=True, highlight=False)
    try:
        for part in _parts(tally, watched, shape):
            console.print(part)
    finally:
        text.detach()


def _parts(tally: Tally, watched: Watched, shape: Shape) -> Iterator[RenderableType]:
    yield from _counts(tally)
    stories = watched.stories.told()
    if stories:
        yield from _told(stories, watched.stories, shape)
    elif any(each.fires for each in tally.actions.values()):
        yield paragraph("Nothing is left over.", style="green")
    if tally.cascades:
        yield _cascades(tally)
    explained = [item for item in tally.actions.items() if item[1].suppressed or item[1].annotated]
    if explained:
        yield _actions(tally)
    if watched.explained.origins:
        yield from _origins(watched.explained, shape)
    if shape.labelled and watched.explained.labelled:
        yield from _labelled(watched.explained, shape)
    elif watched.explained.labelled:
        yield paragraph("--labelled lists what is shown with a label.", style="dim")
    if tally.caveats:
        yield _caveats(tally, shape.limit)


def _counts(tally: Tally) -> Iterator[Paragraph]:
    facts = tally.facts
    yield paragraph(
        escape(
            f"{facts.records:,} events read"
            + (f", {facts.duplicates:,} duplicates" if facts.duplicates else "")
            + (f", {facts.undecodable:,} not decodable" if facts.undecodable else "")
            + (f"; passed over: {facts.passed_over_words}" if facts.passed_over else "")
            + f"; {facts.cascades} cascades known"
        )
    )
    if facts.overlay:
        yield paragraph(f"overlay in force: {escape(shown(facts.overlay))}", style="yellow")
    named = sum(each.fires for each in tally.actions.values())
    silent = sum(each.suppressed for each in tally.actions.values())
    labelled = sum(each.annotated for each in tally.actions.values())
    yield paragraph(
        f"{named:,} may be side effects by name: [green]{silent:,} explained and safe to silence[/], "
        f"[cyan]{labelled:,} explained, to be shown with a label[/], "
        f"[bold]{named - silent - labelled:,} left over[/]; {tally.verdicts['origin']:,} origins"
    )


def _told(stories: tuple[Story, ...], gathered: Stories, shape: Shape) -> Iterator[RenderableType]:
    rows = Table(
        (
            Column("time", whole=True),
            Column("times", justify="right"),
            Column("action", whole=True),
            Column("nearest explanation, and why not", lines=2, least=24),
            Column("reasons", priority=1, lines=2, least=50),
        ),
        "Left over, for nothing explains it; what is most worth a look comes first",
        heads=False,
        indent=4,
    )
    left = shape.limit
    hidden: list[Story] = []
    for number, story in enumerate(stories, 1):
        if left <= 0:
            hidden.append(story)
            continue
        kinds = _weightiest(story.kinds, min(_KINDS, left) if not shape.wide else left)
        left -= len(kinds)
        rows.add_span(Paragraph(_headline(number, story), 0, 4))
        rows.add_span(Paragraph(Text(_because(story), style="dim"), 4))
        day = story.first.event_time[:10]
        for kind in kinds:
            rows.add_row(*_row(kind, day))
        if more := len(story.kinds) - len(kinds):
            rows.add_span(Paragraph(Text(f"… and {more} more kinds of event", style="dim"), 4))
    yield rows
    if hidden:
        events = sum(story.events for story in hidden)
        yield paragraph(
            f"… and {len(hidden):,} more stories of {events:,} events: --limit shows more",
            style="dim",
        )
    if beyond := gathered.beyond.total():
        yield paragraph(
            f"{beyond:,} more orphans were too many to tell apart: -f ndjson has each",
            style="yellow",
        )
    yield Text("")


def _weightiest(kinds: Iterable[Kind], most: int) -> list[Kind]:
    """So many of the rows, still in the order of time."""
    told = list(kinds)
    kept = sorted(range(len(told)), key=lambda at: (-told[at].score, at))[:most]
    return [told[at] for at in sorted(kept)]


def _headline(number: int, story: Story) -> Text:
    first, last = story.first.event_time, story.last_time
    span = first[5:16].replace("T", " ")
    if last[:16] != first[:16]:
        span += f" to {last[11:16] if last[:10] == first[:10] else last[5:16].replace('T', ' ')}"
    events = f"{story.events:,} event{'s' * (story.events > 1)}"
    sessions = f" in {story.sessions:,} sessions" if story.sessions > 1 else ""
    line = Text(f"{number:>2}  {span}  ")
    name = actor_of(story.first)
    if story.sessions > 1:
        name = name.rpartition("/")[0] + "/*" if "/" in name else name
    line.append(shown(name), style="bold")
    return line.append(f"  {events}{sessions}")


def _because(story: Story) -> str:
    account = [f"account {story.first.account}"] if story.first.account else []
    return shown("; ".join([*account, *(each.words for each in story.reasons)]))


def _row(kind: Kind, day: str) -> tuple[str | Text, ...]:
    first = kind.first
    time = first.event_time[11:19]
    if first.event_time[:10] != day:
        time = f"{first.event_time[5:10]} {time}"
    times = f"{kind.count:,}x" if kind.count > 1 else ""
    action = Text(shown(first.action), style="dim" if first.failed else "")
    because = "; ".join(map(str, kind.reasons))
    return (time, times, action, shown(_why(kind)), Text(shown(because), style="dim"))


def _why(kind: Kind) -> str:
    verdict = kind.first
    failed = f"failed: {verdict.error}" if verdict.error else ""
    if not verdict.near_misses:
        return failed
    nearest = verdict.near_misses[0]
    why = f"{nearest.cascade}: {nearest.reason}{' (of the first)' if kind.also else ''}"
    return why if not failed or failed in why else f"{failed}; {why}"


def _cascades(tally: Tally) -> Table:
    rows = table(
        "cascade",
        *(Column(name, justify="right") for name in ("instances", "side effects", "to silence")),
        title="Cascades found",
    )
    for name, each in sorted(tally.cascades.items(), key=lambda item: (-item[1].effects, item[0])):
        rows.add_row(
            name, f"{len(each.instances):,}", f"{each.effects:,}", f"{each.suppressible:,}"
        )
    return rows


def _actions(tally: Tally) -> Table:
    rows = table(
        "action",
        Column("fires", justify="right"),
        Column("silenced", justify="right", style="green"),
        Column("labelled", justify="right", style="cyan"),
        Column("left over", justify="right", style="bold"),
        title="A rule on the event name alone",
    )
    ranked = sorted(tally.actions.items(), key=lambda item: (-item[1].suppressed, item[0]))
    for name, each in ranked:
        if each.suppressed or each.annotated:
            rows.add_row(
                name, *(f"{n:,}" for n in (each.fires, each.suppressed, each.annotated, each.left))
            )
    return rows


def _origins(explained: Explained, shape: Shape) -> Iterator[RenderableType]:
    rows = table(
        Column("first seen", whole=True),
        "origin, and by whom",
        Column("silences", lines=8),
        title="Origins, and what is silenced because of them",
    )
    ranked = sorted(explained.origins.values(), key=lambda each: each.rank)
    for each in ranked[: shape.limit]:
        principal = actor_of(each.first)
        if each.count > 1 and principal.startswith("assumed-role/"):
            principal = f"{principal.rpartition('/')[0]}/*"
        times = f", {each.count:,} times" if each.count > 1 else ""
        rows.add_row(
            _moment(each.first),
            f"{shown(each.first.action)}{times}\n{shown(principal)}",
            "\n".join(map(shown, each.lines)),
        )
    yield rows
    yield from _hidden(len(ranked) - shape.limit, "kinds of origin", explained.beyond["origins"])


def _labelled(explained: Explained, shape: Shape) -> Iterator[RenderableType]:
    rows = table(
        Column("first seen", whole=True),
        Column("times", justify="right"),
        "action, and by whom",
        "side effect in",
        Column("not silenced, because", priority=1, lines=3),
        title="Explained, to be shown with a label",
    )
    ranked = sorted(explained.labelled.values(), key=lambda each: each.rank)
    for each in ranked[: shape.limit]:
        rows.add_row(
            _moment(each.first),
            f"{each.count:,}x" if each.count > 1 else "",
            f"{shown(each.first.action)}\n{shown(actor_of(each.first))}",
            each.first.cascade or "",
            shown("; ".join(each.first.caveats)),
        )
    yield rows
    yield from _hidden(len(ranked) - shape.limit, "kinds", explained.beyond["labelled"])


def _caveats(tally: Tally, limit: int) -> Table:
    rows = table(
        Column("events", justify="right"), "why", title="Explained, and not silenced all the same"
    )
    for caveat, count in tally.caveats.most_common(limit):
        rows.add_row(f"{count:,}", shown(caveat))
    return rows


def _hidden(more: int, what: str, beyond: int) -> Iterator[Paragraph]:
    if more > 0:
        yield paragraph(f"… and {more:,} more {what}: --limit shows more", style="dim")
    if beyond:
        yield paragraph(
            f"{beyond:,} more were too many to tell apart: -f ndjson has each", style="yellow"
        )


def _moment(verdict: Verdict) -> str:
    return verdict.event_time[5:19].replace("T", " ")


def actor_of(verdict: Verdict) -> str:
    """The caller's name as people know it."""
    name = (verdict.actor_arn or verdict.actor or "unknown").rpartition(":")[2]
    return f"{name} ({verdict.controller})" if verdict.controller else name
