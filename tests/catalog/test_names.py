"""Actions and cascades are found as people type them; what is unclear is never guessed."""

import pytest

from cloudcascade.catalog import CatalogError, UnknownName, resolve_action, resolve_cascade

ACTIONS = [
    "iam:DeleteUser",
    "iam:DeleteUserPolicy",
    "cognito-idp:AdminDeleteUser",
    "ec2:DeleteSnapshot",
    "redshift:DeleteSnapshot",
    "lambda:CreateFunction20150331",
    "lambda:UpdateFunctionCode20150331",
    "lambda:UpdateFunctionCode20150331v2",
    "cloudfront:CreateDistribution2020_05_31",
    "sso-directory:DeleteUser20250101x",
]
IDS = ["aws.iam.delete-user", "aws.ec2.delete-snapshot", "aws.rds.delete-snapshot"]


@pytest.mark.parametrize(
    ("typed", "action"),
    [
        ("iam:DeleteUser", "iam:DeleteUser"),
        ("DeleteUser", "iam:DeleteUser"),
        ("  deleteuser ", "iam:DeleteUser"),
        ("IAM:deleteuser", "iam:DeleteUser"),
        ("iam.amazonaws.com:DeleteUser", "iam:DeleteUser"),
        ("iam.amazonaws.com/DeleteUser", "iam:DeleteUser"),
        ("iam.DeleteUser", "iam:DeleteUser"),
        ("cognito-idp:admindeleteuser", "cognito-idp:AdminDeleteUser"),
        ("redshift:DeleteSnapshot", "redshift:DeleteSnapshot"),
        ("lambda:CreateFunction", "lambda:CreateFunction20150331"),
        ("CreateFunction", "lambda:CreateFunction20150331"),
        ("lambda:UpdateFunctionCode20150331", "lambda:UpdateFunctionCode20150331"),
        ("cloudfront:createdistribution", "cloudfront:CreateDistribution2020_05_31"),
    ],
)
def test_an_action_is_found(typed: str, action: str) -> None:
    assert resolve_action(typed, ACTIONS) == action


@pytest.mark.parametrize(
    ("typed", "candidates"),
    [
        ("DeleteSnapshot", ("ec2:DeleteSnapshot", "redshift:DeleteSnapshot")),
        (
            "lambda:UpdateFunctionCode",
            ("lambda:UpdateFunctionCode20150331", "lambda:UpdateFunctionCode20150331v2"),
        ),
    ],
)
def test_an_unclear_action_lists_what_it_may_mean(typed: str, candidates: tuple[str, ...]) -> None:
    with pytest.raises(UnknownName) as unknown:
        resolve_action(typed, ACTIONS)
    assert unknown.value.candidates == candidates
    assert str(unknown.value) == f"{typed!r} may be any of these actions: {', '.join(candidates)}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("iam:DeleteUzer", "iam:DeleteUser"),
        ("DeletUser", "iam:DeleteUser"),
        ("s3:DeleteUser", "iam:DeleteUser"),
    ],
)
def test_a_typo_is_asked_back(typed: str, meant: str) -> None:
    with pytest.raises(UnknownName, match="did you mean") as unknown:
        resolve_action(typed, ACTIONS)
    assert meant in unknown.value.candidates


@pytest.mark.parametrize("typed", ["", ":", "xyzzy", "iam:", "\x00", "[", "é" * 1_000])
def test_nonsense_is_unknown_and_says_so(typed: str) -> None:
    with pytest.raises(CatalogError, match="the catalogue has no action"):
        resolve_action(typed, ACTIONS)


@pytest.mark.parametrize(
    ("typed", "id_"),
    [
        ("aws.iam.delete-user", "aws.iam.delete-user"),
        ("iam.delete-user", "aws.iam.delete-user"),
        ("delete-user", "aws.iam.delete-user"),
        ("Delete_User", "aws.iam.delete-user"),
        ("aws/iam/delete-user.yaml", "aws.iam.delete-user"),
        ("ec2.delete-snapshot", "aws.ec2.delete-snapshot"),
    ],
)
def test_a_cascade_is_found_by_the_end_of_its_id(typed: str, id_: str) -> None:
    assert resolve_cascade(typed, IDS) == id_


def test_an_unclear_cascade_lists_what_it_may_mean() -> None:
    with pytest.raises(UnknownName) as unknown:
        resolve_cascade("delete-snapshot", IDS)
    assert unknown.value.candidates == ("aws.ec2.delete-snapshot", "aws.rds.delete-snapshot")


@pytest.mark.parametrize("typed", ["delet-user", "aws.iam.delete-usr"])
def test_a_cascade_with_a_typo_is_asked_back(typed: str) -> None:
    with pytest.raises(UnknownName, match=r"did you mean aws\.iam\.delete-user\?"):
        resolve_cascade(typed, IDS)


@pytest.mark.parametrize("typed", ["user", "", "."])
def test_a_part_of_a_name_is_no_name(typed: str) -> None:
    with pytest.raises(UnknownName):
        resolve_cascade(typed, IDS)


def test_an_empty_catalogue_says_that_it_is_empty() -> None:
    with pytest.raises(UnknownName, match="the catalogue is empty"):
        resolve_action("DeleteUser", [])
