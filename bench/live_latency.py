"""How soon a verdict is told once it is due: `cascade watch`, end to end, on events that are written while it runs.

    python bench/live_latency.py [--seconds 30] [--rate 200]

A writer appends calls with the current time to a growing file and to a pipe, so many a second. Nothing brings the call
along, so that its verdict is due when the first event arrives that lies more than the lateness (2 s) behind it: the
watermark has passed it then. Measured is the time from that write to the line being read at the other end of a pipe
from the command; and with --provisional the time from writing an event to the first verdict on it. A file
is looked at once a second: half a second of it, on average, is waiting for that look.
"""

import argparse
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.table import Table

from cloudcascade.bench.flood import WATCH
from cloudcascade.samples.identifiers import iso

LATENESS = 2


@dataclass(slots=True)
class Heard:
    """When each event was written, and when the verdict on it was read, in seconds of one clock; by number."""

    written: list[float] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    read: dict[int, float] = field(default_factory=dict)


def line(number: int, at: int) -> bytes:
    """A call that nothing brings along, and whose verdict waits for stragglers only."""
    return json.dumps(
        {
            "eventVersion": "1.11",
            "userIdentity": {"type": "Root", "principalId": "111122223333", "accountId": "111122223333"},
            "eventTime": iso(at),
            "eventSource": "organizations.amazonaws.com",
            "eventName": "CloseAccount",
            "awsRegion": "us-east-1",
            "requestParameters": {"accountId": f"{number:012}"},
            "eventID": f"event-{number}",
            "recipientAccountId": "111122223333",
        }
    ).encode() + b"\n"  # fmt: skip


def measured(seconds: int, rate: int, *, file: bool, options: Sequence[str]) -> Heard:
    """Write for so many seconds, and listen."""
    heard = Heard()
    with tempfile.TemporaryDirectory() as folder:
        growing = Path(folder) / "growing.ndjson"
        growing.touch()
        named = [each.replace("STATE", f"{folder}/state.db") for each in options]
        with subprocess.Popen(
            [*WATCH, str(growing) if file else "-", "--lateness", f"{LATENESS}s", *named],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as watch:
            assert watch.stdin
            assert watch.stdout
            assert watch.stderr
            while b"watching" not in (told := watch.stderr.readline()):
                assert told, "it ended before it began"
            listener = threading.Thread(target=_listen, args=(watch.stdout, heard))
            listener.start()
            if file:
                with growing.open("ab", buffering=0) as into:
                    _write(into, seconds, rate, heard)
            else:
                _write(watch.stdin, seconds, rate, heard)
            time.sleep(2)
            watch.kill()
            listener.join()
    return heard


def _listen(out: IO[bytes], heard: Heard) -> None:
    for told in out:
        now = time.perf_counter()
        number = int(json.loads(told)["event_id"].removeprefix("event-"))
        heard.read.setdefault(number, now)


def _write(into: IO[bytes], seconds: int, rate: int, heard: Heard) -> None:
    begun = time.perf_counter()
    for number in range(seconds * rate):
        time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        at = int(time.time())
        heard.times.append(at)
        heard.written.append(time.perf_counter())
        into.write(line(number, at))
        into.flush()


def latencies(heard: Heard, *, provisional: bool) -> list[float]:
    """In seconds, in ascending order."""
    found = []
    behind = 0
    for number, at in enumerate(heard.times):
        if provisional:
            due = heard.written[number]
        else:
            while behind < len(heard.times) and heard.times[behind] <= at + LATENESS:
                behind += 1
            if behind == len(heard.times):
                break  # not due before the writer ended
            due = heard.written[behind]
        if number not in heard.read:
            raise SystemExit(f"no verdict on event {number}")
        found.append(heard.read[number] - due)
    return sorted(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=200, help="events a second")
    chosen = parser.parse_args()
    table = Table(title=f"From due to told, {chosen.rate} events a second, {chosen.seconds} s each")
    for name in ("source", "options", "verdicts", "p50 ms", "p95 ms", "p99 ms", "most ms"):
        table.add_column(name, justify="left" if name in ("source", "options") else "right")
    for file in (False, True):
        for options in ((), ("--state", "STATE"), ("--provisional",)):
            heard = measured(chosen.seconds, chosen.rate, file=file, options=options)
            found = latencies(heard, provisional="--provisional" in options)
            table.add_row(
                "growing file" if file else "pipe",
                options[0] if options else "",
                f"{len(found):,}",
                *(f"{1e3 * found[int(len(found) * share)]:,.0f}" for share in (0.5, 0.95, 0.99)),
                f"{1e3 * found[-1]:,.0f}",
            )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
