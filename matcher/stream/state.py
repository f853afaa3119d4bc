"""Where the events of a stream are filed, for every question that is asked of them."""

from collections.abc import Mapping

from ..batch.instances import Found
from ..event import Held
from ..plan.compile import ActionPlan, Plan
from ..verdict import NearMiss
from .affected import Touched
from .instances import Partners
from .near_misses import Nearby
from .spill import Spill
from .timers import Filed


class Shelves:
    """Events whose actor is settled. `revised`: whether it may be asked whom one more event puts in question."""

    def __init__(self, plan: Plan, keep: Mapping[ActionPlan, int], *, revised: bool) -> None:
        self._keep = keep
        self._partners = Partners(plan)
        self._nearby = Nearby(plan)
        self._touched = Touched(plan) if revised else None

    def __len__(self) -> int:
        """In how many places of memory events are filed."""
        touched = len(self._touched.roles) if self._touched is not None else 0
        return len(self._partners.roles) + len(self._nearby) + touched

    def add(self, event: Held) -> None:
        """File an event."""
        self._partners.roles.add(event)
        self._nearby.add(event)
        if self._touched is not None:
            self._touched.roles.add(event)

    def remove(self, event: Held) -> None:
        """Take an event out again, as it was when it was added."""
        self._partners.roles.remove(event)
        self._nearby.remove(event)
        if self._touched is not None:
            self._touched.roles.remove(event)

    def found(self, event: Held) -> list[Found]:
        """See `Partners.found`."""
        return self._partners.found(event)

    def misses(self, event: Held, due: int) -> tuple[NearMiss, ...]:
        """See `Nearby.misses`."""
        return self._nearby.misses(event, due, self._keep)

    def touched_by(self, event: Held) -> list[Held]:
        """See `Touched.by`."""
        return self._touched.by(event) if self._touched is not None else []

    def forget(self, front: int, spill: Spill | None) -> None:
        """Drop what can change nothing any more, here and in `spill`."""
        self._partners.roles.forget(self._keep, front)
        self._nearby.forget(self._keep, front)
        if self._touched is not None:
            self._touched.roles.forget(self._keep, front)
        if spill is not None:
            for event, number in spill.expired(front):
                places = self._partners.roles.places(event)
                spill.unfile((place, event.time, number) for place in places)

    def drain(self, spill: Spill) -> Filed:
        """Give away all partners with their places, and look for them in `spill` from now on; drop all else."""
        filed: Filed = {}
        for place, event in self._partners.roles.drain(spill):
            filed.setdefault(event.id, (event, []))[1].append(place)
        self._nearby.clear()
        if self._touched is not None:
            for _ in self._touched.roles.drain(None):
                pass
        return filed
