"""Classifies a stream of events: the verdicts of `Engine`, each as soon as nothing can change it any more.

Time is that of the events. The watermark lies `lateness` behind the latest of them; what lies before it has
arrived. An event is taken up when the watermark has passed it, so that everything is seen in order of time, and
judged when the watermark has passed the last instant that its verdict rests on. What can change no
verdict any more is forgotten. docs/semantics.md is the definition of every verdict.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import time

from ...events import OnProblem, Record
from .. import wording
from ..decision import decide
from ..event import Event
from ..plan.nodes import Plan
from ..verdict import NearMiss, Verdict
from .checkpoint import Changes, Mark, Silenced, Taken
from .coverage import LATE, PROVISIONAL, Coverage
from .holdings import Holdings
from .horizon import horizon_of
from .intake import MAX_AHEAD, Intake
from .retraction import Retractions
from .revision import LiveVerdict, Said, digest_of
from .sessions import Issued
from .watermark import Watermark

DEFAULT_LATENESS = 20 * 60
# For how many times the lateness it is remembered by default that an event was silenced.
RETRACT_WITHIN = 24
# How many verdicts are given at once.
MOST = 10_000

# Event time between two times of forgetting, in seconds: each looks at every part that an event may play.
_FORGET_EVERY = 30


def _no_misses(event: Event) -> tuple[NearMiss, ...]:
    return ()


class LiveEngine:
    """Feed it the records of a stream as they arrive, and ask again and again for the verdicts that are due.

    `lateness` is how long, in seconds, an event may take to arrive after later ones. One that takes longer is
    judged at once by what is known, and its verdict says so. One from more than a day ahead of `clock` (seconds
    since the epoch) goes to `on_problem`.

    A verdict that silences an event is remembered for `retract_within` seconds after it was due, by default 24 times
    the lateness. When something comes late that speaks against it, another verdict takes its place.

    With `tell_pending` an event that waits for more seconds than that beyond the lateness is told of as `pending` as
    soon as it is taken up, unless it would be silenced by what is known then.

    With `provisional` every event gets a verdict at once, and another whenever that changes. With `max_bytes` memory
    is kept to about that: what there is no room for goes to a temporary file in `folder`. With `journal`
    what `restore` needs is collected for `changes`.

    `records`, `duplicates`, `conflicting` (copies that said something else), `late` and `undated` count what came
    in, `listed` those that the catalogue mentions.
    """

    def __init__(
        self,
        plan: Plan,
        on_problem: OnProblem | None = None,
        *,
        lateness: int = DEFAULT_LATENESS,
        clock: Callable[[], float] = time,
        retract_within: int | None = None,
        tell_pending: int | None = None,
        provisional: bool = False,
        max_bytes: int | None = None,
        folder: Path | None = None,
        journal: bool = False,
    ) -> None:
        self.plan = plan
        self.lateness = lateness
        self.due = False
        """Whether more verdicts are due than were given."""
        self._horizon = horizon_of(plan)
        self._tell_pending = None if provisional else tell_pending
        self._watermark = Watermark(lateness, clock)
        self._coverage = Coverage(clock, MAX_AHEAD)
        self._held = Holdings(
            plan,
            self._horizon,
            lateness,
            revised=provisional,
            max_bytes=max_bytes,
            folder=folder,
        )
        span = RETRACT_WITHIN * lateness if retract_within is None else retract_within
        self._retractions = Retractions(plan, self._held, span)
        self._intake = Intake(
            plan,
            self._held,
            self._retractions,
            self._horizon,
            self._watermark,
            self._coverage,
            clock,
            on_problem,
            provisional=provisional,
            journal=journal,
        )
        self._forgot: int | None = None
        self._judged = (0, "")

    @property
    def records(self) -> int:
        """How many records were fed."""
        return self._intake.records

    @property
    def duplicates(self) -> int:
        """How many events were copies of one that was known."""
        return self._intake.duplicates

    @property
    def conflicting(self) -> int:
        """How many of those said something else."""
        return self._intake.conflicting

    @property
    def late(self) -> int:
        """How many events came after their time."""
        return self._intake.late

    @property
    def undated(self) -> int:
        """How many records had an eventTime that cannot be read."""
        return self._intake.undated

    @property
    def listed(self) -> int:
        """How many events the catalogue mentions, copies once."""
        return self._intake.listed

    @property
    def retracted(self) -> int:
        """How many verdicts that silenced an event were taken back."""
        return self._retractions.count

    @property
    def spilled(self) -> int:
        """How many events memory had no room for."""
        return self._held.spilled

    @property
    def latest(self) -> int | None:
        """The latest eventTime seen, in seconds since the epoch; None before the first event."""
        return self._watermark.latest

    @property
    def watermark(self) -> int | None:
        """The instant before which everything has arrived, in seconds since the epoch; None before the first event."""
        return self._watermark.value

    @property
    def front(self) -> int | None:
        """The instant from before which an event is late, in seconds since the epoch; None before the first verdicts
        were asked for. It lies ahead of every event once `close` was called."""
        return self._watermark.front

    @property
    def holds(self) -> dict[str, int]:
        """How many seconds an event of each action waits for its verdict, beyond the lateness."""
        return self._horizon.holds()

    @property
    def pending(self) -> int:
        """How many events wait for their verdict."""
        return len(self._held.timers) + len(self._intake.overdue)

    @property
    def in_memory(self) -> int:
        """How many of those wait in memory."""
        return self._held.timers.in_memory + len(self._intake.overdue)

    @property
    def on_disk(self) -> int:
        """How many events lie where memory has no room for them."""
        return self._held.on_disk

    @property
    def size(self) -> int:
        """How much is kept: places in which events are filed, events that wait, and ids that copies are known by."""
        return self._held.size + len(self._intake.overdue)

    @property
    def memory(self) -> int:
        """About how many bytes of memory the state takes."""
        return self._held.memory + self._intake.memory

    def feed(self, records: Iterable[Record]) -> None:
        """Take in records as they arrive. One whose eventTime cannot be read goes to `on_problem` and is left out.

        Raises:
            SpillError: memory has no room for them, and the temporary file has none either.
        """
        self._intake.take_in(records)
        self._intake.look_after_memory()

    def advance(self, watermark: int | None = None, most: int = MOST) -> list[LiveVerdict]:
        """The verdicts that are due, about `most` of them: where there are more, `due` says so.

        `watermark` says that everything before that instant has arrived, as when a source has been idle or
        has ended; by default it is what the events themselves say. It never goes back.
        """
        told = [*self._revise(), *self._judge_overdue()]
        self.due = False
        front, target = self._watermark.advance(watermark), self._watermark.target
        while front is not None and target is not None:
            self._judge(front, most, told)
            if self.due:
                return told
            self._forget(front)
            if front >= target:
                return told
            if len(told) >= most:
                self.due = True
                return told
            self._watermark.front = front = self._take_up(target, told)
        return told

    def close(self, most: int = MOST) -> list[LiveVerdict]:
        """The verdicts on all that is left, about `most` of them: nothing more will come. While `due`, ask again."""
        latest = self._watermark.latest
        if latest is None:
            return []
        self._coverage.close()
        return self.advance(latest + 1 + max(self._horizon.hold.values(), default=0), most)

    def abandon(self) -> Iterator[LiveVerdict]:
        """Give up what waits: a `pending` for each event, as far as it is known. Nothing can be fed afterwards."""
        for event in self._held.timers.all():
            verdict = self._pending(event)
            said = self._held.emitted.last(event.id)
            if event.action.listed and (said is None or said.digest != digest_of(verdict)):
                yield self._held.emitted.provisional(verdict)

    def _take_up(self, target: int, told: list[LiveVerdict]) -> int:
        """Take up the next slice of what lies before `target`, and say how far that has come."""
        slice_, reached = self._held.timers.take_up(target)
        for event in slice_:
            if event.id in self._held.filed_early:
                self._held.filed_early.discard(event.id)
                told += self._file_anew(event)
            else:
                self._held.file(event)
            self._held.timers.wait(event)
            if self._is_told_of(event, target):
                told.append(self._held.emitted.provisional(self._pending(event)))
        self._intake.look_after_memory()
        return reached

    def _pending(self, event: Event) -> Verdict:
        until = event.time + self._horizon.hold[event.action]
        return wording.pending(self.plan, event, until)

    def _is_told_of(self, event: Event, target: int) -> bool:
        """Whether it is said of an event already that its verdict waits: not where that is due before `target`, too."""
        hold = self._horizon.hold[event.action]
        if (
            self._tell_pending is None
            or hold <= self._tell_pending
            or event.time + hold < target
            or not event.action.listed
        ):
            return False
        known = self._coverage.known(None)
        verdict = decide(self.plan, self._held.state.instances, known, _no_misses, event)
        return verdict is None or verdict.policy != "suppress"

    def _file_anew(self, event: Event) -> list[LiveVerdict]:
        """Where it was found out only after an event was filed who made the call: what that changes."""
        actor = self._held.sessions.actor(event.principal, event.access_key)
        if actor == event.actor:
            return []
        before = self._held.state.affected_by(event)
        self._held.state.remove(event)
        self._held.file(event)
        return list(self._reconsider([event, *before, *self._held.state.affected_by(event)]))

    def _revise(self) -> Iterator[LiveVerdict]:
        """What can be said already of the events that have just come, and what they change."""
        fresh, self._intake.fresh = self._intake.fresh, []
        for event in fresh:
            self._held.file(event)
            self._held.filed_early.add(event.id)
            if event.action.listed:
                self._held.emitted.begin(event.id)
        affected = [other for event in fresh for other in self._held.state.affected_by(event)]
        yield from self._reconsider([*fresh, *affected])

    def _reconsider(self, events: Iterable[Event]) -> Iterator[LiveVerdict]:
        """New verdicts on those of the events that wait, and of which another one was given."""
        for event in {each.id: each for each in events}.values():
            said = self._held.emitted.last(event.id)
            if said is None:
                continue
            verdict = self._verdict(event, PROVISIONAL, said)
            if verdict is not None and digest_of(verdict) != said.digest:
                yield self._held.emitted.provisional(verdict)

    def _judge_overdue(self) -> Iterator[LiveVerdict]:
        overdue, self._intake.overdue = self._intake.overdue, []
        for event in overdue:
            self._held.file(event)
        yield from self._retractions.retracted(overdue, self._watermark.front or 0)
        for event in overdue:
            self._held.timers.done(event, self._watermark.front or 0)
            verdict = self._verdict(event, LATE)
            if verdict is not None:
                yield self._held.emitted.final(verdict, None, late=True)
        for event in overdue:
            yield from self._reconsider(self._held.state.affected_by(event))

    def _judge(self, front: int, most: int, told: list[LiveVerdict]) -> None:
        due, self.due = self._held.timers.due(front, max(most - len(told), 1))
        for when, _, event in due:
            self._held.timers.done(event, when)
            said = self._held.emitted.take(event.id)
            verdict = self._verdict(event, None, said)
            if verdict is not None:
                last = self._held.emitted.final(verdict, said)
                self._retractions.remember(event, when, last)
                told.append(last)
        self._judged = due[-1][:2] if self.due else (front, "")

    def _verdict(self, event: Event, doubt: str | None, said: Said | None = None) -> Verdict | None:
        """The verdict on an event by what is known now; None where it gets none, and none was said before. With a
        `doubt` it is not silenced."""
        known = self._coverage.known(doubt)
        verdict = decide(self.plan, self._held.state.instances, known, self._misses, event)
        if verdict is not None:
            return verdict
        return (
            wording.verdict_on(self.plan, event, "unlisted")
            if said is not None and said.id
            else None
        )

    def _misses(self, event: Event) -> tuple[NearMiss, ...]:
        return self._held.state.misses(event, event.time + self._horizon.hold[event.action])

    def _forget(self, front: int) -> None:
        if self._forgot is not None and front < self._forgot + _FORGET_EVERY:
            return
        self._forgot = front
        self._retractions.forget(front)
        self._coverage.forget(self._held.forget(front), self._horizon.keep, front)

    def changes(self) -> Changes:
        """What has happened since the last call; for an engine with a `journal`."""
        return self._intake.take_changes()

    @property
    def unwritten(self) -> int:
        """How much `changes` would give."""
        changes = self._intake.changes
        return len(changes) if changes is not None else 0

    def mark(self) -> Mark:
        """How far the engine is. It belongs to what `changes` has given so far, and to the verdicts given."""
        return Mark(
            self._watermark.latest,
            self._watermark.front,
            self._judged,
            self.records,
            self.duplicates,
            self.late,
            self.undated,
            *self._coverage.mark(),
        )

    def restore(
        self,
        mark: Mark,
        taken: Iterable[Taken],
        issued: Iterable[Issued] = (),
        said: Iterable[tuple[str, Said]] = (),
        silenced: Iterable[Silenced] = (),
        *,
        anew: bool = False,
    ) -> int:
        """Go on from `mark`, in a new engine: what was given by `changes` up to then and has not expired, `taken`
        in order of time, with the events that `silenced` names for as long as it says. With `anew` the plan is another
        one: how many events it does not know any more is returned, and those that it knows are in the next `changes`
        again, in the place of all before.

        Raises:
            NoRecord, ValueError: what is given is not what `changes` gave.
        """
        self._judged = mark.judged
        return self._intake.restore(mark, taken, issued, said, silenced, anew=anew)
