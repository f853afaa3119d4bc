"""Floods `cascade watch` with effects that nothing explains, and holds it to its memory cap.

    python bench/flood.py                                     # five million events in half a gigabyte
    python bench/flood.py --events 300000 --max-memory 200MB
    python bench/flood.py --events 300000 --state out/flood.db

A process of its own writes the events, one call each on a user of its own within an hour, into the standard input of
the real command. None of their verdicts is due before the input has ended, so that all of them wait at once: no
stream is harder on memory. Every verdict is read back: each event must have exactly one, an orphan. The peak is
the kernel's (VmHWM); overload, events on disk and moves to disk are what /metrics said while it ran.
"""

import argparse
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from rich.console import Console
from rich.table import Table

from cloudcascade.samples.identifiers import iso

START = 1_773_705_600
SPAN = 3_600
# Told of no pending event, so that there is one line an event.
WATCH = (
    *(sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "watch"),
    *("--tell-pending", "366d"),
)
# Calls that come before the deletion of a user, which here never comes.
_CALLS = (
    ("DeactivateMFADevice", ',"serialNumber":"arn:aws:iam::111122223333:mfa/device-{number}"'),
    ("DeleteLoginProfile", ""),
    ("DetachUserPolicy", ',"policyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"'),
    ("RemoveUserFromGroup", ',"groupName":"developers"'),
)
_LINE = (
    '{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","principalId":"AIDAFLOOD{caller:04}",'
    '"arn":"arn:aws:iam::111122223333:user/caller-{caller}","accountId":"111122223333",'
    '"accessKeyId":"AKIAFLOOD{caller:07}","userName":"caller-{caller}"}},"eventTime":"{time}",'
    '"eventSource":"iam.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1",'
    '"sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.17.0","requestParameters":'
    '{{"userName":"user-{number}"{more}}},"responseElements":null,'
    '"requestID":"11111111-0000-4000-8000-{number:012x}","eventID":"00000000-0000-4000-8000-{number:012x}",'
    '"readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333",'
    '"eventCategory":"Management"}}\n'
)
_TOLD = re.compile(
    rb'"event_id":"00000000-0000-4000-8000-([0-9a-f]{12})"[^\n]*?"verdict":"([a-z]+)"'
)
_PIECE = 1 << 20


@dataclass(slots=True)
class Seen:
    """What became of a flood. `lost` and `twice` count events, `peak` is in bytes, `samples` those of /metrics at
    their most, by name."""

    events: int
    verdicts: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    twice: int = 0
    peak: int = 0
    seconds: float = 0.0
    status: int = -1
    samples: dict[str, float] = field(default_factory=dict)
    errors: str = ""


def lines(events: int) -> Iterator[bytes]:
    """The flood, in pieces of many lines."""
    for first in range(0, events, 1_000):
        piece = []
        for number in range(first, min(first + 1_000, events)):
            name, more = _CALLS[number % len(_CALLS)]
            piece.append(
                _LINE.format(
                    caller=number % 50,
                    time=iso(START + SPAN * number // events),
                    name=name,
                    number=number,
                    more=more.format(number=number),
                )
            )
        yield "".join(piece).encode()


def flood(
    events: int,
    max_memory: str,
    options: Sequence[str] = (),
    *,
    pause: float = 0.5,
    linger: float = 0.0,
) -> Seen:
    """Flood the command, and see what becomes of it; /metrics is asked every `pause` seconds. The input stays open
    for `linger` seconds behind the last event, so that the metrics of a short flood are seen, too."""
    seen = Seen(events)
    begun = time.perf_counter()
    with (
        subprocess.Popen(
            [
                sys.executable, __file__, "--write", "--events", str(events), "--linger", str(linger),
            ],
            stdout=subprocess.PIPE,
        ) as writer,
        subprocess.Popen(
            [
                *WATCH, "-", "--max-memory", max_memory, "--metrics", "127.0.0.1:0", "--finish",
                *options,
            ],
            stdin=writer.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as watch,
    ):  # fmt: skip
        assert writer.stdout
        assert watch.stdout
        assert watch.stderr
        writer.stdout.close()  # so that the writer ends when the command does
        listener = threading.Thread(target=_listen, args=(watch, watch.stderr, seen, pause))
        listener.start()
        _count(watch.stdout, seen)
        seen.status = watch.wait()
        listener.join()
    seen.seconds = time.perf_counter() - begun
    return seen


def _count(out: IO[bytes], seen: Seen) -> None:
    told = bytearray(seen.events)
    left = b""
    while piece := out.read(_PIECE):
        whole, end, left = (left + piece).rpartition(b"\n")
        for number, verdict in _TOLD.findall(whole + end):
            place = int(number, 16)
            seen.twice += told[place]
            told[place] = 1
            seen.verdicts[verdict.decode()] += 1
    seen.lost = told.count(0)


def _listen(watch: subprocess.Popen[bytes], err: IO[bytes], seen: Seen, pause: float) -> None:
    """Read the journal for the address of the metrics, and ask for them until the command ends."""
    journal = [err.readline()]
    while journal[-1] and b"http://" not in journal[-1]:
        journal.append(err.readline())
    address = re.search(rb"http://[\d.]+:\d+", journal[-1])
    rest = threading.Thread(target=lambda: journal.append(err.read()))
    rest.start()
    while watch.poll() is None and address:
        seen.peak = max(seen.peak, peak_of(watch.pid))
        for name, value in _metrics(address[0].decode()):
            seen.samples[name] = max(value, seen.samples.get(name, 0.0))
        time.sleep(pause)
    rest.join()
    seen.errors = b"".join(journal).decode(errors="replace")


def peak_of(process: int) -> int:
    """The most memory a process has held, in bytes; 0 where it has gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) << 10 if found else 0


def _metrics(address: str) -> Iterator[tuple[str, float]]:
    try:
        with urlopen(f"{address}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except (URLError, OSError, HTTPException):  # it is ending
        return
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name and not line.startswith("#"):
            yield name, float(value)


def shown(seen: Seen, max_memory: str) -> Table:
    """The result as a table."""
    on_disk = seen.samples.get('cascade_state_events{tier="disk"}', 0)
    table = Table(
        title=f"cascade watch under a flood, --max-memory {max_memory}", show_header=False
    )
    for name, value in (
        ("events", f"{seen.events:,}"),
        ("verdicts", ", ".join(f"{count:,} {name}" for name, count in seen.verdicts.items())),
        ("lost, told twice", f"{seen.lost:,}, {seen.twice:,}"),
        ("peak MB", f"{seen.peak / 1e6:,.0f}"),
        ("seconds", f"{seen.seconds:,.0f}"),
        ("events a second", f"{seen.events / seen.seconds:,.0f}"),
        ("most on disk at once", f"{on_disk:,.0f}"),
        ("moved to disk", f"{seen.samples.get('cascade_spilled_total', 0):,.0f}"),
        ("overload in /metrics", f"{seen.samples.get('cascade_overload', 0):.0f}"),
    ):
        table.add_row(name, value)
    return table


def main() -> None:
    """Flood, count, print; exit status 1 where something was lost, told twice or told wrongly."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--max-memory", default="512MB")
    parser.add_argument("--state", type=Path, help="keep a state there, too")
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--linger", type=float, default=0.0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write:
        for piece in lines(chosen.events):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        time.sleep(chosen.linger)
        return
    options = [] if chosen.state is None else ["--state", str(chosen.state)]
    seen = flood(chosen.events, chosen.max_memory, options)
    Console(width=100).print(shown(seen, chosen.max_memory))
    if seen.status or seen.lost or seen.twice or seen.verdicts != {"orphan": seen.events}:
        raise SystemExit(f"something went wrong:\n{seen.errors}")


if __name__ == "__main__":
    main()
