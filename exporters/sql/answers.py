"""What is asked at the end, once the steps say which events are explained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from ..query import Key, Query
from .dialect import Dialect, Expression, number
from .expressions import any_action_named, column, named, subject_keys
from .fields import is_null

Answer = Literal["alert", "silenced", "explained"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The query, the step that holds its events, and the names of its keys there.

    `every`: seconds between runs, each of which judges one slice; None: all events at once.
    """

    query: Query
    events: str
    keys: Mapping[Key, str]
    some_may_fail: bool
    dialect: Dialect
    every: int | None


def _ago(asked: Asked, seconds: int) -> Expression:
    return exp.Sub(this=asked.dialect.now(), expression=number(seconds))


def _slice(asked: Asked, table: str) -> list[Expression]:
    """The slice of time that a scheduled run judges: held back until its windows have passed."""
    every = asked.every
    if every is None:
        return []
    moment = column("event_time", table)
    return [
        exp.GTE(this=moment, expression=_ago(asked, asked.query.hold + every)),
        exp.LT(this=moment.copy(), expression=_ago(asked, asked.query.hold)),
    ]


def _judged(asked: Asked) -> list[Expression]:
    """Which events the query is about."""
    found = [any_action_named(asked.query.actions, "judged")]
    if asked.some_may_fail:
        spared = sorted(asked.query.may_fail)
        held: Expression = exp.not_(column("failed", "judged"))
        if spared:
            held = exp.or_(held, any_action_named(spared, "judged"))
        found.append(held)
    return [*found, *_slice(asked, "judged")]


def _shown(asked: Asked) -> list[Expression]:
    shown = ["event_id", "event_time", "event_source", "event_name", "account", "principal"]
    own_keys = [asked.keys[key] for key in subject_keys(asked.query) if not key.many]
    return [column(name, "judged") for name in (*shown, *own_keys)]


def answered(answer: Answer, asked: Asked, explained: str) -> exp.Select:
    """The select that answers; `explained` names the step that lists what is explained."""
    match answer:
        case "alert":
            return _alert(asked, explained)
        case "silenced":
            return _silenced(asked, explained)
        case "explained":
            return _explained(asked, explained)


def _alert(asked: Asked, explained: str) -> exp.Select:
    """The subjects' events that are not among the explained."""
    ids = exp.select("event_id").distinct().from_(explained).subquery("known")
    return (
        exp.select(*_shown(asked))
        .from_(exp.alias_(exp.to_table(asked.events), "judged", table=True))
        .join(
            ids,
            on=column("event_id", "known").eq(column("event_id", "judged")),
            join_type="left",
        )
        .where(is_null(column("event_id", "known")), *_judged(asked))
        .order_by(column("event_time", "judged"), column("event_id", "judged"))
    )


def _explained(asked: Asked, explained: str) -> exp.Select:
    """The subjects' events that are explained, with what explains them."""
    shown = ("cascade", "effect", "relation", "origin_event_id")
    return (
        exp.select(*_shown(asked), *(column(name, "known") for name in shown))
        .distinct()
        .from_(exp.alias_(exp.to_table(asked.events), "judged", table=True))
        .join(
            exp.alias_(exp.to_table(explained), "known", table=True),
            on=column("event_id", "known").eq(column("event_id", "judged")),
            join_type="inner",
        )
        .where(*_judged(asked))
    )


def _silenced(asked: Asked, explained: str) -> exp.Select:
    """How many of them there are, by action and actor, with the first and the last moment."""
    ids = exp.select("event_id", "cascade").distinct().from_(explained).subquery("known")
    groups = [
        column("cascade", "known"),
        column("event_source", "judged"),
        column("event_name", "judged"),
        column("account", "judged"),
        column("principal", "judged"),
    ]
    return (
        exp.select(
            *groups,
            named(exp.func("MIN", column("event_time", "judged")), "first_time"),
            named(exp.func("MAX", column("event_time", "judged")), "last_time"),
            named(exp.Count(this=exp.Star()), "events"),
        )
        .from_(exp.alias_(exp.to_table(asked.events), "judged", table=True))
        .join(
            ids,
            on=column("event_id", "known").eq(column("event_id", "judged")),
            join_type="inner",
        )
        .where(*_judged(asked))
        .group_by(*[group.copy() for group in groups])
    )
