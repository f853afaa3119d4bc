"""The picture of a cascade shows its tree, its windows, its policies and where they are written down."""

import pytest

from cloudcascade.exporters import PictureEdge, PictureNode, cascade_picture
from cloudcascade.tests.support.cascades import DELETE_USER, Document, cascade

USER = {"user": "requestParameters.userName"}
PICTURE = cascade_picture(DELETE_USER)


def node(node_id: str) -> PictureNode:
    return next(each for each in PICTURE.nodes if each.id == node_id)


def edge(target: str) -> PictureEdge:
    return next(each for each in PICTURE.edges if each.target == target)


def test_every_node_of_the_document_is_drawn() -> None:
    assert [each.id for each in PICTURE.nodes] == [
        "iam:DeleteUser",
        *(effect.action for effect in DELETE_USER.effects),
        "spoiler 0",
        "spoiler 1",
        "spoiler 2",
    ]


def test_an_effect_hangs_on_its_parent_with_its_window() -> None:
    hop = edge("iam:DeleteVirtualMFADevice")
    assert hop.source == "iam:DeactivateMFADevice"
    assert hop.label == ("≤ 2m before", "≤ 1h after")
    assert edge("iam:DeactivateMFADevice").source == "iam:DeleteUser"


def test_preconditions_stand_before_the_origin_and_what_hangs_on_them_too() -> None:
    assert edge("iam:DeactivateMFADevice").target_first
    assert edge("iam:DeleteVirtualMFADevice").target_first


@pytest.mark.parametrize("relation", ["consequence", "companion"])
def test_what_follows_stands_after_the_origin(relation: str) -> None:
    built = cascade(origin={"action": "iam:A"}, effects=[{"action": "iam:B", "relation": relation}])
    [drawn] = cascade_picture(built).edges
    assert (drawn.style, drawn.target_first) == (relation, False)


def test_a_spoiler_points_at_what_it_voids() -> None:
    drawn = [each for each in PICTURE.edges if each.style == "spoiler"]
    assert {each.target for each in drawn} == {"iam:DeleteUser"}
    assert node("spoiler 0").notes == ("user recreated",)
    assert node("spoiler 2").notes == ("user renamed before the deletion", "newUserName is given")


def test_links_lead_to_the_api_to_attack_and_to_the_evidence() -> None:
    [row] = node("iam:DeactivateMFADevice").rows
    assert row.title.url == (
        "https://docs.aws.amazon.com/goto/WebAPI/iam-2010-05-08/DeactivateMFADevice"
    )
    assert [(link.text, link.url) for link in row.techniques] == [
        ("T1556.006", "https://attack.mitre.org/techniques/T1556/006/")
    ]
    assert "Multi-Factor Authentication" in row.techniques[0].tooltip
    assert [(link.text, link.url) for link in row.sources] == [
        ("[1]", "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html")
    ]


def test_each_effect_shows_its_own_policy() -> None:
    built = cascade(
        origin={"action": "iam:A"},
        effects=[
            {"action": "iam:B"},
            {"action": "iam:C", "policy": "annotate"},
            {"action": "iam:D", "policy": "never"},
        ],
    )
    picture = cascade_picture(built)
    assert [each.policy for each in picture.nodes] == [None, "suppress", "annotate", "never"]
    assert picture.policies() == ("suppress", "annotate", "never")


@pytest.mark.parametrize(
    ("effect", "note"),
    [
        ({"actor": "service:sso.amazonaws.com"}, "called by sso.amazonaws.com"),
        ({"actor": "same-role"}, "same role"),
        ({"actor": "any"}, "any caller"),
        ({"occurs": "many"}, "may repeat"),
        ({"outcome": "any"}, "failed calls count, too"),
        ({"name": "again"}, "here: again"),
        ({"where": {"requestParameters.status": "Inactive"}}, "status = Inactive"),
        ({"where": {"requestParameters.enable": False}}, "enable = false"),
        ({"where": {"requestParameters.name": {"startswith": "SC-"}}}, "name begins with SC-"),
        ({"where": {"requestParameters.name": {"not": "x"}}}, "name not (= x)"),
        (
            {"where": {"requestParameters.name": {"in": ["a", "b", "c", "d"]}}},
            "name = a or b or c or …",
        ),
        (
            {"where": {"requestParameters.policy": {"grants": "own-account"}}},
            "policy grants to the own account only",
        ),
        (
            {"where": {"requestParameters": {"only": ["userName", "serialNumber"]}}},
            "requestParameters holds only userName, serialNumber",
        ),
        (
            {"where": {"requestParameters": {"only": ["a", "b", "c", "d"]}}},
            "requestParameters holds only a, b, c, …",
        ),
    ],
)
def test_terms_out_of_the_ordinary_are_noted(effect: Document, note: str) -> None:
    built = cascade(origin={"action": "iam:A"}, effects=[{"action": "iam:B", **effect}])
    assert cascade_picture(built).nodes[1].notes == (note,)


def test_members_of_an_ensemble_share_a_frame_and_point_at_each_other() -> None:
    built = cascade(
        ensemble={"require": ["iam:CreateAccessKey", "iam:DeleteAccessKey"]},
        effects=[
            {"action": "iam:CreateAccessKey", "keys": USER},
            {"action": "iam:DeleteAccessKey", "keys": USER, "join": ["user"]},
            {"action": "iam:UpdateAccessKey", "relation": "companion"},
        ],
    )
    picture = cascade_picture(built)
    assert [(each.id, each.group) for each in picture.nodes] == [
        ("iam:CreateAccessKey", "member"),
        ("iam:DeleteAccessKey", "member"),
        ("iam:UpdateAccessKey", "companion"),
    ]
    assert [(each.target, each.mutual) for each in picture.edges] == [
        ("iam:DeleteAccessKey", True),
        ("iam:UpdateAccessKey", False),
    ]


def large(**more: object) -> list[Document]:
    services = {"iam": 8, "ec2": 5, "s3": 1, "kms": 1}
    return [
        {"action": f"{service}:Act{number}", "relation": "consequence", **more}
        for service, count in services.items()
        for number in range(count)
    ]


def test_in_a_large_cascade_the_effects_of_a_service_share_a_box() -> None:
    built = cascade(origin={"action": "iam:A"}, effects=large())
    picture = cascade_picture(built)
    assert [(each.heading, len(each.rows)) for each in picture.nodes[1:]] == [
        ("iam: 8 actions", 8),
        ("ec2: 5 actions", 5),
        ("other services: 2 actions", 2),
    ]
    assert len(picture.edges) == 3


def test_effects_under_different_terms_do_not_share_a_box() -> None:
    effects = large()
    effects[0] |= {"within": {"after": "1h"}}
    effects[1] |= {"policy": "annotate"}
    effects[2] |= {"actor": "any"}
    effects[3] |= {"relation": "companion"}
    effects[5] |= {"parent": "iam:Act4"}  # so that Act4 has a box of its own, and Act5
    picture = cascade_picture(cascade(origin={"action": "iam:A"}, effects=effects))
    iam = [each for each in picture.nodes[1:] if each.rows[0].title.text.startswith("iam:")]
    assert [len(each.rows) for each in iam] == [1, 1, 1, 1, 1, 1, 2]


def test_evidence_that_shows_no_cascade_is_said_on_the_effect() -> None:
    weak = DELETE_USER.evidence[0].model_copy(update={"kind": "own-page"})
    picture = cascade_picture(DELETE_USER.model_copy(update={"evidence": (weak,)}))
    notes = {node.id: node.notes for node in picture.nodes}
    assert "evidence: own-page" in notes[weak.supports[0]]
    assert not any(note.startswith("evidence") for node in PICTURE.nodes for note in node.notes)


def test_the_description_says_everything_in_words() -> None:
    words = PICTURE.description
    assert words.startswith(DELETE_USER.description)
    assert "Origin: iam:DeleteUser." in words
    assert (
        "iam:DeleteVirtualMFADevice comes first (≤ 2m before, ≤ 1h after "
        "iam:DeactivateMFADevice; same device; policy suppress; evidence documentation)." in words
    )
    assert "iam:CreateUser voids the explanation: user recreated." in words
