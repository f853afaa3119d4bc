"""The graph says what the documents say: who emits what, over how many hops, within which window."""

from dataclasses import dataclass
from typing import Literal

import pytest

from cloudcascade.catalog import Evidence, KnownAction, KnownController
from cloudcascade.graph import (
    ActionNode,
    Emits,
    GraphError,
    Includes,
    Indicates,
    InTactic,
    MapsTo,
    MayCall,
    Originates,
    PartOf,
    SpoiledBy,
    SubtechniqueOf,
    TacticNode,
    TechniqueNode,
    Via,
    build_graph,
    callers_of,
    export_json,
)
from cloudcascade.tests.support.cascades import DELETE_USER, cascade
from cloudcascade.tests.support.stores import GraphOf, NewStore

USER = {"user": "requestParameters.userName"}
DEVICE = {"device": "requestParameters.serialNumber"}


@dataclass(frozen=True)
class Tactic:
    id: str
    shortname: str
    name: str


@dataclass(frozen=True)
class Technique:
    name: str
    tactics: tuple[Tactic, ...]
    parent: str | None
    status: Literal["current", "revoked", "deprecated"] = "current"


IMPACT = Tactic("TA0040", "impact", "Impact")
ACCESS = Tactic("TA0006", "credential-access", "Credential Access")
TABLE = {
    "T1531": Technique("Account Access Removal", (IMPACT,), None),
    "T1556": Technique("Modify Authentication Process", (ACCESS,), None),
    "T1556.006": Technique("Multi-Factor Authentication", (ACCESS,), "T1556"),
    "T1562.008": Technique("Disable Cloud Logs", (), "T1562", "revoked"),
    "T1562": Technique("Impair Defenses", (), None, "revoked"),
}


@pytest.fixture
def graph_of(new_store: NewStore) -> GraphOf:
    return lambda *cascades: build_graph(cascades, new_store(), lookup=TABLE.get)


ROTATION = cascade(
    cascade_id="aws.test.rotation",
    ensemble={"require": ["iam:CreateAccessKey", "iam:DeleteAccessKey"]},
    effects=[
        {"action": "iam:CreateAccessKey", "keys": USER},
        {
            "action": "iam:DeleteAccessKey",
            "keys": USER,
            "join": ["user"],
            "within": {"before": "1h", "after": "7d"},
            "actor": "any",
        },
        {
            "action": "iam:UpdateAccessKey",
            "keys": USER,
            "join": ["user"],
            "within": {"before": "1s", "after": "2s"},
        },
    ],
    policy="annotate",
)


def test_an_origin_emits_every_effect_however_many_hops_off(graph_of: GraphOf) -> None:
    edges = graph_of(DELETE_USER).edges(Emits, source="iam:DeleteUser")
    assert {edge.target for edge in edges} == {effect.action for effect in DELETE_USER.effects}


def test_over_several_hops_windows_add_up(graph_of: GraphOf) -> None:
    [edge] = graph_of(DELETE_USER).edges(Emits, target="iam:DeleteVirtualMFADevice")
    assert edge == Emits(
        source="iam:DeleteUser",
        target="iam:DeleteVirtualMFADevice",
        cascade="aws.iam.delete-user",
        from_node="iam:DeleteUser",
        node="iam:DeleteVirtualMFADevice",
        relation="precondition",
        policy="suppress",
        before_s=3600 + 120,
        after_s=120 + 3600,
        actor="same",
        join=("device",),
        occurs="optional",
        depth=2,
        via="iam:DeactivateMFADevice",
        ensemble=False,
        evidence=("documentation",),
    )


def test_a_hop_keeps_the_window_of_the_document(graph_of: GraphOf) -> None:
    [edge] = graph_of(DELETE_USER).edges(Via)
    assert (edge.source, edge.target) == ("iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice")
    assert (edge.before_s, edge.after_s, edge.join) == (120, 3600, ("device",))


def test_required_members_of_an_ensemble_emit_every_other_member(graph_of: GraphOf) -> None:
    edges = graph_of(ROTATION).edges(Emits)
    assert [
        (edge.source[4:10], edge.target[4:10], edge.before_s, edge.after_s) for edge in edges
    ] == [
        ("Create", "Delete", 3_600, 604_800),
        ("Create", "Update", 1, 2),
        # Seen from the other end the window is turned round.
        ("Delete", "Create", 604_800, 3_600),
        ("Delete", "Update", 1 + 604_800, 2 + 3_600),
    ]
    assert all(edge.ensemble for edge in edges)


def test_what_ties_a_member_to_the_root_ties_the_root_to_the_member(graph_of: GraphOf) -> None:
    [edge] = graph_of(ROTATION).edges(
        Emits, source="iam:DeleteAccessKey", target="iam:CreateAccessKey"
    )
    assert (edge.actor, edge.join) == ("any", ("user",))


def test_an_ensemble_originates_in_no_action_but_names_its_required_members(
    graph_of: GraphOf,
) -> None:
    graph = graph_of(ROTATION)
    assert graph.edges(Originates) == []
    assert [(edge.target, edge.required) for edge in graph.edges(Includes)] == [
        ("iam:CreateAccessKey", True),
        ("iam:DeleteAccessKey", True),
        ("iam:UpdateAccessKey", False),
    ]


def test_two_effects_with_one_action_are_two_edges(graph_of: GraphOf) -> None:
    twice = cascade(
        origin={"action": "iam:DeleteUser", "keys": USER},
        effects=[
            {"name": name, "action": "iam:DeleteAccessKey", "keys": USER, "join": ["user"]}
            for name in ("first", "second")
        ],
    )
    assert [edge.node for edge in graph_of(twice).edges(Emits)] == ["first", "second"]


def test_an_effect_may_have_the_action_of_its_origin(graph_of: GraphOf) -> None:
    again = cascade(
        origin={"action": "iam:DeleteUser"},
        effects=[{"name": "again", "action": "iam:DeleteUser"}],
    )
    [edge] = graph_of(again).edges(Emits)
    assert edge.source == edge.target == "iam:DeleteUser"


def test_spoilers_with_one_action_stay_apart(graph_of: GraphOf) -> None:
    edges = graph_of(DELETE_USER).edges(SpoiledBy)
    assert [(edge.target, edge.index, edge.before_s, edge.after_s) for edge in edges] == [
        ("iam:CreateUser", 0, 0, 3600),
        ("iam:UpdateUser", 1, 0, 3600),
        ("iam:UpdateUser", 2, 3600, 0),
    ]


def test_an_effect_has_a_policy_for_its_techniques_and_the_origin_has_none(
    graph_of: GraphOf,
) -> None:
    edges = graph_of(DELETE_USER).edges(MapsTo, target="T1531")
    assert [(edge.source, edge.role, edge.policy) for edge in edges] == [
        ("iam:DeleteAccessKey", "effect", "suppress"),
        ("iam:DeleteLoginProfile", "effect", "suppress"),
        ("iam:DeleteUser", "origin", None),
    ]


def test_a_subtechnique_brings_its_technique_and_their_tactics(graph_of: GraphOf) -> None:
    graph = graph_of(DELETE_USER)
    assert graph.nodes(TechniqueNode) == [
        TechniqueNode(id="T1531", name="Account Access Removal", status="current"),
        TechniqueNode(id="T1556", name="Modify Authentication Process", status="current"),
        TechniqueNode(id="T1556.006", name="Multi-Factor Authentication", status="current"),
    ]
    assert graph.edges(SubtechniqueOf) == [SubtechniqueOf(source="T1556.006", target="T1556")]
    assert [(edge.source, edge.target) for edge in graph.edges(InTactic)] == [
        ("T1531", "TA0040"),
        ("T1556", "TA0006"),
        ("T1556.006", "TA0006"),
    ]
    assert [node.shortname for node in graph.nodes(TacticNode)] == ["credential-access", "impact"]


@pytest.mark.parametrize(
    ("technique", "status"), [("T1562.008", "revoked"), ("T9999.001", "unknown")]
)
def test_a_technique_that_is_not_current_says_so(
    graph_of: GraphOf, technique: str, status: str
) -> None:
    built = cascade(
        origin={"action": "cloudtrail:DeleteTrail"},
        effects=[{"action": "cloudtrail:StopLogging", "attack": [technique]}],
    )
    graph = graph_of(built)
    found = graph.node(TechniqueNode, technique)
    assert found is not None
    assert found.status == status
    assert graph.edges(SubtechniqueOf, source=technique)[0].target == technique[:5]


def test_every_action_is_part_of_its_service(graph_of: GraphOf) -> None:
    edges = graph_of(DELETE_USER, ROTATION).edges(PartOf)
    assert {edge.target for edge in edges} == {"iam"}
    assert len(edges) == len({edge.source for edge in edges}) == 15


def test_the_order_of_the_cascades_does_not_matter(graph_of: GraphOf) -> None:
    assert export_json(graph_of(DELETE_USER, ROTATION)) == export_json(
        graph_of(ROTATION, DELETE_USER)
    )


def test_building_twice_changes_nothing(graph_of: GraphOf) -> None:
    graph = graph_of(DELETE_USER)
    before = export_json(graph)
    build_graph([DELETE_USER], graph, lookup=TABLE.get)
    assert export_json(graph) == before


def test_an_edge_into_nothing_is_refused_and_nothing_is_written(new_store: NewStore) -> None:
    graph = new_store()
    with pytest.raises(GraphError, match="technique:T1531, which the graph does not have"):
        graph.write(
            [TacticNode(id="TA0040", shortname="impact", name="Impact")],
            [InTactic(source="T1531", target="TA0040")],
        )
    assert graph.nodes(TacticNode) == []


def test_a_cleared_store_is_empty(graph_of: GraphOf) -> None:
    graph = graph_of(DELETE_USER)
    graph.clear()
    assert graph.edges(Emits) == []
    assert graph.node(TechniqueNode, "T1531") is None


def test_known_actions_are_in_the_graph_without_any_cascade(new_store: NewStore) -> None:
    saml = KnownAction(log="write", attack=("T1484.002",), note="Look at the key.")
    graph = build_graph([], new_store(), known={"iam:CreateSAMLProvider": saml})
    node = graph.node(ActionNode, "iam:CreateSAMLProvider")
    assert node == ActionNode("iam:CreateSAMLProvider", log="write", note="Look at the key.")
    assert [edge.target for edge in graph.edges(Indicates, source=node.id)] == ["T1484.002"]
    assert [edge.target for edge in graph.edges(PartOf, source=node.id)] == ["iam"]
    assert graph.node(TechniqueNode, "T1484.002") is not None


def test_an_effect_in_the_graph_tells_its_evidence_strongest_first(graph_of: GraphOf) -> None:
    weak, strong = (
        Evidence(kind=kind, ref="https://example.com", supports=("iam:DeactivateMFADevice",))
        for kind in ("documentation", "observed")
    )
    told = DELETE_USER.model_copy(update={"evidence": (weak, strong)})
    evidence = {edge.node: edge.evidence for edge in graph_of(told).edges(Includes)}
    assert evidence["iam:DeactivateMFADevice"] == ("observed", "documentation")
    assert evidence["iam:DeleteVirtualMFADevice"] == ()


def test_controllers_are_tied_to_the_actions_that_they_may_call(new_store: NewStore) -> None:
    backup, anybody = (
        KnownController.model_validate(
            {
                "title": title,
                "attested": True,
                "where": {"userIdentity.invokedBy": "backup.amazonaws.com"},
                "calls": calls,
                "note": "x",
            }
        )
        for title, calls in (("Backup", ["iam:Deactivate*"]), ("Stacks", ["*"]))
    )
    graph = build_graph(
        [DELETE_USER],
        new_store(),
        lookup=TABLE.get,
        controllers={"backup": backup, "stacks": anybody},
    )
    assert [edge.target for edge in graph.edges(MayCall, source="backup")] == [
        "iam:DeactivateMFADevice"
    ]
    # Who may call anything tells nothing of a single call.
    assert [each.id for each in callers_of(graph, "iam:DeactivateMFADevice")] == ["backup"]
    assert callers_of(graph, "iam:DeleteUser") == []
