"""`cascade classify`: which events of a log are side effects, and what is left over."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, assert_never

import msgspec
import typer

from .app import app
from .options import CatalogOption, ConfigOption, Overlays, StrictOption, UnsafeOption, open_catalog
from .recording import recorded
from .stores import AuthOption, RecordOption

if TYPE_CHECKING:
    from ..events import Limits, Source
    from ..matcher import Engine, Plan, Verdict
    from .problem_log import ProblemLog
    from .tally import LogFacts, Tally


_LINES = 100
Recompile = Callable[[], "Plan"]
"""Compiles the catalogue anew, in another process."""


class Format(StrEnum):
    """How the verdicts are written."""

    table = "table"
    ndjson = "ndjson"
    json = "json"
    html = "html"


class FailOn(StrEnum):
    """What turns the exit status to 1."""

    orphan = "orphan"


@app.command(rich_help_panel="Logs")
def classify(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG...",
            help="Files, folders (read recursively), globs, or `-` for standard input. Plain or gzip; "
            "CloudTrail log files, NDJSON, lookup-events output, EventBridge, Elastic, Splunk, Lake or "
            "Athena rows: the content decides, not the name.",
        ),
    ],
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            metavar="table|ndjson|json|html",
            help="Default: table on a terminal, ndjson elsewhere.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write here instead of standard output."
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Give the events a verdict, too, of which the catalogue says nothing."
        ),
    ] = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option("--fail-on", metavar="orphan", help="Exit with status 1 when there are any."),
    ] = None,
    quarantine: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write what could not be decoded here, as NDJSON with file and position.",
        ),
    ] = None,
    max_record_bytes: Annotated[
        int, typer.Option(min=1_024, metavar="BYTES", help="Refuse a record larger than this.")
    ] = 1 << 20,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many rows of orphans the table shows.")
    ] = 40,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Read the files in so many processes. Standard input and a single file are read in one.",
        ),
    ] = 1,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: RecordOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Say of every event whether it is a side effect, an origin, or an orphan that nothing explains.

    **Examples**

    `cascade classify AWSLogs/` · a folder as CloudTrail delivers it

    `cascade classify trail.json.gz -f ndjson | jq 'select(.verdict=="orphan")'`

    `aws cloudtrail lookup-events --output json | cascade classify - --fail-on orphan`

    `cascade classify AWSLogs/ -f html -o report.html`
    """
    from ..events import EventsError, Limits, expand_sources
    from ..matcher import compile_catalog
    from .problem_log import ProblemLog
    from .tally import LogFacts

    if _same_file(output, quarantine):
        raise typer.BadParameter("--output and --quarantine name the same file")
    chosen = format_ or (Format.table if output is None and sys.stdout.isatty() else Format.ndjson)
    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay))
    controllers = [(controller.arn, controller.name) for controller in known.controllers]
    recompile = partial(compile_catalog, known.cascades, controllers)
    plan = recompile()
    found = expand_sources(sources)
    limits = Limits(max_record_bytes=max_record_bytes)
    with ProblemLog(quarantine) as problems:
        if workers > 1 and len(found) > 1 and all(source.size is not None for source in found):
            engine = read_apart(workers, plan, recompile, found, limits, problems, keep_all=every)
        else:
            engine = read_log(plan, found, limits, problems, keep_all=every)
        problems.report()
        if problems.broken and not engine.records:
            raise EventsError("no record could be read")
        facts = LogFacts(
            sources=tuple(sources),
            records=engine.records,
            duplicates=engine.duplicates,
            conflicting=engine.conflicting,
            undecodable=problems.broken,
            cascades=len(plan.cascades),
            overlay=str(known.overlay) if known.overlay else "",
        )
        with recorded(store, store_auth) as passing, no_cyclic_gc():
            tally = _write(passing(engine.verdicts()), facts, chosen, output, limit)
    if fail_on is FailOn.orphan and tally.verdicts["orphan"]:
        raise typer.Exit(1)


def _same_file(output: Path | None, quarantine: Path | None) -> bool:
    """Whether two files to be written are one."""
    return (
        output is not None and quarantine is not None and output.resolve() == quarantine.resolve()
    )


def read_log(
    plan: "Plan",
    sources: "Sequence[Source]",
    limits: "Limits | None",
    problems: "ProblemLog",
    *,
    keep_all: bool = False,
) -> "Engine":
    """Feed every record of `sources` to a new engine, with a progress bar when a person is watching."""
    from ..events import Limits, read_briefly
    from ..matcher import Engine

    engine = Engine(plan, problems.add, keep_all=keep_all)
    with no_cyclic_gc(), _progress(sources) as advance:
        for batch in read_briefly(
            sources,
            plan.thorough,
            limits=limits or Limits(),
            on_problem=problems.add,
            on_progress=advance,
        ):
            engine.feed(batch)
            batch.clear()  # gives its buffer back before the next is read
    return engine


def read_apart(
    workers: int,
    plan: "Plan",
    recompile: Recompile,
    sources: "Sequence[Source]",
    limits: "Limits",
    problems: "ProblemLog",
    *,
    keep_all: bool = False,
) -> "Engine":
    """What `read_log` does, in so many processes."""
    from ..matcher import Engine, Workers

    engine = Engine(plan, problems.add, keep_all=keep_all)
    with (
        Workers(workers, plan, recompile, limits, keep_all=keep_all) as readers,
        no_cyclic_gc(),
        _progress(sources) as advance,
    ):
        readers.feed(engine, sources, on_problem=problems.add, on_progress=advance)
    return engine


@contextmanager
def no_cyclic_gc() -> Iterator[None]:
    """Records and verdicts hold no cycles; the collector would only walk them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _progress(sources: "Sequence[Source]") -> "Iterator[Callable[[int], None] | None]":
    """A bar on standard error, only where a person sees it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    sizes = [source.size for source in sources]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    with Progress(
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda count: bar.advance(task, count)


def _write(
    verdicts: "Iterator[Verdict]",
    facts: "LogFacts",
    chosen: Format,
    output: Path | None,
    limit: int,
) -> "Tally":
    """Write the verdicts in the chosen form and return what was counted on the way."""
    from .tally import Tally

    tally = Tally(facts)
    with _opened(output) as out:
        match chosen:
            case Format.ndjson:
                write_lines(out, tally.count(verdicts))
            case Format.json:
                from .report_json import write_json

                write_json(out, tally.count(verdicts), tally)
            case Format.html:
                from .report_html import write_html

                write_html(out, tally.count(verdicts), tally)
            case Format.table:
                from .report_table import write_table

                for _ in tally.count(verdicts):
                    pass
                write_table(out, tally, limit)
            case _:
                assert_never(chosen)
    return tally


def write_lines(out: BinaryIO, verdicts: "Iterator[Verdict]") -> None:
    """Write NDJSON, so many lines at a time."""
    encode = msgspec.json.Encoder().encode_lines
    while some := list(islice(verdicts, _LINES)):
        out.write(encode(some))


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, a device or a pipe, or a file that appears under its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    output = output.resolve()  # a link stays one
    if output.exists() and not output.is_file():
        with output.open("wb") as out:
            yield out
        return
    partial = output.with_name(f".{output.name}.part")
    try:
        with partial.open("wb") as out:
            yield out
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
