"""The steps of the effects: what hangs on the root by way of hops, and what of it is explained."""

from collections.abc import Sequence

from sqlglot import exp

from ..query import Node, Query
from .dialect import Expression, text
from .expressions import column, likeness, named
from .joins import Joins
from .names import snake_case
from .steps import Steps


def explained_effects(query: Query, root: str, steps: Steps, joins: Joins) -> list[exp.Query]:
    """Add the steps of the effects of one cascade; returns a select for each subject, of what is explained."""
    found: list[exp.Query] = []
    if query.root_is_subject:
        relation = query.root_relation or "companion"
        found.append(_listing(root, query, text(query.root_name), relation))
    places: dict[str | None, str] = {None: root}
    for nodes in _alike(query):
        first = nodes[0]
        step = _effect_step(query, nodes, places[first.parent], steps, joins)
        places.update((node.name, step) for node in nodes)
        if first in query.subjects:
            found.append(_listing(step, query, _effect_name(nodes), first.relation))
    return found


def _alike(query: Query) -> list[list[Node]]:
    """The nodes that subjects need, parents first; together those that one step can find."""
    needed = {step.name for node in query.subjects for step in query.chain(node)}
    alike: dict[object, list[Node]] = {}
    for node in query.nodes:
        if node.name in needed:
            alike.setdefault(likeness(query, node), []).append(node)
    return list(alike.values())


def _effect_step(
    query: Query, nodes: Sequence[Node], parents: str, steps: Steps, joins: Joins
) -> str:
    """The step of these nodes' events that hang on the events of their parent's step."""
    first = nodes[0]
    parent = query.node(first.parent).pattern if first.parent else query.root
    hung = joins.effects(nodes, parents, parent).select(
        "own.*", named(column("instance", "parent"), "instance")
    )
    label = snake_case(first.pattern.event_name)
    if len(nodes) > 1:
        label = f"effects_of_{snake_case(parent.event_name)}"
    return steps.add(label, hung, joins.effect_words(nodes, parents))


def _effect_name(nodes: Sequence[Node]) -> Expression:
    """The name of the effect that an event of the step is."""
    first = nodes[0]
    if len(nodes) == 1:
        return text(first.name)
    service = text(first.pattern.action.partition(":")[0] + ":")
    return exp.DPipe(this=service, expression=column("event_name"), safe=True)


def _listing(step: str, query: Query, effect: Expression, relation: str) -> exp.Query:
    return exp.select(
        "event_id",
        named(text(query.cascade), "cascade"),
        named(effect, "effect"),
        named(text(relation), "relation"),
        named(column("instance"), "origin_event_id"),
    ).from_(step)
