"""Events that matter only when something explains them, deferred undecoded until it is known what could.

Of some actions an event without an explanation is no orphan, and no other event rests on it (`ActionPlan.quiet`):
a role assumed by a service, a list that a console asks for. They are most of what a catalogue mentions,
and few of them are explained.
"""

from collections.abc import Callable, Iterator, Sequence, Set

import msgspec
from msgspec import Raw

from ...events import Brief, Record
from ..actors.callers import Caller
from ..event import Event, caller_conditions, content_id, read_event
from ..plan.nodes import ActionPlan, NodePlan

_PARAMETERS = ("requestParameters",)


class DeferredEvent(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A record cut down to what its action reads: `members` holds the JSON of `ActionPlan.members`, in that order.

    `action` is the number of the action in its plan, so that another process with the same plan can read it.
    """

    id: str
    action: int
    caller: Caller
    time: str
    account: str | None
    region: str | None
    error: str | None
    members: tuple[bytes, ...]


def deferred_event(
    record: Brief, action: ActionPlan, caller: Caller, intern: Callable[[str | None], str | None]
) -> DeferredEvent:
    """What `action` reads of `record`, free of the buffer that it was decoded from."""
    error = record.errorCode
    members = action.members
    return DeferredEvent(
        record.eventID or content_id(record),
        action.number,
        caller,
        record.eventTime,
        intern(record.recipientAccountId),
        intern(record.awsRegion),
        error and intern(error),
        # Most actions read one member: no loop for it.
        (bytes(record.requestParameters),)
        if members == _PARAMETERS
        else tuple([bytes(getattr(record, name)) for name in members]),
    )


class Deferred:
    """What was deferred, by event id. `intern` makes equal texts one object."""

    def __init__(
        self, actions: Sequence[ActionPlan], intern: Callable[[str | None], str | None]
    ) -> None:
        self._actions = actions
        self._intern = intern
        self._events: dict[str, DeferredEvent] = {}

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: DeferredEvent) -> bool:
        """Whether there was nothing yet of that id, and so `event` lies there now."""
        return self._events.setdefault(event.id, event) is event

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._events

    def take(self, event_id: str) -> Event:
        """What lies there of that id, and lies there no longer."""
        return self.read(self._events.pop(event_id))

    def read(self, event: DeferredEvent) -> Event:
        """What the plan asks of an event, just as `hold` reads it from the whole record."""
        action = self._actions[event.action]
        members = zip(action.members, map(Raw, event.members), strict=True)
        service, _, name = action.action.partition(":")
        record = Record(
            userIdentity=event.caller.whole,
            eventTime=event.time,
            eventSource=f"{service}.amazonaws.com",
            eventName=name,
            awsRegion=event.region,
            errorCode=event.error,
            eventID=event.id,
            recipientAccountId=event.account,
            **{member: raw for member, raw in members if raw},
        )
        return read_event(record, action, self._intern, event.caller)

    def explicable(self, seen: Set[ActionPlan]) -> Iterator[Event]:
        """Those that events of the actions in `seen` might explain; of all others it is certain that nothing does."""
        nodes = [
            [node for node in action.effects if action.quiet and _has_parents(node, seen)]
            for action in self._actions
        ]
        for event in self._events.values():
            for node in nodes[event.action]:
                if _might_fit(node, event):
                    yield self.read(event)
                    break


def _has_parents(node: NodePlan, seen: Set[ActionPlan]) -> bool:
    """Whether there are events of all the actions on the way to the root."""
    step = node.parent
    while step is not None:
        if step.action not in seen:
            return False
        step = step.parent
    return True


def _might_fit(node: NodePlan, event: DeferredEvent) -> bool:
    """False only where outcome or caller say that the event does not fit, or its edge cannot hold."""
    if event.error and not node.any_outcome:
        return False
    if node.service is not None and node.service not in event.caller.services:
        return False
    asked = node.mask & node.action.caller_mask
    return not asked or caller_conditions(node.action, event.caller) & asked == asked
