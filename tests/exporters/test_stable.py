"""What is exported again is the same, byte for byte; what says something else bears another version."""

import json
import os
import re
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
import yaml

from cloudcascade.catalog import catalog_digest
from cloudcascade.exporters import find_target, revision, semantic_revision, target_names
from cloudcascade.tests.support.golden import CATALOG, SUPPRESSING, make_export

# One that every style which silences has a form for, one that is only labelled; in a full run some others.
SOME = {"aws.iam.delete-user", "aws.iam.mfa-replace-device"}
if os.environ.get("CASCADE_FULL"):
    SOME |= {each.id for each in (*CATALOG.cascades[::90], *SUPPRESSING[::12])}


def made(order: str, seed: str) -> dict[str, str]:
    """What another process makes, by target and style."""
    done = subprocess.run(
        [sys.executable, "-m", "cloudcascade.tests.support.export_digests", order, *sorted(SOME)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def twice() -> tuple[dict[str, str], dict[str, str]]:
    return made("forwards", "1"), made("backwards", "4321")


@pytest.mark.parametrize(
    "style",
    [f"{name} {style.name}" for name in target_names() for style in find_target(name).styles],
)
def test_neither_order_nor_hash_seed_show(
    style: str, twice: tuple[dict[str, str], dict[str, str]]
) -> None:
    first, second = twice
    assert not first[style].startswith("0 ")
    assert first[style] == second[style]


def test_the_digest_of_a_catalogue_is_that_of_what_it_says() -> None:
    whole = catalog_digest(CATALOG.cascades)
    assert catalog_digest(CATALOG.cascades[::-1]) == whole
    assert catalog_digest(CATALOG.cascades[1:]) != whole
    first = CATALOG.cascades[0]
    other = first.model_copy(update={"title": f"{first.title}."})
    assert catalog_digest([other, *CATALOG.cascades[1:]]) != whole


def test_a_revision_follows_from_the_content() -> None:
    assert revision({"query": "a"}) == revision({"query": "a"})
    assert revision({"query": "a"}) != revision({"query": "b"})
    assert semantic_revision({"query": "a"}) == f"1.0.{revision({'query': 'a'})}"


def versions(**options: Any) -> list[str]:
    """The versions of what Sentinel is given for a cascade."""
    made = make_export("sentinel", ["aws.iam.delete-user"], "rule", **options)
    return [yaml.safe_load(artefact.text)["version"] for artefact in made.artefacts]


def test_a_version_changes_with_the_rule_and_not_with_the_day() -> None:
    first = versions()
    assert all(re.fullmatch(r"1\.0\.\d{6}", each) for each in first)
    assert versions(created=date(2027, 1, 1), expires=date(2027, 7, 1)) == first
    assert not set(versions(window=600)) & set(first)
