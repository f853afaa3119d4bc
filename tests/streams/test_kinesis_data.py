"""What the data of a Kinesis record may hold, and what is said of anything else."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.events import Limits, Record
from cloudcascade.streams.sources.kinesis_data import records_of
from cloudcascade.tests.support.sources import events, lines, log

A, B = events("a", "b")


def subscription(*messages: str, kind: str = "DATA_MESSAGE") -> bytes:
    value = {
        "messageType": kind,
        "owner": "111111111111",
        "logGroup": "trail",
        "logStream": "1",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "1", "timestamp": 1, "message": each} for each in messages],
    }
    return gzip.compress(json.dumps(value).encode())


def read(data: bytes, limits: Limits | None = None) -> tuple[list[str | None], list[str]]:
    found = list(records_of(data, limits or Limits()))
    records = [each.eventID for each in found if isinstance(each, Record)]
    return records, [str(each) for each in found if not isinstance(each, Record)]


@pytest.mark.parametrize(
    "data",
    [
        lines("a", "b"),
        gzip.compress(lines("a", "b")),
        gzip.compress(lines("a")) + gzip.compress(lines("b")),
        log("a", "b"),
        json.dumps({"Records": [A, B]}, indent=2).encode(),
        json.dumps([A, B]).encode(),
        subscription(json.dumps(A), json.dumps(B)),
        gzip.decompress(subscription(json.dumps(A), json.dumps(B))),
        b"\n".join(
            json.dumps({"detail-type": "AWS API Call via CloudTrail", "detail": each}).encode()
            for each in (A, B)
        ),
    ],
    ids=[
        *("NDJSON", "gzip", "two gzip members", "log file", "indented", "array"),
        *("subscription", "subscription, plain", "EventBridge"),
    ],
)
def test_each_form_gives_its_records(data: bytes) -> None:
    assert read(data) == (["a", "b"], [])


def test_a_control_message_is_passed_over() -> None:
    data = subscription("CWL CONTROL MESSAGE: Checking health", kind="CONTROL_MESSAGE")
    assert read(data) == ([], [])


@pytest.mark.parametrize(
    ("data", "records", "reason"),
    [
        (b"\xf3\x89\x9a\xc2\x0a\x01x", [], "aggregated by the Kinesis Producer Library"),
        (b"", [], "is empty"),
        (b"\x1f\x8bnonsense", [], "damaged gzip data"),
        (gzip.compress(lines("a") + b" " * 99)[:-12], ["a"], "ends early"),
        (lines("a") + b"{broken", ["a"], "malformed"),
        (subscription(json.dumps(A), "no JSON"), ["a"], "malformed"),
        (b"[" * 100_000, [], "depth"),
        (b"\xff\xfe", [], "malformed"),
        (b'{"some": "thing"}', [], "no CloudTrail record in it"),
    ],
)
def test_what_is_no_record_is_said_why(data: bytes, records: list[str], reason: str) -> None:
    found, reasons = read(data)
    assert found == records
    assert any(reason in each for each in reasons), reasons


def test_a_bomb_is_not_expanded() -> None:
    limits = Limits(whole_file_bytes=1 << 20)
    assert read(gzip.compress(b" " * (64 << 20)), limits) == (
        [],
        ["it expands to more than 1048576 bytes"],
    )


def test_a_log_event_that_is_too_long_is_left_out() -> None:
    long = json.dumps({**A, "padding": "x" * 2_000})
    assert read(subscription(long, json.dumps(B)), Limits(max_record_bytes=2_000)) == (
        ["b"],
        ["a log event is longer than 2,000 bytes"],
    )


JSON: Any = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_in_it_raises(data: bytes) -> None:
    read(data)
    read(gzip.compress(data))
