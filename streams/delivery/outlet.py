"""The way to one sink, as the dispatcher sees it, and the way that needs no thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..sink import Message, Sink


@dataclass(frozen=True, slots=True)
class SinkFacts:
    """How the way to one sink stands.

    `delivered` and `failures` count messages and attempts, `waiting` and `waiting_bytes` what is not delivered,
    and `oldest_age` is for how many seconds the first of these has waited (0 when none has). `last_error` is the
    text of the last fault, and None again after a success.
    """

    name: str
    delivered: int
    failures: int
    waiting: int
    waiting_bytes: int
    oldest_age: float
    last_error: str | None


class Outlet(Protocol):
    """What takes messages for one sink, at once or in a thread of its own."""

    @property
    def name(self) -> str:
        """The sink's name."""
        ...

    def offer(self, messages: Sequence[Message]) -> bool:
        """Take the messages on, in order; False when there is no room for them yet.

        Raises:
            SinkError: the sink cannot be written, and waiting will not help.
        """
        ...

    @property
    def delivered(self) -> int | None:
        """The number up to which the sink has all messages; None where it got none in this run."""
        ...

    def facts(self) -> SinkFacts:
        """How the way to the sink stands."""
        ...

    def close(self, timeout: float) -> int:
        """Deliver what was taken on, for at most so many seconds; how many messages are left."""
        ...


class Direct:
    """An outlet to a sink on this machine, which takes messages at once or not at all."""

    def __init__(self, sink: Sink) -> None:
        self.name = sink.name
        self.delivered: int | None = None
        self._sink = sink
        self._sent = 0

    def offer(self, messages: Sequence[Message]) -> bool:
        """See `Outlet.offer`."""
        self._sink.send(messages)
        self._sent += len(messages)
        self.delivered = messages[-1].number
        return True

    def facts(self) -> SinkFacts:
        """See `Outlet.facts`."""
        return SinkFacts(self.name, self._sent, 0, 0, 0, 0.0, None)

    def close(self, timeout: float) -> int:
        """See `Outlet.close`."""
        self._sink.close()
        return 0
