"""Messages on their way to one sink: what waits, what is tried next and when. No thread, no clock and no chance
of its own.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..sink import Message, SinkError
from .outlet import SinkFacts

MOST_WAIT: Final = 3_600.0
"""Seconds that another side may ask to be left alone, however long it asks."""


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """How much may wait, how much is sent at once, and how long is waited after a fault.

    `most_messages` and `most_bytes` bound what waits; `batch_messages` and `batch_bytes` one call of the sink.
    After the n-th fault in a row the wait is drawn evenly from 0 to `first_wait * 2**(n-1)` seconds, `ceiling` at
    most (full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    most_messages: int = 20_000
    most_bytes: int = 64 << 20
    batch_messages: int = 500
    batch_bytes: int = 4 << 20
    first_wait: float = 1.0
    ceiling: float = 300.0


class RetryQueue:
    """What waits for one sink, in order.

    `clock` gives seconds that never go back, `chance` numbers from 0 to 1.
    """

    def __init__(
        self, limits: DeliveryLimits, *, clock: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._waiting: deque[tuple[Message, float]] = deque()
        self._bytes = 0
        self._under_way = 0
        self._faults_in_a_row = 0
        self._next = clock()
        self._is_lasting = False
        self._asked = False
        self._delivered = 0
        self._failures = 0
        self._last_error: str | None = None
        self.delivered: int | None = None
        """The number of the last message before and including which all are delivered; None before the first."""

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, messages: Sequence[Message]) -> bool:
        """Take all of the messages, or none and say False when they are too many. An empty queue takes any."""
        size = sum(len(message.line) for message in messages)
        limits = self._limits
        if self._waiting and (
            len(self._waiting) + len(messages) > limits.most_messages
            or self._bytes + size > limits.most_bytes
        ):
            return False
        now = self._clock()
        self._waiting.extend((message, now) for message in messages)
        self._bytes += size
        return True

    def wait(self) -> float | None:
        """Seconds until the next attempt: 0 when it is due, None when nothing waits."""
        if not self._waiting:
            return None
        return max(0.0, self._next - self._clock())

    def batch(self) -> list[Message]:
        """The messages of the next attempt; after a fault the same again, so that the sink can tell."""
        if not self._under_way:
            size = 0
            for message, _ in self._waiting:
                size += len(message.line)
                if self._under_way and (
                    self._under_way == self._limits.batch_messages
                    or size > self._limits.batch_bytes
                ):
                    break
                self._under_way += 1
        return [self._waiting[place][0] for place in range(self._under_way)]

    def succeeded(self) -> None:
        """The batch is delivered."""
        for _ in range(self._under_way):
            message, _ = self._waiting.popleft()
            self._bytes -= len(message.line)
            self.delivered = message.number
        self._delivered += self._under_way
        self._under_way = 0
        self._faults_in_a_row = 0
        self._is_lasting = False
        self._asked = False
        self._last_error = None
        self._next = self._clock()

    def failed(self, error: SinkError) -> bool:
        """The attempt failed: say whether that is the first time of a lasting fault, which somebody should hear
        of.
        """
        limits = self._limits
        self._failures += 1
        self._last_error = str(error)
        exponent = min(self._faults_in_a_row, 62)
        self._faults_in_a_row += 1
        wait = self._chance() * min(limits.ceiling, limits.first_wait * 2.0**exponent)
        if error.lasting:
            wait = limits.ceiling
        self._asked = error.wait is not None
        if error.wait is not None:
            wait = max(wait, min(error.wait, MOST_WAIT))
        self._next = self._clock() + wait
        is_news = error.lasting and not self._is_lasting
        self._is_lasting = error.lasting
        return is_news

    def hurry(self) -> None:
        """Try again at once, unless the other side asked to be left alone: the end has come."""
        if not self._asked:
            self._next = min(self._next, self._clock())

    def facts(self, name: str) -> SinkFacts:
        """How the way to the sink of that name stands."""
        age = self._clock() - self._waiting[0][1] if self._waiting else 0.0
        return SinkFacts(
            name,
            self._delivered,
            self._failures,
            len(self._waiting),
            self._bytes,
            max(0.0, age),
            self._last_error,
        )
