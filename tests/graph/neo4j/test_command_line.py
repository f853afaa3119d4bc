"""`--store` answers as the catalogue does; `graph push`, `pull`, `diff` and `query` do what they say."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudcascade.cli.main import run
from cloudcascade.graph import NetworkxStore, read_graph
from cloudcascade.tests.support.neo4j_server import PASSWORD, USERNAME, Neo4jServer

SAMPLE = Path(__file__).parents[3] / "docs" / "sample" / "AWSLogs"
Cascade = Callable[..., str]


@pytest.fixture
def cascade(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cascade:
    """Runs the command and gives its output; what it says on standard error comes after."""
    monkeypatch.setenv("NEO4J_USERNAME", USERNAME)
    monkeypatch.setenv("NEO4J_PASSWORD", PASSWORD)

    def cascade(*arguments: str, status: int = 0) -> str:
        capfd.readouterr()
        found = run(list(arguments))
        told = capfd.readouterr()
        assert found == status, told.err
        return told.out + told.err

    return cascade


@pytest.fixture(scope="module")
def store(neo4j_server: Neo4jServer) -> str:
    """A store to which the catalogue has been pushed."""
    uri = f"{neo4j_server.uri}/neo4j?catalog=command-line"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEO4J_PASSWORD", PASSWORD)
        assert run(["graph", "push", "--store", uri]) == 0
    return uri


@pytest.mark.parametrize(
    "command",
    [
        "emits iam:DeleteUser",
        "emits DeleteUser --json",
        "emits DeleteStack --deep",
        "emits --all --json",
        "emits iam:CreateSAMLProvider",
        "explains DeactivateMFADevice",
        "explains DeactivateMFADevice --json",
        "explains DetachRolePolicy --deep",
        "path DeleteStack DeleteInstanceProfile",
        "list --service iam --json",
        "search mfa",
        "show aws.iam.delete-user --json",
        "stats --json",
        "graph stats",
        "graph masks T1556",
        "graph masks aws.iam.delete-user --json",
        "graph export",
        "graph export graphml",
        "graph export cypher --as x",
        "graph query reached-by -p action=cloudtrail:StopLogging",
        "graph query reach -p action=cloudformation:DeleteStack -p max_steps=1 --json",
        "graph query blast-radius -p technique=T1685.002",
        "graph query hiding-controllers -p technique=T1098 --limit 20",
        "graph query path -p source=cloudformation:DeleteStack -p target=iam:DeleteRole",
        "graph query cycles",
    ],
)
def test_a_store_answers_as_the_catalogue_does(cascade: Cascade, store: str, command: str) -> None:
    assert cascade(*command.split(), "--store", store) == cascade(*command.split())


def test_a_second_push_has_nothing_to_do(cascade: Cascade, store: str) -> None:
    assert "nothing to change" in cascade("graph", "push", "--store", store)
    told = json.loads(cascade("graph", "push", "--store", store, "--json"))
    assert set(told.values()) == {0}


def test_what_is_pulled_is_what_is_exported(cascade: Cascade, store: str, tmp_path: Path) -> None:
    file = tmp_path / "pulled.json"
    cascade("graph", "pull", "--store", store, "-o", str(file))
    assert read_graph(file, NetworkxStore()) == "json"
    assert file.read_text() == cascade("graph", "export")


def test_a_difference_is_shown_and_may_fail(
    cascade: Cascade, neo4j_server: Neo4jServer, tmp_path: Path
) -> None:
    store = f"{neo4j_server.uri}/neo4j?catalog=difference"
    config = tmp_path / "cascade.toml"
    config.write_text(
        '[cascades."aws.iam.delete-group"]\ndisabled = true\n'
        '[cascades."aws.iam.delete-user"]\npolicy = "annotate"\n'
    )
    cascade("graph", "push", "--store", store, "--config", str(config))
    told = cascade("graph", "diff", "--store", store, "--exit-code", status=1)
    assert "+ cascade:aws.iam.delete-group" in told
    assert "~ cascade:aws.iam.delete-user" in told
    cascade("graph", "push", "--store", store)
    told = cascade("graph", "diff", "--store", store, "--exit-code")
    assert told == "0 to add, 0 to remove, 0 to change\n"


def test_a_query_in_cypher_reads(cascade: Cascade, store: str) -> None:
    query = "MATCH (a:Action {catalog: $catalog}) WHERE a.id IN $ids RETURN a.id AS id, $n AS n, $t AS t"
    told = cascade(
        *("graph", "query", "--store", store, "--cypher", query, "--json"),
        *("-p", 'ids=["iam:DeleteUser"]', "-p", "n=3", "-p", "t=three"),
    )
    assert json.loads(told) == [{"id": "iam:DeleteUser", "n": 3, "t": "three"}]


def test_a_query_in_cypher_is_cut_off_at_the_limit(cascade: Cascade, store: str) -> None:
    query = "MATCH (a:Action {catalog: $catalog}) RETURN a.id"
    told = cascade("graph", "query", "--store", store, "--cypher", query, "--limit", "2")
    assert "the first 2 rows" in told
    assert told.count(":") == 3


def test_a_query_in_cypher_writes_only_with_leave(cascade: Cascade, store: str) -> None:
    query = "CREATE (n:Mine {catalog: $catalog}) DELETE n"
    command = ("graph", "query", "--store", store, "--cypher", query)
    assert "it would change the database; --write lets it" in cascade(*command, status=2)
    assert "1 nodes created, 1 nodes deleted" in cascade(*command, "--write")


def test_the_named_queries_are_listed(cascade: Cascade) -> None:
    told = cascade("graph", "query")
    assert "blast-radius" in told
    assert "action [max_steps]" in told


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("graph query nothing", "there is no query 'nothing'; there are emits, "),
        ("graph query emits", "the query emits takes action"),
        ("graph query cycles -p action=x", "the query cycles takes no parameters"),
        ("graph query emits -p action", "'action' is no parameter"),
        ("graph query --cypher RETURN", "--cypher goes with --store"),
        ("graph query emits -p action=iam:X --write", "--write is for --cypher"),
        ("graph push --store http://localhost", "is no store"),
        ("emits iam:DeleteUser --store neo4j://a:b@localhost", "has a user or a password in its"),
        ("emits iam:DeleteUser --store neo4j://localhost --derived", "holds what was pushed to it"),
        ("list --store-auth pyproject.toml", "--store-auth is for a --store"),
        ("graph export json --as x", "--as is for a Cypher script"),
        ("graph export json -f graphml", "give the format once"),
    ],
)
def test_what_cannot_be_asked_is_told(cascade: Cascade, command: str, message: str) -> None:
    told = " ".join(cascade(*command.split(), status=2).replace("│", " ").split())
    assert message in told


def test_credentials_may_come_from_a_file(
    cascade: Cascade, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEO4J_PASSWORD")
    file = tmp_path / "auth"
    file.write_text(f"NEO4J_PASSWORD={PASSWORD}\n")
    assert "iam" in cascade("list", "--store", store, "--store-auth", str(file))
    assert "set NEO4J_USERNAME and NEO4J_PASSWORD" in cascade("list", "--store", store, status=2)
    assert os.environ.get("NEO4J_PASSWORD") is None


def test_classify_leaves_events_and_says_what_it_always_says(cascade: Cascade, store: str) -> None:
    plain = cascade("classify", str(SAMPLE), "-f", "ndjson")
    assert cascade("classify", str(SAMPLE), "-f", "ndjson", "--store", store) == plain
    query = "MATCH (e:Event {catalog: $catalog})-[:CALLS]->(:Action) RETURN count(DISTINCT e) AS n"
    told = cascade("graph", "query", "--store", store, "--cypher", query, "--json")
    assert json.loads(told) == [{"n": len(plain.splitlines())}]


def test_classify_needs_a_catalogue_to_link_to(cascade: Cascade, store: str) -> None:
    told = cascade("classify", str(SAMPLE), "--store", f"{store}-elsewhere", status=2)
    assert "holds no catalogue 'command-line-elsewhere'" in told
