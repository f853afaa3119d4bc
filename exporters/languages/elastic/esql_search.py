"""A rule's search in ES|QL: the steps of the query over one slice of time, and what of them is shown."""

from ....catalog.terms import format_duration
from ...field_maps import FieldMap
from ...query import Query
from ..expressions import Field, both, call
from .esql import Command, Comment, Where, column, esql
from .esql_query import EXPLAINED, SUBJECT, pipeline
from .slices import due, judged

_SHOWN = (
    "_id",
    "_version",
    "_index",
    "@timestamp",
    "event.id",
    "event.provider",
    "event.action",
    "event.outcome",
    "user.id",
    "aws.cloudtrail.user_identity.arn",
    "aws.cloudtrail.recipient_account_id",
)


def search(query: Query, fields: FieldMap, index: str, every: int, *, explained: bool) -> str:
    """The whole query, without a header: what to alert on, or a count of what is silenced.

    `every`: seconds between the runs of the rule.
    """
    moment = column(fields.field("eventTime"))
    start = begins(query, every, explained=explained)
    known = call("IS NOT NULL" if explained else "IS NULL", Field(EXPLAINED))
    commands: list[Command] = [
        *pipeline(query, fields),
        Where(both(Field(SUBJECT), known)),
        Comment(
            f"The slice of this run. The hold: {format_duration(query.reach_after)} for the windows, "
            f"{format_duration(query.lateness)} for late events."
        ),
    ]
    lines = [
        f"FROM {index} METADATA _id, _version, _index",
        f"| WHERE {moment} >= {due(every)} - {start + query.reach_before} seconds",
        *map(esql, commands),
        f"| WHERE {moment} >= {due(every)} - {start} seconds",
        f"    AND {moment} < {due(every)} - {query.hold} seconds",
    ]
    if explained:
        lines.append(f"| EVAL day = DATE_TRUNC(1 day, {moment})")
        lines.append(f"| STATS events = COUNT(*) BY day, {EXPLAINED}, event.action, account, actor")
        lines.append("| SORT events DESC")
    else:
        # The oldest first: of what exceeds the limit of alerts, a later run still sees the newest.
        lines.append(f"| SORT {moment}")
        lines.append(f"| KEEP {', '.join(_SHOWN[:7])},\n    {', '.join(_SHOWN[7:])}")
    return "\n".join(lines)


def begins(query: Query, every: int, *, explained: bool) -> int:
    """How many seconds before a run is due its slice begins.

    Slices of the alert overlap: Kibana raises no second alert for the same `_id`. The count's do not, so that no
    event counts twice.
    """
    if explained:
        return query.hold + every
    return judged(query.hold, every, query.lateness)
