"""Derived cascades: marked, apart, never silencing; and the script that makes their table."""

import importlib.util
from pathlib import Path

import pytest

from cloudcascade.catalog import (
    Catalog,
    derived_cascades,
    handlers,
    is_derived,
    load_catalog,
    load_service_models,
)
from cloudcascade.catalog.derived import handler_ref

ROOT = Path(__file__).parents[2]
SCHEMA = {
    "typeName": "AWS::IAM::Role",
    "handlers": {
        "create": {"permissions": ["iam:CreateRole", "iam:GetRole", "iam:PassRole", "iam:Put*"]},
        "delete": {"permissions": ["iam:DeleteRole", "iam:DetachRolePolicy", "iam:GetRole"]},
        "read": {"permissions": ["iam:GetRole"]},
    },
}
FUNCTION = {
    "typeName": "AWS::Lambda::Function",
    "handlers": {"delete": {"permissions": ["lambda:DeleteFunction", "ec2:DescribeVpcs"]}},
}


@pytest.fixture(scope="module")
def everything() -> Catalog:
    return load_catalog(derived=True)


def test_derived_cascades_are_loaded_on_request_only(everything: Catalog) -> None:
    assert not any(is_derived(cascade.id) for cascade in load_catalog().cascades)
    derived = [cascade for cascade in everything.cascades if is_derived(cascade.id)]
    assert len(derived) > 1_438
    assert {cascade.id for cascade in derived} == {cascade.id for cascade in derived_cascades()}
    assert everything.sources[derived[0].id].name == "handlers.json"


def test_none_of_them_silences_anything(everything: Catalog) -> None:
    for cascade in everything.cascades:
        if is_derived(cascade.id):
            assert cascade.suppression.policy == "annotate"
            assert all(cascade.policy_of(effect) == "annotate" for effect in cascade.effects)


def test_only_what_cloudformation_itself_called_is_explained(everything: Catalog) -> None:
    effects = [
        effect
        for cascade in everything.cascades
        if is_derived(cascade.id)
        for effect in cascade.effects
    ]
    assert all(
        effect.where["userIdentity.invokedBy"].equals == "cloudformation.amazonaws.com"
        for effect in effects
    )


def test_a_derived_cascade_names_the_handler_it_rests_on() -> None:
    role = next(
        cascade
        for cascade in derived_cascades()
        if cascade.id == "aws.cloudformation-derived.iam-role-delete"
    )
    assert role.origin is not None
    assert role.origin.action == "cloudformation:DeleteStack"
    assert {"iam:DetachRolePolicy", "iam:DeleteRole"} <= {each.action for each in role.effects}
    assert handler_ref(role.evidence[0].ref) == tuple(each.action for each in role.effects)


@pytest.mark.parametrize(
    "ref",
    ["cfn:AWS::IAM::Role", "cfn:AWS::IAM::Rol:delete", "cfn:AWS::IAM::Role:read", "cfn:", "x"],
)
def test_what_is_no_handler_is_none(ref: str) -> None:
    assert handler_ref(ref) is None


def test_every_action_of_the_table_is_one_that_cloudtrail_records() -> None:
    models = load_service_models()
    actions = {
        action for each in handlers().values() for called in each.values() for action in called
    }
    assert all(models.operations(action) for action in actions)


def test_the_script_keeps_what_changes_something_in_cloudtrails_spelling() -> None:
    spec = importlib.util.spec_from_file_location(
        "derive_cloudformation", ROOT / "bench" / "derive_cloudformation.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.handler_table([FUNCTION, SCHEMA], load_service_models()) == {
        "AWS::IAM::Role": {
            "create": ["iam:CreateRole"],
            "delete": ["iam:DeleteRole", "iam:DetachRolePolicy"],
        },
        "AWS::Lambda::Function": {"delete": ["lambda:DeleteFunction20150331"]},
    }
