"""Which shards of a Kinesis stream are read, when, and from where on.

A shard that is split or merged is closed, and its children go on with its keys: they are read when their
parents are drained. https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# A shard answers five requests for records each second, whoever asks:
# https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
PAUSE = 0.21


@dataclass(slots=True)
class Shard:
    """An open shard, or one that is closed and not yet drained."""

    id: str
    sequence: str = ""
    """Of the last record given; empty before the first."""
    iterator: str | None = None
    behind: float = field(default=float("inf"))
    """How far, in milliseconds, the last page was behind the newest record."""
    due: float = 0.0
    """When, on the steady clock, it may be read next."""
    failures: int = 0


class Shards:
    """The shards that are being read, and those drained of which something still has to be remembered.

    A drained shard is remembered until a child of each of its keys is read: an ancestor of a shard that is read
    is drained. Or until the stream lists it no more.
    """

    def __init__(self) -> None:
        self.active: dict[str, Shard] = {}
        self.drained: set[str] = set()
        self._parents: dict[str, tuple[str, ...]] = {}

    def restore(self, sequences: Mapping[str, str], drained: Iterable[str]) -> None:
        """Go on where these were."""
        self.active = {each: Shard(each, sequence) for each, sequence in sequences.items()}
        self.drained = set(drained)

    def listed(self, answers: Iterable[Any]) -> list[Shard]:
        """Take in all that the stream lists; gives the shards that it has dropped before they were drained."""
        self._parents = {
            each["ShardId"]: tuple(
                each[name] for name in ("ParentShardId", "AdjacentParentShardId") if each.get(name)
            )
            for each in answers
        }
        lost = [shard for shard in self.active.values() if shard.id not in self._parents]
        for shard in lost:
            del self.active[shard.id]
        self._start()
        return lost

    def drain(self, shard: Shard) -> None:
        """It is closed, and everything in it was given."""
        del self.active[shard.id]
        self.drained.add(shard.id)
        self._start()

    def next(self, now: float) -> Shard | None:
        """The shard to read: of those that are due the one furthest behind, in turn where several are."""
        due = [each for each in self.active.values() if each.due <= now]
        if not due:
            return None
        shard = max(due, key=lambda each: each.behind)
        self.active[shard.id] = self.active.pop(shard.id)  # behind the others, for the next time
        return shard

    def _start(self) -> None:
        """Read the shards whose parents are drained, and forget what follows from these."""
        done = self._ancestors() | self.drained
        for shard, parents in self._parents.items():
            if shard in self.active or shard in done:
                continue
            if all(parent in done or parent not in self._parents for parent in parents):
                self.active[shard] = Shard(shard)
        ancestors = self._ancestors()
        children: dict[str, list[str]] = {}
        for shard, parents in self._parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(shard)
        known = ancestors | self.drained | self.active.keys()
        self.drained = {
            shard
            for shard in self.drained & self._parents.keys()
            if shard not in ancestors or not known.issuperset(children.get(shard, ()))
        }

    def _ancestors(self) -> set[str]:
        found: set[str] = set()
        pending = [*self.active, *self.drained]
        while pending:
            for parent in self._parents.get(pending.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    pending.append(parent)
        return found
