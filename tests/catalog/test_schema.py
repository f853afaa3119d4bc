"""The published JSON Schema says what the models say, so that an editor and `cascade check` agree."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cloudcascade.catalog import (
    CatalogError,
    json_schema,
    load_catalog,
    parse_document,
    read_cascade,
    read_document,
    schema_text,
)
from cloudcascade.catalog.schema import SCHEMA_FILE

VALIDATOR = Draft202012Validator(json_schema())

BASE = """\
id: aws.iam.delete-user
title: Deleting a user
provider: aws
description: Its credentials go first.
origin:
  action: iam:DeleteUser
  keys: {user: requestParameters.userName}
effects:
  - action: iam:DeleteAccessKey
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 60m}
    attack: [T1531]
suppression:
  policy: suppress
  residual_risk: None.
evidence:
  - kind: documentation
    ref: https://example.com
    supports: [iam:DeleteAccessKey]
"""
KEYS = "keys: {user: requestParameters.userName}\n    join"
JOIN = "    join: [user]\n"
RISK = "  residual_risk: None.\n"
SPOILER = """\
spoilers:
  - action: iam:CreateUser
    keys: {user: requestParameters.userName}
    join: [user]
"""


def test_the_file_in_the_package_is_in_step_with_the_models() -> None:
    # Written by: SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema_of_draft_2020_12() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def test_every_bundled_file_is_valid() -> None:
    catalog = load_catalog()
    for file in catalog.sources.values():
        assert [e.message for e in VALIDATOR.iter_errors(read_document(file).data)] == [], file


def test_fields_are_spelt_and_described_as_in_the_file() -> None:
    definitions = json_schema()["$defs"]
    assert {"first-of", "path", "transform"} == definitions["KeySource"]["properties"].keys()
    assert {"in", "not"} <= definitions["Condition"]["properties"].keys()
    described = [
        (name, field)
        for name, definition in definitions.items()
        for field, node in definition["properties"].items()
        if name in ("Condition", "Effect", "KeySource", "Window") and "description" not in node
    ]
    assert described == []


def test_nothing_in_it_is_nullable_or_carries_a_null_default() -> None:
    assert '"null"' not in schema_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        (JOIN, f"{JOIN}    where: {{errorCode: {{absent: true}}}}\n"),
        (JOIN, f"{JOIN}    where: {{userIdentity.invokedBy: cloudformation.amazonaws.com}}\n"),
        (JOIN, f"{JOIN}    where: {{awsRegion: us-east-1, requestParameters.n: 3}}\n"),
        (JOIN, f"{JOIN}    where: {{'requestParameters.items[].a': {{in: [a, 1, true]}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{not: {{startswith: a, endswith: b}}}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{not: AccessDenied}}}}\n"),
        (JOIN, f"{JOIN}    where: {{requestParameters.policy: {{grants: own-account}}}}\n"),
        (JOIN, f"{JOIN}    where: {{requestParameters: {{only: [userName, serialNumber]}}}}\n"),
        (KEYS, "keys: {user: {path: userAgent, transform: lower}}\n    join"),
        (KEYS, "keys: {user: {first-of: [userAgent, 'resources[].ARN']}}\n    join"),
        ("before: 60m", "before: 31d, after: 90s"),
        ("precondition", "companion\n    actor: service:backup.amazonaws.com\n    tool: same"),
        ("policy: suppress", "policy: never"),
        ("origin:", "spoilers: []\norigin:"),
        ("origin:", f"{SPOILER}    within: {{after: 60m}}\norigin:"),
        ("origin:", f"{SPOILER}    between: true\norigin:"),
        (JOIN, f"{JOIN}    region: same\n"),
        (RISK, f"{RISK}  harmless: [{{family: used, reason: The user cannot act.}}]\n"),
        (
            RISK,
            f"{RISK}  harmless: [{{effects: ['iam:DeleteAccessKey'], family: decoy, reason: One only.}}]\n",
        ),
    ],
)
def test_schema_and_models_both_accept(tmp_path: Path, old: str, new: str) -> None:
    text = _changed(old, new)
    assert VALIDATOR.is_valid(parse_document(text, "f").data)
    assert _accepted(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: aws.iam.delete-user", "id: aws.iam.DeleteUser"),
        ("id: aws.iam.delete-user", "id: aws.iam"),
        ("id: aws.iam.delete-user\n", ""),
        ("title: Deleting a user", "title: ''"),
        ("title: Deleting a user", f"title: {'x' * 101}"),
        ("title: Deleting a user", "title: 7"),
        ("title: Deleting a user", "title:"),
        ("provider: aws", "provider: gcp"),
        ("provider: aws", "provider: aws\nextra: 1"),
        ("action: iam:DeleteUser", "action: DeleteUser"),
        ("action: iam:DeleteUser", "action: IAM:DeleteUser"),
        ("action: iam:DeleteUser", "action: [iam:DeleteUser]"),
        ("origin:\n  action: iam:DeleteUser\n  keys: {user: requestParameters.userName}\n", ""),
        ("effects:", "ensemble: {require: [a, b]}\neffects:"),
        ("effects:", "efects:"),
        ("precondition", "cause"),
        ("precondition", "precondition\n    occurs: twice"),
        ("precondition", "precondition\n    account: other"),
        ("precondition", "precondition\n    actor: 'service:'"),
        ("precondition", "precondition\n    actor: me"),
        ("precondition", "precondition\n    outcome: failure"),
        ("precondition", "precondition\n    policy: allow"),
        ("precondition", "precondition\n    name: 'a b'"),
        ("precondition", "precondition\n    note: ''"),
        (KEYS, "keys: {User: requestParameters.userName}\n    join"),
        (KEYS, "keys: {user: parameters.userName}\n    join"),
        (KEYS, "keys: {user: requestParameters..userName}\n    join"),
        (KEYS, "keys: {user: requestParametersX.userName}\n    join"),
        (KEYS, "keys: {user: {}}\n    join"),
        (KEYS, "keys: {user: {path: userAgent, first-of: [userAgent, eventID]}}\n    join"),
        (KEYS, "keys: {user: {first-of: [userAgent]}}\n    join"),
        (KEYS, "keys: {user: {first_of: [userAgent, eventID]}}\n    join"),
        (KEYS, "keys: {user: {path: userAgent, transform: upper}}\n    join"),
        (KEYS, "keys: {user: 1}\n    join"),
        ("join: [user]", "join: user"),
        ("join: [user]", "join: [1]"),
        ("before: 60m", "before: 60"),
        ("before: 60m", "before: 60min"),
        ("before: 60m", "before: -60m"),
        ("before: 60m", "before: \u0666\u0660m"),
        ("before: 60m", "before: true"),
        ("before: 60m", "before: [60m]"),
        ("before: 60m", "until: 60m"),
        ("[T1531]", "[T153]"),
        ("[T1531]", "[T1531.1]"),
        ("[T1531]", "T1531"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: [a]}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{in: []}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{in: a}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{in: [[a]]}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{in_: [a]}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{not_: a}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{not: {{}}}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{exists: false}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{absent: 1}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{equals: }}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{startswith: 1}}}}\n"),
        (JOIN, f"{JOIN}    where: {{errorCode: {{grants: anyone}}}}\n"),
        (JOIN, f"{JOIN}    where: {{requestParameters: {{only: []}}}}\n"),
        (JOIN, f"{JOIN}    where: {{requestParameters: {{only: userName}}}}\n"),
        (JOIN, f"{JOIN}    where: {{requestParameters: {{only: [1]}}}}\n"),
        (JOIN, f"{JOIN}    where: {{error: a}}\n"),
        ("policy: suppress", "policy: silence"),
        ("origin:", f"{SPOILER}origin:"),
        ("origin:", f"{SPOILER}    between: true\n    within: {{after: 60m}}\norigin:"),
        ("origin:", f"{SPOILER}    between: false\norigin:"),
        (JOIN, f"{JOIN}    region: us-east-1\n"),
        (RISK, f"{RISK}  harmless: [{{family: luck, reason: Nobody tries.}}]\n"),
        (RISK, f"{RISK}  harmless: [{{family: used}}]\n"),
        ("  residual_risk: None.\n", ""),
        ("kind: documentation", "kind: hearsay"),
        ("supports: [iam:DeleteAccessKey]", "supports: []"),
        ("evidence:", "evidence: []\nproof:"),
    ],
)
def test_schema_and_models_both_refuse(tmp_path: Path, old: str, new: str) -> None:
    text = _changed(old, new)
    assert not _accepted(tmp_path, text)
    assert not VALIDATOR.is_valid(parse_document(text, "f").data)


def test_a_window_of_more_than_31_days_is_left_to_the_loader(tmp_path: Path) -> None:
    text = _changed("before: 60m", "before: 32d")
    assert VALIDATOR.is_valid(parse_document(text, "f").data)
    assert not _accepted(tmp_path, text)


def test_it_is_plain_json() -> None:
    assert json.loads(schema_text()) == json_schema()


def _changed(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new, 1)


def _accepted(folder: Path, text: str) -> bool:
    file = folder / "delete-user.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        read_cascade(file)
    except CatalogError:
        return False
    return True
