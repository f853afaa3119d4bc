"""Reads a log in several processes and feeds one engine, as if it had read all of it itself.

A task is a run of neighbouring files. A worker reads and decodes them and sends back what an engine keeps; the
engine takes the partials in the order of the files, so that copies, credentials and problems come as they
would from one process. Verdicts are made by the engine alone.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from types import TracebackType
from typing import Self

from ...errors import CloudcascadeError
from ...events import Limits, OnProblem, OnProgress, Source
from ..plan.nodes import Plan
from .engine import Engine
from .partial import filter_files, received

# How many tasks each worker may be ahead of the engine: its answers wait in memory.
_AHEAD = 2
# A task is about so many bytes, or fewer where each worker would get less than so many tasks.
_TASK_BYTES = 4 << 20
_TASKS = 8

Compile = Callable[[], Plan]


class WorkerError(CloudcascadeError):
    """A process that read part of the log has died; no verdict can be given."""


class Workers:
    """So many processes that read for an engine; a context, behind which they are gone.

    `recompile` gives the plan anew. It has to be picklable: where processes cannot be forked, each worker calls it.
    Enter the context before you start threads.
    """

    def __init__(
        self, count: int, plan: Plan, recompile: Compile, limits: Limits, *, keep_all: bool = False
    ) -> None:
        context = _context()
        forked = context.get_start_method() == "fork"
        self._count = count
        self._others = {child.pid for child in multiprocessing.active_children()}
        # Answers lie in files: of one that a dying process had begun to send, the rest would be waited for without end.
        self._folder = TemporaryDirectory(prefix="cascade-workers-")
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=context,
            initializer=_begin,
            initargs=(
                (lambda: plan) if forked else recompile,
                limits,
                keep_all,
                Path(self._folder.name),
            ),
        )

    def __enter__(self) -> Self:
        self._pool.submit(os.getpid)  # starts them all where they are forked
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            # Nobody waits for what they are doing.
            for child in multiprocessing.active_children():
                if child.pid not in self._others:
                    child.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._folder.cleanup()

    def feed(
        self,
        engine: Engine,
        sources: Sequence[Source],
        *,
        on_problem: OnProblem,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Feed every record of `sources`, all of which are files, to `engine`.

        Raises:
            WorkerError: a worker died.
        """

        def take(answer: "Future[str]") -> None:
            file = Path(self._folder.name, answer.result())
            partial = received(file.read_bytes())
            file.unlink()
            engine.take(partial)
            for problem in partial.problems:
                on_problem(problem)
            if on_progress is not None:
                on_progress(partial.taken)

        waiting: deque[Future[str]] = deque()
        try:
            for task in tasks(sources, self._count):
                waiting.append(self._pool.submit(_filter_task, task))
                if len(waiting) > _AHEAD * self._count:
                    take(waiting.popleft())
            while waiting:
                take(waiting.popleft())
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process has died, killed or out of memory; nothing was classified "
                "(fewer --workers need less memory)"
            ) from error


def tasks(sources: Sequence[Source], workers: int) -> Iterator[list[Source]]:
    """Runs of neighbouring sources, of about equal size."""
    total = sum(source.size or 0 for source in sources)
    enough = min(_TASK_BYTES, total // (workers * _TASKS))
    task: list[Source] = []
    size = 0
    for source in sources:
        task.append(source)
        size += source.size or 0
        if size >= enough:
            yield task
            task, size = [], 0
    if task:
        yield task


def _context() -> BaseContext:
    """Forked processes have the plan at once. Only Linux forks safely, and only a process of one thread."""
    forkable = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if forkable else "spawn")


# In a worker: what it needs for every task, set when it starts.
_setting: list[tuple[Plan, Limits, bool, Path]] = []


def _begin(compile_: Compile, limits: Limits, keep_all: bool, folder: Path) -> None:
    gc.disable()  # records hold no cycles
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the parent says what is to be said
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _setting[:] = [(compile_(), limits, keep_all, folder)]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _filter_task(task: Sequence[Source]) -> str:
    """The name of the file in which the answer lies."""
    plan, limits, keep_all, folder = _setting[0]
    answer = filter_files(plan, task, limits, keep_all=keep_all)
    handle, name = mkstemp(dir=folder)
    with open(handle, "wb") as file:
        file.write(answer)
    return Path(name).name
