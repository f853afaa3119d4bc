"""How the loop stands, for metrics and health: its watcher fills this in, and the loop knows of neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..delivery import SinkFacts


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """A moment of the loop.

    Counts go on from the start of the process. `verdicts` counts by (verdict, whether it is final). `listed`
    counts events that some cascade mentions. `state_events` counts what the engine holds by tier, `memory` and
    `disk`. Times are in seconds since 1970, None before the first event. `checkpoint_seconds` and
    `verdict_latencies` hold what was measured since the last facts, in seconds: how long storing the state took,
    and how long after its event's time a verdict was told (holds and lateness are in it). `ready` says that the
    state is restored and the source is open, `not_ready` why it is not.
    """

    ready: bool = False
    not_ready: str = "starting"
    events: int = 0
    duplicates: int = 0
    late: int = 0
    undecodable: int = 0
    listed: int = 0
    spilled: int = 0
    retracted: int = 0
    pending: int = 0
    overload: bool = False
    outbox_messages: int = 0
    state_bytes: int = 0
    state_events: Mapping[str, int] = field(default_factory=dict)
    verdicts: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    watermark: float | None = None
    newest_event: float | None = None
    sinks: tuple[SinkFacts, ...] = ()
    checkpoint_seconds: tuple[float, ...] = ()
    verdict_latencies: tuple[float, ...] = ()
