"""The graph in memory, in a networkx.MultiDiGraph."""

from collections.abc import Iterable, Iterator
from typing import Any

from .errors import GraphError
from .schema import Edge, Node, edge_order, node_order
from .store import EdgeT, NodeT


class NetworkxStore:
    """A `GraphStore` in memory.

    `graph` is a networkx graph whose nodes are refs, whose edge keys are `Edge.key`, and which has the
    value itself in the attribute `value`. Read it, do not change it.
    """

    def __init__(self) -> None:
        # Here, since it takes longer than many a question that needs no store.
        import networkx as nx

        self.graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()

    def write(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
        """Add to the graph; see `GraphStore.write`."""
        new_nodes = {node.ref: node for node in nodes}
        new_edges = list(edges)
        for edge in new_edges:
            for ref in (edge.source_ref, edge.target_ref):
                if ref not in new_nodes and ref not in self.graph:
                    raise GraphError(
                        f"an edge {edge.KIND} names {ref}, which the graph does not have"
                    )
        for ref, node in new_nodes.items():
            self.graph.add_node(ref, value=node)
        for edge in new_edges:
            self.graph.add_edge(edge.source_ref, edge.target_ref, key=edge.key, value=edge)

    def clear(self) -> None:
        """Forget everything."""
        self.graph.clear()

    def node(self, kind: type[NodeT], node_id: str) -> NodeT | None:
        """The node of that kind and id, if there is one."""
        found = self.graph.nodes.get(f"{kind.KIND}:{node_id}")
        if found is None:
            return None
        value = found["value"]
        assert isinstance(value, kind)
        return value

    def nodes(self, kind: type[NodeT]) -> list[NodeT]:
        """All nodes of a kind, sorted."""
        values = (data["value"] for _, data in self.graph.nodes(data=True))
        return sorted((value for value in values if isinstance(value, kind)), key=node_order)

    def edges(
        self, kind: type[EdgeT], *, source: str | None = None, target: str | None = None
    ) -> list[EdgeT]:
        """The edges of a kind, sorted; only those from `source` or to `target`, by id, where given."""
        values = self._values(
            None if source is None else f"{kind.ENDS[0]}:{source}",
            None if target is None else f"{kind.ENDS[1]}:{target}",
        )
        return sorted((value for value in values if isinstance(value, kind)), key=edge_order)

    def _values(self, source: str | None, target: str | None) -> Iterator[Any]:
        graph = self.graph
        if any(ref is not None and ref not in graph for ref in (source, target)):
            return
        if source is not None and target is not None:
            for data in (graph.get_edge_data(source, target) or {}).values():
                yield data["value"]
        elif source is not None:
            for _, _, data in graph.out_edges(source, data=True):
                yield data["value"]
        elif target is not None:
            for _, _, data in graph.in_edges(target, data=True):
                yield data["value"]
        else:
            for _, _, data in graph.edges(data=True):
                yield data["value"]
