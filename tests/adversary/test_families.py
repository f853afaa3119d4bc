"""Each family of attacks, on a document that is weak to it and on one that is not.

A removal of an IAM user's MFA, put before the user's deletion, is the example wherever it can be.
"""

from dataclasses import dataclass

import pytest

from cloudcascade.adversary import Outcome, prove
from cloudcascade.catalog import Cascade, Family
from cloudcascade.samples import installed_models
from cloudcascade.tests.support.cascades import Document, cascade

USER = {"user": "requestParameters.userName"}
AS_USER = {"user": "userIdentity.userName"}
RENAMED = {"requestParameters.newUserName": {"exists": True}}


def effect(action: str = "iam:DeactivateMFADevice", **rules: object) -> Document:
    return {
        "action": action,
        "keys": USER,
        "join": ["user"],
        "within": {"before": "15m"},
        "actor": "same",
        "tool": "same",
        **rules,
    }


def spoiler(action: str, keys: Document = USER, **rules: object) -> Document:
    when = {} if "within" in rules else {"between": True}
    return {"action": action, "keys": keys, "join": ["user"], "reason": action, **when, **rules}


RETURNS = (
    spoiler("iam:DeleteUser"),
    spoiler("iam:CreateUser"),
    spoiler("iam:CreateUser", within={"after": "60m"}, reason="recreated"),
    spoiler("iam:UpdateUser", {"user": "requestParameters.newUserName"}),
    spoiler("iam:UpdateUser", where=RENAMED, reason="renamed away"),
    spoiler(
        "iam:UpdateUser",
        {"user": "requestParameters.newUserName"},
        within={"after": "60m"},
        reason="renamed to this name",
    ),
)
USES = (
    *(
        spoiler(action, AS_USER)
        for action in (
            "signin:ConsoleLogin",
            "sts:GetSessionToken",
            "sts:GetFederationToken",
            "sts:AssumeRole",
        )
    ),
    *(
        spoiler(f"iam:{name}")
        for name in (
            "CreateAccessKey",
            "CreateLoginProfile",
            "UpdateLoginProfile",
            "UploadSSHPublicKey",
            "UploadSigningCertificate",
            "CreateServiceSpecificCredential",
            "ResetServiceSpecificCredential",
        )
    ),
    spoiler("iam:UpdateAccessKey", where={"requestParameters.status": "Active"}),
)


def removal(*effects: Document, spoilers: tuple[Document, ...] = ()) -> Cascade:
    return cascade(
        origin={"action": "iam:DeleteUser", "keys": USER}, effects=effects, spoilers=spoilers
    )


STRIPPED = removal(effect())
DEVICE = effect(
    "iam:DeleteVirtualMFADevice",
    keys={"device": "requestParameters.serialNumber"},
    parent="iam:DeactivateMFADevice",
    join=["device"],
)
DEACTIVATED = effect(keys={**USER, "device": "requestParameters.serialNumber"}, policy="annotate")
POLICY = {"requestParameters.policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
INACTIVE = {"requestParameters.status": "Inactive"}


REQUEST = "requestParameters"
OFF = f"{REQUEST}.deletionProtection"
ATTRIBUTES = f"{REQUEST}.attributes[]"
NAMED = ("dBInstanceIdentifier", "applyImmediately")


def unprotected(origin: str, action: str, member: str, where: Document) -> Cascade:
    keys = {"thing": f"{REQUEST}.{member}"}
    lift = effect(action, keys=keys, join=["thing"], region="same", where=where)
    return cascade(origin={"action": origin, "keys": keys}, effects=[lift])


def lifted(where: Document) -> Cascade:
    return unprotected(
        "rds:DeleteDBInstance", "rds:ModifyDBInstance", "dBInstanceIdentifier", where
    )


def attributed(where: Document) -> Cascade:
    action = "elasticloadbalancing:ModifyLoadBalancerAttributes"
    return unprotected("elasticloadbalancing:DeleteLoadBalancer", action, "loadBalancerArn", where)


@dataclass(frozen=True)
class Example:
    """`weak` falls to the family; `strong` does not, and `clause` is what stops it."""

    family: Family
    weak: Cascade
    strong: Cascade
    clause: str
    id: str


EXAMPLES = (
    Example(
        "recreated",
        STRIPPED,
        removal(effect(), spoilers=RETURNS),
        "spoiler iam:CreateUser (recreated)",
        "a user who comes back voids",
    ),
    Example(
        "recreated",
        removal(effect(), spoilers=RETURNS[:3]),
        removal(effect(), spoilers=RETURNS),
        "spoiler iam:UpdateUser (renamed to this name)",
        "a user who is renamed voids, too",
    ),
    Example(
        "decoy", removal(effect(join=[])), STRIPPED, "join: user", "another user is told by name"
    ),
    Example(
        "decoy",
        removal(effect(account="any")),
        STRIPPED,
        "account: same",
        "a namesake in another account is told by the account",
    ),
    Example(
        "chain",
        removal(DEACTIVATED, DEVICE),
        STRIPPED,
        "it hangs on the origin itself",
        "nothing is shared where there is nothing in between",
    ),
    Example(
        "smuggled",
        removal(effect("iam:UpdateAccessKey")),
        removal(effect("iam:UpdateAccessKey", where=INACTIVE)),
        "where: requestParameters.status; the operation takes nothing else that changes something",
        "what a call may set is held to a value",
    ),
    Example(
        "smuggled",
        lifted({OFF: False}),
        lifted({OFF: False, REQUEST: {"only": [*NAMED, "deletionProtection"]}}),
        "where: requestParameters",
        "what a call may carry is listed",
    ),
    Example(
        "smuggled",
        lifted(
            {OFF: False, REQUEST: {"only": [*NAMED, "deletionProtection", "publiclyAccessible"]}}
        ),
        lifted(
            {
                OFF: False,
                REQUEST: {"only": [*NAMED, "deletionProtection", "publiclyAccessible"]},
                f"{REQUEST}.publiclyAccessible": False,
            }
        ),
        "where: requestParameters",
        "what is listed is held to a value",
    ),
    Example(
        "smuggled",
        lifted({REQUEST: {"only": [*NAMED, "deletionProtection"]}}),
        lifted({OFF: False, REQUEST: {"only": [*NAMED, "deletionProtection"]}}),
        "where: requestParameters",
        "the member that the call is about is held to a value, too",
    ),
    Example(
        "smuggled",
        lifted(
            {OFF: False, REQUEST: {"only": [*NAMED, "deletionProtection", "vpcSecurityGroupIds"]}}
        ),
        lifted({OFF: False, REQUEST: {"only": [*NAMED, "deletionProtection"]}}),
        "where: requestParameters",
        "a listed member that names other things opens, too",
    ),
    Example(
        "smuggled",
        attributed({f"{ATTRIBUTES}.key": "deletion_protection.enabled"}),
        attributed(
            {
                f"{ATTRIBUTES}.key": "deletion_protection.enabled",
                f"{ATTRIBUTES}.value": "false",
                REQUEST: {"only": ["attributes", "loadBalancerArn"]},
            }
        ),
        "where: requestParameters",
        "every element of a list is held to a value",
    ),
    Example(
        "used",
        STRIPPED,
        removal(effect(), spoilers=USES),
        "spoiler signin:ConsoleLogin (signin:ConsoleLogin)",
        "a user who signs in cuts the path",
    ),
    Example(
        "used",
        removal(effect(within={"before": "1d"}), spoilers=USES),
        removal(effect(), spoilers=USES),
        "within",
        "the origin comes soon",
    ),
    Example(
        "guardrail",
        removal(effect("iam:DetachUserPolicy")),
        removal(effect("iam:DetachUserPolicy", where=POLICY)),
        "where: requestParameters.policyArn",
        "only what denies nothing comes off",
    ),
    Example(
        "hand",
        removal(effect(actor="any")),
        STRIPPED,
        "actor: same",
        "somebody else is told by the principal",
    ),
    Example(
        "hand",
        removal(effect(tool="any")),
        STRIPPED,
        "tool: same",
        "another tool is told by the userAgent",
    ),
)


def outcome(document: Cascade, family: Family) -> Outcome:
    """What came of the family on the document's last effect that is silenced."""
    return prove(document, installed_models(), [family])[-1].outcomes[0]


by_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.id)


@by_example
def test_a_weak_document_falls(example: Example) -> None:
    found = outcome(example.weak, example.family)
    assert found.answer == "succeeds"
    assert found.attack is not None
    assert found.attack.target in {step.id for step in found.attack.steps}


@by_example
def test_a_strong_document_says_what_stops_it(example: Example) -> None:
    found = outcome(example.strong, example.family)
    assert found.answer == "impossible"
    assert example.clause in found.reasons


@pytest.mark.parametrize("family", ["recreated", "used", "guardrail", "hand", "smuggled"])
def test_what_aws_attests_nobody_makes(family: Family) -> None:
    document = removal(
        effect(
            actor="any",
            relation="consequence",
            within={"after": "15m"},
            where={"eventType": "AwsServiceEvent"},
        )
    )
    found = outcome(document, family)
    assert found.answer == "impossible"
    assert found.reasons[0].startswith("where: eventType")
