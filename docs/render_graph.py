"""Writes anew what docs/graph.md shows of a real server: the schema's picture and the output of every query.

    python docs/render_graph.py

It needs a JDK and Maven, boots a server of its own, pushes the catalogue and the sample's events, and puts the
answer of each ```cypher block into the ```text block after it. tests/graph/neo4j/test_docs.py holds the page to it.
"""

import json
import os
import re
import tempfile
from pathlib import Path

from cloudcascade.cli.main import run
from cloudcascade.graph.neo4j import Answer, Connection, Credentials, StoreAddress, ask
from cloudcascade.tests.support.neo4j_server import PASSWORD, USERNAME, Neo4jServer, NoServer

HERE = Path(__file__).parent
PAGE = HERE / "graph.md"
SAMPLE = HERE / "sample" / "AWSLogs"
BLOCK = re.compile(r"```cypher\n(?P<query>.*?)```\n\n```text\n.*?```", re.DOTALL)
PICTURE = re.compile(r"```mermaid\n.*?```", re.DOTALL)
PROPERTIES = re.compile(r"(?<=<!-- properties -->\n).*?(?=<!-- end -->)", re.DOTALL)
SHOWN_ROWS = 8

ENDS = """
MATCH (a {catalog: $catalog})-[r]->(b {catalog: $catalog})
RETURN DISTINCT labels(a)[0] AS source, type(r) AS type, labels(b)[0] AS target ORDER BY source, type, target
"""
NODE_PROPERTIES = """
MATCH (n {catalog: $catalog}) UNWIND keys(n) AS key
WITH labels(n)[0] AS name, key ORDER BY key
RETURN name, collect(DISTINCT key) AS properties ORDER BY name
"""
EDGE_PROPERTIES = """
MATCH (a {catalog: $catalog})-[r]->({catalog: $catalog}) UNWIND keys(r) AS key
WITH type(r) AS name, key ORDER BY key
RETURN name, collect(DISTINCT key) AS properties ORDER BY name
"""


def rendered(text: str, connection: Connection) -> str:
    """The page with what the server of `connection` says."""
    text = PICTURE.sub(lambda _: f"```mermaid\n{_picture(connection)}```", text)
    text = PROPERTIES.sub(lambda _: _properties(connection), text)
    return BLOCK.sub(lambda block: _answered(block["query"], connection), text)


def fill(uri: str) -> None:
    """Push the catalogue, and write the events of the sample."""
    os.environ |= {"NEO4J_USERNAME": USERNAME, "NEO4J_PASSWORD": PASSWORD}
    for command in (["graph", "push"], ["classify", str(SAMPLE), "-f", "ndjson", "-o", os.devnull]):
        assert run([*command, "--store", uri]) == 0


def _asked(query: str, connection: Connection) -> Answer:
    return ask(connection, query, {"catalog": connection.address.catalog}, limit=1_000)


def _picture(connection: Connection) -> str:
    lines = ["flowchart LR"]
    for source, type_, target in _asked(ENDS, connection).rows:
        lines.append(f"  {source} -- {type_} --> {target}")
    return "\n".join(lines) + "\n"


def _properties(connection: Connection) -> str:
    lines = ["| label or type | properties |", "|---|---|"]
    for query, form in ((NODE_PROPERTIES, "`:{}`"), (EDGE_PROPERTIES, "`{}`")):
        for name, properties in _asked(query, connection).rows:
            assert isinstance(properties, list)
            named = ", ".join(f"`{each}`" for each in properties)
            lines.append(f"| {form.format(name)} | {named} |")
    return "\n".join(lines) + "\n"


def _answered(query: str, connection: Connection) -> str:
    answer = _asked(query, connection)
    cells = [list(answer.columns), *([_cell(value) for value in row] for row in answer.rows)]
    shown = cells[: SHOWN_ROWS + 1]
    widths = [max(len(row[at]) for row in shown) for at in range(len(answer.columns))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]
    if len(cells) > len(shown):
        lines.append(f"... {len(cells) - len(shown)} more")
    told = "\n".join(lines)
    return f"```cypher\n{query}```\n\n```text\n{told}\n```"


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    return " ".join(map(str, value)) if isinstance(value, list) else json.dumps(value)


def main() -> None:
    """Boot, fill, render."""
    with tempfile.TemporaryDirectory() as home:
        server = Neo4jServer(Path(home))
        try:
            server.start()
            fill(f"{server.uri}/neo4j")
            address = StoreAddress(server.uri, "neo4j")
            with Connection(address, Credentials(USERNAME, PASSWORD)) as connection:
                PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8"), connection), "utf-8")
        except NoServer as reason:
            print(f"docs/graph.md stays as it is: {reason}")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
