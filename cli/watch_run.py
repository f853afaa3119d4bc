"""Puts together what `cascade watch` was asked for, and runs it."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal

from ..catalog import Catalog, format_duration
from ..events import EventsError
from ..matcher import LiveEngine, compile_catalog
from ..streams import (
    Courier,
    Direct,
    HealthServer,
    Journal,
    Loop,
    Metrics,
    Outlet,
    Pace,
    SinkError,
    Source,
    SourceError,
    State,
    fingerprint,
)
from ..streams.sinks import (
    AwsOptions,
    FileSink,
    Rotation,
    SinkOptions,
    StdoutSink,
    WebhookOptions,
    open_sink,
    read_headers,
    render_for,
)
from ..streams.sources import SourceOptions, open_source
from .problem_log import ProblemLog
from .watch_report import WatchReport

# What the program takes besides its state: the piece of input at hand, and the temporary database's cache.
_ROOM = 100 << 20
_LEAST = 16 << 20
# State is counted, not weighed: a part of what there is stays free for what was not counted.
_SHARE = 0.75
# How many of the actions whose verdicts wait are named.
_MOST_NAMED = 4


class Asked:
    """Whether a signal has asked for the end. It is looked at between pieces, so that no verdict is cut in two;
    the same signal again ends the run at once."""

    def __init__(self) -> None:
        self.number = 0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.number = number
        signal.signal(number, signal.SIG_DFL)

    def __call__(self) -> bool:
        """Whether one has."""
        return bool(self.number)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; see the options of `cascade watch`. Durations are seconds, sizes bytes."""

    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    form: Literal["ndjson", "ocsf", "udm"]
    state: Path | None
    lateness: int
    retract_within: int | None
    idle: int
    tell_pending: int
    provisional: bool
    max_memory: int
    once: bool
    finish: bool
    start: Literal["earliest", "latest"]
    metrics: str | None
    metrics_anywhere: bool
    log_format: Literal["text", "json"]
    quarantine: Path | None
    max_line_bytes: int
    endpoint_url: str | None
    region: str | None
    headers: tuple[str, ...]
    header_file: Path | None
    webhook_body: Literal["ndjson", "json"]
    rotate_size: int | None
    rotate_every: int | None
    rotate_keep: int | None


def run(wanted: Wanted, catalog: Catalog, asked: Asked, notes: Sequence[str] = ()) -> int:
    """Watch until the sources end or a signal asks for the end. The exit status. The journal begins with the `notes`
    and what overlay is in force.

    Raises:
        CloudcascadeError: something cannot be opened, read or written.
    """
    journal = Journal(sys.stderr, form=wanted.log_format)
    _tell_overlay(catalog, journal, notes)
    with ExitStack() as closing:
        problems = closing.enter_context(ProblemLog(wanted.quarantine, append=True))
        report = WatchReport(journal, problems, _metrics(wanted, closing, journal))
        closing.callback(report.end)
        state = None
        if wanted.state is not None:
            state = State(wanted.state)
            closing.callback(state.close)
        engine = _engine(wanted, catalog, report, state)
        print_ = fingerprint(catalog.cascades)
        if state is not None:
            _restore(engine, state, print_, journal)
        sources = _sources(wanted, report, state, journal)
        outlets = _outlets(wanted, journal)
        loop = Loop(
            engine,
            sources,
            outlets,
            report,
            state=state,
            catalog=print_,
            delivered=_enlisted(outlets, state, journal),
            pace=Pace(idle=wanted.idle, once=wanted.once, finish=wanted.finish),
        )
        closing.callback(loop.close)
        # The catalogue is there to stay: the collector need not walk it again and again.
        gc.freeze()
        journal.info("watching", sources=", ".join(wanted.sources), cascades=len(catalog.cascades))
        if not wanted.provisional:
            _tell_holds(engine, journal, wanted.tell_pending)
        loop.run(asked)
        _tell(engine, problems, journal, asked, kept=state is not None)
        if problems.broken and not engine.records and state is None:
            raise EventsError("no record could be read")
        return 128 + asked.number if asked.number and state is None else 0


def _tell_holds(engine: LiveEngine, journal: Journal, least: int) -> None:
    """Say of which events it is only told for so long that they wait: an attack may be among them."""
    holds = {action: hold for action, hold in engine.holds.items() if hold > least}
    if not holds:
        return
    longest = sorted(holds.items(), key=lambda each: (-each[1], each[0]))
    named = ", ".join(f"{action} {format_duration(hold)}" for action, hold in longest[:_MOST_NAMED])
    journal.warning(
        f"verdicts on {len(holds)} actions wait for more than {format_duration(least)}, and are `pending` until then; "
        "--provisional gives a first one at once",
        longest=named,
    )


def _tell_overlay(catalog: Catalog, journal: Journal, notes: Sequence[str]) -> None:
    for note in notes:
        journal.warning(note)
    overlay = catalog.overlay
    if overlay:
        journal.info(
            "overlay in force",
            files=", ".join(overlay.files),
            adds=len(overlay.adds),
            overrides=len(overlay.overrides),
            disables=len(overlay.disables),
            unsafe=len(overlay.unsafe),
        )
    for each in catalog.warnings:
        journal.warning("overlay", place=each.place, code=each.code, reason=each.message)


def _metrics(wanted: Wanted, closing: ExitStack, journal: Journal) -> Metrics | None:
    if wanted.metrics is None:
        return None
    metrics = Metrics()
    server = HealthServer(metrics, wanted.metrics, anywhere=wanted.metrics_anywhere)
    closing.enter_context(server)
    host = wanted.metrics.rpartition(":")[0]
    journal.info("serving metrics", at=f"http://{host}:{server.port}/metrics")
    return metrics


def _engine(
    wanted: Wanted, catalog: Catalog, report: WatchReport, state: State | None
) -> LiveEngine:
    plan = compile_catalog(
        catalog.cascades,
        ((controller.arn, controller.name) for controller in catalog.controllers),
    )
    free = wanted.max_memory - _resident() - _ROOM
    return LiveEngine(
        plan,
        report.problem,
        lateness=wanted.lateness,
        retract_within=wanted.retract_within,
        tell_pending=wanted.tell_pending,
        provisional=wanted.provisional,
        max_bytes=max(_LEAST, int(free * _SHARE)),
        folder=wanted.state.resolve().parent if wanted.state else None,
        journal=state is not None,
    )


def _resident() -> int:
    """The memory that the process takes now, in bytes; 0 where it cannot be known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _restore(engine: LiveEngine, state: State, print_: bytes, journal: Journal) -> None:
    before = state.catalog
    if before is None:
        return
    anew = before != print_
    unknown = state.restore(engine, anew=anew)
    journal.info("restored", waiting=engine.pending, state=state.path)
    if engine.front and engine.latest and engine.front > engine.latest:
        journal.warning(
            "an earlier run has finished this state: events from before this time are late",
            time=datetime.fromtimestamp(engine.front, UTC).isoformat(),
        )
    if anew:
        journal.warning(
            "the catalogue has changed: what waits is judged by the new one, and actions that are new in it are "
            "known from now on only",
            unknown_now=unknown,
        )


def _sources(
    wanted: Wanted, report: WatchReport, state: State | None, journal: Journal
) -> list[Source]:
    options = SourceOptions(
        endpoint_url=wanted.endpoint_url,
        region=wanted.region,
        start=wanted.start,
        max_line_bytes=wanted.max_line_bytes,
    )
    sources = [open_source(name, report.problem, options) for name in wanted.sources]
    if state is None:
        for source in sources:
            if source.forgets:
                raise SourceError(
                    f"{source.name}: what is read there is deleted, and so must be kept here: name a --state FILE"
                )
        return sources
    positions = state.positions()
    for source in sources:
        position = positions.pop(source.name, None)
        if position is not None:
            source.resume(position)
    for name in positions:
        journal.info("not read in this run, and where it was is kept", source=name)
    return sources


def _outlets(wanted: Wanted, journal: Journal) -> list[Outlet]:
    options = SinkOptions(
        render=render_for(wanted.form),
        rotation=Rotation(wanted.rotate_size, wanted.rotate_every, wanted.rotate_keep),
        webhook=WebhookOptions(
            body=wanted.webhook_body,
            headers=read_headers(wanted.headers, wanted.header_file, os.environ),
        ),
        aws=AwsOptions(endpoint_url=wanted.endpoint_url, region=wanted.region),
    )
    outlets: list[Outlet] = []
    for name in wanted.sinks:
        sink = open_sink(name, options)
        if isinstance(sink, FileSink | StdoutSink):
            outlets.append(Direct(sink))
        else:
            outlets.append(Courier(sink, on_lasting=_teller(sink.name, journal)))
    return outlets


def _teller(name: str, journal: Journal) -> Callable[[SinkError], None]:
    return lambda error: journal.error("sink refuses", sink=name, reason=error)


def _enlisted(outlets: list[Outlet], state: State | None, journal: Journal) -> dict[str, int]:
    if state is None:
        return {}
    delivered, gone = state.enlist([outlet.name for outlet in outlets])
    for name, left in gone.items():
        note = journal.warning if left else journal.info
        note("a sink of earlier runs is forgotten", sink=name, undelivered=left)
    return delivered


def _tell(
    engine: LiveEngine, problems: ProblemLog, journal: Journal, asked: Asked, *, kept: bool
) -> None:
    waiting = {"waiting": engine.pending} if kept else {}
    journal.info(
        "stopped" if asked() else "ended",
        records=engine.records,
        copies=engine.duplicates,
        late=engine.late,
        not_decodable=problems.broken,
        **waiting,
    )
