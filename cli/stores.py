"""What a question is asked of: the catalogue as it lies here, or a graph on a Neo4j server (`--store`)."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from .options import Overlays, open_catalog

if TYPE_CHECKING:
    from ..catalog import Catalog, KnownAction
    from ..graph import Drawing, GraphReader, NetworkxStore
    from ..graph.neo4j import Connection, Neo4jStore

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URI",
        help="Ask a graph on a Neo4j server, not the catalogue: neo4j://HOST:7687/DATABASE?catalog=NAME. "
        "The user is that of NEO4J_USERNAME and NEO4J_PASSWORD.",
    ),
]
RecordOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URI",
        help="Also write the events and instances to a graph on a Neo4j server, for an investigation: "
        "neo4j://HOST:7687/DATABASE?catalog=NAME, to which the catalogue was pushed.",
    ),
]
AuthOption = Annotated[
    Path | None,
    typer.Option(
        "--store-auth",
        metavar="FILE",
        help="Take the user from a file with lines NEO4J_USERNAME=... and NEO4J_PASSWORD=...",
        exists=True,
        dir_okay=False,
    ),
]


class Source(Protocol):
    """What the question commands want to know, wherever it is kept."""

    def graph(self, *, controllers: bool = False) -> "GraphReader":
        """The graph for one question; with the known controllers only where they are asked for."""
        ...

    def whole(self) -> "GraphReader":
        """The graph for many questions, controllers included."""
        ...

    def actions(self) -> frozenset[str]:
        """The actions of the cascades, and those that the literature names."""
        ...

    def literature(self) -> frozenset[str]:
        """The actions that the literature names."""
        ...

    def known(self, action: str) -> "KnownAction | None":
        """What the literature says of an action."""
        ...

    def risks(self, cascades: Iterable[str]) -> dict[str, str]:
        """What remains to fear of each of these cascades, in their order."""
        ...

    def catalog(self) -> "Catalog":
        """The cascades themselves."""
        ...

    def documents(self) -> dict[str, str]:
        """The cascades' own documents by id, as JSON."""
        ...

    def place(self, cascade: str) -> str:
        """Where a cascade is kept."""
        ...


@dataclass(frozen=True, slots=True)
class FromCatalog:
    """The catalogue as it lies here."""

    opened: "Catalog"

    def graph(self, *, controllers: bool = False) -> "Drawing":
        """See `Source.graph`."""
        from ..catalog import known_actions, known_controllers
        from ..graph import draw_graph

        return draw_graph(
            self.opened.cascades,
            known=known_actions(),
            controllers=known_controllers() if controllers else {},
        )

    def whole(self) -> "NetworkxStore":
        """See `Source.whole`."""
        from ..catalog import known_actions, known_controllers
        from ..graph import NetworkxStore, build_graph

        return build_graph(
            self.opened.cascades,
            NetworkxStore(),
            known=known_actions(),
            controllers=known_controllers(),
        )

    def actions(self) -> frozenset[str]:
        """See `Source.actions`."""
        return self.opened.actions() | self.literature()

    def literature(self) -> frozenset[str]:
        """See `Source.literature`."""
        from ..catalog import known_actions

        return frozenset(known_actions())

    def known(self, action: str) -> "KnownAction | None":
        """See `Source.known`."""
        from ..catalog import known_actions

        return known_actions().get(action)

    def risks(self, cascades: Iterable[str]) -> dict[str, str]:
        """See `Source.risks`."""
        return {each: self.opened.get(each).suppression.residual_risk.strip() for each in cascades}

    def catalog(self) -> "Catalog":
        """See `Source.catalog`."""
        return self.opened

    def documents(self) -> dict[str, str]:
        """See `Source.documents`."""
        from ..catalog import dump_cascade

        return {cascade.id: dump_cascade(cascade) for cascade in self.opened.cascades}

    def place(self, cascade: str) -> str:
        """See `Source.place`."""
        return str(self.opened.sources[cascade])


@dataclass(frozen=True, slots=True)
class FromStore:
    """A graph on a server. Each method is one query, however much there is to tell."""

    store: "Neo4jStore"
    shown: str

    def graph(self, *, controllers: bool = False) -> "Neo4jStore":
        """See `Source.graph`."""
        return self.store

    def whole(self) -> "Neo4jStore":
        """See `Source.whole`."""
        return self.store

    def actions(self) -> frozenset[str]:
        """See `Source.actions`."""
        return self.store.action_ids()

    def literature(self) -> frozenset[str]:
        """See `Source.literature`."""
        return self.store.action_ids(named=True)

    def known(self, action: str) -> "KnownAction | None":
        """See `Source.known`."""
        from ..catalog import KnownAction
        from ..graph import ActionNode, Indicates

        node = self.store.node(ActionNode, action)
        if node is None or node.log is None:
            return None
        techniques = [edge.target for edge in self.store.edges(Indicates, source=action)]
        return KnownAction(log=node.log, attack=tuple(techniques), note=node.note)

    def risks(self, cascades: Iterable[str]) -> dict[str, str]:
        """See `Source.risks`."""
        from ..catalog import load_cascade

        wanted = list(dict.fromkeys(cascades))
        kept = self.store.documents(wanted)
        return {
            each: load_cascade(kept[each]).suppression.residual_risk.strip() if each in kept else ""
            for each in wanted
        }

    def catalog(self) -> "Catalog":
        """See `Source.catalog`."""
        from ..catalog import Catalog, load_cascade

        return Catalog(tuple(load_cascade(text) for text in self.store.documents().values()))

    def documents(self) -> dict[str, str]:
        """See `Source.documents`."""
        return self.store.documents()

    def place(self, cascade: str) -> str:
        """See `Source.place`."""
        return self.shown


@contextmanager
def opened_source(
    store: str | None,
    auth: Path | None,
    overlays: Overlays,
    *,
    derived: bool = False,
) -> Iterator[Source]:
    """What the options of a question command lead to.

    Raises:
        CatalogError: some document or the configuration is unsound.
        StoreError: the address or the credentials are.
    """
    if store is None:
        if auth is not None:
            raise typer.BadParameter("--store-auth is for a --store")
        yield FromCatalog(open_catalog(overlays, derived=derived))
        return
    if overlays.asked_for or derived:
        raise typer.BadParameter(
            "a --store holds what was pushed to it; leave --derived and the options of overlays out"
        )
    with connected(store, auth) as connection:
        from ..graph.neo4j import Neo4jStore

        yield FromStore(Neo4jStore(connection), str(connection.address))


@contextmanager
def connected(store: str, auth: Path | None) -> Iterator["Connection"]:
    """A connection to the server that `--store` names.

    Raises:
        StoreError: the address or the credentials are unsound, or the driver is not installed.
    """
    from ..graph.neo4j import Connection, find_credentials, parse_address

    address = parse_address(store)
    with Connection(address, find_credentials(auth, os.environ)) as connection:
        yield connection
