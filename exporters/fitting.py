"""Cuts a query down to what a target's capabilities allow, and lists every loss with its direction.

So a target renders only what it can say, and no loss goes unsaid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..catalog.terms import Policy, format_duration
from .asking import edge_problem, keys_problem, pattern_problem, unsupported
from .capabilities import Capabilities, Direction, Loss
from .fitting_vetoes import fitting_vetoes, voided_by
from .losses import (
    SAME_ACCESS_KEY,
    SAME_AGENT,
    losses_of_detail,
    losses_of_spoilers,
    losses_of_vetoes,
    reasons,
)
from .query import (
    SAME_ADDRESS,
    SAME_TOOL,
    Key,
    KeyPair,
    Node,
    Query,
    Spoiler,
    may_be_omitted,
    without_hand,
)


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
    told = _with_fitting_hands(_with_fitting_tools(query, can), can, losses)
    kept = _covered(told, can, losses)
    if kept is None:
        return Fit(None, tuple(losses))
    vetoes, unsaid = fitting_vetoes(kept, can, losses)
    voided = _vetoed(kept, unsaid, can, losses)
    if voided is None:
        return Fit(None, tuple(losses))
    narrowed = _narrowed(_with_fitting_spoilers(voided, can, losses), can, losses)
    if not can.same_tool and _asks_for_tools(query, narrowed):
        losses.append(
            Loss(Direction.CLOSED, "user agents are not compared: any tool's origin explains")
        )
    losses += losses_of_detail(narrowed, can)
    losses += losses_of_spoilers(narrowed, can)
    losses += losses_of_vetoes(vetoes, can)
    fitted = replace(
        narrowed,
        rivals=_fitting_rivals(narrowed, unsaid, can, losses),
        vetoes=tuple(cut for each in vetoes if (cut := _about(each, narrowed.actions))),
    )
    return Fit(fitted, tuple(dict.fromkeys(losses)))


def _about(veto: Query, actions: Sequence[str]) -> Query | None:
    """The veto of these actions; None where it explains none of them."""
    return veto if any(action in actions for action in veto.actions) else None


def _vetoed(
    query: Query, unsaid: Sequence[Query], can: Capabilities, losses: list[Loss]
) -> Query | None:
    """The query that the roots of the `unsaid` vetoes void, without the subjects of which that cannot be said."""
    voided, not_covered = voided_by(query, unsaid, can)
    for veto, names in not_covered.items():
        actions = dict.fromkeys(
            query.root.action if name is None else query.node(name).pattern.action for name in names
        )
        text = (
            f"{_names(actions)}: {veto} may explain it by a stricter policy, which cannot be asked"
        )
        losses.append(Loss(Direction.UNCOVERED, text))
    for spoiler in voided.spoilers[len(query.spoilers) :]:
        text = f"any {spoiler.pattern.action} within reach voids: {spoiler.reason}"
        losses.append(Loss(Direction.OPEN, text))
    lost = {name for names in not_covered.values() for name in names}
    if not lost:
        return voided
    if None in lost:
        voided = replace(voided, root_policy="annotate")
    kept = {node.name for node in voided.subjects} - lost
    return _keep(voided, kept) if kept or voided.root_is_subject else None


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


def _with_fitting_hands(query: Query, can: Capabilities, losses: list[Loss]) -> Query:
    """The query that compares access keys alone where a credential cannot be read, or no hands at all."""
    if can.same_hand and can.first_of:
        return query
    nodes = []
    for node in query.nodes:
        join = without_hand(node).edge.join
        if can.same_hand and join != node.edge.join:
            address = (SAME_ADDRESS,) if SAME_ADDRESS in node.edge.join else ()
            join = (*join, *address, SAME_ACCESS_KEY)
        nodes.append(replace(node, edge=replace(node.edge, join=join)))
    changed = replace(query, nodes=tuple(nodes))
    if changed != query:
        losses.append(
            Loss(Direction.OPEN, "access keys are compared: two keys of one sign-in are two hands")
            if can.same_hand
            else Loss(
                Direction.CLOSED,
                "addresses and credentials are not compared: whoever is the principal is one hand",
            )
        )
    return changed


def _fitting_rivals(
    query: Query, unsaid: Sequence[Query], can: Capabilities, losses: list[Loss]
) -> tuple[Query, ...]:
    rivals = []
    for rival in query.rivals:
        shared = [action for action in rival.actions if action in query.actions]
        if not shared:
            continue  # it explains only what is not covered here
        if not can.rivals:
            text = f"{_names(sorted(shared))} explained by {rival.cascade} still alerts"
            losses.append(Loss(Direction.OPEN, text))
            continue
        mine: list[Loss] = []
        voided = _vetoed(replace(rival, lateness=query.lateness), unsaid, can, mine)
        fitted = fit(voided, can) if voided is not None else Fit(None, ())
        fitted = replace(fitted, losses=(*mine, *fitted.losses))
        for loss in fitted.losses:
            if loss in losses:
                continue  # it is the query's own, too
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
    root_problem = pattern_problem(query.root, can)
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
    if not can.repeated_actions and any(query.repeated_above(step) for step in chain):
        return "the same action stands twice on the way to its origin"
    for step in chain:
        problem = pattern_problem(step.pattern, can) or edge_problem(step.edge, can)
        if problem:
            return problem
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
        return replace(query, spoilers=(), root_keys=(), root_account=False)
    spoilers = []
    widened: list[Spoiler] = []
    for spoiler in query.spoilers:
        where = tuple(test for test in spoiler.pattern.where if not unsupported(test, can))
        join = tuple(pair for pair in spoiler.join if not keys_problem((pair,), can))
        if not can.unreadable_spoilers:
            # What cannot be asked of one that cannot be read is asked of none.
            where = tuple(test for test in where if may_be_omitted(test.path) is None)
            join = ()
            spoiler = replace(spoiler, same_account=spoiler.same_account and not can.any_account)
        if where != spoiler.pattern.where or join != spoiler.join:
            losses.append(
                Loss(Direction.OPEN, f"any {spoiler.pattern.action} counts as: {spoiler.reason}")
            )
        if spoiler.between and not can.between:
            widened.append(spoiler)
            spoiler = replace(spoiler, between=False)
        pattern = replace(spoiler.pattern, where=where)
        spoilers.append(replace(spoiler, pattern=pattern, join=join))
    if widened:
        text = f"voids wherever the events may reach, not only between them: {reasons(widened)}"
        losses.append(Loss(Direction.OPEN, text))
    kept = tuple(each for each in spoilers if not any(_voids_less(each, one) for one in spoilers))
    return _with_judgeable_root(replace(query, spoilers=kept), can, losses)


def _voids_less(spoiler: Spoiler, other: Spoiler) -> bool:
    """Whether the other one, which asks the same, voids whatever the spoiler does, and more."""
    wider = replace(spoiler, before=other.before, after=other.after, reason=other.reason)
    return (
        wider == other
        and not other.between
        and other.before >= spoiler.before
        and other.after >= spoiler.after
        and (other.before, other.after) != (spoiler.before, spoiler.after)
    )


def _with_judgeable_root(query: Query, can: Capabilities, losses: list[Loss]) -> Query:
    """The query that asks of its root the keys that the target can read."""
    keys, account = query.root_keys, query.root_account
    if can.root_keys:
        keys = tuple(key for key in keys if not keys_problem((KeyPair(key, key),), can))
    else:
        keys, account = (), False
    lost = [key.name for key in query.root_keys if key not in keys and not _implied(query, key)]
    if query.root_account and not account and not _implied(query, None):
        lost.append("account")
    if lost:
        text = f"an origin without {_names(dict.fromkeys(lost))} explains, whatever voids it"
        losses.append(Loss(Direction.CLOSED, text))
    return replace(query, root_keys=keys, root_account=account)


def _implied(query: Query, key: Key | None) -> bool:
    """Whether every root that explains something has the key, or the account, since an edge asks for it."""

    def asks(node: Node) -> bool:
        edge = node.edge
        return edge.same_account if key is None else key in [pair.parent for pair in edge.join]

    if any(member.parent is None and asks(member) for member in query.members()):
        return True
    return not query.root_is_subject and all(asks(query.chain(node)[-1]) for node in query.subjects)


def _names(actions: Iterable[str]) -> str:
    return ", ".join(actions)
