"""What one process takes out of its share of a log and sends to the engine in another."""

import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ...events import Limits, Problem, Source, read_briefly
from ..actors.credentials import Asker
from ..event import Held
from ..plan.compile import ActionPlan, Plan
from .deferred import Short
from .filter import Sieve, Texts

# A message is pickled: texts that stand in many events travel once, and only processes of one run read it.
Fields = tuple[Any, ...]


@dataclass(slots=True)
class Portion:
    """What an engine keeps of some files, in their order, with what could not be used of them.

    `held` and `aside` hold the fields of `Held` and `Short`, the action as its number in the plan, or by name
    where the plan does not know it. `taken` counts the bytes that were read.
    """

    records: int = 0
    undated: int = 0
    taken: int = 0
    held: list[Fields] = field(default_factory=list)
    aside: list[Fields] = field(default_factory=list)
    issued: list[tuple[str, Asker]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add_held(self, event: Held) -> None:
        """Take in an event that some cascade mentions."""
        event_id, time, action, *rest = msgspec.structs.astuple(event)
        number = action.action if action.number < 0 else action.number
        self.held.append((number, event_id, time, *rest))

    def add_aside(self, event: Short) -> None:
        """Take in an event that is put aside."""
        self.aside.append(msgspec.structs.astuple(event))

    def add_issued(self, access_key: str, asker: Asker) -> None:
        """Take in who asked for an access key."""
        self.issued.append((access_key, asker))

    def count_taken(self, count: int) -> None:
        """Count bytes that were read."""
        self.taken += count

    def events(
        self, actions: Sequence[ActionPlan], unlisted: Callable[[str], ActionPlan]
    ) -> Iterable[Held]:
        """The events of `held`; `unlisted` gives the plan of an action that `actions` does not know."""
        for number, event_id, time, *rest in self.held:
            action = actions[number] if type(number) is int else unlisted(number)
            yield Held(event_id, time, action, *rest)


def sift_files(plan: Plan, sources: Sequence[Source], limits: Limits, *, keep_all: bool) -> bytes:
    """Read `sources` and take out what `plan` asks for: a `Portion`, as a message."""
    portion = Portion()
    sieve = Sieve(
        plan,
        portion.add_held,
        portion.add_aside,
        portion.add_issued,
        Texts().__getitem__,
        portion.problems.append,
        keep_all=keep_all,
    )
    for batch in read_briefly(
        sources,
        plan.thorough,
        limits=limits,
        on_problem=portion.problems.append,
        on_progress=portion.count_taken,
    ):
        sieve.feed(batch)
        batch.clear()
    portion.records, portion.undated = sieve.records, sieve.undated
    return pickle.dumps(portion, pickle.HIGHEST_PROTOCOL)


def received(message: bytes) -> Portion:
    """The portion in a message from a process of ours."""
    portion: Portion = pickle.loads(message)  # noqa: S301 - written by a process that we started
    return portion
