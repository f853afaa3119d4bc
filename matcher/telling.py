"""Puts into words what the engine found of an event."""

from datetime import UTC, datetime

from .explain import Found
from .held import Held
from .plan import NodePlan, Plan
from .verdict import Explanation, NearMiss, Verdict, VerdictName

MAX_ALSO = 32


def effect(plan: Plan, event: Held, found: list[Found]) -> Verdict:
    """The verdict on an event that something explains."""
    best: dict[tuple[str, str], Found] = {}
    for each in sorted(found, key=_rank) if len(found) > 1 else found:
        best.setdefault((each.node.cascade.id, each.root.id), each)
    first, *others = (
        _explanation(each.node, each.path) for each in list(best.values())[: MAX_ALSO + 1]
    )
    return _explained(plan, event, "effect", first, tuple(others))


def origin(plan: Plan, event: Held, begun: list[NodePlan]) -> Verdict:
    """The verdict on an event that nothing explains and that is some cascade's origin."""
    first, *others = (_explanation(node, (event,)) for node in begun)
    return _explained(plan, event, "origin", first, tuple(others))


def orphan(plan: Plan, event: Held, near_misses: tuple[NearMiss, ...] = ()) -> Verdict:
    """The verdict on an event that is some cascade's effect, and that nothing explains."""
    techniques = {each for node in event.action.effects for each in node.techniques}
    return told(
        plan, event, "orphan", techniques=tuple(sorted(techniques)), near_misses=near_misses
    )


def told(
    plan: Plan,
    event: Held,
    name: VerdictName,
    first: Explanation | None = None,
    *,
    techniques: tuple[str, ...] = (),
    near_misses: tuple[NearMiss, ...] = (),
    also: tuple[Explanation, ...] = (),
) -> Verdict:
    """A verdict with what the event itself says."""
    controllers = plan.controllers
    return Verdict(
        event_id=event.id,
        event_time=datetime.fromtimestamp(event.time, UTC).isoformat()[:19] + "Z",
        action=event.action.action,
        account=event.account,
        region=event.region,
        actor=event.actor,
        verdict=name,
        failed=event.error is not None,
        cascade=first.cascade if first else None,
        instance=first.instance if first else None,
        relation=first.relation if first else None,
        policy=first.policy if first else None,
        path=first.path if first else (),
        techniques=techniques,
        near_misses=near_misses,
        also=also,
        actor_arn=event.arn,
        error=event.error,
        controller=controllers.get(event.arn or "") or controllers.get(event.issuer or ""),
    )


def _rank(each: Found) -> tuple[int, str, str, int, list[tuple[int, str]]]:
    path = each.path
    steps = [
        (abs(path[at].time - path[at + 1].time), path[at + 1].id) for at in range(len(path) - 1)
    ]
    return (
        abs(path[0].time - each.root.time),
        each.node.cascade.id,
        each.root.id,
        each.node.order,
        steps,
    )


def _explained(
    plan: Plan, event: Held, name: VerdictName, first: Explanation, also: tuple[Explanation, ...]
) -> Verdict:
    return told(plan, event, name, first, techniques=first.techniques, also=also)


def _explanation(node: NodePlan, path: tuple[Held, ...]) -> Explanation:
    return Explanation(
        cascade=node.cascade.id,
        instance=path[-1].id,
        relation=node.relation,
        policy=node.policy,
        path=tuple(step.id for step in path),
        techniques=node.techniques,
    )
