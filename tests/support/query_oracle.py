"""What a lowered query must answer, in plain Python: the yardstick of every export that runs somewhere.

With `initial_principal` and the whole query it says what tests/oracle.py says. A target that declares
losses is held to the query that `fit` left of it, with the actor that it declares.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from cloudcascade.catalog.models import Condition as Written
from cloudcascade.exporters.query import (
    Condition,
    Denied,
    Edge,
    Key,
    KeyPair,
    Pattern,
    Query,
    Spoiler,
    Test,
)
from cloudcascade.tests.oracle import _attested as attested
from cloudcascade.tests.oracle import actor_of, role_of, same_account, tool_family
from cloudcascade.tests.oracle_fields import (
    HIDDEN,
    MOST_ELEMENTS,
    Event,
    Values,
    action_of,
    ascii_lower,
    at,
    conditions_hold,
    elements,
    succeeded,
    text,
    time_of,
)

Actor = Callable[[Event, list[Event]], str | None]

# A node of the tree: None for the root, else the node's name.
Place = str | None


def initial_principal(event: Event, log: list[Event]) -> str | None:
    """The actor of docs/semantics.md."""
    return actor_of(event, log)


def session_actor(event: Event, log: list[Event]) -> str | None:
    """The actor key `session`: principalId, and accessKeyId but for IAM users and root."""
    principal = text(at(event, "userIdentity", "principalId"))
    if principal is None or principal == "Anonymous":
        return None
    if at(event, "userIdentity", "type") in ("IAMUser", "Root"):
        return principal
    access_key = text(at(event, "userIdentity", "accessKeyId"))
    return None if access_key is None else f"{principal}|{access_key}"


def alerts(query: Query, events: Iterable[Event], actor: Actor = initial_principal) -> set[str]:
    """The ids of the events that `query` alerts on: subjects' actions that nothing explains."""
    log = _unique(events)
    silenced = explained(query, log, actor)
    for rival in query.rivals:
        silenced |= explained(rival, log, actor)
    return candidates(query, log) - silenced


def candidates(query: Query, events: Iterable[Event]) -> set[str]:
    """The ids of the events that a rule on the subjects' actions alone would alert on."""
    return {
        event["eventID"]
        for event in events
        if action_of(event) in query.actions
        and (succeeded(event) or action_of(event) in query.may_fail)
    }


def explained(query: Query, events: Iterable[Event], actor: Actor = initial_principal) -> set[str]:
    """The ids of the events that some subject of `query` explains."""
    log = _unique(events)
    places: list[Place] = [node.name for node in query.subjects]
    if query.root_is_subject:
        places.append(None)
    return {
        event["eventID"]
        for event in log
        if any(True for place in places for _ in _paths(query, log, place, (event,), actor))
    }


def _unique(events: Iterable[Event]) -> list[Event]:
    return list({event["eventID"]: event for event in events}.values())


def _paths(
    query: Query, log: list[Event], place: Place, path: Sequence[Event], actor: Actor
) -> Iterator[Sequence[Event]]:
    own = path[-1]
    if place is None:
        if fits(query.root, own) and _begins(query, log, own, actor):
            yield path
        return
    node = query.node(place)
    if not fits(node.pattern, own):
        return
    for candidate in log:
        if not any(candidate is event for event in path) and edge_holds(
            node.edge, own, candidate, log, actor
        ):
            yield from _paths(query, log, node.parent, (*path, candidate), actor)


def _begins(query: Query, log: list[Event], root: Event, actor: Actor) -> bool:
    if any(_spoils(spoiler, event, root) for spoiler in query.spoilers for event in log):
        return False
    return all(
        any(
            event is not root
            and fits(member.pattern, event)
            and edge_holds(member.edge, event, root, log, actor)
            for event in log
        )
        for member in map(query.node, query.required)
    )


def _spoils(spoiler: Spoiler, event: Event, root: Event) -> bool:
    return (
        event is not root
        and succeeded(event)
        and fits(spoiler.pattern, event)
        and all(keys_equal(pair, event, root) for pair in spoiler.join)
        and (not spoiler.same_account or same_account(event, root))
        and time_of(root) - spoiler.before <= time_of(event) <= time_of(root) + spoiler.after
    )


def fits(pattern: Pattern, event: Event) -> bool:
    """Whether the event can stand at the pattern's place."""
    return (
        action_of(event) == pattern.action
        and (pattern.may_fail or succeeded(event))
        and all(condition_holds(condition, event) for condition in pattern.where)
    )


def edge_holds(edge: Edge, own: Event, parent: Event, log: list[Event], actor: Actor) -> bool:
    """Whether the edge holds between an effect's event and its parent's."""
    if own is parent or not all(keys_equal(pair, own, parent) for pair in edge.join):
        return False
    for pair in edge.distinct:
        mine, theirs = key_values(pair.own, own), key_values(pair.parent, parent)
        if not mine or not theirs or mine & theirs:
            return False
    return (
        time_of(parent) - edge.before <= time_of(own) <= time_of(parent) + edge.after
        and (not edge.same_account or same_account(own, parent))
        and _actors_agree(edge, own, parent, log, actor)
    )


def _actors_agree(edge: Edge, own: Event, parent: Event, log: list[Event], actor: Actor) -> bool:
    if edge.actor == "any":
        return True
    if edge.actor == "service":
        return attested(own, edge.service or "")
    mine = actor(own, log)
    if mine is not None and mine == actor(parent, log):
        return True
    role = role_of(own)
    return edge.actor == "same-role" and role is not None and role == role_of(parent)


def keys_equal(pair: KeyPair, own: Event, parent: Event) -> bool:
    """Whether the keys are present, and every value of the effect's is among the parent's."""
    mine, theirs = key_values(pair.own, own), key_values(pair.parent, parent)
    return bool(mine) and mine <= theirs


def key_values(key: Key, event: Event) -> Values:
    """The key's values; none where it is missing."""
    for path in key.paths:
        found = elements(event, path)
        if len(found) <= MOST_ELEMENTS and all(map(_is_value, found)):
            values = frozenset(_transformed(key, value) for value in found)
            return frozenset() if "" in values else values
    return frozenset()


def _is_value(value: object) -> bool:
    if isinstance(value, str):
        return value not in ("", HIDDEN)
    return isinstance(value, int) and not isinstance(value, bool)


def _transformed(key: Key, value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    if key.tool:
        return tool_family(value) or ""
    if key.arn_name and value.startswith("arn:") and value.count(":") >= 5:
        resource = value.split(":", 5)[5]
        value = resource.rpartition("/" if "/" in resource else ":")[2]
    return ascii_lower(value) if key.fold else value


def condition_holds(condition: Condition, event: Event) -> bool:
    """Whether the condition holds for the event."""
    return conditions_hold({condition.path: written(condition)}, event)


def written(condition: Condition) -> Written:
    """The condition as a cascade document has it."""
    if isinstance(condition, Denied):
        parts: dict[str, object] = {}
        for inner in condition.tests:
            parts.update(written(inner).model_dump(exclude_none=True, by_alias=True))
        return Written.model_validate({"not": parts})
    return Written.model_validate({condition.operator: _operand(condition)})


def _operand(test: Test) -> object:
    if test.operator in ("exists", "absent"):
        return True
    if test.operator == "grants":
        return "own-account"
    return test.values if test.operator == "in" else test.values[0]


def by_order(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """The log as it is, backwards, and with every event twice."""
    yield events
    yield events[::-1]
    yield list(itertools.chain.from_iterable((event, event) for event in events))
