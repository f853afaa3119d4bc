"""Makes records of rows: members as columns, in any case, dotted, as JSON text, or as structs in Athena's notation.

A verdict rests on who called, from where, with which tool and for what (`NEEDED`). A row of which a column for
that was not chosen is refused, since its verdict would be a guess.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from .mending import object_in, spelt_account, spelt_time
from .projections import projection, tells_of_errors
from .record import Record
from .refusal import NoRecord
from .structs import struct_in
from .time import event_time

NEEDED = ("userIdentity", "requestParameters", "sourceIPAddress", "userAgent")
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
_MEMBERS = {name.lower(): name for name in (*Record.__struct_fields__, "eventVersion")}
_ERRORS = ("errorCode", "errorMessage")
# How tables write that there is nothing, in columns that never hold such a text.
_NOTHING = frozenset(
    {
        "",
        "-",
        "--",
        "—",
        "null",
        "none",
        "nil",
        "nan",
        "na",
        "n/a",
        "#n/a",
        "\\n",
        "undefined",
        "empty",
    }
)
# Splunk's add-on for AWS writes `success` where there is no error.
_NO_ERROR = _NOTHING | {"success"}
_UNCLEAR = frozenset(
    {"ok", "true", "false", "noerror", "no error", "no value", "not set", "__missing__"}
)
_AROUND = "<>[](){}\"' "
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html; of some services, a status of HTTP.
_CODE = re.compile(r"[\w.:/# -]*([A-Za-z]|\d{3})[\w.:/# -]*", re.ASCII)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode


def is_spelt_as_a_table(row: Mapping[str, object]) -> bool:
    """Whether an object with an eventName is a row, and no record as AWS writes it."""
    return "eventName" not in row or any(
        isinstance(cell, str) if name in _OBJECTS else name.partition(".")[0] in _OBJECTS
        for name, cell in row.items()
    )


def missing_columns(row: Iterable[str]) -> list[str]:
    """Which of what a verdict needs has no column.

    >>> missing_columns(["eventname", "useridentity.arn", "useragent"])
    ['requestParameters', 'sourceIPAddress']
    """
    there = {name.strip().lower().partition(".")[0] for name in row}
    return [name for name in NEEDED if name.lower() not in there]


def record_of(row: Mapping[str, object], *, chosen: bool, table: bool = False) -> Record:
    """The record that a row holds. `chosen`: somebody chose its columns, and what is not there may be so because nobody
    asked for it. `table`: all rows have the same columns, `eventVersion` or not.

    Raises:
        NoRecord: it holds none, or not what a verdict needs.
    """
    members, unsure = _members(row)
    if chosen and (table or "eventVersion" not in members):
        missing = missing_columns(row)
        if missing:
            raise NoRecord(
                f"has no {', '.join(missing)}, without which it cannot be judged: export all columns"
            )
    members["eventTime"] = spelt_time(members.get("eventTime", row.get("@timestamp")))
    if chosen and not members["eventTime"]:
        raise NoRecord("has no eventTime, without which it cannot be judged: export all columns")
    members["recipientAccountId"] = spelt_account(members.get("recipientAccountId"))
    identity = members.get("userIdentity")
    if isinstance(identity, dict):
        members["userIdentity"] = _cased_identity(identity)
    try:
        record = _decode(_encode(members))
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
        raise NoRecord(str(error)) from error
    if not record.eventSource or not record.eventName:
        raise NoRecord("eventSource or eventName is empty")
    if chosen:
        try:
            event_time(record.eventTime)
        except ValueError as error:
            raise NoRecord(f"eventTime: {error}: export it as 2026-02-03T09:00:00Z") from error
    return projection(record) if unsure or (chosen and not tells_of_errors(row)) else record


def _members(row: Mapping[str, object]) -> tuple[dict[str, object], bool]:
    """The members of a record, and whether some of them may be read in more than one way."""
    members: dict[str, object] = {}
    unsure = False
    for column, cell in row.items():
        head, _, below = column.strip().partition(".")
        name = _MEMBERS.get(head.lower())
        if name is None and column.startswith(("userIdentity_", "requestParameters_")):
            raise NoRecord(
                f"{column[:60]}: whether an underscore parts members is not known: "
                "export them with dots, or as JSON"
            )
        if name is None or cell is None or cell == "":
            continue
        if below:
            # What is called may hold JSON as text, and stays text.
            _put(
                members, name, below.split("."), object_in(cell) if name == "userIdentity" else cell
            )
            continue
        if name in _ERRORS and isinstance(cell, str):
            if _bare(cell) in _NO_ERROR:
                continue
            if name == "errorCode" and (
                _bare(cell) in _UNCLEAR or _CODE.fullmatch(cell.strip()) is None
            ):
                raise NoRecord(
                    f"errorCode {cell[:40]!r} is no code: export it empty where there is no error"
                )
        if name in _OBJECTS and isinstance(cell, str):
            read = object_in(cell)
            if isinstance(read, str):
                if _bare(read) in _NOTHING:
                    continue
                read = struct_in(read)
                if read is None and name in NEEDED:
                    raise NoRecord(
                        f"{name} is in a notation that cannot be read for certain: export it as JSON "
                        "(in SQL: json_format(cast(... as json)))"
                    )
                unsure = unsure or name != "userIdentity" or read is None
                if read is None:
                    continue
            cell = read
        members[name] = cell
    return members, unsure


def _bare(cell: str) -> str:
    """A text without what marks it as none."""
    return cell.strip(_AROUND).lower()


def _put(members: dict[str, object], name: str, path: list[str], cell: object) -> None:
    below = members.setdefault(name, {})
    for part in path[:-1]:
        if not isinstance(below, dict):
            return
        below = below.setdefault(part, {})
    if isinstance(below, dict):
        last = path[-1]
        if last.endswith("{}"):  # Splunk's name of a list
            cell = cell if isinstance(cell, list) else [cell]
        below[last.removesuffix("{}")] = cell


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
        "creationDate",
        "mfaAuthenticated",
        "webIdFederationData",
        "federatedProvider",
        "identityProvider",
        "onBehalfOf",
        "identityStoreArn",
        "userId",
        "credentialId",
        "inScopeOf",
        "issuerType",
        "credentialsIssuedTo",
        "sourceIdentity",
        "ec2RoleDelivery",
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
