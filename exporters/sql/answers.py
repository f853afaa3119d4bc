"""What is asked at the end, once the steps say which events are explained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from ..query import Key, Query
from .dialect import Expression
from .expressions import any_action_named, column, named, subject_keys
from .fields import is_null
from .setting import Setting, Slice

Answer = Literal["alert", "silenced", "explained"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The query, the step that holds its events, and the names of its keys there.

    On a schedule each run judges one slice, else all events at once.
    """

    query: Query
    events: str
    keys: Mapping[Key, str]
    setting: Setting

    @property
    def slice(self) -> Slice | None:
        """The slice of time that a scheduled run judges: held back until its windows have passed."""
        if self.setting.every is None:
            return None
        query = self.query
        return Slice(self.setting.dialect, self.setting.every, query.hold, query.lateness)


def _judged(asked: Asked) -> list[Expression]:
    """Which events the query is about, failed calls among them; of copies that differ the first."""
    judged = [any_action_named(asked.query.actions, "judged")]
    if asked.slice is not None:
        judged += asked.slice.holds(column("event_time", "judged"), column("due", "judged"))
    if asked.query.purpose == "alert":
        judged.append(column("copy_number", "judged").eq(1))
    return judged


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
    """How many of them there are, by action and actor, with the first and the last moment.

    On a schedule by interval, too: slices overlap, and each run that counts an interval counts all of it.
    """
    ids = exp.select("event_id", "cascade").distinct().from_(explained).subquery("known")
    groups: list[Expression] = [
        column("cascade", "known"),
        column("event_source", "judged"),
        column("event_name", "judged"),
        column("account", "judged"),
        column("principal", "judged"),
    ]
    shown: list[Expression] = list(groups)
    if asked.slice is not None:
        interval = asked.slice.interval(column("event_time", "judged"))
        groups.append(interval)
        shown.append(named(interval.copy(), "slice_start"))
    return (
        exp.select(
            *shown,
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
