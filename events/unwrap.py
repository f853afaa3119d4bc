"""Finds the CloudTrail records inside a JSON value, whatever product it was exported from.

- log file: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
- lookup-events: https://docs.aws.amazon.com/cli/latest/reference/cloudtrail/lookup-events.html
- EventBridge: https://docs.aws.amazon.com/eventbridge/latest/ref/overview-event-structure.html
- Athena table: https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
"""

from collections.abc import Iterator

import msgspec

from .record import Record

# Members that hold many: a log file, lookup-events, a search response, Splunk, CloudTrail Lake.
LISTS = ("Records", "Events", "hits", "results", "QueryResultRows", "rows", "events")
_DEPTH = 6

_decode_record = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.Encoder().encode
_COLUMNS = {name.lower(): name for name in Record.__struct_fields__}
_OBJECTS = frozenset(
    {
        "userIdentity",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "serviceEventDetails",
        "resources",
        "tlsDetails",
    }
)


class NoRecord(Exception):
    """The value holds no CloudTrail record; the text says what is wrong. `ignored`: and never would."""

    def __init__(self, reason: str, *, ignored: bool = False) -> None:
        super().__init__(reason)
        self.ignored = ignored


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
        if bytes(memoryview(record.userIdentity)[:1]) != b'"':
            yield record
            return
    except (msgspec.ValidationError, RecursionError):
        pass  # not of AWS's own form: a wrapper, or a row of a table
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        yield NoRecord(str(error))
        return
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield NoRecord(str(error) or type(error).__name__)
        return
    yield from _within(value, _DEPTH)


def _within(value: object, depth: int) -> Iterator[Record | NoRecord]:
    if depth == 0:
        yield NoRecord("nested too deeply to be a log")
    elif isinstance(value, list):
        if _is_lake_row(value):
            yield _from_row({key: cell for each in value for key, cell in each.items()})
            return
        for each in value:
            yield from _within(each, depth - 1)
    elif not isinstance(value, dict):
        yield NoRecord(f"a {type(value).__name__} where a record was expected")
    else:
        yield from _within_object(value, depth)


def _within_object(value: dict[str, object], depth: int) -> Iterator[Record | NoRecord]:
    if "eventName" in value or "eventname" in value:
        yield _from_row(value)
        return
    if "logFiles" in value and "digestS3Bucket" in value:
        yield NoRecord("a digest file, which holds no records", ignored=True)
        return
    for name in LISTS:
        inner = value.get(name)
        if isinstance(inner, list) or (name == "hits" and isinstance(inner, dict)):
            yield from _within(inner, depth - 1)
            return
    for name in (
        "CloudTrailEvent",
        "detail",
        "_source",
        "result",
        "_raw",
        "event",
        "message",
        "@message",
    ):
        inner = value.get(name)
        if inner is None:
            continue
        if isinstance(inner, dict):
            yield from _within(inner, depth - 1)
            return
        if isinstance(inner, str) and inner.lstrip()[:1] == "{":
            yield from _from_text(inner, depth - 1)
            return
    original = value.get("event.original", value.get("original"))
    if isinstance(original, str):
        yield from _from_text(original, depth - 1)
        return
    yield NoRecord("no CloudTrail record in it")


def _from_text(text: str, depth: int) -> Iterator[Record | NoRecord]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        yield NoRecord(str(error) or type(error).__name__)
        return
    yield from _within(value, depth)


def _is_lake_row(value: list[object]) -> bool:
    """A row of CloudTrail Lake: a list of objects with one column each."""
    return bool(value) and all(isinstance(each, dict) and len(each) == 1 for each in value)


def _from_row(row: dict[str, object]) -> Record | NoRecord:
    """A record whose members may be columns of a table: names in lower case, objects as JSON text."""
    members: dict[str, object] = {}
    for column, cell in row.items():
        name = _COLUMNS.get(column.lower())
        if name is None or cell is None or cell == "":
            continue
        if name in _OBJECTS and isinstance(cell, str):
            try:
                cell = msgspec.json.decode(cell)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                continue  # a struct in another notation: the member stays missing, which never matches
        members[name] = cell
    identity = members.get("userIdentity")
    if isinstance(identity, dict):
        members["userIdentity"] = _cased_identity(identity)
    try:
        return decode_record(_encode(members))
    except (NoRecord, TypeError, ValueError, RecursionError) as error:
        return error if isinstance(error, NoRecord) else NoRecord(str(error))


_IDENTITY = {
    name.lower(): name
    for name in (
        "type",
        "principalId",
        "arn",
        "accountId",
        "accessKeyId",
        "userName",
        "invokedBy",
        "sessionContext",
        "sessionIssuer",
        "attributes",
    )
}


def _cased_identity(identity: dict[str, object]) -> dict[str, object]:
    """userIdentity with the names that AWS gives its members, from a table's lower-case ones."""
    return {
        _IDENTITY.get(name.lower(), name): _cased_identity(member)
        if isinstance(member, dict)
        else member
        for name, member in identity.items()
    }
