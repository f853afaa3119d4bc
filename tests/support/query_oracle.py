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
    account_of,
    action_of,
    ascii_lower,
    at,
    conditions_hold,
    elements,
    named_by_service,
    readable,
    succeeded,
    text,
    time_of,
)

Actor = Callable[[Event, list[Event]], str | None]

# The first and the last instant of a log, in seconds.
Extent = tuple[int, int]

# A node of the tree: None for the root, else the node's name.
Place = str | None


def initial_principal(event: Event, log: list[Event]) -> str | None:
    """The actor of docs/semantics.md."""
    return actor_of(event, log)


def session_actor(event: Event, log: list[Event]) -> str | None:
    """The actor key `session`: principalId, and accessKeyId but for IAM users and root."""
    principal = text(at(event, "userIdentity", "principalId"))
    if principal is None or principal.lower().startswith("anonymous"):
        return None
    if at(event, "userIdentity", "type") in ("IAMUser", "Root"):
        return principal
    access_key = text(at(event, "userIdentity", "accessKeyId"))
    return None if access_key is None else f"{principal}|{access_key}"


class _Anybody(str):
    """An actor that equals every other."""

    def __eq__(self, other: object) -> bool:
        return other is not None

    __hash__ = str.__hash__


def leniently(actor: Actor) -> Actor:
    """The actor, and anybody where that is not known."""
    return lambda event, log: actor(event, log) or _Anybody()


def alerts(
    query: Query,
    events: Sequence[Event],
    actor: Actor = initial_principal,
    extent: Extent | None = None,
    of_vetoes: Actor | None = None,
) -> set[str]:
    """The ids of the events that `query` alerts on: all of its subjects' actions but those that may be silenced."""
    return candidates(query, events) - silenced(query, events, actor, extent, of_vetoes)


def silenced(
    query: Query,
    events: Sequence[Event],
    actor: Actor = initial_principal,
    extent: Extent | None = None,
    of_vetoes: Actor | None = None,
) -> set[str]:
    """The ids of the events that `query` or one of its rivals explains and no veto does.

    `extent`: from when until when the log reaches, where nothing is silenced whose spoilers may lie outside.
    `of_vetoes` tells the actors that vetoes compare, where it is another way than elsewhere. Nothing is silenced that
    rests on an event of which two copies differ, or where those of a spoiler's action do.
    """
    log = _unique(events)
    differing = _differing(events)
    doubtful = {action_of(event) for event in events if event["eventID"] in differing}
    certain = [event for event in log if event["eventID"] not in differing]
    found: set[str] = set()
    for each in (query, *query.rivals):
        if doubtful.isdisjoint(spoiler.pattern.action for spoiler in each.spoilers):
            found |= explained(each, certain, actor, extent)
    for veto in query.vetoes:
        found -= explained(veto, log, of_vetoes or actor)
    return found & candidates(query, log)


def candidates(query: Query, events: Iterable[Event]) -> set[str]:
    """The ids of the events that a rule on the subjects' actions alone would alert on, failed calls among them."""
    return {event["eventID"] for event in events if action_of(event) in query.actions}


def extent_of(events: Iterable[Event]) -> Extent | None:
    """From when until when a log reaches that has ended."""
    times = [time_of(event) for event in events]
    return (min(times), max(times)) if times else None


def explained(
    query: Query,
    events: Iterable[Event],
    actor: Actor = initial_principal,
    extent: Extent | None = None,
) -> set[str]:
    """The ids of the events that some subject of `query` explains."""
    log = _unique(events)
    places: list[Place] = [node.name for node in query.subjects]
    if query.root_is_subject:
        places.append(None)
    return {
        event["eventID"]
        for event in log
        if any(
            _is_seen(query, path[-1], extent) and not _is_cut(query, log, path)
            for place in places
            for path in _paths(query, log, place, (event,), actor)
        )
    }


def _is_seen(query: Query, root: Event, extent: Extent | None) -> bool:
    """Whether the log reaches as far as what may void the root."""
    return extent is None or all(
        extent[0] <= time_of(root) - each.before and time_of(root) + each.after <= extent[1]
        for each in query.spoilers
        if not each.between
    )


def _is_cut(query: Query, log: list[Event], path: Sequence[Event]) -> bool:
    """Whether a spoiler lies between the events of the path."""
    times = [time_of(event) for event in path]
    return any(
        each.between
        and min(times) <= time_of(event) <= max(times)
        and not any(event is step for step in path)
        and _concerns(each, event, path[-1])
        for each in query.spoilers
        for event in log
    )


def _differing(events: Iterable[Event]) -> set[str]:
    """The ids of the events of which two copies differ."""
    first: dict[str, Event] = {}
    return {
        event["eventID"] for event in events if first.setdefault(event["eventID"], event) != event
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
    if not all(key_values(key, root) for key in query.root_keys):
        return False
    if query.root_account and account_of(root) is None:
        return False
    if any(_spoils(spoiler, event, root) for spoiler in query.spoilers for event in log):
        return False
    return all(
        any(
            event is not root
            and fits(member.pattern, event)
            and edge_holds(member.edge, event, root, log, actor)
            for event in log
        )
        for member in query.members()
    )


def _spoils(spoiler: Spoiler, event: Event, root: Event) -> bool:
    return (
        not spoiler.between
        and event is not root
        and time_of(root) - spoiler.before <= time_of(event) <= time_of(root) + spoiler.after
        and _concerns(spoiler, event, root)
    )


def _concerns(spoiler: Spoiler, event: Event, root: Event) -> bool:
    """Whether the event fits the spoiler and joins the root, as far as it can be read."""
    unreadable = not all(key_values(pair.own, event) for pair in spoiler.join)
    account = account_of(event)
    return (
        action_of(event) == spoiler.pattern.action
        and (spoiler.pattern.may_fail or succeeded(event))
        and all(
            not readable(event, condition.path) or condition_holds(condition, event)
            for condition in spoiler.pattern.where
        )
        and (unreadable or all(keys_equal(pair, event, root) for pair in spoiler.join))
        and (not spoiler.same_account or account is None or account == account_of(root))
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
    if key.resource_name:
        value = named_by_service(value)
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
    return test.values if test.operator in ("in", "only") else test.values[0]


def by_order(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """The log as it is, backwards, and with every event twice."""
    yield events
    yield events[::-1]
    yield list(itertools.chain.from_iterable((event, event) for event in events))
