"""`cascade export`: detection content for other platforms."""

import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .app import app
from .completion import complete_action, complete_cascade
from .export_actions import about, asked_actions
from .export_days import day, days
from .options import (
    CatalogOption,
    ConfigOption,
    JsonOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    WideOption,
    open_catalog,
    positive_seconds,
    seconds,
)
from .shown import shown
from .tables import console, paragraph

if TYPE_CHECKING:
    from ..catalog import Cascade, Catalog
    from ..exporters import Artefact, Export, Options, Style, Target


def complete_target(context: typer.Context, incomplete: str) -> list[str]:
    """The export targets that begin with what was typed."""
    from ..exporters import target_names

    return [name for name in target_names() if name.startswith(incomplete.lower())]


@app.command(rich_help_panel="Detection content")
def export(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET",
            help="A platform: see --list.",
            autocompletion=complete_target,
        ),
    ] = None,
    cascades: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CASCADE",
            help="An id, or its last part where that is clear.",
            autocompletion=complete_cascade,
        ),
    ] = None,
    every_cascade: Annotated[
        bool, typer.Option("--all", help="Every cascade that the target has a form for.")
    ] = False,
    action: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACTION",
            help="Only this effect, such as iam:DeactivateMFADevice; of every cascade that has it where none is named.",
            autocompletion=complete_action,
        ),
    ] = None,
    rule: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Only the effects on which a rule in this file fires (see cascade review).",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="The targets and what they keep.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="What the target keeps and loses, in words, and of a CASCADE the steps of its SQL; no export.",
        ),
    ] = False,
    as_json: JsonOption = False,
    wide: WideOption = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write files below this folder and list them.", file_okay=False
        ),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which of the target's artefacts. Default: its first."),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            metavar="DURATION",
            help="Narrow every window to this, such as 30m. Never widens one.",
            parser=positive_seconds,
        ),
    ] = None,
    lateness: Annotated[
        int,
        typer.Option(
            metavar="DURATION",
            help="How late an event may reach the platform. A scheduled artefact waits so long before it judges.",
            parser=seconds,
        ),
    ] = "20m",  # type: ignore[assignment]  # typer parses a default, too
    every: Annotated[
        int,
        typer.Option(
            metavar="DURATION",
            help="How often a schedule runs. What the platform's scheduler cannot say exactly is refused. "
            "Each run judges three intervals more than its own, in case that runs are late or skipped.",
            parser=positive_seconds,
        ),
    ] = "15m",  # type: ignore[assignment]  # typer parses a default, too
    table: Annotated[
        str | None, typer.Option(metavar="NAME", help="The table that holds CloudTrail.")
    ] = None,
    index: Annotated[
        str | None, typer.Option(metavar="NAME", help="The index that holds CloudTrail.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(metavar="NAME", help="The table's layout: see --explain.")
    ] = None,
    partition: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column by which that table is parted, for what is scheduled on Athena and BigQuery: no run then "
            "reads all of it.",
        ),
    ] = None,
    backend: Annotated[
        str | None, typer.Option(metavar="NAME", help="What a generic rule is converted for.")
    ] = None,
    sigma_version: Annotated[
        str, typer.Option(metavar="2.1|2.2", help="The version of Sigma's specification.")
    ] = "2.1",
    owner: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Who answers for the artefacts.")
    ] = None,
    expires: Annotated[
        date | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="When the artefacts want a new look. Default: 180 days after they are made.",
            parser=day,
        ),
    ] = None,
    made: Annotated[
        date | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="The day that the artefacts bear. Default: that of SOURCE_DATE_EPOCH, or today.",
            parser=day,
        ),
    ] = None,
    allow_fail_closed: Annotated[
        bool,
        typer.Option(
            "--allow-fail-closed", help="Make artefacts that may hide an attack, and say how."
        ),
    ] = False,
    no_samples: Annotated[
        bool,
        typer.Option(
            "--no-samples",
            help="With --out: no sample events and expectations beside the artefacts.",
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing of losses and cascades left out.")
    ] = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
) -> None:
    """Make queries, rules and suppressions for other platforms from cascades.

    One artefact is printed as it is; several are printed each below its path. With --out sample events come beside
    queries: logs that must alert and logs that must not, with what is expected of each. What is lost, and which
    cascades are left out and why, goes to standard error. Exit status 2 where nothing could be made.

    **Examples**

    `cascade export --list`

    `cascade export --explain duckdb delete-user`

    `cascade export duckdb aws.iam.delete-user --out rules`

    `cascade export duckdb --all --style scheduled --lateness 30m --every 1h --out rules`

    `cascade export splunk --action iam:DeactivateMFADevice`

    `cascade export sentinel --rule noisy-rule.yaml`

    `cascade export sentinel discovery-burst first-caller-identity session-lineage`
    """
    from ..exporters import export as make
    from ..exporters import export_detections, find_detection, find_target, sample_files

    if no_samples and out is None:
        raise typer.BadParameter("--no-samples goes with --out")
    if as_json and not listing:
        raise typer.BadParameter("--json goes with --list")
    if listing:
        if target is not None or explain:
            raise typer.BadParameter("--list is about all targets; --explain about one")
        _list(as_json, wide)
        return
    if target is None:
        raise typer.BadParameter("give a TARGET; --list tells which there are")
    platform = find_target(target)
    chosen = _style(platform, style)
    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay))
    options = _options(
        platform,
        known,
        every=every,
        table=table,
        index=index,
        layout=layout,
        partition=partition,
        lateness=lateness,
        backend=backend,
        sigma_version=sigma_version,
        owner=owner,
        expires=expires,
        made=made,
        beside=out is not None and not no_samples,
    )
    named = {text: find_detection(text) for text in cascades or []}
    detections = [found for found in named.values() if found is not None]
    if detections:
        if explain or len(detections) < len(named):
            raise typer.BadParameter(
                "detections are exported by themselves, and have nothing to explain"
            )
        _deliver(export_detections(detections, platform, chosen, options), out)
        return
    wanted = _cascades(known, cascades or [])
    actions = asked_actions(action or [], rule, known)
    if actions is not None:
        if explain or every_cascade:
            raise typer.BadParameter("--action and --rule go neither with --explain nor with --all")
        wanted = about(actions, wanted or known.cascades)
    if explain:
        styles = platform.styles if style is None else (chosen,)
        _explain(platform, styles, wanted, known, options, window)
        return
    if every_cascade == bool(wanted):
        raise typer.BadParameter("give either a CASCADE or --all")
    done = make(
        list(known.cascades) if every_cascade else wanted,
        known.cascades,
        platform,
        chosen,
        options,
        window=window,
        allow_fail_closed=allow_fail_closed,
        actions=actions,
    )
    samples = sample_files(done.jobs, platform, chosen) if options.beside else ()
    _deliver((*done.artefacts, *samples), out)
    _tell(done, summarised=every_cascade, quiet=quiet)
    if not done.artefacts:
        raise typer.Exit(2)


def _deliver(artefacts: "Sequence[Artefact]", out: Path | None) -> None:
    from ..exporters import write

    if out is None:
        _print(artefacts)
    else:
        for path in write(artefacts, out):
            typer.echo(shown(str(path)))


def _options(
    platform: "Target",
    known: "Catalog",
    *,
    every: int = 15 * 60,
    lateness: int = 20 * 60,
    table: str | None = None,
    index: str | None = None,
    layout: str | None = None,
    partition: str | None = None,
    backend: str | None = None,
    sigma_version: str = "2.1",
    owner: str | None = None,
    expires: date | None = None,
    made: date | None = None,
    beside: bool = False,
) -> "Options":
    from importlib.metadata import version

    from ..catalog import catalog_digest
    from ..exporters import Options

    created, until = days(made, expires)
    _one_of("layout", layout, platform.layouts, platform)
    if partition is not None and not platform.partitions:
        raise typer.BadParameter(f"{platform.name} has no partitions to choose from")
    if backend is not None:
        _one_of("backend", backend, platform.backends() if platform.backends else (), platform)
    return Options(
        created=created,
        expires=until,
        catalog_version=f"{version('cloudcascade')} {catalog_digest(known.cascades)}",
        every=every,
        lateness=lateness,
        table=table,
        index=index,
        layout=layout,
        partition=partition,
        backend=backend,
        owner=owner,
        controllers=known.controllers,
        overlay=str(known.overlay) if known.overlay else None,
        sigma_version=_sigma_version(sigma_version),
        beside=beside,
    )


def _sigma_version(text: str) -> Literal["2.1", "2.2"]:
    if text == "2.1":
        return "2.1"
    if text == "2.2":
        return "2.2"
    raise typer.BadParameter(f"Sigma's specification is 2.1 or 2.2, not {text!r}")


def _style(platform: "Target", name: str | None) -> "Style":
    known = tuple(style.name for style in platform.styles)
    _one_of("style", name, known, platform)
    return platform.style(name)


def _one_of(kind: str, name: str | None, known: Sequence[str], platform: "Target") -> None:
    from ..catalog.refusals import meant

    if name is None or name in known:
        return
    if not known:
        raise typer.BadParameter(f"{platform.name} has no {kind}s to choose from")
    raise typer.BadParameter(
        f"{platform.name} has no {kind} {name!r}{meant(name, known)} ({', '.join(known)})"
    )


def _cascades(known: "Catalog", typed: Sequence[str]) -> "list[Cascade]":
    from ..catalog import resolve_cascade

    ids = [each.id for each in known.cascades]
    return [known.get(id_) for id_ in dict.fromkeys(resolve_cascade(text, ids) for text in typed)]


def _list(as_json: bool, wide: bool) -> None:
    """Only what is known without a catalogue: how much of one a target can say takes a minute of rendering."""
    from ..exporters import DETECTIONS, matrix
    from ..exporters.matrix import as_data
    from .export_tables import LEGEND, capability_table

    if as_json:
        typer.echo(json.dumps(as_data(matrix()), indent=2))
        return
    printer = console(wide=wide)
    printer.print(capability_table(matrix()))
    printer.print(paragraph(LEGEND))
    typer.echo("besides cascades, where a target can:")
    for detection in DETECTIONS:
        typer.echo(f"  {detection.id}")


def _explain(
    platform: "Target",
    styles: "Sequence[Style]",
    wanted: "Sequence[Cascade]",
    known: "Catalog",
    options: "Options",
    window: int | None,
) -> None:
    from ..exporters import matrix, survey
    from ..exporters.matrix import suppressible
    from .export_tables import assessed, explained, surveyed

    rows = [row for row in matrix([platform.name]) if row.style in styles]
    lines = list(explained(rows))
    for cascade in wanted:
        found = assessed(cascade, known.cascades, platform, styles, options, window)
        lines += ["", *found]
    if not wanted:
        for one in styles:
            counts = survey(suppressible(known.cascades), known.cascades, one, options, window)
            lines += ["", *surveyed(counts, platform, one)]
    typer.echo("\n".join(lines))


def _print(artefacts: "Sequence[Artefact]") -> None:
    parts = [
        artefact.text if len(artefacts) == 1 else f"==> {artefact.path} <==\n{artefact.text}"
        for artefact in artefacts
    ]
    text = "\n".join(parts)
    if sys.stdout.isatty():
        text = visible(text)
    sys.stdout.buffer.write(text.encode())
    sys.stdout.flush()  # before the losses, which go to standard error


def visible(text: str) -> str:
    """`text` with every unprintable character spelt out, but for line feeds and tabs.

    >>> visible("a\\x1b[2J\\tb\\n")
    'a\\\\x1b[2J\\tb\\n'
    """
    return "\n".join("\t".join(map(shown, line.split("\t"))) for line in text.split("\n"))


def _tell(made: "Export", *, summarised: bool, quiet: bool) -> None:
    from .export_tables import loss_summary, omission_summary

    # Why nothing at all came out is told in any case.
    if quiet and made.artefacts:
        return
    if summarised and made.omitted:
        typer.echo(omission_summary(made.omitted), err=True)
    else:
        for omission in made.omitted:
            typer.echo(f"cascade: {omission.cascade} left out: {shown(omission.reason)}", err=True)
    for line in loss_summary(job.losses for job in made.jobs):
        typer.echo(line, err=True)
