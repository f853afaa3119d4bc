"""Small pieces of which the steps are made: columns, windows, unions, and which nodes share a step."""

from collections.abc import Sequence

from sqlglot import exp

from ..query import Key, Node, Pattern, Query
from .dialect import Expression, number, text


def keys_of(query: Query) -> list[Key]:
    """The keys that edges and spoilers of the query compare, and that its root must have."""
    found: list[Key] = [*query.root_keys]
    for node in query.nodes:
        for pair in (*node.edge.join, *node.edge.distinct):
            found += [pair.own, pair.parent]
    for spoiler in query.spoilers:
        for pair in spoiler.join:
            found += [pair.own, pair.parent]
    return list(dict.fromkeys(found))


def union(selects: Sequence[exp.Query]) -> exp.Query:
    """All rows of all selects."""
    found = selects[0]
    for more in selects[1:]:
        found = exp.union(found, more, distinct=False)
    return found


def without(
    step: str, unwanted: str, same: Sequence[str], *, columns: Sequence[str] = ("*",)
) -> exp.Select:
    """The rows of `step`, or these columns of them, of which no row of `unwanted` has the same values in the columns
    `same`."""
    rows = exp.select(*same).distinct().from_(unwanted).subquery("unwanted")
    equal = [column(name, "unwanted").eq(column(name, "kept")) for name in same]
    return (
        exp.select(*(f"kept.{name}" for name in columns))
        .from_(exp.alias_(exp.to_table(step), "kept", table=True))
        .join(rows, on=exp.and_(*equal), join_type="left")
        .where(exp.Is(this=column(same[0], "unwanted"), expression=exp.null()))
    )


def likeness(query: Query, node: Node) -> object:
    """Nodes with the same likeness share a step: they differ in nothing but the event's name."""
    if node.name != node.pattern.action or any(other.parent == node.name for other in query.nodes):
        return node.name
    pattern = node.pattern
    subject = node in query.subjects
    return (
        node.parent,
        node.edge,
        pattern.event_source,
        pattern.where,
        pattern.may_fail,
        node.relation,
        subject,
    )


def subject_keys(query: Query) -> list[Key]:
    """The keys that the subjects themselves have."""
    keys = [pair.own for node in query.subjects for pair in (*node.edge.join, *node.edge.distinct)]
    return list(dict.fromkeys(keys))


def named(value: Expression, name: str) -> Expression:
    """The value under a name of its own."""
    return exp.alias_(value, name)


def column(name: str, table: str | None = None) -> exp.Column:
    """A column of a step."""
    return exp.column(name, table=table)


def within(own: str, parent: str, before: int, after: int) -> Expression:
    """Whether the time of `own` lies in the window around that of `parent`; both in seconds."""
    moment = column("event_time", parent)
    low: Expression = exp.Sub(this=moment, expression=number(before)) if before else moment
    high: Expression = (
        exp.Add(this=moment.copy(), expression=number(after)) if after else moment.copy()
    )
    return exp.Between(this=column("event_time", own), low=low, high=high)


def by_source(actions: Sequence[str]) -> dict[str, list[str]]:
    """The event names of the actions, by event source."""
    found: dict[str, list[str]] = {}
    for action in dict.fromkeys(actions):
        pattern = Pattern(action)
        found.setdefault(pattern.event_source, []).append(pattern.event_name)
    return found


def any_action_named(actions: Sequence[str], table: str) -> Expression:
    """Whether the event of a step is of one of the actions."""
    return exp.or_(
        *(
            exp.and_(
                column("event_source", table).eq(text(source)),
                column("event_name", table).isin(*map(text, names)),
            )
            for source, names in by_source(actions).items()
        )
    )
