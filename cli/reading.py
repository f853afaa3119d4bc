"""Reads a log into an engine, for the commands that judge one."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..events import Brief, Limits, OnRecord, Source
    from ..matcher import Engine, Plan
    from .problem_log import ProblemLog

Recompile = Callable[[], "Plan"]
"""Compiles the catalogue anew, in another process."""


class Whole(NamedTuple):
    """From when until when a log is whole, in seconds since the epoch; None: from its first record, to its last."""

    since: int | None = None
    until: int | None = None


ITSELF = Whole()


def whole_seconds(moment: datetime | None) -> int | None:
    """An instant that was typed, UTC, in seconds since the epoch."""
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp())


def read_log(
    plan: "Plan",
    sources: "Sequence[Source]",
    limits: "Limits | None",
    problems: "ProblemLog",
    *,
    keep_all: bool = False,
    whole: Whole = ITSELF,
    watch: "Callable[[list[Brief]], None] | None" = None,
    keep: "OnRecord | None" = None,
) -> "Engine":
    """Feed every record of `sources` to a new engine, with a progress bar when a person is watching. `watch` is shown
    them before, and `keep` given each with its JSON."""
    from ..events import Limits, read_batches, read_briefly
    from ..matcher import Engine

    engine = Engine(plan, problems.add, keep_all=keep_all, since=whole.since, until=whole.until)
    limits = limits or Limits()
    read: Callable[..., Iterator[list[Any]]] = (
        partial(read_briefly, names=plan.thorough, limits=limits, on_problem=problems.add)
        if keep is None
        else partial(read_batches, keep=keep, limits=limits, on_problem=problems.add)
    )
    with no_cyclic_gc(), _progress(sources) as advance:
        for source in sources:
            for batch in read((source,), on_progress=advance):
                if watch is not None:
                    watch(batch)
                engine.feed(batch, source.name)
                batch.clear()  # gives its buffer back before the next is read
    return engine


def read_apart(
    workers: int,
    plan: "Plan",
    recompile: Recompile,
    sources: "Sequence[Source]",
    limits: "Limits",
    problems: "ProblemLog",
    *,
    keep_all: bool = False,
    whole: Whole = ITSELF,
) -> "Engine":
    """What `read_log` does, in so many processes."""
    from ..matcher import Engine, Workers

    engine = Engine(plan, problems.add, keep_all=keep_all, since=whole.since, until=whole.until)
    with (
        Workers(workers, plan, recompile, limits, keep_all=keep_all) as readers,
        no_cyclic_gc(),
        _progress(sources) as advance,
    ):
        readers.feed(engine, sources, on_problem=problems.add, on_progress=advance)
    return engine


@contextmanager
def no_cyclic_gc() -> Iterator[None]:
    """Records and verdicts hold no cycles; the collector would only walk them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _progress(sources: "Sequence[Source]") -> "Iterator[Callable[[int], None] | None]":
    """A bar on standard error, only where a person sees it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    sizes = [source.size for source in sources]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    with Progress(
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda count: bar.advance(task, count)
