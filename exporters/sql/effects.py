"""The steps of the effects: what hangs on the root by way of hops, and what of it is explained."""

from collections.abc import Sequence

from sqlglot import exp

from ..query import Node, Query, alike
from .dialect import Expression, text
from .expressions import column, likeness, named, union, without
from .fields import not_null
from .joins import Joins
from .names import snake_case
from .origins import has_between, origin_step, standing_step
from .steps import Steps

LISTED = ("event_id", "cascade", "effect", "relation", "origin_event_id")


def explained_effects(
    query: Query, steps: Steps, joins: Joins, *, extent: str | None = None, prefix: str = ""
) -> list[exp.Query]:
    """Add the steps of one cascade; returns the selects of what it explains.

    `extent` is the step that says how far the log reaches; `prefix` begins the steps' names.
    """
    root = origin_step(query, steps, joins, prefix=prefix)
    found: list[exp.Select] = []
    if query.root_is_subject:
        relation = query.root_relation or "companion"
        found.append(_path(root, query, text(query.root_name), relation, 0))
    places: dict[str | None, str] = {None: root}
    for nodes in _alike(query):
        first = nodes[0]
        step = _effect_step(query, nodes, places[first.parent], steps, joins, prefix)
        places.update((node.name, step) for node in nodes)
        if first in query.subjects:
            hops = len(query.chain(first)) - 1
            found.append(_path(step, query, _effect_name(nodes), first.relation, hops))
    standing = standing_step(query, root, steps, joins, extent=extent, prefix=prefix)
    between = _between_step(query, root, steps, joins, prefix)
    if standing is None and between is None:
        return list(found)
    keeps = "what hangs on one of them, whatever voids or cuts it"
    paths = steps.add(f"paths_of_{root}", union(found), keeps)
    if between is not None:
        paths = _uncut(paths, between, _longest(query), steps, joins)
    listed = exp.select(*LISTED).from_(paths)
    if standing is not None:
        roots = exp.select("event_id").from_(standing)
        listed = listed.where(column("origin_event_id").isin(query=roots))
    return [listed]


def _alike(query: Query) -> list[list[Node]]:
    """The nodes that subjects need, parents first; together those that one step can find."""
    needed = {step.name for node in query.subjects for step in query.chain(node)}
    alike: dict[object, list[Node]] = {}
    for node in query.nodes:
        if node.name in needed:
            alike.setdefault(likeness(query, node), []).append(node)
    return list(alike.values())


def _effect_step(
    query: Query, nodes: Sequence[Node], parents: str, steps: Steps, joins: Joins, prefix: str
) -> str:
    """The step of these nodes' events that hang on the events of their parent's step."""
    first = nodes[0]
    parent = query.node(first.parent).pattern if first.parent else query.root
    hung = joins.effects(query, nodes, parents, parent).select(
        "own.*", named(column("instance", "parent"), "instance")
    )
    between = has_between(query)
    if between:
        hung = _with_span(hung)
    if between or _repeats(query):
        hung = _with_path(hung, len(query.chain(first)) - 1)
    hung = hung.where(*_elsewhere(query, nodes), *joins.certain(query, "own"))
    label = snake_case(first.pattern.event_name)
    if len(nodes) > 1:
        label = f"effects_of_{snake_case(parent.event_name)}"
    return steps.add(f"{prefix}{label}", hung, joins.effect_words(nodes, parents))


def _with_span(hung: exp.Select) -> exp.Select:
    """The events with what their path spans in time."""
    own = column("event_time", "own")
    first = exp.func("LEAST", own, column("first_time", "parent"))
    last = exp.func("GREATEST", own.copy(), column("last_time", "parent"))
    hung = hung.select(named(first, "first_time"), named(last, "last_time"))
    return hung.where(not_null(column("event_id", "own")))


def _with_path(hung: exp.Select, hops: int) -> exp.Select:
    """The events with the ids of those on their path between them and the root."""
    for hop in range(1, hops):
        hung = hung.select(named(column(f"hop_{hop}", "parent"), f"hop_{hop}"))
    if hops:
        hung = hung.select(named(column("event_id", "parent"), f"hop_{hops}"))
        hung = hung.where(not_null(column("event_id", "parent")))
    return hung


def _repeats(query: Query) -> bool:
    """Whether some event of a path could take a place further up on it, too."""
    return any(query.repeated_above(node) for node in query.nodes)


def _elsewhere(query: Query, nodes: Sequence[Node]) -> list[Expression]:
    """The event is none of those further up on its path than its parent."""
    above = dict.fromkeys(step for node in nodes for step in query.repeated_above(node))
    places = ["instance" if step is None else f"hop_{len(query.chain(step))}" for step in above]
    own = column("event_id", "own")
    return [exp.NEQ(this=own.copy(), expression=column(name, "parent")) for name in places]


def _between_step(query: Query, root: str, steps: Steps, joins: Joins, prefix: str) -> str | None:
    """Add the step of what may lie between the events of a path and cut it; None where nothing may."""
    between = [spoiler for spoiler in query.spoilers if spoiler.between]
    if not between:
        return None
    rows = [
        select
        for each in alike(between, in_where=True)
        for select in joins.concerning(query, each, root)
    ]
    words = "; ".join(joins.between_words(each) for each in between)
    label = f"{prefix}near_{snake_case(query.root.event_name)}"
    return steps.add(
        label, union(rows), f"what cuts a path to {root} when it lies in between: {words}"
    )


def _uncut(paths: str, between: str, hops: int, steps: Steps, joins: Joins) -> str:
    """The rows of `paths` between whose events nothing of the step `between` lies; none has more hops."""
    path = ("event_id", "origin_event_id", *_hops(hops))
    cut = steps.add(
        f"cut_{paths}",
        joins.cut(paths, between, path),
        "those between whose events some of it lies",
    )
    rest = without(paths, cut, path)
    return steps.add(f"uncut_{paths}", rest, "those between whose events nothing lies")


def _longest(query: Query) -> int:
    """How many events lie at most between a subject and the root."""
    return max((len(query.chain(node)) - 1 for node in query.subjects), default=0)


def _hops(count: int) -> list[str]:
    return [f"hop_{hop}" for hop in range(1, count + 1)]


def _effect_name(nodes: Sequence[Node]) -> Expression:
    """The name of the effect that an event of the step is."""
    first = nodes[0]
    if len(nodes) == 1:
        return text(first.name)
    service = text(first.pattern.action.partition(":")[0] + ":")
    return exp.DPipe(this=service, expression=column("event_name"), safe=True)


def _path(step: str, query: Query, effect: Expression, relation: str, hops: int) -> exp.Select:
    """What the step holds, as the rows that are listed; where something may lie between, with the path, which has so
    many hops and for the rest empty ids."""
    listed = exp.select(
        "event_id",
        named(text(query.cascade), "cascade"),
        named(effect, "effect"),
        named(text(relation), "relation"),
        named(column("instance"), "origin_event_id"),
    ).from_(step)
    if not has_between(query):
        return listed
    longest = _hops(_longest(query))
    here = [column(name) for name in longest[:hops]]
    missing = [named(text(""), name) for name in longest[hops:]]
    return listed.select("first_time", "last_time", *here, *missing)
