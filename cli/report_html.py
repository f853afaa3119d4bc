"""A self-contained report: what is left over told as stories, and every event to filter, search and open.

The page asks nothing of the network, and its Content-Security-Policy allows only the style and the script that it
carries, by their hashes. Values from the log go into the static part through Jinja's autoescaping, and into the
script's part as JSON that is only ever shown as text.
"""

import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from markupsafe import Markup

from ..matcher import NearMiss, Verdict
from .page import environment, part, policy, script_of
from .report_rows import Rows, about, encoded, seconds
from .stories import Kind, Rarities, Stories, Story
from .tally import ActionCount, Tally, silenced_lines

MAX_STORIES = 40
"""How many stories the page tells."""

MAX_LINES = 12
"""How many rows of a story it tells; the table of all events has the others."""

MAX_DOTS = 200
MAX_REASONS = 6

MAX_SILENCING = 100
"""How many origins it lists with what they silence, outside of the table of all events."""

PLAIN_BYTES = 160_000
"""Up to so many bytes the events are told as they are: then no browser is too old to unpack them."""

_GZIP = 31
_PARTS = (
    "1_dom", "2_rows", "3_filter", "4_grid", "5_overview", "6_lifeline", "7_detail", "8_page",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dot:
    """An event on a story's line: its place in per cent."""

    x: float
    failed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Told:
    """A story as the page tells it. `more` counts the rows that it has no room for."""

    title: str
    first: Verdict
    last_time: str
    reasons: tuple[str, ...]
    rows: tuple[Kind, ...]
    dots: tuple[Dot, ...]
    more: int


def write_html(
    out: BinaryIO,
    verdicts: Iterable[Verdict],
    tally: Tally,
    record_of: Callable[[str], tuple[bytes | None, int]] | None = None,
    rarities: Rarities | None = None,
) -> None:
    """Write the report. What it cannot carry it counts, and says so (`report_rows.MAX_ROWS`).

    `record_of` gives an event's record, and its size in bytes where there is none or it is too large. `rarities` have
    counted every verdict that was given, shown or not.
    """
    rows, stories = Rows(), Stories(rarities or Rarities())
    for verdict in verdicts:
        if rows.keep(verdict) and record_of:
            rows.keep_record(*record_of(verdict.event_id))
        stories.add(verdict)
    style = part("report/report.css")
    script = script_of([f"report/{name}.js" for name in _PARTS])
    packing, events = _packed(encoded(rows))
    told = stories.told()
    pages = environment()
    pages.filters |= {"moment": _moment, "moment_after": _moment_after, "about": about}
    template = pages.from_string(part("report.html.j2"))
    silencing = sorted(tally.silencing, key=lambda each: (-each.silenced, each.event_time))
    page = template.render(
        policy=policy(style, script),
        style=Markup(style),  # noqa: S704 -- a file of the package
        script=Markup(script),  # noqa: S704 -- files of the package
        packing=packing,
        events=Markup(events),  # noqa: S704 -- base64, or JSON without a "<"
        tally=tally,
        facts=tally.facts,
        orphans=tally.verdicts["orphan"],
        silenced=sum(each.suppressed for each in tally.actions.values()),
        labelled=sum(each.annotated for each in tally.actions.values()),
        stories=[_told(story) for story in told[:MAX_STORIES]],
        more_stories=max(len(told) - MAX_STORIES, 0),
        beyond=sum(stories.beyond.values()),
        actions=_ranked_actions(tally),
        cascades=sorted(tally.cascades.items(), key=lambda item: (-item[1].effects, item[0])),
        silencing=silencing[:MAX_SILENCING],
        more_silencing=max(len(silencing) - MAX_SILENCING, 0),
        silenced_lines=silenced_lines,
        needed=needed,
        caveats=tally.caveats.most_common(),
    )
    out.write(page.encode("utf-8", "backslashreplace"))


def _packed(events: bytes) -> tuple[str, str]:
    """How the events stand in the page: their media type, and their text."""
    if len(events) <= PLAIN_BYTES:
        return "application/json", events.decode()
    pack = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return "application/gzip+base64", b64encode(pack.compress(events) + pack.flush()).decode()


def _ranked_actions(tally: Tally) -> list[tuple[str, ActionCount]]:
    explained = [item for item in tally.actions.items() if item[1].suppressed or item[1].annotated]
    return sorted(explained, key=lambda item: (-item[1].suppressed, -item[1].annotated, item[0]))


def _moment(time: str) -> str:
    """A time as a person reads it: `2026-03-17 10:21:33`.

    >>> _moment("2026-03-17T10:21:33Z")
    '2026-03-17 10:21:33'
    """
    return time[:19].replace("T", " ")


def _moment_after(time: str, first: str) -> str:
    """A time without the day where that is the first one's.

    >>> _moment_after("2026-03-17T10:24:55Z", "2026-03-17T10:21:33Z")
    '10:24:55'
    """
    return time[11:19] if time[:10] == first[:10] else _moment(time)


def _told(story: Story) -> Told:
    start = seconds(story.first.event_time)
    span = max(seconds(story.last_time) - start, 1)
    dots = [
        Dot(
            round(0.5 + 99 * (seconds(each.first.event_time) - start) / span, 2),
            each.first.failed,
            f"{each.first.event_time} {each.first.action}",
        )
        for each in story.kinds[:MAX_DOTS]
    ]
    many = f"{story.events:,} event{'s' * (story.events != 1)}"
    if story.sessions > 1:
        many += f" in {story.sessions:,} sessions"
    return Told(
        title=_title(story),
        first=story.first,
        last_time=story.last_time,
        reasons=(many, *(each.words for each in story.reasons[:MAX_REASONS])),
        rows=story.kinds[:MAX_LINES],
        dots=tuple(dots),
        more=max(len(story.kinds) - MAX_LINES, 0),
    )


def _title(story: Story) -> str:
    """Who did what, in a line: `deploy/job-7: DeactivateMFADevice, CreateAccessKey and 2 more`."""
    arn = story.first.actor_arn or story.first.actor or "unknown"
    actor = arn.split(":", 5)[-1].removeprefix("assumed-role/").removeprefix("user/")
    names = list(dict.fromkeys(each.first.action.partition(":")[2] for each in story.kinds))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{actor}: {', '.join(names[:3])}{more}"


def needed(miss: NearMiss) -> list[tuple[str, str]]:
    """What a near miss would have needed, and what there was instead, a pair for each thing that was wrong.

    >>> from cloudcascade.matcher.verdict import Fault
    >>> needed(NearMiss("a.b.c", None, "other account", faults=(Fault("other account", "account", "is 1", "2"),)))
    [('account is 1', '2')]
    """
    return [
        (f"{each.field} {each.expected}", "nothing" if each.found is None else each.found)
        for each in miss.faults
        if each.field is not None and each.expected is not None
    ]
