"""docs/semantics.md in plain Python: every event tried in every place, no index, no cleverness.

The engine is held to this, so nothing of `cloudcascade.matcher` is used here. It takes time
O(n^depth) and is meant for a dozen events.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cloudcascade.catalog.models import Cascade, Effect, Origin, Spoiler
from cloudcascade.tests.oracle_fields import (
    Event,
    account_of,
    action_of,
    at,
    conditions_hold,
    key_values,
    succeeded,
    text,
    time_of,
)

MOST_OTHERS = 32
CREDENTIAL_CALLS = {
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoot",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
}


@dataclass(frozen=True)
class OracleVerdict:
    """What the specification says of one event; `techniques` of an orphan are in no order."""

    verdict: str
    failed: bool
    cascade: str | None
    instance: str | None
    relation: str | None
    policy: str | None
    path: tuple[str, ...]
    also: tuple[tuple[str, str], ...]
    techniques: tuple[str, ...]
    actor: str | None


def oracle_verdicts(
    cascades: Sequence[Cascade], events: Iterable[Event]
) -> dict[str, OracleVerdict]:
    """The verdict of every event whose action is an origin's or an effect's, by event id.

    Every event has an `eventID`; copies of one id are the same in content.
    """
    log = list({event["eventID"]: event for event in events}.values())
    return {
        event["eventID"]: verdict
        for event in log
        if (verdict := _verdict(cascades, log, event)) is not None
    }


def _verdict(cascades: Sequence[Cascade], log: list[Event], event: Event) -> OracleVerdict | None:
    failed = not succeeded(event)
    actor = actor_of(event, log)
    found = sorted(
        (
            (abs(time_of(event) - time_of(path[-1])), cascade.id, ids(path)[-1], node, ids(path))
            for cascade in cascades
            for node, path in explanations(cascade, log, event)
        ),
        key=lambda explanation: explanation[:3],
    )
    if found:
        _, cascade_id, instance, node, path = found[0]
        cascade = next(cascade for cascade in cascades if cascade.id == cascade_id)
        return OracleVerdict(
            "effect",
            failed,
            cascade_id,
            instance,
            node.relation,
            cascade.policy_of(node),
            path,
            tuple((other, root) for _, other, root, _, _ in found[1 : 1 + MOST_OTHERS]),
            node.attack,
            actor,
        )
    action = action_of(event)
    name = event["eventID"]
    begun = sorted(
        (cascade.id, cascade.origin.attack)
        for cascade in cascades
        if cascade.origin is not None
        and cascade.origin.action == action
        and conditions_hold(cascade.origin.where, event)
    )
    if begun:
        others = tuple((other, name) for other, _ in begun[1 : 1 + MOST_OTHERS])
        return OracleVerdict(
            "origin", failed, begun[0][0], name, None, None, (name,), others, begun[0][1], actor
        )
    nodes = [
        effect for cascade in cascades for effect in cascade.effects if effect.action == action
    ]
    if any(node.unexplained == "orphan" for node in nodes):
        techniques = tuple(sorted({technique for node in nodes for technique in node.attack}))
        return OracleVerdict("orphan", failed, None, None, None, None, (), (), techniques, actor)
    return None


def ids(path: Iterable[Event]) -> tuple[str, ...]:
    return tuple(event["eventID"] for event in path)


def explanations(
    cascade: Cascade, log: list[Event], event: Event
) -> Iterator[tuple[Effect, tuple[Event, ...]]]:
    """For every instance that explains `event`: the node and the path that count."""
    best: dict[str, tuple[Effect, tuple[Event, ...]]] = {}
    for node in cascade.effects:
        paths = [
            path for path in _paths(cascade, log, node, (event,)) if _begins(cascade, log, path[-1])
        ]
        for path in sorted(paths, key=_nearness):
            best.setdefault(path[-1]["eventID"], (node, path))
    yield from best.values()


def _nearness(path: tuple[Event, ...]) -> list[tuple[int, str]]:
    return [
        (abs(time_of(near) - time_of(far)), far["eventID"])
        for near, far in itertools.pairwise(path)
    ]


def _paths(
    cascade: Cascade, log: list[Event], node: Effect, path: tuple[Event, ...]
) -> Iterator[tuple[Event, ...]]:
    """Every way up to a root, for a path whose last event is to stand at `node`."""
    if not fits(node, path[-1]):
        return
    if node is cascade.root:
        yield path
        return
    parent = _node(cascade, cascade.parent_node(node))
    for candidate in log:
        if any(candidate is event for event in path) or not fits(parent, candidate):
            continue
        if not edge_holds(cascade, node, parent, path[-1], candidate, log):
            continue
        if isinstance(parent, Origin):
            yield (*path, candidate)
        else:
            yield from _paths(cascade, log, parent, (*path, candidate))


def _node(cascade: Cascade, name: str) -> Origin | Effect:
    return cascade.root if name == cascade.root_node else cascade.effect(name)


def _begins(cascade: Cascade, log: list[Event], root: Event) -> bool:
    """Whether `root`, which fits the root node, begins an instance."""
    if any(_spoils(cascade, spoiler, event, root) for spoiler in cascade.spoilers for event in log):
        return False
    if cascade.ensemble is None:
        return True
    return all(
        any(
            event is not root
            and fits(member, event)
            and edge_holds(cascade, member, cascade.root, event, root, log)
            for event in log
        )
        for member in map(cascade.effect, cascade.ensemble.require[1:])
    )


def _spoils(cascade: Cascade, spoiler: Spoiler, event: Event, root: Event) -> bool:
    return (
        event is not root
        and action_of(event) == spoiler.action
        and succeeded(event)
        and conditions_hold(spoiler.where, event)
        and keys_join(cascade, spoiler.join, spoiler, cascade.root, event, root)
        and (spoiler.account == "any" or same_account(event, root))
        and time_of(root) - spoiler.within.before
        <= time_of(event)
        <= time_of(root) + spoiler.within.after
    )


def fits(node: Origin | Effect, event: Event) -> bool:
    may_fail = isinstance(node, Effect) and node.outcome == "any"
    return (
        action_of(event) == node.action
        and (may_fail or succeeded(event))
        and conditions_hold(node.where, event)
    )


def edge_holds(
    cascade: Cascade,
    node: Effect,
    parent_node: Origin | Effect,
    effect: Event,
    parent: Event,
    log: list[Event],
) -> bool:
    if effect is parent:
        return False
    if not keys_join(cascade, node.join, node, parent_node, effect, parent):
        return False
    for name in node.distinct:
        mine = key_values(cascade, node, name, effect)
        theirs = key_values(cascade, parent_node, name, parent)
        if not mine or not theirs or mine & theirs:
            return False
    start = time_of(parent) - node.within.before
    end = time_of(parent) + node.within.after
    return (
        start <= time_of(effect) <= end
        and (node.account == "any" or same_account(effect, parent))
        and _actor_rule_holds(node.actor, effect, parent, log)
        and (node.tool == "any" or _same_tool(effect, parent))
    )


def keys_join(
    cascade: Cascade,
    names: Iterable[str],
    node: Origin | Effect | Spoiler,
    parent_node: Origin | Effect,
    event: Event,
    parent: Event,
) -> bool:
    for name in names:
        mine = key_values(cascade, node, name, event)
        theirs = key_values(cascade, parent_node, name, parent)
        if not mine or not theirs or not mine <= theirs:
            return False
    return True


def same_account(one: Event, other: Event) -> bool:
    return account_of(one) is not None and account_of(one) == account_of(other)


def _actor_rule_holds(rule: str, effect: Event, parent: Event, log: list[Event]) -> bool:
    if rule == "any":
        return True
    if rule.startswith("service:"):
        return _attested(effect, rule.removeprefix("service:"))
    actor = actor_of(effect, log)
    if actor is not None and actor == actor_of(parent, log):
        return True
    role = role_of(effect)
    return rule == "same-role" and role is not None and role == role_of(parent)


def _attested(event: Event, service: str) -> bool:
    if at(event, "userIdentity", "invokedBy") == service:
        return True
    arn = at(event, "userIdentity", "sessionContext", "sessionIssuer", "arn")
    parts = arn.split(":", 5) if isinstance(arn, str) else []
    return len(parts) == 6 and parts[5].startswith(f"role/aws-service-role/{service}/")


def role_of(event: Event) -> str | None:
    principal = text(at(event, "userIdentity", "principalId"))
    if principal is None or at(event, "userIdentity", "type") != "AssumedRole":
        return None
    return principal.partition(":")[0] or None


def _same_tool(one: Event, other: Event) -> bool:
    family = tool_family(one.get("userAgent"))
    return family is not None and family == tool_family(other.get("userAgent"))


def tool_family(user_agent: object) -> str | None:
    """Knows the agents that the random logs use, and tells any other by its first word."""
    agent = text(user_agent) or ""
    for mark, family in (("Terraform/", "terraform"), ("aws-cli/", "cli"), ("Boto3/", "boto3")):
        if mark in agent:
            return family
    for sign in "_/()[],;":
        agent = agent.replace(sign, " ")
    return next((word.lower() for word in agent.split() if word[0].isalpha()), None)


def actor_of(event: Event, log: list[Event], seen: tuple[str, ...] = ()) -> str | None:
    """The initial principal, or None where it is unknown."""
    access_key = text(at(event, "userIdentity", "accessKeyId"))
    handed_out = [
        call
        for call in log
        if access_key is not None
        and action_of(call) in CREDENTIAL_CALLS
        and succeeded(call)
        and at(call, "userIdentity", "type") != "AWSService"
        and at(call, "responseElements", "credentials", "accessKeyId") == access_key
    ]
    if access_key is None or not handed_out:
        return text(at(event, "userIdentity", "principalId"))
    if access_key in seen:
        return None
    callers = {actor_of(call, log, (*seen, access_key)) for call in handed_out}
    if len(callers) > 1:
        callers = {
            actor_of(call, log, (*seen, access_key))
            for call in handed_out
            if text(at(call, "userIdentity", "accessKeyId"))
        }
    return callers.pop() if len(callers) == 1 else None
