"""Where the events of a stream are filed, for every question that is asked of them."""

from collections.abc import Mapping

from ..event import Event
from ..instances import Instances
from ..plan.nodes import ActionPlan, Plan
from ..verdict import NearMiss
from .affected import Affected
from .near_misses import LiveNearMisses
from .partners import LivePartners
from .spill import Spill
from .timers import Filed


class LiveState:
    """Events whose actor is settled. `revised`: whether it may be asked whom one more event puts in question."""

    def __init__(self, plan: Plan, keep: Mapping[ActionPlan, int], *, revised: bool) -> None:
        self._keep = keep
        self.partners = LivePartners(plan)
        self.instances = Instances(self.partners)
        self._near_misses = LiveNearMisses(plan)
        self._affected = Affected(plan) if revised else None

    def __len__(self) -> int:
        """In how many places of memory events are filed."""
        affected = len(self._affected.roles) if self._affected is not None else 0
        return len(self.partners.roles) + len(self._near_misses) + affected

    def add(self, event: Event) -> None:
        """File an event."""
        self.partners.roles.add(event)
        self._near_misses.add(event)
        if self._affected is not None:
            self._affected.roles.add(event)

    def remove(self, event: Event) -> None:
        """Take an event out again, as it was when it was added."""
        self.partners.roles.remove(event)
        self._near_misses.remove(event)
        if self._affected is not None:
            self._affected.roles.remove(event)

    def misses(self, event: Event, due: int) -> tuple[NearMiss, ...]:
        """See `LiveNearMisses.misses`."""
        return self._near_misses.misses(event, due, self._keep)

    def affected_by(self, event: Event) -> list[Event]:
        """See `Affected.by`."""
        return self._affected.by(event) if self._affected is not None else []

    def forget(self, front: int, spill: Spill | None) -> None:
        """Drop what can change nothing any more, here and in `spill`."""
        self.partners.roles.forget(self._keep, front)
        self._near_misses.forget(self._keep, front)
        if self._affected is not None:
            self._affected.roles.forget(self._keep, front)
        if spill is not None:
            for event, number in spill.expired(front):
                places = self.partners.roles.places(event)
                spill.unfile((place, event.time, number) for place in places)

    def drain(self, spill: Spill) -> Filed:
        """Give away all partners with their places, and look for them in `spill` from now on; drop all else."""
        filed: Filed = {}
        for place, event in self.partners.roles.drain(spill):
            filed.setdefault(event.id, (event, []))[1].append(place)
        self._near_misses.clear()
        if self._affected is not None:
            for _ in self._affected.roles.drain(None):
                pass
        return filed
