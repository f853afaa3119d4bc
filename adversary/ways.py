"""How the thing that an origin removes can be there again under its name, as events of a stage."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..catalog import Spoiler
from ..catalog.namesakes import member_of
from ..catalog.ways_back import WaysBack, ways_back
from .attempt import Step
from .stage import Keys, Stage, perform


@dataclass(frozen=True, slots=True)
class Way:
    """A way back: the action, the spoiler that reads its events if there is one, else the field for the name.

    `old` and `new` are fields of a renaming, by which a thing gives its name away and takes another one.
    """

    action: str
    reader: Spoiler | None
    field: str
    old: str | None = None
    new: str | None = None

    def taken(self, stage: Stage, key: str, at: int, spelled: str | None = None) -> Step:
        """The event by which something takes the name that the origin's `key` holds, spelled like this."""
        value = spelled or stage.keys(stage.root)[key]
        if self.reader is not None:
            keys: Keys = {key: value}
            return perform(stage, self.reader, at, keys, label=f"{self.action} ({value})")
        extra: dict[str, object] = {self.field: value}
        if self.old is not None:
            extra[self.old] = stage.others[stage.root][key]
        return perform(stage, self.action, at, extra=extra, label=f"{self.action} ({value})")

    def given_away(self, stage: Stage, key: str, at: int) -> Step | None:
        """The event by which the thing gives its name away; None where the action does not rename."""
        if self.old is None or self.new is None:
            return None
        value = stage.keys(stage.root)[key]
        extra = {self.old: value, self.new: f"{value}-kept"}
        return perform(stage, self.action, at, extra=extra, label=f"{self.action} (from {value})")


def ways(stage: Stage, key: str) -> list[Way]:
    """The ways by which the value of the root's `key` can name something again."""
    known = known_ways(stage, key)
    voiding = {
        spoiler.action
        for spoiler in stage.cascade.spoilers
        if spoiler.within is not None and spoiler.within.after and key in spoiler.join
    }
    actions = dict.fromkeys((*sorted(voiding), *sorted(known.actions)))
    root = stage.cascade.root.action
    return [
        _way(stage, key, action, known.actions.get(action)) for action in actions if action != root
    ]


def known_ways(stage: Stage, key: str) -> WaysBack:
    """What the service models know of ways back for the root's `key`; nothing without them."""
    found: dict[str, frozenset[str]] = {}
    known = False
    if stage.models is not None:
        for path in stage.cascade.root.keys[key].paths:
            each = ways_back(stage.cascade.root.action, member_of(path), stage.models)
            found |= each.actions
            known = known or each.known
    return WaysBack(found, known)


def _way(stage: Stage, key: str, action: str, carriers: frozenset[str] | None) -> Way:
    reader = None
    for spoiler in stage.cascade.spoilers:
        if spoiler.action != action or key not in spoiler.join:
            continue
        members = {member_of(path).lower() for path in spoiler.keys[key].paths}
        gives = spoiler.within is not None and spoiler.within.after
        if not members.isdisjoint(carriers) if carriers else gives:
            reader = spoiler
    own = member_of(stage.cascade.root.keys[key].paths[0])
    inputs = {member.lower(): member for member in _inputs(stage, action)}
    carrier = next((each for each in sorted(carriers or ()) if each in inputs), own.lower())
    spelled = inputs.get(carrier, own)
    if not carrier.startswith("new"):
        return Way(action, reader, _field(spelled))
    old = inputs.get(own.lower(), own)
    return Way(action, reader, _field(spelled), _field(old), _field(spelled))


def _inputs(stage: Stage, action: str) -> Iterator[str]:
    for operation in stage.models.operations(action) if stage.models is not None else ():
        if operation.input is not None and operation.input.kind == "structure":
            yield from operation.input.members


def _field(member: str) -> str:
    return f"requestParameters.{member[:1].lower()}{member[1:]}"
