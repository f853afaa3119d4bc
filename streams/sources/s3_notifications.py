"""Messages that tell of new objects in S3, in each form in which they reach a queue.

- S3 itself, keys URL-encoded: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
- EventBridge, keys as they are: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
- CloudTrail through SNS, keys as they are:
  https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html
- either within SNS's envelope: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

import msgspec

from .dated_folders import is_digest

# A name of anything else than a bucket must not decide where a request is sent to.
_BUCKET = re.compile(r"[a-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_MAX_KEY = 1_024
_ENVELOPES = 2
# What is no news of an object, and was to be expected in such a queue.
_SERVICE_MESSAGES = ("SubscriptionConfirmation", "UnsubscribeConfirmation")


@dataclass(frozen=True, slots=True)
class ObjectName:
    """An object in S3."""

    bucket: str
    key: str


class NoNotification(Exception):
    """The message names no object; the text says why."""


def objects_in(body: str) -> list[ObjectName]:
    """The log objects that a message names; none where it tells of something else, such as that S3 may send.

    Raises:
        NoNotification: it is no message of these forms, or names what cannot be an object.
    """
    return [each for each in _objects(body, _ENVELOPES) if not _is_no_log(each.key)]


def _is_no_log(key: str) -> bool:
    return key.endswith("/") or is_digest(key)


def _objects(body: str, envelopes: int) -> list[ObjectName]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NoNotification("is no JSON") from error
    if not isinstance(value, dict):
        raise NoNotification("is no JSON object")
    if value.get("Event") == "s3:TestEvent" or value.get("Type") in _SERVICE_MESSAGES:
        return []
    inner = value.get("Message")
    if value.get("Type") == "Notification" and isinstance(inner, str) and envelopes:
        if inner == "CloudTrail validation message.":
            return []
        return _objects(inner, envelopes - 1)
    keys = value.get("s3ObjectKey")
    if isinstance(keys, list):
        return [_named(value.get("s3Bucket"), each) for each in keys]
    if "detail-type" in value:
        if value["detail-type"] != "Object Created":
            return []
        return [
            _named(_at(value, "detail", "bucket", "name"), _at(value, "detail", "object", "key"))
        ]
    records = value.get("Records")
    if isinstance(records, list):
        return [_recorded(each) for each in records if _is_creation(each)]
    raise NoNotification("tells of no object in S3")


def _is_creation(record: object) -> bool:
    name = _at(record, "eventName")
    return not isinstance(name, str) or name.startswith("ObjectCreated:")


def _recorded(record: object) -> ObjectName:
    key = _at(record, "s3", "object", "key")
    if not isinstance(key, str):
        raise NoNotification("tells of no object in S3")
    try:
        return _named(_at(record, "s3", "bucket", "name"), unquote_plus(key, errors="strict"))
    except UnicodeDecodeError as error:
        raise NoNotification("names an object in another encoding than UTF-8") from error


def _named(bucket: object, key: object) -> ObjectName:
    if not isinstance(bucket, str) or _BUCKET.fullmatch(bucket) is None:
        raise NoNotification("names no bucket")
    if not isinstance(key, str) or not 0 < len(key.encode("utf-8", "replace")) <= _MAX_KEY:
        raise NoNotification("names no object")
    return ObjectName(bucket, key)


def _at(value: object, *names: str) -> object:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
