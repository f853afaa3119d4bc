"""A query as a table can answer it: what the table does not keep is asked in another way, or not at all."""

from collections.abc import Iterable
from dataclasses import replace

from ..capabilities import Direction, Loss
from ..losses import SAME_ACCESS_KEY
from ..query import SAME_CREDENTIAL, Edge, Key, KeyPair, Pattern, Query, Spoiler
from .layout import Layout


def readable(query: Query, layout: Layout) -> Query:
    """The query that compares access keys where the table keeps no credentials, and whose vetoes ask for nothing
    that it does not keep: they then explain more, and more alerts."""
    if not _keeps(layout, SAME_CREDENTIAL):
        query = _with_access_keys(query)
    return replace(query, vetoes=tuple(_widened(veto, layout) for veto in query.vetoes))


def losses_of_reading(query: Query, layout: Layout) -> Iterable[Loss]:
    """What `readable` changes of the query."""
    found = readable(query, layout)
    if found.nodes != query.nodes or found.rivals != query.rivals:
        yield Loss(
            Direction.OPEN, "access keys are compared: two keys of one sign-in are two hands"
        )
    for veto, asked in zip(query.vetoes, found.vetoes, strict=True):
        if veto != asked:
            yield Loss(
                Direction.OPEN, f"more counts as explained by {veto.cascade} than is, and alerts"
            )
    if layout.find("errorMessage") is None:
        yield Loss(
            Direction.CLOSED, "a failed call that has a message and no code counts as successful"
        )


def _with_access_keys(query: Query) -> Query:
    nodes = tuple(
        replace(
            node,
            edge=replace(
                node.edge,
                join=tuple(
                    SAME_ACCESS_KEY if pair == SAME_CREDENTIAL else pair for pair in node.edge.join
                ),
            ),
        )
        for node in query.nodes
    )
    return replace(query, nodes=nodes, rivals=tuple(map(_with_access_keys, query.rivals)))


def _widened(veto: Query, layout: Layout) -> Query:
    return replace(
        veto,
        root=_pattern(veto.root, layout),
        nodes=tuple(
            replace(node, pattern=_pattern(node.pattern, layout), edge=_edge(node.edge, layout))
            for node in veto.nodes
        ),
        spoilers=tuple(spoiler for spoiler in veto.spoilers if _all_kept(spoiler, layout)),
        root_keys=tuple(key for key in veto.root_keys if _keeps_key(layout, key)),
    )


def _pattern(pattern: Pattern, layout: Layout) -> Pattern:
    where = tuple(test for test in pattern.where if layout.find(test.path) is not None)
    return replace(pattern, where=where)


def _edge(edge: Edge, layout: Layout) -> Edge:
    return replace(
        edge,
        join=tuple(pair for pair in edge.join if _keeps(layout, pair)),
        distinct=tuple(pair for pair in edge.distinct if _keeps(layout, pair)),
    )


def _all_kept(spoiler: Spoiler, layout: Layout) -> bool:
    return _pattern(spoiler.pattern, layout) == spoiler.pattern and all(
        _keeps(layout, pair) for pair in spoiler.join
    )


def _keeps(layout: Layout, pair: KeyPair) -> bool:
    return _keeps_key(layout, pair.own) and _keeps_key(layout, pair.parent)


def _keeps_key(layout: Layout, key: Key) -> bool:
    return all(layout.find(path) is not None for path in key.paths)
