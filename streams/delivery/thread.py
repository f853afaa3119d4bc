"""The delivery thread of one sink, so that a slow sink does not stop the loop."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..sink import Message, Sink, SinkError
from .outlet import SinkFacts
from .retry_queue import DeliveryLimits, RetryQueue


class Courier:
    """An outlet with a thread and a retry queue: sends in order what it is offered, and tries again what failed.

    `on_lasting` is called, in the courier's thread, when a fault begins that will not pass by itself; such a sink
    is tried again all the same, every `limits.ceiling` seconds. It must not call the courier.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        limits: DeliveryLimits = DeliveryLimits(),  # noqa: B008  # frozen
        on_lasting: Callable[[SinkError], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = sink.name
        self._sink = sink
        self._on_lasting = on_lasting
        self._queue = RetryQueue(limits, clock=clock, chance=chance)
        self._changed = threading.Condition()
        self._closing = False
        self._given_up = False
        self._broken: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"courier to {sink.name}", daemon=True
        )
        self._thread.start()

    def offer(self, messages: Sequence[Message]) -> bool:
        """Take all of the messages, or none and say False: then there is no room, and the loop offers them again.

        Raises:
            BaseException: what ended the courier's thread, if anything unforeseen did; nothing is delivered any
            more.
        """
        with self._changed:
            if self._broken is not None:
                raise self._broken
            if self._closing:
                return False
            taken = self._queue.offer(messages)
            self._changed.notify_all()
            return taken

    @property
    def delivered(self) -> int | None:
        """The number of the last message before and including which all are delivered; None before the first."""
        with self._changed:
            return self._queue.delivered

    def facts(self) -> SinkFacts:
        """How the way to the sink stands."""
        with self._changed:
            found = self._queue.facts(self.name)
            if self._broken is not None:
                return replace(found, last_error=repr(self._broken))
            return found

    def close(self, timeout: float) -> int:
        """Deliver what waits for as long as `timeout` seconds allow, and say how many messages are left.

        A sink that hangs even then is left behind with its thread; any other is closed.
        """
        with self._changed:
            self._closing = True
            self._queue.hurry()
            self._changed.notify_all()
        self._thread.join(timeout)
        with self._changed:
            self._given_up = True
            left = len(self._queue)
            self._changed.notify_all()
        self._thread.join(0.1)
        if not self._thread.is_alive():
            self._sink.close()
            left = len(self._queue)
        return left

    def _run(self) -> None:
        try:
            while batch := self._due():
                self._try(batch)
        except BaseException as error:  # noqa: BLE001  # the loop raises it where it will be seen
            with self._changed:
                self._broken = error

    def _due(self) -> list[Message]:
        """Wait for the next batch; an empty one means the end."""
        with self._changed:
            while not self._given_up:
                wait = self._queue.wait()
                if wait == 0:
                    return self._queue.batch()
                if wait is None and self._closing:
                    break
                self._changed.wait(wait)
            return []

    def _try(self, batch: Sequence[Message]) -> None:
        try:
            self._sink.send(batch)
        except SinkError as error:
            with self._changed:
                is_news = self._queue.failed(error)
            if is_news:
                self._on_lasting(error)
        else:
            with self._changed:
                self._queue.succeeded()
