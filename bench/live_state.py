"""What a stream's state costs: bytes of memory and of disk for each event that waits.

    python bench/live_state.py [--events 50000]

The same events are fed to engines one after the other: events that nothing explains, each on a user of its own, and
calls that hand out credentials. Memory is what tracemalloc counts between two moments, against what
`LiveEngine.memory` says, from which --max-memory is kept. Disk is the size of the state file once all is
committed, and of the spill's temporary database once everything was moved there; both by event.
"""

import argparse
import gc
import math
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from cloudcascade.bench.flood import lines
from cloudcascade.catalog import load_catalog
from cloudcascade.events import LineReader, Record
from cloudcascade.matcher import LiveEngine, Plan, compile_catalog
from cloudcascade.matcher.stream import memory as claims
from cloudcascade.samples.identifiers import iso
from cloudcascade.streams.state import State

START = 1_773_705_600


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: what one thing takes, measured and as it is claimed, in bytes; None where nothing is."""

    what: str
    measured: float
    claimed: float | None


def flood_of(events: int) -> Iterator[list[Record]]:
    """The events of `bench/flood.py`, in pieces."""
    reader = LineReader("flood", lambda _: None, max_line_bytes=1 << 20)
    for piece in lines(events):
        yield list(reader.take(piece))


def sessions(count: int) -> list[Record]:
    """As many calls that hand out credentials, each by a session of its own."""
    issuing = {
        "eventName": "AssumeRole",
        "eventSource": "sts.amazonaws.com",
        "eventTime": iso(START),
    }
    return [
        msgspec.convert(
            {
                **issuing,
                "eventID": f"issued-{number:012}",
                "userIdentity": msgspec.Raw(
                    b'{"type":"AssumedRole","principalId":"AROAEXAMPLE:run-%012d","accessKeyId":"ASIAPARENT%010d"}'
                    % (number, number)
                ),
                "responseElements": msgspec.Raw(
                    b'{"credentials":{"accessKeyId":"ASIA%016d"}}' % number
                ),
            },
            Record,
        )
        for number in range(count)
    ]


def taken_by(work: Callable[[], object]) -> int:
    """How many bytes of memory are held after `work` that were not before."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    work()
    gc.collect()
    return tracemalloc.get_traced_memory()[0] - before


def in_memory(plan: Plan, events: int) -> Iterator[Line]:
    """Events that have come, that are taken up and filed, and credentials."""
    engine = LiveEngine(plan, lateness=86_400)

    def feed() -> None:
        for piece in flood_of(events):
            engine.feed(piece)

    arrived = taken_by(feed)
    # The texts and the actors that many events share are in it, too.
    yield Line(
        "an event that has come, and its id", arrived / events, claims.WAITING + claims.KNOWN
    )
    assert engine.watermark is not None
    taken_up = taken_by(lambda: engine.advance(START + 3_600))
    filed = len(engine._held.state)
    yield Line("a place in which it is filed", taken_up / filed, claims.FILED)
    yield Line(
        "an event that waits, all in all", (arrived + taken_up) / events, engine.memory / events
    )
    records = sessions(events)
    other = LiveEngine(plan)
    issued = taken_by(
        lambda: [
            other._held.sessions.note(each, math.inf, other._held.texts.intern) for each in records
        ]
    )
    yield Line("credentials, and who asked for them", issued / events, claims.ISSUED)
    first = LiveEngine(plan, lateness=86_400, provisional=True)

    def say() -> None:
        for piece in flood_of(events):
            first.feed(piece)
            first.advance()

    said = taken_by(say)
    yield Line("an event of which a first verdict was said", said / events, first.memory / events)


def on_disk(plan: Plan, events: int) -> Iterator[Line]:
    """Events in the state file, and in the spill."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        state = State(path)
        engine = LiveEngine(plan, lateness=86_400, journal=True)
        for piece in flood_of(events):
            engine.feed(piece)
            state.commit(
                catalog=b"",
                changes=engine.changes(),
                mark=engine.mark(),
                positions={},
                verdicts=[],
                delivered={},
            )
        state.close()
        yield Line("an event in the state file", path.stat().st_size / events, None)
        spilled = LiveEngine(plan, lateness=86_400, max_bytes=0, folder=Path(folder))
        for piece in flood_of(events):
            spilled.feed(piece)
        spilled.advance(START + 3_600)
        assert spilled._held.spill is not None
        (pages,) = spilled._held.spill._db.execute("PRAGMA page_count").fetchone()
        (size,) = spilled._held.spill._db.execute("PRAGMA page_size").fetchone()
        yield Line("an event in the spill", pages * size / spilled.on_disk, None)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=50_000)
    chosen = parser.parse_args()
    plan = compile_catalog(load_catalog().cascades)
    table = Table(title=f"What a stream keeps, by {chosen.events:,} events", title_justify="left")
    for name in ("what", "bytes", "claimed", "ratio"):
        table.add_column(name, justify="left" if name == "what" else "right")
    tracemalloc.start()
    rows = list(in_memory(plan, chosen.events))
    tracemalloc.stop()
    for each in [*rows, *on_disk(plan, chosen.events)]:
        table.add_row(
            each.what,
            f"{each.measured:,.0f}",
            f"{each.claimed:,.0f}" if each.claimed else "",
            f"{each.measured / each.claimed:.2f}" if each.claimed else "",
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
