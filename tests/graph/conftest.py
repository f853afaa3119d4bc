"""The stores that the contract is held to: one in memory, one on a real server."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from cloudcascade.graph import NetworkxStore
from cloudcascade.graph.neo4j import Connection, Credentials, Neo4jStore, StoreAddress
from cloudcascade.tests.support.neo4j_server import PASSWORD, USERNAME, Neo4jServer, NoServer
from cloudcascade.tests.support.stores import NewStore

_numbers = count()


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A server for the whole run."""
    server = Neo4jServer(tmp_path_factory.mktemp("neo4j"))
    _start(server)
    yield server
    server.kill()


def _start(server: Neo4jServer) -> None:
    try:
        server.start()
    except NoServer as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def connect(neo4j_server: Neo4jServer) -> Iterator[Callable[[], Connection]]:
    """Makes connections, each to a catalogue of its own that is empty."""
    opened: list[Connection] = []

    def connect() -> Connection:
        address = StoreAddress(neo4j_server.uri, "neo4j", f"test-{next(_numbers)}")
        opened.append(Connection(address, Credentials(USERNAME, PASSWORD), patience_s=5))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Neo4jServer]:
    """A server of the test's own, which it may kill."""
    server = Neo4jServer(tmp_path / "neo4j")
    _start(server)
    yield server
    server.kill()


@pytest.fixture
def connect_to() -> Iterator[Callable[[Neo4jServer], Connection]]:
    """Makes connections to a server, which lose patience soon."""
    opened: list[Connection] = []

    def connect_to(server: Neo4jServer) -> Connection:
        address = StoreAddress(server.uri, "neo4j", "test")
        opened.append(Connection(address, Credentials(USERNAME, PASSWORD), patience_s=1))
        return opened[-1]

    yield connect_to
    for connection in opened:
        connection.close()


@pytest.fixture(params=["networkx", "neo4j"])
def new_store(request: pytest.FixtureRequest) -> NewStore:
    """Makes empty stores. A test that takes it holds of every store."""
    if request.param == "networkx":
        return NetworkxStore
    connect: Callable[[], Connection] = request.getfixturevalue("connect")
    return lambda: Neo4jStore(connect())
