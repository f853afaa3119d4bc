"""Events that matter only when something explains them, put aside undecoded until it is known what could.

Of some actions an event without an explanation is no orphan, and no other event rests on it (`ActionPlan.quiet`):
a role assumed by a service, a list that a console asks for. They are most of what a catalogue mentions,
and few of them are explained.
"""

from collections.abc import Callable, Iterator, Set

from msgspec import Raw

from ..events import Record
from .callers import Caller, caller_of
from .held import Held, content_id, held_for_caller, hold
from .plan import ActionPlan, NodePlan


def shorten(
    record: Record, action: ActionPlan, caller: Caller, intern: Callable[[str | None], str | None]
) -> Record:
    """What `action` reads of `record`, free of the buffer that it was decoded from."""
    short = Record(
        userIdentity=caller.whole,
        eventTime=record.eventTime,
        eventSource=intern(record.eventSource) or "",
        eventName=intern(record.eventName) or "",
        awsRegion=intern(record.awsRegion),
        errorCode=intern(record.errorCode),
        eventID=record.eventID or content_id(record),
        recipientAccountId=intern(record.recipientAccountId),
    )
    for name in action.members:
        value: Raw = getattr(record, name)
        if value:
            setattr(short, name, value.copy())
    return short


class Aside:
    """What was put aside, by event id. `intern` makes equal texts one object."""

    def __init__(self, intern: Callable[[str | None], str | None]) -> None:
        self._records: dict[str, tuple[Record, ActionPlan]] = {}
        self._intern = intern

    def __len__(self) -> int:
        return len(self._records)

    def put(self, event_id: str, record: Record, action: ActionPlan) -> bool:
        """Whether there was nothing yet of that id, and so `record` lies there now."""
        new = (record, action)
        return self._records.setdefault(event_id, new) is new

    def take(self, event_id: str) -> Held | None:
        """What lies there of that id, and lies there no longer."""
        found = self._records.pop(event_id, None)
        return None if found is None else hold(*found, self._intern)

    def explicable(self, seen: Set[ActionPlan]) -> Iterator[Held]:
        """Those that events of the actions in `seen` might explain; of all others it is certain that nothing does."""
        nodes: dict[ActionPlan, list[NodePlan]] = {}
        for record, action in self._records.values():
            if action not in nodes:
                nodes[action] = [node for node in action.effects if _has_parents(node, seen)]
            for node in nodes[action]:
                if _might_fit(node, record):
                    yield hold(record, action, self._intern)
                    break


def _has_parents(node: NodePlan, seen: Set[ActionPlan]) -> bool:
    """Whether there are events of all the actions on the way to the root."""
    step = node.parent
    while step is not None:
        if step.action not in seen:
            return False
        step = step.parent
    return True


def _might_fit(node: NodePlan, record: Record) -> bool:
    """False only where outcome or caller say that the event does not fit, or its edge cannot hold."""
    if record.errorCode and not node.any_outcome:
        return False
    caller = caller_of(record.userIdentity)
    if node.service is not None and node.service not in caller.services:
        return False
    asked = node.mask & node.action.caller_mask
    return not asked or held_for_caller(node.action, caller) & asked == asked
