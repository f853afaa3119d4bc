"""What can be wrong with a server is said in one sentence, with what to do and without the password."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloudcascade.graph import CascadeNode, GraphError, StoreError, draw_graph, stats
from cloudcascade.graph.neo4j import (
    Connection,
    Credentials,
    Neo4jStore,
    StoreAddress,
    find_credentials,
    parse_address,
    push,
)
from cloudcascade.graph.neo4j.connection import check_version
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.neo4j_server import PASSWORD, USERNAME, Neo4jServer

SECRET = "hunter2-hunter2"


@pytest.fixture
def opened() -> Iterator[Callable[..., Neo4jStore]]:
    connections: list[Connection] = []

    def opened(address: StoreAddress, credentials: Credentials | None) -> Neo4jStore:
        connections.append(Connection(address, credentials, patience_s=1))
        return Neo4jStore(connections[-1])

    yield opened
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
def test_nobody_listens(opened: Callable[..., Neo4jStore], scheme: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"{scheme}://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(StoreError, match=f"no Neo4j server answers at {uri}: "):
        stats(opened(StoreAddress(uri), Credentials("neo4j", SECRET)))


def test_a_host_that_is_none(opened: Callable[..., Neo4jStore]) -> None:
    with pytest.raises(
        StoreError, match=r"no Neo4j server answers at neo4j://nobody\.invalid:7687"
    ):
        stats(opened(parse_address("neo4j://nobody.invalid"), None))


def test_whoever_answers_is_no_neo4j(opened: Callable[..., Neo4jStore]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = f"bolt://127.0.0.1:{server.getsockname()[1]}"
        store = opened(StoreAddress(uri), None)
        answering = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import socket, sys; s = socket.socket(fileno=int(sys.argv[1]))\n"
                "while True: s.accept()[0].sendall(b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n')",
                str(server.fileno()),
            ],
            pass_fds=[server.fileno()],
        )
        try:
            with pytest.raises(StoreError, match=f"no Neo4j server answers at {uri}"):
                stats(store)
        finally:
            answering.kill()
            answering.wait()


@pytest.mark.parametrize(
    "credentials", [Credentials("neo4j", SECRET), Credentials("joe", SECRET), None]
)
def test_a_server_that_refuses_the_user(
    opened: Callable[..., Neo4jStore], neo4j_server: Neo4jServer, credentials: Credentials | None
) -> None:
    with pytest.raises(StoreError, match="set NEO4J_USERNAME and NEO4J_PASSWORD") as refused:
        stats(opened(StoreAddress(neo4j_server.uri, "neo4j"), credentials))
    assert SECRET not in repr(refused.value) + str(refused.value.__cause__)


def test_a_database_that_is_not_there(
    opened: Callable[..., Neo4jStore], neo4j_server: Neo4jServer
) -> None:
    address = StoreAddress(neo4j_server.uri, "elsewhere")
    with pytest.raises(StoreError, match="has no database 'elsewhere'"):
        stats(opened(address, Credentials(USERNAME, PASSWORD)))


def test_the_users_own_database_is_meant_where_none_is_named(
    opened: Callable[..., Neo4jStore], neo4j_server: Neo4jServer
) -> None:
    address = parse_address(neo4j_server.uri.replace("bolt", "neo4j"))
    assert stats(opened(address, Credentials(USERNAME, PASSWORD))).nodes["action"] == 0


def test_a_database_that_is_read_only(
    own_server: Neo4jServer, connect_to: Callable[[Neo4jServer], Connection]
) -> None:
    drawing = draw_graph([DELETE_USER])
    push(connect_to(own_server), drawing.all_nodes.values(), drawing.all_edges)
    own_server.kill()
    own_server.start("server.databases.default_to_read_only=true")
    connection = connect_to(own_server)
    with pytest.raises(StoreError, match=f"'neo4j' at {own_server.uri} cannot be written to"):
        push(connection, drawing.all_nodes.values(), drawing.all_edges)
    assert stats(Neo4jStore(connection)).nodes["cascade"] == 1


@pytest.mark.parametrize("agent", ["Neo4j/4.4.38", "Neo4j/3.5.0"])
def test_a_server_that_is_too_old(agent: str) -> None:
    with pytest.raises(
        StoreError, match=f"the server is {agent}; cloudcascade needs Neo4j 5 or newer"
    ):
        check_version(agent)


@pytest.mark.parametrize("agent", ["Neo4j/5.0.0", "Neo4j/5.26.0", "Neo4j/2025.10.1", "Other/1"])
def test_a_server_that_is_new_enough(agent: str) -> None:
    check_version(agent)


def test_what_breaks_the_schema_is_named(connect: Callable[[], Connection]) -> None:
    connection = connect()
    drawing = draw_graph([DELETE_USER])
    push(connection, drawing.all_nodes.values(), drawing.all_edges)
    connection.write(
        lambda transaction: transaction.run(
            "MATCH (c:Cascade {catalog: $catalog}) SET c.policy = 'perhaps'",
            catalog=connection.address.catalog,
        ).consume()
    )
    with pytest.raises(
        GraphError, match=r"holds a cascade that breaks the schema: .*aws\.iam\.delete"
    ):
        Neo4jStore(connection).nodes(CascadeNode)


def test_without_the_driver_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['neo4j'] = None\n"
        "from cloudcascade.graph.neo4j import Connection, parse_address\n"
        "Connection(parse_address('neo4j://localhost'), None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'cloudcascade[neo4j]'" in done.stderr


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("neo4j://graph", StoreAddress("neo4j://graph:7687")),
        ("bolt://127.0.0.1:17687/", StoreAddress("bolt://127.0.0.1:17687")),
        (
            "neo4j+s://x.databases.neo4j.io/neo4j",
            StoreAddress("neo4j+s://x.databases.neo4j.io:7687", "neo4j"),
        ),
        (
            "bolt+ssc://[::1]:1/a%20b?catalog=prod",
            StoreAddress("bolt+ssc://[::1]:1", "a b", "prod"),
        ),
    ],
)
def test_an_address_as_it_is_typed(text: str, address: StoreAddress) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http://graph:7474", "is no store; write neo4j://"),
        ("graph.json", "is no store"),
        ("neo4j://", "is no store"),
        ("neo4j://graph:port", "is no address"),
        ("neo4j://graph/one/two", "'one/two' is no name of a database"),
        ("neo4j://graph?database=x", r"takes \?catalog=NAME, and nothing else"),
        ("neo4j://graph?catalog=", "'' is no name of a catalogue"),
        ("neo4j://graph?catalog=a'b", "is no name of a catalogue"),
        (f"neo4j://neo4j:{SECRET}@graph", "has a user or a password in its address"),
        (f"neo4j://neo4j:{SECRET}@graph:port", "is no address"),
    ],
)
def test_what_is_no_address(text: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as refused:
        parse_address(text)
    assert SECRET not in str(refused.value)


def test_credentials_of_the_environment() -> None:
    found = find_credentials(None, {"NEO4J_USERNAME": "joe", "NEO4J_PASSWORD": SECRET})
    assert found == Credentials("joe", SECRET)
    assert SECRET not in repr(found)
    assert find_credentials(None, {"NEO4J_USERNAME": "joe"}) is None


def test_credentials_of_a_file_go_before_those_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "aura.txt"
    file.write_text(
        "# Wait 60 seconds\nNEO4J_URI=neo4j+s://x.databases.neo4j.io\nexport NEO4J_USERNAME='joe'\n"
        "NEO4J_PASSWORD=a=b#c\n"
    )
    assert find_credentials(file, {"NEO4J_PASSWORD": SECRET}) == Credentials("joe", "a=b#c")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"NEO4J_USERNAME=joe\n", "has no line NEO4J_PASSWORD="), (b"\xff\xfe", "is no text")],
)
def test_a_file_without_credentials(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "auth"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=message):
        find_credentials(file, os.environ)
    with pytest.raises(StoreError, match="No such file"):
        find_credentials(tmp_path / "none", os.environ)


def test_an_address_is_shown_as_it_is_typed() -> None:
    address = parse_address("neo4j://graph/security?catalog=prod")
    assert parse_address(str(address)) == replace(address)
