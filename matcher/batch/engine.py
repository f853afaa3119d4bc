"""Classifies the events of a finished log. docs/semantics.md is the definition of every verdict."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from ...events import Brief, OnProblem
from .. import wording
from ..actors.credentials import Credentials
from ..decision import decide
from ..event import Event
from ..inquiry import Inquiry
from ..plan.nodes import ActionPlan, Plan
from ..silencing import Known
from ..verdict import NearMiss, Verdict
from .deferred import DeferredEvent
from .event_store import EventStore
from .filter import Filter, Texts
from .inquirer import Inquirer
from .instances import LogInstances
from .near_misses import NearMisses
from .partial import Partial
from .silenced import SilencedBy

_in_time: Callable[[Event], tuple[int, str]] = attrgetter("time", "id")


def _no_misses(event: Event) -> tuple[NearMiss, ...]:
    return ()


class Engine:
    """Feed it the records of a log in any order, then ask once for the verdicts.

    It keeps what the plan asks of events that some cascade mentions, and who was handed which
    temporary credentials; of all others only a count. `records` counts all that was fed, `duplicates`
    events of an id that was there already, `conflicting` those of them that said something else.

    With `keep_all` every event is kept and gets a verdict, `unlisted` where the catalogue says nothing
    of its action; memory then grows with the log.

    `since` and `until`, in seconds since the epoch, say from when on and up to when the log is whole. By default it is
    from its first record to its last: what would void an explanation may lie outside, and then nothing is silenced.
    """

    def __init__(
        self,
        plan: Plan,
        on_problem: OnProblem | None = None,
        *,
        keep_all: bool = False,
        since: int | None = None,
        until: int | None = None,
    ) -> None:
        self.plan = plan
        self._since = since
        self._until = until
        self.keep_all = keep_all
        intern = Texts().__getitem__
        self._credentials = Credentials()
        self._store = EventStore(plan, intern)
        self._filter = Filter(
            plan,
            self._store.keep,
            self._store.defer,
            self._credentials.add,
            intern,
            on_problem,
            keep_all=keep_all,
        )

    @property
    def records(self) -> int:
        """How many records were fed."""
        return self._filter.records

    @property
    def listed(self) -> int:
        """How many events are kept: all those that some cascade mentions, copies once."""
        return len(self._store)

    @property
    def duplicates(self) -> int:
        """How many events were of an id that was there already."""
        return self._store.duplicates

    @property
    def conflicting(self) -> int:
        """How many of those said something else."""
        return self._store.conflicting

    @property
    def undated(self) -> int:
        """How many of them had an eventTime that cannot be read."""
        return self._filter.undated

    def feed(self, records: Iterable[Brief], file: str | None = None) -> None:
        """Take in records, of a file that is named: its next ones, where the last were its own, too. One whose
        eventTime cannot be read goes to `on_problem` and is left out."""
        self._filter.feed(records, file)

    def take(self, partial: Partial) -> None:
        """Take in what another process, with an equal plan, took out of other records."""
        self._filter.records += partial.records
        self._filter.undated += partial.undated
        self._filter.undated_actions.update(
            self.plan.actions[number] for number in partial.undated_actions
        )
        self._filter.extent.widen(partial.since, partial.until)
        for issued, asker in partial.issued:
            self._credentials.add(issued, asker)
        for event in partial.events(self.plan.actions, self._filter.unlisted):
            self._store.keep(event)
        for fields in partial.deferred:
            self._store.defer(DeferredEvent(*fields))

    def _known(self) -> Known:
        extent = self._filter.extent
        return Known(
            since=extent.since if self._since is None else self._since,
            until=extent.until if self._until is None else self._until,
            conflicting=self._store.conflicting_ids,
            doubtful=self._filter.undated_actions | self._store.doubtful,
        )

    def verdicts(self) -> Iterator[Verdict]:
        """One verdict for every event that is some cascade's origin or effect, by time, then event id."""
        return self._told(self._laid_out(None))

    def why(self, event_id: str) -> Inquiry | None:
        """What might have explained the event, and what was wrong with it; None where the engine keeps no such event:
        the catalogue does not mention it."""
        event = self._store.get(event_id)
        if event is None:
            return None
        log = self._laid_out(event)
        told = next((each for each in self._told(log) if each.event_id == event_id), None)
        found = next(each for each in log.ordered if each.id == event_id)
        return Inquirer(log.near, log.instances).inquire(found, told)

    def _laid_out(self, besides: Event | None) -> "_Log":
        """The events in order, with what finds partners among them. `besides` is one that is wanted in any case."""
        kept = list(self._store.relevant())
        if besides is not None and not any(event.id == besides.id for event in kept):
            kept.append(besides)
        actor = self._credentials.actor
        for event in kept:
            event.actor = actor(event.principal, event.access_key)
        ordered = sorted(kept, key=_in_time)
        events: dict[ActionPlan, list[Event]] = {}
        for event in ordered:
            events.setdefault(event.action, []).append(event)
        instances = LogInstances(events)
        return _Log(ordered, events, instances, NearMisses(events, instances))

    def _told(self, log: "_Log") -> Iterator[Verdict]:
        known = self._known()
        instances = log.instances
        # An origin names what it silences, which may come after it.
        explained: dict[str, Verdict] = {}
        silencing = {
            action
            for action in log.events
            if any(node.policy == "suppress" for node in action.effects)
        }
        for event in log.ordered:
            if event.action in silencing:
                verdict = decide(self.plan, instances, known, _no_misses, event)
                if verdict is not None and verdict.policy == "suppress":
                    explained[event.id] = verdict
        silenced = SilencedBy(
            (event, explained[event.id]) for event in log.ordered if event.id in explained
        )
        for event in log.ordered:
            verdict = explained.pop(event.id, None)
            if verdict is None and event.action.listed:
                verdict = decide(self.plan, instances, known, log.near.of, event)
            if verdict is not None:
                yield silenced.named_in(verdict)
            elif self.keep_all:
                yield wording.verdict_on(self.plan, event, "unlisted")


@dataclass(frozen=True, slots=True)
class _Log:
    """A finished log. `ordered` are its events by time, then id."""

    ordered: list[Event]
    events: Mapping[ActionPlan, list[Event]]
    instances: LogInstances
    near: NearMisses
