"""The step of the root: the events that begin an instance, without those that a spoiler voids, and with all members."""

from sqlglot import exp

from ..query import Query
from .expressions import column, named, union
from .fields import is_null, not_null
from .joins import Joins
from .names import snake_case
from .steps import Steps
from .wording import events_words


def origin_step(query: Query, steps: Steps, joins: Joins) -> str:
    """Add the steps of the root; returns the name of the last, which holds an `instance` a row."""
    label = snake_case(query.root.event_name)
    # An event without an id could not be told from its own spoiler.
    fitting = (
        exp.select("*")
        .from_(joins.events.name)
        .where(*joins.fits.fit([query.root]))
        .select(named(column("event_id"), "instance"))
        .where(not_null(column("event_id")))
    )
    if not query.spoilers and not query.required:
        return steps.add(label, fitting, events_words([query.root]))
    step = steps.add(f"{label}_calls", fitting, events_words([query.root]))
    if query.spoilers:
        name = f"{label}_kept" if query.required else label
        step = _unspoiled(query, step, name, steps, joins)
    return _complete(query, step, steps, joins)


def _unspoiled(query: Query, roots: str, name: str, steps: Steps, joins: Joins) -> str:
    """The roots that no spoiler voids."""
    voided: list[exp.Query] = [joins.voided(each, roots, query.root) for each in query.spoilers]
    spoilers = "; ".join(joins.spoiler_words(each, roots) for each in query.spoilers)
    label = f"voided_{snake_case(query.root.event_name)}"
    spoiled = steps.add(label, union(voided), f"those that are voided by {spoilers}")
    return steps.add(name, _without(roots, spoiled), "those that nothing voids")


def _without(step: str, unwanted: str) -> exp.Query:
    """The rows of `step` whose event is not in `unwanted`."""
    ids = exp.select("event_id").distinct().from_(unwanted).subquery("unwanted")
    return (
        exp.select("kept.*")
        .from_(exp.alias_(exp.to_table(step), "kept", table=True))
        .join(
            ids,
            on=column("event_id", "unwanted").eq(column("event_id", "kept")),
            join_type="left",
        )
        .where(is_null(column("event_id", "unwanted")))
    )


def _complete(query: Query, roots: str, steps: Steps, joins: Joins) -> str:
    """The roots that have every member without which nothing is explained."""
    label = snake_case(query.root.event_name)
    step = roots
    for place, name in enumerate(query.required, 1):
        member = query.node(name)
        hung = joins.effects([member], step, query.root)
        having = steps.add(
            f"{label}_with_{snake_case(member.pattern.event_name)}",
            hung.select(named(column("instance", "parent"), "instance"), append=False),
            f"those with {joins.effect_words([member], step)}",
        )
        last = place == len(query.required)
        here = column("event_id").isin(query=exp.select("instance").from_(having))
        step = steps.add(
            label if last else f"{label}_{place}",
            exp.select("*").from_(step).where(here),
            f"those that have {name}",
        )
    return step
