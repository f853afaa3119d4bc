"""What a sequence is put together from: the events of one instance, and more like them, made from the document."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

from ..catalog import Cascade, Effect, Origin, ServiceModels, Spoiler
from ..catalog.chains import chain
from ..samples import START, Caller, Sample, instance, iso, make_event
from .attempt import Attempt, By, Json, Step

_LAG = 20  # seconds between an event and what it hangs on, where the window has room for them
Keys = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Stage:
    """An effect with what it hangs on, ready to be acted.

    `others` are the values of each node's keys if it all were about other things, `stranger` another principal.
    `path` are the nodes from the effect to the root, `nodes` these and what an ensemble requires, parents first.
    """

    cascade: Cascade
    effect: Effect
    models: ServiceModels | None
    sample: Sample
    others: Mapping[str, Keys]
    stranger: Json
    path: tuple[str, ...]
    nodes: tuple[str, ...]
    times: Mapping[str, int]

    @property
    def root(self) -> str:
        """The root's name."""
        return self.cascade.root_node

    @property
    def edges(self) -> tuple[Effect, ...]:
        """The effects on the path, the one that is tried first; empty of an ensemble's root."""
        return chain(self.cascade, self.effect)

    @property
    def root_at(self) -> int:
        """When the root happens."""
        return self.times[self.root]

    def node(self, name: str) -> Origin | Effect:
        """The node of that name."""
        root = self.cascade.root
        return root if name == self.root else self.cascade.effect(name)

    def keys(self, name: str) -> Keys:
        """The values of a node's keys."""
        return self.sample.keys[name]


def set_stage(
    cascade: Cascade, effect: Effect, models: ServiceModels | None, profile: str = "pipeline"
) -> Stage:
    """A stage for one effect.

    Raises:
        Unsatisfiable: the document contradicts itself.
    """
    samples = [
        instance(cascade, profile, seed=seed, effects=[effect.node], models=models)
        for seed in (0, 1)
    ]
    path = [edge.node for edge in chain(cascade, effect)]
    path.append(cascade.root_node)
    there = {event.node for event in samples[0].events}
    times = {cascade.root_node: START}
    while len(times) < len(there):
        for node in there - set(times):
            each = cascade.effect(node)
            parent = cascade.parent_node(each)
            if parent in times:
                times[node] = times[parent] + _lag(each)
    sample, other = samples
    return Stage(
        cascade,
        effect,
        models,
        sample,
        _others(sample, other),
        other.event(effect.node).record["userIdentity"],
        tuple(path),
        tuple(times),
        times,
    )


def _others(sample: Sample, other: Sample) -> dict[str, Keys]:
    """The keys of another sample, with other values where the two are alike."""
    return {
        name: {
            key: _unlike(value) if value == sample.keys[name][key] else value
            for key, value in keys.items()
        }
        for name, keys in other.keys.items()
    }


def _unlike(value: str | int) -> str | int:
    if isinstance(value, int):
        return value + 1
    return "999988887777" if value.isdigit() and len(value) == 12 else f"{value}-2"


def _lag(effect: Effect) -> int:
    window = effect.within
    if window.before and (effect.relation != "consequence" or not window.after):
        return -min(window.before, _LAG)
    return min(window.after, _LAG)


def lies_first(stage: Stage) -> bool:
    """Whether the effect is acted before the root."""
    return all(stage.times[node] <= stage.root_at for node in stage.path)


def act(stage: Stage, name: str, keys: Keys | None = None, *, needed: bool = False) -> Step:
    """The event of a node, with other keys where they are given."""
    found = stage.sample.event(name)
    at = stage.times[name]
    if keys is None:
        record = {**found.record, "eventTime": iso(at)}
    else:
        record = _made(stage, stage.node(name), keys, at, caller_of(found.record))
    return Step(name, at, record, _by(record), needed)


def base(stage: Stage) -> dict[str, Step]:
    """The honest instance: an event for each node."""
    return {name: act(stage, name) for name in stage.nodes}


def again(stage: Stage, name: str, at: int, keys: Keys | None = None) -> Step:
    """One more event of a node."""
    found = stage.sample.event(name).record
    caller = caller_of(found)
    record = _made(stage, stage.node(name), keys or stage.keys(name), at, caller)
    return Step(name, at, record, _by(record), needed=True)


def perform(
    stage: Stage,
    what: Origin | Effect | Spoiler | str,
    at: int,
    keys: Keys | None = None,
    *,
    caller: Caller | None = None,
    extra: Mapping[str, object] | None = None,
    label: str | None = None,
) -> Step:
    """An event that is none of the instance, by default of the principal that makes the root's call."""
    if caller is None:
        caller = caller_of(stage.sample.event(stage.root).record)
    record = _made(stage, what, keys or {}, at, caller, extra)
    action = what if isinstance(what, str) else what.action
    return Step(label or action, at, record, _by(record), needed=True)


def changed(step: Step, members: Mapping[str, object], what: str | None = None) -> Step:
    """The event with other members."""
    return replace(step, record={**deepcopy(step.record), **members}, what=what or step.what)


def moved(step: Step, at: int) -> Step:
    """The event at another time."""
    return replace(step, at=at, record={**step.record, "eventTime": iso(at)})


def attempt(
    story: str, steps: Iterable[Step], target: Step, loses: str, **extent: int | None
) -> Attempt:
    """An attempt with its events in order of time; of one second in the order given."""
    ordered = tuple(sorted(steps, key=lambda step: step.at))
    return Attempt(story, ordered, target.id, loses, **extent)


def instants(stage: Stage, count: int) -> list[int]:
    """Instants between the path's other events and the root; equal ones where the window has no room."""
    others = [stage.times[node] for node in stage.path[:-1]] or [stage.root_at]
    if lies_first(stage):
        first, last = max(others), stage.root_at
    else:
        first, last = stage.root_at, min(others)
    return [first + (last - first) * (each + 1) // (count + 1) for each in range(count)]


def caller_of(record: Json) -> Caller | None:
    """Who made a call; None of what a service did by itself."""
    if record.get("eventType") == "AwsServiceEvent":
        return None
    return Caller(
        record["userIdentity"],
        record["sourceIPAddress"],
        record["userAgent"],
        console="sessionCredentialFromConsole" in record,
    )


def _made(
    stage: Stage,
    what: Origin | Effect | Spoiler | str,
    keys: Keys,
    at: int,
    caller: Caller | None,
    extra: Mapping[str, object] | None = None,
) -> Json:
    scene = replace(stage.sample.scene, at=at)
    return make_event(what, keys, caller, scene, extra=extra)


def _by(record: Json) -> By:
    return "AWS" if "invokedBy" in record["userIdentity"] else "attacker"
