"""Reads rows of a CSV file, as Athena, CloudTrail Lake, Splunk, Sentinel, Kibana and consoles export them."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from .refusal import NoRecord

_WANTED = frozenset({"eventname", "eventsource"})
_DELIMITERS = (",", ";", "\t", "|")
_HEAD = 65_536


def delimiter_of(head: bytes) -> str | None:
    """What parts the columns of a table of CloudTrail's; None where the text is no such table.

    Its columns are CloudTrail's in some spelling, or one of them holds records as JSON.

    >>> delimiter_of(b"eventTime;eventSource;eventName\\n"), delimiter_of(b"{}\\n")
    (';', None)
    """
    first, _, rest = head.partition(b"\n")
    text = first[:_HEAD].decode("utf-8-sig", "replace")
    if text.lstrip()[:1] in ("", "{", "[") or '{"' in text:
        return None
    return _most(text) if _names(text) or _holds_json(text, rest) else None


def _most(text: str) -> str:
    return max(_DELIMITERS, key=text.count)


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _names(text: str) -> bool:
    spelt = {"".join(filter(str.isalnum, column)).lower() for column in _cells(text, _most(text))}
    return spelt >= _WANTED or {"eventaction", "eventprovider"} <= spelt


def _holds_json(text: str, rest: bytes) -> bool:
    """Whether the first row has as many cells as there are columns, of which one is a JSON object."""
    row = rest[:_HEAD].decode("utf-8", "replace")
    try:
        cells = next(csv.reader(StringIO(row, newline=""), delimiter=_most(text)), [])
    except csv.Error:
        return False
    return len(cells) == len(_cells(text, _most(text))) and any(
        cell.lstrip().startswith("{") for cell in cells
    )


def table_rows(
    chunks: Iterable[bytes], max_bytes: int, delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str] | NoRecord]]:
    """The rows with the line each ends in, a NoRecord for one that is none. All have the same columns.

    A cell larger than `max_bytes` ends the reading, since a lost quote makes one cell of all the rest.
    """
    previous = csv.field_size_limit(max_bytes)
    try:
        reader = csv.reader(_lines(chunks, max_bytes), strict=True, delimiter=delimiter)
        columns = [column.strip() for column in next(reader)]
        twice = _repeated(columns)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.line_num, NoRecord(f"broken CSV: {error}")
                if "field larger" in str(error):
                    return
                continue
            if not cells:
                continue
            if len(cells) != len(columns):
                yield (
                    reader.line_num,
                    NoRecord(f"{len(cells)} cells under {len(columns)} columns"),
                )
                continue
            differing = next((each for each in twice if len({cells[at] for at in each}) > 1), None)
            if differing is not None:
                yield (
                    reader.line_num,
                    NoRecord(
                        f"columns named {columns[differing[0]]} say different things: export one of them"
                    ),
                )
                continue
            yield reader.line_num, dict(zip(columns, cells, strict=True))
    finally:
        csv.field_size_limit(previous)


def _repeated(columns: list[str]) -> list[list[int]]:
    """Where columns of one name stand, whatever their case."""
    places: dict[str, list[int]] = {}
    for at, column in enumerate(columns):
        places.setdefault(column.lower(), []).append(at)
    return [each for name, each in places.items() if name and len(each) > 1]


def _lines(chunks: Iterable[bytes], max_bytes: int) -> Iterator[str]:
    left = b""
    first = True
    for chunk in chunks:
        *lines, left = (left + chunk).split(b"\n")
        for line in lines:
            text = line.decode("utf-8-sig" if first else "utf-8", "replace")
            first = False
            yield f"{text}\n"
        if len(left) > 2 * max_bytes:
            left = left[: 2 * max_bytes]  # the reader refuses the cell it belongs to
    if left:
        yield left.decode("utf-8", "replace")
