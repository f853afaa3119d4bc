"""Streams of events in, verdicts out: sources, the state that survives a crash, sinks, and the loop between them."""

from ..catalog import fingerprint
from .delivery import Courier, Direct, Outlet, SinkFacts
from .loop import Loop, Pace
from .monitoring import HealthServer, Journal, LoopFacts, Metrics, MetricsError
from .sink import Message, Sink, SinkError
from .source import Source, SourceError
from .state import State, StateError
from .watcher import Look, Watcher
from .web import Answer, Content, Site

__all__ = [
    "Answer",
    "Content",
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
    "Site",
    "Source",
    "SourceError",
    "State",
    "StateError",
    "Watcher",
    "fingerprint",
]
