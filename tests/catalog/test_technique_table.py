"""Which techniques an action has: one place, which everything else agrees with."""

import pytest

from cloudcascade.catalog import known_actions, load_catalog
from cloudcascade.catalog.attack import technique
from cloudcascade.catalog.technique_table import technique_table

TABLE = technique_table()


@pytest.mark.parametrize(
    ("action", "ids"),
    [
        ("iam:CreateAccessKey", ("T1098.001",)),
        ("ec2:RunInstances", ("T1578.002",)),
        ("cloudtrail:StopLogging", ("T1685.002",)),
        ("ec2:DescribeInstances", ("T1580",)),  # by ec2:Describe*
        ("ec2:DescribeInstanceAttribute", ("T1580", "T1552")),  # by its own name
        ("ec2:CreateTags", ()),
    ],
)
def test_an_action_has_the_ids_of_its_name_or_of_a_pattern(
    action: str, ids: tuple[str, ...]
) -> None:
    found = TABLE.assigned(action)
    assert found is not None
    assert found.ids == ids


def test_of_two_patterns_the_longer_counts() -> None:
    fitting = {each for each in TABLE.patterns if "config:DeleteConfigRule".startswith(each[:-1])}
    assert fitting == {"config:Delete*"}
    assert TABLE.assigned("monitoring:NoSuchThing") is None


def test_every_action_of_the_catalogue_has_a_place_in_the_table() -> None:
    used = {
        node.action
        for cascade in load_catalog().cascades
        for node in (*cascade.effects, *((cascade.origin,) if cascade.origin else ()))
    }
    assert {action for action in used if TABLE.assigned(action) is None} == set()


def test_every_id_of_the_table_is_current_and_about_the_platform_of_its_actions() -> None:
    for action, assigned in {**TABLE.named, **TABLE.patterns}.items():
        for id_ in assigned.ids:
            found = technique(id_)
            assert found is not None, (action, id_)
            assert found.status == "current", (action, id_)
            assert found.platforms & TABLE.platforms(action), (action, id_)


def test_what_the_literature_names_has_ids_of_the_platform_too() -> None:
    for action, known in known_actions().items():
        for id_ in known.attack:
            found = technique(id_)
            assert found is not None, (action, id_)
            assert found.platforms & TABLE.platforms(action), (action, id_)
