"""A query as EQL sequences `[effect] ![origin]`, and beside each the effects that no sequence can hold.

The form `![origin] [effect] ![origin]` is never made: it holds when either side is empty.
"""

from collections.abc import Iterator

from ...errors import Refused
from ...field_maps import FieldMap
from ...query import Edge, Node, Query
from .eql import equals, event, missing, quoted, without
from .esql_query import HIDDEN

# How CloudTrail calls who is nobody in particular.
_NOBODY = ("Anonymous", "anonymous", "ANONYMOUS", "ANONYMOUS_PRINCIPAL")

# The integration's pipeline copies these out of the flattened field, which EQL cannot read, of every event.
COPIES = {
    "requestParameters.groupName": "group.name",
    "requestParameters.userName": "user.target.name",
}


def refuse_unjoinable(query: Query, fields: FieldMap) -> None:
    """Refuse a query that no sequence can ask.

    Raises:
        Refused: a key is out of EQL's reach, stands in two fields, or an action hangs on its own kind.
    """
    for node in query.subjects:
        if node.pattern.action == query.root.action:
            raise Refused(f"an action hangs on its own kind: {query.root.action}")
        for pair in node.edge.join:
            own, parent = (key.paths[0] for key in (pair.own, pair.parent))
            if own != parent:
                raise Refused(f"an EQL sequence joins on one field, not on {own} and {parent}")
            if own not in COPIES and own not in fields.fields:
                raise Refused(f"an EQL sequence cannot join on {own}, part of a flattened field")
        if not _by(node.edge, fields):
            raise Refused("an EQL sequence needs something to join on")


def sequences(query: Query, fields: FieldMap) -> Iterator[tuple[str, str]]:
    """Names and texts of the EQL queries that together alert on what `query`, without hops, alerts on."""
    root = query.root.event_name
    for nodes in _alike(query):
        edge = nodes[0].edge
        by = _by(edge, fields)
        effects = _tests(nodes, fields)
        names = [node.pattern.event_name for node in nodes]
        label = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        # What equals nobody must not be the second event either.
        known = [f"{_key(pair.own.paths[0], fields)} != {quoted(HIDDEN)}" for pair in edge.join]
        if edge.actor != "any":
            principal = fields.field("userIdentity.principalId")
            known += [f"{principal} != {quoted(each)}" for each in _NOBODY]
        origin = [
            equals(fields.field("eventSource"), query.root.event_source),
            equals(fields.field("eventName"), root),
            equals(fields.success.field, *fields.success.values),
        ]
        yield f"{label} without {root}", without(effects, [*origin, *known], by, edge.before)
        lacking = " or ".join(map(missing, by))
        calls = _calls(nodes, fields)
        yield f"{label} that lack a key", event([*calls, f"({lacking})"])
        if not nodes[0].pattern.may_fail:
            failed = f"{fields.success.field} != {quoted(fields.success.values[0])}"
            yield f"{label} that failed", event([*calls, failed])


def _alike(query: Query) -> Iterator[tuple[Node, ...]]:
    """The subjects that one sequence can hold: those of one edge, one service and one outcome."""
    for group in query.groups():
        found: dict[tuple[str, bool], list[Node]] = {}
        for node in group:
            key = (node.pattern.event_source, node.pattern.may_fail)
            found.setdefault(key, []).append(node)
        yield from map(tuple, found.values())


def _calls(nodes: tuple[Node, ...], fields: FieldMap) -> list[str]:
    names = dict.fromkeys(node.pattern.event_name for node in nodes)
    return [
        equals(fields.field("eventSource"), nodes[0].pattern.event_source),
        equals(fields.field("eventName"), *names),
    ]


def _tests(nodes: tuple[Node, ...], fields: FieldMap) -> list[str]:
    calls = _calls(nodes, fields)
    if nodes[0].pattern.may_fail:
        return calls
    return [*calls, equals(fields.success.field, *fields.success.values)]


def _by(edge: Edge, fields: FieldMap) -> list[str]:
    by = [fields.field("recipientAccountId")] if edge.same_account else []
    if edge.actor != "any":
        by += [fields.field("userIdentity.principalId"), fields.field("userIdentity.accessKeyId")]
    return list(dict.fromkeys(by + [_key(pair.own.paths[0], fields) for pair in edge.join]))


def _key(path: str, fields: FieldMap) -> str:
    return COPIES.get(path) or fields.field(path)
