"""`cascade demo`: the story of the bundled day, told by the real commands."""

from pathlib import Path
from typing import Annotated

import typer

from .app import app

_SAMPLE = Path(__file__).parents[1] / "docs" / "sample" / "AWSLogs"
_MFA_RULE = ("iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice")


@app.command(rich_help_panel="Logs")
def demo(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Another log than the bundled day.",
            show_default=False,
        ),
    ] = _SAMPLE,
) -> None:
    """Classify the bundled day of a synthetic account, and show what a name-only rule would have said.

    `make demo` runs this.
    """
    from ..catalog import load_catalog
    from ..events import EventsError, expand_sources
    from ..matcher import compile_catalog
    from .problem_log import ProblemLog
    from .reading import read_log
    from .shown import shown

    if not folder.is_dir():
        raise EventsError(f"{folder}: no such folder")
    catalog = load_catalog()
    with ProblemLog() as problems:
        engine = read_log(
            compile_catalog(catalog.cascades), expand_sources([str(folder)]), None, problems
        )
    verdicts = list(engine.verdicts())
    fired = [each for each in verdicts if each.action in _MFA_RULE and not each.failed]
    left = [each for each in fired if each.policy != "suppress"]
    typer.echo(
        f"A day of an account: {engine.records:,} events, {len(catalog.cascades)} cascades known.\n"
    )
    typer.echo(f"The usual rule, `{_MFA_RULE[0]} or {_MFA_RULE[1]}`, fires {len(fired)} times:")
    for each in fired:
        why = (
            f"side effect of {each.cascade}"
            if each.verdict == "effect"
            else f"ORPHAN  {each.near_misses[0].reason}"
            if each.near_misses
            else "ORPHAN"
        )
        actor = (each.actor_arn or "").rpartition("/")[2]
        typer.echo(f"  {each.event_time[11:19]}  {each.action:28} {shown(actor):24} {shown(why)}")
    typer.echo(f"\nThe cascade-aware rule fires {len(left)} times.")
    silent = sum(each.policy == "suppress" for each in verdicts if each.verdict == "effect")
    labelled = sum(each.policy == "annotate" for each in verdicts if each.verdict == "effect")
    orphans = [each for each in verdicts if each.verdict == "orphan"]
    typer.echo(
        f"Over the whole day {silent} side effects may be silenced, {labelled} are shown with a label, "
        f"{len(orphans)} are left over:"
    )
    for each in orphans:
        actor = (each.actor_arn or "").rpartition("/")[2]
        failed = f"failed: {each.error}" if each.failed else ""
        typer.echo(
            f"  {each.event_time[11:19]}  {each.action:28} {shown(actor):24} {shown(failed)}".rstrip()
        )
    typer.echo(f"\nThe full report: cascade classify {_shortest(folder)} -o report.html")


def _shortest(folder: Path) -> Path:
    try:
        return folder.relative_to(Path.cwd())
    except ValueError:
        return folder
