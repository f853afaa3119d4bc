"""How far in time a verdict reaches: how long an event must wait for it, and how long it must be kept for others.

All spans are in seconds of event time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..plan.nodes import ActionPlan, CascadePlan, NodePlan, Plan


@dataclass(frozen=True, slots=True)
class Horizon:
    """By action: `hold`, after which no event can change the verdict on one of this action, and `keep`, after
    which one of this action can change no verdict that is still open."""

    hold: dict[ActionPlan, int]
    keep: dict[ActionPlan, int]

    def holds(self) -> dict[str, int]:
        """The holds of the actions whose events get a verdict."""
        return {action.action: hold for action, hold in self.hold.items() if action.listed}


def horizon_of(plan: Plan) -> Horizon:
    """The horizon of every action of the plan."""
    hold: dict[ActionPlan, int] = {}
    for cascade in plan.cascades:
        for node in _judged(cascade):
            hold[node.action] = max(hold.get(node.action, 0), _later(node))
    keep: dict[ActionPlan, int] = {}
    for cascade in plan.cascades:
        # Whatever takes part in an instance may lie so long before an effect, whose verdict waits in turn.
        longest = max(
            (_earlier(node) + hold.get(node.action, 0) for node in _judged(cascade)), default=0
        )
        for action in _taking_part(cascade):
            keep[action] = max(keep.get(action, 0), longest)
    return Horizon({**dict.fromkeys(keep, 0), **hold}, keep)


def _judged(cascade: CascadePlan) -> Iterable[NodePlan]:
    """The nodes whose events the cascade may explain."""
    return (*cascade.nodes, *([cascade.root] if cascade.ensemble else []))


def _taking_part(cascade: CascadePlan) -> set[ActionPlan]:
    return {
        cascade.root.action,
        *(node.action for node in cascade.nodes),
        *(spoiler.action for spoiler in (*cascade.spoilers, *cascade.between)),
    }


def _later(node: NodePlan) -> int:
    """How long after an event at `node` another may lie that its explanation rests on."""
    if node.parent is not None:
        # A parent may come before its effect, but what it rests on may still come after both.
        return max(0, node.before + _later(node.parent))
    cascade = node.cascade
    return max(
        [
            0,
            *(spoiler.after for spoiler in cascade.spoilers),
            *(member.after for member in cascade.required),
        ]
    )


def _earlier(node: NodePlan) -> int:
    """How long before an event at `node` another may lie that its explanation rests on."""
    if node.parent is not None:
        return node.after + _earlier(node.parent)
    cascade = node.cascade
    return max(
        [
            0,
            *(spoiler.before for spoiler in cascade.spoilers),
            *(member.before for member in cascade.required),
        ]
    )
