"""Streams of events in, verdicts out: sources, the state that survives a crash, sinks, and the loop between them."""

from .sink import Message, Sink, SinkError
from .source import Source, SourceError

__all__ = ["Message", "Sink", "SinkError", "Source", "SourceError"]
