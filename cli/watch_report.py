"""What a run of `cascade watch` tells of itself: its journal, its metrics, and what could not be read."""

import time
from collections.abc import Callable

from ..events import Problem
from ..streams import Journal, Look, LoopFacts, Metrics
from .problem_log import ProblemLog

# How many problems are told one by one before they are only counted, and for how many seconds.
_TOLD = 10
_MINUTE = 60.0


class WatchReport:
    """Takes in problems and looks at the loop; see `streams.Watcher`."""

    def __init__(
        self,
        journal: Journal,
        problems: ProblemLog,
        metrics: Metrics | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._problems = problems
        self._metrics = metrics
        self._clock = clock
        self._since = clock()
        self._told = 0
        self._overload = False

    def problem(self, problem: Problem) -> None:
        """Count and keep what could not be read, and tell the first few of each minute."""
        self._problems.add(problem)
        if problem.ignored:
            return
        if problem.note:
            self._journal.warning(
                "incomplete records", source=problem.source, reason=problem.reason
            )
            return
        if self._clock() - self._since > _MINUTE:
            self._tell_rest()
        self._told += 1
        if self._told <= _TOLD:
            self._journal.warning(
                "not decodable",
                source=problem.source,
                position=problem.position,
                reason=problem.reason,
            )

    def look(self, look: Look) -> None:
        """Hand the facts on to the metrics, and tell when an overload begins and ends."""
        engine = look.engine
        overload = engine.on_disk > 0 or look.backlogged
        if overload != self._overload:
            self._overload = overload
            note = self._journal.warning if overload else self._journal.info
            note(
                "overload begins" if overload else "overload is over",
                pending=engine.pending,
                on_disk=engine.on_disk,
                messages=look.messages,
            )
        if self._metrics is None:
            return
        self._metrics.update(
            LoopFacts(
                ready=True,
                events=engine.records,
                duplicates=engine.duplicates,
                late=engine.late,
                undecodable=self._problems.broken,
                listed=engine.listed,
                spilled=engine.spilled,
                retracted=engine.retracted,
                pending=engine.pending,
                overload=overload,
                outbox_messages=look.messages,
                state_bytes=look.state_bytes or engine.memory,
                state_events={"memory": engine.in_memory, "disk": engine.on_disk},
                verdicts=dict(look.verdicts),
                watermark=engine.watermark,
                newest_event=engine.latest,
                sinks=tuple(outlet.facts() for outlet in look.outlets),
                checkpoint_seconds=look.checkpoint_seconds,
                verdict_latencies=look.verdict_latencies,
            )
        )

    def keep(self) -> None:
        """See `streams.Watcher`."""
        self._problems.flush()

    def end(self) -> None:
        """Tell what was counted and not told."""
        self._tell_rest()
        for name, count in sorted(self._problems.ignored.items()):
            self._journal.info("passed over", what=name, count=count)
        self._problems.flush()

    def _tell_rest(self) -> None:
        if self._told > _TOLD:
            self._journal.warning("more that is not decodable", count=self._told - _TOLD)
        self._since, self._told = self._clock(), 0
