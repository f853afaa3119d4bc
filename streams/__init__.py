"""Streams of events in, verdicts out: sources, the state that survives a crash, sinks, and the loop between them."""

from .delivery import Courier, Direct, Outlet, SinkFacts
from .loop import Loop, Pace
from .monitoring import HealthServer, Journal, LoopFacts, Metrics, MetricsError
from .sink import Message, Sink, SinkError
from .source import Source, SourceError
from .state import State, StateError, fingerprint
from .watcher import Look, Watcher

__all__ = [
    "Courier",
    "Direct",
    "HealthServer",
    "Journal",
    "Look",
    "Loop",
    "LoopFacts",
    "Message",
    "Metrics",
    "MetricsError",
    "Outlet",
    "Pace",
    "Sink",
    "SinkError",
    "SinkFacts",
    "Source",
    "SourceError",
    "State",
    "StateError",
    "Watcher",
    "fingerprint",
]
