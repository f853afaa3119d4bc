"""The graph as a script of Cypher that `cypher-shell -f` loads: the same statements as a push, values and all.

Whoever has no way from here to the server carries the file there. Loading it again changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ..schema import EDGE_TYPES, NODE_TYPES
from ..store import GraphReader
from .schema import CONSTRAINTS, INDEXES, batches, edge_row, end_labels, label, node_row

_ROWS = 200
_NONE: Mapping[str, str] = MappingProxyType({})


def export_cypher(graph: GraphReader, catalog: str, documents: Mapping[str, str] = _NONE) -> str:
    """The whole script. Equal graphs give equal text; a statement ends with the only `;` at an end of a line."""
    return "".join(f"{statement};\n" for statement in cypher_statements(graph, catalog, documents))


def cypher_statements(
    graph: GraphReader, catalog: str, documents: Mapping[str, str] = _NONE
) -> Iterator[str]:
    """The statements one by one, in the order in which they must be run."""
    yield from CONSTRAINTS
    yield from INDEXES
    name = text_literal(catalog)
    for kind in NODE_TYPES:
        rows = (
            node_row(node, catalog, documents.get(node.id) if node.KIND == "cascade" else None)
            for node in graph.nodes(kind)
        )
        for part in batches(rows, _ROWS):
            yield (
                f"UNWIND {_literal(part)} AS row\n"
                f"MERGE (n:{label(kind)} {{catalog: {name}, id: row.id}})\n"
                f"WITH n, row WHERE properties(n) <> row.properties\n"
                f"SET n = row.properties"
            )
    for edge_kind in EDGE_TYPES:
        source, target = end_labels(edge_kind)
        for part in batches((edge_row(edge) for edge in graph.edges(edge_kind)), _ROWS):
            yield (
                f"UNWIND {_literal(part)} AS row\n"
                f"MATCH (s:{source} {{catalog: {name}, id: row.source}})\n"
                f"MATCH (t:{target} {{catalog: {name}, id: row.target}})\n"
                f"MERGE (s)-[e:{edge_kind.KIND} {{key: row.key}}]->(t)\n"
                f"WITH e, row WHERE properties(e) <> row.properties\n"
                f"SET e = row.properties"
            )


def text_literal(text: str) -> str:
    r"""A text as Cypher spells it.

    Cypher 5 may read `\u0027` as a quote before it looks for the end of a text, so a backslash never stands before
    a `u` that is meant: texts with a backslash are put together from pieces.

    >>> print(text_literal("it's"), text_literal(r"a\u0027b"))
    'it\'s' ('a' + '\\' + 'u0027b')
    """
    pieces = ["'" + "".join(map(_escaped, piece)) + "'" for piece in text.split("\\")]
    if len(pieces) == 1:
        return pieces[0]
    return "(" + " + '\\\\' + ".join(pieces) + ")"


_NAMED = {"'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escaped(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    # Control characters and line separators, which an editor may take for the end of a line.
    if letter < " " or letter in "\x7f\x85\u2028\u2029":
        return f"\\u{ord(letter):04x}"
    return letter


def _literal(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return text_literal(value)
        case dict():
            return (
                "{" + ", ".join(f"{name}: {_literal(each)}" for name, each in value.items()) + "}"
            )
    return _list(value)


def _list(values: Iterable[Any]) -> str:
    several = [_literal(each) for each in values]
    gap = ",\n " if any(each.startswith("{") for each in several) else ", "
    return f"[{gap.join(several)}]"
