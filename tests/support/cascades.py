"""Builds cascades: short ones for a single rule of the specification, and the IAM user's."""

from collections.abc import Sequence
from typing import Any

import yaml

from cloudcascade.catalog.models import Cascade
from cloudcascade.catalog.structure import structure_problems

Document = dict[str, Any]


def cascade(
    *,
    cascade_id: str = "aws.test.cascade",
    origin: Document | None = None,
    ensemble: Document | None = None,
    effects: Sequence[Document],
    spoilers: Sequence[Document] = (),
    policy: str = "suppress",
) -> Cascade:
    """A cascade whose prose is filled in. It is held to the structure rules."""
    built = Cascade.model_validate(
        {
            "id": cascade_id,
            "title": "A cascade",
            "provider": "aws",
            "description": "A cascade to try one rule on.",
            "origin": origin,
            "ensemble": ensemble,
            "effects": [{"relation": "precondition", **effect} for effect in effects],
            "spoilers": list(spoilers),
            "suppression": {"policy": policy, "residual_risk": "None."},
            "evidence": [
                {
                    "kind": "simulated",
                    "ref": "made for a test",
                    "supports": [effects[0].get("name") or effects[0]["action"]],
                }
            ],
        }
    )
    assert list(structure_problems(built)) == []
    return built


def from_yaml(document: str) -> Cascade:
    """The cascade of a YAML document."""
    built = Cascade.model_validate(yaml.safe_load(document))
    assert list(structure_problems(built)) == []
    return built


DELETE_USER = from_yaml("""
id: aws.iam.delete-user
title: Deleting an IAM user removes its credentials first
provider: aws
description: IAM refuses DeleteUser until the user's credentials, policies and groups are gone.
origin:
  action: iam:DeleteUser
  keys: {user: requestParameters.userName}
  attack: [T1531]
effects:
  - action: iam:DeactivateMFADevice
    relation: precondition
    keys: {user: requestParameters.userName, device: requestParameters.serialNumber}
    join: [user]
    within: {before: 60m, after: 2m}
    attack: [T1556.006]
  - action: iam:DeleteVirtualMFADevice
    relation: precondition
    keys: {device: requestParameters.serialNumber}
    parent: iam:DeactivateMFADevice
    join: [device]
    within: {before: 2m, after: 60m}
    attack: [T1556.006]
  - action: iam:DeleteAccessKey
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
    attack: [T1531]
  - action: iam:DeleteLoginProfile
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
    attack: [T1531]
  - action: iam:DetachUserPolicy
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
  - action: iam:DeleteUserPolicy
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
  - action: iam:RemoveUserFromGroup
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
  - action: iam:DeleteSSHPublicKey
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
  - action: iam:DeleteSigningCertificate
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
  - action: iam:DeleteServiceSpecificCredential
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m, after: 2m}
spoilers:
  - action: iam:CreateUser
    keys: {user: requestParameters.userName}
    join: [user]
    within: {after: 60m}
    reason: user recreated
  - action: iam:UpdateUser
    keys: {user: requestParameters.newUserName}
    join: [user]
    within: {after: 60m}
    where: {requestParameters.newUserName: {exists: true}}
    reason: user renamed onto the name
  - action: iam:UpdateUser
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m}
    where: {requestParameters.newUserName: {exists: true}}
    reason: user renamed before the deletion
suppression:
  policy: suppress
  residual_risk: Whoever deletes the user gains nothing from having stripped its MFA first.
  abuse:
    - scenario: strip MFA, then call DeleteUser so that it fails
      countered_by: the origin must succeed
evidence:
  - kind: documentation
    ref: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
    supports: [iam:DeactivateMFADevice, iam:DeleteVirtualMFADevice]
""")
