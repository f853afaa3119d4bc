"""CrowdStrike LogScale: queries that ask a lookup file of explained event ids."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ..explained_table import EVERYTHING, TABLE, by_source, empty_table, table_losses
from ..field_maps import field_map
from ..header import header
from ..languages.logscale import comment, one_of, quoted
from ..query import Query
from ..target import Artefact, Job, Options, Style, Target

NAME = "logscale"


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        head = comment(header(job, TARGET, STYLES[0], options))
        for part, explained in (("alert", False), ("silenced", True)):
            text = search(job.query, options, explained)
            path = PurePosixPath(NAME, "queries", f"{job.query.cascade}.{part}.logscale")
            yield Artefact(path, f"{head}{text}\n")
    yield Artefact(PurePosixPath(NAME, "files", f"{TABLE}.csv"), empty_table())


def search(query: Query, options: Options, explained: bool) -> str:
    """The query: the subjects' events that the file does not hold, or a count of those that it does."""
    fields = field_map(NAME)
    asked = f'match(file="{TABLE}.csv", field={quoted(fields.field("eventID"))}, column="event_id", strict=true)'
    branches = []
    for source, names, may_fail in by_source(query):
        tests = [
            one_of(fields.field("eventSource"), [source]),
            one_of(fields.field("eventName"), names),
        ]
        if not may_fail:
            tests.append(f"{fields.success.field}!=*")
        branches.append(" and ".join(tests))
    picked = branches[0] if len(branches) == 1 else " or ".join(f"({each})" for each in branches)
    # What lies within the hold may still be explained.
    slice_ = (
        f"test(now() - @timestamp >= {query.hold * 1_000}) and "
        f"test(now() - @timestamp < {(query.hold + options.every) * 1_000})"
    )
    lines = [picked, f"| {slice_}", f"| {asked if explained else '!' + asked}"]
    if explained:
        groups = [fields.field("eventName"), fields.field("userIdentity.principalId")]
        lines.append(f"| groupBy([{', '.join(groups)}], function=count())")
    return "\n".join(lines)


STYLES = (
    Style(
        name="query",
        summary="queries that ask a lookup file of explained event ids",
        kind="query",
        capabilities=EVERYTHING,
        render=_render,
        losses=table_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="CrowdStrike LogScale",
    verification="unverified",
    verified_by="no engine or parser can be had; the tests hold the queries' form",
    styles=STYLES,
)
