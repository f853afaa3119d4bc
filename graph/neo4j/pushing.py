"""A whole graph goes to the server: in batches, and again at will.

Each batch is a transaction. What is cut off in the middle leaves a part of the graph, and the next push makes it
whole. Nothing that another push has written in the meantime is written twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from ..errors import GraphError
from ..schema import EDGE_TYPES, NODE_TYPES, Edge, Node
from .asking import COUNTS
from .connection import Connection, Row
from .schema import batches, end_labels, label
from .writing import Changes, counted, edge_rows, ensure_schema, node_rows, write_edges, write_nodes

BATCH = 2_000
# A kind, the ids of both ends, and the key.
_Name: TypeAlias = tuple[str, str, str, str]
_NONE: Mapping[str, str] = MappingProxyType({})


def push(
    connection: Connection,
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    *,
    documents: Mapping[str, str] = _NONE,
    prune: bool = True,
    batch: int = BATCH,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Changes:
    """Make the catalogue of `connection` hold this graph.

    Args:
        documents: the cascades' own documents by id, as JSON. `Neo4jStore.documents` gives them back.
        prune: whether to delete what the graph does not have. Of a node that goes, every relationship goes, those
            which others have drawn included.
        batch: how many nodes or edges go into one transaction.
        progress: told after each batch how many values have been written, and of how many.

    Raises:
        StoreError: the server is of no use, or goes away. What has been written stays.
        GraphError: an edge has an end which the graph does not have; or the server refuses.
    """
    catalog = connection.address.catalog
    all_nodes = {node.ref: node for node in nodes}
    all_edges = {(edge.source_ref, edge.target_ref, edge.key): edge for edge in edges}
    _require_ends(all_nodes, all_edges.values())
    of, done = len(all_nodes) + len(all_edges), 0
    changes = ensure_schema(connection)
    for node_kind in NODE_TYPES:
        rows = node_rows(node_kind, all_nodes.values(), catalog, documents)
        for part in batches(rows, batch):
            changes += connection.write(
                partial(write_nodes, kind=node_kind, catalog=catalog, rows=part)
            )
            progress(done := done + len(part), of)
    for edge_kind in EDGE_TYPES:
        for part in batches(edge_rows(edge_kind, all_edges.values()), batch):
            changes += connection.write(
                partial(write_edges, kind=edge_kind, catalog=catalog, rows=part)
            )
            progress(done := done + len(part), of)
    if prune:
        changes += _prune(connection, all_nodes, all_edges.values(), batch)
    return changes


def clear(connection: Connection, batch: int = BATCH) -> Changes:
    """Delete the whole catalogue of `connection`, and nothing else."""
    changes = Changes()
    for kind in NODE_TYPES:
        gone = _nodes_gone(connection, kind, {})
        changes += _delete(connection, _delete_nodes(kind), gone, batch)
    return changes


def _require_ends(nodes: Mapping[str, Node], edges: Iterable[Edge]) -> None:
    for edge in edges:
        for ref in (edge.source_ref, edge.target_ref):
            if ref not in nodes:
                raise GraphError(f"an edge {edge.KIND} names {ref}, which the graph does not have")


def _prune(
    connection: Connection, nodes: Mapping[str, Node], edges: Iterable[Edge], batch: int
) -> Changes:
    changes = Changes()
    wanted: set[_Name] = {(edge.KIND, edge.source, edge.target, edge.key) for edge in edges}
    # All that is wanted is there by now: a kind of which there are as many as are wanted has nothing to lose.
    there = {row["kind"]: row["number"] for row in connection.rows(COUNTS, _catalog(connection))}
    number = Counter(name[0] for name in wanted) + Counter(node.KIND for node in nodes.values())
    for edge_kind in EDGE_TYPES:
        if there.get(edge_kind.KIND, 0) != number[edge_kind.KIND]:
            gone = _edges_gone(connection, edge_kind, wanted)
            changes += _delete(connection, _delete_edges(edge_kind), gone, batch)
    for node_kind in NODE_TYPES:
        if there.get(node_kind.KIND, 0) != number[node_kind.KIND]:
            gone = _nodes_gone(connection, node_kind, nodes)
            changes += _delete(connection, _delete_nodes(node_kind), gone, batch)
    return changes


def _edges_gone(connection: Connection, kind: type[Edge], wanted: set[_Name]) -> list[Row]:
    source, target = end_labels(kind)
    rows = connection.rows(
        f"MATCH (s:{source} {{catalog: $catalog}})-[e:{kind.KIND}]->(t:{target} {{catalog: $catalog}})"
        f" RETURN s.id AS source, t.id AS target, e.key AS key, elementId(e) AS element",
        _catalog(connection),
    )
    seen: set[_Name] = set()
    gone = []
    for row in rows:
        name = (kind.KIND, row["source"], row["target"], row["key"])
        # A second of the same name, too: pushes at the same time may each have made one.
        if name not in wanted or name in seen:
            gone.append({"element": row["element"]})
        seen.add(name)
    return gone


def _nodes_gone(connection: Connection, kind: type[Node], wanted: Mapping[str, Node]) -> list[Row]:
    rows = connection.rows(
        f"MATCH (n:{label(kind)} {{catalog: $catalog}}) RETURN n.id AS id",
        _catalog(connection),
    )
    return [row for row in rows if f"{kind.KIND}:{row['id']}" not in wanted]


def _delete_edges(kind: type[Edge]) -> str:
    return f"UNWIND $rows AS row MATCH ()-[e:{kind.KIND}]->() WHERE elementId(e) = row.element DELETE e"


def _delete_nodes(kind: type[Node]) -> str:
    return f"UNWIND $rows AS row MATCH (n:{label(kind)} {{catalog: $catalog, id: row.id}}) DETACH DELETE n"


def _delete(connection: Connection, statement: str, rows: list[Row], batch: int) -> Changes:
    changes = Changes()
    for part in batches(rows, batch):
        changes += connection.write(
            partial(counted, query=statement, rows=part, catalog=connection.address.catalog)
        )
    return changes


def _catalog(connection: Connection) -> dict[str, str]:
    return {"catalog": connection.address.catalog}
