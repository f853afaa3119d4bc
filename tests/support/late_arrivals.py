"""Logs of which the part that matters comes late, and what the finished log silences."""

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import Engine, compile_catalog
from cloudcascade.matcher.actors.credentials import ISSUING

from .cloudtrail import Event, call, record
from .deliveries import credentials_first
from .random_cascades import catalogues, often

HOUR = 3_600


def silenced_in_the_log(cascades: Sequence[Cascade], events: Iterable[Event]) -> set[str]:
    engine = Engine(compile_catalog(cascades))
    engine.feed(map(record, events))
    return {each.event_id for each in engine.verdicts() if each.policy == "suppress"}


def amid(log: list[Event]) -> list[Event]:
    """The log between two events that say nothing but that all windows lie within it."""
    return [
        call("sts:GetCallerIdentity", "first", -HOUR),
        *credentials_first(log),
        call("sts:GetCallerIdentity", "last", HOUR),
    ]


@st.composite
def silencing(draw: st.DrawFn) -> list[Cascade]:
    """Catalogues of which the first cascade silences what nothing stricter explains."""
    first, *others = draw(catalogues())
    suppression = first.suppression.model_copy(update={"policy": "suppress"})
    return [first.model_copy(update={"suppression": suppression}), *others]


def unsettling(cascades: Sequence[Cascade], log: list[Event]) -> list[Event]:
    """The events without which the log would silence more."""
    silenced = silenced_in_the_log(cascades, log)
    return [
        event
        for event in log[1:-1]
        if event["eventName"] not in ISSUING
        and silenced_in_the_log(cascades, [each for each in log if each is not event]) - silenced
    ]


@st.composite
def disordered(
    draw: st.DrawFn, cascades: Sequence[Cascade], log: list[Event], *, copies: bool = True
) -> list[list[Event]]:
    """The log as it may come when some of it is late, and some comes twice; what hands out credentials is in time."""
    decisive = unsettling(cascades, log)
    last = draw(st.sampled_from(decisive)) if decisive else None
    early, late = [log[0]], list[Event]()
    for event in log[1:-1]:
        in_time = event is not last and (event["eventName"] in ISSUING or draw(often))
        (early if in_time else late).append(event)
    late += draw(st.lists(st.sampled_from(log[1:-1]), max_size=2)) if copies else []
    order = [*draw(st.permutations(late)), log[-1]]
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=2)))
    ends = zip([0, *cuts], [*cuts, len(order)], strict=True)
    return [early, *(order[start:end] for start, end in ends)]
