"""What one process takes out of its share of a log and sends to the engine in another."""

import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ...events import Limits, Problem, Source, read_briefly
from ..actors.credentials import Asker
from ..event import Event
from ..plan.nodes import ActionPlan, Plan
from .deferred import DeferredEvent
from .filter import Filter, Texts

# A message is pickled: texts that stand in many events travel once, and only processes of one run read it.
Fields = tuple[Any, ...]


@dataclass(slots=True)
class Partial:
    """What an engine keeps of some files, in their order, with what could not be used of them.

    `listed` and `deferred` hold the fields of `Event` and `DeferredEvent`, the action as its number in the
    plan, or by name where the plan does not know it. `since` and `until` are the first and the last instant seen, in
    seconds since the epoch; `undated_actions` the numbers of the actions of events without a time. `taken` counts
    the bytes that were read.
    """

    records: int = 0
    undated: int = 0
    taken: int = 0
    since: int | None = None
    until: int | None = None
    undated_actions: list[int] = field(default_factory=list)
    listed: list[Fields] = field(default_factory=list)
    deferred: list[Fields] = field(default_factory=list)
    issued: list[tuple[str, Asker]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add_event(self, event: Event) -> None:
        """Take in an event that some cascade mentions."""
        event_id, time, action, *rest = msgspec.structs.astuple(event)
        number = action.action if action.number < 0 else action.number
        self.listed.append((number, event_id, time, *rest))

    def add_deferred(self, event: DeferredEvent) -> None:
        """Take in an event that is deferred."""
        self.deferred.append(msgspec.structs.astuple(event))

    def add_issued(self, access_key: str, asker: Asker) -> None:
        """Take in who asked for an access key."""
        self.issued.append((access_key, asker))

    def count_taken(self, count: int) -> None:
        """Count bytes that were read."""
        self.taken += count

    def events(
        self, actions: Sequence[ActionPlan], unlisted: Callable[[str], ActionPlan]
    ) -> Iterable[Event]:
        """The events of `listed`; `unlisted` gives the plan of an action that `actions` does not know."""
        for number, event_id, time, *rest in self.listed:
            action = actions[number] if type(number) is int else unlisted(number)
            yield Event(event_id, time, action, *rest)


def filter_files(plan: Plan, sources: Sequence[Source], limits: Limits, *, keep_all: bool) -> bytes:
    """Read `sources` and take out what `plan` asks for: a `Partial`, as a message."""
    partial = Partial()
    filter_ = Filter(
        plan,
        partial.add_event,
        partial.add_deferred,
        partial.add_issued,
        Texts().__getitem__,
        partial.problems.append,
        keep_all=keep_all,
    )
    for source in sources:
        for batch in read_briefly(
            (source,),
            plan.thorough,
            limits=limits,
            on_problem=partial.problems.append,
            on_progress=partial.count_taken,
        ):
            filter_.feed(batch, source.name)
            batch.clear()
    partial.records, partial.undated = filter_.records, filter_.undated
    partial.since, partial.until = filter_.extent.since, filter_.extent.until
    partial.undated_actions = [
        action.number for action in filter_.undated_actions if action.number >= 0
    ]
    return pickle.dumps(partial, pickle.HIGHEST_PROTOCOL)


def received(message: bytes) -> Partial:
    """The partial in a message from a process of ours."""
    partial: Partial = pickle.loads(message)  # noqa: S301 - written by a process that we started
    return partial
