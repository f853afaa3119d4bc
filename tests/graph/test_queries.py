"""The questions have one answer each, in one order, and cycles do not trouble them."""

from collections.abc import Callable
from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.graph import (
    Cycles,
    GraphError,
    GraphReader,
    Reach,
    Relay,
    build_graph,
    cascades_masking,
    cycles,
    emits,
    emits_transitively,
    emitters,
    emitters_transitively,
    relays,
    shortest_path,
    stats,
    techniques_masked,
)
from cloudcascade.tests.support.cascades import DELETE_USER, cascade
from cloudcascade.tests.support.stores import GraphOf, NewStore


def chain(letters: str, *, name: str | None = None, **more: Any) -> Cascade:
    """`ABC`: A is the origin of a cascade with the effects B and C."""
    origin, *effects = (f"iam:{letter}" for letter in letters)
    return cascade(
        cascade_id=f"aws.test.{name or letters.lower()}",
        origin={"action": origin},
        effects=[{"action": effect, **more} for effect in effects],
    )


def together(letters: str) -> Cascade:
    members = [f"iam:{letter}" for letter in letters]
    return cascade(
        cascade_id=f"aws.test.ensemble-{letters.lower()}",
        ensemble={"require": members},
        effects=[{"action": member} for member in members],
    )


@pytest.fixture
def graph_of(new_store: NewStore) -> GraphOf:
    return lambda *cascades: build_graph(cascades, new_store())


def letters(reached: list[Reach]) -> list[str]:
    """Each chain as a word: `ABC` leads from A over B to C."""
    return [
        "".join([each.chain[0].source[4:], *(step.target[4:] for step in each.chain)])
        for each in reached
    ]


def test_an_action_emits_the_effects_of_all_its_cascades(graph_of: GraphOf) -> None:
    graph = graph_of(chain("AB", name="one"), chain("AB", name="two"), chain("BC"))
    assert [(edge.cascade, edge.target) for edge in emits(graph, "iam:A")] == [
        ("aws.test.one", "iam:B"),
        ("aws.test.two", "iam:B"),
    ]


def test_emitters_are_the_other_ends(graph_of: GraphOf) -> None:
    graph = graph_of(chain("AC"), chain("BC"), chain("CD"))
    assert [edge.source for edge in emitters(graph, "iam:C")] == ["iam:A", "iam:B"]


@pytest.mark.parametrize(
    ("cascades", "start", "max_steps", "expected"),
    [
        ("AB BC CD", "A", None, ["AB", "ABC", "ABCD"]),
        ("AB BC CD", "A", 2, ["AB", "ABC"]),
        ("AB BC CD", "D", None, []),
        ("AB BA", "A", None, ["AB"]),
        ("AB BC CA", "B", None, ["BC", "BCA"]),
        ("AA AB", "A", None, ["AB"]),
        ("ADC DE CE", "A", None, ["AC", "AD", "ACE"]),
    ],
)
def test_emission_goes_on_through_effects_that_are_origins(
    graph_of: GraphOf, cascades: str, start: str, max_steps: int | None, expected: list[str]
) -> None:
    graph = graph_of(
        *(chain(each) for each in cascades.split() if each != "AA"), *_selves(cascades)
    )
    assert letters(emits_transitively(graph, f"iam:{start}", max_steps=max_steps)) == expected


def _selves(cascades: str) -> list[Cascade]:
    if "AA" not in cascades:
        return []
    return [
        cascade(
            cascade_id="aws.test.aa",
            origin={"action": "iam:A"},
            effects=[{"action": "iam:A", "name": "again"}],
        )
    ]


@pytest.mark.parametrize(
    ("cascades", "end", "max_steps", "expected"),
    [
        ("AB BC CD", "D", None, ["CD", "BCD", "ABCD"]),
        ("AB BC CD", "D", 1, ["CD"]),
        ("AB BA", "A", None, ["BA"]),
        ("AB AC BD CD", "D", None, ["BD", "CD", "ABD"]),
    ],
)
def test_emitters_go_on_backwards(
    graph_of: GraphOf, cascades: str, end: str, max_steps: int | None, expected: list[str]
) -> None:
    graph = graph_of(*(chain(each) for each in cascades.split()))
    assert letters(emitters_transitively(graph, f"iam:{end}", max_steps=max_steps)) == expected


def test_the_members_of_an_ensemble_set_nothing_off_on_behalf_of_others(graph_of: GraphOf) -> None:
    graph = graph_of(chain("AB"), together("BC"), chain("CD"))
    assert letters(emits_transitively(graph, "iam:A")) == ["AB"]
    assert letters(emits_transitively(graph, "iam:B")) == ["BC", "BCD"]
    assert letters(emitters_transitively(graph, "iam:D")) == ["CD", "BCD"]


def test_a_step_names_all_its_reasons(graph_of: GraphOf) -> None:
    graph = graph_of(chain("AB", name="one"), chain("AB", name="two", relation="consequence"))
    [reached] = emits_transitively(graph, "iam:A")
    [step] = reached.chain
    assert [(edge.cascade, edge.relation) for edge in step.emissions] == [
        ("aws.test.one", "precondition"),
        ("aws.test.two", "consequence"),
    ]


@pytest.mark.parametrize(
    ("source", "target", "path"),
    [
        ("A", "D", "ABD"),
        ("A", "C", "AC"),
        ("D", "A", None),
        ("A", "A", ""),
    ],
)
def test_the_shortest_path_is_the_first_of_the_shortest(
    graph_of: GraphOf, source: str, target: str, path: str | None
) -> None:
    graph = graph_of(chain("ACB"), chain("BD"), chain("CD"))
    found = shortest_path(graph, f"iam:{source}", f"iam:{target}")
    if path is None:
        assert found is None
    else:
        assert found is not None
        assert [step.target[4:] for step in found] == list(path[1:])


def test_masked_techniques_are_those_of_effects_suppressed_before_annotated(
    graph_of: GraphOf,
) -> None:
    built = cascade(
        cascade_id="aws.test.mixed",
        origin={"action": "iam:DeleteUser", "attack": ["T1485"]},
        effects=[
            {"action": "iam:A", "attack": ["T1098"], "policy": "annotate"},
            {"action": "iam:B", "attack": ["T1531", "T1098"]},
            {"action": "iam:C", "attack": ["T1556.006"], "policy": "never"},
        ],
    )
    masked = techniques_masked(graph_of(built, DELETE_USER), "aws.test.mixed")
    assert [(each.policy, each.technique, each.action) for each in masked] == [
        ("suppress", "T1098", "iam:B"),
        ("suppress", "T1531", "iam:B"),
        ("annotate", "T1098", "iam:A"),
    ]
    assert masked[1].name == "Account Access Removal"


def test_a_technique_stands_for_its_subtechniques(graph_of: GraphOf) -> None:
    graph = graph_of(DELETE_USER)
    found = cascades_masking(graph, "T1556")
    assert [(each.technique, each.action) for each in found] == [
        ("T1556.006", "iam:DeactivateMFADevice"),
        ("T1556.006", "iam:DeleteVirtualMFADevice"),
    ]
    assert cascades_masking(graph, "T1556", subtechniques=False) == []
    assert cascades_masking(graph, "T1556.006") == found


def test_relays_are_origins_and_effects(graph_of: GraphOf) -> None:
    graph = graph_of(chain("AB"), chain("BC", name="bc"), chain("DB"), together("BE"))
    assert relays(graph) == [
        Relay(
            "iam:B",
            origin_of=("aws.test.bc",),
            effect_of=("aws.test.ab", "aws.test.db", "aws.test.ensemble-be"),
        )
    ]


@pytest.mark.parametrize(
    ("cascades", "rings"),
    [
        ("AB BC", []),
        ("AB BA", ["AB"]),
        ("BA AB CB BC", ["AB", "BC"]),
        ("ABC BCA CAB", ["AB", "AC", "BC", "ABC", "ACB"]),
    ],
)
def test_rings_come_shortest_first(graph_of: GraphOf, cascades: str, rings: list[str]) -> None:
    found = cycles(graph_of(*(chain(each) for each in cascades.split())))
    assert ["".join(name[4:] for name in ring) for ring in found.found] == rings
    assert not found.truncated


def test_an_action_that_emits_itself_is_a_ring(graph_of: GraphOf) -> None:
    assert cycles(graph_of(*_selves("AA"))).found == (("iam:A",),)


def test_the_mutual_edges_of_an_ensemble_are_no_ring_unless_asked_for(graph_of: GraphOf) -> None:
    graph = graph_of(together("AB"))
    assert cycles(graph).found == ()
    assert cycles(graph, ensembles=True).found == (("iam:A", "iam:B"),)


def test_rings_are_bounded_in_number_and_length(graph_of: GraphOf) -> None:
    graph = graph_of(*(chain(each) for each in ("ABC", "BCA", "CAB")))
    assert cycles(graph, limit=2) == Cycles(
        (("iam:A", "iam:B"), ("iam:A", "iam:C")), truncated=True
    )
    assert [len(ring) for ring in cycles(graph, max_length=2).found] == [2, 2, 2]


def test_a_dense_graph_is_left_at_the_limit(graph_of: GraphOf) -> None:
    names = [f"X{number}" for number in range(30)]
    dense = [
        cascade(
            cascade_id=f"aws.test.{name.lower()}",
            origin={"action": f"iam:{name}"},
            effects=[{"action": f"iam:{other}"} for other in names if other != name],
        )
        for name in names
    ]
    found = cycles(graph_of(*dense), limit=1_000, max_length=8)
    assert (len(found.found), found.truncated) == (1_000, True)


def test_stats_name_every_kind(graph_of: GraphOf) -> None:
    counted = stats(graph_of(chain("AB")))
    assert counted.nodes == {
        "action": 2,
        "cascade": 1,
        "technique": 0,
        "tactic": 0,
        "service": 1,
        "controller": 0,
    }
    assert {kind: number for kind, number in counted.edges.items() if number} == {
        "EMITS": 1,
        "ORIGINATES": 1,
        "INCLUDES": 1,
        "PART_OF": 2,
    }
    assert len(counted.edges) == 11


@pytest.mark.parametrize(
    "ask",
    [
        lambda graph: emits(graph, "iam:Nothing"),
        lambda graph: emitters(graph, "iam:Nothing"),
        lambda graph: emits_transitively(graph, "iam:Nothing"),
        lambda graph: emitters_transitively(graph, "iam:Nothing"),
        lambda graph: shortest_path(graph, "iam:A", "iam:Nothing"),
        lambda graph: shortest_path(graph, "iam:Nothing", "iam:A"),
        lambda graph: techniques_masked(graph, "aws.test.nothing"),
        lambda graph: cascades_masking(graph, "T1531"),
    ],
)
def test_what_the_graph_lacks_cannot_be_asked_about(
    graph_of: GraphOf, ask: Callable[[GraphReader], object]
) -> None:
    with pytest.raises(GraphError, match="the graph has no"):
        ask(graph_of(chain("AB")))


@pytest.mark.parametrize(
    "ask",
    [
        lambda graph: emits_transitively(graph, "iam:A", max_steps=0),
        lambda graph: emitters_transitively(graph, "iam:A", max_steps=-1),
        lambda graph: cycles(graph, limit=0),
        lambda graph: cycles(graph, max_length=0),
    ],
)
def test_bounds_are_at_least_one(graph_of: GraphOf, ask: Callable[[GraphReader], object]) -> None:
    with pytest.raises(GraphError, match="at least 1"):
        ask(graph_of(chain("AB")))
