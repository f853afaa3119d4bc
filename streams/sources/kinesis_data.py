"""What the data of a Kinesis record may be: JSON or NDJSON, plain or gzip, or a subscription's payload.

- CloudWatch Logs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
- KPL aggregation: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from collections.abc import Iterator

import msgspec

from ...events import Limits, NoRecord, Record, inflate_bounded, records_in

_AGGREGATED = b"\xf3\x89\x9a\xc2"


class _LogEvent(msgspec.Struct):
    message: str


class _Subscription(msgspec.Struct):
    messageType: str
    logEvents: list[_LogEvent] = []


_decode_subscription = msgspec.json.Decoder(_Subscription).decode


def records_of(data: bytes, limits: Limits) -> Iterator[Record | NoRecord]:
    """The records in the data; a NoRecord for each part that should be one and is not. Raises nothing.

    What is gzip may expand to `limits.whole_file_bytes`; a log event in it may have `limits.max_record_bytes`.
    """
    if data.startswith(_AGGREGATED):
        yield NoRecord("is aggregated by the Kinesis Producer Library, which is not decoded")
        return
    fault = None
    if data.startswith(b"\x1f\x8b"):
        data, fault = inflate_bounded(data, limits)
    if data.strip():
        try:
            subscription = _decode_subscription(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield from _plain(data)
        else:
            yield from _subscribed(subscription, limits)
    elif fault is None:
        yield NoRecord("is empty")
    if fault is not None:
        yield NoRecord(fault)


def _plain(data: bytes) -> Iterator[Record | NoRecord]:
    """One JSON value, or one a line."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
        values = [data]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        values = data.split(b"\n")
    for value in values:
        if value.strip():
            yield from records_in(value)


def _subscribed(subscription: _Subscription, limits: Limits) -> Iterator[Record | NoRecord]:
    if subscription.messageType == "CONTROL_MESSAGE":
        return
    for each in subscription.logEvents:
        if len(each.message) > limits.max_record_bytes:
            yield NoRecord(f"a log event is longer than {limits.max_record_bytes:,} bytes")
            continue
        yield from records_in(each.message.encode())
