"""The graph as a file: node-link JSON and GraphML, out and in.

Both are written as networkx and the tools around it read them. What is read may come from anywhere:
it is bounded in size, held to the schema value by value, and written to the store only when all of
it is sound.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ..errors import Place
from .errors import GraphError
from .graphml import read_graphml, to_scalar
from .schema import EDGE_TYPES, NODE_TYPES, Edge, Node
from .store import GraphReader, GraphStore

if TYPE_CHECKING:
    import networkx as nx

GraphFormat = Literal["json", "graphml"]

MAX_BYTES = 16 * 1024 * 1024
_NODE_TYPES: dict[str, type[Node]] = {kind.KIND: kind for kind in NODE_TYPES}
_EDGE_TYPES: dict[str, type[Edge]] = {kind.KIND: kind for kind in EDGE_TYPES}


class _Header(msgspec.Struct, frozen=True):
    format: Literal["cloudcascade-graph"] = "cloudcascade-graph"
    version: Literal[1] = 1


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """networkx's node-link form, https://networkx.org/documentation/stable/reference/readwrite/json_graph.html."""

    directed: bool
    multigraph: bool
    graph: dict[str, Any]
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]


class _Item(msgspec.Struct, frozen=True):
    """A node or an edge as it was read, where it stands, and what to call it in a message."""

    place: Place
    name: str
    values: dict[str, Any]


def export_json(graph: GraphReader) -> str:
    """The graph as node-link JSON. Equal graphs give equal text."""
    import networkx as nx

    data = nx.node_link_data(_plain(graph), edges="edges")
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def export_graphml(graph: GraphReader) -> str:
    """The graph as GraphML. Equal graphs give equal text."""
    import networkx as nx

    plain = _plain(graph)
    for _, values in plain.nodes(data=True):
        values.update({name: to_scalar(value) for name, value in values.items()})
    for _, _, values in plain.edges(data=True):
        values.update({name: to_scalar(value) for name, value in values.items()})
    return "\n".join(nx.generate_graphml(plain)) + "\n"


def import_json(text: bytes, store: GraphStore, *, file: str = "<json>") -> None:
    """Read node-link JSON into `store`; `file` is what messages call it.

    Raises:
        GraphError: the text is too large, no JSON, of another shape, or breaks the schema.
    """
    _check_size(text, file)
    try:
        document = msgspec.json.decode(text, type=_Document)
    except msgspec.ValidationError as error:
        raise GraphError(f"no graph of cloudcascade: {error}", Place(file)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise GraphError(f"no JSON: {error}", Place(file)) from error
    if not (document.directed and document.multigraph):
        raise GraphError("not a directed multigraph", Place(file))
    _check_header(document.graph, Place(file))
    place = Place(file)
    _write(
        store,
        [_Item(place, f"nodes[{at}]", values) for at, values in enumerate(document.nodes)],
        [_Item(place, f"edges[{at}]", values) for at, values in enumerate(document.edges)],
    )


def import_graphml(text: bytes, store: GraphStore, *, file: str = "<graphml>") -> None:
    """Read GraphML, as `export_graphml` writes it, into `store`; `file` is what messages call it.

    Raises:
        GraphError: the text is too large, no XML, declares a document type, is other GraphML, or
            breaks the schema.
    """
    _check_size(text, file)
    read = read_graphml(text, file)
    if len(read.graphs) != 1:
        raise GraphError("needs one graph", Place(file))
    graph = read.graphs[0]
    if graph.attributes.get("edgedefault") != "directed":
        raise GraphError("not a directed graph", graph.place)
    _check_header(graph.data, graph.place)
    _write(
        store,
        [
            _Item(node.place, "node", {**node.data, "id": node.attributes.get("id")})
            for node in read.nodes
        ],
        [
            _Item(edge.place, "edge", {**edge.data, **_xml_ends(edge.attributes)})
            for edge in read.edges
        ],
    )


def read_graph(path: Path, store: GraphStore) -> GraphFormat:
    """Read a file into `store`, as what its content shows it to be, and say what that was.

    Raises:
        GraphError: the file cannot be read or used.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise GraphError(f"cannot be read: {error.strerror or error}", Place(str(path))) from error
    text = text.removeprefix(b"\xef\xbb\xbf")
    if text.lstrip().startswith(b"<"):
        import_graphml(text, store, file=str(path))
        return "graphml"
    import_json(text, store, file=str(path))
    return "json"


def _xml_ends(attributes: Mapping[str, str]) -> dict[str, str | None]:
    # GraphML calls an edge's key its id.
    return {
        "source": attributes.get("source"),
        "target": attributes.get("target"),
        "key": attributes.get("id"),
    }


def _plain(graph: GraphReader) -> "nx.MultiDiGraph[str]":
    """A networkx graph whose attributes are what JSON knows."""
    import networkx as nx

    plain: nx.MultiDiGraph[str] = nx.MultiDiGraph(**msgspec.to_builtins(_Header()))
    for node_type in NODE_TYPES:
        for node in graph.nodes(node_type):
            values = msgspec.to_builtins(node)
            del values["id"]
            plain.add_node(node.ref, **values)
    for edge_type in EDGE_TYPES:
        for edge in graph.edges(edge_type):
            values = msgspec.to_builtins(edge)
            del values["source"], values["target"]
            plain.add_edge(edge.source_ref, edge.target_ref, key=edge.key, **values)
    return plain


def _check_size(text: bytes, file: str) -> None:
    if len(text) > MAX_BYTES:
        raise GraphError(f"is larger than {MAX_BYTES} bytes", Place(file))


def _check_header(values: Mapping[str, object], place: Place) -> None:
    try:
        msgspec.convert(values, _Header)
    except msgspec.ValidationError as error:
        raise GraphError(
            f"no graph of cloudcascade, or of another version: {error}", place
        ) from error
    if not values.keys() >= {"format", "version"}:
        raise GraphError("no graph of cloudcascade: it does not say so", place)


def _write(store: GraphStore, nodes: list[_Item], edges: list[_Item]) -> None:
    read_nodes: dict[str, Node] = {}
    for item in nodes:
        node = _node(item)
        if node.ref in read_nodes:
            raise GraphError(f"{item.name}: {node.ref} is there twice", item.place)
        read_nodes[node.ref] = node
    read_edges: dict[tuple[str, str, str], Edge] = {}
    for item in edges:
        edge = _edge(item)
        ends = (edge.source_ref, edge.target_ref, edge.key)
        if ends in read_edges:
            raise GraphError(f"{item.name}: the same edge is there twice", item.place)
        for ref in ends[:2]:
            kind, _, id_ = ref.partition(":")
            if ref not in read_nodes and store.node(_NODE_TYPES[kind], id_) is None:
                raise GraphError(f"{item.name}: {ref} is no node of the graph", item.place)
        read_edges[ends] = edge
    store.write(read_nodes.values(), read_edges.values())


def _node(item: _Item) -> Node:
    kind = item.values.get("kind")
    node_type = _NODE_TYPES.get(kind) if isinstance(kind, str) else None
    if node_type is None:
        raise GraphError(f"{item.name}: there is no kind {_short(kind)} of node", item.place)
    values = {**item.values, "id": _id(item, "id", node_type.KIND)}
    try:
        node: Node = msgspec.convert(values, node_type)
    except msgspec.ValidationError as error:
        raise GraphError(f"{item.name}: {error}", item.place) from error
    return node


def _edge(item: _Item) -> Edge:
    kind = item.values.get("kind")
    edge_type = _EDGE_TYPES.get(kind) if isinstance(kind, str) else None
    if edge_type is None:
        raise GraphError(f"{item.name}: there is no kind {_short(kind)} of edge", item.place)
    values = {
        **item.values,
        "source": _id(item, "source", edge_type.ENDS[0]),
        "target": _id(item, "target", edge_type.ENDS[1]),
    }
    key = values.pop("key", None)
    try:
        edge: Edge = msgspec.convert(values, edge_type)
    except msgspec.ValidationError as error:
        raise GraphError(f"{item.name}: {error}", item.place) from error
    if key != edge.key:
        raise GraphError(f"{item.name}: the key is {_short(key)}, not {edge.key!r}", item.place)
    return edge


def _id(item: _Item, field: str, kind: str) -> str:
    """The id within its kind that `field` gives as `kind:id`."""
    ref = item.values.get(field)
    if not isinstance(ref, str) or not ref.startswith(f"{kind}:"):
        raise GraphError(f"{item.name}: {field} is {_short(ref)}, no {kind}", item.place)
    return ref.removeprefix(f"{kind}:")


def _short(value: object) -> str:
    return repr(value)[:80]
