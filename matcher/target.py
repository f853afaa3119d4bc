"""What an event was about: the entity that the keys of its cascade name."""

from collections.abc import Iterable, Mapping

from .event import Event
from .plan.fields import KeyValue, Scalar
from .plan.found import cut
from .plan.nodes import NodePlan

Names = Mapping[str, Scalar | tuple[Scalar, ...]]

MOST_VALUES = 32
LONGEST = 512


def target_of(event: Event, node: NodePlan | None) -> Names:
    """The values of the keys of `node`; without one, of all keys that the catalogue knows for the event's action.
    Of keys of one name the first with a value counts, and of names for one value the first."""
    names: Iterable[tuple[str, int]] = event.action.names if node is None else node.names.items()
    target: dict[str, Scalar | tuple[Scalar, ...]] = {}
    values = event.values
    for name, slot in names:
        value = values[slot]
        if value is None or name in target:
            continue
        told = value if type(value) is str and len(value) <= LONGEST else _shown(value)
        if not target or told not in target.values():
            target[name] = told
    return target


def _shown(value: KeyValue) -> Scalar | tuple[Scalar, ...]:
    if isinstance(value, str):
        return cut(value, LONGEST)
    if isinstance(value, frozenset):
        return tuple(
            cut(each, LONGEST) if isinstance(each, str) else each
            for each in sorted(value, key=str)[:MOST_VALUES]
        )
    assert isinstance(value, int)
    return value
