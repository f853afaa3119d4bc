"""A log as it may arrive in a stream, and the verdicts of the finished log that the stream must come to."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hypothesis import strategies as st
from msgspec.structs import replace

from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import Verdict
from cloudcascade.matcher.actors.credentials import ISSUING

from .cloudtrail import Event, classify

LATENESS = 4


def plain(verdict: Verdict) -> Verdict:
    """Near misses inform, and a stream knows less of what nearly was; only a finished log can name what is silenced."""
    return replace(verdict, near_misses=(), silences=(), silenced=0)


def batch(cascades: Sequence[Cascade], events: Iterable[Event]) -> dict[str, Verdict]:
    return {id_: plain(verdict) for id_, verdict in classify(cascades, events).items()}


@st.composite
def deliveries(draw: st.DrawFn, log: list[Event]) -> list[list[Event]]:
    """The log as it may arrive: each event, or copy of one, up to `LATENESS` after its time, in pieces."""
    late = st.integers(0, LATENESS)
    arriving = [
        (event["eventTime"], draw(late), place, event)
        for place, event in enumerate([*log, *draw(st.lists(st.sampled_from(log), max_size=4))])
    ]
    order = sorted(arriving, key=lambda each: (seconds(each[0]) + each[1], each[2]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=8)))
    return [
        [event for *_, event in order[start:end]]
        for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)
    ]


def seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())


def credentials_first(log: list[Event]) -> list[Event]:
    """Nobody uses credentials before they are handed out, but for made-up logs."""
    first = min(event["eventTime"] for event in log)
    return [
        {**event, "eventTime": first} if event["eventName"] in ISSUING else event for event in log
    ]
