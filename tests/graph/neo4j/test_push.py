"""A push makes the server hold the catalogue, all of it and nothing else, however often and whatever happens."""

import time
from collections.abc import Callable

import pytest

from cloudcascade.catalog import (
    dump_cascade,
    known_actions,
    known_controllers,
    load_cascade,
    load_catalog,
)
from cloudcascade.graph import (
    ActionNode,
    CascadeNode,
    Drawing,
    GraphError,
    NetworkxStore,
    PartOf,
    StoreError,
    build_graph,
    copy_graph,
    differences,
    draw_graph,
    stats,
)
from cloudcascade.graph.neo4j import Changes, Connection, Neo4jStore, ask, clear, push
from cloudcascade.tests.support.cascades import DELETE_USER, cascade
from cloudcascade.tests.support.neo4j_server import Neo4jServer

Connect = Callable[[], Connection]
OTHER = cascade(origin={"action": "s3:A"}, effects=[{"action": "s3:B", "attack": ["T1485"]}])


@pytest.fixture(scope="module")
def whole() -> Drawing:
    return draw_graph(
        load_catalog().cascades, known=known_actions(), controllers=known_controllers()
    )


def pushed(connection: Connection, drawing: Drawing) -> Changes:
    return push(connection, drawing.all_nodes.values(), drawing.all_edges)


@pytest.fixture(scope="module")
def holding(connect: Connect, whole: Drawing) -> Connection:
    """A connection to a catalogue that is the whole one."""
    connection = connect()
    changes = pushed(connection, whole)
    assert changes.nodes_created == len(whole.all_nodes)
    return connection


def test_the_whole_catalogue_comes_back_as_it_went(holding: Connection, whole: Drawing) -> None:
    pulled = NetworkxStore()
    copy_graph(Neo4jStore(holding), pulled)
    assert not differences(whole, pulled)


def test_a_second_push_changes_nothing(holding: Connection, whole: Drawing) -> None:
    assert pushed(holding, whole) == Changes()


def test_the_whole_catalogue_goes_in_seconds(
    holding: Connection, connect: Connect, whole: Drawing
) -> None:
    started = time.perf_counter()
    pushed(connect(), whole)
    # Under 5 s on a machine that does nothing else; docs/graph.md has what was measured.
    assert time.perf_counter() - started < 30


def test_the_documents_come_back_as_cascades(connect: Connect) -> None:
    connection = connect()
    cascades = load_catalog(derived=True).cascades[:400]
    drawing = draw_graph(cascades)
    documents = {each.id: dump_cascade(each) for each in cascades}
    push(connection, drawing.all_nodes.values(), drawing.all_edges, documents=documents)
    kept = Neo4jStore(connection).documents()
    assert tuple(load_cascade(text) for text in kept.values()) == cascades


def test_what_the_catalogue_no_longer_holds_goes(connect: Connect) -> None:
    connection = connect()
    pushed(connection, draw_graph([DELETE_USER, OTHER]))
    changes = pushed(connection, draw_graph([OTHER]))
    assert changes.nodes_deleted > 0
    assert changes.nodes_created == 0
    assert not differences(Neo4jStore(connection), draw_graph([OTHER]))


def test_without_pruning_it_stays(connect: Connect) -> None:
    connection = connect()
    pushed(connection, draw_graph([DELETE_USER]))
    other = draw_graph([OTHER])
    push(connection, other.all_nodes.values(), other.all_edges, prune=False)
    assert not differences(Neo4jStore(connection), draw_graph([DELETE_USER, OTHER]))


def test_an_effect_that_goes_takes_its_relationships_along(connect: Connect) -> None:
    connection = connect()
    fewer = DELETE_USER.model_copy(update={"effects": DELETE_USER.effects[:-1]})
    pushed(connection, draw_graph([DELETE_USER]))
    changes = pushed(connection, draw_graph([fewer]))
    assert changes.relationships_deleted > 0
    assert not differences(Neo4jStore(connection), draw_graph([fewer]))


@pytest.mark.parametrize(
    "spoil",
    [
        "MATCH (c:Cascade {catalog: $catalog}) SET c.title = 'wrong', c.mine = true",
        "MATCH (c:Cascade {catalog: $catalog}) REMOVE c.title",
        "MATCH (:Action {catalog: $catalog})-[e:EMITS]->() SET e.after_s = -1",
        "MATCH (:Action {catalog: $catalog})-[e:EMITS]->() DELETE e",
        "MATCH (a:Action {catalog: $catalog})-[e:EMITS]->(b) CREATE (a)-[f:EMITS]->(b) SET f = properties(e)",
        "MATCH (a:Action {catalog: $catalog})-[:EMITS]->(b) CREATE (b)-[:EMITS]->(a)",
        "MATCH (t:Technique {catalog: $catalog}) DETACH DELETE t",
    ],
)
def test_what_others_have_spoilt_is_made_good(connect: Connect, spoil: str) -> None:
    connection = connect()
    drawing = draw_graph([DELETE_USER])
    pushed(connection, drawing)
    catalog = {"catalog": connection.address.catalog}
    assert ask(connection, spoil, catalog, limit=1, write=True).changes
    assert pushed(connection, drawing)
    assert not differences(Neo4jStore(connection), drawing)
    assert not pushed(connection, drawing)


def test_what_others_have_drawn_stays(connect: Connect) -> None:
    connection = connect()
    drawing = draw_graph([DELETE_USER])
    pushed(connection, drawing)
    catalog = {"catalog": connection.address.catalog}
    mine = (
        "MATCH (a:Action {catalog: $catalog, id: 'iam:DeleteUser'})"
        " CREATE (r:AWSRole {arn: $catalog})-[:CALLED]->(a), (:Action {name: 'Not of ours'})"
    )
    ask(connection, mine, catalog, limit=1, write=True)
    pushed(connection, drawing)
    pushed(connection, draw_graph([]))
    left = ask(
        connection, "MATCH (r:AWSRole {arn: $catalog}) RETURN count(r)", catalog, limit=1
    ).rows
    assert left == ((1,),)


def test_catalogues_keep_apart(connect: Connect) -> None:
    one, two = connect(), connect()
    pushed(one, draw_graph([DELETE_USER]))
    pushed(two, draw_graph([OTHER]))
    clear(one)
    assert Neo4jStore(one).nodes(ActionNode) == []
    assert not differences(Neo4jStore(two), draw_graph([OTHER]))


def test_an_edge_into_nothing_is_refused_before_anything_is_written(connect: Connect) -> None:
    connection = connect()
    with pytest.raises(GraphError, match="service:iam, which the graph does not have"):
        push(connection, [ActionNode(id="iam:A")], [PartOf(source="iam:A", target="iam")])
    assert Neo4jStore(connection).nodes(ActionNode) == []


def test_progress_is_told_to_the_end(connect: Connect) -> None:
    drawing = draw_graph([OTHER])
    told: list[tuple[int, int]] = []
    push(
        connect(),
        drawing.all_nodes.values(),
        drawing.all_edges,
        batch=2,
        progress=lambda done, of: told.append((done, of)),
    )
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    counted = stats(drawing)
    everything = sum(counted.nodes.values()) + sum(counted.edges.values())
    assert told[-1] == (everything, everything)


def test_a_server_killed_in_the_middle_is_made_whole_by_the_next_push(
    own_server: Neo4jServer, connect_to: Callable[[Neo4jServer], Connection], whole: Drawing
) -> None:
    connection = connect_to(own_server)
    pushed(connection, draw_graph([OTHER, DELETE_USER]))

    def cut(done: int, of: int) -> None:
        if done > of // 2:
            own_server.kill()

    with pytest.raises(StoreError, match=f"no Neo4j server answers at {own_server.uri}"):
        push(connection, whole.all_nodes.values(), whole.all_edges, batch=500, progress=cut)
    own_server.start()
    survived = connect_to(own_server)
    half = Neo4jStore(survived)
    assert differences(half, whole)
    assert half.node(CascadeNode, DELETE_USER.id) is not None
    pushed(survived, whole)
    assert not differences(half, whole)
    assert not pushed(survived, whole)


def test_a_store_is_written_to_in_one_piece(connect: Connect) -> None:
    store = Neo4jStore(connect())
    build_graph([DELETE_USER], store)
    with pytest.raises(GraphError, match="which the graph does not have"):
        store.write([ActionNode(id="iam:New")], [PartOf(source="iam:New", target="nothing")])
    assert store.node(ActionNode, "iam:New") is None
