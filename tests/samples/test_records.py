"""Records of samples look like those of CloudTrail, and are what the service models allow."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.catalog.service_models import Operation, Shape
from cloudcascade.samples import ACCOUNT, REGION, Sample, installed_models, instance
from cloudcascade.samples.shapes import fits

Json = dict[str, Any]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")
GLOBAL = {"iam", "organizations", "cloudfront", "route53", "support", "health"}


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return [instance(cascade, "pipeline") for cascade in load_catalog().cascades]


@pytest.fixture(scope="module")
def records(samples: list[Sample]) -> list[Json]:
    return [record for sample in samples for record in sample.records]


def action(record: Json) -> str:
    return f"{record['eventSource'].removesuffix('.amazonaws.com')}:{record['eventName']}"


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def test_every_record_has_the_members_that_all_records_have(records: list[Json]) -> None:
    always = {
        "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion",
        "sourceIPAddress", "userAgent", "requestParameters", "responseElements", "eventID",
        "readOnly", "eventType", "managementEvent", "recipientAccountId", "eventCategory",
    }  # fmt: skip
    assert [record for record in records if not always <= set(record)] == []
    calls = [record for record in records if record["eventType"] == "AwsApiCall"]
    assert all("requestID" in record for record in calls)


def test_every_event_has_an_id_of_its_own(records: list[Json]) -> None:
    ids = [record["eventID"] for record in records]
    assert len(set(ids)) == len(ids)
    assert all(UUID.fullmatch(each) for each in ids)


def test_global_services_are_recorded_in_their_home_region(samples: list[Sample]) -> None:
    for sample in samples:
        chosen = {each.node for each in sample.cascade.effects if "awsRegion" in each.where}
        for event in sample.events:
            service = action(event.record).partition(":")[0]
            if event.node not in chosen:
                home = "us-east-1" if service in GLOBAL else REGION
                assert event.record["awsRegion"] == home


def test_reads_answer_nothing(records: list[Json]) -> None:
    reads = [each for each in records if re.match(r"(Get|List|Describe)", each["eventName"])]
    assert len(reads) > 100
    # Where a cascade reads a key out of an answer, it is one that CloudTrail has shown.
    told = {action(each) for each in reads if each["responseElements"] is not None}
    assert told <= {"sts:GetFederationToken", "sts:GetSessionToken"}


def test_sessions_began_before_they_are_used(records: list[Json]) -> None:
    for record in records:
        context = record["userIdentity"].get("sessionContext")
        if context is not None:
            assert context["attributes"]["creationDate"] < record["eventTime"]


def test_arns_are_of_the_right_account(samples: list[Sample]) -> None:
    for sample in samples:
        own = {ACCOUNT, *(record["recipientAccountId"] for record in sample.records)}
        for record in sample.records:
            own.add(record["userIdentity"].get("accountId", ACCOUNT))
        for text in texts([each["requestParameters"] for each in sample.records]):
            found = re.match(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):", text)
            assert found is None or found[1] in own, text


def test_older_calls_of_ec2_come_bare_and_newer_ones_wrapped(records: list[Json]) -> None:
    by_action = {action(record): record["requestParameters"] for record in records}
    assert "instancesSet" in by_action["ec2:TerminateInstances"]
    assert "DeleteNatGatewayRequest" in by_action["ec2:DeleteNatGateway"]


@pytest.mark.parametrize("profile", ["console", "service", "cross-account"])
def test_the_profile_shows(profile: str) -> None:
    sample = instance(load_catalog().get("aws.iam.delete-user"), profile)
    for record in sample.records:
        identity = record["userIdentity"]
        assert ("sessionCredentialFromConsole" in record) == (profile == "console")
        assert ("tlsDetails" in record) == (profile == "cross-account")
        assert ("invokedBy" in identity) == (profile == "service")
        assert (identity["accountId"] != ACCOUNT) == (profile == "cross-account")


def test_a_seed_and_the_models_decide_every_byte() -> None:
    cascade = load_catalog().get("aws.ec2.delete-vpc")

    def made(**settings: Any) -> bytes:
        return msgspec.json.encode(instance(cascade, "cli", **settings).records)

    assert made(seed=5) == made(seed=5)
    assert made(seed=5) != made(seed=6)
    assert made(seed=5, models=None) == made(seed=5, models=None)


# What a required member may be logged as; docs/architecture.md, catalog/field_paths.py.
def spellings(name: str, wire_name: str) -> set[str]:
    lower = name[:1].lower() + name[1:]
    stem = lower.removesuffix("Ids").removesuffix("s")
    special = {"Bucket": "bucketName", "Key": "key"}.get(name, lower)
    renamed = {"domain": "domainName", "repository": "repositoryName"}.get(
        name, lower
    )  # CodeArtifact's
    return {name, lower, wire_name, wire_name[:1].lower() + wire_name[1:], special, renamed,
            wire_name[:1].upper() + wire_name[1:], f"{stem}Set", f"{stem}sSet"}  # fmt: skip


def lacking(shape: Shape, request: object) -> Iterator[str]:
    if shape.kind != "structure" or not isinstance(request, dict):
        return
    for name, member in shape.members.items():
        found = [each for each in spellings(name, member.wire_name) if each in request]
        if found:
            yield from lacking(member.shape, request[found[0]])
        elif name in shape.required:
            yield name


def typed_texts(shape: Shape, value: object, path: str) -> Iterator[tuple[str, str, Shape]]:
    if isinstance(value, str) and shape.kind == "string":
        yield path, value, shape
    elif shape.kind == "list":
        listed = value.get("items") if isinstance(value, dict) else value
        for each in listed if isinstance(listed, list) else ():
            yield from typed_texts(shape.element.shape, each, path)
    elif shape.kind == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            for spelling in spellings(name, member.wire_name) & set(value):
                yield from typed_texts(member.shape, value[spelling], name)


def unwrapped(operation: Operation, request: Json) -> object:
    return request.get(f"{operation.name}Request", request)


def test_texts_are_what_their_type_allows(samples: list[Sample]) -> None:
    models = installed_models()
    assert models is not None
    texts_seen, wrong = 0, set()
    for sample in samples:
        for record in sample.records:
            for operation in models.operations(action(record))[:1]:
                if operation.input is None or record["requestParameters"] is None:
                    continue
                request = unwrapped(operation, record["requestParameters"])
                for field, text, shape in typed_texts(operation.input, request, ""):
                    texts_seen += 1
                    if text not in shape.choices if shape.choices else not fits(text, shape):
                        wrong.add((action(record), field))
    assert texts_seen > 1_000
    assert wrong == set()


def test_requests_have_what_their_operation_requires(samples: list[Sample]) -> None:
    models = installed_models()
    assert models is not None
    missing: dict[str, set[str]] = {}
    for sample in samples:
        for record in sample.records:
            operations = models.operations(action(record))
            if record["eventType"] != "AwsApiCall" or not operations:
                continue
            request = record["requestParameters"] or {}
            by_operation = [
                set(lacking(each.input, unwrapped(each, request))) if each.input else set()
                for each in operations
            ]
            least = min(by_operation, key=len)
            if least:
                missing.setdefault(action(record), set()).update(least)
    # Records of the one action whose request is required have null.
    assert missing == {"iam:GetServiceLinkedRoleDeletionStatus": {"DeletionTaskId"}}
