"""Tables and the console that prints them, the same look for every command."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table


def console() -> Console:
    """Standard output. Where it is no terminal, lines are as long as they need to be."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=10_000, soft_wrap=True, no_color=True)


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table with these column heads."""
    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
