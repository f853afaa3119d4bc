"""Puts into words what the engine found of an event."""

from datetime import UTC, datetime
from functools import lru_cache

from .event import Event
from .instances import Found
from .plan.nodes import NodePlan, Plan
from .verdict import Explanation, NearMiss, Verdict, VerdictName

MAX_ALSO = 32


def effect(plan: Plan, event: Event, found: list[Found]) -> Verdict:
    """The verdict on an event that something explains."""
    if len(found) == 1:
        (only,) = found
        return _explained(plan, event, "effect", _explanation(only.node, only.path))
    best: dict[tuple[str, str], Found] = {}
    for each in sorted(found, key=_rank):
        best.setdefault((each.node.cascade.id, each.root.id), each)
    first, *others = (
        _explanation(each.node, each.path) for each in list(best.values())[: MAX_ALSO + 1]
    )
    return _explained(plan, event, "effect", first, tuple(others))


def origin(plan: Plan, event: Event, begun: list[NodePlan]) -> Verdict:
    """The verdict on an event that nothing explains and that is some cascade's origin."""
    first, *others = (_explanation(node, (event,)) for node in begun)
    return _explained(plan, event, "origin", first, tuple(others))


def orphan(plan: Plan, event: Event, near_misses: tuple[NearMiss, ...] = ()) -> Verdict:
    """The verdict on an event that is some cascade's effect, and that nothing explains."""
    techniques = {each for node in event.action.effects for each in node.techniques}
    return verdict_on(
        plan, event, "orphan", techniques=tuple(sorted(techniques)), near_misses=near_misses
    )


def verdict_on(
    plan: Plan,
    event: Event,
    name: VerdictName,
    first: Explanation | None = None,
    *,
    techniques: tuple[str, ...] = (),
    near_misses: tuple[NearMiss, ...] = (),
    also: tuple[Explanation, ...] = (),
) -> Verdict:
    """A verdict with what the event itself says."""
    controllers = plan.controllers
    cascade = instance = relation = policy = None
    path: tuple[str, ...] = ()
    if first is not None:
        cascade, instance, relation = first.cascade, first.instance, first.relation
        policy, path = first.policy, first.path
    # By position, in the order of Verdict's fields: by name it would cost twice as much.
    return Verdict(
        event.id,
        _moment(event.time),
        event.action.action,
        event.account,
        event.region,
        event.actor,
        name,
        event.error is not None,
        cascade,
        instance,
        relation,
        policy,
        path,
        techniques,
        near_misses,
        also,
        event.arn,
        event.error,
        (controllers.get(event.arn or "") or controllers.get(event.issuer or ""))
        if controllers
        else None,
    )


_TWO = tuple(f"{number:02}" for number in range(60))


def _moment(time: int) -> str:
    """An instant as CloudTrail writes it.

    >>> _moment(1_773_705_600 + 3_661)
    '2026-03-17T01:01:01Z'
    """
    day, seconds = divmod(time, 86_400)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day(day)}T{_TWO[hour]}:{_TWO[minute]}:{_TWO[second]}Z"


@lru_cache(maxsize=1_024)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()


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
    plan: Plan,
    event: Event,
    name: VerdictName,
    first: Explanation,
    also: tuple[Explanation, ...] = (),
) -> Verdict:
    return verdict_on(plan, event, name, first, techniques=first.techniques, also=also)


def _explanation(node: NodePlan, path: tuple[Event, ...]) -> Explanation:
    return Explanation(
        node.cascade.id,
        path[-1].id,
        node.relation,
        node.policy,
        tuple([step.id for step in path]),
        node.techniques,
    )
