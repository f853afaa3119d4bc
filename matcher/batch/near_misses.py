"""Says which instances almost explained an orphan, and what was wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from ..event import Event
from ..instances import Instances
from ..joins import Equal, PartnerIndex, fits
from ..plan.nodes import NodePlan
from ..verdict import Fault, NearMiss
from .faults import edge_faults, missing_key, own_faults, root_faults
from .instances import Events

MAX_LISTED = 5
CANDIDATES = 8
BEYOND = 86_400


@dataclass(frozen=True, slots=True)
class _Miss:
    faults: tuple[Fault, ...]
    distance: int
    cascade: str
    instance: str | None

    @property
    def rank(self) -> tuple[int, int, str, str]:
        return len(self.faults), self.distance, self.cascade, self.instance or ""


class NearMisses:
    """Looks for near misses in a log whose instances are known."""

    def __init__(self, events: Events, instances: Instances) -> None:
        self._events = events
        self._instances = instances
        self._indexes: dict[tuple[NodePlan, bool], PartnerIndex] = {}

    def of(self, event: Event) -> tuple[NearMiss, ...]:
        """The near misses of an orphan, those with the fewest faults first, then the nearest."""
        misses = {
            (miss.cascade, miss.instance): miss
            for node in event.action.effects
            for miss in sorted(self._at(node, event), key=lambda each: each.rank, reverse=True)
        }
        ranked = sorted(misses.values(), key=lambda each: each.rank)
        return tuple(_near_miss(miss) for miss in ranked[:MAX_LISTED])

    def _at(self, node: NodePlan, event: Event) -> Iterator[_Miss]:
        own = tuple(own_faults(node, event))
        if node.parent is None:
            yield from self._of_root(node, event, own)
            return
        if node.parent.action not in self._events:
            return
        if node.service is not None and node.service not in event.services:
            return  # what a service does by itself has nothing to do with this caller
        missing = tuple(
            missing_key(node, name) for name, ours, _ in node.join if event.values[ours] is None
        )
        if missing:
            yield _Miss((*own, *missing), 0, node.cascade.id, None)
            return
        for parent in self.near(node, event):
            distance = abs(parent.time - event.time)
            faults = (*own, *edge_faults(node, event, parent))
            for inner, instance in self._upwards(node.parent, parent):
                together = (*faults, *inner) or self._cut(node, event, parent)
                if together:
                    yield _Miss(together, distance, node.cascade.id, instance)

    def _cut(self, node: NodePlan, event: Event, parent: Event) -> tuple[Fault, ...]:
        """What lies between the events of a path that nothing else is wrong with."""
        cascade = node.cascade
        if not cascade.between or not fits(node, event):
            return ()
        cuts = [
            Fault(cut)
            for path in self._instances.paths(node, event)
            if path[1] is parent and (cut := self._instances.cut(cascade, path)) is not None
        ]
        return tuple(cuts[:1])

    def _of_root(self, node: NodePlan, event: Event, own: tuple[Fault, ...]) -> Iterator[_Miss]:
        """An ensemble's root: which of the other members are there, but do not fit?"""
        cascade = node.cascade
        voided = self._instances.voided(cascade, event) if fits(node, event) else None
        if voided is not None:
            yield _Miss((*own, Fault(voided)), 0, cascade.id, event.id)
        for member in cascade.required:
            for other in self.beside(member, event):
                faults = (*own, *own_faults(member, other), *edge_faults(member, other, event))
                if faults:
                    yield _Miss(faults, abs(other.time - event.time), cascade.id, event.id)

    def _upwards(
        self, node: NodePlan, event: Event
    ) -> Iterator[tuple[tuple[Fault, ...], str | None]]:
        """What is wrong with `event` as a parent, and the instance it leads to."""
        if node.parent is None:
            yield tuple(root_faults(node, event, self._instances)), event.id
            return
        paths = self._instances.paths(node, event) if fits(node, event) else ()
        if paths:
            yield (), paths[0][-1].id
            return
        own = tuple(_inside(node, fault) for fault in own_faults(node, event))
        if own:
            yield own, None
            return
        best = min(self._at(node, event), key=lambda each: each.rank, default=None)
        if best is None:
            yield (Fault(f"{node.name}: nothing explains it"),), None
        else:
            yield tuple(_inside(node, fault) for fault in best.faults), best.instance

    def near(self, node: NodePlan, event: Event) -> Iterator[Event]:
        """Events that might be the parent of one at `node`, by keys or actor alone, the nearest first."""
        if node.parent is not None and node.parent.action in self._events:
            earliest, latest = (
                event.time - node.after - BEYOND,
                event.time + node.before + BEYOND,
            )
            near = self._loose(node, of_parents=True).near(event, earliest, latest)
            yield from islice((each for each in near if each is not event), CANDIDATES)

    def beside(self, member: NodePlan, root: Event) -> Iterator[Event]:
        """Events that might be a required member beside `root`, the nearest first."""
        if member.action in self._events:
            earliest, latest = (
                root.time - member.before - BEYOND,
                root.time + member.after + BEYOND,
            )
            near = self._loose(member, of_parents=False).near(root, earliest, latest)
            yield from islice((each for each in near if each is not root), CANDIDATES)

    def _loose(self, node: NodePlan, *, of_parents: bool) -> PartnerIndex:
        """An index by the join keys alone; without join keys, by the actor where it must be the same."""
        wanted = (node, of_parents)
        if wanted not in self._indexes:
            assert node.parent is not None
            action = node.parent.action if of_parents else node.action
            self._indexes[wanted] = PartnerIndex(
                self._events.get(action, ()),
                node.named,
                Equal(actor=not node.named and node.actor == "same"),
                of_parents=of_parents,
            )
        return self._indexes[wanted]


def _inside(node: NodePlan, fault: Fault) -> Fault:
    """A fault of an event further up, told as one of that node's."""
    return msgspec.structs.replace(fault, reason=f"{node.name}: {fault.reason}")


def _near_miss(miss: _Miss) -> NearMiss:
    shown = next((fault for fault in miss.faults if fault.field is not None), Fault(""))
    return NearMiss(
        miss.cascade,
        miss.instance,
        "; ".join(fault.reason for fault in miss.faults),
        shown.field,
        shown.expected,
        shown.found,
        miss.faults,
    )
