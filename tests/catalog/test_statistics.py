"""What `cascade stats` counts, and how lists of actions are read."""

import json
from pathlib import Path

import pytest

from cloudcascade.catalog import (
    CatalogError,
    coverage,
    load_catalog,
    read_actions,
    read_cascade,
    statistics,
)

ROOT = Path(__file__).parents[2]
DELETE_USER = read_cascade(ROOT / "catalog" / "aws" / "iam" / "delete-user.yaml")
ROTATION = read_cascade(ROOT / "catalog" / "aws" / "iam" / "access-key-rotation.yaml")


def test_effects_are_counted_once_in_each_row() -> None:
    counted = statistics(load_catalog().cascades)
    for row in (counted.relations, counted.policies, counted.evidence):
        assert sum(row.values()) == counted.effects
    assert sum(counted.services.values()) == counted.cascades


def test_the_strongest_evidence_counts() -> None:
    counted = statistics([DELETE_USER])
    assert counted.evidence == {
        "observed": 0,
        "simulated": 3,
        "source-code": 10,
        "service-model": 0,
        "documentation": 1,
        "permitted": 0,
        "own-page": 0,
        "none": 0,
    }
    assert counted.documented_only == pytest.approx(1 / 14)


def test_ensembles_hops_and_masked_techniques_are_counted() -> None:
    counted = statistics([DELETE_USER, ROTATION])
    assert (counted.cascades, counted.ensembles, counted.hops) == (2, 1, 3)
    assert counted.techniques["T1556.006"] == {"suppress": 1}


def test_nothing_is_counted_of_nothing() -> None:
    assert statistics([]).documented_only == 0.0


def test_an_action_is_in_a_cascade_or_known_or_missing() -> None:
    found = coverage([DELETE_USER], ["iam:deleteuser", "iam:CreateSAMLProvider", "iam:Nothing"])
    assert found.in_cascades == ("iam:deleteuser",)
    assert found.known == ("iam:CreateSAMLProvider",)
    assert found.missing == ("iam:Nothing",)


@pytest.mark.parametrize(
    "text",
    [
        "# watched\niam:DeleteUser\n\ns3:DeleteBucket  # and this\n",
        json.dumps(["iam:DeleteUser", "s3:DeleteBucket"]),
        json.dumps(
            [
                {"eventSource": "iam.amazonaws.com", "eventName": "DeleteUser", "more": 1},
                {"eventSource": "s3.amazonaws.com", "eventName": "DeleteBucket"},
            ]
        ),
    ],
)
def test_a_list_of_actions_is_lines_or_json(tmp_path: Path, text: str) -> None:
    file = tmp_path / "actions"
    file.write_text(text)
    assert read_actions(file) == ["iam:DeleteUser", "s3:DeleteBucket"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("iam:DeleteUser\nwhat is this\n", ":2:1: error: 'what is this' is no action"),
        ('["iam:DeleteUser",\n nonsense]', ":2:1: error: is no valid JSON"),
        ('[{"eventName": "DeleteUser"}]', "is no action"),
        ('[{"eventName": "DeleteUser", "eventSource": 4}]', "is no action"),
        ("[[]]", "is no action"),
        ("[" * 100_000, "is no valid JSON"),
        ('["DeleteUser"]', "is no action"),
    ],
)
def test_what_is_no_list_of_actions_is_refused_with_its_place(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "actions"
    file.write_text(text)
    with pytest.raises(CatalogError) as refused:
        read_actions(file)
    assert told in str(refused.value.findings[0])
