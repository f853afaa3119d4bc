"""The steps of the root: the events that begin an instance, and which of them no spoiler voids and no member lacks."""

from sqlglot import exp

from ..query import Node, Query, Spoiler, alike
from .dialect import Expression, number
from .events import Events
from .expressions import column, named, union, without
from .fields import not_null
from .joins import Joins
from .names import snake_case
from .steps import Steps
from .wording import events_words


def windows_of(query: Query) -> list[Spoiler]:
    """The spoilers that lie around the root."""
    return [spoiler for spoiler in query.spoilers if not spoiler.between]


def has_between(query: Query) -> bool:
    """Whether something may lie between the events of a path and cut it."""
    return any(spoiler.between for spoiler in query.spoilers)


def extent_step(query: Query, steps: Steps, events: Events) -> str | None:
    """Add the step that says from when until when the table reaches, where that may keep something from being
    silenced; returns its name. On a schedule a run waits, and looks back far enough."""
    if events.setting.every is not None or query.purpose != "alert":
        return None
    if not any(windows_of(each) for each in (query, *query.rivals)):
        return None
    moment = events.fields.seconds()
    extent = exp.select(
        named(exp.Min(this=moment), "since"), named(exp.Max(this=moment.copy()), "until")
    ).from_(events.setting.dialect.table(events.setting.table))
    return steps.add("log_extent", extent, "the first and the last moment of all records")


def origin_step(query: Query, steps: Steps, joins: Joins, *, prefix: str = "") -> str:
    """Add the step of the events that begin an instance; `prefix` begins its name, which is returned."""
    # An event without an id could not be told from its own spoiler.
    fitting = (
        exp.select("*")
        .from_(joins.events.name)
        .where(*joins.fits.fit([query.root]), *joins.certain(query), *joins.judgeable(query))
        .select(named(column("event_id"), "instance"))
        .where(not_null(column("event_id")))
    )
    if has_between(query):
        for name in ("first_time", "last_time"):
            fitting = fitting.select(named(column("event_time"), name))
    label = f"{prefix}{snake_case(query.root.event_name)}"
    return steps.add(label, fitting, events_words([query.root]))


def standing_step(
    query: Query, root: str, steps: Steps, joins: Joins, *, extent: str | None, prefix: str
) -> str | None:
    """Add the steps from the roots of the step `root` to those that may explain something; returns the name of the
    last, or None where all may.

    It is asked of the roots alone, once, and what hangs on them is held to it at the end: a step that every effect
    refers to stays small. `extent` is the step that says how far the log reaches.
    """
    voided = _voided_step(query, root, steps, joins, prefix)
    having = [_having_step(query, member, root, steps, joins, prefix) for member in query.members()]
    seen = root
    keeps = ["those that nothing voids"] if voided else []
    if extent is not None and windows_of(query):
        shown = "those around which the log shows what may void"
        seen = steps.add(f"seen_{root}", _seen(query, root, extent), shown)
    if voided is None and not having and seen == root:
        return None
    if voided is None:
        kept = exp.select("kept.event_id").from_(exp.alias_(exp.to_table(seen), "kept", table=True))
    else:
        kept = without(seen, voided, ("event_id",), columns=("event_id",))
    for member, step in having:
        members = exp.select("instance").from_(step)
        kept = kept.where(column("event_id", "kept").isin(query=members))
        keeps.append(f"have {member.name}" if keeps else f"those that have {member.name}")
    return steps.add(f"standing_{root}", kept, " and ".join(keeps or ["all"]))


def _seen(query: Query, roots: str, extent: str) -> exp.Query:
    """The roots whose spoilers' windows lie within the log."""
    before = max(spoiler.before for spoiler in windows_of(query))
    after = max(spoiler.after for spoiler in windows_of(query))
    moment = column("event_time", "root")
    low: Expression = exp.Sub(this=moment, expression=number(before))
    high: Expression = exp.Add(this=moment.copy(), expression=number(after))
    return (
        exp.select(column("event_id", "root"))
        .from_(exp.alias_(exp.to_table(roots), "root", table=True))
        .join(exp.alias_(exp.to_table(extent), "log", table=True), join_type="cross")
        .where(
            exp.GTE(this=low, expression=column("since", "log")),
            exp.LTE(this=high, expression=column("until", "log")),
        )
    )


def _voided_step(query: Query, root: str, steps: Steps, joins: Joins, prefix: str) -> str | None:
    """Add the step of the roots that a spoiler voids; None where nothing could."""
    voided = [
        select
        for each in alike(windows_of(query), in_where=True)
        for select in joins.voided(query, each, root)
    ]
    words = [joins.spoiler_words(each, root) for each in windows_of(query)]
    if query.spoilers and query.purpose == "alert":
        voided.append(joins.doubtful(query.spoilers, root))
        words.append("one of what may void that has no time, or of which copies differ")
    if not voided:
        return None
    label = f"{prefix}voided_{snake_case(query.root.event_name)}"
    return steps.add(label, union(voided), f"those that are voided by {'; '.join(words)}")


def _having_step(
    query: Query, member: Node, root: str, steps: Steps, joins: Joins, prefix: str
) -> tuple[Node, str]:
    """Add the step of the roots that have this member, without which nothing is explained."""
    hung = joins.effects(query, [member], root, query.root).where(*joins.certain(query, "own"))
    instances = hung.select(named(column("instance", "parent"), "instance"), append=False)
    name = f"{root}_with_{snake_case(member.pattern.event_name)}"
    return member, steps.add(name, instances, f"those with {joins.effect_words([member], root)}")
