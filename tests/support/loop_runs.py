"""Runs of the loop that keep their state, one after the other."""

from collections.abc import Sequence
from pathlib import Path

from cloudcascade.catalog.models import Cascade
from cloudcascade.matcher import LiveEngine, compile_catalog
from cloudcascade.streams import Direct, Loop, Message, Pace, State, fingerprint

from .cloudtrail import Event
from .deliveries import LATENESS
from .scripted import CollectingSink, Fuse, Looking, ScriptedSource

EAGER = Pace(commit_every=0.0)


def never() -> bool:
    return False


def run(
    path: Path,
    cascades: Sequence[Cascade],
    pieces: Sequence[Sequence[Event]],
    sent: list[Message],
    *,
    fuse: Fuse | None = None,
    in_sink: Fuse | None = None,
    provisional: bool = False,
    pace: Pace = EAGER,
    lateness: int = LATENESS,
    retract_within: int | None = None,
    tell_pending: int | None = None,
) -> bool:
    """One run of the loop over what is left of the pieces."""
    state = State(path)
    try:
        engine = LiveEngine(
            compile_catalog(cascades),
            lateness=lateness,
            retract_within=retract_within,
            tell_pending=tell_pending,
            journal=True,
            provisional=provisional,
        )
        catalog = fingerprint(cascades)
        state.restore(engine, anew=state.catalog not in (None, catalog))
        source = ScriptedSource(pieces, fuse)
        positions = state.positions()
        if source.name in positions:
            source.resume(positions[source.name])
        sink = CollectingSink(sent, in_sink or fuse)
        delivered, _ = state.enlist([sink.name])
        loop = Loop(
            engine,
            [source],
            [Direct(sink)],
            Looking(fuse),
            state=state,
            catalog=catalog,
            delivered=delivered,
            pace=pace,
        )
        return loop.run(never)
    finally:
        state.close()
