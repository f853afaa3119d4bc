"""The effect's call carries more than the document speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..catalog import Condition
from ..catalog.service_models import Member, Shape
from .attempt import Barred, Tried, Untried
from .attested import attested
from .stage import Stage, attempt, base, perform
from .tables import CHANGES, NEUTRAL, NEUTRAL_HERE

_REQUEST = "requestParameters"
_NAMES = ("id", "arn", "name", "identifier")
_DEEPEST = 8
# How often a member is tried that nothing of the document speaks of: what it holds makes no difference then.
_ONCE = 1


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of the request that may hold anything; `path` is where it stands in the record."""

    name: str
    path: str
    shape: Shape
    listed: bool


def smuggled(stage: Stage) -> Iterator[Tried]:
    """The effect's call with each member that the document leaves free, listed by `only` or not."""
    if (why := attested(stage.effect)) is not None:
        yield Barred(f"{why}: no caller fills it in")
        return
    name = stage.effect.action.partition(":")[2]
    if not CHANGES.fullmatch(name):
        yield Barred(f"{name} changes no settings")
        return
    if stage.models is None:
        yield Untried("members are looked for in the service models, which are not installed")
        return
    free = {each.path: each for each in _free(stage)}
    for member in free.values():
        values = _hostile(member.shape)
        for value in values if member.listed else values[:_ONCE]:
            events = base(stage)
            made = perform(
                stage,
                stage.effect,
                stage.times[stage.effect.node],
                stage.keys(stage.effect.node),
                extra={member.path: value},
                label=f"{stage.effect.node} (with {member.name})",
            )
            events[stage.effect.node] = made
            yield attempt(
                f"the call sets {member.name}, too",
                events.values(),
                made,
                f"what goes with it; {stage.cascade.root.action} is seen",
            )
    if not free:
        fixed = ", ".join(each for each in stage.effect.where) or "keys"
        yield Barred(f"where: {fixed}; the operation takes nothing else that changes something")


def _free(stage: Stage) -> Iterator[_Member]:
    assert stage.models is not None
    for operation in stage.models.operations(stage.effect.action):
        if operation.input is not None and operation.input.kind == "structure":
            yield from _open(stage, operation.input, _REQUEST, 0)


def _open(stage: Stage, shape: Shape, place: str, depth: int) -> Iterator[_Member]:
    """The members of the structure at `place` that are neither held to a value nor say what the call is about."""
    where = stage.effect.where
    allowed = where[place].only if place in where else None
    read = _joined(stage)
    for name, member in shape.members.items():
        spellings = _spellings(member)
        paths = [f"{place}.{each}" for each in spellings]
        listed = allowed is not None and not set(spellings).isdisjoint(allowed)
        held = [path for path in paths if path in where and _holds_to(where[path])]
        if held or not read.isdisjoint(paths):
            continue
        if depth == 0 and _is_settled(stage, name, required=name in shape.required):
            continue
        inside = next((found for path in paths if (found := _inside(stage, path))), None)
        element = member.shape
        if inside is not None and inside.endswith("[]") and element.kind == "list":
            element = element.element.shape
            if inside in where and _holds_to(where[inside]):
                continue
        if inside is not None and element.kind == "structure" and depth < _DEEPEST:
            yield from _open(stage, element, inside, depth + 1)
            continue
        path = next(
            (path for each, path in zip(spellings, paths, strict=True) if each in (allowed or ())),
            paths[0],
        )
        spoken_of = listed or any(path in where for path in paths)
        yield _Member(name, path, member.shape, spoken_of)


def _joined(stage: Stage) -> set[str]:
    """The fields that the keys are read from by which the effect is tied to its parent."""
    effect = stage.effect
    names = effect.join or tuple(effect.keys)  # an ensemble's root joins nothing itself
    return {path for name in names for path in effect.keys[name].paths}


def _inside(stage: Stage, path: str) -> str | None:
    """The path of the object, or of the elements, in which the document holds something to a value."""
    for other in (*stage.effect.where, *_joined(stage)):
        for start in (f"{path}[]", path):
            if other.startswith(f"{start}.") or (other == start and start.endswith("[]")):
                return start
    return None


def _spellings(member: Member) -> tuple[str, ...]:
    found = (member.name, member.wire_name)
    return tuple(dict.fromkeys([*(each[:1].lower() + each[1:] for each in found), *found]))


def _holds_to(condition: Condition) -> bool:
    """Whether the field can be one of the values that the document knows, or is not there."""
    return (
        condition.equals is not None
        or condition.in_ is not None
        or condition.absent is not None
        or condition.grants is not None
    )


def _is_settled(stage: Stage, name: str, *, required: bool) -> bool:
    lowered = name.lower()
    return (
        lowered in NEUTRAL
        or lowered in NEUTRAL_HERE.get(stage.effect.action, ())
        or (required and lowered.endswith(_NAMES) and not lowered.startswith(("new", "target")))
    )


def _hostile(shape: Shape) -> tuple[object, ...]:
    """What somebody might put there."""
    if shape.choices:
        return shape.choices
    match shape.kind:
        case "boolean":
            return (True, False)
        case "integer" | "long" | "float" | "double":
            return (1, 0)
        case "list":
            return (["example"],)
        case "structure" | "map":
            return ({"example": "example"},)
        case _:
            return ("example",)
