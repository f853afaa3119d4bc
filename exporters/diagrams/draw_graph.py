"""Draws what several cascades say together: an action's neighbourhood, or all of the catalogue."""

from collections.abc import Iterable

from ...catalog.models import Cascade
from ...graph import (
    Emits,
    GraphReader,
    MapsTo,
    NetworkxStore,
    Via,
    build_graph,
    emits_transitively,
    emitters_transitively,
)
from .boxes import action_row
from .picture import Group, Picture, PictureEdge, PictureNode
from .wording import window_words

_SHOWN_CASCADES = 2


def neighbourhood_picture(cascades: Iterable[Cascade], action: str, *, depth: int = 1) -> Picture:
    """What brings an action along, on the left, and what it brings along, on the right.

    `depth` counts steps from origin to effect; an effect several hops off its origin is one step.

    Raises:
        GraphError: no cascade names the action, or `depth` is less than 1.
    """
    graph = build_graph(cascades, NetworkxStore())
    before = emitters_transitively(graph, action, max_steps=depth)
    after = emits_transitively(graph, action, max_steps=depth)
    steps = {
        (step.source, step.target): step.emissions
        for reach in (*before, *after)
        for step in reach.chain
    }
    # An action that stands on both sides is drawn once, where it was met first.
    left = {reach.action for reach in before}
    right = {reach.action for reach in after} - left
    techniques = _techniques(graph)
    nodes = [
        PictureNode(
            id=name,
            role="origin" if name == action else "action",
            rows=(action_row(name, techniques.get(name, ())),),
            tooltip=name,
            group="before" if name in left else "after" if name in right else None,
        )
        for name in (action, *sorted(left), *sorted(right))
    ]
    edges = [
        edge
        for (source, target), emissions in sorted(steps.items())
        for edge in _bundled(source, target, emissions, labelled=True)
    ]
    return Picture(
        title=action,
        subtitle=_count(len(left), "action brings", "actions bring")
        + f" it along · it brings along {len(after)}",
        description=f"What brings {action} along: {_listed(left)}. "
        f"What it brings along: {_listed({reach.action for reach in after})}.",
        nodes=tuple(nodes),
        edges=tuple(edges),
        groups=tuple(
            Group(id_, title)
            for id_, title, members in (
                ("before", "Bring it along", left),
                ("after", "It brings along", right),
            )
            if members
        ),
    )


def catalog_picture(cascades: Iterable[Cascade], title: str = "All cascades") -> Picture:
    """All actions that cascades connect, in a frame for each service.

    An effect hangs on its parent, so that chains of several hops show. Which cascades an arrow comes from
    is told when one points at it.
    """
    chosen = list(cascades)
    graph = build_graph(chosen, NetworkxStore())
    bundles: dict[tuple[str, str], list[Emits | Via]] = {}
    hops: list[Emits | Via] = [
        *(edge for edge in graph.edges(Emits) if edge.via is None),
        *graph.edges(Via),
    ]
    for hop in hops:
        bundles.setdefault((hop.source, hop.target), []).append(hop)
    actions = sorted({action for ends in bundles for action in ends})
    techniques = _techniques(graph)
    services = sorted({action.partition(":")[0] for action in actions})
    return Picture(
        title=title,
        subtitle=f"{_count(len(chosen), 'cascade', 'cascades')} · "
        + _count(len(actions), "action", "actions"),
        description=f"The actions of {_listed(services)}, and which of them bring which along.",
        nodes=tuple(
            PictureNode(
                id=action,
                role="action",
                rows=(action_row(action, techniques.get(action, ())),),
                tooltip=action,
                group=action.partition(":")[0],
            )
            for action in actions
        ),
        edges=tuple(
            edge
            for (source, target), emissions in sorted(bundles.items())
            for edge in _bundled(source, target, emissions, labelled=False)
        ),
        groups=tuple(Group(service, service) for service in services),
    )


def _bundled(
    source: str, target: str, emissions: Iterable[Emits | Via], *, labelled: bool
) -> list[PictureEdge]:
    """One arrow for each relation between two actions, however many cascades state it."""
    by_relation: dict[str, list[Emits | Via]] = {}
    for emission in emissions:
        by_relation.setdefault(emission.relation, []).append(emission)
    edges = []
    for _, same in sorted(by_relation.items()):
        told = [_told(each) for each in same]
        label: tuple[str, ...] = ()
        if labelled:
            label = tuple(told[:_SHOWN_CASCADES])
            if len(told) > _SHOWN_CASCADES:
                label = (*label, f"and {len(told) - _SHOWN_CASCADES} more")
        edges.append(
            PictureEdge(
                source=source,
                target=target,
                style=same[0].relation,
                label=label,
                tooltip="; ".join(told),
            )
        )
    return edges


def _told(emission: Emits | Via) -> str:
    window = ", ".join(window_words(emission.before_s, emission.after_s))
    return f"{emission.cascade} ({window}; {emission.policy})"


def _techniques(graph: GraphReader) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for edge in graph.edges(MapsTo):
        found.setdefault(edge.source, set()).add(edge.target)
    return {action: sorted(ids) for action, ids in found.items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
