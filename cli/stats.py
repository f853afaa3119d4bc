"""`cascade stats`: how much the catalogue holds, how well it is founded, and what it covers."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .options import CatalogOption, ConfigOption, JsonOption, Overlays, StrictOption, UnsafeOption
from .stores import AuthOption, StoreOption, opened_source
from .tables import console, table

if TYPE_CHECKING:
    from ..catalog import Coverage, Statistics

PANEL = "Catalogue"


@app.command(rich_help_panel=PANEL)
def stats(
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Say which actions of a list are known: service:EventName lines, or a JSON array "
            "of objects with eventSource and eventName.",
        ),
    ] = None,
    navigator: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an ATT&CK Navigator layer of what is masked."),
    ] = None,
    as_json: JsonOption = False,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
    store: StoreOption = None,
    store_auth: AuthOption = None,
) -> None:
    """Count cascades by service, and their effects by relation, evidence and policy.

    **Examples**

    `cascade stats`

    `cascade stats --navigator masked.json`

    `cascade stats --against watchlist.txt`
    """
    from ..catalog import coverage, read_actions, statistics

    with opened_source(
        store, store_auth, Overlays(catalog, config, strict, allow_unsafe_overlay)
    ) as source:
        cascades, known_actions = source.catalog().cascades, len(source.literature())
    counted = statistics(cascades)
    covered = coverage(cascades, read_actions(against)) if against else None
    if navigator is not None:
        from ..exporters.diagrams.navigator import navigator_layer

        text = json.dumps(navigator_layer(counted), indent=2)
        navigator.write_text(f"{text}\n", encoding="utf-8", newline="")
    if as_json:
        told = {**asdict(counted), "known_actions": known_actions}
        if covered is not None:
            told["coverage"] = asdict(covered)
        typer.echo(json.dumps(told, indent=2))
        return
    _print(counted, known_actions)
    if covered is not None:
        _print_coverage(covered)


def _print(counted: "Statistics", actions: int) -> None:
    typer.echo(
        f"{counted.cascades} cascades over {len(counted.services)} services, {counted.ensembles} of them "
        f"ensembles; {counted.effects} effects, {counted.hops} joined through another effect; "
        f"{len(counted.techniques)} techniques; {actions} actions known by themselves"
    )
    rows = table("effects by", "", "count", "share")
    for title, part in (
        ("relation", counted.relations),
        ("policy", counted.policies),
        ("best evidence", counted.evidence),
    ):
        for name, count in part.items():
            rows.add_row(title, name, str(count), f"{count / max(counted.effects, 1):.0%}")
            title = ""
        rows.add_section()
    console().print(rows)
    typer.echo("cascades by service")
    typer.echo("  " + "  ".join(f"{name} {count}" for name, count in counted.services.items()))


def _print_coverage(covered: "Coverage") -> None:
    total = sum(len(part) for part in (covered.in_cascades, covered.known, covered.missing))
    typer.echo(
        f"\nof {total} listed actions {len(covered.in_cascades)} are in cascades, "
        f"{len(covered.known)} known by themselves, {len(covered.missing)} missing"
    )
    if covered.missing:
        typer.echo("missing: " + ", ".join(covered.missing))
