"""However a log is read, in one call or in pieces, briefly or with all members, the same records come out of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.events import (
    Brief,
    Limits,
    Problem,
    Record,
    expand_sources,
    read_batches,
    read_briefly,
)

LIMITS = Limits()
IN_PIECES = replace(LIMITS, whole_file_bytes=1)
THOROUGH = {"DisableKey", "e\u00e9"}

TEXTS = st.sampled_from(
    ["", "x", "DeleteUser", "DisableKey", "e\u00e9", 'q"uote', "back\\slash", "\u2028"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.sampled_from([None, True, 7, 1.5, 10**30]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["eventName", "eventID", "Records", "e\u00e9", "k"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)
MEMBERS = st.fixed_dictionaries(
    {"eventVersion": TEXTS, "eventName": TEXTS, "eventSource": TEXTS, "eventTime": TEXTS},
    optional={
        "eventID": st.sampled_from(["one", "two", "", None]),
        "errorCode": TEXTS,
        "awsRegion": TEXTS,
        "recipientAccountId": TEXTS,
        "userIdentity": VALUES.filter(lambda value: not isinstance(value, str)),
        "requestParameters": VALUES,
        "responseElements": VALUES,
        "resources": VALUES,
        "eventType": VALUES,
        "sourceIPAddress": VALUES,
        "other": VALUES,
    },
).filter(lambda record: record["eventName"] and record["eventSource"])
ODD = st.builds(
    lambda record, name, value: {**record, name: value},
    MEMBERS,
    st.sampled_from(["eventName", "eventTime", "eventID", "errorCode", "awsRegion"]),
    st.sampled_from([7, [], {"eventName": "DeleteUser"}, True]),
)
RECORDS = st.lists(MEMBERS, min_size=1, max_size=4)


def written(records: list[Any], indent: int | None, ascii_only: bool, escaped: bool) -> bytes:
    text = json.dumps({"Records": records}, indent=indent, ensure_ascii=ascii_only)
    return (text.replace('"eventName"', '"event\\u004eame"') if escaped else text).encode()


def read(path: Path, *, limits: Limits = LIMITS) -> tuple[list[Record], list[Problem]]:
    problems: list[Problem] = []
    sources = expand_sources([str(path)])
    batches = read_batches(sources, limits=limits, on_problem=problems.append)
    return [record for batch in batches for record in batch], problems


def briefly(path: Path) -> tuple[list[Brief], list[Problem]]:
    problems: list[Problem] = []
    batches = read_briefly(expand_sources([str(path)]), THOROUGH, on_problem=problems.append)
    return [record for batch in batches for record in batch], problems


def members(record: Brief, names: tuple[str, ...]) -> list[object]:
    values = (getattr(record, name) for name in names)
    return [bytes(value) if isinstance(value, msgspec.Raw) else value for value in values]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "log.json"


SETTINGS = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(RECORDS, st.sampled_from([None, 1]), st.booleans(), st.booleans())
@SETTINGS
def test_one_call_reads_what_pieces_read(
    place: Path, records: list[Any], indent: int | None, ascii_only: bool, escaped: bool
) -> None:
    place.write_bytes(written(records, indent, ascii_only, escaped))
    whole, problems = read(place)
    pieces, same_problems = read(place, limits=IN_PIECES)
    names = Record.__struct_fields__
    assert [members(each, names) for each in whole] == [members(each, names) for each in pieces]
    assert problems == same_problems == []
    assert [each.eventName for each in whole] == [each["eventName"] for each in records]


@given(
    st.lists(MEMBERS | ODD, max_size=4),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.tuples(st.integers(0, 400), st.sampled_from([b"", b"}", b'"', b"\xff", b"\\", b",,"]))
    | st.none(),
)
@SETTINGS
def test_what_is_read_briefly_is_the_same_as_far_as_it_goes(
    place: Path,
    records: list[Any],
    indent: int | None,
    escaped: bool,
    damage: tuple[int, bytes] | None,
) -> None:
    data = written(records, indent, False, escaped)
    if damage is not None:
        at, junk = damage
        data = data[:at] + junk + data[at + 1 :]
    place.write_bytes(data)
    whole, problems = read(place)
    brief, same_problems = briefly(place)
    assert same_problems == problems
    names = Brief.__struct_fields__
    assert [members(each, names) for each in brief] == [members(each, names) for each in whole]
    if any(each.eventName in THOROUGH or not each.eventID for each in whole):
        assert all(isinstance(each, Record) for each in brief)
