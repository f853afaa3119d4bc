"""Trails as CloudTrail delivers them, made by the bench's generator: out of order, with copies, in files by account."""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from random import Random

import msgspec

from cloudcascade.bench.cloudtrail import START, stream, write_trail
from cloudcascade.samples.callers import Json

DELAY = 10 * 60
"""No event arrives longer than this after its time, in seconds, before it is put into a file."""
LATENESS = "40m"
"""What to tell `cascade watch` of trails from here: the delay, and what files wait for until they are full."""
_COPIES = 0.01
_FILLED = 12 * 60
# Of a file that has just been written nobody knows yet whether it is whole.
_LONG_AGO = START


def arriving(
    seed: int, events: int, *, span: int, share: float = 0.2, start: int = START
) -> Iterator[Json]:
    """So many records over `span` seconds, and copies of some, each up to `DELAY` after its time."""
    rng = Random(seed)
    waiting: list[tuple[float, int, Json]] = []
    number = count()
    for record in stream(seed, events, share=share, span=span, start=start):
        time = datetime.fromisoformat(record["eventTime"]).timestamp()
        for _ in range(1 + (rng.random() < _COPIES)):
            heappush(waiting, (time + rng.random() * DELAY, next(number), record))
        while waiting[0][0] < time:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]


def deliver(folder: Path, records: Iterable[Json], *, events: int, span: int) -> None:
    """Write log files below `folder`, as they stand there some time after they were delivered."""
    # The quietest of the three places logs a fifth of the events.
    per_file = max(1, events * _FILLED // (5 * span))
    for _ in write_trail(folder, records, seed=events, per_file=per_file):
        pass
    for path in folder.rglob("*.json.gz"):
        os.utime(path, (_LONG_AGO, _LONG_AGO))


def as_lines(records: Iterable[Json]) -> Iterator[bytes]:
    """NDJSON, line by line."""
    encode = msgspec.json.Encoder().encode
    for record in records:
        yield encode(record) + b"\n"
