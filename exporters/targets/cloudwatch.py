"""CloudWatch Logs: OpenSearch SQL that asks a log group of explained event ids.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_SQL.html : one join a statement, INNER or
LEFT OUTER, so that the edges of a cascade cannot be said; what the whole semantics explained can be asked.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from sqlglot import exp

from ..capabilities import Loss
from ..errors import ExportError
from ..explained_table import EVERYTHING, by_source, table_losses
from ..header import header
from ..query import Query
from ..target import Artefact, Job, Options, Style, Target

NAME = "cloudwatch"
GROUP = "aws-cloudtrail-logs"
EXPLAINED_GROUP = "cascade-explained"
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
LONGEST = 10_000


def statement(query: Query, options: Options, explained: bool) -> str:
    """The statement: the subjects' events that the log group does not hold, or a count of those it does.

    Raises:
        ExportError: it is longer than the service takes.
    """
    events = exp.Table(this=exp.to_identifier(options.table or GROUP, quoted=True))
    known = exp.Table(this=exp.to_identifier(EXPLAINED_GROUP, quoted=True))
    joined = _column("known", "event_id").eq(_column("trail", "eventID"))
    absent = exp.Is(this=_column("known", "event_id"), expression=exp.null())
    test = exp.not_(absent) if explained else absent
    shown = [_column("trail", name) for name in ("eventSource", "eventName", "recipientAccountId")]
    shown.append(_column("trail", "userIdentity.principalId"))
    if explained:
        select = exp.select(*shown, exp.alias_(exp.Count(this=exp.Star()), "events"))
        select = select.group_by(*[each.copy() for each in shown])
    else:
        select = exp.select(_column("trail", "@timestamp"), _column("trail", "eventID"), *shown)
    select = (
        select.from_(exp.alias_(events, "trail", table=True))
        .join(exp.alias_(known, "known", table=True), on=joined, join_type="left outer")
        .where(_subjects(query), test)
    )
    text = select.sql("spark", pretty=True)
    if len(text) > LONGEST:
        raise ExportError(
            f"CloudWatch takes {LONGEST} characters, and {query.cascade} has {len(text)}"
        )
    return text


def _subjects(query: Query) -> exp.Expr:
    parts = []
    for source, names, may_fail in by_source(query):
        tests = [
            _column("trail", "eventSource").eq(exp.Literal.string(source)),
            _column("trail", "eventName").isin(*map(exp.Literal.string, names)),
        ]
        if not may_fail:
            tests.append(exp.Is(this=_column("trail", "errorCode"), expression=exp.null()))
        parts.append(exp.and_(*tests))
    return exp.or_(*parts)


def _column(table: str, name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True), table=table)


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        head = "".join(f"-- {line}\n" for line in header(job, TARGET, STYLES[0], options))
        for part, explained in (("alert", False), ("silenced", True)):
            # The head is no part of the query: the service counts every character.
            text = statement(job.query, options, explained)
            yield Artefact(
                PurePosixPath(NAME, f"{job.query.cascade}.{part}.sql"), f"{head}{text};\n"
            )


def _losses(query: Query, options: Options) -> Iterator[Loss]:
    yield from table_losses(query, options)


STYLES = (
    Style(
        name="query",
        summary="OpenSearch SQL that asks a log group of explained event ids",
        kind="query",
        capabilities=EVERYTHING,
        render=_render,
        losses=_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Amazon CloudWatch Logs",
    verification="parsed",
    verified_by="sqlglot's Spark grammar, of which OpenSearch SQL is a part",
    styles=STYLES,
)
