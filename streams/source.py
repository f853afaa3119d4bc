"""Where a stream of events comes from, as the loop of `cascade watch` sees it."""

from collections.abc import Sequence
from typing import Protocol

from ..errors import CloudcascadeError
from ..events import Record


class SourceError(CloudcascadeError):
    """A source that cannot be read on: what is wrong, and what would mend it.

    A fault that passes by itself (throttling, a connection reset, a queue without messages) is none: the source
    waits and tries again. What is raised ends the run, with everything before it kept.
    """


class Source(Protocol):
    """Records as they arrive, and a position from which reading goes on after a restart.

    The loop calls `resume` at most once, before the first `poll`; then again and again `poll`, and after some of
    these `position`, which it stores together with the engine's state, and then `settle`. What is no record goes to the
    `on_problem` that the source was made with, and reading goes on behind it.
    """

    name: str
    """What the person typed: names the source in messages, metrics and stored positions."""

    @property
    def forgets(self) -> bool:
        """Whether what is settled is gone where it came from, so that it must be kept here."""
        ...

    def poll(self, wait: float) -> Sequence[Record] | None:
        """What has arrived, waiting for it at most `wait` seconds: an empty sequence when nothing has, None
        when the source has ended and nothing will ever come again. A call gives no more than it takes to
        read one piece (a file, a page, a message), and never more than some tens of megabytes of input.

        Raises:
            SourceError: it cannot be read on.
        """
        ...

    @property
    def busy(self) -> bool:
        """Whether the last `poll` gave nothing only because its time was up: there is more, or will be soon."""
        ...

    def position(self) -> bytes:
        """Where reading goes on after all that `poll` has given so far. Small, and no secret stands in it."""
        ...

    def resume(self, position: bytes) -> None:
        """Go on behind what was given before `position` was taken, in this process or another.

        Raises:
            SourceError: the position is not one of this source's.
        """
        ...

    def settle(self) -> None:
        """Everything given before the last `position` is stored for good: it may be deleted where it came from."""
        ...

    def close(self) -> None:
        """Let go of files and connections; `poll` is not called again."""
        ...
