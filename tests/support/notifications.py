"""Messages as S3, SNS, CloudTrail and EventBridge write them."""

import json
from urllib.parse import quote_plus


def from_s3(bucket: str, *keys: str, event: str = "ObjectCreated:Put") -> str:
    records = [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": event,
            "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}},
        }
        for key in keys
    ]
    return json.dumps({"Records": records})


def in_sns(message: str) -> str:
    return json.dumps({"Type": "Notification", "MessageId": "1", "Message": message})


def from_cloudtrail(bucket: str, *keys: str) -> str:
    return json.dumps({"s3Bucket": bucket, "s3ObjectKey": keys})


def from_eventbridge(bucket: str, key: str, *, kind: str = "Object Created") -> str:
    detail = {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "size": 1}}
    return json.dumps({"version": "0", "detail-type": kind, "source": "aws.s3", "detail": detail})
