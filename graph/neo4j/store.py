"""The graph on a Neo4j server."""

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..answers import (
    Chain,
    Cycles,
    Hiding,
    Masking,
    Reach,
    Relay,
    Silenced,
    Stats,
    hiding_order,
    masking_order,
    silenced_order,
)
from ..errors import missing
from ..schema import (
    EDGE_TYPES,
    NODE_TYPES,
    CascadeNode,
    ControllerNode,
    Edge,
    Emits,
    Node,
    TechniqueNode,
    edge_order,
    node_order,
)
from ..store import EdgeT, NodeT
from ..walks import chains_from, chains_to, rings
from . import asking
from .connection import Connection, Row
from .pushing import clear
from .schema import edge_of, end_labels, label, node_of
from .writing import ensure_schema, write_all

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

_NONE: Mapping[str, str] = MappingProxyType({})


class Neo4jStore:
    """A `GraphStore` that is one catalogue of a database, and answers the questions itself.

    It reads and writes as its connection may, in one transaction for each call.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._catalog = connection.address.catalog
        self._prepared = False

    def write(
        self, nodes: Iterable[Node], edges: Iterable[Edge], documents: Mapping[str, str] = _NONE
    ) -> None:
        """Add to the graph; see `GraphStore.write`. `pushing.push` is for whole catalogues."""
        all_nodes, all_edges = list(nodes), list(edges)
        if not self._prepared:
            ensure_schema(self._connection)
            self._prepared = True
        self._connection.write(
            lambda transaction: write_all(
                transaction, self._catalog, all_nodes, all_edges, documents
            )
        )

    def clear(self) -> None:
        """Forget everything of this catalogue."""
        clear(self._connection)

    def node(self, kind: type[NodeT], node_id: str) -> NodeT | None:
        """The node of that kind and id, if there is one."""
        rows = self._rows(
            f"MATCH (n:{label(kind)} {{catalog: $catalog, id: $id}}) RETURN properties(n) AS node",
            id=node_id,
        )
        return node_of(kind, rows[0]["node"]) if rows else None

    def nodes(self, kind: type[NodeT]) -> list[NodeT]:
        """All nodes of a kind, sorted."""
        rows = self._rows(
            f"MATCH (n:{label(kind)} {{catalog: $catalog}}) RETURN properties(n) AS node"
        )
        return sorted((node_of(kind, row["node"]) for row in rows), key=node_order)

    def edges(
        self, kind: type[EdgeT], *, source: str | None = None, target: str | None = None
    ) -> list[EdgeT]:
        """The edges of a kind, sorted; only those from `source` or to `target`, by id, where given."""
        source_label, target_label = end_labels(kind)
        given = {"source": source, "target": target}
        wanted = [f"{end[0]}.id = ${end}" for end, id_ in given.items() if id_ is not None]
        rows = self._rows(
            f"MATCH (s:{source_label} {{catalog: $catalog}})-[e:{kind.KIND}]->"
            f"(t:{target_label} {{catalog: $catalog}})"
            f" {'WHERE ' + ' AND '.join(wanted) if wanted else ''}"
            f" RETURN s.id AS source, t.id AS target, properties(e) AS edge",
            **given,
        )
        return _edges(kind, rows)

    def documents(self, cascades: Collection[str] | None = None) -> dict[str, str]:
        """The cascades' own documents by id, sorted, as they were pushed; of all, or of some ids."""
        rows = self._rows(
            "MATCH (c:Cascade {catalog: $catalog})"
            " WHERE c.document IS NOT NULL AND ($ids IS NULL OR c.id IN $ids)"
            " RETURN c.id AS id, c.document AS document",
            ids=None if cascades is None else list(cascades),
        )
        return {row["id"]: row["document"] for row in sorted(rows, key=lambda row: str(row["id"]))}

    def action_ids(self, *, named: bool = False) -> frozenset[str]:
        """The ids of all actions, or of those that the literature on attacks names."""
        rows = self._rows(
            "MATCH (a:Action {catalog: $catalog}) WHERE NOT $named OR a.log IS NOT NULL"
            " RETURN a.id AS id",
            named=named,
        )
        return frozenset(row["id"] for row in rows)

    def emits(self, action: str) -> list[Emits]:
        """See `queries.emits`."""
        return self._edges_about(action, asking.EMITS)

    def emitters(self, action: str) -> list[Emits]:
        """See `queries.emitters`."""
        return self._edges_about(action, asking.EMITTERS)

    def emits_transitively(self, action: str, max_steps: int | None) -> list[Reach]:
        """See `queries.emits_transitively`."""
        edges = self._edges_about(action, asking.edges_from(max_steps))
        return chains_from(edges, action, max_steps)

    def emitters_transitively(self, action: str, max_steps: int | None) -> list[Reach]:
        """See `queries.emitters_transitively`."""
        edges = self._edges_about(action, asking.edges_to(max_steps))
        return chains_to(edges, action, max_steps)

    def shortest_path(self, source: str, target: str) -> Chain | None:
        """See `queries.shortest_path`. One query for the distance, and one for each action on the way."""
        return self._connection.read(lambda transaction: self._path(transaction, source, target))

    def techniques_masked(self, cascade: str) -> list[Masking]:
        """See `queries.techniques_masked`."""
        rows = self._rows(asking.TECHNIQUES_MASKED, cascade=cascade)
        return _maskings(CascadeNode, cascade, rows)

    def cascades_masking(self, technique: str, subtechniques: bool) -> list[Masking]:
        """See `queries.cascades_masking`."""
        rows = self._rows(asking.CASCADES_MASKING, technique=technique, subtechniques=subtechniques)
        return _maskings(TechniqueNode, technique, rows)

    def blast_radius(self, technique: str) -> list[Silenced]:
        """See `queries.blast_radius`."""
        rows = self._rows(asking.BLAST_RADIUS, technique=technique)
        if not rows:
            raise missing("technique", technique)
        found = [
            Silenced(
                technique=row["technique"],
                action=row["action"],
                cascade=row["cascade"],
                policy=row["policy"],
                origins=tuple(sorted(set(row["origins"]))),
                also=tuple(sorted(set(row["also"]))),
            )
            for row in rows
            if row["action"] is not None
        ]
        return sorted(found, key=silenced_order)

    def controllers_hiding(self, technique: str) -> list[Hiding]:
        """See `queries.controllers_hiding`."""
        rows = self._rows(asking.CONTROLLERS_HIDING, technique=technique)
        if not rows:
            raise missing("technique", technique)
        return sorted(
            (Hiding(**row) for row in rows if row["controller"] is not None), key=hiding_order
        )

    def callers_of(self, action: str) -> list[ControllerNode]:
        """See `queries.callers_of`."""
        rows = self._rows(asking.CALLERS_OF, action=action)
        if not rows:
            raise missing("action", action)
        found = [row["controller"] for row in rows if row["controller"] is not None]
        return sorted((node_of(ControllerNode, each) for each in found), key=node_order)

    def relays(self) -> list[Relay]:
        """See `queries.relays`."""
        found = [
            Relay(row["action"], tuple(sorted(row["origins"])), tuple(sorted(row["effects"])))
            for row in self._rows(asking.RELAYS)
        ]
        return sorted(found, key=lambda each: each.action)

    def cycles(self, limit: int, max_length: int, ensembles: bool) -> Cycles:
        """See `queries.cycles`."""
        rows = self._rows(asking.TARGETS, ensembles=ensembles)
        return rings({row["source"]: sorted(row["targets"]) for row in rows}, limit, max_length)

    def stats(self) -> Stats:
        """See `queries.stats`."""
        counted = {row["kind"]: row["number"] for row in self._rows(asking.COUNTS)}
        return Stats(
            nodes={kind.KIND: counted.get(kind.KIND, 0) for kind in NODE_TYPES},
            edges={kind.KIND: counted.get(kind.KIND, 0) for kind in EDGE_TYPES},
        )

    def _rows(self, query: str, **parameters: Any) -> list[Row]:
        return self._connection.rows(query, {**parameters, "catalog": self._catalog})

    def _edges_about(self, action: str, query: str) -> list[Emits]:
        rows = self._rows(query, action=action)
        if not rows:
            raise missing("action", action)
        return _edges(Emits, rows)

    def _path(self, transaction: "ManagedTransaction", source: str, target: str) -> Chain | None:
        def ask(query: str, **parameters: object) -> list[Row]:
            return transaction.run(query, {**parameters, "catalog": self._catalog}).data()

        known = {row["id"] for row in ask(asking.EXIST, actions=[source, target])}
        for action in (target, source):
            if action not in known:
                raise missing("action", action)
        if source == target:
            return ()
        [row] = ask(asking.DISTANCE, source=source, target=target)
        if row["steps"] is None:
            return None
        ways = [source]
        for left in range(row["steps"] - 1, 0, -1):
            found = ask(asking.first_step(left), here=ways[-1], target=target, start=len(ways) == 1)
            ways.append(min(row["id"] for row in found))
        ways.append(target)
        pairs = [list(pair) for pair in pairwise(ways)]
        edges = _edges(Emits, ask(asking.STEPS, pairs=pairs))
        return next(
            reach.chain for reach in chains_from(edges, source, None) if reach.action == target
        )


def _edges(kind: type[EdgeT], rows: Iterable[Row]) -> list[EdgeT]:
    """The edges that rows tell of; a row may tell of none."""
    found = (
        edge_of(kind, row["source"], row["target"], row["edge"])
        for row in rows
        if row["edge"] is not None
    )
    return sorted(found, key=edge_order)


def _maskings(asked: type[Node], id_: str, rows: list[Row]) -> list[Masking]:
    if not rows:
        raise missing(asked.KIND, id_)
    found = [
        Masking(
            technique=row["technique"],
            name=row["name"],
            cascade=row["edge"]["cascade"],
            action=row["action"],
            node=row["edge"]["node"],
            relation=row["edge"]["relation"],
            policy=row["edge"]["policy"],
        )
        for row in rows
        if row["edge"] is not None
    ]
    return sorted(found, key=masking_order)
