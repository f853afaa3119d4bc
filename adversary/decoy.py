"""Something else goes in place of what the effect is about: of another name, or a namesake elsewhere."""

from collections.abc import Iterator, Mapping

from ..catalog import Effect, KeySource
from ..catalog.namesakes import GLOBAL_SERVICES, can_return, is_name
from ..samples import Unsatisfiable
from .attempt import Barred, Tried
from .attested import attested
from .stage import Keys, Stage, act, attempt, base, changed
from .tables import CASE_BLIND
from .ways import ways

_REGION = "ap-southeast-2"
_ACCOUNT = "999988887777"


def decoy(stage: Stage) -> Iterator[Tried]:
    """Sequences in which the effect is about one thing, and what goes is another."""
    if not stage.edges:
        yield Barred("the effect is what the instance is named after")
    for depth, edge in enumerate(stage.edges):
        upper = stage.path[depth + 1 :]
        yield from _other_things(stage, edge, upper)
        yield from _elsewhere(stage, edge, upper)


def _other_things(stage: Stage, edge: Effect, upper: tuple[str, ...]) -> Iterator[Tried]:
    others = {name: stage.others[name] for name in upper}
    yield _with(stage, upper, others, f"{edge.node} is done to one thing, and another goes")
    parent = upper[0]
    common = [key for key in edge.keys if key in stage.node(parent).keys]
    for key in common if len(common) > 1 else ():
        found = {name: _replaced(stage, name, parent, key) for name in upper}
        yield _with(stage, upper, found, f"{edge.node} is done to one {key}, and another goes")


def _replaced(stage: Stage, name: str, parent: str, key: str) -> Keys:
    """The keys of a node in which what the parent's `key` holds is another thing."""
    old, new = stage.keys(parent)[key], stage.others[parent][key]
    return {each: new if value == old else value for each, value in stage.keys(name).items()}


def _with(
    stage: Stage, upper: tuple[str, ...], keys: Mapping[str, Keys], story: str, **members: object
) -> Tried:
    events = base(stage)
    for name in upper:
        try:
            step = act(stage, name, keys[name], needed=True)
        except Unsatisfiable as error:
            return Barred(f"where: {error}")
        events[name] = changed(step, members) if members else step
    return attempt(story, events.values(), events[stage.effect.node], _loses(stage))


def _loses(stage: Stage) -> str:
    return f"a decoy; {stage.cascade.root.action} is seen"


def _elsewhere(stage: Stage, edge: Effect, upper: tuple[str, ...]) -> Iterator[Tried]:
    own, theirs = edge.keys, stage.node(upper[0]).keys
    service = stage.node(upper[0]).action.partition(":")[0]
    sides = [(own[key], theirs[key]) for key in edge.join]
    root_keys = stage.edges[-1].join
    returns = service not in GLOBAL_SERVICES and any(ways(stage, key) for key in root_keys)
    if returns and attested(stage.effect) is None:
        moved = {name: _turned(stage, name, _arns(stage, upper), 3, _REGION) for name in upper}
        yield _with(
            stage, upper, moved, "one of the name in another Region goes", awsRegion=_REGION
        )
    if not all(can_return(service, mine) and can_return(service, other) for mine, other in sides):
        yield Barred(f"join: {', '.join(edge.join)}, which AWS makes up: it has no namesake")
        return
    arns = _arns(stage, upper)
    named = all(is_name(service, mine) and is_name(service, other) for mine, other in sides)
    if service in GLOBAL_SERVICES:
        yield Barred(f"{service} knows a name once in all Regions")
    elif named or arns:
        moved = {name: _turned(stage, name, arns, 3, _REGION) for name in upper}
        yield _with(
            stage, upper, moved, "a namesake in another Region goes", awsRegion=_REGION
        )  # fmt: skip
    elsewhere = {name: _turned(stage, name, arns, 4, _ACCOUNT) for name in upper}
    yield _with(
        stage,
        upper,
        elsewhere,
        "a namesake in another account goes",
        recipientAccountId=_ACCOUNT,
    )
    if arns:
        moved = {name: _turned(stage, name, arns, 1, "aws-cn") for name in upper}
        yield _with(stage, upper, moved, "a namesake in another partition goes")
    yield from _spelled(stage, upper, sides, service)


def _spelled(
    stage: Stage, upper: tuple[str, ...], sides: list[tuple[KeySource, KeySource]], service: str
) -> Iterator[Tried]:
    if service in CASE_BLIND or service == "s3":  # which knows small letters only
        yield Barred(f"{service} knows a name once in any case")
        return
    keys = {
        name: {
            key: value.swapcase() if isinstance(value, str) else value
            for key, value in stage.keys(name).items()
        }
        for name in upper
    }
    if sides and not any("Arn" in path for each in sides for one in each for path in one.paths):
        yield _with(stage, upper, keys, "what is called the same in other case goes")


def _arns(stage: Stage, upper: tuple[str, ...]) -> set[str]:
    return {
        value
        for name in upper
        for value in stage.keys(name).values()
        if isinstance(value, str) and value.startswith("arn:")
    }


def _turned(stage: Stage, name: str, arns: set[str], part: int, to: str) -> Keys:
    """A node's keys with another partition, Region or account in its ARNs."""
    found: dict[str, str | int] = {}
    for key, value in stage.keys(name).items():
        if isinstance(value, str) and value in arns:
            parts = value.split(":", 5)
            parts[part] = to
            value = ":".join(parts)
        found[key] = value
    return found
