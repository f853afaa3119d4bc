"""docs/graph.md shows what a server says; the style file knows every label."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cloudcascade.graph.neo4j import Connection, Credentials, StoreAddress, ask
from cloudcascade.graph.neo4j.schema import EVENT, INSTANCE, LABELS
from cloudcascade.tests.support.neo4j_server import PASSWORD, USERNAME, Neo4jServer

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def renderer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("NEO4J_USERNAME", USERNAME)
    monkeypatch.setenv("NEO4J_PASSWORD", PASSWORD)
    spec = importlib.util.spec_from_file_location("render_graph", DOCS / "render_graph.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def connection(neo4j_server: Neo4jServer) -> Iterator[Connection]:
    address = StoreAddress(neo4j_server.uri, "neo4j", "docs")
    with Connection(address, Credentials(USERNAME, PASSWORD)) as connection:
        yield connection


def test_the_page_shows_what_the_server_says(
    renderer: ModuleType, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    renderer.fill(str(connection.address))
    page = (DOCS / "graph.md").read_text(encoding="utf-8")
    assert renderer.rendered(page, connection) == page, "run: make docs"
    assert len(renderer.BLOCK.findall(page)) == 10


def test_the_style_knows_every_label() -> None:
    style = (DOCS / "neo4j-style.grass").read_text(encoding="utf-8")
    assert set(re.findall(r"node\.(\w+)", style)) == {*LABELS.values(), EVENT, INSTANCE}


def test_the_joins_find_what_cartography_and_bloodhound_have_written(
    renderer: ModuleType, connection: Connection
) -> None:
    renderer.fill(str(connection.address))
    catalog = {"catalog": connection.address.catalog}
    theirs = """
        CREATE (a:AWSAccount {id: '111122223333'})
        CREATE (a)-[:RESOURCE]->(r:AWSPrincipal:AWSRole {name: 'app-server'})
        SET r.arn = 'arn:aws:iam::111122223333:role/x/app-server'
        CREATE (a)-[:RESOURCE]->(u:AWSPrincipal:AWSUser)
        SET u.arn = 'arn:aws:iam::111122223333:user/svc-reports'
        CREATE (:User {name: 'PRIYA.NAIR@EXAMPLE.COM'})
    """
    ask(connection, theirs, {}, limit=1, write=True)
    page = (DOCS / "graph.md").read_text(encoding="utf-8")
    joins = re.findall(r"```\n(MATCH .*?)```", page, re.DOTALL)
    assert len(joins) == 3
    for join in joins:
        assert ask(connection, join, catalog, limit=1, write=True).changes.relationships_created > 0
        assert not ask(connection, join, catalog, limit=1, write=True).changes
