"""CloudWatch Logs: OpenSearch SQL that asks a log group of explained event ids; EventBridge rules on verdicts.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_SQL.html : one join a statement, INNER or
LEFT OUTER, so that the edges of a cascade cannot be said; what the whole semantics explained can be asked.

A scheduled query reads what lies between two offsets from the moment that it is due, so that it can wait:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateScheduledQuery.html
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from sqlglot import exp

from ..capabilities import Direction, Loss
from ..errors import ExportError
from ..explained_table import EVERYTHING, calls_of
from ..header import header
from ..languages.cloudwatch import aws_cron, cli_yaml, event_patterns
from ..query import Query
from ..schedule import overlap, spread, tellings
from ..target import Artefact, Job, Options, Style, Target
from ..verdict import verdict_losses

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
    for source, names in calls_of(query):
        tests = [
            _column("trail", "eventSource").eq(exp.Literal.string(source)),
            _column("trail", "eventName").isin(*map(exp.Literal.string, names)),
        ]
        parts.append(exp.and_(*tests))
    return exp.or_(*parts)


def _column(table: str, name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True), table=table)


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        lines = header(job, TARGET, QUERY, options)
        head = "".join(f"-- {line}\n" for line in lines)
        for part, explained in (("alert", False), ("silenced", True)):
            # The head is no part of the query: the service counts every character.
            text = statement(job.query, options, explained)
            yield Artefact(
                PurePosixPath(NAME, f"{job.query.cascade}.{part}.sql"), f"{head}{text};\n"
            )
            scheduled = _scheduled(job.query, part, text, options, counts=explained)
            yield Artefact(
                PurePosixPath(NAME, f"{job.query.cascade}.{part}.yaml"),
                cli_yaml(lines, scheduled),
            )


def _scheduled(
    query: Query, part: str, text: str, options: Options, *, counts: bool
) -> dict[str, Any]:
    """What CreateScheduledQuery is asked for, but for roles and destination. A count's slices do not overlap."""
    again = 0 if counts else overlap(options.every, options.lateness)
    return {
        "name": f"cloudcascade/{query.cascade}.{part}",
        "description": f"{query.title}; expires {options.expires.isoformat()}"[:1_024],
        "queryLanguage": "SQL",
        "queryString": text,
        "scheduleExpression": aws_cron(options.every, spread(query.cascade, options.every)),
        "timezone": "UTC",
        "startTimeOffset": query.hold + options.every + again,
        "endTimeOffset": query.hold,
        "state": "ENABLED",
    }


def _losses(query: Query, options: Options) -> Iterator[Loss]:
    yield Loss(
        Direction.OPEN,
        f"what comes into {EXPLAINED_GROUP} after the rule has run still alerts; fill it more often than that",
    )
    yield Loss(
        Direction.OPEN,
        f"a record of {EXPLAINED_GROUP} whose timestamp is not the event's own may lie outside of the slice, and "
        "the event alerts",
    )
    runs = tellings(options.every, options.lateness)
    yield Loss(
        Direction.OPEN,
        f"slices overlap and nothing drops what was told before: a call alerts in up to {runs} runs, with one eventID",
    )
    yield Loss(
        Direction.OPEN, f"an event without an eventID is in no {EXPLAINED_GROUP}, and alerts"
    )
    yield Loss(
        Direction.UNCOVERED,
        f"what lies beyond the {LONGEST:,} rows that an answer holds at most",
    )


def _verdicts(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """One CloudFormation template: a log group for what alerts, and rules that bring it there and to a topic."""
    resources: dict[str, Any] = dict(_SHARED)
    for job in jobs:
        stem = "".join(part.capitalize() for part in _parts(job.query.cascade))
        for number, pattern in enumerate(event_patterns(job.query.actions), 1):
            resources[f"{stem}{number}"] = {
                "Type": "AWS::Events::Rule",
                "Metadata": {"cloudcascade": list(header(job, TARGET, VERDICT, options))},
                "Properties": {
                    "Description": job.query.title[:512],
                    "EventBusName": {"Ref": "Bus"},
                    "EventPattern": pattern,
                    "State": "ENABLED",
                    "Targets": [
                        {"Id": "log", "Arn": {"Fn::Sub": _GROUP_ARN}},
                        {"Id": "topic", "Arn": {"Ref": "Topic"}},
                    ],
                },
            }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Alerts on the verdicts that cascade watch puts on an event bus",
        "Parameters": {
            "Bus": {"Type": "String", "Description": "The bus of --sink events://BUS, by its name"},
            "Topic": {
                "Type": "String",
                "Description": "The ARN of an SNS topic whose policy lets events.amazonaws.com publish",
            },
        },
        "Resources": resources,
    }
    text = json.dumps(template, indent=2, ensure_ascii=False) + "\n"
    yield Artefact(PurePosixPath(NAME, "verdicts.template.json"), text)


def _parts(cascade: str) -> list[str]:
    return cascade.replace(".", "-").split("-")


_GROUP = "/aws/events/cloudcascade"
_GROUP_ARN = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{_GROUP}"
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
_SHARED = {
    "Group": {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"LogGroupName": _GROUP},
    },
    "GroupPolicy": {
        "Type": "AWS::Logs::ResourcePolicy",
        "Properties": {
            "PolicyName": "cloudcascade-verdicts",
            "PolicyDocument": {
                "Fn::Sub": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {
                                    "Service": [
                                        "events.amazonaws.com",
                                        "delivery.logs.amazonaws.com",
                                    ]
                                },
                                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                                "Resource": f"{_GROUP_ARN}:*",
                            }
                        ],
                    }
                )
            },
        },
    },
}
QUERY = Style(
    name="query",
    summary="scheduled queries in OpenSearch SQL that ask a log group of explained event ids",
    kind="query",
    capabilities=EVERYTHING,
    render=_render,
    losses=_losses,
    waits="schedule",
)
VERDICT = Style(
    name="verdict",
    summary="EventBridge rules on the verdicts of cascade watch, as a CloudFormation template",
    kind="query",
    capabilities=EVERYTHING,
    render=_verdicts,
    losses=verdict_losses,
    waits="watch",
)
TARGET = Target(
    name=NAME,
    title="Amazon CloudWatch Logs",
    verification="parsed",
    verified_by="sqlglot's Spark grammar, of which OpenSearch SQL is a part, and botocore's model of the API",
    styles=(QUERY, VERDICT),
)
