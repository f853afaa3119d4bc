"""Makes a whole instance of a cascade: who acts, what the keys are, when each event lies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from random import Random
from typing import Literal

from ..catalog import Cascade, Effect, Origin, ServiceModels
from ..errors import CloudcascadeError
from .callers import BROWSER, Caller
from .demands import FREE, Demand, Unsatisfiable
from .event import demands_of, is_service_event, make_event
from .filling import installed_models
from .identifiers import Ids
from .keys import Values, places, solve
from .profiles import INVOKED_BY, PROFILES, attested, called_through, suited
from .records import GLOBAL, HOME
from .sample import Sample, SampleEvent
from .shapes import Scene

START = 1_773_741_600
"""When a sample begins unless told otherwise: 2026-03-17 10:00 UTC."""
ACCOUNT = "111122223333"
REGION = "eu-central-1"
_LINKS = ("same", "same-role")
_NEAR = 12  # seconds between an effect and its parent, at most, where the window has room for them

_Nodes = Sequence[tuple[str, Origin | Effect]]


class UnknownSample(CloudcascadeError):
    """There is no profile, effect or twin of that name; the text says which there are."""


def instance(
    cascade: Cascade,
    profile: str = "console",
    *,
    seed: int = 0,
    start: int = START,
    effects: Collection[str] | None = None,
    account: str = ACCOUNT,
    region: str = REGION,
    models: ServiceModels | Literal["installed"] | None = "installed",
) -> Sample:
    """An instance of `cascade`: its root at `start` (UTC, seconds since 1970), and its effects around it.

    `profile` is who begins it; where the document demands another caller, the document counts. `effects` are names of
    those that are wanted, by default all; what they hang on comes with them. With `models` None values come from
    the document and a table alone. The same arguments, and the same models, give the same bytes.

    Raises:
        UnknownSample: no such profile or effect.
        Unsatisfiable: the document contradicts itself.
    """
    if profile not in PROFILES:
        raise UnknownSample(_unknown("profile", profile, PROFILES))
    ids = Ids(Random(f"{cascade.id} {profile} {seed}"), token_chunks=1)  # noqa: S311 - no secrets
    found = installed_models() if models == "installed" else models
    nodes = chosen_nodes(cascade, effects)
    scene = Scene(ids, account, _region(cascade, nodes, region), start, found)
    keys = solve(cascade, nodes, scene)
    accounts = _accounts(cascade, nodes, keys, scene)
    times = _times(cascade, nodes, start, ids)
    callers = _cast(cascade, nodes, keys, accounts, profile, scene)
    _same_tools(cascade, nodes, callers)
    events = []
    for name, node in nodes:
        there = replace(scene, account=accounts[name], at=times[name])
        record = make_event(node, keys[name], callers[name], there)
        events.append(SampleEvent(name, times[name], record))
    # Of one second the effects that the caller brings first come first.
    first = {name: times[name] >= start for name, _ in nodes}
    events.sort(key=lambda event: (event.at, first[event.node]))
    return Sample(cascade, profile, seed, start, tuple(events), keys, scene)


def chosen_nodes(cascade: Cascade, effects: Collection[str] | None = None) -> _Nodes:
    """The root, the effects of these names and all they hang on: parents first, an ensemble's members among them.

    Raises:
        UnknownSample: no effect has that name.
    """
    names = [effect.node for effect in cascade.effects]
    for each in effects or ():
        if each not in names:
            raise UnknownSample(_unknown("effect", each, names))
    wanted = set(names if effects is None else effects)
    if cascade.ensemble is not None:
        wanted |= set(cascade.ensemble.require)
    root = cascade.root_node
    chosen: dict[str, Origin | Effect] = {root: cascade.root}

    def take(effect: Effect) -> None:
        parent = cascade.parent_node(effect)
        if parent not in chosen:
            take(cascade.effect(parent))
        chosen[effect.node] = effect

    for name in names:
        if name in wanted and name not in chosen:
            take(cascade.effect(name))
    return list(chosen.items())


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    return f"no {kind} {name!r}; {hint}"


def _parent(cascade: Cascade, node: Origin | Effect) -> str | None:
    """The name of the node's parent, None of the root."""
    if node is cascade.root or isinstance(node, Origin):
        return None
    return cascade.parent_node(node)


def _region(cascade: Cascade, nodes: _Nodes, region: str) -> str:
    """`region`, or that of the global services where one of these has to be in its parent's Region."""
    services = {name: node.action.partition(":")[0] for name, node in nodes}
    for name, node in nodes:
        parent = _parent(cascade, node)
        bound = parent is not None and getattr(node, "region", "any") == "same"
        if (
            bound
            and parent is not None
            and (services[name] in GLOBAL) != (services[parent] in GLOBAL)
        ):
            return HOME
    return region


def _accounts(
    cascade: Cascade, nodes: _Nodes, keys: Mapping[str, Values], scene: Scene
) -> dict[str, str]:
    accounts: dict[str, str] = {}
    for name, node in nodes:
        parent = _parent(cascade, node)
        accounts[name] = scene.account if parent is None else accounts[parent]
        for place in places(name, node, scene).values():
            if place.path == "recipientAccountId":
                accounts[name] = str(keys[name][place.key])
    return accounts


def _times(cascade: Cascade, nodes: _Nodes, start: int, ids: Ids) -> dict[str, int]:
    times: dict[str, int] = {}
    for name, node in nodes:
        parent = _parent(cascade, node)
        if parent is None or not isinstance(node, Effect):
            times[name] = start
            continue
        window = node.within
        before = window.before and (node.relation == "precondition" or not window.after)
        room = min(window.before if before else window.after, _NEAR)
        lag = ids.rng.randint(min(1, room), room)
        times[name] = times[parent] + (-lag if before else lag)
    return times


def _cast(
    cascade: Cascade,
    nodes: _Nodes,
    keys: Mapping[str, Values],
    accounts: Mapping[str, str],
    profile: str,
    scene: Scene,
) -> dict[str, Caller | None]:
    """Who makes each call: one caller for all nodes between which the document demands one."""
    by_name = dict(nodes)
    leader: dict[str, str] = {}
    for name, node in nodes:
        parent = _parent(cascade, node)
        linked = parent is not None and isinstance(node, Effect) and node.actor in _LINKS
        leader[name] = leader[parent] if linked and parent is not None else name
    callers: dict[str, Caller | None] = {}
    known: dict[tuple[str, str, bool, str], Caller] = {}
    for head in dict.fromkeys(leader.values()):
        members = [name for name, _ in nodes if leader[name] == head]
        parent = _parent(cascade, by_name[head])
        demands: dict[str, Demand] = {}
        consoles = []
        for name in members:
            there = replace(scene, account=accounts[name])
            for path, demand in demands_of(by_name[name], keys[name], there).items():
                if path == "sessionCredentialFromConsole":
                    consoles.append(demand)
                elif path.startswith("userIdentity.") and path != INVOKED_BY:
                    demands[path] = _both(demands.get(path, FREE), demand)
        there = replace(scene, account=accounts[head])
        above = callers[parent] if parent is not None else None
        asked = dict(demands)
        through = demands_of(by_name[head], keys[head], there).get(INVOKED_BY)
        if through is not None:
            asked[INVOKED_BY] = through
        made = _caller(by_name[head], above, asked, len(members) > 1, profile, there)
        if made is not None and made is not above:
            # Of whom the same is demanded, that is one principal.
            rule = getattr(by_name[head], "actor", "")
            of_whom = (accounts[head], rule, len(members) > 1, repr(asked))
            made = known.setdefault(of_whom, made)
        if made is not None and any(not each.absent for each in consoles) and not made.by_service:
            made = replace(made, console=True, agent=BROWSER)
        for name in members:
            own = demands_of(by_name[name], keys[name], there)
            callers[name] = (
                None
                if made is None
                else _by_tool(called_through(made, own.get(INVOKED_BY), there), own)
            )
    return callers


def _by_tool(caller: Caller, demands: Mapping[str, Demand]) -> Caller:
    """The caller with the userAgent that is demanded: what must come from the same tool takes it over."""
    demand = demands.get("userAgent", FREE)
    if demand.choices:
        return replace(caller, agent=str(demand.choices[0]))
    return replace(caller, agent=f"{demand.prefix}5.0{demand.suffix}") if demand.prefix else caller


def _caller(
    head: Origin | Effect,
    parent: Caller | None,
    demands: Mapping[str, Demand],
    shared: bool,
    profile: str,
    scene: Scene,
) -> Caller | None:
    actor = head.actor if isinstance(head, Effect) else "any"
    if actor.startswith("service:"):
        return attested(actor.removeprefix("service:"), demands, shared, scene)
    if is_service_event(head) and not shared:
        return None
    base = parent
    if base is None or (shared and "principalId" not in base.identity):  # which would be nobody
        base = PROFILES[profile](scene)
    return suited(base, demands, scene)


def _both(one: Demand, other: Demand) -> Demand:
    if one in (FREE, other) or other == FREE:
        return other if one == FREE else one
    if one.choices is not None and other.choices is not None:
        common = tuple(each for each in one.choices if each in other.choices)
        if not common:
            raise Unsatisfiable(f"a caller cannot be {one.choices} and {other.choices}")
        return replace(one, choices=common)
    return one if one.choices is not None else other


def _same_tools(cascade: Cascade, nodes: _Nodes, callers: dict[str, Caller | None]) -> None:
    """Give each effect that must come from its parent's tool the userAgent of its parent."""
    for name, node in nodes:
        parent = _parent(cascade, node)
        if isinstance(node, Effect) and node.tool == "same" and parent is not None:
            mine, theirs = callers[name], callers[parent]
            if mine is not None and theirs is not None:
                callers[name] = replace(mine, agent=theirs.agent)
