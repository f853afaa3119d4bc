"""Where the graph is kept: the protocol that every store fulfils.

A store takes plain values and gives plain values, sorted by `node_order` and `edge_order`: two stores
that hold the same graph answer alike, in the same order. The questions of `queries.py` need no more
than this.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from .schema import Edge, Node

NodeT = TypeVar("NodeT", bound=Node)
EdgeT = TypeVar("EdgeT", bound=Edge)


class GraphReader(Protocol):
    """Reads a graph."""

    def node(self, kind: type[NodeT], node_id: str) -> NodeT | None:
        """The node of that kind and id, if there is one."""
        ...

    def nodes(self, kind: type[NodeT]) -> list[NodeT]:
        """All nodes of a kind, sorted."""
        ...

    def edges(
        self, kind: type[EdgeT], *, source: str | None = None, target: str | None = None
    ) -> list[EdgeT]:
        """The edges of a kind, sorted; only those from `source` or to `target`, by id, where given."""
        ...


class GraphStore(GraphReader, Protocol):
    """Reads and writes a graph."""

    def write(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
        """Add to the graph; a node of the same ref and an edge of the same ends and key is replaced.

        Raises:
            GraphError: an edge has an end which neither the graph nor `nodes` has. Nothing is written.
        """
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...
