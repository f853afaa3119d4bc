"""Classifies a stream of events: the verdicts of `Engine`, each as soon as nothing can change it any more.

Time is that of the events. The watermark lies `lateness` behind the latest of them; what lies before it has
arrived. An event is taken up when the watermark has passed it, so that everything is seen in order of time, and
judged when the watermark has passed the last instant that its verdict rests on. What can change no
verdict any more is forgotten. docs/semantics.md is the definition of every verdict.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import time

import msgspec

from ...events import OnProblem, Problem, Record, decode_record
from .. import wording
from ..actors.credentials import ISSUING, STS
from ..decision import decide
from ..event import Event, read_event
from ..plan.nodes import ActionPlan, Plan
from ..verdict import NearMiss, Verdict
from .checkpoint import Changes, Mark, Taken
from .codec import Codec
from .emitted import Emitted
from .horizon import horizon_of
from .memory import EMITTED, FILED, ISSUED, KNOWN, WAITING, LargeEvents, Texts
from .revision import LiveVerdict, Said, digest_of
from .sessions import CREDENTIALS_KEPT, Issued, Sessions
from .spill import Spill
from .state import LiveState
from .timers import SLICE, Timers
from .watermark import Watermark

DEFAULT_LATENESS = 20 * 60
# How many verdicts are given at once.
MOST = 10_000
# One event from the future would make all others late.
MAX_AHEAD = 86_400

# Event time between two times of forgetting, in seconds: each looks at every part that an event may play.
_FORGET_EVERY = 30


class LiveEngine:
    """Feed it the records of a stream as they arrive, and ask again and again for the verdicts that are due.

    `lateness` is how long, in seconds, an event may take to arrive after later ones. One that takes longer is
    judged at once by what is known, and its verdict says so. One from more than a day ahead of `clock` (seconds
    since the epoch) goes to `on_problem`.

    With `provisional` every event gets a verdict at once, and another whenever that changes. With `max_bytes` memory
    is kept to about that: what there is no room for goes to a temporary file in `folder`. With `journal`
    what `restore` needs is collected for `changes`.

    `records`, `duplicates`, `late` and `undated` count what came in, `listed` those that the catalogue mentions,
    `spilled` those that memory had no room for.
    """

    def __init__(
        self,
        plan: Plan,
        on_problem: OnProblem | None = None,
        *,
        lateness: int = DEFAULT_LATENESS,
        clock: Callable[[], float] = time,
        provisional: bool = False,
        max_bytes: int | None = None,
        folder: Path | None = None,
        journal: bool = False,
    ) -> None:
        self.plan = plan
        self.lateness = lateness
        self.records = 0
        self.duplicates = 0
        self.late = 0
        self.undated = 0
        self.listed = 0
        self.spilled = 0
        self.due = False
        """Whether more verdicts are due than were given."""
        self._on_problem = on_problem
        self._clock = clock
        self._max_bytes = max_bytes
        self._folder = folder
        self._journal = Changes() if journal else None
        nothing: dict[str, ActionPlan] = {}
        self._wanted = {**dict.fromkeys(ISSUING, nothing), **plan.by_name}
        self._horizon = horizon_of(plan)
        self._provisional = provisional
        self._state = LiveState(plan, self._horizon.keep, revised=provisional)
        self._sessions = Sessions()
        self._texts = Texts()
        self._codec = Codec(plan, self._texts.intern)
        self._spill: Spill | None = None
        self._watermark = Watermark(lateness)
        self._forgot: int | None = None
        self._judged = (0, "")
        self._large = LargeEvents()
        self._since_look = 0
        self._timers = Timers(self._horizon, lateness)
        self._overdue: list[Event] = []
        self._fresh: list[Event] = []
        self._filed_early: set[str] = set()
        self._emitted = Emitted()
        self._emitted.journal = self._journal

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
    def pending(self) -> int:
        """How many events wait for their verdict."""
        return len(self._timers) + len(self._overdue)

    @property
    def in_memory(self) -> int:
        """How many of those wait in memory."""
        return self._timers.in_memory + len(self._overdue)

    @property
    def on_disk(self) -> int:
        """How many events lie where memory has no room for them."""
        return self._spill.events if self._spill else 0

    @property
    def size(self) -> int:
        """How much is kept: places in which events are filed, events that wait, and ids that copies are known by."""
        return len(self._state) + self.pending + self._timers.ids

    @property
    def memory(self) -> int:
        """About how many bytes of memory the state takes."""
        return (
            WAITING * self.in_memory
            + FILED * len(self._state)
            + KNOWN * self._timers.ids
            + ISSUED * len(self._sessions)
            + EMITTED * len(self._emitted)
            + self._large.size
        )

    def feed(self, records: Iterable[Record]) -> None:
        """Take in records as they arrive. One whose eventTime cannot be read goes to `on_problem` and is left out.

        Raises:
            SpillError: memory has no room for them, and the temporary file has none either.
        """
        for record in records:
            self.records += 1
            sources = self._wanted.get(record.eventName)
            if sources is None:
                continue
            if record.eventName in ISSUING and record.eventSource == STS:
                issued = self._sessions.note(record, self._clock() + MAX_AHEAD, self._texts.intern)
                if issued is not None and self._journal is not None:
                    self._journal.issued.append(issued)
            action = sources.get(record.eventSource)
            if action is not None:
                self._take(record, action)
        self._look_after_memory()

    def _take(self, record: Record, action: ActionPlan) -> None:
        try:
            event = read_event(record, action, self._texts.intern)
            if event.time > self._clock() + MAX_AHEAD:
                raise ValueError(f"{record.eventTime} lies more than a day in the future")
        except ValueError as error:
            self.undated += 1
            if self._on_problem is not None:
                self._on_problem(Problem(record.eventID or "?", "eventTime", str(error)))
            return
        if self._timers.knows(event.id):
            self.duplicates += 1
            return
        self.listed += 1
        self._timers.know(event.id)
        late = self._watermark.see(event.time)
        if late:
            self.late += 1
            self._overdue.append(event)
        else:
            self._timers.arrive(event)
            if self._provisional:
                self._fresh.append(event)
        if self._journal is not None:
            due = event.time + self._horizon.hold[action] if action.listed else None
            self._journal.taken.append(
                Taken.of(record, event, due, self._expires(event), late=late)
            )
        self._since_look += self._large.add(event, self._expires(event))
        if self._since_look >= SLICE:
            self._look_after_memory()

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
        return self.advance(latest + 1 + max(self._horizon.hold.values(), default=0), most)

    def abandon(self) -> Iterator[LiveVerdict]:
        """Give up what waits: a `pending` for each event, as far as it is known. Nothing can be fed afterwards."""
        for event in self._timers.all():
            if event.action.listed:
                yield self._emitted.provisional(wording.verdict_on(self.plan, event, "pending"))

    def _take_up(self, target: int, told: list[LiveVerdict]) -> int:
        """Take up the next slice of what lies before `target`, and say how far that has come."""
        slice_, reached = self._timers.take_up(target)
        for event in slice_:
            if event.id in self._filed_early:
                self._filed_early.discard(event.id)
                told += self._file_anew(event)
            else:
                self._file(event)
            self._timers.wait(event)
        self._look_after_memory()
        return reached

    def _file(self, event: Event) -> None:
        event.actor = self._sessions.actor(event.principal, event.access_key)
        self._state.add(event)

    def _file_anew(self, event: Event) -> list[LiveVerdict]:
        """Where it was found out only after an event was filed who made the call: what that changes."""
        actor = self._sessions.actor(event.principal, event.access_key)
        if actor == event.actor:
            return []
        before = self._state.affected_by(event)
        self._state.remove(event)
        self._file(event)
        return list(self._reconsider([event, *before, *self._state.affected_by(event)]))

    def _revise(self) -> Iterator[LiveVerdict]:
        """What can be said already of the events that have just come, and what they change."""
        fresh, self._fresh = self._fresh, []
        for event in fresh:
            self._file(event)
            self._filed_early.add(event.id)
            if event.action.listed:
                self._emitted.begin(event.id)
        affected = [other for event in fresh for other in self._state.affected_by(event)]
        yield from self._reconsider([*fresh, *affected])

    def _reconsider(self, events: Iterable[Event]) -> Iterator[LiveVerdict]:
        """New verdicts on those of the events that wait, and of which another one was given."""
        for event in {each.id: each for each in events}.values():
            said = self._emitted.last(event.id)
            if said is None:
                continue
            verdict = self._verdict(event, said)
            if verdict is not None and digest_of(verdict) != said.digest:
                yield self._emitted.provisional(verdict)

    def _judge_overdue(self) -> Iterator[LiveVerdict]:
        overdue, self._overdue = self._overdue, []
        for event in overdue:
            self._file(event)
        for event in overdue:
            self._timers.done(event, self._watermark.front or 0)
            verdict = self._verdict(event)
            if verdict is not None:
                yield self._emitted.final(verdict, None, late=True)
        for event in overdue:
            yield from self._reconsider(self._state.affected_by(event))

    def _judge(self, front: int, most: int, told: list[LiveVerdict]) -> None:
        due, self.due = self._timers.due(front, max(most - len(told), 1))
        for when, _, event in due:
            self._timers.done(event, when)
            said = self._emitted.take(event.id)
            verdict = self._verdict(event, said)
            if verdict is not None:
                told.append(self._emitted.final(verdict, said))
        self._judged = due[-1][:2] if self.due else (front, "")

    def _verdict(self, event: Event, said: Said | None = None) -> Verdict | None:
        """The verdict on an event by what is known now; None where it gets none, and none was said before."""
        verdict = decide(self.plan, self._state.instances, self._misses, event)
        if verdict is not None:
            return verdict
        return (
            wording.verdict_on(self.plan, event, "unlisted")
            if said is not None and said.id
            else None
        )

    def _misses(self, event: Event) -> tuple[NearMiss, ...]:
        return self._state.misses(event, event.time + self._horizon.hold[event.action])

    def _expires(self, event: Event) -> int:
        """From when on an event can change nothing, and nobody asks for it."""
        longest = max(self._horizon.hold[event.action], self._horizon.keep[event.action])
        return event.time + longest + self.lateness

    def _forget(self, front: int) -> None:
        if self._forgot is not None and front < self._forgot + _FORGET_EVERY:
            return
        self._forgot = front
        self._state.forget(front, self._spill)
        self._timers.forget(front)
        self._sessions.forget(front)
        self._large.forget(front)
        if self._spill is not None:
            self._spill.forget(front, front - CREDENTIALS_KEPT)

    def _look_after_memory(self) -> None:
        self._since_look = 0
        if self._max_bytes is not None and self.memory > self._max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        """Move everything that is kept to the spill."""
        if self._spill is None:
            self._spill = Spill(self._codec.encode, self._codec.decode, self._folder)
        filed = self._state.drain(self._spill)
        self.spilled += self._timers.in_memory
        self._timers.drain(self._spill, filed)
        self._emitted.drain(self._spill)
        self._sessions.drain(self._spill)
        self._large.clear()
        self._fresh.clear()
        self._filed_early.clear()
        self._texts.clear()

    def changes(self) -> Changes:
        """What has happened since the last call; for an engine with a `journal`."""
        assert self._journal is not None
        changes, self._journal = self._journal, Changes()
        self._emitted.journal = self._journal
        return changes

    @property
    def unwritten(self) -> int:
        """How much `changes` would give."""
        return len(self._journal) if self._journal is not None else 0

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
        )

    def restore(
        self,
        mark: Mark,
        taken: Iterable[Taken],
        issued: Iterable[Issued] = (),
        said: Iterable[tuple[str, Said]] = (),
        *,
        anew: bool = False,
    ) -> int:
        """Go on from `mark`, in a new engine: what was given by `changes` up to then and has not expired, `taken`
        in order of time. With `anew` the plan is another one: how many events it does not know any more is
        returned, and those that it knows are in the next `changes` again, in the place of all before.

        Raises:
            NoRecord, ValueError: what is given is not what `changes` gave.
        """
        self._watermark.restore(mark.latest, mark.front)
        self._judged = mark.judged
        self.records, self.duplicates = mark.records, mark.duplicates
        self.late, self.undated = mark.late, mark.undated
        for each in issued:
            self._sessions.restore(each)
        unknown = 0
        for number, kept in enumerate(taken):
            record = decode_record(kept.record)
            action = self.plan.action(record.eventName, record.eventSource)
            if action is None:
                unknown += 1
                continue
            self._put_back(read_event(record, action, self._texts.intern), mark, kept, anew=anew)
            if number % SLICE == 0:
                self._look_after_memory()
        for id_, what in said:
            self._emitted.put_back(id_, what, here=self._timers.in_reach(id_))
        return unknown

    def _put_back(self, event: Event, mark: Mark, kept: Taken, *, anew: bool) -> None:
        due = event.time + self._horizon.hold[event.action]
        waits = mark.waits(kept)
        if anew:
            # What waited, waits, even where the hold of the other plan would have been over.
            due = max(due, mark.judged[0] + 1)
            if self._journal is not None:
                expires = max(self._expires(event), due)
                kept = msgspec.structs.replace(kept, due=due if waits else None, expires=expires)
                self._journal.taken.append(kept)
        self._timers.know(event.id)
        if not kept.late and (mark.front is None or event.time >= mark.front):
            self._timers.arrive(event)
            self._watermark.see_again(event.time)
            if self._provisional:
                self._fresh.append(event)
            return
        self._file(event)
        if waits:
            self._timers.wait(event, due)
        else:
            self._timers.done(event, max(due, mark.front or 0) if kept.late else due)
