"""What a target can express, and what becomes of a query that asks for more.

`fit` cuts a query down to what the capabilities allow and lists every loss with its direction, so
that a target renders only what it can say and no loss goes unsaid.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from ..catalog.terms import Policy, format_duration
from .query import Condition, Denied, Edge, KeyPair, Node, Pattern, Query

Side = Literal["origin-first", "effect-first", "both"]
ActorKey = Literal["initial-principal", "session", "none"]
ConditionName = Literal[
    "equals", "in", "startswith", "endswith", "exists", "absent", "grants", "denied"
]

EVERY_CONDITION: frozenset[ConditionName] = frozenset(
    ("equals", "in", "startswith", "endswith", "exists", "absent", "grants", "denied")
)
PLAIN_CONDITIONS: frozenset[ConditionName] = EVERY_CONDITION - {"grants"}


class Direction(StrEnum):
    """What a loss does to a detection."""

    OPEN = "fails open"
    """Extra alerts: what the cascade explains is still shown."""
    CLOSED = "fails closed"
    """Missed attacks: what the cascade does not explain is silenced."""
    UNCOVERED = "not covered"
    """The artefact says nothing of these events: keep whatever alerts on them today."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the reference semantics that an artefact does not keep."""

    direction: Direction
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a target's artefact keeps of docs/semantics.md. All of it, unless a field says otherwise."""

    sides: Side = "both"
    """Whether the origin is found before its effect, after it, or on both sides."""
    hold: bool = True
    """Waits for the window's end and for late events before it judges."""
    same_second: bool = True
    """Sees an origin in the very second of its effect."""
    sliding: bool = True
    """Windows lie around each event; False: fixed buckets of time, which cut a cascade at their edges."""
    hop: bool = True
    """Joins through a third event."""
    spoilers: bool = True
    ensembles: bool = True
    rivals: bool = True
    """Asks in one query whether another cascade explains the event."""
    list_keys: bool = True
    nested_lists: bool = False
    """A key may be the set of values of lists within lists."""
    list_conditions: bool = False
    """A condition may ask something of every element of a list."""
    number_keys: bool = False
    """Whole numbers are values of keys, too, not only texts."""
    distinct_keys: bool = True
    repeated_actions: bool = False
    """An action may stand again further up on the way to the origin: three events that must all differ."""
    case_fold: bool = True
    first_of: bool = True
    """A key may be read from the first of several fields."""
    arn_name: bool = True
    """A key may be the last part of an ARN."""
    conditions: frozenset[ConditionName] = PLAIN_CONDITIONS
    actor: ActorKey = "session"
    """`initial-principal` follows credentials through the AssumeRole events of the log. `session` compares
    principalId and, but for IAM users and root, accessKeyId."""
    same_role: bool = True
    service_actor: bool = True
    any_account: bool = True
    same_tool: bool = False
    any_window: bool = True
    """Each effect has a window of its own; False: one window, the widest, for all."""
    max_window: int | None = None
    """The widest window, in seconds, that the platform keeps."""
    expiry: bool = False
    """The platform lets the artefact expire by itself."""


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
    spoilers_read = _drop_conditions_of_spoilers(query, can, losses)
    kept = _covered(spoilers_read, can, losses)
    if kept is None:
        return Fit(None, tuple(losses))
    narrowed = _narrowed(kept, can, losses)
    if narrowed is None:
        return Fit(None, tuple(losses))
    losses += _losses_of_detail(narrowed, can)
    if narrowed.spoilers and not can.spoilers:
        reasons = ", ".join(dict.fromkeys(spoiler.reason for spoiler in narrowed.spoilers))
        losses.append(
            Loss(Direction.CLOSED, f"nothing voids an explanation here; unnoticed: {reasons}")
        )
        narrowed = replace(narrowed, spoilers=())
    if narrowed.rivals and not can.rivals:
        for rival in narrowed.rivals:
            shared = sorted(set(rival.actions) & set(narrowed.actions))
            losses.append(
                Loss(
                    Direction.OPEN, f"{', '.join(shared)} explained by {rival.cascade} still alerts"
                )
            )
        narrowed = replace(narrowed, rivals=())
    elif narrowed.rivals:
        fits = [fit(replace(rival, lateness=query.lateness), can) for rival in narrowed.rivals]
        losses += [loss for each in fits for loss in each.losses if loss not in losses]
        narrowed = replace(narrowed, rivals=tuple(each.query for each in fits if each.query))
    return Fit(narrowed, tuple(dict.fromkeys(losses)))


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
    for reason, actions in by_reason.items():
        losses.append(Loss(Direction.UNCOVERED, f"{_names(dict.fromkeys(actions))}: {reason}"))
    for name in query.required:
        if _chain_problem(query, query.node(name), can):
            return None
    if not covered and not query.root_is_subject:
        return None
    return _keep(query, covered)


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
    if edge.same_tool and not can.same_tool:
        return "compares user agents"
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


def _narrowed(query: Query, can: Capabilities, losses: list[Loss]) -> Query | None:
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


def _drop_conditions_of_spoilers(query: Query, can: Capabilities, losses: list[Loss]) -> Query:
    """The query whose spoilers ask nothing that the target cannot: they then void more, not less."""
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


def _losses_of_detail(query: Query, can: Capabilities) -> Iterable[Loss]:
    edges = [node.edge for node in query.nodes]
    keys = [key for edge in edges for pair in edge.join for key in (pair.own, pair.parent)]
    waits = any(edge.before for edge in edges)
    if not can.hold and waits:
        yield Loss(
            Direction.OPEN,
            "judges on arrival: an origin that comes after its effect comes too late",
        )
    if not can.same_second:
        yield Loss(Direction.OPEN, "an origin in the very second of its effect is not seen")
    if not can.sliding:
        yield Loss(Direction.OPEN, "fixed buckets of time: a cascade across an edge still alerts")
    if not can.case_fold and any(key.fold for key in keys):
        yield Loss(Direction.OPEN, "names compare with case: Alice and alice are two")
    if any(edge.actor == "same" for edge in edges):
        if can.actor == "session":
            yield Loss(
                Direction.OPEN,
                "credentials are not followed through AssumeRole: two sessions of one person are two actors",
            )
        elif can.actor == "none":
            yield Loss(Direction.CLOSED, "actors are not compared: anybody's origin explains")
    if not can.same_role and any(edge.actor == "same-role" for edge in edges):
        yield Loss(Direction.OPEN, "two sessions of one role are two actors")
    if not can.any_account and any(not edge.same_account for edge in edges):
        yield Loss(Direction.OPEN, "an origin in another account is not seen")
    if not can.any_window and len({(edge.before, edge.after) for edge in edges}) > 1:
        yield Loss(
            Direction.CLOSED,
            "one window, the widest, for all effects: narrower ones are overstepped",
        )


def _names(actions: Iterable[str]) -> str:
    return ", ".join(actions)
