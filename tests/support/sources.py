"""A clock that goes on only when somebody waits, log files to be delivered, and sources read until nothing comes."""

import gzip
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cloudcascade.events import Problem
from cloudcascade.streams import Source
from cloudcascade.streams.sources import Clock

from .cloudtrail import Event, call

GROUP = "AWSLogs/111111111111/CloudTrail/eu-west-1"


def events(*ids: str) -> list[Event]:
    """A record for each id."""
    return [call("iam:DeleteUser", each, number) for number, each in enumerate(ids)]


def log(*ids: str) -> bytes:
    """A log file as CloudTrail delivers it."""
    return gzip.compress(json.dumps({"Records": events(*ids)}).encode(), mtime=0)


def lines(*ids: str) -> bytes:
    """NDJSON."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in events(*ids))


def key(day: str, time_of_day: str = "0905", unique: str = "a", *, group: str = GROUP) -> str:
    """The name that CloudTrail gives a log file; `day` is YYYY/MM/DD."""
    account, region = group.split("/")[1], group.split("/")[-1]
    stamp = f"{day.replace('/', '')}T{time_of_day}Z"
    return f"{group}/{day}/{account}_CloudTrail_{region}_{stamp}_{unique}.json.gz"


def write(path: Path, data: bytes) -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class HandClock:
    """Time that passes only while somebody sleeps, from the real one on."""

    def __init__(self, now: float | None = None) -> None:
        self.now = time.time() if now is None else now
        self.clock = Clock(lambda: self.now, lambda: self.now, self.pass_by)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class Told(list[Problem]):
    """Takes problems, and gives what they say."""

    @property
    def reasons(self) -> list[str]:
        return [each.reason for each in self if not (each.ignored or each.note)]


def ids(records: Iterable[Any]) -> list[str]:
    return [record.eventID for record in records]


def drained(source: Source, *, quiet: int = 8, wait: float = 1.0) -> list[str]:
    """The ids of all that comes, until nothing has come so many times."""
    found: list[str] = []
    silent = 0
    while silent < quiet:
        records = source.poll(wait)
        if records is None:
            return found
        silent = 0 if records else silent + 1
        found += ids(records)
    return found
