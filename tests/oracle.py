"""docs/semantics.md in plain Python: every event tried in every place, no index, no cleverness.

The engine is held to this, so nothing of `cloudcascade.matcher` is used here. It takes time
O(n^depth) and is meant for a dozen events.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cloudcascade.catalog.everyday import is_everyday
from cloudcascade.catalog.models import Cascade, Effect, Origin, Spoiler
from cloudcascade.tests.oracle_fields import (
    Event,
    account_of,
    action_of,
    at,
    cannot_be_read,
    conditions_hold,
    key_values,
    parts_are_told,
    readable,
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
    caveats: tuple[str, ...] = ()


def oracle_verdicts(
    cascades: Sequence[Cascade], events: Iterable[Event]
) -> dict[str, OracleVerdict]:
    """The verdict of every event whose action is an origin's or an effect's, by event id.

    Every event has an `eventID`; copies of one id are the same in content.
    """
    log = list({event["eventID"]: event for event in events}.values())
    times = [time_of(event) for event in log]
    extent = (min(times), max(times)) if log else (0, 0)
    return {
        event["eventID"]: verdict
        for event in log
        if (verdict := _verdict(cascades, log, event, extent)) is not None
    }


def _verdict(
    cascades: Sequence[Cascade], log: list[Event], event: Event, extent: tuple[int, int]
) -> OracleVerdict | None:
    failed = not succeeded(event)
    actor = actor_of(event, log)
    found = sorted(
        (
            (
                class_of(cascade, node),
                abs(time_of(event) - time_of(path[-1])),
                cascade.id,
                ids(path)[-1],
                node,
                ids(path),
            )
            for cascade in cascades
            for node, path in explanations(cascade, log, event)
        ),
        key=lambda explanation: explanation[:4],
    )
    if found:
        *_, cascade_id, instance, node, path = found[0]
        by_id = {cascade.id: cascade for cascade in cascades}
        policy, caveats = _policy(
            (by_id[cascade_id], node, tuple(_named(log, each) for each in path)),
            [(each, *way) for each in cascades for way in ways(each, log, event)],
            extent,
        )
        return OracleVerdict(
            "effect",
            failed,
            cascade_id,
            instance,
            node.relation,
            policy,
            path,
            tuple((other, root) for _, _, other, root, _, _ in found[1 : 1 + MOST_OTHERS]),
            node.attack,
            actor,
            caveats,
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
    if is_orphan(nodes, event):
        techniques = tuple(sorted({technique for node in nodes for technique in node.attack}))
        return OracleVerdict("orphan", failed, None, None, None, None, (), (), techniques, actor)
    return None


def is_orphan(nodes: Sequence[Effect], event: Event) -> bool:
    """Whether the event, which nothing explains, could be made by the caller of one of these effects of its action."""
    if not nodes or is_everyday(nodes[0].action):
        return False
    if any(
        node.unexplained == "unlisted"
        and _is_attested(node)
        and _may_be_caller(node, event)
        and conditions_hold(node.where, event)
        for node in nodes
    ):
        return False
    return any(node.unexplained == "orphan" and _may_be_caller(node, event) for node in nodes)


def _is_attested(node: Effect) -> bool:
    by = node.where.get("userIdentity.invokedBy")
    named = by is not None and (by.equals is not None or by.in_ is not None)
    return node.actor.startswith("service:") or named


def _may_be_caller(node: Effect, event: Event) -> bool:
    if node.actor.startswith("service:") and not _attested(
        event, node.actor.removeprefix("service:")
    ):
        return False
    return conditions_hold(
        {path: test for path, test in node.where.items() if path.startswith("userIdentity.")}, event
    )


def class_of(cascade: Cascade, node: Effect) -> tuple[bool, bool]:
    """The class of an explanation at `node`: the smaller comes first."""
    binding = [node]
    if cascade.ensemble is not None and node is cascade.root:
        binding = [cascade.effect(name) for name in cascade.ensemble.require[1:]]
    invoked = [each.where.get("userIdentity.invokedBy") for each in binding]
    tied = all(
        each.join
        or each.actor.startswith("service:")
        or (by is not None and (by.equals is not None or by.in_ is not None))
        for each, by in zip(binding, invoked, strict=True)
    )
    agent = node.where.get("userAgent")
    named = agent is not None and any(
        operand is not None
        for operand in (agent.equals, agent.in_, agent.startswith, agent.endswith)
    )
    return not tied, not (node.tool == "same" or named)


def _named(log: list[Event], name: str) -> Event:
    return next(event for event in log if event["eventID"] == name)


Explained = tuple[Cascade, Effect, tuple[Event, ...]]


def _policy(
    primary: Explained, found: list[Explained], extent: tuple[int, int]
) -> tuple[str, tuple[str, ...]]:
    """The strictest policy of all explanations; `suppress` only where one of them is firm."""
    for strict in ("never", "annotate"):
        names = {cascade.id for cascade, node, _ in found if cascade.policy_of(node) == strict}
        if names:
            if primary[0].policy_of(primary[1]) == strict:
                return strict, ()
            return strict, tuple(f"{name} says {strict}" for name in sorted(names))
    if any(not list(_doubts(each, extent)) for each in found):
        return "suppress", ()
    return "annotate", tuple(dict.fromkeys(_doubts(primary, extent)))


def _doubts(explained: Explained, extent: tuple[int, int]) -> Iterator[str]:
    cascade, node, path = explained
    for child, parent in itertools.pairwise(path):
        if node.actor in ("same", "same-role"):
            address = text(child.get("sourceIPAddress"))
            invoked = node.where.get("userIdentity.invokedBy")
            for_caller = invoked is not None and (invoked.equals or invoked.in_) is not None
            if not for_caller and (address is None or address != parent.get("sourceIPAddress")):
                yield "another address than that of what explains it"
            if _credential(child) is None or _credential(child) != _credential(parent):
                yield "other credentials than those of what explains it"
        above = _node(cascade, cascade.parent_node(node))
        if isinstance(above, Effect):
            node = above
    root = time_of(path[-1])
    for spoiler in cascade.spoilers:
        if spoiler.within is not None:
            if root - spoiler.within.before < extent[0]:
                yield f"the log begins too late to rule out: {spoiler.reason}"
            if root + spoiler.within.after > extent[1]:
                yield f"the log ends too soon to rule out: {spoiler.reason}"


def _credential(event: Event) -> str | None:
    made = text(at(event, "userIdentity", "sessionContext", "attributes", "creationDate"))
    return made or text(at(event, "userIdentity", "accessKeyId"))


def ids(path: Iterable[Event]) -> tuple[str, ...]:
    return tuple(event["eventID"] for event in path)


def explanations(
    cascade: Cascade, log: list[Event], event: Event
) -> Iterator[tuple[Effect, tuple[Event, ...]]]:
    """For every instance that explains `event`: the node and the path that count."""
    best: dict[str, tuple[Effect, tuple[Event, ...]]] = {}
    for node, path in ways(cascade, log, event):
        name = path[-1]["eventID"]
        if name not in best or class_of(cascade, node) < class_of(cascade, best[name][0]):
            best[name] = node, path
    yield from best.values()


def ways(
    cascade: Cascade, log: list[Event], event: Event
) -> Iterator[tuple[Effect, tuple[Event, ...]]]:
    """Every node that `event` is explained at, in their order, with every path from there, the nearest first."""
    for node in cascade.effects:
        paths = [
            path
            for path in _paths(cascade, log, node, (event,))
            if _begins(cascade, log, path[-1]) and not _cut(cascade, log, path)
        ]
        yield from ((node, path) for path in sorted(paths, key=_nearness))


def _nearness(path: tuple[Event, ...]) -> list[tuple[int, str]]:
    return [
        (abs(time_of(near) - time_of(far)), far["eventID"])
        for near, far in itertools.pairwise(path)
    ]


def _paths(
    cascade: Cascade, log: list[Event], node: Effect, path: tuple[Event, ...]
) -> Iterator[tuple[Event, ...]]:
    """Every way up to a root, for a path whose last event is to stand at `node`."""
    if not fits(cascade, node, path[-1]):
        return
    if node is cascade.root:
        yield path
        return
    parent = _node(cascade, cascade.parent_node(node))
    for candidate in log:
        if any(candidate is event for event in path) or not fits(cascade, parent, candidate):
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
    for spoiler in cascade.spoilers:
        if not all(key_values(cascade, cascade.root, name, root) for name in spoiler.join):
            return False
        if spoiler.account == "same" and account_of(root) is None:
            return False
    if any(_spoils(cascade, spoiler, event, root) for spoiler in cascade.spoilers for event in log):
        return False
    if cascade.ensemble is None:
        return True
    return all(
        any(
            event is not root
            and fits(cascade, member, event)
            and edge_holds(cascade, member, cascade.root, event, root, log)
            for event in log
        )
        for member in map(cascade.effect, cascade.ensemble.require[1:])
    )


def _cut(cascade: Cascade, log: list[Event], path: tuple[Event, ...]) -> bool:
    """Whether a spoiler lies between the events of a path."""
    times = [time_of(event) for event in path]
    return any(
        spoiler.between
        and min(times) <= time_of(event) <= max(times)
        and not any(event is each for each in path)
        and _concerns(cascade, spoiler, event, path[-1])
        for spoiler in cascade.spoilers
        for event in log
    )


def _spoils(cascade: Cascade, spoiler: Spoiler, event: Event, root: Event) -> bool:
    return (
        spoiler.within is not None
        and event is not root
        and time_of(root) - spoiler.within.before
        <= time_of(event)
        <= time_of(root) + spoiler.within.after
        and _concerns(cascade, spoiler, event, root)
    )


def _concerns(cascade: Cascade, spoiler: Spoiler, event: Event, root: Event) -> bool:
    """Whether `event` fits the spoiler and joins the root, as far as it can be read."""
    unread = [name for name in spoiler.join if cannot_be_read(cascade, spoiler, name, event)]
    legible = [name for name in spoiler.join if key_values(cascade, spoiler, name, event)]
    if len(unread) + len(legible) < len(spoiler.join):
        return False
    return (
        action_of(event) == spoiler.action
        and succeeded(event)
        and all(
            not readable(event, path) or conditions_hold({path: condition}, event)
            for path, condition in spoiler.where.items()
        )
        and keys_join(cascade, legible, spoiler, cascade.root, event, root)
        and (spoiler.account == "any" or account_of(event) is None or same_account(event, root))
    )


def fits(cascade: Cascade, node: Origin | Effect, event: Event) -> bool:
    may_fail = isinstance(node, Effect) and node.outcome == "any"
    return (
        action_of(event) == node.action
        and (may_fail or (succeeded(event) and parts_are_told(cascade, node, event)))
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
    if node.region == "same" and (
        text(effect.get("awsRegion")) is None or effect.get("awsRegion") != parent.get("awsRegion")
    ):
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
        user = text(at(event, "userIdentity", "onBehalfOf", "userId"))
        if user and at(event, "userIdentity", "type") == "IdentityCenterUser":
            return f"{at(event, 'userIdentity', 'onBehalfOf', 'identityStoreArn')}/{user}"
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
