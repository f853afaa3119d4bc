"""Decides what the verdict on an event is, for a finished log and for a stream alike."""

from collections.abc import Callable

from . import wording
from .event import Event
from .instances import Instances
from .joins import meets
from .plan.nodes import Plan
from .verdict import NearMiss, Verdict

Misses = Callable[[Event], tuple[NearMiss, ...]]


def decide(plan: Plan, instances: Instances, misses: Misses, event: Event) -> Verdict | None:
    """The verdict on an event by what `instances` know; None where it is `unlisted`. `misses` gives the near misses
    of an orphan."""
    if found := instances.found(event):
        return wording.effect(plan, event, found)
    if begun := [node for node in event.action.origins if meets(node, event)]:
        return wording.origin(plan, event, begun)
    if event.action.orphans:
        return wording.orphan(plan, event, misses(event))
    return None
