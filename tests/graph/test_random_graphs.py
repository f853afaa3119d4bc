"""What holds of every catalogue, tried on random ones."""

import networkx as nx
from hypothesis import HealthCheck, given, settings

from cloudcascade.catalog.models import Cascade
from cloudcascade.graph import (
    ActionNode,
    Emits,
    NetworkxStore,
    build_graph,
    cycles,
    emits_transitively,
    emitters_transitively,
    export_graphml,
    export_json,
    import_graphml,
    import_json,
    shortest_path,
)
from cloudcascade.tests.support.random_cascades import catalogues

tried = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@tried
@given(catalogues())
def test_json_and_graphml_give_back_what_was_written(cascades: list[Cascade]) -> None:
    graph = build_graph(cascades, NetworkxStore())
    from_json, from_graphml = NetworkxStore(), NetworkxStore()
    import_json(export_json(graph).encode(), from_json)
    import_graphml(export_graphml(graph).encode(), from_graphml)
    assert export_json(from_json) == export_json(graph)
    assert export_json(from_graphml) == export_json(graph)


@tried
@given(catalogues())
def test_chains_hang_together_and_end_where_they_say(cascades: list[Cascade]) -> None:
    graph = build_graph(cascades, NetworkxStore())
    for action in graph.nodes(ActionNode):
        for reached in emits_transitively(graph, action.id):
            ends = [step.source for step in reached.chain] + [reached.action]
            assert ends[0] == action.id
            assert ends[1:] == [step.target for step in reached.chain]
            assert len(set(ends)) == len(ends)
            assert shortest_path(graph, action.id, reached.action) == reached.chain


@tried
@given(catalogues())
def test_a_reaches_b_exactly_when_b_is_reached_from_a(cascades: list[Cascade]) -> None:
    graph = build_graph(cascades, NetworkxStore())
    actions = [node.id for node in graph.nodes(ActionNode)]
    forwards = {
        (action, reached.action, len(reached.chain))
        for action in actions
        for reached in emits_transitively(graph, action)
    }
    backwards = {
        (reached.action, action, len(reached.chain))
        for action in actions
        for reached in emitters_transitively(graph, action)
    }
    assert forwards == backwards


@tried
@given(catalogues())
def test_rings_are_those_that_networkx_finds(cascades: list[Cascade]) -> None:
    graph = build_graph(cascades, NetworkxStore())
    plain: nx.DiGraph[str] = nx.DiGraph((edge.source, edge.target) for edge in graph.edges(Emits))
    expected = {_from_smallest(ring) for ring in nx.simple_cycles(plain)}
    found = cycles(graph, max_length=10, limit=1_000, ensembles=True).found
    assert set(found) == expected
    assert len(found) == len(expected)


def _from_smallest(ring: list[str]) -> tuple[str, ...]:
    start = ring.index(min(ring))
    return tuple(ring[start:] + ring[:start])
