"""Events and instances stand beside the catalogue for an investigation, as often as they are written."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cloudcascade.graph import StoreError, draw_graph
from cloudcascade.graph.neo4j import Changes, Connection, ask, push
from cloudcascade.graph.neo4j.sightings import (
    Membership,
    Sighting,
    require_catalogue,
    write_sightings,
)
from cloudcascade.tests.support.cascades import DELETE_USER

Connect = Callable[[], Connection]
ORIGIN = Sighting(
    id="e1",
    time="2026-03-17T09:51:21Z",
    action="iam:DeleteUser",
    verdict="origin",
    failed=False,
    account="111122223333",
    region="us-east-1",
    actor="AIDA",
    actor_arn=None,
    controller=None,
    techniques=("T1531",),
    memberships=(Membership(DELETE_USER.id, "e1", None, None, None, primary=True),),
)
EFFECT = replace(
    ORIGIN,
    id="e0",
    time="2026-03-17T09:51:16Z",
    action="iam:DeactivateMFADevice",
    verdict="effect",
    memberships=(Membership(DELETE_USER.id, "e1", "precondition", "suppress", "e1", primary=True),),
)
ORPHAN = replace(EFFECT, id="e2", verdict="orphan", memberships=())


@pytest.fixture
def filled(connect: Connect) -> Connection:
    connection = connect()
    drawing = draw_graph([DELETE_USER])
    push(connection, drawing.all_nodes.values(), drawing.all_edges)
    return connection


def rows(connection: Connection, query: str) -> tuple[tuple[object, ...], ...]:
    return ask(connection, query, {"catalog": connection.address.catalog}, limit=100).rows


def test_an_effect_leads_to_its_origin_and_to_its_cascade(filled: Connection) -> None:
    # The effect comes first, as it does in time.
    write_sightings(filled, [EFFECT, ORIGIN])
    found = rows(
        filled,
        "MATCH (a:Action)<-[:CALLS]-(e:Event {catalog: $catalog})-[s:SEEN_IN]->(i:Instance)-[:OF]->(c:Cascade)"
        " OPTIONAL MATCH (e)-[:EXPLAINED_BY]->(o:Event)"
        " RETURN e.id, a.id, s.relation, i.id, c.id, o.id, o.verdict ORDER BY e.time",
    )
    instance = f"{DELETE_USER.id} e1"
    assert found == (
        ("e0", "iam:DeactivateMFADevice", "precondition", instance, DELETE_USER.id, "e1", "origin"),
        ("e1", "iam:DeleteUser", None, instance, DELETE_USER.id, None, None),
    )


def test_written_again_nothing_changes(filled: Connection) -> None:
    several = [EFFECT, ORIGIN, ORPHAN]
    assert write_sightings(filled, several).nodes_created == 4
    assert write_sightings(filled, several) == Changes()


def test_an_event_that_is_an_orphan_no_more_is_linked_and_the_other_way_round(
    filled: Connection,
) -> None:
    explained = replace(EFFECT, id="e2")
    links = (
        "MATCH (:Event {catalog: $catalog, id: 'e2'})-[r:SEEN_IN|EXPLAINED_BY]->() RETURN count(r)"
    )
    for sighting, number in ((ORPHAN, 0), (explained, 2), (ORPHAN, 0)):
        write_sightings(filled, [ORIGIN, sighting])
        assert rows(filled, links) == ((number,),)


def test_an_action_outside_the_catalogue_is_an_event_all_the_same(filled: Connection) -> None:
    write_sightings(filled, [replace(ORPHAN, action="iam:Unheard")])
    assert rows(filled, "MATCH (e:Event {catalog: $catalog}) RETURN e.action") == (
        ("iam:Unheard",),
    )


def test_a_push_leaves_events_alone(filled: Connection) -> None:
    write_sightings(filled, [ORIGIN])
    drawing = draw_graph([DELETE_USER])
    assert not push(filled, drawing.all_nodes.values(), drawing.all_edges)
    assert rows(filled, "MATCH (:Event {catalog: $catalog})-[r]->() RETURN count(r)") == ((2,),)


def test_hostile_values_stay_values(filled: Connection) -> None:
    evil = "x'}) DETACH DELETE n //"
    write_sightings(
        filled,
        [
            replace(
                ORPHAN,
                id=evil,
                actor=evil,
                memberships=(replace(EFFECT.memberships[0], root=evil),),
            )
        ],
    )
    found = rows(
        filled, "MATCH (e:Event {catalog: $catalog})-[:SEEN_IN]->(i) RETURN e.actor, i.root"
    )
    assert found == ((evil, evil),)


def test_without_a_catalogue_there_is_nothing_to_link_to(connect: Connect) -> None:
    connection = connect()
    with pytest.raises(
        StoreError, match=r"the store holds no catalogue 'test-.*'; `cascade graph push"
    ):
        require_catalogue(connection)
