"""What the origins of a log silence: often only the silenced event says whom it was about."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ..event import Event
from ..plan.fields import KeyValue, Scalar
from ..plan.nodes import NodePlan
from ..verdict import Silenced, Verdict

# More than so many events are not named by one origin; it says how many there are.
MAX_NAMED = 100


class SilencedBy:
    """The events that each origin silences, by the origin's event id: those named, and how many there are."""

    def __init__(self, verdicts: Iterable[tuple[Event, Verdict]]) -> None:
        self._named: dict[str, list[Silenced]] = {}
        self._counted: dict[str, int] = {}
        for event, verdict in verdicts:
            if verdict.policy == "suppress" and verdict.instance is not None:
                self._add(verdict.instance, event, verdict)

    def _add(self, instance: str, event: Event, verdict: Verdict) -> None:
        if instance == event.id:
            return
        named = self._named.setdefault(instance, [])
        self._counted[instance] = self._counted.get(instance, 0) + 1
        if len(named) < MAX_NAMED:
            named.append(Silenced(event.id, event.action.action, _entity(event, verdict)))

    def named_in(self, verdict: Verdict) -> Verdict:
        """The verdict on an event, with what that silences."""
        count = self._counted.get(verdict.event_id)
        if count is None:
            return verdict
        named = tuple(self._named[verdict.event_id])
        return msgspec.structs.replace(verdict, silences=named, silenced=count)


def _entity(event: Event, verdict: Verdict) -> Mapping[str, Scalar | tuple[Scalar, ...]]:
    """The names by which the event hangs on its cascade."""
    for node in event.action.effects:
        if node.cascade.id == verdict.cascade and node.policy == "suppress":
            return dict(_names(node, event))
    return {}


def _names(node: NodePlan, event: Event) -> Iterator[tuple[str, Scalar | tuple[Scalar, ...]]]:
    for name, slot, _ in (*node.named, *node.distinct):
        value = _plain(event.values[slot])
        if value is not None:
            yield name, value


def _plain(value: KeyValue) -> Scalar | tuple[Scalar, ...] | None:
    return tuple(sorted(value, key=str)) if isinstance(value, frozenset) else value
