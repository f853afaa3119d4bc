"""CrowdStrike LogScale: queries that ask a lookup file of explained event ids."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ...catalog.terms import format_duration
from ..capabilities import Direction, Loss
from ..explained_table import EVERYTHING, TABLE, calls_of, empty_files, table_losses
from ..field_maps import field_map
from ..header import header, overlay_lines
from ..languages.logscale import BACKFILL, comment, one_of, quoted, scheduled_search
from ..legible import legible
from ..query import Query
from ..schedule import cron, spread
from ..target import Artefact, Job, Options, Style, Target

NAME = "logscale"
_DESCRIBED = 600


_VIEW = "cloudtrail"


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        # The minute is the schedule's own; refused before anything is made of what cron cannot say.
        schedule = cron(options.every, spread(job.query.cascade, options.every))
        head = comment(header(job, TARGET, STYLES[0], options))
        name = job.query.cascade
        alert = f"{head}{search(job.query, explained=False)}\n"
        yield Artefact(PurePosixPath(NAME, "queries", f"{name}.alert.logscale"), alert)
        silenced = f"{head}{search(job.query, explained=True)}\n"
        yield Artefact(PurePosixPath(NAME, "queries", f"{name}.silenced.logscale"), silenced)
        body = scheduled_search(
            f"Not explained: {name}",
            _description(job.query, options),
            alert,
            view=options.index or options.table or _VIEW,
            cron=schedule,
            interval=options.every,
            offset=job.query.hold,
        )
        yield Artefact(PurePosixPath(NAME, "scheduled-searches", f"{name}.json"), body)
    yield from empty_files(PurePosixPath(NAME, "files"), options)


def _description(query: Query, options: Options) -> str:
    return legible(
        f"{query.title}. Each search judges {format_duration(options.every)}, once "
        f"{format_duration(query.hold)} have passed. Owner: {options.owner or 'nobody yet'}; "
        f"expires {options.expires.isoformat()}. {' '.join(overlay_lines(options))}",
        _DESCRIBED,
    )


def _losses(query: Query, options: Options) -> Iterator[Loss]:
    cron(options.every)
    yield from table_losses(query, options)
    late = format_duration(query.hold)
    yield Loss(
        Direction.UNCOVERED,
        f"an event that comes more than {late} after its time is judged by no search",
    )
    yield Loss(
        Direction.UNCOVERED,
        f"more than {BACKFILL} searches in a row that LogScale misses: it makes up for no more",
    )


def search(query: Query, *, explained: bool) -> str:
    """The query: the subjects' events that the file does not hold, or a count of those that it does.

    The range of time is the search's own. An event that may still be explained does not alert, whatever the range.
    """
    fields = field_map(NAME)
    asked = f'match(file="{TABLE}.csv", field={quoted(fields.field("eventID"))}, column="event_id", strict=true)'
    branches = []
    for source, names in calls_of(query):
        tests = [
            one_of(fields.field("eventSource"), [source]),
            one_of(fields.field("eventName"), names),
        ]
        branches.append("\n  and ".join(tests))
    picked = branches[0] if len(branches) == 1 else "\n  or ".join(f"({each})" for each in branches)
    if explained:
        groups = [fields.field("eventName"), fields.field("userIdentity.principalId")]
        return "\n".join(
            [picked, f"| {asked}", f"| groupBy([{', '.join(groups)}], function=count())"]
        )
    return "\n".join([picked, f"| test(now() - @timestamp >= {query.hold * 1_000})", f"| !{asked}"])


STYLES = (
    Style(
        name="query",
        summary="queries that ask a lookup file of explained event ids, and the call that schedules each",
        kind="query",
        capabilities=EVERYTHING,
        render=_render,
        losses=_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="CrowdStrike LogScale",
    verification="unverified",
    verified_by="no engine or parser can be had; the tests hold the queries' form",
    styles=STYLES,
)
