"""Which objects a message names, in each form in which S3's news reach a queue; and messages that lie."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.streams.sources.s3_notifications import NoNotification, ObjectName, objects_in
from cloudcascade.tests.support.notifications import (
    from_cloudtrail,
    from_eventbridge,
    from_s3,
    in_sns,
)

ODD = "logs/a b+ü%41.json"


@pytest.mark.parametrize(
    "body",
    [
        from_s3("bucket", ODD),
        in_sns(from_s3("bucket", ODD)),
        from_cloudtrail("bucket", ODD),
        in_sns(from_cloudtrail("bucket", ODD)),
        from_eventbridge("bucket", ODD),
        in_sns(from_eventbridge("bucket", ODD)),
    ],
    ids=["S3", "S3 in SNS", "CloudTrail", "CloudTrail in SNS", "EventBridge", "EventBridge in SNS"],
)
def test_the_object_is_named_as_it_is_called(body: str) -> None:
    assert objects_in(body) == [ObjectName("bucket", ODD)]


@pytest.mark.parametrize("form", [from_s3, from_cloudtrail])
def test_a_message_may_name_several_objects(form: Any) -> None:
    assert [each.key for each in objects_in(form("bucket", "a", "b"))] == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "bucket"}),
        json.dumps({"Type": "SubscriptionConfirmation", "Message": "You have chosen ..."}),
        in_sns("CloudTrail validation message."),
        from_s3("bucket", "a", event="ObjectRemoved:Delete"),
        from_s3("bucket", "a/"),
        from_eventbridge("bucket", "a", kind="Object Deleted"),
        from_cloudtrail("bucket", "AWSLogs/1/CloudTrail-Digest/eu-west-1/2024/05/14/d.json.gz"),
        json.dumps({"Records": []}),
    ],
)
def test_what_tells_of_something_else_names_no_object(body: str) -> None:
    assert objects_in(body) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no JSON object"),
        ("{}", "tells of no object"),
        (json.dumps({"Records": [1]}), "tells of no object"),
        (json.dumps({"Records": [{"s3": {"object": {"key": 1}}}]}), "tells of no object"),
        (json.dumps({"detail-type": "Object Created", "detail": []}), "names no bucket"),
        (json.dumps({"s3Bucket": "bucket", "s3ObjectKey": [""]}), "names no object"),
        (json.dumps({"s3Bucket": "bucket", "s3ObjectKey": [{}]}), "names no object"),
        (from_cloudtrail("arn:aws:s3:::evil/x", "a"), "names no bucket"),
        (from_cloudtrail("evil.example/", "a"), "names no bucket"),
        (from_cloudtrail("b\nucket", "a"), "names no bucket"),
        (from_cloudtrail("bucket", "a" * 1_025), "names no object"),
        (from_s3("bucket", "a").replace('"key": "a"', '"key": "%ff"'), "another encoding"),
        (in_sns(in_sns(in_sns(from_s3("bucket", "a")))), "tells of no object"),
        ('{"s3Bucket": "bucket", "s3ObjectKey": ["\\ud800"]}', "is no JSON"),
    ],
)
def test_a_message_that_names_no_object_says_why(body: str, reason: str) -> None:
    with pytest.raises(NoNotification, match=reason):
        objects_in(body)


NAMES = [
    *("Records", "s3", "bucket", "name", "object", "key", "eventName", "Event"),
    *("detail", "detail-type", "Type", "Message", "s3Bucket", "s3ObjectKey"),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner | st.sampled_from(["Object Created", "Notification", "bucket"]),
            max_size=4,
        )
    ),
)


@given(VALUES)
def test_nothing_in_a_message_raises_anything_else(value: object) -> None:
    try:
        named = objects_in(json.dumps(value))
    except NoNotification:
        return
    assert all(isinstance(each, ObjectName) for each in named)
