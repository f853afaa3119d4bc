"""Every container CloudTrail comes in is recognised by its content; nothing in it stops the reading."""

import csv
import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.events import Limits, Problem, Record, expand_sources, read_batches

Event = dict[str, Any]


def event(number: int, **more: object) -> Event:
    return {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "accountId": "111122223333",
        },
        "eventTime": f"2026-03-17T10:00:{number % 60:02}Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "DeleteUser",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "aws-cli/2.15.0",
        "requestParameters": {"userName": f'na"me {{[{number}'},
        "responseElements": None,
        "eventID": f"id-{number}",
        "recipientAccountId": "111122223333",
        **more,
    }


EVENTS = [event(number) for number in range(7)]


def lines(values: list[Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def athena_row(each: Event) -> dict[str, object]:
    return {
        name.lower(): json.dumps(member) if isinstance(member, dict) else member
        for name, member in [*each.items(), ("errorCode", None)]
    }


def lake_row(each: Event) -> dict[str, object]:
    row = {
        name: json.dumps(member) if isinstance(member, dict) else member
        for name, member in [*each.items(), ("errorCode", None)]
    }
    row["eventTime"] = str(each["eventTime"]).replace("T", " ").replace("Z", ".000")
    return row


def as_csv(events: list[Event]) -> str:
    rows = [athena_row(each) for each in events]
    out = io.StringIO()
    columns = dict.fromkeys(column for row in rows for column in row)
    writer = csv.DictWriter(out, list(columns))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


CONTAINERS: dict[str, Callable[[list[Event]], str]] = {
    "log file": lambda events: json.dumps({"Records": events}),
    "log file, indented": lambda events: json.dumps({"Records": events}, indent=2),
    "NDJSON": lines,
    "JSON array": json.dumps,
    "JSON array, indented": lambda events: json.dumps(events, indent=1),
    "objects one after the other": lambda events: "\n\n".join(
        json.dumps(each, indent=1) for each in events
    ),
    "NDJSON of log files": lambda events: lines([{"Records": events[:3]}, {"Records": events[3:]}]),
    "lookup-events": lambda events: json.dumps(
        {
            "Events": [
                {"EventId": "x", "EventName": "y", "CloudTrailEvent": json.dumps(each)}
                for each in events
            ]
        },
        indent=4,
    ),
    "EventBridge": lambda events: lines(
        [
            {"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": each}
            for each in events
        ]
    ),
    "EventBridge in an array": lambda events: json.dumps(
        [{"detail-type": "AWS API Call via CloudTrail", "detail": each} for each in events]
    ),
    "Elastic search response": lambda events: json.dumps(
        {
            "took": 1,
            "hits": {
                "hits": [{"_source": {"event": {"original": json.dumps(each)}}} for each in events]
            },
        }
    ),
    "Elastic documents, dotted": lambda events: lines(
        [{"event.original": json.dumps(each)} for each in events]
    ),
    "Elastic documents with a message": lambda events: lines(
        [{"message": json.dumps(each)} for each in events]
    ),
    "Splunk export": lambda events: lines(
        [{"preview": False, "offset": 0, "result": {"_raw": json.dumps(each)}} for each in events]
    ),
    "Splunk results": lambda events: json.dumps(
        {"results": [{"_raw": json.dumps(each)} for each in events]}
    ),
    "Athena rows": lambda events: lines([athena_row(each) for each in events]),
    "Athena CSV": as_csv,
    "Lake rows": lambda events: lines([lake_row(each) for each in events]),
    "Lake query results": lambda events: json.dumps(
        {
            "QueryResultRows": [
                [{name: cell} for name, cell in lake_row(each).items()] for each in events
            ]
        }
    ),
}


def read(path: Path, limits: Limits | None = None) -> tuple[list[Record], list[Problem]]:
    problems: list[Problem] = []
    batches = read_batches(
        expand_sources([str(path)]), limits=limits or Limits(), on_problem=problems.append
    )
    return [record for batch in batches for record in batch], problems


def ids(records: list[Record]) -> list[str | None]:
    return [record.eventID for record in records]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_is_known_by_its_content(tmp_path: Path, container: str, packed: bool) -> None:
    data = CONTAINERS[container](EVENTS).encode()
    path = tmp_path / "whatever.bin"
    path.write_bytes(gzip.compress(data) if packed else data)
    records, problems = read(path)
    assert problems == []
    assert ids(records) == [f"id-{number}" for number in range(7)]
    assert (
        json.loads(bytes(memoryview(records[3].requestParameters)))
        == EVENTS[3]["requestParameters"]
    )
    assert json.loads(bytes(memoryview(records[3].userIdentity)))["principalId"] == "AIDAEXAMPLE"


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_that_is_too_large_for_one_call_is_read_in_pieces(
    tmp_path: Path, container: str
) -> None:
    events = [event(number) for number in range(1_500)]
    path = tmp_path / "log"
    path.write_text(CONTAINERS[container](events))
    limits = Limits(whole_file_bytes=64 << 10, max_record_bytes=64 << 10)
    records, problems = read(path, limits)
    assert [each for each in problems if not each.ignored] == []
    assert ids(records) == [f"id-{number}" for number in range(1_500)]


def test_a_gzip_file_may_have_many_members(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(
        gzip.compress(lines(EVENTS[:3]).encode()) + gzip.compress(lines(EVENTS[3:]).encode())
    )
    assert ids(read(path)[0]) == [f"id-{number}" for number in range(7)]


def test_truncated_gzip_gives_what_came_before_and_a_problem(tmp_path: Path) -> None:
    noise = random.Random(1)
    events = [event(number, requestID=noise.randbytes(400).hex()) for number in range(600)]
    packed = gzip.compress(json.dumps({"Records": events}).encode())
    path = tmp_path / "cut.json.gz"
    path.write_bytes(packed[: len(packed) // 2])
    records, problems = read(path)
    assert 200 < len(records) < 400
    assert ids(records) == [f"id-{number}" for number in range(len(records))]
    assert any("ends early" in each.reason for each in problems)
    assert all(each.source == str(path) and each.position for each in problems)


DAMAGES: dict[str, tuple[Callable[[str], str], int]] = {
    "a value is missing": (lambda text: text.replace('"id-3"', ""), 3),
    "a brace is missing": (lambda text: text.replace('"eventID": "id-3",', "{", 1), 3),
    "a quote is missing": (lambda text: text.replace('"id-3"', '"id-3', 1), 3),
    "an extra brace": (lambda text: text.replace('"id-3",', '"id-3"},', 1), 3),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("indent", [None, 1], ids=["one line", "indented"])
def test_broken_json_costs_no_other_record(tmp_path: Path, damage: str, indent: int | None) -> None:
    change, broken = DAMAGES[damage]
    path = tmp_path / "log.json"
    path.write_text(change(json.dumps({"Records": EVENTS}, indent=indent)))
    records, problems = read(path)
    assert set(ids(records)) - {None} >= {f"id-{number}" for number in range(7) if number != broken}
    assert problems
    assert problems[0].position.startswith("byte ")


@pytest.mark.parametrize(
    "odd",
    [{"eventName": 5}, {"eventTime": None}, {"eventSource": ["iam"]}, {"errorCode": {}}],
    ids=lambda odd: next(iter(odd)),
)
def test_a_record_of_the_wrong_type_is_a_problem_and_the_rest_is_read(
    tmp_path: Path, odd: Event
) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"Records": [*EVENTS[:3], event(3, **odd), *EVENTS[4:]]}))
    records, problems = read(path)
    assert ids(records) == [f"id-{number}" for number in (0, 1, 2, 4, 5, 6)]
    assert len(problems) == 1
    assert problems[0].data is not None
    assert b"id-3" in problems[0].data


@pytest.mark.parametrize("value", ["a text", 7, [1], None])
def test_an_odd_identity_does_not_cost_the_record(tmp_path: Path, value: object) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"Records": [event(0, userIdentity=value)]}))
    records, problems = read(path)
    assert (ids(records), problems) == (["id-0"], [])


@pytest.mark.parametrize("container", ["log file", "NDJSON", "JSON array", "log file, indented"])
def test_a_record_over_the_limit_is_refused_and_the_rest_is_read(
    tmp_path: Path, container: str
) -> None:
    events = [*EVENTS[:3], event(3, requestParameters={"x": "y" * 5_000}), *EVENTS[4:]]
    path = tmp_path / "log"
    path.write_text(CONTAINERS[container](events))
    records, problems = read(path, Limits(max_record_bytes=2_000))
    assert ids(records) == [f"id-{number}" for number in (0, 1, 2, 4, 5, 6)]
    assert any("larger than 2000 bytes" in each.reason for each in problems)
    assert all(len(each.data or b"") <= 2_000 for each in problems)


def test_a_record_inside_a_record_is_no_record(tmp_path: Path) -> None:
    smuggled = event(99)
    path = tmp_path / "log"
    path.write_text(
        lines([event(0, requestParameters={"eventVersion": "1", "Records": [smuggled]})])
    )
    assert ids(read(path)[0]) == ["id-0"]
    assert ids(read(path, Limits(whole_file_bytes=100))[0]) == ["id-0"]


def test_a_gzip_bomb_stops_at_the_limit_and_the_next_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"[" + b" " * 60_000_000))
    (tmp_path / "b.json").write_text(json.dumps({"Records": EVENTS}))
    records, problems = read(tmp_path, Limits(whole_file_bytes=1 << 20))
    assert len(records) == 7
    assert any("expands more than" in each.reason for each in problems)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 5_000, b"\xff\xfe\x00garbage", b"[" * 100_000, b'{"Records": "none"}', b"nothing at all",
     b'"' + b"x" * 3_000_000, b'{"a": "' + b"\\" * 3_000_001],
    ids=["empty", "zeros", "binary", "brackets", "no list", "prose", "endless text", "endless escape"],
)  # fmt: skip
def test_what_is_no_log_is_a_problem_and_nothing_worse(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    records, problems = read(path)
    assert records == []
    assert problems


def test_a_digest_file_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "digest"
    path.write_text(json.dumps({"awsAccountId": "1", "digestS3Bucket": "b", "logFiles": []}))
    records, problems = read(path)
    assert records == []
    assert [(each.ignored, each.reason) for each in problems] == [(True, "digest file")]


NO_CALLS: dict[str, dict[str, Any]] = {
    "network-activity event": {
        **event(7),
        "eventType": "AwsVpceEvent",
        "eventCategory": "NetworkActivity",
        "vpcEndpointId": "vpce-1",
    },
    "Insights event": {
        "eventTime": "2026-03-17T09:00:00Z",
        "eventType": "AwsCloudTrailInsight",
        "eventCategory": "Insight",
        "insightDetails": {"eventName": "DeleteUser", "state": "Start"},
    },
    "aggregated event": {
        "eventTime": "2026-03-17T09:05:00Z",
        "eventType": "AwsAggregatedEvent",
        "eventCategory": "Aggregated",
    },
}
AN_INSIGHT_OF_LAKE = {**event(8), "eventCategory": "Insight", "insightSource": {}}


@pytest.mark.parametrize("container", sorted(CONTAINERS))
@pytest.mark.parametrize("whole", [1, 1 << 20])
def test_what_is_no_call_is_counted_by_name_and_is_no_record(
    tmp_path: Path, container: str, whole: int
) -> None:
    path = tmp_path / "log"
    odd = [*NO_CALLS.values(), NO_CALLS["network-activity event"], AN_INSIGHT_OF_LAKE]
    path.write_text(CONTAINERS[container]([event(1), *odd, event(2)]), encoding="utf-8")
    records, problems = read(path, Limits(whole_file_bytes=whole, max_record_bytes=1 << 16))
    assert len(records) == 2
    counted: Counter[str] = Counter()
    for each in problems:
        assert each.ignored
        counted[each.reason] += each.count
    assert counted == {"network-activity event": 2, "Insights event": 2, "aggregated event": 1}


@pytest.mark.parametrize(
    "members",
    [
        {"eventType": "AwsServiceEvent", "eventCategory": "Management"},
        {"eventType": "AwsConsoleSignIn", "eventCategory": "Management"},
        {"eventType": "AwsConsoleAction"},
        {"eventCategory": "Data"},
        {"eventCategory": None},
        {"eventCategory": ["NetworkActivity"]},
        {"eventCategory": "N" * 10_000},
    ],
)
def test_what_a_service_or_the_console_does_is_an_event(
    tmp_path: Path, members: dict[str, object]
) -> None:
    path = tmp_path / "log"
    path.write_text(json.dumps({"Records": [{**event(1), **members}]}))
    records, problems = read(path)
    assert (len(records), problems) == (1, [])


@settings(max_examples=60, deadline=None)
@given(
    container=st.sampled_from(sorted(CONTAINERS)),
    texts=st.lists(st.text(max_size=30), min_size=1, max_size=6),
    whole=st.sampled_from([1, 1_000, 1 << 20]),
)
def test_any_text_survives_any_container(
    tmp_path_factory: pytest.TempPathFactory, container: str, texts: list[str], whole: int
) -> None:
    events = [event(at, requestParameters={"userName": text}) for at, text in enumerate(texts)]
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text(CONTAINERS[container](events), encoding="utf-8")
    records, problems = read(path, Limits(whole_file_bytes=whole, max_record_bytes=1 << 16))
    assert [each for each in problems if not each.ignored] == []
    found = [
        json.loads(bytes(memoryview(record.requestParameters)))["userName"] for record in records
    ]
    assert found == texts


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_anywhere_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    container = data.draw(st.sampled_from(sorted(CONTAINERS)))
    content = bytearray(CONTAINERS[container](EVENTS).encode())
    if data.draw(st.booleans()):
        content = bytearray(gzip.compress(bytes(content)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not content:
            break
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(bytes(content))
    records, problems = read(
        path, Limits(whole_file_bytes=data.draw(st.sampled_from([1, 1 << 20])))
    )
    assert len(records) == 7 or problems or not content.strip()


def test_large_records_come_in_smaller_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudcascade.events.reading._BATCH_BYTES", 100_000)
    path = tmp_path / "large.ndjson"
    path.write_text(lines([event(number, padding="x" * 20_000) for number in range(20)]))
    batches = read_batches(
        expand_sources([str(path)]),
        limits=Limits(whole_file_bytes=200_000),
        on_problem=lambda problem: pytest.fail(problem.reason),
    )
    assert [len(batch) for batch in batches] == [5, 5, 5, 5]
