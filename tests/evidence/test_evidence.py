"""Evidence looked at again: what the models say, what the logs hold, and what does not hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.catalog import Cascade, Evidence
from cloudcascade.evidence import Sightings, look_again, observe, wording_of
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import call
from cloudcascade.tests.support.offboarding import deactivate, delete_user

pytest.importorskip("botocore", reason="botocore is not installed")

TEXTS = {
    "DeleteUser": "<p>Before you delete a user, call <a>DetachUserPolicy</a> and remove its keys.</p>",
    "DeleteDBInstance": "All automated backups of the DB instance go with it.",
    "DetachUserPolicy": "Removes the policy.",
}


class Model:
    """A service model with these texts."""

    def load_service_model(self, service_name: str, type_name: str) -> Any:
        return {"operations": {name: {"documentation": text} for name, text in TEXTS.items()}}


@pytest.mark.parametrize(
    ("operation", "action", "found"),
    [
        ("DeleteUser", "iam:DetachUserPolicy", "named"),
        ("DeleteUser", "iam:DeleteUser", "same"),
        ("DeleteUser", "iam:UpdateKey", "spoken"),
        ("DeleteUser", "iam:DeactivateMFADevice", "silent"),
        ("DeleteDBInstance", "rds:DeleteDBInstanceAutomatedBackup", "spoken"),
        ("Nothing", "iam:DeleteUser", "silent"),
        ("DetachUserPolicy", "lambda:DetachUserPolicy20150331v2", "same"),
    ],
)
def test_a_models_words_name_an_action_or_speak_of_its_thing(
    operation: str, action: str, found: str
) -> None:
    assert wording_of(Model(), "iam", operation, action).found == found


def with_evidence(kind: str, ref: str, *supports: str) -> Cascade:
    evidence = Evidence.model_validate({"kind": kind, "ref": ref, "supports": supports})
    return DELETE_USER.model_copy(update={"evidence": (evidence,)})


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    records = [deactivate("e1", 0), delete_user("e2", 60), call("s3:ListBuckets", "e3", 5)]
    (tmp_path / "offboarding.json").write_text(json.dumps({"Records": records}))
    (tmp_path / "broken.json").write_text('{"Records": [')
    return tmp_path


@pytest.mark.parametrize(
    ("ref", "found", "missing"),
    [
        ("otrf:offboarding", ("iam:DeactivateMFADevice",), ("iam:DeleteVirtualMFADevice",)),
        ("otrf:e2", ("iam:DeactivateMFADevice",), ("iam:DeleteVirtualMFADevice",)),
        ("otrf:elsewhere", (), ()),
        ("otrf", (), ()),
    ],
)
def test_observed_evidence_is_found_by_file_and_by_event(
    logs: Path, ref: str, found: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    cascade = with_evidence(
        "observed", ref, "iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"
    )
    (sighting,) = observe([cascade], Sightings.read(logs))
    assert (sighting.found, sighting.missing) == (found, missing)
    assert sighting.looked_at is bool(found or missing)


def test_what_the_logs_lack_fails(logs: Path) -> None:
    there = with_evidence("observed", "otrf:offboarding", "iam:DeactivateMFADevice")
    gone = with_evidence("observed", "otrf:offboarding", "iam:DeleteVirtualMFADevice")
    assert not look_again([there], logs).failed
    assert look_again([gone], logs).failed
    assert not look_again([gone]).failed


def test_a_claim_of_a_simulation_that_there_is_none_of_fails() -> None:
    pytest.importorskip("moto", reason="moto is not installed")
    looked = look_again(
        [with_evidence("simulated", "moto:iam:DeleteUser", "iam:DeactivateMFADevice")]
    )
    assert looked.unproved == (
        (
            DELETE_USER.id,
            "there is no simulation of iam:DeactivateMFADevice before iam:DeleteUser",
        ),
    )
    assert looked.failed
