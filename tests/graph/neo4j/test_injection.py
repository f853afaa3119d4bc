"""Nothing that is typed or kept becomes Cypher: ids, names, texts and parameters are values, whatever is in them."""

from collections.abc import Callable

import pytest

from cloudcascade.graph import (
    ActionNode,
    CascadeNode,
    GraphError,
    NetworkxStore,
    PartOf,
    ServiceNode,
    StoreError,
    ask_named,
    build_graph,
    differences,
    emits,
    stats,
)
from cloudcascade.graph.neo4j import (
    Connection,
    Credentials,
    Neo4jStore,
    StoreAddress,
    ask,
    cypher_statements,
    export_cypher,
)
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.neo4j_server import PASSWORD, USERNAME, Neo4jServer

HOSTILE = [
    "x'}) DETACH DELETE n //",
    'x"}) DETACH DELETE n //',
    "x`}) DETACH DELETE n //",
    "'; MATCH (n) DETACH DELETE n; //",
    "\\'; MATCH (n) DETACH DELETE n; //",
    "\\u0027}) DETACH DELETE n //",
    "\\\\u0027}) DETACH DELETE n //",
    "$catalog",
    "{catalog: $catalog}",
    "*/ MATCH (n) DETACH DELETE n /*",
    "x\n;\nMATCH (n) DETACH DELETE n;\n",
    "a\r\n\tb \u2028 \x85 \x0b \x1f \x7f 💥 \u202e",
    "' OR true OR '",
    "",
]

Connect = Callable[[], Connection]


@pytest.fixture
def filled(connect: Connect) -> Connection:
    connection = connect()
    build_graph([DELETE_USER], Neo4jStore(connection))
    return connection


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("emits", "action"),
        ("emitters", "action"),
        ("reach", "action"),
        ("reached-by", "action"),
        ("masks", "cascade"),
        ("masked-by", "technique"),
        ("blast-radius", "technique"),
        ("hiding-controllers", "technique"),
        ("callers", "action"),
    ],
)
def test_a_parameter_is_a_value(filled: Connection, query: str, parameter: str, text: str) -> None:
    store = Neo4jStore(filled)
    with pytest.raises(GraphError, match="the graph has no") as refused:
        ask_named(store, query, {parameter: text})
    assert not isinstance(refused.value, StoreError)
    assert stats(store) == stats(build_graph([DELETE_USER], NetworkxStore()))


@pytest.mark.parametrize("text", ["1) MATCH (n) DETACH DELETE n //", "-1", "²", "1..9", ""])
def test_a_number_is_a_number(filled: Connection, text: str) -> None:
    with pytest.raises(GraphError, match="max_steps is a number"):
        ask_named(Neo4jStore(filled), "reach", {"action": "iam:DeleteUser", "max_steps": text})


@pytest.mark.parametrize("text", HOSTILE)
def test_an_id_is_a_value(connect: Connect, text: str) -> None:
    connection = connect()
    # The schema would refuse such ids; the store does not lean on it.
    node = ActionNode(id=text)
    store = Neo4jStore(connection)
    store.write([node, ServiceNode(id=text)], [PartOf(source=text, target=text)])
    counted = stats(store)
    assert (counted.nodes["action"], counted.edges["PART_OF"]) == (1, 1)
    assert emits(store, text) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_comes_back_as_it_went(connect: Connect, text: str) -> None:
    titled = DELETE_USER.model_copy(update={"title": text})
    store = build_graph([titled], Neo4jStore(connect()))
    assert [node.title for node in store.nodes(CascadeNode)] == [text]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_catalogue_is_a_value(neo4j_server: Neo4jServer, filled: Connection, text: str) -> None:
    address = StoreAddress(neo4j_server.uri, "neo4j", text)
    with Connection(address, Credentials(USERNAME, PASSWORD)) as connection:
        store = Neo4jStore(connection)
        assert stats(store).nodes["action"] == 0
        store.clear()
    assert stats(Neo4jStore(filled)).nodes["cascade"] == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_script_holds_values(connect: Connect, text: str) -> None:
    graph = build_graph([DELETE_USER.model_copy(update={"title": text})], NetworkxStore())
    connection = connect()
    documents = {DELETE_USER.id: text}
    for statement in cypher_statements(graph, connection.address.catalog, documents):
        connection.write(lambda transaction, text=statement: transaction.run(text).consume())  # type: ignore[misc]
    store = Neo4jStore(connection)
    assert not differences(graph, store)
    assert store.documents() == documents


def test_a_script_loads_statement_by_statement() -> None:
    graph = build_graph([DELETE_USER.model_copy(update={"title": "a;\nb"})], NetworkxStore())
    script = export_cypher(graph, "x")
    statements = list(cypher_statements(graph, "x"))
    assert [part.removesuffix(";") for part in script.split(";\n")][:-1] == statements


WRITES = [
    "CREATE (n:Mine)",
    "MATCH (n) DETACH DELETE n",
    "MATCH (n) SET n.id = 'x' RETURN n",
    "MERGE (n:Mine {id: 1}) RETURN n",
    "MATCH (n) CALL (n) { CREATE (m:Mine) } RETURN count(*)",
    "MATCH (n) CALL (n) { CREATE (m:Mine) } IN TRANSACTIONS RETURN count(*)",
    "CREATE INDEX mine FOR (n:Mine) ON (n.id)",
    "CREATE USER joe SET PASSWORD 'abcdefgh'",
    "CALL db.createLabel('Mine')",
    "CALL dbms.killConnection('bolt-1')",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "LOAD CSV FROM 'http://127.0.0.1:1/x' AS line RETURN line",
    "CYPHER runtime=slotted CREATE (n:Mine)",
    "/* read */ CREATE (n:Mine)",
    "FOREACH (x IN [1] | CREATE (:Mine))",
]


@pytest.mark.parametrize("query", WRITES)
def test_a_typed_query_does_not_write(filled: Connection, query: str) -> None:
    with pytest.raises(GraphError, match=r"the query is not run: it .*; --write lets it"):
        ask(filled, query, {}, limit=10)
    assert ask(filled, "MATCH (n:Mine) RETURN count(n)", {}, limit=1).rows == ((0,),)


@pytest.mark.parametrize("prefix", ["PROFILE", "EXPLAIN", "profile", "explain"])
def test_nor_does_one_that_hides_behind_its_plan(filled: Connection, prefix: str) -> None:
    with pytest.raises(GraphError):
        ask(filled, f"{prefix} CREATE (n:Mine)", {}, limit=10)
    assert ask(filled, "MATCH (n:Mine) RETURN count(n)", {}, limit=1).rows == ((0,),)


def test_nor_do_two_statements(filled: Connection) -> None:
    with pytest.raises(GraphError, match="refuses the query"):
        ask(filled, "MATCH (n) RETURN n; CREATE (n:Mine)", {}, limit=10)


def test_the_server_itself_lets_a_reading_transaction_not_write(filled: Connection) -> None:
    with pytest.raises(GraphError, match="Writing in read access mode not allowed"):
        filled.read(lambda transaction: transaction.run("CREATE (n:Mine)").consume())


def test_with_leave_it_writes(filled: Connection) -> None:
    answer = ask(filled, "CREATE (n:Mine {id: $id}) DELETE n", {"id": 1}, limit=10, write=True)
    assert (answer.rows, answer.changes.nodes_created) == ((), 1)


@pytest.mark.parametrize("value", ["\udcff", 2**63, ["a\ud800"], {"x": -(2**63) - 1}])
def test_a_value_that_no_server_takes_is_refused(filled: Connection, value: object) -> None:
    with pytest.raises(GraphError, match="a parameter cannot be sent to a server"):
        ask(filled, "RETURN $value", {"value": value}, limit=1)


def test_a_result_is_cut_off_at_the_limit(filled: Connection) -> None:
    endless = "UNWIND range(1, 1000000000) AS x RETURN x, $y AS y"
    answer = ask(filled, endless, {"y": [1, {"z": None}]}, limit=2)
    assert answer.columns == ("x", "y")
    assert answer.rows == ((1, [1, {"z": None}]), (2, [1, {"z": None}]))
    assert answer.more


def test_what_a_result_holds_is_plain(filled: Connection) -> None:
    catalog = {"catalog": filled.address.catalog}
    query = (
        "MATCH p = (s:Service {catalog: $catalog})<-[r:PART_OF]-(a:Action {id: 'iam:DeleteUser'})"
        " RETURN p, r, date('2026-01-02') AS d, datetime('2026-01-02T03:04:05Z') AS t,"
        " duration('P1D') AS long, point({x: 1, y: 2}) AS here"
    )
    [row] = ask(filled, query, catalog, limit=2).rows
    service = {"labels": ["Service"], "properties": {"catalog": catalog["catalog"], "id": "iam"}}
    part_of = {"type": "PART_OF", "properties": {"key": "PART_OF"}}
    action = {
        "labels": ["Action"],
        "properties": {"catalog": catalog["catalog"], "id": "iam:DeleteUser", "note": ""},
    }
    assert row[0] == [service, part_of, action]
    assert row[1:5] == (part_of, "2026-01-02", "2026-01-02T03:04:05.000000000+00:00", "P1D")
    assert "1.0" in str(row[5])
