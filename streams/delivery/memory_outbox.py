"""The outbox of a run without a state: messages wait in memory."""

from collections import deque
from collections.abc import Iterable
from itertools import count, islice

from ..sink import Message


class MemoryOutbox:
    """Numbered messages that wait until every sink has them, as `State` keeps them on the disk."""

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
