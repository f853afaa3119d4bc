"""From the outbox to the sinks: the dispatcher offers each outlet its messages, and an outlet delivers them at once or
in a thread that tries again.
"""

from .dispatcher import Dispatcher
from .memory_outbox import MemoryOutbox
from .outlet import Direct, Outlet, SinkFacts
from .thread import Courier

__all__ = ["Courier", "Direct", "Dispatcher", "MemoryOutbox", "Outlet", "SinkFacts"]
