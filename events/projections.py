"""Tells a whole record from the columns that somebody chose of one.

In a record without `errorCode` and `errorMessage` the call succeeded. In a row of a table that has no such column
nobody knows whether it did: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

| shape | it is whole |
|---|---|
| a table of text (CSV); a row of CloudTrail Lake, with an object a column | with a column for errors |
| an object with its members spelt as columns (`eventname`), or with JSON text for objects | the same |
| any other object | the same, or with `eventVersion`, which all records have |

A column for errors counts where it is empty, too.
"""

from collections.abc import Iterable

from msgspec.structs import asdict

from .record import Projection, Record

NO_ERRORS = (
    "no column tells of errors (errorCode, errorMessage): "
    "whether the calls succeeded is not known, and none of them is silenced"
)
VERSION = b'"eventVersion"'
"""The member that every whole record has, as it stands in JSON."""

_ERRORS = {"errorcode", "errormessage"}


def tells_of_errors(columns: Iterable[str]) -> bool:
    """Whether one of the columns says that a call failed, where it did."""
    return any(column.strip().lower() in _ERRORS for column in columns)


def projection(record: Record) -> Projection:
    """The record, as one of which only chosen columns are known.

    >>> made = Record(eventTime="", eventSource="iam.amazonaws.com", eventName="DeleteUser")
    >>> type(projection(made)).__name__
    'Projection'
    """
    return Projection(**asdict(record))
