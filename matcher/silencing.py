"""Decides whether an explained event may be silenced. docs/semantics.md, Silencing, is the definition.

That an event is explained says where it comes from. To be silenced it must be sure, too, that no event which is not
known speaks against it, and that the hand which made it is the one that made the origin.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from ..catalog.terms import POLICY_ORDER, Policy
from .event import Event
from .instances import Found, Path
from .plan.nodes import ActionPlan, CascadePlan, NodePlan

_NO_EVENTS: Set[str] = frozenset()
_NO_ACTIONS: Set[ActionPlan] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the events around those that are judged.

    `since` and `until` are the instants, in seconds since the epoch, from which on and up to which everything is
    known; None: without end. `conflicting` are the ids of events of which two copies differ, `doubtful` the actions
    of which there is an event without a readable time, or with copies that differ. `doubt` is a reason to silence
    nothing, if there is one.
    """

    since: int | None = None
    until: int | None = None
    conflicting: Set[str] = field(default=_NO_EVENTS)
    doubtful: Set[ActionPlan] = field(default=_NO_ACTIONS)
    doubt: str | None = None


def policy_for(found: Sequence[Found], known: Known) -> tuple[Policy, tuple[str, ...]]:
    """The policy that counts for an event with these explanations, the primary one first, and why it is
    stricter than that one's own."""
    policy = _strictest(found)
    if policy != "suppress":
        own = found[0].node.policy
        if own == policy:
            return policy, ()
        names = sorted({each.node.cascade.id for each in found if each.node.policy == policy})
        return policy, tuple(f"{name} says {policy}" for name in names)
    if known.doubt is not None:
        return "annotate", (known.doubt,)
    doubts: tuple[str, ...] | None = None
    for each in found:
        for path in (each.path, *each.others):
            mine = tuple(dict.fromkeys(_doubts(each, path, known)))
            if not mine:
                return policy, ()
            doubts = doubts or mine
    assert doubts is not None
    return "annotate", doubts


def _strictest(found: Sequence[Found]) -> Policy:
    return max((_policy_of(each.node) for each in found), key=POLICY_ORDER.index)


def _policy_of(node: NodePlan) -> Policy:
    assert node.policy is not None
    return node.policy


def _doubts(found: Found, path: Path, known: Known) -> Iterator[str]:
    for event in path:
        if event.id in known.conflicting:
            yield f"copies of {event.id} differ"
        yield from _unsure(event)
    for members in found.beside:
        doubts = [tuple(_unsure(event)) for event in members]
        if () not in doubts:
            yield from (doubt for each in doubts for doubt in each)
    node: NodePlan | None = found.node
    for child, parent in pairwise(path):
        assert node is not None
        if node.actor in ("same", "same-role"):
            yield from _other_hand(node, child, parent)
        node = node.parent
    yield from _unseen(found.node.cascade, path[-1], known)


def _unsure(event: Event) -> Iterator[str]:
    """Why nothing that rests on an event is silenced, whatever else is known."""
    if event.late:
        yield f"{event.id} came late"
    if event.unsure:
        yield f"whether {event.id} succeeded is not known"


def _other_hand(node: NodePlan, child: Event, parent: Event) -> Iterator[str]:
    if not node.by_service and (child.source is None or child.source != parent.source):
        yield "another address than that of what explains it"
    if child.credential is None or child.credential != parent.credential:
        yield "other credentials than those of what explains it"


def _unseen(cascade: CascadePlan, root: Event, known: Known) -> Iterator[str]:
    for spoiler in cascade.spoilers:
        if known.since is not None and root.time - spoiler.before < known.since:
            yield f"the log begins too late to rule out: {spoiler.reason}"
        if known.until is not None and root.time + spoiler.after > known.until:
            yield f"the log ends too soon to rule out: {spoiler.reason}"
    for spoiler in (*cascade.spoilers, *cascade.between):
        if spoiler.action in known.doubtful:
            yield f"what a {spoiler.action.action} says, or when it was, is in doubt"
