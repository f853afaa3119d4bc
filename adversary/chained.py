"""What ties the effect to the origin is shared: by the thing that stays, and by a decoy that goes."""

from collections.abc import Iterator

from ..samples import Unsatisfiable
from .attempt import Barred, Tried
from .stage import Keys, Stage, act, again, attempt, base


def chained(stage: Stage) -> Iterator[Tried]:
    """Sequences in which an intermediate event of a decoy leads from the effect to the origin."""
    if len(stage.edges) < 2:
        yield Barred("it hangs on the origin itself")
        return
    for depth in range(1, len(stage.edges)):
        events = base(stage)
        try:
            events |= {name: act(stage, name, keys) for name, keys in _decoy(stage, depth).items()}
        except Unsatisfiable as error:
            yield Barred(f"where: {error}")
            continue
        node = stage.path[depth]
        genuine = again(stage, node, stage.times[node] - 1)
        yield attempt(
            f"{stage.effect.node} is about what stays, whose {node} is seen; a decoy shares "
            f"{', '.join(stage.edges[depth - 1].join)} with it and goes",
            [*events.values(), genuine],
            events[stage.effect.node],
            f"a decoy; {node} of what stays is seen",
        )


def _decoy(stage: Stage, depth: int) -> dict[str, Keys]:
    """The keys of the events from the one at `depth` on: those of other things, but for what is shared."""
    shared = set(_shared(stage, depth))
    return {
        name: {
            key: stage.keys(name)[key] if value in shared else stage.others[name][key]
            for key, value in stage.keys(name).items()
        }
        for name in stage.path[depth:]
    }


def _shared(stage: Stage, depth: int) -> Iterator[str | int]:
    edge, parent = stage.edges[depth - 1], stage.path[depth]
    for key in edge.join:
        yield stage.keys(parent)[key]
