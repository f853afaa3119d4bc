"""Batches within a service's limits, and which messages of one were taken when the rest failed."""

from collections.abc import Iterator, Sequence

from ..sink import Message


def chunks(
    sized: Sequence[tuple[Message, int]], *, most_messages: int, most_bytes: int
) -> Iterator[list[Message]]:
    """The messages, in order, in groups that respect both limits; a message larger than `most_bytes` goes alone."""
    group: list[Message] = []
    held = 0
    for message, size in sized:
        if group and (len(group) == most_messages or held + size > most_bytes):
            yield group
            group, held = [], 0
        group.append(message)
        held += size
    if group:
        yield group


class Acknowledged:
    """Which messages of a batch the other side took before the rest failed: sent again, the batch is shorter.

    It forgets when a whole batch is through; after a crash nothing is known, and the other side tells repetitions
    by their ids.
    """

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def rest(self, messages: Sequence[Message]) -> list[Message]:
        """The messages that were not taken yet."""
        return [message for message in messages if message.id not in self._ids]

    def add(self, messages: Sequence[Message]) -> None:
        """These were taken."""
        self._ids.update(message.id for message in messages)

    def through(self) -> None:
        """The whole batch was taken."""
        self._ids.clear()
