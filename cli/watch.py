"""`cascade watch`: verdicts on a stream, each as soon as nothing can change it any more."""

import os
import select
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .options import CatalogOption, ConfigOption, open_catalog, positive_seconds, seconds

if TYPE_CHECKING:
    from ..events import LineReader
    from ..matcher import LiveEngine, LiveVerdict

_PIECE = 1 << 20
_TICK = 1.0


class _Asked:
    """Whether a signal has asked for the end. It is looked at between pieces, so that no verdict is cut in two;
    the same signal again ends the run at once."""

    def __init__(self) -> None:
        self.number = 0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.number = number
        signal.signal(number, signal.SIG_DFL)


@app.command(rich_help_panel="Logs")
def watch(
    source: Annotated[
        str,
        typer.Argument(metavar="-", help="`-` for standard input: NDJSON, as it comes."),
    ] = "-",
    lateness: Annotated[
        int,
        typer.Option(
            metavar="DURATION",
            help="How long an event may take to arrive after later ones.",
            parser=seconds,
        ),
    ] = "20m",  # type: ignore[assignment]  # typer parses a default, too
    idle: Annotated[
        int,
        typer.Option(
            metavar="DURATION",
            help="After so long without input the clock goes on by itself, so that nothing waits for ever.",
            parser=positive_seconds,
        ),
    ] = "5m",  # type: ignore[assignment]
    quarantine: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write what could not be decoded here, as NDJSON with line number."
        ),
    ] = None,
    max_line_bytes: Annotated[
        int, typer.Option(min=1_024, metavar="BYTES", help="Refuse a line longer than this.")
    ] = 16 << 20,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
) -> None:
    """Classify events as they arrive, and write each verdict when nothing can change it any more.

    A verdict waits for the windows of the cascades its event may belong to, and for stragglers. The lines are those
    of `cascade classify -f ndjson`, with `late` for an event that came too late and was judged by what was known.
    When the input ends, everything is judged. When a signal ends the run, what waits is not: its number is told,
    and the exit status says so.

    **Example**

    `tail -F trail.ndjson | cascade watch - --lateness 15m | jq -c 'select(.verdict=="orphan")'`
    """
    from ..events import LineReader
    from ..matcher import LiveEngine, compile_catalog
    from .problem_log import ProblemLog

    if source != "-":
        raise typer.BadParameter("only - , standard input, can be watched")
    known = open_catalog(catalog, config)
    plan = compile_catalog(
        known.cascades, ((controller.arn, controller.name) for controller in known.controllers)
    )
    asked = _Asked()
    with ProblemLog(quarantine) as problems:
        engine = LiveEngine(plan, problems.add, lateness=lateness)
        lines = LineReader("standard input", problems.add, max_line_bytes=max_line_bytes)
        _follow(engine, lines, idle, asked)
        if not asked.number:
            _write(engine.close())
        problems.report()
        _tell(engine, stopped=bool(asked.number))
    if asked.number:
        raise typer.Exit(128 + asked.number)


def _follow(engine: "LiveEngine", lines: "LineReader", patience: int, asked: _Asked) -> None:
    """Read standard input until it ends or a signal asks for the end, and write what is due on the way."""
    source = sys.stdin.fileno()
    heard = time.monotonic()
    while not asked.number:
        ready, _, _ = select.select([source], [], [], _TICK)
        if ready:
            piece = os.read(source, _PIECE)
            if not piece:
                engine.feed(lines.end())
                return
            heard = time.monotonic()
            engine.feed(lines.take(piece))
            _write(engine.advance())
        elif engine.watermark is not None and (silence := time.monotonic() - heard) >= patience:
            _write(engine.advance(engine.watermark + int(silence)))


def _write(verdicts: "Iterable[LiveVerdict]") -> None:
    out = sys.stdout.buffer
    for each in verdicts:
        out.write(each.line() + b"\n")
    out.flush()


def _tell(engine: "LiveEngine", *, stopped: bool) -> None:
    told = (
        f"{engine.records:,} records, {engine.duplicates:,} copies, {engine.late:,} came too late"
    )
    if stopped:
        told += f"; stopped: {engine.pending:,} events waited for their verdict and got none"
    print(f"cascade: {told}", file=sys.stderr)
