"""Events as bytes, for where they are kept outside of memory by the process that read them."""

from collections.abc import Callable

import msgspec

from ..event import Event
from ..plan.fields import KeyValue, Scalar
from ..plan.nodes import Plan

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_FIELDS = Event.__struct_fields__
_ACTION, _SERVICES, _VALUES, _FOUND = (
    _FIELDS.index(name) for name in ("action", "services", "values", "found")
)
# Beyond 64 bits a number travels as text, in an object, which no value of a key is.
_INT64 = range(-(1 << 63), 1 << 64)


class Codec:
    """Turns events of one plan into bytes and back. The bytes mean nothing under another plan."""

    def __init__(self, plan: Plan, intern: Callable[[str | None], str | None]) -> None:
        self._actions = plan.actions
        self._numbers = {action: number for number, action in enumerate(self._actions)}
        self._intern = intern

    def encode(self, event: Event) -> bytes:
        """The event as bytes."""
        members: list[object] = [getattr(event, name) for name in _FIELDS]
        members[_ACTION] = self._numbers[event.action]
        members[_SERVICES] = sorted(event.services)
        members[_VALUES] = [_encoded(value) for value in event.values]
        return _encode(members)

    def decode(self, data: bytes) -> Event:
        """The event that was frozen."""
        members = _decode(data)
        for place, member in enumerate(members):
            if type(member) is str and place:
                members[place] = self._intern(member)
        members[_ACTION] = self._actions[members[_ACTION]]
        members[_SERVICES] = frozenset(members[_SERVICES])
        members[_VALUES] = tuple(_decoded(value) for value in members[_VALUES])
        members[_FOUND] = tuple((number, text) for number, text in members[_FOUND])
        return Event(*members)


def _encoded(value: KeyValue) -> object:
    if isinstance(value, frozenset):
        return {"set": [_encoded(each) for each in value]}
    if isinstance(value, int) and value not in _INT64:
        return {"int": str(value)}
    return value


def _decoded(value: object) -> KeyValue:
    if not isinstance(value, dict):
        assert value is None or isinstance(value, str | int)
        return value
    if "int" in value:
        return int(value["int"])
    elements: set[Scalar] = set()
    for each in value["set"]:
        element = _decoded(each)
        assert isinstance(element, str | int)
        elements.add(element)
    return frozenset(elements)
