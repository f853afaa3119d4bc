"""Decides what the verdict on an event is, for a finished log and for a stream alike."""

from collections.abc import Callable
from dataclasses import replace

from . import wording
from .event import Event
from .instances import Instances
from .joins import meets
from .plan.nodes import Plan
from .silencing import Known
from .verdict import NearMiss, Verdict

TOO_MANY = "more events might explain it than are looked at"

Misses = Callable[[Event], tuple[NearMiss, ...]]


def decide(
    plan: Plan, instances: Instances, known: Known, misses: Misses, event: Event
) -> Verdict | None:
    """The verdict on an event by what `instances` know; None where it is `unlisted`. `known` says whether it may be
    silenced, `misses` gives the near misses of an orphan."""
    if found := instances.found(event):
        if instances.bounded and known.doubt is None:
            known = replace(known, doubt=TOO_MANY)
        return wording.effect(plan, event, found, known)
    if begun := [node for node in event.action.origins if meets(node, event)]:
        return wording.origin(plan, event, begun)
    if could_be_effect(event):
        return wording.orphan(plan, event, misses(event))
    return None


def could_be_effect(event: Event) -> bool:
    """Whether an event that nothing explains is an orphan: some effect that says so might be made by its caller.
    docs/semantics.md, Orphans, is the definition."""
    if not event.action.orphans:
        return False
    services = event.services
    for node in event.action.effects:
        attested = node.by_service if node.service is None else node.service in services
        if attested and not node.orphan and meets(node, event):
            return False
    return any(
        node.orphan
        and event.holds & node.caller_mask == node.caller_mask
        and (node.service is None or node.service in services)
        for node in event.action.effects
    )
