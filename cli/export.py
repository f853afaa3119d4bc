"""`cascade export`: detection content for other platforms."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .app import app
from .completion import complete_cascade
from .options import (
    CatalogOption,
    ConfigOption,
    JsonOption,
    Overlays,
    StrictOption,
    UnsafeOption,
    open_catalog,
    positive_seconds,
    seconds,
)
from .shown import shown
from .tables import console

if TYPE_CHECKING:
    from ..catalog import Cascade, Catalog
    from ..exporters import Artefact, Export, Options, Style, Target

LIFE = timedelta(days=180)


def complete_target(context: typer.Context, incomplete: str) -> list[str]:
    """The export targets that begin with what was typed."""
    from ..exporters import target_names

    return [name for name in target_names() if name.startswith(incomplete.lower())]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day is YYYY-MM-DD, such as 2027-01-31") from None


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
            metavar="DURATION", help="How late events may reach the platform.", parser=seconds
        ),
    ] = "20m",  # type: ignore[assignment]  # typer parses a default, too
    every: Annotated[
        int,
        typer.Option(
            metavar="DURATION", help="How often a schedule runs.", parser=positive_seconds
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
            help="When the artefacts want a new look. Default: in 180 days.",
            parser=_day,
        ),
    ] = None,
    allow_fail_closed: Annotated[
        bool,
        typer.Option(
            "--allow-fail-closed", help="Make artefacts that may hide an attack, and say how."
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

    One artefact is printed as it is; several are printed each below its path. What is lost, and which cascades are
    left out and why, goes to standard error. Exit status 2 where nothing could be made.

    **Examples**

    `cascade export --list`

    `cascade export --explain duckdb delete-user`

    `cascade export duckdb aws.iam.delete-user --out rules`

    `cascade export duckdb --all --style scheduled --lateness 30m --every 1h --out rules`

    `cascade export sentinel discovery-burst first-caller-identity session-lineage`
    """
    from ..exporters import export as make
    from ..exporters import export_detections, find_detection, find_target

    if as_json and not listing:
        raise typer.BadParameter("--json goes with --list")
    if listing:
        if target is not None or explain:
            raise typer.BadParameter("--list is about all targets; --explain about one")
        _list(open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay)), as_json)
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
        backend=backend,
        sigma_version=sigma_version,
        owner=owner,
        expires=expires,
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
    if explain:
        styles = platform.styles if style is None else (chosen,)
        _explain(platform, styles, wanted, known, options, window, lateness)
        return
    if every_cascade == bool(wanted):
        raise typer.BadParameter("give either a CASCADE or --all")
    made = make(
        list(known.cascades) if every_cascade else wanted,
        known.cascades,
        platform,
        chosen,
        options,
        window=window,
        lateness=lateness,
        allow_fail_closed=allow_fail_closed,
    )
    _deliver(made.artefacts, out)
    _tell(made, summarised=every_cascade, quiet=quiet)
    if not made.artefacts:
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
    table: str | None = None,
    index: str | None = None,
    layout: str | None = None,
    backend: str | None = None,
    sigma_version: str = "2.1",
    owner: str | None = None,
    expires: date | None = None,
) -> "Options":
    from importlib.metadata import version

    from ..exporters import Options

    today = datetime.now(UTC).date()
    if expires is not None and expires <= today:
        raise typer.BadParameter(f"{expires.isoformat()} is no day to come")
    _one_of("layout", layout, platform.layouts, platform)
    if backend is not None:
        _one_of("backend", backend, platform.backends() if platform.backends else (), platform)
    return Options(
        created=today,
        expires=expires or today + LIFE,
        catalog_version=version("cloudcascade"),
        every=every,
        table=table,
        index=index,
        layout=layout,
        backend=backend,
        owner=owner,
        controllers=known.controllers,
        overlay=str(known.overlay) if known.overlay else None,
        sigma_version=_sigma_version(sigma_version),
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


def _list(known: "Catalog", as_json: bool) -> None:
    from ..exporters import DETECTIONS, matrix, survey
    from ..exporters.matrix import as_data, suppressible
    from .export_tables import LEGEND, capability_table

    if as_json:
        typer.echo(json.dumps(as_data(matrix()), indent=2))
        return
    rows = []
    for row in matrix():
        options = _options(row.target, known)
        cascades = suppressible(known.cascades)
        rows.append((row, survey(cascades, known.cascades, row.style, options)))
    console().print(capability_table(rows))
    typer.echo(LEGEND)
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
    lateness: int,
) -> None:
    from ..exporters import matrix, survey
    from ..exporters.matrix import suppressible
    from .export_tables import assessed, explained, surveyed

    rows = [row for row in matrix([platform.name]) if row.style in styles]
    lines = list(explained(rows))
    for cascade in wanted:
        found = assessed(cascade, known.cascades, platform, styles, options, window, lateness)
        lines += ["", *found]
    if not wanted:
        for one in styles:
            counts = survey(
                suppressible(known.cascades), known.cascades, one, options, window, lateness
            )
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
