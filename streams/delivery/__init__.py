"""From the outbox to the sinks: who is handed what, at once or by a thread that tries again."""

from .dispatcher import Direct, Outlet
from .retry_queue import SinkFacts
from .thread import Courier

__all__ = ["Courier", "Direct", "Outlet", "SinkFacts"]
