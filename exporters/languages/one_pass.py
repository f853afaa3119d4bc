"""What SPL and ES|QL, which read the events in one pass, cannot say of a query, and the query without it."""

from collections.abc import Iterator
from dataclasses import replace

from ..capabilities import Direction, Loss
from ..errors import Refused
from ..field_maps import FieldMap
from ..query import Pattern, Query


def sayable(query: Query, fields: FieldMap) -> Query:
    """The query whose vetoes ask for no more than one pass over these fields can: they then explain more, and more
    alerts. Rivals that ask for a field that is not kept are left out.

    A spoiler voids more here than it should, which would let a veto explain less.
    """
    return replace(
        query,
        rivals=tuple(rival for rival in query.rivals if not unkept(rival, fields)),
        vetoes=tuple(_widened(veto, fields) for veto in query.vetoes),
    )


def unkept(query: Query, fields: FieldMap) -> frozenset[str]:
    """The paths that the query itself reads and the platform keeps no field for."""
    pairs = [pair for node in query.nodes for pair in (*node.edge.join, *node.edge.distinct)]
    pairs += [pair for spoiler in query.spoilers for pair in spoiler.join]
    keys = [key for pair in pairs for key in (pair.own, pair.parent)]
    paths = [path for key in (*keys, *query.root_keys) for path in key.paths]
    paths += [condition.path for pattern in query.patterns() for condition in pattern.where]
    return frozenset(path for path in paths if fields.find(path) is None)


def _readable(pattern: Pattern, fields: FieldMap) -> Pattern:
    where = tuple(test for test in pattern.where if fields.find(test.path) is not None)
    return replace(pattern, where=where)


def _widened(veto: Query, fields: FieldMap) -> Query:
    nodes = []
    for node in veto.nodes:
        parent = veto.node(node.parent).pattern if node.parent else veto.root
        join = tuple(
            pair
            for pair in node.edge.join
            if all(fields.find(path) for key in (pair.own, pair.parent) for path in key.paths)
        )
        if node.pattern.action == parent.action:
            # One field of an event can be read for both of its parts, two cannot.
            join = tuple(pair for pair in join if pair.own == pair.parent)
        edge = replace(node.edge, join=join, distinct=())
        nodes.append(replace(node, pattern=_readable(node.pattern, fields), edge=edge))
    return replace(
        veto,
        root=_readable(veto.root, fields),
        nodes=tuple(nodes),
        spoilers=(),
        root_keys=(),
        root_account=False,
    )


def losses_of_saying(query: Query, fields: FieldMap) -> Iterator[Loss]:
    """What `sayable` changes of the query, and what one pass makes of its spoilers.

    Raises:
        Refused: the platform keeps no field for something that the query itself reads.
    """
    if missing := unkept(query, fields):
        raise Refused(f"{fields.title} keeps no {', '.join(sorted(missing))}")
    asked_for = sayable(query, fields)
    for rival in query.rivals:
        if rival not in asked_for.rivals:
            yield Loss(
                Direction.OPEN, f"what {rival.cascade} explains still alerts: no field for it"
            )
    for veto, asked in zip(query.vetoes, asked_for.vetoes, strict=True):
        if veto != asked:
            text = f"more counts as explained by {veto.cascade} than is, and alerts"
            yield Loss(Direction.OPEN, text)
    if any(each.spoilers for each in (query, *query.rivals)):
        text = "what voids and lacks a key or an account does so in every account, whatever it is about"
        yield Loss(Direction.OPEN, text)
