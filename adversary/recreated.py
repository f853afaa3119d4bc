"""What is removed is made again under its name: after the removal, or before a second one."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..catalog.namesakes import can_return
from .attempt import Barred, Step, Tried, Untried
from .attested import attested
from .stage import Keys, Stage, act, again, attempt, base, instants, lies_first
from .tables import CASE_BLIND, OR_ARN
from .ways import Way, ways

_SOON = 60


def recreated(stage: Stage) -> Iterator[Tried]:
    """Sequences in which the name of what the origin removes is taken again."""
    if (why := attested(stage.effect)) is not None:
        yield Barred(f"{why}: AWS makes it for its origin")
        return
    root = stage.cascade.root
    service = root.action.partition(":")[0]
    for key in stage.edges[-1].join if stage.edges else tuple(root.keys):
        found = ways(stage, key)
        for way in found:
            yield from _by(stage, key, way)
        if found:
            continue
        if not can_return(service, root.keys[key]):
            yield Barred(f"join: {key}, which AWS makes up anew")
        elif stage.models is None:
            yield Untried("ways back are looked for in the service models, which are not installed")
        else:
            yield Barred(f"{service} has no call that makes anything of this {key} again")


def _by(stage: Stage, key: str, way: Way) -> Iterator[Tried]:
    value = str(stage.keys(stage.root)[key])
    plain = dict.fromkeys(stage.nodes)
    yield from _made_again(stage, key, way, plain, value)
    service, _, _ = stage.cascade.root.action.partition(":")
    if service in CASE_BLIND:
        yield from _made_again(stage, key, way, plain, value.swapcase())
    if stage.cascade.root.keys[key].paths[0].rpartition(".")[2] in OR_ARN.get(service, ()):
        yield from _made_again(stage, key, way, _by_arn(stage, value, service), value)
    if lies_first(stage):
        yield from _renamed(stage, key, way)
        if len(stage.edges) == 1 and stage.effect.within.after:
            yield _late(stage, key, way)


def _by_arn(stage: Stage, value: str, service: str) -> Mapping[str, Keys | None]:
    """The keys of each node, with the ARN for the name."""
    scene = stage.sample.scene
    arn = f"arn:aws:{service}:{scene.region}:{scene.account}:thing/{value}"
    return {
        name: {key: arn if each == value else each for key, each in stage.keys(name).items()}
        for name in stage.nodes
    }


def _made_again(
    stage: Stage, key: str, way: Way, spelled: Mapping[str, Keys | None], name: str
) -> Iterator[Tried]:
    """The name is taken again, as `name`; the other events spell it as `spelled` says."""
    root = stage.cascade.root.action
    events = {node: act(stage, node, spelled[node]) for node in stage.nodes}
    back = way.taken(stage, key, stage.root_at + _SOON, name)
    yield attempt(
        f"{name} is stripped and removed, and is there again a minute later by {way.action}",
        [*events.values(), back],
        events[stage.effect.node],
        f"{name} as it was; {root} and {way.action} are seen",
    )
    if not lies_first(stage):
        (between,) = instants(stage, 1)
        yield attempt(
            f"something called {name} is removed, another thing takes the name by {way.action} and is stripped",
            [*events.values(), way.taken(stage, key, between, name)],
            events[stage.effect.node],
            f"what was called {name} before; {root} and {way.action} are seen",
        )
        return
    first, second = instants(stage, 2)
    removed = replace(again(stage, stage.root, first, spelled[stage.root]), needed=True)
    yield attempt(
        f"{name} is stripped and removed, made again by {way.action}, used, and removed a second time",
        [*events.values(), removed, way.taken(stage, key, second, name)],
        events[stage.effect.node],
        f"{name} as it was, and what was made in its place; {root} is seen twice",
    )


def _late(stage: Stage, key: str, way: Way) -> Tried:
    events = base(stage)
    at = stage.root_at + min(stage.effect.within.after, 20)
    late = again(stage, stage.effect.node, at)
    events.pop(stage.effect.node)
    taken = way.taken(stage, key, (stage.root_at + at) // 2)
    return attempt(
        f"a decoy is removed, another thing takes its name by {way.action} and is stripped at once",
        [*events.values(), taken, late],
        late,
        f"the decoy; {stage.cascade.root.action} and {way.action} are seen",
    )


def _renamed(stage: Stage, key: str, way: Way) -> Iterator[Tried]:
    away_at, taken_at = instants(stage, 2)
    away = way.given_away(stage, key, away_at)
    if away is None:
        return
    takers: list[Step] = [each.taken(stage, key, taken_at) for each in ways(stage, key)]
    for taker in takers:
        events = base(stage)
        yield attempt(
            f"what was stripped is renamed, and a decoy that got its name by {taker.what} is removed",
            [*events.values(), away, taker],
            events[stage.effect.node],
            "the decoy; the renaming and the removal are seen",
        )
