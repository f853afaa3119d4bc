"""The same events out of every product that people export them from; what cannot be read is refused by name."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudcascade.events import (
    Limits,
    LineReader,
    Problem,
    Projection,
    Record,
    event_time,
    expand_sources,
    read_batches,
)
from cloudcascade.events.containers import containers
from cloudcascade.tests.support.cloudtrail import Event
from cloudcascade.tests.support.exports import (
    BOTH,
    CONTROL,
    EVENTS,
    LOG,
    PACKED,
    TEXTS,
    athena,
    dotted,
    ocsf,
    snake,
    subscription,
    table,
    zipped,
)


def read(path: Path, limits: Limits | None = None) -> tuple[list[Record], list[Problem]]:
    problems: list[Problem] = []
    batches = read_batches(
        expand_sources([str(path)]), limits=limits or Limits(), on_problem=problems.append
    )
    return [record for batch in batches for record in batch], problems


def told(record: Record) -> dict[str, object]:
    """What verdicts rest on."""
    who: dict[str, Any] = msgspec.json.decode(record.userIdentity)
    parameters = msgspec.json.decode(record.requestParameters or b"null")
    return {
        "name": record.eventName,
        "id": record.eventID,
        "time": event_time(record.eventTime),
        "failed": record.errorCode or None,
        "account": record.recipientAccountId,
        "region": record.awsRegion,
        "address": msgspec.json.decode(record.sourceIPAddress),
        "agent": msgspec.json.decode(record.userAgent),
        "parameters": parameters,
        "who": {name: who[name] for name in ("type", "principalId", "arn", "accessKeyId")},
        "issuer": who["sessionContext"]["sessionIssuer"]["arn"],
    }


WANTED = [
    {
        "name": each["eventName"],
        "id": each["eventID"],
        "time": event_time(each["eventTime"]),
        "failed": each.get("errorCode"),
        "account": each["recipientAccountId"],
        "region": each["awsRegion"],
        "address": each["sourceIPAddress"],
        "agent": each["userAgent"],
        "parameters": each["requestParameters"],
        "who": {
            name: each["userIdentity"][name]
            for name in ("type", "principalId", "arn", "accessKeyId")
        },
        "issuer": each["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"],
    }
    for each in BOTH
]


@pytest.mark.parametrize("container", TEXTS)
def test_every_container_gives_the_same_records(container: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(TEXTS[container]().encode())
    records, problems = read(path)
    assert [told(record) for record in records] == WANTED
    assert [problem for problem in problems if not problem.note] == []
    assert not any(isinstance(record, Projection) for record in records)


LINES = [name for name in TEXTS if TEXTS[name]().count("\n") == len(BOTH) and "CSV" not in name]


@pytest.mark.parametrize("container", LINES)
def test_a_stream_reads_a_line_as_a_file_does(container: str) -> None:
    problems: list[Problem] = []
    reader = LineReader("stdin", problems.append, max_line_bytes=1 << 20)
    records = [*reader.take(TEXTS[container]().encode()), *reader.end()]
    assert [told(record) for record in records] == WANTED
    assert not problems


def test_every_container_has_a_title_of_its_own() -> None:
    titles = [container.title for container in containers()]
    assert len(titles) == len(set(titles)) > 20


def test_a_control_message_is_passed_over_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(json.dumps(CONTROL) + json.dumps(subscription(BOTH)))
    records, problems = read(path)
    assert len(records) == len(BOTH)
    assert [(each.reason, each.ignored) for each in problems] == [
        ("control message of CloudWatch Logs", True)
    ]


@pytest.mark.parametrize("packing", PACKED)
def test_what_is_packed_is_unpacked_by_its_content(packing: str, tmp_path: Path) -> None:
    path = tmp_path / "log.bin"
    path.write_bytes(PACKED[packing](LOG))
    records, problems = read(path)
    assert [told(record) for record in records] == WANTED
    assert [problem.reason for problem in problems] == ["no CloudTrail record in it"] * (
        packing == "zip"
    )


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd", "lz4", "zip", "tar.gz"])
def test_what_is_cut_off_says_so_and_raises_nothing(packing: str, tmp_path: Path) -> None:
    whole = PACKED[packing](LOG * 50)
    path = tmp_path / "log.bin"
    path.write_bytes(whole[: len(whole) // 2])
    _, problems = read(path)
    assert problems


@pytest.mark.parametrize("packing", ["gzip twice", "bzip2", "xz", "zstd", "lz4", "zip", "tar.gz"])
def test_a_bomb_stops_at_the_limit(packing: str, tmp_path: Path) -> None:
    path = tmp_path / "log.bin"
    path.write_bytes(PACKED[packing](b" " * (4 << 20)))
    limits = Limits(max_expanded_bytes=1 << 20, whole_file_bytes=1 << 19)
    records, problems = read(path, limits)
    assert not records
    assert any("expands" in problem.reason for problem in problems)


def parquet(rows: list[dict[str, object]], path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="no pyarrow: cloudcascade[containers]")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path)


@pytest.mark.parametrize("row", [ocsf, athena, snake], ids=["Security Lake", "Athena", "Tailpipe"])
def test_parquet_is_read(row: Callable[[Event], dict[str, object]], tmp_path: Path) -> None:
    parquet([row(each) for each in BOTH], tmp_path / "log.parquet")
    records, problems = read(tmp_path / "log.parquet")
    assert [told(record) for record in records] == WANTED
    assert not problems


def without(*columns: str) -> list[dict[str, object]]:
    return [
        {name: cell for name, cell in athena(each).items() if name not in columns} for each in BOTH
    ]


def split_by_a_runtime(each: Event) -> str:
    head, mark, rest = json.dumps(each).partition("iam.amazon")
    return f"2026-02-03T09:00:00.1Z stdout P {head}iam\n2026-02-03T09:00:00.1Z stdout F {mark[3:]}{rest}\n"


REFUSED: dict[str, tuple[bytes, str]] = {
    "a table without addresses": (
        table(without("sourceipaddress", "useragent")).encode(),
        "has no sourceIPAddress, userAgent",
    ),
    "a table without callers": (table(without("useridentity")).encode(), "has no userIdentity"),
    "callers in a notation of nobody": (
        table([{**athena(each), "useridentity": "{arn=a, arn=b}"} for each in BOTH]).encode(),
        "userIdentity is in a notation",
    ),
    "Event history": (
        b"Event name,Event time,User name,Event source,Resource name\n"
        b"DeleteUser,2026,ops,iam.amazonaws.com,kim\n",
        "lookup-events --output json",
    ),
    "Event history, semicolons": (
        b"Event name;Event time;User name;Event source;Resource name\n"
        b"DeleteUser;2026;ops;iam.amazonaws.com;kim\n",
        "lookup-events --output json",
    ),
    "an error that is no code": (
        table([{**athena(each), "errorcode": "?"} for each in BOTH]).encode(),
        "errorCode '?' is no code",
    ),
    "an error that says yes or no": (
        table([{**athena(each), "errorcode": "false"} for each in BOTH]).encode(),
        "errorCode 'false' is no code",
    ),
    "a table without times": (table(without("eventtime")).encode(), "has no eventTime"),
    "members parted by underscores": (
        b"".join(
            json.dumps(
                {name.replace(".", "_"): member for name, member in dotted(each).items()}
            ).encode()
            + b"\n"
            for each in BOTH
        ),
        "export them with dots, or as JSON",
    ),
    "times of which nobody knows the day from the month": (
        table([{**athena(each), "eventtime": "03/02/2026 09:00"} for each in BOTH]).encode(),
        "is no time: export it as",
    ),
    "columns of one name": (
        table([{**athena(each), "ERRORCODE": "AccessDenied"} for each in EVENTS]).encode(),
        "columns named errorcode say different things",
    ),
    "a notification of S3": (
        json.dumps(
            {
                "Records": [
                    {
                        "eventVersion": "2.1",
                        "eventSource": "aws:s3",
                        "eventName": "ObjectCreated:Put",
                        "eventTime": "2026-02-03T09:00:00Z",
                        "userIdentity": {"principalId": "x"},
                        "requestParameters": {},
                    }
                ]
            }
        ).encode(),
        "read the files",
    ),
    "a line that a container runtime split": (
        "".join(map(split_by_a_runtime, BOTH)).encode(),
        "text outside of any record",
    ),
    "an empty archive": (b"PK\x05\x06" + bytes(18), "an archive without a file"),
    "Avro": (b"Obj\x01junk", "an Avro file"),
    "ORC": (b"ORCjunk", "an ORC file"),
    "7z": (b"7z\xbc\xaf\x27\x1cjunk", "unpack it first"),
    "an archive in an archive": (zipped(zipped(LOG)), "an archive within an archive"),
    "a damaged Parquet file": (b"PAR1junk", "Parquet"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_read_is_refused_with_what_to_do(case: str, tmp_path: Path) -> None:
    data, reason = REFUSED[case]
    path = tmp_path / "log.bin"
    path.write_bytes(data)
    records, problems = read(path)
    assert not records
    assert reason in problems[0].reason


@pytest.mark.parametrize(
    "spelling",
    ["", "-", "null", "NULL", "None", "\\N", "[NULL]", "(null)", "<NA>", "#N/A", "success"],
)
def test_a_table_writes_that_there_is_no_error_in_many_ways(spelling: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table([{**athena(each), "errorcode": spelling} for each in EVENTS]))
    records, problems = read(path)
    assert [told(record) for record in records] == WANTED[:3]
    assert not problems


def test_parameters_in_the_notation_of_structs_are_read_and_silence_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [
        {**athena(each), "requestparameters": "{userName=kim, serialNumber=arn:aws:iam::1:mfa/kim}"}
        for each in EVENTS[:1]
    ]
    path.write_text(table(rows))
    records, _ = read(path)
    assert [told(record)["parameters"] for record in records] == [WANTED[0]["parameters"]]
    assert all(isinstance(record, Projection) for record in records)


def test_a_file_that_begins_within_a_record_gives_its_whole_ones(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(LOG[150:])
    records, problems = read(path)
    assert [told(record) for record in records] == WANTED[1:]
    assert "text outside of any record" in {problem.reason for problem in problems}


def test_a_folder_with_a_pipe_in_it_does_not_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_bytes(LOG)
    os.mkfifo(tmp_path / "pipe")
    assert [source.name for source in expand_sources([str(tmp_path)])] == [
        str(tmp_path / "log.json")
    ]


def test_a_member_that_cannot_be_unpacked_costs_no_other(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("first.json", b"x")
        archive.writestr("second.json", LOG)
    data = bytearray(out.getvalue())
    directory = data.index(b"PK\x01\x02")
    data[8:10] = data[directory + 10 : directory + 12] = (99).to_bytes(2, "little")
    path = tmp_path / "log.zip"
    path.write_bytes(data)
    records, problems = read(path)
    assert [told(record) for record in records] == WANTED
    assert [
        (each.source.rpartition("!")[2], "compression" in each.reason) for each in problems
    ] == [("first.json", True)]
