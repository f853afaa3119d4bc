"""Hands what waits in the outbox to each sink's outlet."""

from collections.abc import Callable, Mapping, Sequence

from ..sink import Message
from .outlet import Outlet

# How many messages an outlet is offered at once, and how many times in a row before what it has is noted: a sink
# looks no further back for repetitions than `sinks.WINDOW` messages.
BATCH = 1_000
BATCHES = 20


class Dispatcher:
    """Hands messages to outlets, each at its own pace. `after` reads the outbox behind a number, `delivered` says
    up to which each outlet has all from earlier runs."""

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
