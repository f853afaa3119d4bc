"""Panther: scheduled queries on its Snowflake tables, a rule on their rows, and the query that counts the silenced.

Correlation rules have one window for all and nothing that voids; the scheduled query is the exact form.
https://docs.panther.com/data-analytics/scheduled-queries
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from ..capabilities import Capabilities, Direction, Loss
from ..header import header
from ..languages.python_source import constant, function, member, module, text_of
from ..query import Query
from ..sql.fields import paths_of
from ..sql.layout import layout
from ..sql.relational import Answer, Setting, script
from ..target import Artefact, Job, Options, Style, Target
from .snowflake import Snowflake

NAME = "panther"
FOLDER = "cloudcascade"


class PantherSnowflake(Snowflake):
    """Snowflake without scripts: a scheduled query is one statement."""

    prepare = None


def query_text(query: Query, answer: Answer, options: Options) -> str:
    """The statement, with the slice of the schedule."""
    place = layout("panther")
    setting = Setting(
        dialect=PantherSnowflake(),
        layout=place,
        table=options.table or place.table,
        actor="session",
        every=options.every,
    )
    (statement,) = script(query, answer, setting)
    return statement


def _render(jobs: Sequence[Job], options: Options) -> Iterator[Artefact]:
    for job in jobs:
        query = job.query
        head = header(job, TARGET, STYLES[0], options)
        name = query.cascade.replace(".", "_").replace("-", "_")
        answers: tuple[Answer, ...] = ("alert", "silenced")
        for answer in answers:
            scheduled = {
                "AnalysisType": "scheduled_query",
                "QueryName": _query_name(query, answer),
                "Description": "\n".join(head),
                "Enabled": True,
                "Query": query_text(query, answer, options),
                "Schedule": {"RateMinutes": max(1, options.every // 60), "TimeoutMinutes": 5},
                "Tags": ["cloudcascade", f"owner:{options.owner or 'nobody'}"],
            }
            yield _yaml(PurePosixPath("queries", FOLDER, f"{name}_{answer}.yml"), scheduled)
        yield _yaml(
            PurePosixPath("rules", FOLDER, f"{name}.yml"), _rule(query, name, head, options)
        )
        yield Artefact(PurePosixPath("rules", FOLDER, f"{name}.py"), _source(query))


def _rule(query: Query, name: str, head: Iterable[str], options: Options) -> dict[str, Any]:
    row = {
        "event_id": "a",
        "event_name": "DeleteThing",
        "account": "111111111111",
        "principal": "b",
    }
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
        "DedupPeriodMinutes": 60,
        "Tags": ["cloudcascade", f"expires:{options.expires.isoformat()}"],
        "Reports": {"MITRE ATT&CK": list(query.techniques)},
        "Tests": [{"Name": "A row of the query", "ExpectedResult": True, "Log": row}],
    }


def _source(query: Query) -> str:
    event = [member(name) for name in ("event_name", "principal", "account", "event_id")]
    title = text_of(event[0], " by ", event[1], " in ", event[2], " is explained by no cascade")
    return module(
        f"Every row of the scheduled query is an event that {query.cascade} does not explain.",
        function("rule", constant(True), "The query has judged already."),
        function("title", title, "What happened, by whom, and where."),
        function("dedup", event[3], "One alert an event."),
    )


def _query_name(query: Query, answer: str) -> str:
    return f"cascade {query.cascade} {answer}"


def _yaml(path: PurePosixPath, written: dict[str, Any]) -> Artefact:
    return Artefact(path, yaml.dump(written, Dumper=_Dumper, sort_keys=False, width=100))


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _block)


def _losses(query: Query, options: Options) -> Iterator[Loss]:
    place = layout("panther")
    for path in sorted(paths_of(query)):
        if place.find(path) is None:
            yield Loss(
                Direction.OPEN, f"{place.title} keeps no {path}: what needs it is not explained"
            )


STYLES = (
    Style(
        name="scheduled",
        summary="scheduled queries on Snowflake, and a rule on their rows",
        kind="query",
        capabilities=Capabilities(),
        render=_render,
        losses=_losses,
    ),
)
TARGET = Target(
    name=NAME,
    title="Panther",
    verification="parsed",
    verified_by="sqlglot's Snowflake grammar; the rules by Panther's own test runner",
    styles=STYLES,
)
