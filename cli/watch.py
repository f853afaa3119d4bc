"""`cascade watch`: verdicts on a stream, each as soon as nothing can change it any more."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .app import app
from .options import (
    CatalogOption,
    ConfigOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    byte_size,
    load_overlaid,
    not_loaded,
    positive_seconds,
    seconds,
)

# Under which heading `--help` lists an option.
_INPUT, _OUTPUT, _VERDICTS = "Input", "Output", "Verdicts"
_STATE, _HEALTH, _AWS = "State and memory", "Health", "AWS"


class Form(StrEnum):
    """How a verdict is written."""

    ndjson = "ndjson"
    ocsf = "ocsf"
    udm = "udm"


class Body(StrEnum):
    """How a webhook's request holds several verdicts."""

    ndjson = "ndjson"
    json = "json"


class LogForm(StrEnum):
    """How the run tells of itself."""

    text = "text"
    json = "json"


class Start(StrEnum):
    """Where reading begins."""

    earliest = "earliest"
    latest = "latest"


@app.command(rich_help_panel="Logs")
def watch(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            help="`-` for NDJSON on standard input (the default); a file or folder that grows; s3://BUCKET/PREFIX; "
            "sqs://QUEUE or a queue's URL or ARN, of notifications about log files; kinesis://STREAM or its ARN.",
        ),
    ] = None,
    sinks: Annotated[
        list[str] | None,
        typer.Option(
            "--sink",
            rich_help_panel=_OUTPUT,
            metavar="SINK",
            help="Where verdicts go: `-` (the default), a file, https://..., sqs://QUEUE, sns:ARN, events://BUS. "
            "May be given again.",
        ),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            "-f",
            rich_help_panel=_OUTPUT,
            metavar="ndjson|ocsf|udm",
            help="Verdicts as `classify` writes them, as OCSF Detection Findings, or as events of Google SecOps' UDM.",
        ),
    ] = Form.ndjson,
    state: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=_STATE,
            metavar="FILE",
            help="Keep here what a restart needs: what waits, where the sources are, verdicts on their way.",
        ),
    ] = None,
    lateness: Annotated[
        int,
        typer.Option(
            rich_help_panel=_VERDICTS,
            metavar="DURATION",
            help="How long an event may take to arrive after later ones.",
            parser=seconds,
        ),
    ] = "20m",  # type: ignore[assignment]  # typer parses a default, too
    retract_within: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_VERDICTS,
            metavar="DURATION",
            help="How long a verdict that silenced an event is taken back when something late speaks against it. "
            "Default: 24 times the lateness.",
            show_default=False,
            parser=seconds,
        ),
    ] = None,
    idle: Annotated[
        int,
        typer.Option(
            rich_help_panel=_VERDICTS,
            metavar="DURATION",
            help="After so long without input the clock goes on by itself, so that nothing waits for ever.",
            parser=positive_seconds,
        ),
    ] = "5m",  # type: ignore[assignment]
    tell_pending: Annotated[
        int,
        typer.Option(
            rich_help_panel=_VERDICTS,
            metavar="DURATION",
            help="Tell at once, as `pending`, of an event whose verdict waits for longer than this, and which is not "
            "yet explained well enough to be silenced.",
            parser=seconds,
        ),
    ] = "1h",  # type: ignore[assignment]
    provisional: Annotated[
        bool,
        typer.Option(
            "--provisional",
            rich_help_panel=_VERDICTS,
            help="Give a verdict at once, and another whenever it changes, which names the one it supersedes.",
        ),
    ] = False,
    max_memory: Annotated[
        int,
        typer.Option(
            rich_help_panel=_STATE,
            metavar="SIZE",
            help="About how much memory to use; what does not fit goes to a temporary file.",
            parser=byte_size,
        ),
    ] = "1GB",  # type: ignore[assignment]
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Read what is there, then end, instead of waiting for more.",
            rich_help_panel=_INPUT,
        ),
    ] = False,
    finish: Annotated[
        bool | None,
        typer.Option(
            "--finish/--no-finish",
            rich_help_panel=_VERDICTS,
            help="At the end of the input, judge what still waits. Default: only without --state.",
        ),
    ] = None,
    start: Annotated[
        Start,
        typer.Option(
            "--from",
            rich_help_panel=_INPUT,
            metavar="earliest|latest",
            help="Where a source begins that was not read before: with what is there, or what comes from now on.",
        ),
    ] = Start.earliest,
    metrics: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_HEALTH,
            metavar="ADDRESS",
            help="Serve /metrics, /healthz and /readyz there, such as 127.0.0.1:9464.",
        ),
    ] = None,
    metrics_anywhere: Annotated[
        bool,
        typer.Option(
            "--metrics-anywhere",
            help="Let --metrics be an address of other machines.",
            rich_help_panel=_HEALTH,
        ),
    ] = False,
    log_format: Annotated[
        LogForm,
        typer.Option(
            metavar="text|json",
            help="How the run tells of itself on standard error.",
            rich_help_panel=_HEALTH,
        ),
    ] = LogForm.text,
    quarantine: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=_INPUT,
            metavar="FILE",
            help="Append what could not be decoded here, as NDJSON with source and position.",
        ),
    ] = None,
    max_line_bytes: Annotated[
        int,
        typer.Option(
            min=1_024,
            metavar="BYTES",
            help="Refuse a line longer than this.",
            rich_help_panel=_INPUT,
        ),
    ] = 16 << 20,
    endpoint_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="The AWS endpoint, for sources and sinks.", rich_help_panel=_AWS
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            metavar="REGION", help="The AWS Region, for sources and sinks.", rich_help_panel=_AWS
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_OUTPUT,
            metavar="NAME=VARIABLE",
            help="A header for a webhook, whose value is in that environment variable. May be given again.",
        ),
    ] = None,
    header_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Headers for a webhook, a line each: `Name: value`.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    webhook_body: Annotated[
        Body,
        typer.Option(
            metavar="ndjson|json",
            help="A webhook's request: a line for each verdict, or one JSON array, as Datadog's intake takes it.",
            rich_help_panel=_OUTPUT,
        ),
    ] = Body.ndjson,
    rotate_size: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_OUTPUT,
            metavar="SIZE",
            help="Begin a new file of verdicts at this size.",
            parser=byte_size,
        ),
    ] = None,
    rotate_every: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_OUTPUT,
            metavar="DURATION",
            help="Begin a new file of verdicts so often, counted in UTC.",
            parser=positive_seconds,
        ),
    ] = None,
    rotate_keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Delete all but so many ended files of verdicts.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
) -> None:
    """Classify events as they arrive, and write each verdict when nothing can change it any more.

    A verdict waits for the windows of the cascades its event may belong to, and for stragglers. The lines are those
    of `cascade classify -f ndjson`, with `late` for an event that came too late and was judged by what was known,
    `final`, `id`, and with --provisional the id of the verdict that it `supersedes`.

    With --state a run that was killed goes on where it was: nothing is lost, and what is told again has the same
    `id`. Without, a signal ends the run with a `pending` line for each event that waits. docs/operations.md tells more.

    **Examples**

    `tail -F trail.ndjson | cascade watch - --lateness 15m | jq -c 'select(.verdict=="orphan")'`

    `cascade watch AWSLogs/ --state watch.db --sink verdicts.ndjson --rotate-every 1d`

    `cascade watch sqs://trail-notifications --state watch.db --sink https://siem.example.com/in --provisional`
    """
    from .watch_run import Asked, Wanted, run

    overlays = Overlays(catalog, config, strict, allow_unsafe_overlay)
    status = run(
        Wanted(
            sources=tuple(dict.fromkeys(sources or ["-"])),
            sinks=tuple(dict.fromkeys(sinks or ["-"])),
            form=form.value,
            state=state,
            lateness=lateness,
            retract_within=retract_within,
            idle=idle,
            tell_pending=tell_pending,
            provisional=provisional,
            max_memory=max_memory,
            once=once,
            finish=state is None if finish is None else finish,
            start=start.value,
            metrics=metrics,
            metrics_anywhere=metrics_anywhere,
            log_format=log_format.value,
            quarantine=quarantine,
            max_line_bytes=max_line_bytes,
            endpoint_url=endpoint_url,
            region=region,
            headers=tuple(header or ()),
            header_file=header_file,
            webhook_body=webhook_body.value,
            rotate_size=rotate_size,
            rotate_every=rotate_every,
            rotate_keep=rotate_keep,
        ),
        load_overlaid(overlays),
        Asked(),
        not_loaded(overlays),
    )
    if status:
        raise typer.Exit(status)
