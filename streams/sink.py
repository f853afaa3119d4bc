"""Where verdicts go, as the loop of `cascade watch` sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import CloudcascadeError


class SinkError(CloudcascadeError):
    """A delivery that did not succeed. The messages are kept and sent again.

    `lasting` says that trying again as it is cannot help (a wrong address, no permission): it is told at once,
    and tried again all the same, since somebody may mend it. `wait` is how long, in seconds, the other side asked
    to be left alone.
    """

    def __init__(self, reason: str, *, lasting: bool = False, wait: float | None = None) -> None:
        super().__init__(reason)
        self.lasting = lasting
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Message:
    """A verdict on its way out.

    `number` ascends, without gaps that mean anything. `id` is the same whenever the same verdict is told
    again, so that the other side can tell a repetition. `line` is the JSON object as one line of UTF-8, without its
    end of line.
    """

    number: int
    id: str
    line: bytes


class Sink(Protocol):
    """Takes messages in order of their numbers. It does not sleep and does not retry: the loop does both."""

    name: str
    """What the person typed, without anything secret in it: names the sink in messages, metrics and stored state."""

    def send(self, messages: Sequence[Message]) -> None:
        """Deliver all of the messages. When it returns, they are the other side's.

        Raises:
            SinkError: some were perhaps not delivered; all of them will be sent again.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; `send` is not called again."""
        ...
