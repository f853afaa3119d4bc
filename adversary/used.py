"""Between the effect and the origin the thing is used, or the effect is undone."""

from collections.abc import Iterator
from dataclasses import replace

from ..catalog import Spoiler
from ..catalog.namesakes import member_of
from ..samples import PROFILES
from .attempt import Barred, Step, Tried
from .attested import attested
from .stage import (
    Stage,
    again,
    attempt,
    base,
    instants,
    lies_first,
    moved,
    perform,
)
from .tables import USES, Use, undone_by
from .ways import ways

# What is further from its origin than this is no part of it: in between anything may be done that leaves no trace here.
LONGEST_PAUSE = 2 * 3600


def used(stage: Stage) -> Iterator[Tried]:
    """Sequences in which what the effect weakened is used before it goes."""
    if (why := attested(stage.effect)) is not None:
        yield Barred(f"{why}: AWS makes it for its origin")
        return
    if not stage.edges:
        yield Barred("the effect is what the instance is named after")
        return
    if not lies_first(stage):
        yield Barred("within: it comes after its origin, when there is nothing left to use")
        return
    between, later = instants(stage, 2)
    demanded = stage.effect.relation == "precondition"
    for step in (*_spoilers(stage, between), *_table(stage, between), *_undoing(stage, between)):
        events = base(stage)
        if step.what in undone_by(stage.effect.action):
            # Its origin may demand it, and so it is done once more.
            events["again"] = replace(again(stage, stage.effect.node, later), needed=demanded)
        yield attempt(
            f"{stage.effect.node}, then {step.what}, and only then {stage.cascade.root.action}",
            [*events.values(), step],
            events[stage.effect.node],
            f"what goes; {stage.cascade.root.action} is seen",
        )
    for count in range(1, len(stage.path)):
        yield _paused(stage, count)


def _paused(stage: Stage, count: int) -> Tried:
    """The effect, and long after it the origin: the pause comes after so many events of the path."""
    events = base(stage)
    for name in stage.path[:count]:
        events[name] = moved(events[name], stage.times[name] - LONGEST_PAUSE)
    root = stage.cascade.root.action
    return attempt(
        f"{stage.effect.node}, then two hours in which sessions that were there before go on, then {root}",
        events.values(),
        events[stage.effect.node],
        f"what goes; {root} is seen",
    )


def _spoilers(stage: Stage, at: int) -> Iterator[Step]:
    """What the document itself lists between the effect and the origin, other than removals and ways back."""
    keys = stage.edges[-1].join if stage.edges else ()
    returns = {way.action for key in keys for way in ways(stage, key)}
    for spoiler in stage.cascade.spoilers:
        if not spoiler.between or spoiler.action in (stage.cascade.root.action, *returns):
            continue
        yield perform(stage, spoiler, at, _root_keys(stage, spoiler))


def _root_keys(stage: Stage, spoiler: Spoiler) -> dict[str, str | int]:
    return {key: stage.keys(stage.root)[key] for key in spoiler.join}


def _table(stage: Stage, at: int) -> Iterator[Step]:
    for use in USES.get(stage.cascade.root.action, ()):
        for value in _names(stage, member_of(use.path)):
            yield _use(stage, use, value, at)


def _use(stage: Stage, use: Use, value: str, at: int) -> Step:
    scene = stage.sample.scene
    held = use.arn.format(account=scene.account, name=value) if use.arn else value
    caller = None
    extra: dict[str, object] = {use.path: held, **use.extra}
    if use.path.startswith("userIdentity."):
        caller = PROFILES["cli"](scene)
        arn = f"arn:aws:iam::{scene.account}:user/{value}"
        extra |= {"userIdentity.type": "IAMUser", "userIdentity.arn": arn}
    return perform(
        stage, use.action, at, caller=caller, extra=extra, label=f"{use.action} ({value})"
    )


def _names(stage: Stage, member: str) -> list[str]:
    """What the origin removes, as its joined keys call it; the key alone that `member` holds, where there is one."""
    keys = stage.edges[-1].join if stage.edges else ()
    sources = stage.cascade.root.keys
    same = [key for key in keys if member in map(member_of, sources[key].paths)]
    keys = tuple(same) or keys
    return [value for key in keys if isinstance(value := stage.keys(stage.root)[key], str)] or [
        str(value) for value in list(stage.keys(stage.root).values())[:1]
    ]


def _undoing(stage: Stage, at: int) -> Iterator[Step]:
    """What undoes the effect, where the service models know such a call."""
    if stage.models is None or stage.cascade.root.action in USES:
        return
    for action in undone_by(stage.effect.action):
        if not stage.models.operations(action):
            continue
        extra: dict[str, object] = {}
        for name, key in stage.effect.keys.items():
            path = key.paths[0]
            extra[path] = stage.keys(stage.effect.node)[name]
        yield perform(stage, action, at, extra=extra)
        return
