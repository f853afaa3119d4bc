"""What comes into a stream's engine: the records as they arrive, and what an earlier run has kept."""

from collections.abc import Callable, Iterable

import msgspec

from ...events import OnProblem, Problem, Record, decode_record
from ..actors.credentials import ISSUING, STS
from ..event import Event, read_event
from ..plan.nodes import ActionPlan, Plan
from .checkpoint import Changes, Mark, Silenced, Taken
from .coverage import Coverage
from .holdings import Holdings
from .horizon import Horizon
from .memory import WAITING
from .retraction import Retractions
from .revision import Said
from .sessions import Issued
from .timers import SLICE
from .watermark import Watermark

# One event from the future would make all others late.
MAX_AHEAD = 86_400


class Intake:
    """Turns records into events, each id once, and says where each belongs.

    Those that are not late go to `held`, to wait; those that are, to `overdue`. With `provisional` the former are in
    `fresh`, too, until something is said of them. With `journal` what `restore` needs is collected in `changes`.

    `records`, `duplicates`, `conflicting` (copies that said something else), `late` and `undated` count what came
    in, `listed` those that the catalogue mentions.
    """

    def __init__(
        self,
        plan: Plan,
        held: Holdings,
        retractions: Retractions,
        horizon: Horizon,
        watermark: Watermark,
        coverage: Coverage,
        clock: Callable[[], float],
        on_problem: OnProblem | None,
        *,
        provisional: bool,
        journal: bool,
    ) -> None:
        self.records = 0
        self.duplicates = 0
        self.conflicting = 0
        self.late = 0
        self.undated = 0
        self.listed = 0
        self.overdue: list[Event] = []
        self.fresh: list[Event] = []
        self.changes = Changes() if journal else None
        self._plan = plan
        self._held = held
        self._retractions = retractions
        self._horizon = horizon
        self._watermark = watermark
        self._coverage = coverage
        self._clock = clock
        self._on_problem = on_problem
        self._provisional = provisional
        nothing: dict[str, ActionPlan] = {}
        self._wanted = {**dict.fromkeys(ISSUING, nothing), **plan.by_name}
        self._write_to_journal()

    def _write_to_journal(self) -> None:
        self._held.emitted.journal = self.changes
        self._retractions.journal = self.changes

    @property
    def memory(self) -> int:
        """About how many bytes of memory it takes, without what is held."""
        return WAITING * len(self.overdue)

    def take_in(self, records: Iterable[Record]) -> None:
        """Take in records as they arrive. One whose eventTime cannot be read goes to `on_problem` and is left out."""
        for record in records:
            self.records += 1
            self._coverage.see(record.eventTime, self._watermark.front)
            sources = self._wanted.get(record.eventName)
            if sources is None:
                continue
            if record.eventName in ISSUING and record.eventSource == STS:
                self._note_credentials(record)
            action = sources.get(record.eventSource)
            if action is not None:
                self._take(record, action)

    def _note_credentials(self, record: Record) -> None:
        until = self._clock() + MAX_AHEAD
        issued = self._held.sessions.note(record, until, self._held.texts.intern)
        if issued is not None and self.changes is not None:
            self.changes.issued.append(issued)

    def _take(self, record: Record, action: ActionPlan) -> None:
        try:
            event = read_event(record, action, self._held.texts.intern)
            if event.time > self._clock() + MAX_AHEAD:
                raise ValueError(f"{record.eventTime} lies more than a day in the future")
        except ValueError as error:
            self.undated += 1
            self._coverage.doubt(action)
            self._retractions.doubt(action)
            if self._on_problem is not None:
                self._on_problem(Problem(record.eventID or "?", "eventTime", str(error)))
            return
        digest = hash(event.content())
        if self._is_copy(event, digest):
            self.duplicates += 1
            return
        self.listed += 1
        self._held.timers.know(event.id, digest)
        late = self._watermark.see(event.time)
        if late:
            self.late += 1
            event.late = True
            self.overdue.append(event)
        else:
            self._held.timers.arrive(event)
            if self._provisional:
                self.fresh.append(event)
        expires = self.expires(event)
        if self.changes is not None:
            due = event.time + self._horizon.hold[action] if action.listed else None
            self.changes.taken.append(Taken.of(record, event, due, expires, late=late))
        if self._held.weigh(event, expires):
            self.look_after_memory()

    def _is_copy(self, event: Event, digest: int) -> bool:
        """Whether the event is known already; of copies that differ take notice."""
        timers = self._held.timers
        known = timers.digest(event.id)
        if known is None:
            same = self._retractions.knows(event)
            if same is None:
                return False
            # From now on for as long as a copy of any other event.
            timers.know(event.id, digest)
            timers.done(event, self._watermark.front or event.time)
        else:
            same = known == digest
        if not same:
            self.conflicting += 1
            self._coverage.conflict(event.id, (event.action,))
            self._retractions.conflict(event.id, event.action)
        return True

    def look_after_memory(self) -> None:
        """Move everything where there is room for it, if memory is short."""
        if self._held.look_after_memory(self.memory):
            self.fresh.clear()

    def expires(self, event: Event) -> int:
        """From when on an event can change nothing, and nobody asks for it."""
        longest = max(self._horizon.hold[event.action], self._horizon.keep[event.action])
        return event.time + longest + self._watermark.lateness

    def take_changes(self) -> Changes:
        """What has happened since the last call; with a journal."""
        assert self.changes is not None
        changes, self.changes = self.changes, Changes()
        self._write_to_journal()
        return changes

    def restore(
        self,
        mark: Mark,
        taken: Iterable[Taken],
        issued: Iterable[Issued],
        said: Iterable[tuple[str, Said]],
        silenced: Iterable[Silenced],
        *,
        anew: bool,
    ) -> int:
        """See `LiveEngine.restore`."""
        self._watermark.restore(mark.latest, mark.front)
        self._coverage.restore(self._plan, mark)
        self.records, self.duplicates = mark.records, mark.duplicates
        self.late, self.undated = mark.late, mark.undated
        for each in issued:
            self._held.sessions.restore(each)
        silences = sorted(silenced, key=lambda each: (each.until, each.id))
        until = {id_: each.until for each in silences for id_, _ in each.events}
        rested_on: dict[str, Event] = {}
        unknown = 0
        for number, kept in enumerate(taken):
            record = decode_record(kept.record)
            action = self._plan.action(record.eventName, record.eventSource)
            if action is None:
                unknown += 1
                continue
            event = read_event(record, action, self._held.texts.intern)
            event.unsure = kept.unsure
            if event.id != kept.id or self._held.timers.digest(event.id) is not None:
                raise ValueError(f"the event {event.id} stands in it twice or under another id")
            if kept.id in until:
                rested_on[kept.id] = event
            self._put_back(event, mark, kept, until.get(kept.id, 0), anew=anew)
            if number % SLICE == 0:
                self.look_after_memory()
        for id_, what in said:
            self._held.emitted.put_back(id_, what, here=self._held.timers.in_reach(id_))
        for silence in silences:
            events = [rested_on.get(id_) for id_, _ in silence.events]
            self._retractions.restore(silence, events)
        self.look_after_memory()
        return unknown

    def _put_back(self, event: Event, mark: Mark, kept: Taken, until: int, *, anew: bool) -> None:
        """Put an event where it was. It is remembered `until` then for silences that rest on it."""
        due = event.time + self._horizon.hold[event.action]
        waits = mark.waits(kept)
        if anew:
            # What waited, waits, even where the hold of the other plan would have been over.
            due = max(due, mark.judged[0] + 1)
            if self.changes is not None:
                expires = max(self.expires(event), due, until)
                kept = msgspec.structs.replace(kept, due=due if waits else None, expires=expires)
                self.changes.taken.append(kept)
        event.late = kept.late
        if until and self.expires(event) < (mark.expired or 0):
            return
        timers = self._held.timers
        timers.know(event.id, hash(event.content()))
        if not kept.late and (mark.front is None or event.time >= mark.front):
            timers.arrive(event)
            self._watermark.see_again(event.time)
            if self._provisional:
                self.fresh.append(event)
            return
        self._held.file(event)
        if waits:
            timers.wait(event, due)
        else:
            timers.done(event, max(due, mark.front or 0) if kept.late else due)
