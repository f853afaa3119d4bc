"""The statements that write a graph: MERGE what must be there, delete what must not, touch nothing else.

A statement changes a node or a relationship only where its properties differ from those that are wanted, so
that what is written a second time changes nothing, and the server's counters say so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from ..errors import GraphError
from ..schema import EDGE_TYPES, NODE_TYPES, Edge, Node
from .connection import Row
from .schema import CONSTRAINTS, INDEXES, edge_row, end_labels, label, node_row

if TYPE_CHECKING:
    from neo4j import ManagedTransaction, SummaryCounters

    from .connection import Connection


@dataclass(frozen=True, slots=True)
class Changes:
    """What the server says that it changed."""

    nodes_created: int = 0
    nodes_deleted: int = 0
    relationships_created: int = 0
    relationships_deleted: int = 0
    properties_set: int = 0
    constraints_added: int = 0
    indexes_added: int = 0

    def __add__(self, other: Self) -> "Changes":
        return Changes(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )

    def __bool__(self) -> bool:
        """Whether anything was changed."""
        return any(getattr(self, each.name) for each in fields(self))


def ensure_schema(connection: "Connection") -> Changes:
    """Make the constraints and indexes that are not there yet."""
    return connection.write(_ensure_schema)


def _ensure_schema(transaction: "ManagedTransaction") -> Changes:
    changes = Changes()
    for statement in (*CONSTRAINTS, *INDEXES):
        changes += counted(transaction, statement)
    return changes


def write_nodes(
    transaction: "ManagedTransaction", kind: type[Node], catalog: str, rows: list[Row]
) -> Changes:
    """Have nodes of one kind be as `node_row` gives them."""
    return counted(
        transaction,
        f"UNWIND $rows AS row"
        f" MERGE (n:{label(kind)} {{catalog: $catalog, id: row.id}})"
        f" WITH n, row WHERE properties(n) <> row.properties"
        f" SET n = row.properties",
        rows=rows,
        catalog=catalog,
    )


def write_edges(
    transaction: "ManagedTransaction", kind: type[Edge], catalog: str, rows: list[Row]
) -> Changes:
    """Have edges of one kind be as `edge_row` gives them. Those whose ends are not there are passed over."""
    source, target = end_labels(kind)
    return counted(
        transaction,
        f"UNWIND $rows AS row"
        f" MATCH (s:{source} {{catalog: $catalog, id: row.source}})"
        f" MATCH (t:{target} {{catalog: $catalog, id: row.target}})"
        f" MERGE (s)-[e:{kind.KIND} {{key: row.key}}]->(t)"
        f" WITH e, row WHERE properties(e) <> row.properties"
        f" SET e = row.properties",
        rows=rows,
        catalog=catalog,
    )


def write_all(
    transaction: "ManagedTransaction",
    catalog: str,
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    documents: Mapping[str, str],
) -> Changes:
    """Add to the graph in one transaction; see `GraphStore.write`."""
    changes = Changes()
    by_ref = {node.ref: node for node in nodes}
    wanted = {(edge.source_ref, edge.target_ref, edge.key): edge for edge in edges}
    _require_ends(transaction, catalog, by_ref.keys(), wanted.values())
    for node_kind in NODE_TYPES:
        if rows := list(node_rows(node_kind, by_ref.values(), catalog, documents)):
            changes += write_nodes(transaction, node_kind, catalog, rows)
    for edge_kind in EDGE_TYPES:
        if rows := list(edge_rows(edge_kind, wanted.values())):
            changes += write_edges(transaction, edge_kind, catalog, rows)
    return changes


def node_rows(
    kind: type[Node], nodes: Iterable[Node], catalog: str, documents: Mapping[str, str]
) -> Iterator[Row]:
    """The nodes of a kind as parameters."""
    for node in nodes:
        if isinstance(node, kind):
            document = documents.get(node.id) if kind.KIND == "cascade" else None
            yield node_row(node, catalog, document)


def edge_rows(kind: type[Edge], edges: Iterable[Edge]) -> Iterator[Row]:
    """The edges of a kind as parameters."""
    return (edge_row(edge) for edge in edges if isinstance(edge, kind))


def _require_ends(
    transaction: "ManagedTransaction", catalog: str, new: Iterable[str], edges: Iterable[Edge]
) -> None:
    known = set(new)
    unknown: dict[str, Edge] = {}
    for edge in edges:
        for ref in (edge.source_ref, edge.target_ref):
            if ref not in known:
                unknown.setdefault(ref, edge)
    for kind in NODE_TYPES:
        prefix = f"{kind.KIND}:"
        ids = [ref.removeprefix(prefix) for ref in unknown if ref.startswith(prefix)]
        if ids:
            found = transaction.run(
                f"UNWIND $ids AS id MATCH (n:{label(kind)} {{catalog: $catalog, id: id}}) RETURN n.id",
                ids=ids,
                catalog=catalog,
            )
            known.update(f"{prefix}{id_}" for id_ in found.value())
    for ref, edge in unknown.items():
        if ref not in known:
            raise GraphError(f"an edge {edge.KIND} names {ref}, which the graph does not have")


def counted(transaction: "ManagedTransaction", query: str, **parameters: Any) -> Changes:
    """Run a statement for what it changes."""
    return changes_of(transaction.run(query, parameters).consume().counters)


def changes_of(counters: "SummaryCounters") -> Changes:
    """What a server's counters say."""
    return Changes(**{each.name: getattr(counters, each.name) for each in fields(Changes)})
