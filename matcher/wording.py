"""Puts into words what the engine found of an event."""

from datetime import UTC, datetime
from functools import lru_cache

from ..catalog.terms import Policy
from ..events import tool_named_in
from .event import Event
from .instances import Found
from .plan.found import LONGEST, cut
from .plan.nodes import NodePlan, Plan
from .silencing import Known, policy_for
from .target import target_of
from .verdict import Explanation, NearMiss, Verdict, VerdictName

MAX_ALSO = 32


def effect(plan: Plan, event: Event, found: list[Found], known: Known) -> Verdict:
    """The verdict on an event that something explains."""
    if len(found) > 1:
        found = sorted(found, key=_rank)
    policy, caveats = policy_for(found, known)
    if len(found) > 1:
        best: dict[tuple[str, str], Found] = {}
        for each in found:
            best.setdefault((each.node.cascade.id, each.root.id), each)
        found = list(best.values())
    first, *others = (_explanation(each.node, each.path) for each in found[: MAX_ALSO + 1])
    return _explained(plan, event, "effect", found[0].node, first, tuple(others), policy, caveats)


def origin(plan: Plan, event: Event, begun: list[NodePlan]) -> Verdict:
    """The verdict on an event that nothing explains and that is some cascade's origin."""
    first, *others = (_explanation(node, (event,)) for node in begun)
    return _explained(plan, event, "origin", begun[0], first, tuple(others))


def orphan(plan: Plan, event: Event, near_misses: tuple[NearMiss, ...] = ()) -> Verdict:
    """The verdict on an event that is some cascade's effect, and that nothing explains."""
    techniques = {each for node in event.action.effects for each in node.techniques}
    return verdict_on(
        plan, event, "orphan", techniques=tuple(sorted(techniques)), near_misses=near_misses
    )


def pending(plan: Plan, event: Event, until: int) -> Verdict:
    """What is said of an event whose verdict rests on what comes until then, in seconds since the epoch, UTC."""
    why = f"what its verdict rests on may come until {moment_of(until)}"
    return verdict_on(plan, event, "pending", caveats=(why,))


def verdict_on(
    plan: Plan,
    event: Event,
    name: VerdictName,
    first: Explanation | None = None,
    *,
    node: NodePlan | None = None,
    techniques: tuple[str, ...] = (),
    near_misses: tuple[NearMiss, ...] = (),
    also: tuple[Explanation, ...] = (),
    policy: Policy | None = None,
    caveats: tuple[str, ...] = (),
) -> Verdict:
    """A verdict with what the event itself says."""
    cascade = instance = relation = None
    agent, source, session = event.user_agent, event.source, event.credential
    path: tuple[str, ...] = ()
    if first is not None:
        cascade, instance, relation = first.cascade, first.instance, first.relation
        path = first.path
    # By position, in the order of Verdict's fields: by name it would cost twice as much.
    return Verdict(
        event.id,
        moment_of(event.time),
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
        plan.controller_of(event.arn, event.issuer, event.services)
        if event.services or plan.controllers
        else None,
        caveats,
        (),
        0,
        target_of(event, node),
        source if source is None or len(source) <= LONGEST else cut(source),
        agent,
        None if agent is None else tool_named_in(agent),
        event.actor if event.actor != event.principal else None,
        session if session is None or len(session) <= LONGEST else cut(session),
        event.file,
        event.position,
        _next(event, name, cascade),
    )


def _next(event: Event, name: VerdictName, cascade: str | None) -> str | None:
    """The command that says more of what the catalogue knows."""
    if cascade is not None:
        return f"cascade show {cascade}"
    return None if name == "unlisted" else f"cascade explains {event.action.action}"


_TWO = tuple(f"{number:02}" for number in range(60))


def moment_of(time: int) -> str:
    """An instant as CloudTrail writes it.

    >>> moment_of(1_773_705_600 + 3_661)
    '2026-03-17T01:01:01Z'
    """
    day, seconds = divmod(time, 86_400)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day(day)}T{_TWO[hour]}:{_TWO[minute]}:{_TWO[second]}Z"


@lru_cache(maxsize=1_024)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()


def _rank(each: Found) -> tuple[int, int, str, str, int, list[tuple[int, str]]]:
    path = each.path
    steps = [
        (abs(path[at].time - path[at + 1].time), path[at + 1].id) for at in range(len(path) - 1)
    ]
    return (
        each.node.rank,
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
    node: NodePlan,
    first: Explanation,
    also: tuple[Explanation, ...] = (),
    policy: Policy | None = None,
    caveats: tuple[str, ...] = (),
) -> Verdict:
    return verdict_on(
        plan,
        event,
        name,
        first,
        node=node,
        techniques=first.techniques,
        also=also,
        policy=policy,
        caveats=caveats,
    )


def _explanation(node: NodePlan, path: tuple[Event, ...]) -> Explanation:
    return Explanation(
        node.cascade.id,
        path[-1].id,
        node.relation,
        node.policy,
        tuple([step.id for step in path]),
        node.techniques,
    )
