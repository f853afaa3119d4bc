"""What tells two graphs apart, and one graph written into another store."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .schema import EDGE_TYPES, NODE_TYPES, Edge, Node
from .store import GraphReader, GraphStore

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Difference:
    """Nodes and edges by name, each list in the order of the schema: `action:iam:DeleteUser`, or
    `iam:DeleteUser -[EMITS aws.iam.delete-user iam:DeleteUser iam:DeleteAccessKey]-> iam:DeleteAccessKey`."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.added or self.removed or self.changed)


def differences(
    old: GraphReader,
    new: GraphReader,
    *,
    old_documents: Mapping[str, str] = _NONE,
    new_documents: Mapping[str, str] = _NONE,
) -> Difference:
    """What must be added, removed and changed for `old` to become `new`.

    Of a cascade whose own document has changed the node counts as changed, though its fields be the same.
    """
    before, after = dict(_named(old, old_documents)), dict(_named(new, new_documents))
    return Difference(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
    )


def copy_graph(source: GraphReader, target: GraphStore) -> None:
    """Write all of one graph into a store."""
    nodes = [node for kind in NODE_TYPES for node in source.nodes(kind)]
    edges = [edge for kind in EDGE_TYPES for edge in source.edges(kind)]
    target.write(nodes, edges)


def _named(
    graph: GraphReader, documents: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Node | Edge, str | None]]]:
    for kind in NODE_TYPES:
        for node in graph.nodes(kind):
            document = documents.get(node.id) if node.KIND == "cascade" else None
            yield node.ref, (node, document)
    for edge_kind in EDGE_TYPES:
        for edge in graph.edges(edge_kind):
            yield f"{edge.source} -[{edge.key}]-> {edge.target}", (edge, None)
