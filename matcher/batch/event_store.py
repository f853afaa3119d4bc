"""The events of a log that are kept for its verdicts, each id once."""

from collections.abc import Callable, Iterable

from ..event import Event
from ..plan.nodes import ActionPlan, Plan
from .deferred import Deferred, DeferredEvent, Look


class EventStore:
    """Events, read or deferred, by id. `intern` makes equal texts one object.

    `duplicates` counts events of an id that was there already, `conflicting` those of them that said something
    else, whose ids are `conflicting_ids` and whose actions are `doubtful`; of these the
    smaller by content stays, so that their order does not matter. Of copies that say the same, one that tells of
    errors stays.
    """

    def __init__(self, plan: Plan, intern: Callable[[str | None], str | None]) -> None:
        self.duplicates = 0
        self.conflicting = 0
        self.conflicting_ids: set[str] = set()
        self.doubtful: set[ActionPlan] = set()
        self._held: dict[str, Event] = {}
        self._deferred = Deferred(plan.actions, intern)

    def __len__(self) -> int:
        return len(self._held) + len(self._deferred)

    def keep(self, event: Event) -> None:
        """Take in an event."""
        if event.id in self._deferred:
            self._held[event.id] = self._deferred.take(event.id)
        known = self._held.setdefault(event.id, event)
        if known is event:
            return
        self.duplicates += 1
        if known.content() != event.content():
            self.conflicting += 1
            self.conflicting_ids.add(event.id)
            self.doubtful |= {known.action, event.action}
            if event.content() < known.content():
                self._held[event.id] = event
        elif known.unsure:
            self._held[event.id] = event
        elif (event.user_agent or "") < (known.user_agent or ""):
            known.user_agent = event.user_agent  # whatever their order

    def defer(self, event: DeferredEvent) -> None:
        """Defer an event, unless another of its id is here to compare it with."""
        if event.id in self._held or not self._deferred.put(event):
            self.keep(self._deferred.read(event))

    def get(self, event_id: str) -> Event | None:
        """The event of that id, if it is kept."""
        if event_id in self._deferred:
            return self._deferred.peek(event_id)
        return self._held.get(event_id)

    def relevant(self) -> Iterable[Event]:
        """All events but those for which it is certain that they need no verdict and that no verdict rests on them."""
        seen: dict[ActionPlan, set[Look]] = {}
        for event in self._held.values():
            seen.setdefault(event.action, set()).add((event.holds, event.error is not None))
        return [*self._held.values(), *self._deferred.explicable(seen)]
