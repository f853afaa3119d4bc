"""Chosen columns without one for errors do not say that a call succeeded; a whole record without an error does."""

import json
from pathlib import Path

import pytest

from cloudcascade.events import (
    LineReader,
    Problem,
    Projection,
    Record,
    expand_sources,
    read_batches,
)
from cloudcascade.tests.support.cloudtrail import Event, call

WHOLE = call("iam:DeleteUser", "gone", 0, {"userName": "bob"})
SOME = {
    name: WHOLE[name]
    for name in (
        "eventTime",
        "eventSource",
        "eventName",
        "userIdentity",
        "sourceIPAddress",
        "userAgent",
        "requestParameters",
    )
}
FEW = {"eventVersion": "1.11", **SOME}
LOWER = {name.lower(): value for name, value in SOME.items()}
IN_TEXT = {**SOME, "userIdentity": json.dumps(SOME["userIdentity"])}
SUCCEEDED = {"errorCode": None}


def lake(row: Event) -> list[dict[str, object]]:
    return [{name: value} for name, value in row.items()]


PROJECTIONS: dict[str, object] = {
    "a row of CloudTrail Lake": {"QueryResultRows": [lake(SOME)]},
    "a row spelt in lower case": LOWER,
    "a row with JSON text for an object": IN_TEXT,
    "an object among rows": {"rows": [SOME]},
    "an object among results": {"results": [SOME]},
    "a result": {"result": SOME},
    "a log file of chosen members": {"Records": [SOME]},
    "a record of chosen members": SOME,
    "an event of chosen members": {"detail": SOME, "detail-type": "AWS API Call via CloudTrail"},
    "a search's hit of chosen members": {"hits": {"hits": [{"_id": "1", "_source": SOME}]}},
}
RECORDS: dict[str, object] = {
    "a log file": {"Records": [WHOLE]},
    "a log file of few members": {"Records": [FEW]},
    "a record": WHOLE,
    "a record of few members": FEW,
    "what lookup-events finds": {
        "Events": [{"EventId": "gone", "CloudTrailEvent": json.dumps(FEW)}]
    },
    "what EventBridge sends": {"detail": FEW, "detail-type": "AWS API Call via CloudTrail"},
    "a search's hit": {"hits": {"hits": [{"_id": "1", "_source": FEW}]}},
    "a result with the raw record": {"result": {"_raw": json.dumps(FEW)}},
    "a result that is whole": {"results": [{**SOME, "eventVersion": "1.09"}]},
    "a result with a column for errors": {"results": [{**SOME, **SUCCEEDED}]},
    "a row of CloudTrail Lake with a column for errors": {
        "QueryResultRows": [lake({**SOME, **SUCCEEDED})]
    },
    "a row spelt in lower case with a column for errors": {**LOWER, "errorcode": ""},
    "a row with JSON text and a column for errors": {**IN_TEXT, "errorMessage": None},
}


def read(path: Path) -> tuple[list[Record], list[Problem]]:
    problems: list[Problem] = []
    batches = read_batches(expand_sources([str(path)]), on_problem=problems.append)
    return [record for batch in batches for record in batch], problems


def is_projection(record: Record) -> bool:
    return isinstance(record, Projection)


@pytest.mark.parametrize(
    ("value", "projected"),
    [(value, True) for value in PROJECTIONS.values()]
    + [(value, False) for value in RECORDS.values()],
    ids=[*PROJECTIONS, *RECORDS],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_whether_success_is_known_of(
    value: object, indent: int | None, tmp_path: Path, *, projected: bool
) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps(value, indent=indent) + "\n")
    records, problems = read(path)
    assert [is_projection(record) for record in records] == [projected]
    assert [problem.note for problem in problems] == [True] * projected


@pytest.mark.parametrize(
    ("columns", "projected"),
    [
        ("", True),
        (",readOnly", True),
        (",eventVersion", True),
        (",errorCode", False),
        (",errorcode", False),
        (",ERRORMESSAGE", False),
        (", errorcode", False),
    ],
)
def test_a_table_has_a_column_for_errors_or_not(
    columns: str, tmp_path: Path, *, projected: bool
) -> None:
    path = tmp_path / "log.csv"
    blank = "," * columns.count(",")
    path.write_text(
        f"eventTime,eventSource,eventName,userIdentity,sourceIPAddress,userAgent,requestParameters{columns}\n"
        + f"2026-02-03T09:00:00Z,iam.amazonaws.com,DeleteUser,,192.0.2.1,aws-cli,{blank}\n" * 3
    )
    records, problems = read(path)
    assert [is_projection(record) for record in records] == [projected] * 3
    assert [problem.note for problem in problems] == [True] * projected


@pytest.mark.parametrize("without", ["requestParameters", "userAgent", "userIdentity"])
def test_chosen_members_that_leave_out_what_a_verdict_needs_are_refused(
    without: str, tmp_path: Path
) -> None:
    path = tmp_path / "log.ndjson"
    path.write_text(json.dumps({name: SOME[name] for name in SOME if name != without}) + "\n")
    records, (problem,) = read(path)
    assert records == []
    assert f"has no {without}" in problem.reason


def test_a_stream_of_lines_says_once_that_success_is_not_known() -> None:
    problems: list[Problem] = []
    reader = LineReader("lines", problems.append, max_line_bytes=1 << 20)
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in (LOWER, WHOLE, LOWER))
    assert [is_projection(record) for record in reader.take(lines)] == [True, False, True]
    assert [(each.position, each.note) for each in problems] == [("line 1", True)]
