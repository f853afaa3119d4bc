"""Classifies the events of a finished log. docs/semantics.md is the definition of every verdict."""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from ...events import Brief, OnProblem
from .. import wording
from ..actors.credentials import Credentials
from ..decision import decide
from ..event import Event
from ..plan.nodes import ActionPlan, Plan
from ..verdict import Verdict
from .deferred import DeferredEvent
from .event_store import EventStore
from .filter import Filter, Texts
from .instances import LogInstances
from .near_misses import NearMisses
from .partial import Partial

_in_time: Callable[[Event], tuple[int, str]] = attrgetter("time", "id")


class Engine:
    """Feed it the records of a log in any order, then ask once for the verdicts.

    It keeps what the plan asks of events that some cascade mentions, and who was handed which
    temporary credentials; of all others only a count. `records` counts all that was fed, `duplicates`
    events of an id that was there already, `conflicting` those of them that said something else.

    With `keep_all` every event is kept and gets a verdict, `unlisted` where the catalogue says nothing
    of its action; memory then grows with the log.
    """

    def __init__(
        self, plan: Plan, on_problem: OnProblem | None = None, *, keep_all: bool = False
    ) -> None:
        self.plan = plan
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

    def feed(self, records: Iterable[Brief]) -> None:
        """Take in records. One whose eventTime cannot be read goes to `on_problem` and is left out."""
        self._filter.feed(records)

    def take(self, partial: Partial) -> None:
        """Take in what another process, with an equal plan, took out of other records."""
        self._filter.records += partial.records
        self._filter.undated += partial.undated
        for issued, asker in partial.issued:
            self._credentials.add(issued, asker)
        for event in partial.events(self.plan.actions, self._filter.unlisted):
            self._store.keep(event)
        for fields in partial.deferred:
            self._store.defer(DeferredEvent(*fields))

    def verdicts(self) -> Iterator[Verdict]:
        """One verdict for every event that is some cascade's origin or effect, by time, then event id."""
        kept = self._store.relevant()
        actor = self._credentials.actor
        for event in kept:
            event.actor = actor(event.principal, event.access_key)
        ordered = sorted(kept, key=_in_time)
        events: dict[ActionPlan, list[Event]] = {}
        for event in ordered:
            events.setdefault(event.action, []).append(event)
        instances = LogInstances(events)
        near = NearMisses(events, instances)
        for event in ordered:
            verdict = None
            if event.action.listed:
                verdict = decide(self.plan, instances, near.of, event)
            if verdict is not None:
                yield verdict
            elif self.keep_all:
                yield wording.verdict_on(self.plan, event, "unlisted")
