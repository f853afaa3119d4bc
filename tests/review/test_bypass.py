"""Ways past a rule by what the caller chooses, each shown by a record."""

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.review import Cases, Rule, bypass_findings, bypasses
from cloudcascade.review.chosen import choices
from cloudcascade.review.samples_of import texts
from cloudcascade.tests.support.toy_rules import rule

CASES = Cases([load_catalog().get("aws.iam.delete-user")])
FIRED = [case for case in CASES.benign if case.node == "iam:DeactivateMFADevice"]
CREATED = [
    case
    for case in Cases([load_catalog().get("aws.backup.create-backup-plan")]).benign
    if case.action == "events:PutRule"
]


def excluding(*unless: list[str], name: str = "DeactivateMFADevice") -> Rule:
    return rule([["eventName", name]], unless)


@pytest.mark.parametrize(
    ("unless", "path"),
    [
        pytest.param(["userAgent", "*Terraform*"], "userAgent", id="the tool"),
        pytest.param(
            ["userIdentity.arn", "*/offboarding-bot"],
            "userIdentity.arn (session name)",
            id="the session's name",
        ),
        pytest.param(
            ["userIdentity.sessionContext.sourceIdentity", "helpdesk"],
            "userIdentity.sessionContext.sourceIdentity",
            id="the source identity",
        ),
        pytest.param(
            ["userIdentity.sessionContext.sessionIssuer.userName", "terraform-*"],
            "userIdentity.sessionContext.sessionIssuer.userName",
            id="the role's name",
        ),
        pytest.param(
            ["userIdentity.userName", "svc-*"], "userIdentity.userName", id="the user's name"
        ),
    ],
)
def test_an_exclusion_by_what_the_caller_chooses_is_passed(unless: list[str], path: str) -> None:
    found = {each.path: each for each in bypasses(excluding(unless), FIRED)}
    assert path in found


@pytest.mark.parametrize(
    "unless",
    [
        pytest.param(["userIdentity.invokedBy", "cloudformation.amazonaws.com"], id="attested"),
        pytest.param(
            [
                "userIdentity.sessionContext.sessionIssuer.arn",
                "arn:aws:iam::999999999999:role/offboarding",
            ],
            id="a whole ARN of another account",
        ),
        pytest.param(["errorCode", "*"], id="a failure"),
    ],
)
def test_an_exclusion_by_what_aws_writes_holds(unless: list[str]) -> None:
    assert bypasses(excluding(unless), FIRED) == ()


def test_the_witness_differs_in_one_member_and_is_not_seen() -> None:
    (found,) = bypasses(excluding(["userAgent", "*Terraform*"]), FIRED)
    assert found.witness != found.before
    assert {name for name in found.witness if found.witness[name] != found.before[name]} == {
        "userAgent"
    }
    assert found.by == "whoever makes the call"


def test_what_a_call_names_itself_is_chosen() -> None:
    spared = excluding(["requestParameters.name", "Backup-*"], name="PutRule")
    paths = {each.path for each in bypasses(spared, CREATED)}
    assert "requestParameters.name" in paths


def test_a_rule_that_nobody_else_sets_off_has_no_way_past() -> None:
    attested = rule([["eventName", "PutRule"], ["userIdentity.invokedBy", "backup.amazonaws.com"]])
    assert bypasses(attested, CREATED) == ()


def test_a_finding_says_what_should_stand_there() -> None:
    by_agent = excluding(["userAgent", "cloudformation.amazonaws.com"])
    (finding,) = bypass_findings(by_agent, bypasses(by_agent, FIRED))
    assert finding.level == "error"
    assert "userIdentity.invokedBy is cloudformation.amazonaws.com" in finding.remedy
    assert finding.details["witness"]["userAgent"] == "cloudformation.amazonaws.com"


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        pytest.param("*Terraform*", "Terraform", id="wildcards"),
        pytest.param("^aws-(cli|sdk)/\\d+", "aws-cli/1", id="a regular expression"),
        pytest.param("plain", "plain", id="itself"),
        pytest.param("a?c", "axc", id="one letter"),
    ],
)
def test_a_constant_is_filled_as_somebody_would_type_it(literal: str, text: str) -> None:
    assert text in texts(literal)


@pytest.mark.parametrize("hostile", ["(" * 5_000, "x" * 10_000, "a{4294967295}", "(?P<n>"])
def test_a_hostile_pattern_costs_nothing(hostile: str) -> None:
    assert all(len(each) <= 200 for each in texts(hostile))


@pytest.mark.parametrize(
    ("agent", "instead"),
    [
        pytest.param("console.amazonaws.com", "sessionCredentialFromConsole", id="the console's"),
        pytest.param("backup.amazonaws.com", "userIdentity.invokedBy", id="a service's"),
        pytest.param("*Terraform*", "sessionIssuer.arn", id="a tool's"),
    ],
)
def test_what_should_stand_there_depends_on_what_is_excluded(agent: str, instead: str) -> None:
    by_agent = excluding(["userAgent", agent])
    (finding,) = bypass_findings(by_agent, bypasses(by_agent, FIRED))
    assert instead in finding.remedy


def test_no_role_is_made_under_a_name_of_aws() -> None:
    spared = excluding(["userIdentity.sessionContext.sessionIssuer.userName", "AWSReservedSSO_*"])
    assert bypasses(spared, FIRED) == ()


def test_only_what_is_created_is_named_by_the_caller() -> None:
    paths = {each.path for each in choices(FIRED[0].record)}
    assert not any(path.startswith("requestParameters") for path in paths)
    paths = {each.path for each in choices(CREATED[0].record)}
    assert any(path.startswith("requestParameters") for path in paths)
