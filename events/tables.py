"""Reads rows of a CSV file, as Athena and CloudTrail Lake export them."""

import csv
from collections.abc import Iterable, Iterator

from .unwrap import NoRecord

_WANTED = {"eventname", "eventsource", "eventtime"}


def looks_like_table(head: bytes) -> bool:
    """Whether the first line names the columns of a CloudTrail table."""
    first = head.partition(b"\n")[0][:65_536].decode("utf-8-sig", "replace")
    if first.lstrip()[:1] in ("{", "["):
        return False
    try:
        columns = next(csv.reader([first]), [])
    except csv.Error:
        return False
    return {column.strip().lower() for column in columns} >= _WANTED


def table_rows(
    chunks: Iterable[bytes], max_bytes: int
) -> Iterator[tuple[int, dict[str, str] | NoRecord]]:
    """The rows with the line each ends in, a NoRecord for one that is none.

    A cell larger than `max_bytes` ends the reading, since a lost quote makes one cell of all the rest.
    """
    previous = csv.field_size_limit(max_bytes)
    try:
        reader = csv.reader(_lines(chunks, max_bytes), strict=True)
        columns = [column.strip() for column in next(reader)]
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
            yield reader.line_num, dict(zip(columns, cells, strict=True))
    finally:
        csv.field_size_limit(previous)


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
