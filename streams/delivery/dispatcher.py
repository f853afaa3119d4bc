"""Verdicts on their way to the sinks: kept until every sink has them."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, islice
from typing import Protocol

from ..sink import Message, Sink
from .retry_queue import SinkFacts

# How many messages an outlet is offered at once, and how many times in a row before what it has is noted: a sink
# looks no further back for repetitions than `sinks.WINDOW` messages.
BATCH = 1_000
BATCHES = 20


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


class Kept:
    """Messages in memory, for a run without a state."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._messages: deque[Message] = deque()

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, verdicts: Iterable[tuple[str, bytes]]) -> None:
        """Take in verdicts by id and line."""
        self._messages.extend(Message(next(self._numbers), *each) for each in verdicts)

    def after(self, number: int, most: int) -> list[Message]:
        """The messages behind a number, at most so many."""
        if not self._messages:
            return []
        start = max(0, number + 1 - self._messages[0].number)
        return list(islice(self._messages, start, start + most))

    def drop(self, upto: int) -> None:
        """Let go of the messages up to a number."""
        while self._messages and self._messages[0].number <= upto:
            self._messages.popleft()


class Outbox:
    """Hands messages to outlets, each at its own pace. `after` gives the messages behind a number, `delivered`
    says up to which each outlet has all from earlier runs."""

    def __init__(
        self,
        outlets: Sequence[Outlet],
        after: Callable[[int, int], list[Message]],
        delivered: Mapping[str, int],
    ) -> None:
        self.outlets = outlets
        self._after = after
        self._before = delivered
        self._offered = {outlet.name: delivered.get(outlet.name, 0) for outlet in outlets}

    def hand_out(self) -> bool:
        """Offer every outlet what it has not been offered yet; whether nothing is left to offer.

        Raises:
            SinkError: a sink cannot be written, and waiting will not help.
        """
        taken = [self._hand_to(outlet) for outlet in self.outlets]
        return all(taken)

    def _hand_to(self, outlet: Outlet) -> bool:
        for _ in range(BATCHES):
            messages = self._after(self._offered[outlet.name], BATCH)
            if not messages:
                return True
            if not outlet.offer(messages):
                return False
            self._offered[outlet.name] = messages[-1].number
        return False

    @property
    def delivered(self) -> dict[str, int]:
        """The number up to which each sink has all messages."""
        return {
            outlet.name: max(outlet.delivered or 0, self._before.get(outlet.name, 0))
            for outlet in self.outlets
        }

    @property
    def settled(self) -> bool:
        """Whether every sink has all that it was offered."""
        return self.delivered == self._offered

    def close(self, timeout: float) -> None:
        """Close the outlets, for at most so many seconds each."""
        for outlet in self.outlets:
            outlet.close(timeout)
