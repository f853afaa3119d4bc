"""Cuts a query down to what a target's capabilities allow, and lists every loss with its direction.

So a target renders only what it can say, and no loss goes unsaid.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..catalog.terms import Policy, format_duration
from .capabilities import Capabilities, Direction, Loss
from .losses import SAME_AGENT, losses_of_detail, losses_of_spoilers, reasons
from .query import SAME_TOOL, Condition, Denied, Edge, KeyPair, Node, Pattern, Query


@dataclass(frozen=True, slots=True)
class Fit:
    """A query cut down to what a target can say. `query` is None where nothing of it is left."""

    query: Query | None
    losses: tuple[Loss, ...]

    @property
    def fails_closed(self) -> bool:
        """Whether some loss may hide an attack."""
        return any(loss.direction is Direction.CLOSED for loss in self.losses)


def fit(query: Query, can: Capabilities) -> Fit:
    """Cut `query` down to what `can` says, and say what is lost by it."""
    losses: list[Loss] = []
    kept = _covered(_with_fitting_tools(query, can), can, losses)
    if kept is None:
        return Fit(None, tuple(losses))
    narrowed = _narrowed(_with_fitting_spoilers(kept, can, losses), can, losses)
    if not can.same_tool and _asks_for_tools(query, narrowed):
        losses.append(
            Loss(Direction.CLOSED, "user agents are not compared: any tool's origin explains")
        )
    losses += losses_of_detail(narrowed, can)
    losses += losses_of_spoilers(narrowed, can)
    fitted = replace(narrowed, rivals=_fitting_rivals(narrowed, can, losses))
    return Fit(fitted, tuple(dict.fromkeys(losses)))


def _asks_for_tools(query: Query, kept: Query) -> bool:
    """Whether some effect of `kept` asks for the same tool in `query`."""
    return any(SAME_TOOL in query.node(node.name).edge.join for node in kept.nodes)


def _with_fitting_tools(query: Query, can: Capabilities) -> Query:
    """The query that compares userAgents as they stand, which explains less, or not at all, which explains more."""
    if can.same_tool and can.tool_family:
        return query
    instead = (SAME_AGENT,) if can.same_tool else ()
    nodes = []
    for node in query.nodes:
        join = tuple(pair for pair in node.edge.join if pair != SAME_TOOL)
        if join != node.edge.join:
            join += instead
        nodes.append(replace(node, edge=replace(node.edge, join=join)))
    return replace(query, nodes=tuple(nodes))


def _fitting_rivals(query: Query, can: Capabilities, losses: list[Loss]) -> tuple[Query, ...]:
    rivals = []
    for rival in query.rivals:
        shared = [action for action in rival.actions if action in query.actions]
        if not shared:
            continue  # it explains only what is not covered here
        if not can.rivals:
            text = f"{_names(sorted(shared))} explained by {rival.cascade} still alerts"
            losses.append(Loss(Direction.OPEN, text))
            continue
        fitted = fit(replace(rival, lateness=query.lateness), can)
        for loss in fitted.losses:
            if loss.direction is Direction.UNCOVERED:
                # The query covers these actions: it is only the rival's explanation that is missing.
                text = f"what {rival.cascade} explains still alerts: {loss.text}"
                losses.append(Loss(Direction.OPEN, text))
            else:
                losses.append(loss)
        if fitted.query is not None:
            rivals.append(fitted.query)
    return tuple(rivals)


def _covered(query: Query, can: Capabilities, losses: list[Loss]) -> Query | None:
    """The query without the subjects that the target cannot judge."""
    if query.ensemble and not can.ensembles:
        text = (
            f"{_names(query.actions)}: no event begins the cascade, its members explain each other"
        )
        losses.append(Loss(Direction.UNCOVERED, text))
        return None
    root_problem = _pattern_problem(query.root, can)
    if root_problem:
        losses.append(Loss(Direction.UNCOVERED, f"{_names(query.actions)}: {root_problem}"))
        return None
    covered: set[str] = set()
    by_reason: dict[str, list[str]] = {}
    for node in query.subjects:
        problem = _chain_problem(query, node, can)
        if problem is None:
            covered.add(node.name)
        else:
            by_reason.setdefault(problem, []).append(node.pattern.action)
    for name in query.required:
        problem = _chain_problem(query, query.node(name), can)
        if problem:
            losses.append(Loss(Direction.UNCOVERED, f"{_names(query.actions)}: {name} {problem}"))
            return None
    kept = _keep(query, covered) if covered or query.root_is_subject else None
    judged = kept.actions if kept else ()
    for reason, actions in by_reason.items():
        # Another node of the same action may be left; then the action is judged, without this node.
        partly = [action for action in dict.fromkeys(actions) if action in judged]
        if partly:
            text = f"{_names(partly)} alerts though explained where it {reason}"
            losses.append(Loss(Direction.OPEN, text))
        not_at_all = [action for action in dict.fromkeys(actions) if action not in judged]
        if not_at_all:
            losses.append(Loss(Direction.UNCOVERED, f"{_names(not_at_all)}: {reason}"))
    return kept


def _keep(query: Query, subjects: set[str]) -> Query:
    """The query with these subjects and what their chains and the ensemble need."""
    needed = set(query.required)
    for node in query.subjects:
        if node.name in subjects:
            needed.update(step.name for step in query.chain(node))
    other: Policy = "annotate" if query.purpose == "alert" else "never"
    nodes = tuple(
        node
        if node.policy != query.subject_policy or node.name in subjects
        else replace(node, policy=other)
        for node in query.nodes
        if node.name in needed
    )
    return replace(query, nodes=nodes)


def _chain_problem(query: Query, node: Node, can: Capabilities) -> str | None:
    chain = query.chain(node)
    if len(chain) > 1 and not can.hop:
        return f"joins its origin through {chain[1].pattern.action}, which takes a hop"
    actions = [*(step.pattern.action for step in chain), query.root.action]
    if not can.repeated_actions and any(
        action in actions[place + 2 :] for place, action in enumerate(actions)
    ):
        return "the same action stands twice on the way to its origin"
    for step in chain:
        problem = _pattern_problem(step.pattern, can) or _edge_problem(step.edge, can)
        if problem:
            return problem
    return None


def _pattern_problem(pattern: Pattern, can: Capabilities) -> str | None:
    for condition in pattern.where:
        if name := _unsupported(condition, can):
            return f"the condition {name!r} on {condition.path} cannot be said here"
    return None


def _unsupported(condition: Condition, can: Capabilities) -> str | None:
    if "[]" in condition.path and not can.list_conditions:
        return "for every element"
    if isinstance(condition, Denied):
        if "denied" not in can.conditions:
            return "not"
        return next((name for test in condition.tests if (name := _unsupported(test, can))), None)
    return condition.operator if condition.operator not in can.conditions else None


def _edge_problem(edge: Edge, can: Capabilities) -> str | None:
    if edge.distinct and not can.distinct_keys:
        return "asks for keys that differ"
    if edge.actor == "service" and not can.service_actor:
        return f"asks for a call made by {edge.service}"
    if can.sides == "effect-first" and not edge.before:
        return "follows its origin, and only an origin after it can be seen"
    if can.sides == "origin-first" and not edge.after:
        return "precedes its origin, and only an origin before it can be seen"
    return _keys_problem((*edge.join, *edge.distinct), can)


def _keys_problem(pairs: Iterable[KeyPair], can: Capabilities) -> str | None:
    keys = [key for pair in pairs for key in (pair.own, pair.parent)]
    if any(key.many for key in keys) and not can.list_keys:
        return "joins on a list"
    if not can.nested_lists and any(path.count("[]") > 1 for key in keys for path in key.paths):
        return "joins on lists within lists"
    if any(key.arn_name for key in keys) and not can.arn_name:
        return "joins on a part of an ARN"
    if any(len(key.paths) > 1 for key in keys) and not can.first_of:
        return "joins on a field that stands in different places"
    return None


def _narrowed(query: Query, can: Capabilities, losses: list[Loss]) -> Query:
    """The query with the windows that the target keeps."""
    nodes = []
    for node in query.nodes:
        edge = node.edge
        if can.sides == "effect-first" and edge.after:
            side = (
                f"{node.pattern.action} up to {format_duration(edge.after)} after its parent event"
            )
            losses.append(
                Loss(Direction.OPEN, f"{side} is not explained: only an event after it counts")
            )
            edge = replace(edge, after=0)
        if can.sides == "origin-first" and edge.before:
            side = f"{node.pattern.action} up to {format_duration(edge.before)} before its parent event"
            losses.append(
                Loss(Direction.OPEN, f"{side} is not explained: only an event before it counts")
            )
            edge = replace(edge, before=0)
        if can.max_window is not None and max(edge.before, edge.after) > can.max_window:
            losses.append(
                Loss(
                    Direction.OPEN,
                    f"the window of {node.pattern.action} ends after {format_duration(can.max_window)} "
                    f"instead of {format_duration(max(edge.before, edge.after))}",
                )
            )
            edge = replace(
                edge,
                before=min(edge.before, can.max_window),
                after=min(edge.after, can.max_window),
            )
        nodes.append(replace(node, edge=edge))
    return replace(query, nodes=tuple(nodes))


def _with_fitting_spoilers(query: Query, can: Capabilities, losses: list[Loss]) -> Query:
    """The query whose spoilers ask nothing that the target cannot: they then void more, not less."""
    if not can.spoilers:
        if query.spoilers:
            text = f"nothing voids an explanation here; unnoticed: {reasons(query.spoilers)}"
            losses.append(Loss(Direction.CLOSED, text))
        return replace(query, spoilers=())
    spoilers = []
    for spoiler in query.spoilers:
        where = tuple(test for test in spoiler.pattern.where if not _unsupported(test, can))
        join = tuple(pair for pair in spoiler.join if not _keys_problem((pair,), can))
        if where != spoiler.pattern.where or join != spoiler.join:
            losses.append(
                Loss(Direction.OPEN, f"any {spoiler.pattern.action} counts as: {spoiler.reason}")
            )
        pattern = replace(spoiler.pattern, where=where)
        spoilers.append(replace(spoiler, pattern=pattern, join=join))
    return replace(query, spoilers=tuple(spoilers))


def _names(actions: Iterable[str]) -> str:
    return ", ".join(actions)
