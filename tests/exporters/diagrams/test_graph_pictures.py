"""A neighbourhood has emitters on one side and what is emitted on the other; the whole has a frame per service."""

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.exporters import Picture, catalog_picture, neighbourhood_picture
from cloudcascade.graph import GraphError
from cloudcascade.tests.support.cascades import DELETE_USER, cascade


def chain(actions: str, relation: str = "precondition", name: str = "") -> Cascade:
    origin, *effects = actions.split()
    return cascade(
        cascade_id=f"aws.test.{name or origin[4:].lower()}",
        origin={"action": origin},
        effects=[
            {"action": effect, "relation": relation, "within": {"before": "1h"}}
            for effect in effects
        ],
    )


CHAINS = [
    chain("iam:A iam:B"),
    chain("iam:B iam:C"),
    chain("iam:C s3:D"),
    chain("iam:X iam:C"),
]


def sides(picture: Picture) -> dict[str | None, set[str]]:
    found: dict[str | None, set[str]] = {}
    for node in picture.nodes:
        found.setdefault(node.group, set()).add(node.id)
    return found


@pytest.mark.parametrize(
    ("depth", "before", "after"),
    [(1, {"iam:A"}, {"iam:C"}), (2, {"iam:A"}, {"iam:C", "s3:D"})],
)
def test_a_neighbourhood_reaches_as_far_as_asked(
    depth: int, before: set[str], after: set[str]
) -> None:
    picture = neighbourhood_picture(CHAINS, "iam:B", depth=depth)
    assert sides(picture) == {None: {"iam:B"}, "before": before, "after": after}


def test_an_arrow_names_its_cascade_window_and_policy() -> None:
    [edge] = neighbourhood_picture(CHAINS[:1], "iam:A").edges
    assert (edge.source, edge.target) == ("iam:A", "iam:B")
    assert edge.label == ("aws.test.a (≤ 1h before; suppress)",)


def test_many_cascades_behind_one_arrow_are_counted() -> None:
    same = [chain("iam:A iam:B", name=f"c{number}") for number in range(4)]
    [edge] = neighbourhood_picture(same, "iam:A").edges
    assert len(edge.label) == 3
    assert edge.label[-1] == "and 2 more"
    assert all(f"aws.test.c{number}" in edge.tooltip for number in range(4))


def test_each_relation_has_an_arrow_of_its_own() -> None:
    two = [chain("iam:A iam:B"), chain("iam:A iam:B", "consequence", "other")]
    assert [edge.style for edge in neighbourhood_picture(two, "iam:A").edges] == [
        "consequence",
        "precondition",
    ]


def test_an_action_on_both_sides_is_drawn_once() -> None:
    ring = [chain("iam:A iam:B"), chain("iam:B iam:A")]
    picture = neighbourhood_picture(ring, "iam:A")
    assert sorted(node.id for node in picture.nodes) == ["iam:A", "iam:B"]
    assert len(picture.edges) == 2


def test_an_unknown_action_has_no_neighbourhood() -> None:
    with pytest.raises(GraphError, match="the graph has no action 'iam:Z'"):
        neighbourhood_picture(CHAINS, "iam:Z")


def test_the_whole_has_a_frame_for_each_service() -> None:
    picture = catalog_picture(CHAINS)
    assert sides(picture) == {"iam": {"iam:A", "iam:B", "iam:C", "iam:X"}, "s3": {"s3:D"}}
    assert [group.title for group in picture.groups] == ["iam", "s3"]


def test_the_whole_shows_hops_and_no_shortcut_around_them() -> None:
    edges = [(edge.source[4:], edge.target[4:]) for edge in catalog_picture([DELETE_USER]).edges]
    assert ("DeactivateMFADevice", "DeleteVirtualMFADevice") in edges
    assert ("DeleteUser", "DeleteVirtualMFADevice") not in edges


def test_actions_carry_the_techniques_of_all_cascades() -> None:
    picture = catalog_picture([DELETE_USER])
    [node] = [each for each in picture.nodes if each.id == "iam:DeactivateMFADevice"]
    assert [link.text for link in node.rows[0].techniques] == ["T1556.006"]


def test_the_order_of_the_cascades_does_not_matter() -> None:
    assert catalog_picture(CHAINS) == catalog_picture(CHAINS[::-1])
