"""Events that matter only when something explains them, deferred undecoded until it is known what could.

Of some actions an event without an explanation is no orphan, and no other event hangs on it (`ActionPlan.quiet`):
a role assumed by a service, a list that a console asks for. They are most of what a catalogue mentions,
and few of them are explained.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set

import msgspec
from msgspec import Raw

from ...events import Brief, Projection, Record, text_of, user_agent_of
from ..actors.callers import Caller
from ..event import (
    Event,
    caller_conditions,
    content_id,
    error_of,
    read_event,
)
from ..plan.nodes import ActionPlan, NodePlan

_PARAMETERS = ("requestParameters",)

# All that a node asks of an event by itself: the conditions that hold (`Event.holds`), and whether the call failed.
Look = tuple[int, bool]


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
    source: str | None
    error: str | None
    members: tuple[bytes, ...]
    unsure: bool
    user_agent: str | None
    file: str | None
    position: int | None


def deferred_event(
    record: Brief,
    action: ActionPlan,
    caller: Caller,
    intern: Callable[[str | None], str | None],
    file: str | None = None,
    position: int | None = None,
) -> DeferredEvent:
    """What `action` reads of `record`, free of the buffer that it was decoded from."""
    error = error_of(record)
    members = action.members
    return DeferredEvent(
        record.eventID or content_id(record),
        action.number,
        caller,
        record.eventTime,
        intern(record.recipientAccountId),
        intern(record.awsRegion),
        intern(text_of(record.sourceIPAddress)),
        error and intern(error),
        # Most actions read one member: no loop for it.
        (bytes(record.requestParameters),)
        if members == _PARAMETERS
        else tuple([bytes(getattr(record, name)) for name in members]),
        type(record) is Projection,
        user_agent_of(record.userAgent),
        file,
        position,
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

    def peek(self, event_id: str) -> Event:
        """What lies there of that id."""
        return self.read(self._events[event_id])

    def read(self, event: DeferredEvent) -> Event:
        """What the plan asks of an event, just as `hold` reads it from the whole record."""
        action = self._actions[event.action]
        members = dict(zip(action.members, map(Raw, event.members), strict=True))
        members["sourceIPAddress"] = Raw(msgspec.json.encode(event.source))
        service, _, name = action.action.partition(":")
        record = (Projection if event.unsure else Record)(
            userIdentity=event.caller.whole,
            eventTime=event.time,
            eventSource=f"{service}.amazonaws.com",
            eventName=name,
            awsRegion=event.region,
            errorCode=event.error,
            eventID=event.id,
            recipientAccountId=event.account,
            **{member: raw for member, raw in members.items() if raw},
        )
        read = read_event(record, action, self._intern, event.caller)
        read.user_agent, read.file, read.position = event.user_agent, event.file, event.position
        return read

    def explicable(self, seen: Mapping[ActionPlan, Set[Look]]) -> Iterator[Event]:
        """Those that the events in `seen` might explain, and those that might void one of them; of all others it is
        certain that they do neither. `seen` holds what events of each action look like."""
        nodes = [
            [node for node in action.effects if action.quiet and _has_parents(node, seen)]
            for action in self._actions
        ]
        spoilers = {
            action.number
            for action in self._actions
            if any(cascade.root.action in seen for cascade in action.spoils)
        }
        for event in self._events.values():
            if event.action in spoilers:
                yield self.read(event)
                continue
            for node in nodes[event.action]:
                if _might_fit(node, event):
                    yield self.read(event)
                    break


def _has_parents(node: NodePlan, seen: Mapping[ActionPlan, Set[Look]]) -> bool:
    """Whether for all the nodes on the way to the root there are events that fit."""
    step = node.parent
    while step is not None:
        if not any(_fits(step, look) for look in seen.get(step.action, ())):
            return False
        step = step.parent
    return True


def _fits(node: NodePlan, look: Look) -> bool:
    holds, failed = look
    return holds & node.mask == node.mask and (node.any_outcome or not failed)


def _might_fit(node: NodePlan, event: DeferredEvent) -> bool:
    """False only where outcome or caller say that the event does not fit, or its edge cannot hold."""
    if event.error and not node.any_outcome:
        return False
    if node.service is not None and node.service not in event.caller.services:
        return False
    asked = node.mask & node.action.caller_mask
    return not asked or caller_conditions(node.action, event.caller) & asked == asked
