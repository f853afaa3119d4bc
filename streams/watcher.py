"""Who watches the loop of `cascade watch`, as the loop sees it, and what it lets them see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..matcher import LiveEngine
from .delivery import Outlet


@dataclass(frozen=True, slots=True)
class Look:
    """What the loop says of itself, about once a second: see `LoopFacts`."""

    engine: LiveEngine
    outlets: Sequence[Outlet]
    messages: int
    state_bytes: int
    backlogged: bool
    verdicts: Mapping[tuple[str, bool], int]
    checkpoint_seconds: tuple[float, ...]
    verdict_latencies: tuple[float, ...]


class Watcher(Protocol):
    """Who wants to know how the loop is, and keeps what could not be read."""

    def look(self, look: Look) -> None:
        """Take notice."""
        ...

    def keep(self) -> None:
        """Have on the disk what was told of records that could not be read."""
        ...
