"""The loop of `cascade watch`: takes what the sources have, keeps each step, hands out the verdicts.

A verdict leaves only when the step that made it is kept; a source is told that its input may go only then, too.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..events import event_time
from ..matcher import LiveEngine, LiveVerdict
from .delivery import Dispatcher, MemoryOutbox, Outlet
from .source import Source
from .state import State
from .watcher import Look, Watcher

# Verdicts, and events not yet kept, of one step; and messages that may wait in memory before no more is read.
STEP = 10_000
MOST_WAITING = 50_000
_PAUSE = 0.05
_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """When the loop does what, in seconds.

    After `idle` without input the clock goes on by itself. What has changed is kept every `commit_every`, verdicts
    at once. With `once` the loop ends when no source has anything. With `finish` all that waits is judged when the
    sources have ended. At the end sinks have `drain` to take what they have not got.
    """

    idle: float = 300.0
    commit_every: float = 1.0
    once: bool = False
    finish: bool = True
    drain: float = 10.0


class Loop:
    """Joins sources, an engine and outlets. Without a `state` everything is kept in memory, and gone with it.

    `catalog` is the fingerprint of the engine's catalogue, `delivered` up to which message each outlet has all from
    earlier runs. `clock` gives seconds that never go back, `now` those since 1970.
    """

    def __init__(
        self,
        engine: LiveEngine,
        sources: Sequence[Source],
        outlets: Sequence[Outlet],
        watcher: Watcher,
        *,
        state: State | None = None,
        catalog: bytes = b"",
        delivered: Mapping[str, int] | None = None,
        pace: Pace = Pace(),
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._sources = list(sources)
        self._watcher = watcher
        self._state = state
        self._catalog = catalog
        self._pace = pace
        self._clock = clock
        self._now = now
        self._memory_outbox = MemoryOutbox()
        after = self._memory_outbox.after if state is None else state.after
        self._dispatcher = Dispatcher(outlets, after, delivered or {})
        self._lines: list[tuple[str, bytes]] = []
        self._last: object = None
        self._committed = clock()
        self._heard = clock()
        self._looked = 0.0
        self._backlogged = False
        self._verdicts: Counter[tuple[str, bool]] = Counter()
        self._checkpoints: list[float] = []
        self._latencies: list[float] = []

    def run(self, asked: Callable[[], bool]) -> bool:
        """Go on until `asked` says to stop, or the sources have ended; whether nothing waits any more.

        Raises:
            CloudcascadeError: a source cannot be read, a step not be kept, or a sink not be written. What was kept
            is sound.
        """
        self._look(always=True)
        while self._sources and not asked():
            self._turn(asked)
        if not asked() and self._pace.finish:
            self._finish(asked)
        elif self._state is None:
            self._say(self._engine.abandon())
        self._step(always=True)
        self._drain(asked)
        self._look(always=True)
        return not self._engine.pending and self._dispatcher.settled

    def close(self) -> None:
        """Let go of sources and outlets."""
        for source in self._sources:
            source.close()
        self._dispatcher.close(self._pace.drain)

    def _turn(self, asked: Callable[[], bool]) -> None:
        ended: list[Source] = []
        if self._backlogged and self._state is None:
            time.sleep(_PAUSE)
        else:
            ended = self._take_in()
        self._judge(asked)
        for source in ended:
            self._step(always=True)  # while its position is still asked for
            self._sources.remove(source)
            source.close()
        self._look()

    def _take_in(self) -> list[Source]:
        """Feed the engine what the sources have; those that have ended."""
        wait = min(self._pace.commit_every, 1.0) / len(self._sources)
        ended = []
        for source in self._sources:
            records = source.poll(wait)
            if records:
                self._engine.feed(records)
                self._heard = self._clock()
            if records is None or (self._pace.once and not records and not source.busy):
                ended.append(source)
        return ended

    def _judge(self, asked: Callable[[], bool]) -> None:
        silence = self._clock() - self._heard
        mark = self._engine.watermark
        idle = mark is not None and silence >= self._pace.idle
        watermark = mark + int(silence) if mark is not None and idle else None
        while True:
            self._say(self._engine.advance(watermark, STEP))
            self._step()
            self._look()
            if not self._engine.due or asked():
                return

    def _finish(self, asked: Callable[[], bool]) -> None:
        while True:
            self._say(self._engine.close(STEP))
            self._step()
            self._look()
            if not self._engine.due or asked():
                return

    def _say(self, verdicts: Iterable[LiveVerdict]) -> None:
        now = self._now()
        for each in verdicts:
            self._lines.append((each.id, each.line()))
            self._verdicts[each.verdict.verdict, each.final] += 1
            if each.final and len(self._latencies) < STEP:
                self._latencies.append(max(0.0, now - event_time(each.verdict.event_time)))
            if self._state is None and len(self._lines) >= STEP:
                self._step()

    def _step(self, *, always: bool = False) -> None:
        """Keep what has changed, where it is time to, and hand out what is kept."""
        begun = self._clock()
        if (
            always
            or self._lines
            or self._engine.unwritten >= STEP
            or begun - self._committed >= self._pace.commit_every
        ):
            self._commit()
            self._committed = begun
        self._backlogged = not self._dispatcher.hand_out() and self._waiting() > MOST_WAITING

    def _commit(self) -> None:
        lines, self._lines = self._lines, []
        if self._state is None:
            self._memory_outbox.add(lines)
            self._memory_outbox.drop(min(self._dispatcher.delivered.values(), default=0))
            return
        positions = {source.name: source.position() for source in self._sources}
        delivered = self._dispatcher.delivered
        mark = self._engine.mark()
        now = (positions, delivered, mark)
        begun = self._clock()
        self._watcher.keep()
        if lines or self._engine.unwritten or now != self._last:
            self._state.commit(
                catalog=self._catalog,
                changes=self._engine.changes(),
                mark=mark,
                positions=positions,
                verdicts=lines,
                delivered=delivered,
            )
            self._checkpoints.append(self._clock() - begun)
            self._last = now
        for source in self._sources:
            source.settle()  # also of what held no records

    def _waiting(self) -> int:
        return len(self._memory_outbox) if self._state is None else self._state.waiting()

    def _drain(self, asked: Callable[[], bool]) -> None:
        """Give the sinks time to take what they have not got: what is kept in a state can wait for the next run."""
        until = self._clock() + self._pace.drain
        while not (self._dispatcher.hand_out() and self._dispatcher.settled):
            if asked() or self._state is not None:
                if self._clock() > until:
                    break
            else:
                until = self._clock() + self._pace.drain
            self._look()
            time.sleep(_PAUSE)
        self._commit()

    def _look(self, *, always: bool = False) -> None:
        if not always and self._clock() - self._looked < _BETWEEN_LOOKS:
            return
        self._looked = self._clock()
        checkpoints, self._checkpoints = self._checkpoints, []
        latencies, self._latencies = self._latencies, []
        self._watcher.look(
            Look(
                self._engine,
                self._dispatcher.outlets,
                self._waiting(),
                self._state.size if self._state else 0,
                self._backlogged,
                self._verdicts,
                tuple(checkpoints),
                tuple(latencies),
            )
        )
