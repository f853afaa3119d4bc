"""Facts from records: how they are counted, and what the table of the package says."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cloudcascade.catalog.models import KeySource
from cloudcascade.catalog.record_facts import ActionFacts, record_facts, written_member
from cloudcascade.catalog.recorded import recorded
from cloudcascade.catalog.service_models import ServiceModels, load_service_models
from cloudcascade.catalog.spellings import spellings
from cloudcascade.catalog.written_as import writings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "record_facts", ROOT / "bench" / "record_facts.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def models() -> ServiceModels:
    return load_service_models()


def record(
    number: int, source: str = "iam", name: str = "DeleteUser", **more: Any
) -> dict[str, Any]:
    return {
        "eventID": f"0a1b2c3d-0000-4000-8000-{number:012}",
        "eventTime": f"2024-07-01T00:00:{number:02}Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "userIdentity": {},
        **more,
    }


def counted(script: ModuleType, *records: dict[str, Any], dataset: str = "stratus") -> Any:
    return script.facts([(dataset, list(records))])


def test_an_action_has_its_fields_their_kinds_and_a_record_for_each(script: ModuleType) -> None:
    named = record(1, requestParameters={"userName": "bob"})
    by_arn = record(2, requestParameters={"userName": "arn:aws:iam::111122223333:user/bob"})
    again = record(3, requestParameters={"userName": "eve"})
    row = counted(script, named, by_arn, again)["actions"]["iam:DeleteUser"]
    assert row["fields"] == {"requestParameters.userName": "arn text"}
    assert row["refs"] == [f"stratus:{each['eventID']}" for each in (named, by_arn)]


@pytest.mark.parametrize(
    ("members", "calls"),
    [
        ({"requestParameters": {"a": 1}, "responseElements": None}, [1, 1, 0]),
        ({"requestParameters": None, "responseElements": {"a": 1}}, [1, 0, 1]),
        ({"requestParameters": None, "errorCode": "AccessDenied"}, [0, 0, 0]),
        ({"requestParameters": {}}, [1, 0, 0]),
    ],
)
def test_null_is_counted_of_calls_that_succeeded(
    script: ModuleType, members: dict[str, Any], calls: list[int]
) -> None:
    assert counted(script, record(1, **members))["actions"]["iam:DeleteUser"]["calls"] == calls


def test_what_a_caller_writes_is_not_kept(script: ModuleType) -> None:
    policy = {
        "policyDocument": {"Statement": [{"Sid": "mine"}]},
        "encryptionContext": {"team": "x"},
    }
    row = counted(script, record(1, requestParameters=policy))["actions"]["iam:DeleteUser"]
    assert "fields" not in row


def test_the_flag_is_counted_in_sessions_that_show_it_and_of_the_consoles_own_calls(
    script: ModuleType,
) -> None:
    key = {"userIdentity": {"accessKeyId": "ASIAEXAMPLE"}}
    table = counted(
        script,
        record(1, "ec2", "DescribeVpcs", sessionCredentialFromConsole="true", **key),
        record(2, "kms", "CreateKey", **key),
        record(3, "s3", "ListBuckets", userAgent="[S3Console/0.4]"),
        record(4, "sts", "GetCallerIdentity", userAgent="aws-cli/2.15"),
    )["console"]
    counts = {service: (row["flagged"], row["records"]) for service, row in table.items()}
    assert counts == {"ec2": (1, 1), "kms": (0, 1), "s3": (0, 1)}


def test_where_the_flag_was_put_on_by_hand_it_is_not_counted(script: ModuleType) -> None:
    flagged = record(1, sessionCredentialFromConsole="true")
    assert counted(script, flagged, dataset="permiso")["console"] == {}


def test_every_fact_of_the_package_names_a_record_of_a_known_data_set() -> None:
    datasets = set(recorded().datasets)
    table = record_facts()
    found = [facts.refs for facts in table.actions.values()]
    found += [facts.refs for facts in table.console.values()]
    refs = [ref for each in found for ref in each]
    assert {ref.rpartition(":")[0] for ref in refs} <= datasets
    assert all(facts.refs for facts in table.actions.values())


def test_every_spelling_of_the_package_has_a_page_or_a_data_set() -> None:
    pages = [each.source for each in spellings().logged_as.values()]
    shown = [ref for by_action in spellings().null.values() for ref in by_action.values()]
    assert all(page.startswith("https://") for page in pages)
    assert set(shown) <= set(recorded().datasets)


def test_few_records_prove_no_null() -> None:
    table = record_facts()
    few = {name for name, each in table.actions.items() if each.calls < 3}
    assert few
    assert not any(table.null_because(name, "requestParameters") for name in few)
    assert table.null_because("iam:ListUsers", "requestParameters")
    assert table.null_because("iam:ListUsers", "userIdentity") is None


@pytest.mark.parametrize(
    ("service", "unset"), [("s3", True), ("ec2", False), ("lambda", False), ("mq", False)]
)
def test_a_service_never_sets_the_flag_when_two_data_sets_agree(service: str, unset: bool) -> None:
    assert (record_facts().unflagged_because(service) is not None) == unset


@pytest.mark.parametrize(
    ("service", "name", "written"),
    [
        ("securityhub", "Filters", "Filters"),
        ("ce", "Granularity", "Granularity"),
        ("codeartifact", "repository", "repositoryName"),
        ("codeartifact", "domainOwner", None),
        ("iam", "UserName", None),
    ],
)
def test_members_are_written_as_records_have_them(
    service: str, name: str, written: str | None
) -> None:
    assert written_member(service, name) == written


def test_calls_by_services_are_counted_by_who_made_them() -> None:
    decrypted: ActionFacts = record_facts().actions["kms:Decrypt"]
    assert decrypted.invoked_by == {"AWS Internal": 688, "secretsmanager.amazonaws.com": 56}


P = "requestParameters"


@pytest.mark.parametrize(
    ("action", "key", "found"),
    [
        ("sts:AssumeRole", f"{P}.roleArn", {"arn"}),
        ("sts:AssumeRole", {"path": f"{P}.roleArn", "transform": "arn-name"}, {"name"}),
        ("iam:DeleteRole", f"{P}.roleName", {"name"}),
        ("lambda:GetFunction20150331v2", f"{P}.functionName", {"arn", "name"}),
        ("secretsmanager:GetSecretValue", f"{P}.secretId", {"arn", "name"}),
        ("cloudtrail:CreateTrail", f"{P}.name", {"name"}),
        ("cloudtrail:DeleteTrail", f"{P}.name", {"arn", "name"}),
        ("iam:DeleteUser", "userAgent", None),
    ],
)
def test_a_model_a_table_and_records_tell_how_a_value_is_written(
    models: ServiceModels, action: str, key: Any, found: set[str] | None
) -> None:
    source = KeySource.model_validate({"path": key} if isinstance(key, str) else key)
    told = writings(action, source, models)
    assert told == (None if found is None else frozenset(found))
