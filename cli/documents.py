"""`cascade docs`: the pages that --help names, wherever the program is installed."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .app import app

_PAGES = Path(__file__).parents[1] / "docs"


def _complete(context: typer.Context, incomplete: str) -> list[str]:
    return [topic for topic in topics() if topic.startswith(incomplete)]


@app.command(rich_help_panel="Catalogue")
def docs(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="TOPIC", help="A page, such as semantics.", autocompletion=_complete
        ),
    ] = None,
) -> None:
    """Show a page of the documentation, or list them.

    Examples

    `cascade docs`

    `cascade docs semantics`

    `cascade docs exporters/splunk | less`
    """
    pages = topics()
    if topic is None:
        for name, path in pages.items():
            typer.echo(f"{name:28}{_title(path)}")
        return
    page = pages.get(topic.removeprefix("docs/").removesuffix(".md"))
    if page is None:
        from ..catalog.refusals import meant

        raise typer.BadParameter(f"there is no page {topic!r}{meant(topic, list(pages))}")
    text = page.read_text(encoding="utf-8")
    if not sys.stdout.isatty():
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


def topics() -> dict[str, Path]:
    """The pages by their name below docs/, sorted."""
    return {
        str(path.relative_to(_PAGES).with_suffix("")): path
        for path in sorted(_PAGES.rglob("*.md"))
        if "sample" not in path.parts
    }


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next((line.lstrip("# ").rstrip() for line in lines if line.startswith("#")), "")
