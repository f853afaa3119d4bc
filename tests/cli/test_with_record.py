"""`--with-record` gives each verdict the record that it is about, as it stands in the log."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.tests.support.cloudtrail import call
from cloudcascade.tests.support.commands import SAMPLE, cascade, out


def records_of(folder: Path) -> dict[str, Any]:
    return {
        each["eventID"]: each
        for file in folder.rglob("*.gz")
        for each in json.loads(gzip.decompress(file.read_bytes()))["Records"]
    }


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_line_holds_the_whole_record_and_is_otherwise_the_same() -> None:
    raw = records_of(SAMPLE)
    told = lines(out("classify", str(SAMPLE), "--with-record"))
    assert told
    for each in told:
        assert each.pop("record") == raw[each["event_id"]]
    assert told == lines(out("classify", str(SAMPLE)))


def test_so_does_the_json_document() -> None:
    raw = records_of(SAMPLE)
    told = json.loads(
        out("classify", str(SAMPLE), "-f", "json", "--with-record", "--verdict", "orphan")
    )
    assert len(told["verdicts"]) == 7
    assert all(each["record"] == raw[each["event_id"]] for each in told["verdicts"])


def test_with_all_the_records_of_unlisted_events_are_there_too() -> None:
    told = lines(out("classify", str(SAMPLE), "--with-record", "--all", "--verdict", "unlisted"))
    assert len(told) > 2_000
    assert all(each["record"]["eventID"] == each["event_id"] for each in told)


def test_standard_input_is_read_once() -> None:
    log = json.dumps({"Records": [call("iam:DeleteUser", "e", 0, {"userName": "kim"}, extra=[1])]})
    (told,) = lines(out("classify", "-", "--with-record", stdin=log.encode()))
    assert told["record"]["extra"] == [1]


EVENT = call("iam:DeleteUser", "e", 0, {"userName": "kim"}, requestID="r")
OTHER = call("iam:DeleteUser", "f", 5, {"userName": "lee"}, requestID="s")


@pytest.mark.parametrize(
    ("log", "kept"),
    [
        (json.dumps(EVENT) + "\n" + json.dumps(OTHER), EVENT),
        ("<134>Jan 1 host app: " + json.dumps(EVENT) + "\n", EVENT),
        (json.dumps(EVENT, indent=2), EVENT),
        (json.dumps({"result": {"_raw": json.dumps(EVENT)}}) + "\n", {"result": {"_raw": json.dumps(EVENT)}}),
    ],
    ids=["lines", "behind a prefix", "on several lines", "in a wrapper of one"],
)  # fmt: skip
def test_a_record_is_what_stands_in_the_log(tmp_path: Path, log: str, kept: Any) -> None:
    file = tmp_path / "log"
    file.write_text(log)
    told = {each["event_id"]: each for each in lines(out("classify", str(file), "--with-record"))}
    assert told["e"]["record"] == kept


def test_of_a_wrapper_of_several_it_is_the_members_that_are_read(tmp_path: Path) -> None:
    file = tmp_path / "log"
    events = [{"message": json.dumps(each)} for each in (EVENT, OTHER)]
    file.write_text(json.dumps({"logEvents": events, "messageType": "DATA_MESSAGE"}) + "\n")
    told = {each["event_id"]: each for each in lines(out("classify", str(file), "--with-record"))}
    record = told["e"]["record"]
    assert record["requestParameters"] == {"userName": "kim"}
    assert record.items() <= EVENT.items()
    assert "requestID" not in record


def test_a_record_that_is_too_large_is_left_out_and_its_size_told(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    large = call("iam:DeleteUser", "e", 0, {"userName": "kim", "x": "y" * 300_000})
    file.write_text(json.dumps({"Records": [large, OTHER]}))
    told = {each["event_id"]: each for each in lines(out("classify", str(file), "--with-record"))}
    assert told["e"]["record"] is None
    assert told["e"]["record_bytes"] > 300_000
    assert "record_bytes" not in told["f"]


def test_it_is_refused_where_it_would_be_dropped() -> None:
    done = cascade("classify", str(SAMPLE), "-f", "table", "--with-record")
    assert done.returncode == 2
    assert "--with-record is for" in done.stderr
