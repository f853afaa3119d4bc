"""Whatever the catalogue, every store says what networkx says, word for word and in its order."""

from hypothesis import HealthCheck, given, settings

from cloudcascade.catalog import (
    KnownAction,
    KnownController,
    known_actions,
    known_controllers,
    load_catalog,
)
from cloudcascade.catalog.models import Cascade
from cloudcascade.graph import (
    EDGE_TYPES,
    NODE_TYPES,
    ActionNode,
    CascadeNode,
    GraphReader,
    GraphStore,
    NetworkxStore,
    TechniqueNode,
    blast_radius,
    build_graph,
    callers_of,
    cascades_masking,
    controllers_hiding,
    copy_graph,
    cycles,
    differences,
    emits,
    emits_transitively,
    emitters,
    emitters_transitively,
    relays,
    shortest_path,
    stats,
    techniques_masked,
)
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.stores import NewStore

KNOWN = {"iam:CreateUser": KnownAction(log="write", attack=("T1098",), note="Look.")}
CONTROLLERS = {
    name: KnownController.model_validate(
        {
            "title": name.title(),
            "attested": True,
            "where": {"userIdentity.invokedBy": "backup.amazonaws.com"},
            "calls": calls,
            "note": "x",
        }
    )
    for name, calls in (("users", ["iam:*"]), ("anybody", ["*"]))
}


def answers(graph: GraphReader, *, most: int | None = None) -> list[object]:
    """Every question about everything in the graph, or about the first `most` of each kind."""
    actions = [node.id for node in graph.nodes(ActionNode)][:most]
    techniques = [node.id for node in graph.nodes(TechniqueNode)][:most]
    return [
        *([(kind.KIND, graph.nodes(kind)) for kind in NODE_TYPES]),
        *([(kind.KIND, graph.edges(kind)) for kind in EDGE_TYPES]),
        *(
            (action, ask(graph, action))
            for ask in (emits, emitters, emits_transitively, emitters_transitively, callers_of)
            for action in actions
        ),
        *(
            (action, ask(graph, action, max_steps=steps))
            for ask in (emits_transitively, emitters_transitively)
            for action in actions[:2]
            for steps in (1, 2)
        ),
        *((a, b, shortest_path(graph, a, b)) for a in actions[:3] for b in actions),
        *((c.id, techniques_masked(graph, c.id)) for c in graph.nodes(CascadeNode)[:most]),
        *((t, cascades_masking(graph, t)) for t in techniques),
        *((t, cascades_masking(graph, t, subtechniques=False)) for t in techniques),
        *((t, blast_radius(graph, t)) for t in techniques),
        *((t, controllers_hiding(graph, t)) for t in techniques),
        relays(graph),
        cycles(graph),
        cycles(graph, ensembles=True, max_length=3, limit=2),
        stats(graph),
    ]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(catalogues())
def test_on_random_catalogues(new_store: NewStore, cascades: list[Cascade]) -> None:
    expected = _built(cascades, NetworkxStore())
    assert answers(_built(cascades, new_store())) == answers(expected)


def _built(cascades: list[Cascade], store: GraphStore) -> GraphStore:
    return build_graph(cascades, store, known=KNOWN, controllers=CONTROLLERS)


def test_on_the_bundled_catalogue(new_store: NewStore) -> None:
    graphs = [
        build_graph(
            load_catalog().cascades,
            store,
            known=known_actions(),
            controllers=known_controllers(),
        )
        for store in (new_store(), NetworkxStore())
    ]
    found, expected = (answers(graph, most=5) for graph in graphs)
    assert found == expected


def test_a_copy_is_the_same_graph(new_store: NewStore) -> None:
    graph = _built(list(load_catalog().cascades[:20]), new_store())
    copy = new_store()
    copy_graph(graph, copy)
    assert not differences(graph, copy)


def test_what_differs_is_named(new_store: NewStore) -> None:
    one, two, three = load_catalog().cascades[:3]
    old = build_graph([one, two], new_store())
    stricter = two.model_copy(update={"title": "Another title"})
    new = build_graph([stricter, three], new_store())
    found = differences(old, new)
    assert f"cascade:{one.id}" in found.removed
    assert f"cascade:{three.id}" in found.added
    assert found.changed == (f"cascade:{two.id}",)


def test_a_changed_document_is_a_changed_cascade(new_store: NewStore) -> None:
    [one] = load_catalog().cascades[:1]
    graph = build_graph([one], new_store())
    found = differences(graph, graph, old_documents={one.id: "{}"}, new_documents={})
    assert found.changed == (f"cascade:{one.id}",)
