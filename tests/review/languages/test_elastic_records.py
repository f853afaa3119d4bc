"""What Elastic's AWS integration makes of a CloudTrail record."""

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.languages.elastic import ecs
from cloudcascade.review.languages.elastic.java_text import java_text

# Printed by a JVM, for maps that were filled in the order of these keys.
FROM_A_JVM = [
    ("userName serialNumber n f big l", "{big=1, serialNumber=1, f=1, userName=1, l=1, n=1}"),
    ("serviceCode quotaCode", "{serviceCode=1, quotaCode=1}"),
]


@pytest.mark.parametrize(("keys", "text"), FROM_A_JVM)
def test_a_map_is_written_in_the_order_of_its_hashes(keys: str, text: str) -> None:
    assert java_text(dict.fromkeys(keys.split(), 1)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e7, "1.0E7"),
        (123456789.5, "1.234567895E8"),
        (1e-4, "1.0E-4"),
        (-2.25e-9, "-2.25E-9"),
        (9999999.0, "9999999.0"),
        (100.0, "100.0"),
        (10**20, "100000000000000000000"),
        (True, "true"),
        ({"a": [1, None, {"b": False}, ""]}, "{a=[1, {b=false}]}"),
        ({"a": {"b": ""}}, None),
    ],
)
def test_a_value_is_written_as_java_does(value: object, text: str | None) -> None:
    assert java_text(value) == text


def test_what_is_nested_without_end_is_not_written() -> None:
    value: object = "x"
    for _ in range(500):
        value = {"a": value}
    assert java_text(value) is None


RECORD = {
    "eventName": "CreateUser",
    "eventSource": "iam.amazonaws.com",
    "sourceIPAddress": "10.1.2.3",
    "readOnly": False,
    "errorMessage": "no",
    "userIdentity": {
        "type": "AssumedRole",
        "sessionContext": {"sessionIssuer": {"userName": "deployer"}},
    },
    "requestParameters": {
        "userName": "bob",
        "force": True,
        "a.b": "dotted",
        "items": [{"id": "i-1"}, {"id": "i-2"}],
    },
    "resources": [{"ARN": "arn:1"}, {"ARN": "arn:2"}],
    "tlsDetails": {"tlsVersion": "TLSv1.3"},
    "eventID": "",
}
FLAT = "aws.cloudtrail.flattened.request_parameters"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event.dataset", "aws.cloudtrail"),
        ("event.action", "CreateUser"),
        ("event.category", "iam"),
        ("event.type", ["user", "creation"]),
        ("event.outcome", "failure"),
        ("event.id", None),
        ("source.ip", "10.1.2.3"),
        ("user.name", "deployer"),
        ("user.target.name", "bob"),
        ("aws.cloudtrail.read_only", False),
        ("aws.cloudtrail.resources.arn", ["arn:1", "arn:2"]),
        (f"{FLAT}.force", "true"),
        (f"{FLAT}.a.b", "dotted"),
        (f"{FLAT}.items.id", ["i-1", "i-2"]),
        (f"{FLAT}.items", None),
        ("tls.version", "1.3"),
    ],
)
def test_a_field_holds_what_the_pipeline_puts_there(name: str, value: object) -> None:
    assert ecs.value(RECORD, name) == value


def test_a_console_login_has_the_outcome_that_it_tells() -> None:
    record = {"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}}
    assert ecs.value(record, "event.outcome") == "failure"


def test_a_service_as_source_is_no_address() -> None:
    record = {"sourceIPAddress": "cloudformation.amazonaws.com"}
    assert ecs.value(record, "source.ip") is None
    assert ecs.value(record, "source.address") == "cloudformation.amazonaws.com"


def test_what_is_longer_than_a_keyword_may_be_is_not_found() -> None:
    assert ecs.value({"userAgent": "x" * 1025}, "user_agent.original") is None
    record = {"requestParameters": {"a": "x" * 2000}}
    assert len(ecs.value(record, "aws.cloudtrail.request_parameters")) == 2004
    record = {"requestParameters": {"a": "x" * 9000}}
    assert ecs.value(record, "aws.cloudtrail.request_parameters") is None
    assert ecs.value(record, f"{FLAT}.a") == "x" * 9000


@pytest.mark.parametrize(
    "name", ["source.as.organization.name", "user_agent.name", "host.name", "related.user", "x"]
)
def test_a_field_that_does_not_follow_from_the_record_is_not_judged(name: str) -> None:
    with pytest.raises(NotJudged, match=name):
        ecs.kind(name)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("event.action", "eventName"),
        (f"{FLAT}.a.b", "requestParameters.a.b"),
        ("user.target.name", "requestParameters.userName"),
        ("event.outcome", None),
        ("user.name", None),
    ],
)
def test_a_field_leads_back_to_its_path(name: str, path: str | None) -> None:
    assert ecs.path(name) == path
