"""Classifies the events of a finished log. docs/semantics.md is the definition of every verdict."""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from ...events import Brief, OnProblem
from .. import wording as telling
from ..actors.credentials import Credentials
from ..event import Held
from ..joins import meets
from ..plan.compile import ActionPlan, Plan
from ..verdict import Verdict
from .deferred import Short
from .event_store import Kept
from .filter import Sieve, Texts
from .instances import Found, Instances
from .near_misses import NearMisses
from .partial import Portion

_in_time: Callable[[Held], tuple[int, str]] = attrgetter("time", "id")


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
        self._kept = Kept(plan, intern)
        self._sieve = Sieve(
            plan,
            self._kept.keep,
            self._kept.set_aside,
            self._credentials.add,
            intern,
            on_problem,
            keep_all=keep_all,
        )

    @property
    def records(self) -> int:
        """How many records were fed."""
        return self._sieve.records

    @property
    def listed(self) -> int:
        """How many events are kept: all those that some cascade mentions, copies once."""
        return len(self._kept)

    @property
    def duplicates(self) -> int:
        """How many events were of an id that was there already."""
        return self._kept.duplicates

    @property
    def conflicting(self) -> int:
        """How many of those said something else."""
        return self._kept.conflicting

    @property
    def undated(self) -> int:
        """How many of them had an eventTime that cannot be read."""
        return self._sieve.undated

    def feed(self, records: Iterable[Brief]) -> None:
        """Take in records. One whose eventTime cannot be read goes to `on_problem` and is left out."""
        self._sieve.feed(records)

    def take(self, portion: Portion) -> None:
        """Take in what another process, with an equal plan, took out of other records."""
        self._sieve.records += portion.records
        self._sieve.undated += portion.undated
        for issued, asker in portion.issued:
            self._credentials.add(issued, asker)
        for event in portion.events(self.plan.actions, self._sieve.unlisted):
            self._kept.keep(event)
        for fields in portion.aside:
            self._kept.set_aside(Short(*fields))

    def verdicts(self) -> Iterator[Verdict]:
        """One verdict for every event that is some cascade's origin or effect, by time, then event id."""
        kept = self._kept.relevant()
        actor = self._credentials.actor
        for event in kept:
            event.actor = actor(event.principal, event.access_key)
        ordered = sorted(kept, key=_in_time)
        events: dict[ActionPlan, list[Held]] = {}
        for event in ordered:
            events.setdefault(event.action, []).append(event)
        instances = {cascade: Instances(cascade, events) for cascade in self.plan.cascades}
        found: dict[str, list[Found]] = {}
        for each in instances.values():
            for event, explanation in each.found():
                found.setdefault(event.id, []).append(explanation)
        near = NearMisses(events, instances)
        for event in ordered:
            if not event.action.listed:
                if self.keep_all:
                    yield telling.told(self.plan, event, "unlisted")
            elif event.id in found:
                yield telling.effect(self.plan, event, found[event.id])
            elif begun := [node for node in event.action.origins if meets(node, event)]:
                yield telling.origin(self.plan, event, begun)
            elif event.action.orphans:
                yield telling.orphan(self.plan, event, near.of(event))
            elif self.keep_all:
                yield telling.told(self.plan, event, "unlisted")
