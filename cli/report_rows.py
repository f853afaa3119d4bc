"""The events that the report's page carries: column after column, each value told once.

A page of 100,000 events that repeats every ARN would be some 80 MB; told so, and packed, it is a few.
"""

import json
from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from ..catalog import technique
from ..matcher import NearMiss, Verdict
from .shown import shown

KINDS = ("orphan", "labelled", "silenced", "origin", "unlisted", "pending")
"""What a reader tells apart: an effect is either shown with a label or silenced."""

MAX_ROWS = {
    "orphan": 200_000,
    "labelled": 100_000,
    "silenced": 100_000,
    "origin": 100_000,
    "unlisted": 50_000,
    "pending": 50_000,
}
"""How many events of each kind a page carries. The rest is counted, and the page says so."""

MAX_TEXT = 64 << 20
"""How many letters all values of all columns may have together."""

MAX_RECORDS = {"orphan": 32 << 20, "labelled": 8 << 20, "silenced": 8 << 20, "origin": 8 << 20}
"""How many bytes the records of each kind may have together, before they are packed. Of the rest the page says that
it has none."""

MAX_VALUE = 600
"""How many letters of one value are kept; a name in CloudTrail is shorter unless somebody wants it long."""


def kind_of(verdict: Verdict) -> str:
    """Which of `KINDS` a verdict is."""
    if verdict.verdict == "effect":
        return "silenced" if verdict.policy == "suppress" else "labelled"
    return verdict.verdict


def seconds(time: str) -> int:
    """Seconds since the epoch of an ISO time."""
    return int(datetime.fromisoformat(time).timestamp())


def cut(text: str) -> str:
    """A value as the page may show it: nothing invisible, and not longer than a reader can bear."""
    text = shown(text)
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "…"


def visible(text: str) -> str:
    """JSON with everything invisible escaped as JSON does it; outside of texts there is nothing invisible.

    >>> visible('{"a":"x\u202ey"}')
    '{"a":"x\\\\u202ey"}'
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


@dataclass(slots=True)
class Column:
    """Each value once, and for each row which one it has. The first value is nothing."""

    values: list[object] = field(default_factory=lambda: [None])
    at: "array[int]" = field(default_factory=lambda: array("I"))
    _places: dict[Hashable, int] = field(default_factory=dict)

    def add(self, value: str | tuple[Hashable, ...] | None) -> int:
        """The next row's value; an empty one is nothing. Returns how many letters are new."""
        if not value:
            self.at.append(0)
            return 0
        letters = 0
        place = self._places.get(value)
        if place is None:
            place = self._places[value] = len(self.values)
            self.values.append(_plain(value))
            letters = _letters(value)
        self.at.append(place)
        return letters


def _plain(value: Hashable) -> object:
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _letters(value: Hashable) -> int:
    if isinstance(value, str):
        return min(len(value), MAX_VALUE)
    return sum(map(_letters, value)) if isinstance(value, tuple) else 8


def about(target: Mapping[str, str | int | tuple[str | int, ...]]) -> str:
    """What an event was about, in a line: each name once, of an ARN its resource.

    >>> about({"user": "dana", "device": "arn:aws:iam::111122223333:mfa/phone", "serial": "phone"})
    'dana, mfa/phone, phone'
    """
    names = dict.fromkeys(_short(name) for value in target.values() for name in _several(value))
    return ", ".join(names)


def _several(value: str | int | tuple[str | int, ...]) -> tuple[str | int, ...]:
    return value if isinstance(value, tuple) else (value,)


def _short(name: str | int) -> str:
    text = str(name)
    return text.split(":", 5)[-1] if text.startswith("arn:") else text


def _target(verdict: Verdict) -> tuple[Hashable, ...]:
    return tuple(
        (key, ", ".join(map(str, _several(value)))) for key, value in verdict.target.items()
    )


def _misses(misses: Iterable[NearMiss]) -> tuple[Hashable, ...]:
    return tuple(
        (
            each.cascade,
            each.instance,
            each.reason,
            tuple(
                (f"{fault.field} {fault.expected}", fault.found)
                for fault in each.faults
                if fault.field is not None and fault.expected is not None
            ),
        )
        for each in misses
    )


@dataclass(slots=True)
class Rows:
    """The events that are kept for the page, and how many of each kind were left out."""

    ids: list[str] = field(default_factory=list)
    times: "array[int]" = field(default_factory=lambda: array("q"))
    columns: dict[str, Column] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    record_bytes: Counter[str] = field(default_factory=Counter)
    records_left_out: int = 0
    _kind: str = ""

    def keep(self, verdict: Verdict) -> bool:
        """Keep a verdict as the next row, unless there are too many."""
        kind = kind_of(verdict)
        if self.counts[kind] >= MAX_ROWS[kind] or self.letters >= MAX_TEXT:
            self.left_out[kind] += 1
            return False
        self.counts[kind] += 1
        self._kind = kind
        self.ids.append(cut(verdict.event_id))
        self.letters += len(self.ids[-1])
        self.times.append(seconds(verdict.event_time))
        for name, value in _cells(verdict, kind):
            column = self.columns.get(name)
            if column is None:
                column = self.columns[name] = Column()
            self.letters += column.add(value)
        return True

    def keep_record(self, record: bytes | None, size: int) -> None:
        """Keep the record of the last row, if there is room; `size` is nought where the log has none."""
        column = self.columns.setdefault("record", Column())
        room = MAX_RECORDS.get(self._kind, 0) - self.record_bytes[self._kind]
        if record is None or len(record) > room:
            column.at.append(0)
            self.records_left_out += bool(record or size)
            return
        self.record_bytes[self._kind] += len(record)
        column.at.append(len(column.values))
        column.values.append(visible(record.decode("utf-8", "replace")))

    def data(self) -> dict[str, object]:
        """All of it as plain data. A root that is a row itself is told as its number."""
        numbers = {event_id: number for number, event_id in enumerate(self.ids)}
        columns = {}
        for name, column in self.columns.items():
            values: list[object] = column.values
            if name == "instance":
                values = [numbers.get(str(each), each) for each in values]
            elif name == "path":
                values = [_numbered(each, numbers) for each in values]
            elif name == "misses":
                values = [_misses_numbered(each, numbers) for each in values]
            columns[name] = {"values": values, "at": column.at.tolist()}
        return {
            "kinds": KINDS,
            "ids": self.ids,
            "times": list(_differences(self.times)),
            "columns": columns,
            "techniques": self._techniques(),
            "left_out": dict(self.left_out),
            "records_left_out": self.records_left_out,
        }

    def _techniques(self) -> dict[str, tuple[str, str]]:
        named: dict[str, tuple[str, str]] = {}
        column = self.columns.get("techniques")
        for value in column.values if column else ():
            for identifier in value if isinstance(value, list) else ():
                known = technique(identifier)
                if known is not None:
                    named[identifier] = (known.name, known.url)
        return named


def _cells(verdict: Verdict, kind: str) -> Iterator[tuple[str, str | tuple[Hashable, ...] | None]]:
    yield "kind", kind
    yield "action", verdict.action
    yield "account", verdict.account
    yield "region", verdict.region
    yield "actor", verdict.actor_arn or verdict.actor
    yield "principal", verdict.actor
    yield "initial_principal", verdict.initial_principal
    yield "session", verdict.session
    yield "target", _target(verdict)
    yield "source_ip", verdict.source_ip
    yield "user_agent", verdict.user_agent
    yield "tool", verdict.tool
    yield "file", verdict.file
    yield "position", None if verdict.position is None else str(verdict.position)
    yield "next", verdict.next
    yield "failed", "failed" if verdict.failed else None
    yield "error", verdict.error
    yield "cascade", verdict.cascade
    yield "instance", verdict.instance
    yield "relation", verdict.relation
    yield "path", verdict.path[1:]
    yield "techniques", verdict.techniques
    yield "misses", _misses(verdict.near_misses)
    yield "also", tuple((each.cascade, each.relation, each.policy) for each in verdict.also)
    yield "controller", verdict.controller
    yield "caveats", verdict.caveats
    yield "silenced", str(verdict.silenced) if verdict.silenced else None


def _differences(numbers: Iterable[int]) -> Iterator[int]:
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _numbered(ids: object, numbers: dict[str, int]) -> object:
    return [numbers.get(each, each) for each in ids] if isinstance(ids, list) else ids


def _misses_numbered(misses: object, numbers: dict[str, int]) -> object:
    if not isinstance(misses, list):
        return misses
    return [
        [cascade, numbers.get(instance, instance), *rest] for cascade, instance, *rest in misses
    ]


def encoded(rows: Rows) -> bytes:
    """The rows as JSON in which nothing can end a script element."""
    return msgspec.json.encode(rows.data()).replace(b"<", b"\\u003c")
