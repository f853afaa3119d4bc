"""Panther: scheduled queries on its Snowflake tables, signals with correlation rules, inline filters.

The scheduled query is the exact form. Correlation rules have one window for all and nothing that voids.
https://docs.panther.com/data-analytics/scheduled-queries
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlglot import exp

from ...catalog.terms import format_duration
from ..capabilities import PLAIN_CONDITIONS, Capabilities, Direction, Loss
from ..errors import Refused
from ..explained_table import EVERYTHING, by_source
from ..header import header, overlay_lines
from ..languages.panther import correlation
from ..languages.panther.documents import document
from ..languages.panther.python_source import constant, first_of, function, member, module, text_of
from ..query import Query
from ..sample_cases import SampleCase
from ..schedule import tellings
from ..sql.answers import Answer
from ..sql.dialect import Expression, call
from ..sql.fields import paths_of
from ..sql.layout import PartitionForm, layout
from ..sql.readable import losses_of_reading, readable
from ..sql.setting import Setting
from ..sql.statements import outline, script
from ..sql.timetable import repeats
from ..target import Artefact, Job, Options, Style, Target
from .snowflake import Snowflake

NAME = "panther"
FOLDER = correlation.FOLDER
# Of every table of Panther, in UTC; of CloudTrail it is eventTime, once parsed.
# https://docs.panther.com/search/panther-fields
EVENT_TIME = "p_event_time"


class PantherSnowflake(Snowflake):
    """Snowflake without scripts: a scheduled query is one statement. Its tables lie by `p_event_time`."""

    prepare = None

    def in_partition(self, name: str, start: Expression, form: PartitionForm) -> Expression:
        # The column bare on one side, so that Snowflake can leave out what is older.
        # https://docs.snowflake.com/en/user-guide/tables-clustering-micropartitions#query-pruning
        column = exp.column(self.identifier(name))
        return exp.GTE(this=column, expression=call("TO_TIMESTAMP_NTZ", start))


def query_text(query: Query, answer: Answer, options: Options) -> str:
    """The statement, with the slice of the schedule."""
    (statement,) = script(query, answer, _setting(options))
    return statement


def _steps(query: Query, options: Options) -> Iterator[str]:
    yield from outline(query, _setting(options))


def _setting(options: Options) -> Setting:
    place = layout("panther")
    return Setting(
        dialect=PantherSnowflake(),
        layout=place,
        table=options.table or place.table,
        actor="session",
        every=options.every,
        partition=EVENT_TIME,
    )


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        query = job.query
        head = header(job, TARGET, STYLES[0], options)
        name = _stem(query)
        answers: tuple[Answer, ...] = ("alert", "silenced")
        for answer in answers:
            scheduled = {
                "AnalysisType": "scheduled_query",
                "QueryName": _query_name(query, answer),
                "Description": "\n".join(head),
                "Enabled": True,
                "Query": query_text(query, answer, options),
                "Schedule": correlation.timetable(options),
                "Tags": correlation.tags(options),
            }
            yield document(PurePosixPath("queries", FOLDER, f"{name}_{answer}.yml"), scheduled)
        yield document(
            PurePosixPath("rules", FOLDER, f"{name}.yml"), _rule(job, name, head, options)
        )
        yield Artefact(PurePosixPath("rules", FOLDER, f"{name}.py"), _source(query, options))


def _dedup_period(options: Options) -> int:
    """Minutes for which rows of one event belong to one alert: until the last run that tells it, however late."""
    return (tellings(options.every, options.lateness) + 1) * options.every // 60


def _rule(job: Job, name: str, head: Iterable[str], options: Options) -> dict[str, Any]:
    query = job.query
    return {
        "AnalysisType": "scheduled_rule",
        "RuleID": f"Cascade.{query.cascade}",
        "DisplayName": f"Not explained: {query.title}",
        "Filename": f"{name}.py",
        "Enabled": True,
        "ScheduledQueries": [_query_name(query, "alert")],
        "Severity": "Medium",
        "Description": "\n".join(head),
        "Reference": next(iter(query.references), ""),
        "DedupPeriodMinutes": max(60, _dedup_period(options)),
        "Tags": correlation.tags(options),
        "Reports": {"MITRE ATT&CK": list(query.techniques)},
        "Tests": list(_tests(job.samples)),
    }


def _tests(cases: Iterable[SampleCase]) -> Iterator[dict[str, Any]]:
    """The rows of the events that are to alert. Of what is explained there is no row that the rule could see."""
    for case in cases:
        records = {record["eventID"]: record for record in case.records}
        for number, event_id in enumerate(case.alerts, start=1):
            count = f", {number} of {len(case.alerts)}" if len(case.alerts) > 1 else ""
            name = f"{case.name}{count}: {case.what}"
            yield {"Name": name, "ExpectedResult": True, "Log": _row(records[event_id])}


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """What the query yields of an event, its keys aside."""
    identity = record.get("userIdentity") or {}
    return {
        "event_id": record["eventID"],
        "event_time": int(datetime.fromisoformat(record["eventTime"]).timestamp()),
        "event_source": record["eventSource"],
        "event_name": record["eventName"],
        "account": record.get("recipientAccountId") or identity.get("accountId"),
        "principal": identity.get("principalId"),
    }


def _source(query: Query, options: Options) -> str:
    event = [member(name) for name in ("event_name", "principal", "account", "event_time")]
    title = text_of(event[0], " by ", event[1], " in ", event[2], " is explained by no cascade")
    about = f"Every row of the scheduled query is an event that {query.cascade} does not explain."
    return module(
        "\n".join((about, *overlay_lines(options))),
        function("rule", constant(True), "The query has judged already."),
        function("title", title, "What happened, by whom, and where."),
        function(
            "dedup",
            first_of(member("event_id"), text_of(*_between(" ", event))),
            "One alert an event, by what it is where it has no id.",
        ),
    )


def _between(mark: str, parts: Sequence[ast.expr]) -> Iterator[str | ast.expr]:
    for place, part in enumerate(parts):
        if place:
            yield mark
        yield part


def _correlate(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    yield from correlation.shared_source(options)
    for job in jobs:
        head = header(job, TARGET, CORRELATION, options)
        yield from correlation.artefacts(job.query, head, _stem(job.query), options)


def _filters(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    """Inline filters to paste into rules: a rule sees an event only if one of the expressions holds."""
    for job in jobs:
        query = job.query
        arns = [controller.arn for controller in options.controllers]
        filters = []
        for source, names, may_fail in by_source(query):
            others: list[dict[str, Any]] = [
                {"KeyPath": "eventSource", "Condition": "DoesNotEqual", "Value": source},
                {"KeyPath": "eventName", "Condition": "IsNotIn", "Values": list(names)},
            ]
            if not may_fail:
                others += [
                    {"KeyPath": path, "Condition": "IsNotNullOrEmpty"}
                    for path in ("errorCode", "errorMessage")
                ]
            strangers = [
                _is_none_of(path, arns)
                for path in ("userIdentity.arn", "userIdentity.sessionContext.sessionIssuer.arn")
            ]
            filters.append({"Any": [*others, {"All": strangers}]})
        written = {
            "Description": "\n".join(header(job, TARGET, FILTER, options)),
            "InlineFilters": [{"All": filters}],
        }
        yield document(PurePosixPath("inline_filters", FOLDER, f"{_stem(query)}.yml"), written)


def _is_none_of(path: str, values: Sequence[str]) -> dict[str, Any]:
    """The field is none of the values, or not there at all.

    Panther does not say what `IsNotIn` answers of a field that is missing. An IAM user has no session
    issuer: were the answer "no", the filter alone would keep every one of them from the rule.
    https://docs.panther.com/detections/rules/inline-filters
    """
    return {
        "Any": [
            {"KeyPath": path, "Condition": "IsNullOrEmpty"},
            {"KeyPath": path, "Condition": "IsNotIn", "Values": list(values)},
        ]
    }


def _stem(query: Query) -> str:
    return query.cascade.replace(".", "_").replace("-", "_")


def _query_name(query: Query, answer: str) -> str:
    return f"cascade {query.cascade} {answer}"


def _losses(query: Query, options: Options) -> Iterator[Loss]:
    place = layout("panther")
    yield Loss(
        Direction.OPEN,
        f"{repeats(options)}; their rows are one alert for {_dedup_period(options)}m",
    )
    yield from losses_of_reading(query, place)
    for path in sorted(paths_of(readable(query, place))):
        if place.find(path) is None:
            yield Loss(
                Direction.OPEN, f"{place.title} keeps no {path}: what needs it is not explained"
            )


def _correlation_losses(query: Query, options: Options) -> Iterator[Loss]:
    pairs = correlation.pairings(query)
    if not pairs:
        raise Refused("one signal cannot be effect and origin")
    reach, late = correlation.reach(query, options), correlation.late_reach(query, options)
    yield Loss(
        Direction.CLOSED,
        f"one window for all, without a direction: an origin up to {format_duration(reach)} before "
        f"or after an effect counts, up to {format_duration(late)} where runs were skipped",
    )
    yield Loss(
        Direction.OPEN,
        f"an effect alerts in each of the up to {correlation.repeats(query, options)} runs that look back to it",
    )
    for node in correlation.left_out(query):
        text = f"{node.name}: one signal cannot be two things"
        yield Loss(Direction.UNCOVERED, text)


def _filter_losses(query: Query, options: Options) -> Iterator[Loss]:
    if not options.controllers:
        raise Refused("cascade.toml names no controllers: there is nobody to filter")
    yield Loss(
        Direction.CLOSED,
        "a filter sees one event: whoever has the controller's role may do the same without any origin",
    )


SCHEDULED = Style(
    name="scheduled",
    summary="scheduled queries on Snowflake, and a rule on their rows",
    kind="query",
    capabilities=Capabilities(),
    render=_render,
    losses=_losses,
    outline=_steps,
)
CORRELATION = Style(
    name="correlation",
    summary="Python signals, and correlation rules on an absent origin",
    kind="query",
    capabilities=Capabilities(
        hold=False,
        hop=False,
        spoilers=False,
        between=False,
        unreadable_spoilers=False,
        copies=False,
        undated=False,
        root_keys=False,
        log_ends=False,
        ensembles=False,
        rivals=False,
        vetoes=False,
        list_keys=False,
        number_keys=True,
        distinct_keys=False,
        conditions=PLAIN_CONDITIONS,
        same_role=False,
        service_actor=False,
    ),
    render=_correlate,
    losses=_correlation_losses,
)
FILTER = Style(
    name="filter",
    summary="inline filters of the controllers of cascade.toml, to paste into rules",
    kind="suppression",
    # It asks for no origin at all, which is one loss and said as one.
    capabilities=EVERYTHING,
    render=_filters,
    losses=_filter_losses,
)
STYLES = (SCHEDULED, CORRELATION, FILTER)
TARGET = Target(
    name=NAME,
    title="Panther",
    verification="parsed",
    verified_by="sqlglot's Snowflake grammar; rules and signals by Panther's own test runner; "
    "correlations by a model of Group and Absence",
    styles=STYLES,
)
