"""Reads verdicts: the NDJSON of `cascade classify` and `cascade watch`."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, BinaryIO, Final

import msgspec

from ..catalog.terms import Policy, Relation
from ..events import Problem
from ..matcher import VerdictName
from .row import LONGEST, Row, Statement

MOST_LINE: Final = 4 << 20
"""Bytes of a line. One that is longer is no verdict."""

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST, pattern=r"^[!-~]*\Z")]


class _Line(msgspec.Struct):
    """The members of a verdict that a row is made of, and those that a stream adds."""

    event_id: _Name
    event_time: str
    action: _Name
    verdict: VerdictName
    policy: Policy | None
    cascade: _Name | None = None
    instance: _Name | None = None
    relation: Relation | None = None
    final: bool = True
    id: _Name | None = None
    supersedes: _Name | None = None


class _Event(msgspec.Struct):
    event_id: str


_lines = msgspec.json.Decoder(_Line)
_events = msgspec.json.Decoder(_Event)


def read_verdicts(
    opened: BinaryIO, source: str, on_problem: Callable[[Problem], None]
) -> Iterator[Statement]:
    """What the lines say. One that is no verdict is a problem; the event that it names, if any, is not silenced.

    A last line without its end is being written, perhaps: if it is no verdict it is only noted.
    """
    number = 0
    while line := opened.readline(MOST_LINE + 1):
        number += 1
        position = f"line {number}"
        if len(line) > MOST_LINE:
            on_problem(Problem(source, position, f"a line of more than {MOST_LINE} bytes"))
            while not line.endswith(b"\n") and (line := opened.readline(MOST_LINE)):
                pass
            continue
        if not line.strip():
            continue
        try:
            yield _statement(line)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            if not line.endswith(b"\n"):
                note = f"{position} has no end yet, and is left for the next run"
                on_problem(Problem(source, position, note, line, note=True))
                return
            on_problem(Problem(source, position, f"no verdict: {_said(line, error)}", line))
            try:
                yield Statement(_events.decode(line).event_id, None)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue


def _statement(line: bytes) -> Statement:
    found = _lines.decode(line)
    row = None
    if found.verdict == "effect" and found.policy == "suppress":
        if found.cascade is None or found.instance is None or found.relation is None:
            raise ValueError("an effect without cascade, instance or relation")
        row = Row(
            found.event_id,
            _seconds(found.event_time),
            found.action,
            found.cascade,
            found.relation,
            found.instance,
        )
    return Statement(found.event_id, row, found.final, found.id, found.supersedes)


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("event_time has no time zone")
    return int(moment.timestamp())


def _said(line: bytes, error: Exception) -> str:
    if b'"class_uid"' in line:
        return "an OCSF finding; give the verdicts of --format ndjson"
    return str(error)
