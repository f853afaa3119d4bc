"""Who counts as whom: initial principals, roles, AWS itself, and the tool in use."""

from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import (
    ALICE,
    MALLORY,
    OTHER_ACCOUNT,
    Event,
    assume_role,
    call,
    classify,
    session,
    user,
)

CREDENTIAL_CALLS = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "GetFederationToken",
    "GetSessionToken",
]
ONE = session("deploy", "one", "ASIA1")
TWO = session("deploy", "two", "ASIA2")
BACKUP = "backup.amazonaws.com"


def with_rule(rule: str, **more: Any) -> list[Cascade]:
    """s3:PutBucketPolicy goes before s3:DeleteBucket, by that actor rule."""
    effect = {
        "action": "s3:PutBucketPolicy",
        "within": {"before": "60s"},
        "actor": rule,
        "account": "any",
        **more,
    }
    return [cascade(origin={"action": "s3:DeleteBucket"}, effects=[effect])]


def explained(
    catalogue: list[Cascade],
    effect_by: Event | None,
    origin_by: Event | None,
    *others: Event,
    **more: Any,
) -> bool:
    """Whether a call by the one is explained by a deletion by the other."""
    events = [
        *others,
        call("s3:PutBucketPolicy", "effect", 0, by=effect_by, **more),
        call("s3:DeleteBucket", "origin", 9, by=origin_by),
    ]
    found = classify(catalogue, events).get("effect")
    wanted = oracle_verdicts(catalogue, events).get("effect")
    assert (found and found.verdict) == (wanted and wanted.verdict)
    return found is not None and found.verdict == "effect"


def actor_of(by: Event, *others: Event) -> str | None:
    events = [*others, call("s3:DeleteBucket", "origin", 9, by=by)]
    return classify(with_rule("same"), events)["origin"].actor


@pytest.mark.parametrize("name", CREDENTIAL_CALLS)
def test_every_call_that_hands_out_credentials_is_followed(name: str) -> None:
    handed_out = assume_role("sts", "ASIA1", by=ALICE, action=f"sts:{name}")
    assert actor_of(ONE, handed_out) == ALICE["principalId"]
    assert explained(with_rule("same"), ONE, ALICE, handed_out)


@pytest.mark.parametrize("action", ["sts:GetCallerIdentity", "ecs:AssumeRole", "sts:assumeRole"])
def test_no_other_call_is_followed(action: str) -> None:
    handed_out = assume_role("sts", "ASIA1", by=ALICE, action=action)
    assert actor_of(ONE, handed_out) == ONE["principalId"]


@pytest.mark.parametrize(
    "response",
    [
        None,
        {},
        {"credentials": None},
        {"credentials": {"accessKeyId": None}},
        {"credentials": {"accessKeyId": ["ASIA1"]}},
        {"credentials": {"accessKeyId": "asia1"}},
        ["ASIA1"],
    ],
    ids=str,
)
def test_a_response_without_that_access_key_leads_nowhere(response: object) -> None:
    handed_out = assume_role("sts", "ASIA1", by=ALICE, responseElements=response)
    assert actor_of(ONE, handed_out) == ONE["principalId"]


def test_the_order_of_the_log_does_not_matter_for_credentials() -> None:
    later = assume_role("sts", "ASIA1", by=ALICE, seconds=3_000)
    assert actor_of(ONE, later) == ALICE["principalId"]
    delete = call("s3:DeleteBucket", "origin", 9, by=ONE)
    assert classify(with_rule("same"), [delete], [later])["origin"].actor == ALICE["principalId"]


def test_credentials_handed_to_an_aws_service_are_not_followed() -> None:
    service = {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
    assert actor_of(ONE, assume_role("sts", "ASIA1", by=service)) == ONE["principalId"]


def test_long_chains_lead_back() -> None:
    chain = [
        assume_role(
            f"sts{number}",
            f"ASIAHOP{number + 1}",
            by=session("hop", str(number), f"ASIAHOP{number}"),
        )
        for number in range(1, 40)
    ]
    first = assume_role("sts0", "ASIAHOP1", by=ALICE)
    last = session("hop", "last", "ASIAHOP40")
    assert actor_of(last, *chain, first) == ALICE["principalId"]


def test_a_caller_without_principal_makes_the_session_unknown() -> None:
    nobody = {**ALICE, "principalId": None, "accessKeyId": None}
    handed_out = assume_role("sts", "ASIA1", by=nobody)
    assert actor_of(ONE, handed_out) is None
    assert not explained(with_rule("same"), ONE, ONE, handed_out)


def test_a_cycle_of_credentials_makes_its_members_unknown() -> None:
    cycle = [assume_role("sts1", "ASIA1", by=TWO), assume_role("sts2", "ASIA2", by=ONE)]
    assert actor_of(ONE, *cycle) is None
    assert not explained(with_rule("same"), ONE, ONE, *cycle)


def test_credentials_that_hand_themselves_out_are_unknown() -> None:
    assert actor_of(ONE, assume_role("sts", "ASIA1", by=ONE)) is None


def test_a_role_assumed_across_accounts_is_logged_twice_and_the_caller_with_a_key_counts() -> None:
    at_home = assume_role("home", "ASIA1", by=ALICE)
    abroad = assume_role(
        "abroad",
        "ASIA1",
        by={"type": "AWSAccount", "principalId": "AIDASOMEBODY", "accountId": "111111111111"},
        account=OTHER_ACCOUNT,
    )
    assert actor_of(ONE, at_home, abroad) == ALICE["principalId"]
    assert actor_of(ONE, abroad) == "AIDASOMEBODY"
    assert explained(with_rule("same"), ONE, ALICE, at_home, abroad)


def test_two_callers_of_one_access_key_who_both_carry_keys_make_it_unknown() -> None:
    both = [assume_role("sts1", "ASIA1", by=ALICE), assume_role("sts2", "ASIA1", by=MALLORY)]
    assert actor_of(ONE, *both) is None
    assert not explained(with_rule("same"), ONE, ALICE, *both)
    assert not explained(with_rule("same"), ONE, ONE, *both)


def test_two_callers_of_one_access_key_without_keys_make_it_unknown() -> None:
    both = [
        assume_role("sts1", "ASIA1", by=user("alice")),
        assume_role("sts2", "ASIA1", by=user("mallory")),
    ]
    assert actor_of(ONE, *both) is None


def test_the_same_caller_twice_is_one_caller() -> None:
    both = [assume_role("sts1", "ASIA1", by=ALICE), assume_role("sts2", "ASIA1", by=ALICE)]
    assert actor_of(ONE, *both) == ALICE["principalId"]


@pytest.mark.parametrize("principal", [None, "", 7, ["AIDAALICE"], {"id": "AIDAALICE"}], ids=str)
def test_a_principal_id_that_is_no_text_equals_nobody(principal: object) -> None:
    nobody = {**ALICE, "principalId": principal}
    assert not explained(with_rule("same"), nobody, nobody)
    assert not explained(with_rule("same-role"), nobody, nobody)
    assert explained(with_rule("any"), nobody, nobody)


@pytest.mark.parametrize("identity", [None, {}, {"type": "IAMUser"}], ids=str)
def test_a_missing_identity_equals_nobody(identity: Any) -> None:
    assert not explained(with_rule("same"), identity, identity)
    assert actor_of(identity) is None


def test_principals_compare_exactly() -> None:
    assert not explained(with_rule("same"), ALICE, {**ALICE, "principalId": "aidaalice"})
    assert not explained(with_rule("same"), ONE, session("deploy", "ONE", "ASIA2"))


def test_same_ignores_names_and_arns() -> None:
    assert explained(with_rule("same"), ALICE, {**ALICE, "userName": "alicia", "arn": "x"})
    assert not explained(with_rule("same"), ALICE, {**ALICE, "principalId": "AIDAOTHER"})


@pytest.mark.parametrize(
    ("effect_by", "origin_by", "expected"),
    [
        pytest.param(ONE, TWO, True, id="two sessions of one role"),
        pytest.param(ALICE, ALICE, True, id="one user"),
        pytest.param(ALICE, MALLORY, False, id="two users"),
        pytest.param(
            ONE, session("audit", "one", "ASIA2"), False, id="two roles, one session name"
        ),
        pytest.param(ONE, ALICE, False, id="a session and a user"),
        pytest.param(ONE, {**TWO, "type": "FederatedUser"}, False, id="no AssumedRole"),
        pytest.param(
            {"type": "AssumedRole", "principalId": ":one"},
            {"type": "AssumedRole", "principalId": ":two"},
            False,
            id="sessions of no role",
        ),
    ],
)
def test_same_role(effect_by: Event, origin_by: Event, expected: bool) -> None:
    assert explained(with_rule("same-role"), effect_by, origin_by) is expected


def test_same_role_accepts_what_same_accepts() -> None:
    assert explained(with_rule("same-role"), ONE, ALICE, assume_role("sts", "ASIA1", by=ALICE))


def test_any_asks_nothing() -> None:
    assert explained(with_rule("any"), MALLORY, ALICE)


SERVICE_ROLE = "aws-service-role/backup.amazonaws.com/"


@pytest.mark.parametrize(
    ("effect_by", "expected"),
    [
        pytest.param({**MALLORY, "invokedBy": BACKUP}, True, id="invoked by the service"),
        pytest.param({"type": "AWSService", "invokedBy": BACKUP}, True, id="the service itself"),
        pytest.param(
            session("b", "x", "ASIA9", path=SERVICE_ROLE), True, id="its service-linked role"
        ),
        pytest.param(
            {**session("b", "x", "ASIA9", path=SERVICE_ROLE), "invokedBy": "ec2.amazonaws.com"},
            True,
            id="its service-linked role, invoked by another service",
        ),
        pytest.param(
            {
                **session("b", "x", "ASIA9", path="aws-service-role/ec2.amazonaws.com/"),
                "invokedBy": BACKUP,
            },
            True,
            id="another service's role, invoked by the service",
        ),
        pytest.param({**MALLORY, "invokedBy": "ec2.amazonaws.com"}, False, id="another service"),
        pytest.param({**MALLORY, "invokedBy": "Backup.amazonaws.com"}, False, id="case counts"),
        pytest.param(session("b", "x", "ASIA9", path="service-role/"), False, id="a service role"),
        pytest.param(
            session("b", "x", "ASIA9", path="aws-service-role/ec2.amazonaws.com/"),
            False,
            id="another service's role",
        ),
        pytest.param(
            session("b", "x", "ASIA9", path="aws-service-role/backup.amazonaws.com.evil/"),
            False,
            id="a service whose name goes on",
        ),
        pytest.param(
            session("b", "x", "ASIA9", path=f"evil/{SERVICE_ROLE}"),
            False,
            id="the path within a path",
        ),
        pytest.param(session("b", BACKUP, "ASIA9"), False, id="a session named after the service"),
        pytest.param(session(BACKUP, "x", "ASIA9"), False, id="a role named after the service"),
        pytest.param({**ALICE, "userName": BACKUP}, False, id="a user named after the service"),
        pytest.param(ALICE, False, id="the origin's own caller"),
        pytest.param(None, False, id="nobody"),
    ],
)
def test_a_service_must_be_attested(effect_by: Event | None, expected: bool) -> None:
    assert explained(with_rule(f"service:{BACKUP}"), effect_by, ALICE) is expected


def test_the_service_rule_is_for_the_effect_not_its_parent() -> None:
    assert not explained(with_rule(f"service:{BACKUP}"), ALICE, {**ALICE, "invokedBy": BACKUP})


def test_what_the_caller_claims_is_no_attestation() -> None:
    catalogue = with_rule(f"service:{BACKUP}")
    assert not explained(catalogue, ALICE, ALICE, userAgent=BACKUP, sourceIPAddress=BACKUP)


CLI = (
    "aws-cli/2.15.30 Python/3.11.6 Linux/5.10.205 exe/x86_64 prompt/off command/s3api.delete-bucket"
)
OLD_CLI = "aws-cli/1.16.12 Python/2.7.12 Linux/4.4.0 botocore/1.12.2"
STRATUS = "stratus-red-team_83c9a458-cffd-4d43-be02-9624b0abb13c"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) aws-sdk-go/1.44.0"


@pytest.mark.parametrize(
    ("effect_agent", "origin_agent", "same", "any_tool"),
    [
        pytest.param(CLI, CLI, True, True, id="one tool"),
        pytest.param(CLI, OLD_CLI, True, True, id="two versions"),
        pytest.param(CLI, TERRAFORM, False, True, id="two tools"),
        pytest.param(STRATUS, STRATUS, True, True, id="one tool that nobody listed"),
        pytest.param(STRATUS, TERRAFORM, False, True, id="an unlisted tool and a listed one"),
        pytest.param(
            STRATUS, TERRAFORM + " " + STRATUS, False, True, id="a listed one that it runs"
        ),
        pytest.param(STRATUS, "Pacu/1.5", False, True, id="two unlisted tools"),
        pytest.param(
            "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.666 Linux/4.9]",
            "AWS Internal",
            True,
            True,
            id="two of the console's",
        ),
        pytest.param("-", CLI, False, True, id="one without a word is unknown"),
        pytest.param(CLI, None, False, True, id="the origin's is unknown"),
        pytest.param(None, CLI, False, True, id="the effect's is unknown"),
        pytest.param(None, None, False, True, id="both are unknown"),
        pytest.param("", CLI, False, True, id="an empty one is unknown"),
    ],
)
def test_the_tool(effect_agent: object, origin_agent: object, same: bool, any_tool: bool) -> None:
    events = [
        call("s3:PutBucketPolicy", "effect", 0, userAgent=effect_agent),
        call("s3:DeleteBucket", "origin", 9, userAgent=origin_agent),
    ]
    for tool, expected in (("same", same), ("any", any_tool)):
        verdict = classify(with_rule("same", tool=tool), events)["effect"].verdict
        assert verdict == ("effect" if expected else "orphan"), tool


def test_an_equal_tool_never_makes_up_for_another_actor() -> None:
    assert not explained(
        with_rule("same", tool="same"), MALLORY, ALICE, userAgent="aws-cli/2.15.30"
    )


def center_user(user_id: str | None, store: str = "d-1") -> Event:
    behalf = {"identityStoreArn": f"arn:aws:identitystore::111111111111:identitystore/{store}"}
    return {
        "type": "IdentityCenterUser",
        "accountId": "111111111111",
        "onBehalfOf": behalf if user_id is None else {**behalf, "userId": user_id},
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (center_user("u-1"), center_user("u-1"), True),
        (center_user("u-1"), center_user("u-2"), False),
        (center_user("u-1"), center_user("u-1", "d-2"), False),
        (center_user(None), center_user(None), False),
        (
            {**center_user("u-1"), "type": "Unknown"},
            {**center_user("u-1"), "type": "Unknown"},
            False,
        ),
    ],
)
def test_users_of_identity_center_are_told_apart_by_their_id(
    one: Event, other: Event, same: bool
) -> None:
    assert explained(with_rule("same"), one, other) is same
