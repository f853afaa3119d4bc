"""Twins of an instance: the same events, but for one thing that the document says must not differ.

KINDS has one entry for each kind of twin: why the document cannot tell it apart, and the events of the twin.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType

from ..catalog import Cascade, Effect
from .callers import BOTO, CLI, Json
from .demands import Demand
from .event import demands_of
from .identifiers import iso
from .instance import UnknownSample, chosen_nodes
from .profiles import PROFILES, suited
from .sample import Sample, SampleEvent

_REGIONS = ("us-west-2", "ap-southeast-2")
_DENIED = ("AccessDenied", "User is not authorized to perform this operation")


@dataclass(frozen=True, slots=True)
class Edge:
    """The edge of `effect`; with `as_parent` seen from the node that it hangs on."""

    effect: Effect
    as_parent: bool


def edges(cascade: Cascade, node: str) -> list[Edge]:
    """The edges on which the explanation of an effect rests directly: its own; of an ensemble's root those of
    the members that are required beside it.

    Raises:
        UnknownSample: no effect has that name.
    """
    names = [effect.node for effect in cascade.effects]
    if node not in names:
        near = get_close_matches(node, names, n=3, cutoff=0.5)
        raise UnknownSample(f"no effect {node!r}; there are {', '.join(near or names)}")
    if node != cascade.root_node:
        return [Edge(cascade.effect(node), as_parent=False)]
    assert cascade.ensemble is not None
    return [Edge(cascade.effect(member), as_parent=True) for member in cascade.ensemble.require[1:]]


def inapplicable(cascade: Cascade, kind: str, node: str) -> str | None:
    """Why a twin of that kind would still be explained, in the document's words; None where it is not.

    Raises:
        UnknownSample: no such kind or effect.
    """
    return _kind(kind).inapplicable(cascade, node)


def twin(sample: Sample, kind: str, node: str) -> Sample:
    """A twin of `sample` for the effect at `node`: only what explains that effect, with one difference.

    Raises:
        UnknownSample: no such kind or effect; or the document does not tell the twin from the instance.
    """
    reason = inapplicable(sample.cascade, kind, node)
    if reason is not None:
        raise UnknownSample(f"{sample.cascade.id} has no twin {kind!r} of {node}: {reason}")
    closure = {name for name, _ in chosen_nodes(sample.cascade, [node])}
    events = [event for event in sample.events if event.node in closure]
    changed = sorted(_kind(kind).change(sample, events, node), key=lambda event: event.at)
    return replace(sample, events=tuple(changed), twin=kind, changed=node)


def twins(sample: Sample, kind: str) -> Iterator[Sample]:
    """The twins of that kind, one for each effect of the sample for which there is one."""
    for event in sample.events:
        is_origin = sample.cascade.origin is not None and event.node == sample.cascade.root_node
        if not is_origin and inapplicable(sample.cascade, kind, event.node) is None:
            yield twin(sample, kind, event.node)


_Events = list[SampleEvent]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of twin. `what` says it in a few words."""

    what: str
    inapplicable: Callable[[Cascade, str], str | None]
    change: Callable[[Sample, _Events, str], _Events]


def _kind(name: str) -> Kind:
    if name not in KINDS:
        near = get_close_matches(name, KINDS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KINDS)}"
        raise UnknownSample(f"no twin {name!r}; {hint}")
    return KINDS[name]


def _always(cascade: Cascade, node: str) -> None:
    edges(cascade, node)


def _unless_root_may_fail(cascade: Cascade, node: str) -> str | None:
    edges(cascade, node)
    root = cascade.root
    if isinstance(root, Effect) and root.outcome == "any":
        return "the root may fail (outcome: any)"
    return None


def _told_by(rule: str, holds: Callable[[Edge], bool]) -> Callable[[Cascade, str], str | None]:
    def inapplicable(cascade: Cascade, node: str) -> str | None:
        return None if any(holds(each) for each in edges(cascade, node)) else rule

    return inapplicable


def _tells_actor(edge: Edge) -> bool:
    rule = edge.effect.actor
    return rule in ("same", "same-role") or (rule.startswith("service:") and not edge.as_parent)


def _tells_account(edge: Edge) -> bool:
    joined = (edge.effect.keys[key].paths for key in edge.effect.join)
    return edge.effect.account == "same" or ("recipientAccountId",) in joined


def _tells_region(edge: Edge) -> bool:
    joined = (edge.effect.keys[key].paths for key in edge.effect.join)
    return getattr(edge.effect, "region", "any") == "same" or ("awsRegion",) in joined


def _alone(sample: Sample, events: _Events, node: str) -> _Events:
    return [event for event in events if event.node == node]


def _origin_failed(sample: Sample, events: _Events, node: str) -> _Events:
    root = sample.cascade.root_node
    return [_denied(event) if event.node == root else event for event in events]


def _denied(event: SampleEvent) -> SampleEvent:
    record: Json = {}
    for name, value in event.record.items():
        if name == "requestParameters":  # CloudTrail writes the error before it
            record["errorCode"], record["errorMessage"] = _DENIED
        record[name] = None if name == "responseElements" else value
    return replace(event, record=record)


def _other_actor(sample: Sample, events: _Events, node: str) -> _Events:
    effect, event = sample.cascade.effect(node), _at(events, node)
    scene = replace(sample.scene, at=event.at)
    demands: Mapping[str, Demand] = demands_of(effect, sample.keys[node], scene)
    identity = suited(PROFILES["pipeline"](scene), demands, scene).identity
    through = event.record["userIdentity"].get("invokedBy")
    if through is not None and not effect.actor.startswith("service:"):
        identity = {**identity, "invokedBy": through}
    return _with(events, node, "userIdentity", identity)


def _other_account(sample: Sample, events: _Events, node: str) -> _Events:
    return _with(events, node, "recipientAccountId", "999988887777")


def _other_region(sample: Sample, events: _Events, node: str) -> _Events:
    here = _at(events, node).record["awsRegion"]
    return _with(events, node, "awsRegion", next(each for each in _REGIONS if each != here))


def _other_tool(sample: Sample, events: _Events, node: str) -> _Events:
    here = str(_at(events, node).record["userAgent"])
    agent = BOTO if "aws-cli" in here else CLI.format(command="sts.get-caller-identity")
    return _with(events, node, "userAgent", agent)


def _at(events: _Events, node: str) -> SampleEvent:
    return next(event for event in events if event.node == node)


def _with(events: _Events, node: str, member: str, value: object) -> _Events:
    return [
        replace(event, record={**event.record, member: value}) if event.node == node else event
        for event in events
    ]


def _outside(sample: Sample, events: _Events, node: str) -> _Events:
    edge = edges(sample.cascade, node)[0]
    at = {event.node: event.at for event in events}
    if edge.as_parent:
        latest = at[edge.effect.node] + edge.effect.within.before
    else:
        latest = at[sample.cascade.parent_node(edge.effect)] + edge.effect.within.after
    return [_moved(event, latest + 1) if event.node == node else event for event in events]


def _moved(event: SampleEvent, to: int) -> SampleEvent:
    record: Json = {**event.record, "eventTime": iso(to)}
    return replace(event, at=to, record=record)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "alone": Kind("the side effect without what it hangs on", _always, _alone),
        "origin-failed": Kind("the root was denied", _unless_root_may_fail, _origin_failed),
        "other-actor": Kind(
            "somebody else made the call",
            _told_by("any actor may make the call (actor: any)", _tells_actor),
            _other_actor,
        ),
        "other-account": Kind(
            "the event is of another account",
            _told_by("it may lie in any account (account: any)", _tells_account),
            _other_account,
        ),
        "other-region": Kind(
            "the event is of another Region",
            _told_by("no key or rule speaks of the Region", _tells_region),
            _other_region,
        ),
        "outside-window": Kind("one second too late", _always, _outside),
        "other-tool": Kind(
            "another tool made the call",
            _told_by(
                "any tool may make the call (tool: any)", lambda each: each.effect.tool == "same"
            ),
            _other_tool,
        ),
    }
)
"""The kinds of twin by name."""
