"""Says which instances almost explained an orphan, and what was wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..event import Event
from ..instances import Instances
from ..joins import PartnerIndex, actor_fits, fits, tools_agree
from ..plan.fields import covers, differs
from ..plan.nodes import NodePlan
from ..verdict import NearMiss
from .instances import Events

MAX_LISTED = 5
CANDIDATES = 8
BEYOND = 86_400


@dataclass(frozen=True, slots=True)
class _Miss:
    faults: tuple[str, ...]
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
        return tuple(
            NearMiss(miss.cascade, miss.instance, "; ".join(miss.faults))
            for miss in ranked[:MAX_LISTED]
        )

    def _at(self, node: NodePlan, event: Event) -> Iterator[_Miss]:
        own = tuple(_own_faults(node, event))
        if node.parent is None:
            yield from self._of_root(node, event, own)
            return
        if node.parent.action not in self._events:
            return
        if node.service is not None and node.service not in event.services:
            return  # what a service does by itself has nothing to do with this caller
        missing = tuple(
            f"key {name} is missing" for name, ours, _ in node.join if event.values[ours] is None
        )
        if missing:
            yield _Miss((*own, *missing), 0, node.cascade.id, None)
            return
        index = self._loose(node, of_parents=True)
        near = index.near(
            event, event.time - node.after - BEYOND, event.time + node.before + BEYOND
        )
        for parent in islice(near, CANDIDATES):
            if parent is event:
                continue
            distance = abs(parent.time - event.time)
            faults = (*own, *_edge_faults(node, event, parent))
            for inner, instance in self._upwards(node.parent, parent):
                together = (*faults, *inner)
                if together:
                    yield _Miss(together, distance, node.cascade.id, instance)

    def _of_root(self, node: NodePlan, event: Event, own: tuple[str, ...]) -> Iterator[_Miss]:
        """An ensemble's root: which of the other members are there, but do not fit?"""
        cascade = node.cascade
        voided = self._instances.voided(cascade, event) if fits(node, event) else None
        if voided is not None:
            yield _Miss((*own, voided), 0, cascade.id, event.id)
        for member in cascade.required:
            if member.action not in self._events:
                continue
            near = self._loose(member, of_parents=False).near(
                event, event.time - member.before - BEYOND, event.time + member.after + BEYOND
            )
            for other in islice(near, CANDIDATES):
                faults = (*own, *_own_faults(member, other), *_edge_faults(member, other, event))
                if other is not event and faults:
                    yield _Miss(faults, abs(other.time - event.time), cascade.id, event.id)

    def _upwards(
        self, node: NodePlan, event: Event
    ) -> Iterator[tuple[tuple[str, ...], str | None]]:
        """What is wrong with `event` as a parent, and the instance it leads to."""
        if node.parent is None:
            yield tuple(_root_faults(node, event, self._instances)), event.id
            return
        paths = self._instances.paths(node, event) if fits(node, event) else ()
        if paths:
            yield (), paths[0][-1].id
            return
        own = tuple(f"{node.name}: {fault}" for fault in _own_faults(node, event))
        if own:
            yield own, None
            return
        best = min(self._at(node, event), key=lambda each: each.rank, default=None)
        if best is None:
            yield (f"{node.name}: nothing explains it",), None
        else:
            yield tuple(f"{node.name}: {fault}" for fault in best.faults), best.instance

    def _loose(self, node: NodePlan, *, of_parents: bool) -> PartnerIndex:
        """An index by the join keys alone; without join keys, by the actor where it must be the same."""
        wanted = (node, of_parents)
        if wanted not in self._indexes:
            assert node.parent is not None
            action = node.parent.action if of_parents else node.action
            self._indexes[wanted] = PartnerIndex(
                self._events.get(action, ()),
                node.join,
                account=False,
                actor=not node.join and node.actor == "same",
                of_parents=of_parents,
            )
        return self._indexes[wanted]


def _own_faults(node: NodePlan, event: Event) -> Iterator[str]:
    if event.error and not node.any_outcome:
        yield f"this call failed: {event.error}"
    yield from _unmet(node, event, "")


def _root_faults(node: NodePlan, event: Event, instances: Instances) -> Iterator[str]:
    what = node.name if node.cascade.ensemble else "origin"
    if event.error and not node.any_outcome:
        yield f"{what} failed: {event.error}"
    yield from _unmet(node, event, f"{what}: ")
    if not fits(node, event):
        return
    voided = instances.voided(node.cascade, event)
    if voided is not None:
        yield voided
        return
    lacking = instances.lacking(node.cascade, event)
    if lacking is not None:
        yield f"no {lacking} that fits"


def _unmet(node: NodePlan, event: Event, prefix: str) -> Iterator[str]:
    for bit, path in enumerate(node.action.conditions):
        if node.mask & ~event.holds & (1 << bit):
            yield f"{prefix}condition on {path} does not hold"


def _edge_faults(node: NodePlan, child: Event, parent: Event) -> Iterator[str]:
    if node.same_account and (child.account is None or child.account != parent.account):
        yield "other account"
    if node.service is None and not actor_fits(node, child, parent):
        yield "other actor" if child.actor and parent.actor else "unknown actor"
    outside = max(parent.time - node.before - child.time, child.time - parent.time - node.after)
    if outside > 0:
        yield f"{_spoken(outside)} outside the window"
    for name, ours, theirs in node.join:
        if not covers(parent.values[theirs], child.values[ours]):
            yield f"key {name} differs"
    for name, ours, theirs in node.distinct:
        if not differs(parent.values[theirs], child.values[ours]):
            yield f"key {name} is the same or missing"
    if node.same_tool and not tools_agree(child, parent):
        known = child.agent and parent.agent
        yield f"other tool: {child.agent} and {parent.agent}" if known else "unknown tool"


def _spoken(seconds: int) -> str:
    """A span as people say it; minutes only when they say it all.

    >>> _spoken(71 * 60), _spoken(61), _spoken(5 * 3600)
    ('71m', '61s', '300m')
    """
    return f"{seconds // 60}m" if seconds % 60 == 0 or seconds >= 600 else f"{seconds}s"
