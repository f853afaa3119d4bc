"""`cascade classify`: which events of a log are side effects, and what is left over."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, assert_never

import msgspec
import typer

from .app import app
from .choice import (
    MOMENTS,
    AccountOption,
    ActionOption,
    ActorOption,
    CascadeOption,
    PolicyOption,
    RegionOption,
    SinceOption,
    UntilOption,
    VerdictOption,
    choice_of,
)
from .made_by import MadeBy, made_by
from .next_command import with_next
from .options import (
    CatalogOption,
    ConfigOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    WideOption,
    open_catalog,
)
from .reading import Whole, no_cyclic_gc, read_apart, read_log, whole_seconds
from .recording import recorded
from .stores import AuthOption, RecordOption
from .writing import opened

if TYPE_CHECKING:
    from ..matcher import Verdict
    from .records import Records
    from .stories import Rarities
    from .tally import LogFacts, Shape, Tally


_LINES = 100
_encode = msgspec.json.Encoder().encode


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
            help="Files, folders (read recursively), globs, or `-` for standard input, packed or not: "
            "what AWS, SIEMs and log shippers make of CloudTrail (docs/inputs.md). The content decides, "
            "not the name.",
        ),
    ],
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            metavar="table|ndjson|json|html",
            help="Default: table on a terminal, html where --output ends with .html, ndjson elsewhere.",
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
    with_record: Annotated[
        bool,
        typer.Option(
            "--with-record",
            help="Give each verdict its CloudTrail record, as it stands in the log: for ndjson, json and html. "
            "Records wait on disk, in a temporary file.",
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
        int, typer.Option(min=1, metavar="N", help="How many rows each part of the table shows.")
    ] = 40,
    wide: WideOption = False,
    labelled: Annotated[
        bool,
        typer.Option(
            "--labelled", help="List in the table what is explained and shown with a label, too."
        ),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Read the files in so many processes. Standard input and a single file are read in one.",
        ),
    ] = 1,
    whole_from: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            metavar="TIME",
            formats=MOMENTS,
            help="The log is whole from then on (UTC). Without it, from its first record: what would void an "
            "explanation may lie before, and then nothing is silenced.",
        ),
    ] = None,
    whole_to: Annotated[
        datetime | None,
        typer.Option(
            "--to",
            metavar="TIME",
            formats=MOMENTS,
            help="The log is whole up to then (UTC). Without it, up to its last record.",
        ),
    ] = None,
    account: AccountOption = None,
    region: RegionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    actor: ActorOption = None,
    action: ActionOption = None,
    cascade: CascadeOption = None,
    policy: PolicyOption = None,
    verdict: VerdictOption = None,
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

    `cascade classify AWSLogs/ -o report.html` · stories, and every event to filter, search and open

    `cascade classify AWSLogs/2026/03/17 --from 2026-03-17 --to 2026-03-18` · nothing is missing at either end

    `cascade classify AWSLogs/ --verdict orphan --account 111122223333 --since 2026-03-17T09:00:00Z`
    """
    from ..events import EventsError, Limits, expand_sources
    from ..matcher import compile_catalog
    from .problem_log import ProblemLog
    from .stories import Rarities
    from .tally import LogFacts, Shape

    whole = Whole(whole_seconds(whole_from), whole_seconds(whole_to))
    if whole.since is not None and whole.until is not None and whole.since > whole.until:
        raise typer.BadParameter("--from lies after --to")
    if _same_file(output, quarantine):
        raise typer.BadParameter("--output and --quarantine name the same file")
    chosen = format_ or _format_of(output)
    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay))
    choice = choice_of(
        known,
        every=every,
        account=account,
        region=region,
        since=since,
        until=until,
        actor=actor,
        action=action,
        cascade=cascade,
        policy=policy,
        verdict=verdict,
    )
    controllers = [(controller.arn, controller.name) for controller in known.controllers]
    recompile = partial(compile_catalog, known.cascades, controllers)
    plan = recompile()
    found = expand_sources(sources)
    limits = Limits(max_record_bytes=max_record_bytes)
    if with_record and chosen is Format.table:
        raise typer.BadParameter("--with-record is for --format ndjson, json or html")
    if with_record and workers > 1:
        raise typer.BadParameter("--with-record reads in one process: leave --workers out")
    with ExitStack() as closing:
        problems = closing.enter_context(ProblemLog(quarantine))
        records = None
        if with_record:
            from .records import Records

            records = closing.enter_context(
                Records(lambda each: every or plan.is_listed(each.eventName, each.eventSource))
            )
        if workers > 1 and len(found) > 1 and all(source.size is not None for source in found):
            engine = read_apart(
                workers, plan, recompile, found, limits, problems, keep_all=every, whole=whole
            )
        else:
            engine = read_log(
                plan,
                found,
                limits,
                problems,
                keep_all=every,
                whole=whole,
                keep=records.keep if records is not None else None,
            )
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
            passed_over=dict(problems.ignored),
            # It takes a while, and only whole documents name it.
            made_by=made_by(known) if chosen in (Format.json, Format.html) else MadeBy(),
            shown=choice.asked(),
        )
        with recorded(store, store_auth) as passing, no_cyclic_gc():
            shape = Shape(limit, wide, labelled)
            judged = passing(engine.verdicts())
            rarities = Rarities() if chosen in (Format.table, Format.html) else None
            if rarities is not None:  # how rare an action is does not rest on what is chosen
                judged = rarities.counted(judged)
            shown = with_next(choice.of(judged), sources)
            tally = _write(shown, facts, chosen, output, shape, records, rarities)
    if fail_on is FailOn.orphan and tally.verdicts["orphan"]:
        raise typer.Exit(1)


def _format_of(output: Path | None) -> Format:
    """The format that nobody named: what the file's name says, or what suits where it goes."""
    if output is None:
        return Format.table if sys.stdout.isatty() else Format.ndjson
    return Format.html if output.suffix.lower() in (".html", ".htm") else Format.ndjson


def _same_file(output: Path | None, quarantine: Path | None) -> bool:
    """Whether two files to be written are one."""
    return (
        output is not None and quarantine is not None and output.resolve() == quarantine.resolve()
    )


def _write(
    verdicts: "Iterator[Verdict]",
    facts: "LogFacts",
    chosen: Format,
    output: Path | None,
    shape: "Shape",
    records: "Records | None",
    rarities: "Rarities | None",
) -> "Tally":
    """Write the verdicts in the chosen form and return what was counted on the way."""
    from .tally import Tally

    tally = Tally(facts)
    encode = records.line if records is not None else _encode
    with opened(output) as out:
        match chosen:
            case Format.ndjson:
                write_lines(out, tally.count(verdicts), encode)
            case Format.json:
                from .report_json import write_json

                write_json(out, tally.count(verdicts), tally, encode)
            case Format.html:
                from .report_html import write_html

                record_of = records.of if records is not None else None
                write_html(out, tally.count(verdicts), tally, record_of, rarities)
            case Format.table:
                from .report_table import Watched, write_table
                from .stories import Rarities, Stories

                watched = Watched(Stories(rarities or Rarities()))
                for verdict in tally.count(verdicts):
                    watched.add(verdict)
                write_table(out, tally, watched, shape)
            case _:
                assert_never(chosen)
    return tally


def write_lines(
    out: BinaryIO, verdicts: "Iterator[Verdict]", encode: "Callable[[Verdict], bytes]" = _encode
) -> None:
    """Write NDJSON, so many lines at a time."""
    while some := list(islice(verdicts, _LINES)):
        out.write(b"".join([encode(each) + b"\n" for each in some]))
