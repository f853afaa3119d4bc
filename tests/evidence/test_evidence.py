"""Evidence looked at again: what the models say, and what does not hold."""

from typing import Any

import pytest

from cloudcascade.catalog import Cascade, Evidence
from cloudcascade.evidence import look_again, wording_of
from cloudcascade.tests.support.cascades import DELETE_USER

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
