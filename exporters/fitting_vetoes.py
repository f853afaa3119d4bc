"""Vetoes, cut down to what a target can say.

A veto that says too little silences too much. So what cannot be asked of one is left out: it then explains more than
its cascade does, and more alerts. Where not even that can be said, its root alone voids, wherever it may reach.
"""

from collections.abc import Iterable
from dataclasses import replace

from .asking import edge_problem, keys_problem, unsupported
from .capabilities import Capabilities, Direction, Loss
from .overlap import may_both_fit
from .query import SAME_TOOL, Edge, KeyPair, Node, Pattern, Query, Spoiler


def fitting_vetoes(
    query: Query, can: Capabilities, losses: list[Loss]
) -> tuple[tuple[Query, ...], tuple[Query, ...]]:
    """The vetoes of what `query` covers that can be said, and those that cannot."""
    said, unsaid = [], []
    own = replace(query, vetoes=()).reach_after
    for veto in query.vetoes:
        if not any(action in query.actions for action in veto.actions):
            continue
        widened = _widened(veto, can) if can.vetoes else None
        if widened is None:
            unsaid.append(veto)
            continue
        if not can.finished_log and widened.reach_after > own:
            # Nobody shall wait for what would only tell that a veto does not hold.
            widened = replace(widened, required=(), spoilers=())
        if widened != veto:
            text = f"more counts as explained by {veto.cascade} than is, and alerts"
            losses.append(Loss(Direction.OPEN, text))
        said.append(replace(widened, lateness=query.lateness))
    return tuple(said), tuple(unsaid)


def voided_by(
    query: Query, unsaid: Iterable[Query], can: Capabilities
) -> tuple[Query, dict[str, list[str | None]]]:
    """`query` with a spoiler for the root of each of these vetoes, wherever both may reach; and by the veto's cascade
    the names of the subjects of which even that cannot be said, None for the root."""
    spoilers: list[Spoiler] = []
    not_covered: dict[str, list[str | None]] = {}
    for veto in unsaid:
        for name in _shared(query, veto):
            found = _root_as_spoiler(query, name, veto) if can.spoilers else None
            if found is None:
                not_covered.setdefault(veto.cascade, []).append(name)
            else:
                spoilers.append(found)
    voided = replace(
        query,
        spoilers=(*query.spoilers, *dict.fromkeys(spoilers)),
        root_account=query.root_account or any(spoiler.same_account for spoiler in spoilers),
    )
    return voided, not_covered


def _subjects(query: Query) -> list[tuple[str | None, Pattern]]:
    found: list[tuple[str | None, Pattern]] = [(node.name, node.pattern) for node in query.subjects]
    return [(None, query.root), *found] if query.root_is_subject else found


def _shared(query: Query, veto: Query) -> list[str | None]:
    """The names of the subjects of `query` of which the veto may explain an event, too."""
    strict = [pattern for _, pattern in _subjects(veto)]
    return [
        name
        for name, pattern in _subjects(query)
        if any(may_both_fit(pattern, other) for other in strict)
    ]


def _chain(query: Query, name: str | None) -> tuple[Node, ...]:
    return () if name is None else query.chain(query.node(name))


def _root_as_spoiler(query: Query, name: str | None, veto: Query) -> Spoiler | None:
    """The veto's root as what voids the instances of `query`; None where that may be their own root, or the event."""
    if veto.root_is_subject or may_both_fit(query.root, veto.root):
        return None
    mine = _chain(query, name)
    theirs = [_chain(veto, other) for other, _ in _subjects(veto)]
    edges = [step.edge for chain in (mine, *theirs) for step in chain]
    before, after = (sum(step.edge.before for step in mine), sum(step.edge.after for step in mine))
    return Spoiler(
        pattern=veto.root,
        join=(),
        before=before + max(sum(step.edge.after for step in chain) for chain in theirs),
        after=after + max(sum(step.edge.before for step in chain) for chain in theirs),
        same_account=all(edge.same_account for edge in edges),
        reason=f"{veto.cascade} may explain it",
    )


def _widened(veto: Query, can: Capabilities) -> Query | None:
    """The veto without what cannot be asked, so that it explains more; None where it would explain less."""
    chains = [veto.chain(node) for node in veto.subjects]
    if not can.hop and any(len(chain) > 1 for chain in chains):
        return None
    edges = [step.edge for chain in chains for step in chain]
    if can.sides != "both" and edges:
        return None
    if can.max_window is not None and any(
        max(edge.before, edge.after) > can.max_window for edge in edges
    ):
        return None
    nodes = tuple(
        replace(node, pattern=_pattern(node.pattern, can), edge=_edge(node.edge, can))
        for node in veto.nodes
    )
    required = veto.required if can.ensembles else ()
    if any(edge_problem(veto.node(name).edge, can) for name in required):
        required = ()
    return replace(
        veto,
        root=_pattern(veto.root, can),
        nodes=nodes,
        required=required,
        spoilers=tuple(spoiler for spoiler in veto.spoilers if _can_be_said(spoiler, can)),
        root_keys=tuple(
            key
            for key in veto.root_keys
            if can.root_keys and not keys_problem((KeyPair(key, key),), can)
        ),
        root_account=veto.root_account and can.root_keys,
    )


def _pattern(pattern: Pattern, can: Capabilities) -> Pattern:
    where = tuple(condition for condition in pattern.where if not unsupported(condition, can))
    return replace(pattern, where=where)


def _edge(edge: Edge, can: Capabilities) -> Edge:
    actor = edge.actor
    if actor in ("same", "same-role") and can.actor != "initial-principal":
        actor = "any"  # two sessions of one person would be two actors
    if (actor == "same-role" and not can.same_role) or (
        actor == "service" and not can.service_actor
    ):
        actor = "any"
    return replace(
        edge,
        join=tuple(pair for pair in edge.join if _compares(pair, can)),
        distinct=tuple(
            pair for pair in edge.distinct if can.distinct_keys and not keys_problem((pair,), can)
        ),
        actor=actor,
        service=edge.service if actor == "service" else None,
    )


def _compares(pair: KeyPair, can: Capabilities) -> bool:
    """Whether the target finds all keys equal that are."""
    if pair == SAME_TOOL:
        return can.same_tool and can.tool_family
    folded = pair.own.fold or pair.parent.fold
    return (can.case_fold or not folded) and not keys_problem((pair,), can)


def _can_be_said(spoiler: Spoiler, can: Capabilities) -> bool:
    return (
        can.spoilers
        and (can.between or not spoiler.between)
        and can.unreadable_spoilers
        and not any(unsupported(condition, can) for condition in spoiler.pattern.where)
        and not keys_problem(spoiler.join, can)
    )
