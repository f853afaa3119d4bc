"""Finds the CloudTrail records inside a JSON value, whatever product it was exported from (`containers`).

- log file: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
- Athena table: https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from .categories import no_call, no_call_in
from .containers import Columns, Packed, Passed, Unusable, inside
from .inflate import inflate_bounded
from .mending import mended
from .projections import VERSION
from .record import Record
from .refusal import NoRecord
from .rows import is_spelt_as_a_table, record_of
from .sources import Limits

# Members that hold many: a log file, lookup-events, a search response, Splunk, CloudTrail Lake, a subscription.
LISTS = (
    "Records",
    "records",
    "Events",
    "hits",
    "results",
    "QueryResultRows",
    "rows",
    "events",
    "logEvents",
    "auditEvents",
    "Messages",
    "messages",
)
_DEPTH = 12
_UNPACKED = Limits(max_expanded_bytes=48 << 20)

_decode_record = msgspec.json.Decoder(Record).decode


def decode_record(data: bytes | str) -> Record:
    """One CloudTrail record as AWS writes it.

    Raises:
        NoRecord: it is none.
    """
    try:
        record = _decode_record(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoRecord(str(error)) from error
    if record.eventSource and record.eventName:
        return record
    raise NoRecord("eventSource or eventName is empty")


def records_in(data: bytes) -> Iterator[Record | NoRecord]:
    """The records in one JSON value; a NoRecord in the place of each part that should be one and is not.

    Raises nothing: what is no JSON at all is a NoRecord, too.
    """
    try:
        record = _decode_record(data)
        # What is not there may stand in dotted members, or was not exported.
        whole = record.userIdentity and record.requestParameters
        texts = bytes(memoryview(record.userIdentity)[:1]) == b'"'
        if not texts and VERSION in data and (whole or not _says_more(data)):
            yield _called(record)
            return
    except (msgspec.ValidationError, RecursionError):
        pass  # not of AWS's own form: a wrapper, or a row of a table
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sound = mended(data)
        if sound is None:
            yield NoRecord(str(error))
            return
        data = sound
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield NoRecord(str(error) or type(error).__name__)
        return
    yield from _within(value, _DEPTH)


def _says_more(data: bytes) -> bool:
    """Whether an object that could be read as a record has its members in columns, or holds another."""
    value = msgspec.json.decode(data)
    return isinstance(value, dict) and (
        any(
            name.startswith(
                ("userIdentity.", "userIdentity_", "requestParameters.", "requestParameters_")
            )
            for name in value
        )
        or inside(value, first=True) is not None
    )


def records_in_row(row: Mapping[str, object]) -> Iterator[Record | NoRecord]:
    """As `records_in`, of a row of a table: a record in one of its cells, or its cells as the members of one."""
    members = {name: cell for name, cell in row.items() if name}
    found = inside(members, first=True)
    if found is None and not any(name.lower() == "eventname" for name in members):
        found = inside(members)
    if found is not None:
        yield from _all(found, _DEPTH)
        return
    try:
        yield _called(record_of(members, chosen=True, table=True))
    except NoRecord as refusal:
        what = no_call_in(members)
        yield refusal if what is None else NoRecord(what, ignored=True)


def _called(record: Record) -> Record | NoRecord:
    """The record, if it is about a call or an event of its own."""
    if record.eventSource.startswith("aws:"):
        return NoRecord(
            "a notification of S3, which names log files and holds no records: read the files"
        )
    what = no_call(record)
    return record if what is None else NoRecord(what, ignored=True)


def _within(value: object, depth: int) -> Iterator[Record | NoRecord]:
    match value:
        case _ if depth == 0:
            yield NoRecord("nested too deeply to be a log")
        case dict():
            yield from _within_object(value, depth)
        case list():
            yield from _within_list(value, depth)
        case str():
            yield from _within_text(value, depth)
        case Packed():
            yield from _unpacked(value.text, depth)
        case Columns():
            yield _of_columns(value)
        case Passed():
            yield NoRecord(value.name, ignored=True)
        case Unusable():
            yield NoRecord(value.reason)
        case _:
            yield NoRecord(f"a {type(value).__name__} where a record was expected")


def _within_list(value: list[object], depth: int) -> Iterator[Record | NoRecord]:
    row = _row_of_objects(value)
    if row is not None:
        found = inside(row, first=True)
        yield from [_row(row, chosen=True)] if found is None else _all(found, depth)
    elif _is_timed(value):
        yield from _within(value[1], depth - 1)
    else:
        for each in value:
            yield from _within(each, depth - 1)


def _within_object(value: dict[str, object], depth: int) -> Iterator[Record | NoRecord]:
    found = inside(value, first=True)
    if found is not None:
        yield from _all(found, depth)
        return
    if "eventName" in value or "eventname" in value:
        chosen = is_spelt_as_a_table(value) or "eventVersion" not in value
        yield _row(value, chosen=chosen)
        return
    if (what := no_call_in(value)) is not None:
        yield NoRecord(what, ignored=True)
        return
    for name in LISTS:
        inner = value.get(name)
        if isinstance(inner, list) or (name == "hits" and isinstance(inner, dict)):
            yield from _within(inner, depth - 1)
            return
    found = inside(value)
    if value.keys() == {"value", "relation"}:
        return  # how many hits a search has
    if found is None:
        yield NoRecord("no CloudTrail record in it")
    else:
        yield from _all(found, depth)


def _all(found: Iterable[object], depth: int) -> Iterator[Record | NoRecord]:
    for each in found:
        yield from _within(each, depth - 1)


def _within_text(text: str, depth: int) -> Iterator[Record | NoRecord]:
    """What a text holds: a JSON value, behind a prefix as loggers write one; or a JSON value a line."""
    at = text.find("{")
    if at < 0:
        yield NoRecord("a text where a record was expected")
        return
    if text[:at].strip() == "[":
        at = text.find("[")
    try:
        value = msgspec.json.decode(text[at:])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        lines = [line for line in text[at:].splitlines() if line.strip()]
        if len(lines) < 2:
            yield NoRecord(str(error) or type(error).__name__)
            return
        for line in lines:
            yield from _within_text(line, depth - 1) if depth > 1 else ()
        return
    yield from _within(value, depth - 1)


def _unpacked(text: str, depth: int) -> Iterator[Record | NoRecord]:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        yield NoRecord(f"no base64 text: {error}")
        return
    if data[:2] == b"\x1f\x8b":
        data, fault = inflate_bounded(data, _UNPACKED)
        if fault is not None:
            yield NoRecord(fault)
            return
    yield from _within(data.decode("utf-8", "replace"), depth - 1)


def _row_of_objects(value: list[object]) -> dict[str, object] | None:
    """A row as a list of its columns: of CloudTrail Lake, an object each; of Logs Insights, its `field` and `value`."""
    if not value or not all(isinstance(each, dict) for each in value):
        return None
    cells = [each for each in value if isinstance(each, dict)]
    if all(each.keys() == {"field", "value"} for each in cells):
        return {str(each["field"]): each["value"] for each in cells}
    if all(len(each) == 1 for each in cells) and not any(LISTS[0] in each for each in cells):
        return {key: cell for each in cells for key, cell in each.items()}
    return None


def _is_timed(value: list[object]) -> bool:
    """Fluentd's `[time, record]`."""
    return len(value) == 2 and isinstance(value[0], int | float) and isinstance(value[1], dict)


def _row(row: dict[str, object], *, chosen: bool) -> Record | NoRecord:
    """A record, or the name of what is no call."""
    try:
        return _called(record_of(row, chosen=chosen))
    except NoRecord as refusal:
        what = no_call_in(row)
        return refusal if what is None else NoRecord(what, ignored=True)


def _of_columns(columns: Columns) -> Record | NoRecord:
    members = dict(columns.members)
    if not columns.unsure:
        members.setdefault("errorCode", None)
    try:
        return _called(record_of(members, chosen=True, table=True))
    except NoRecord as refusal:
        return refusal
