"""What the graph looks like in Neo4j: labels, relationship types, properties, constraints.

A node is `(:Action {catalog, id, ...})`: a label by kind, and the fields of the value as properties. A field
that is None is no property. A relationship has the type of the edge's kind, the fields of the value, and `key`
(`Edge.key`), which tells it from its parallels. `catalog` on the nodes keeps several graphs apart, and keeps
them apart from what else lives in the database.

Labels and types are written into queries. They come from here, and from nowhere else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ..errors import GraphError
from ..schema import EDGE_TYPES, NODE_TYPES, Edge, Node, NodeKind
from ..store import EdgeT, NodeT

# None for every field that has no default: what is None in the value is no property in the store.
_BLANK: dict[str, dict[str, object]] = {
    kind.KIND: dict.fromkeys(
        kind.__struct_fields__[: len(kind.__struct_fields__) - len(kind.__struct_defaults__)]
    )
    for kind in (*NODE_TYPES, *EDGE_TYPES)
}
LABELS: dict[NodeKind, str] = {kind.KIND: kind.KIND.capitalize() for kind in NODE_TYPES}

# What `cascade classify --store` writes: events of a log, and the instances of cascades found in it.
INSTANCE, EVENT = "Instance", "Event"

CONSTRAINTS: tuple[str, ...] = tuple(
    f"CREATE CONSTRAINT cloudcascade_{label.lower()}_id IF NOT EXISTS"
    f" FOR (n:{label}) REQUIRE (n.catalog, n.id) IS UNIQUE"
    for label in (*LABELS.values(), INSTANCE, EVENT)
)
INDEXES: tuple[str, ...] = (
    *(
        # The constraint's index finds a node by both; this one finds all nodes of a catalogue.
        f"CREATE INDEX cloudcascade_{label.lower()}_catalog IF NOT EXISTS FOR (n:{label}) ON (n.catalog)"
        for label in LABELS.values()
    ),
    "CREATE INDEX cloudcascade_technique_name IF NOT EXISTS FOR (n:Technique) ON (n.name)",
    "CREATE INDEX cloudcascade_cascade_policy IF NOT EXISTS FOR (n:Cascade) ON (n.policy)",
    "CREATE INDEX cloudcascade_event_time IF NOT EXISTS FOR (n:Event) ON (n.time)",
    "CREATE INDEX cloudcascade_event_verdict IF NOT EXISTS FOR (n:Event) ON (n.verdict)",
)


def label(kind: type[NodeT]) -> str:
    """The label of a kind of node."""
    return LABELS[kind.KIND]


def end_labels(kind: type[EdgeT]) -> tuple[str, str]:
    """The labels of the nodes between which a kind of edge runs."""
    source, target = kind.ENDS
    return LABELS[source], LABELS[target]


def node_row(node: Node, catalog: str, document: str | None = None) -> dict[str, Any]:
    """A node as parameters: its `id`, and all its properties. `document` is the cascade's own, as JSON."""
    properties = _properties(node)
    properties["catalog"] = catalog
    if document is not None:
        properties["document"] = document
    return {"id": node.id, "properties": properties}


def edge_row(edge: Edge) -> dict[str, Any]:
    """An edge as parameters: the ids of its ends, its key, and all its properties."""
    properties = _properties(edge)
    del properties["source"], properties["target"]
    properties["key"] = edge.key
    return {
        "source": edge.source,
        "target": edge.target,
        "key": edge.key,
        "properties": properties,
    }


def node_of(kind: type[NodeT], properties: Mapping[str, Any]) -> NodeT:
    """The node that the properties tell of. Properties which others have added are passed over.

    Raises:
        GraphError: they break the schema.
    """
    node: NodeT = _value(kind, properties)
    return node


def edge_of(kind: type[EdgeT], source: str, target: str, properties: Mapping[str, Any]) -> EdgeT:
    """The edge that the properties tell of; see `node_of`.

    Raises:
        GraphError: they break the schema.
    """
    edge: EdgeT = _value(kind, {**properties, "source": source, "target": target})
    return edge


def batches(rows: Iterable[dict[str, Any]], size: int) -> Iterable[list[dict[str, Any]]]:
    """`rows` in lists of at most `size`."""
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _properties(value: Node | Edge) -> dict[str, Any]:
    values = msgspec.to_builtins(value)
    del values["kind"]
    return {name: each for name, each in values.items() if each is not None}


def _value(kind: type[NodeT] | type[EdgeT], given: Mapping[str, Any]) -> Any:
    values = _BLANK[kind.KIND] | {
        name: given[name] for name in kind.__struct_fields__ if name in given
    }
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise GraphError(
            f"the store holds a {kind.KIND} that breaks the schema: {error} ({_short(values)})"
        ) from error


def _short(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {values[name]!r}"[:80] for name in ("id", "source", "target") if name in values
    )
