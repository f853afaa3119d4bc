"""Hands on each record together with the JSON that it was read from."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from .record import Record
from .refusal import NoRecord

OnRecord = Callable[[Record, bytes], None]
"""Takes a record and the JSON that it stands in. Where that holds others, too, it is the record's own members."""


class _RawLogFile(msgspec.Struct, gc=False):
    Records: list[msgspec.Raw]


_decode_log_file = msgspec.json.Decoder(_RawLogFile).decode
_decode_record = msgspec.json.Decoder(Record).decode


def keeping_log_file(keep: OnRecord) -> Callable[[bytes], list[Record]]:
    """What decodes an ordinary log file and hands on its records.

    The function raises what msgspec does where it is none, and has handed on nothing then.
    """

    def decode(data: bytes) -> list[Record]:
        raws = _decode_log_file(data).Records
        records = [_decode_record(raw) for raw in raws]
        for record, raw in zip(records, raws, strict=True):
            keep(record, bytes(raw))
        return records

    return decode


def kept(
    items: Iterable[Record | NoRecord], data: Callable[[], bytes], keep: OnRecord
) -> Iterator[Record | NoRecord]:
    """What was found in one piece of input, each record handed on."""
    found = list(items)
    for each in found:
        if isinstance(each, Record):
            keep(each, data() if len(found) == 1 else members_of(each))
        yield each


def members_of(record: Record) -> bytes:
    """The members of a record that are read, as JSON."""
    members = {
        name: value
        for name in Record.__struct_fields__
        if (value := getattr(record, name)) or value == ""
    }
    return msgspec.json.encode(members)
