"""Reads out of a scheduled SQL statement which slice a run of it judges, and how far back it reads."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from cloudcascade.tests.support.schedule_simulator import Instant, before_slot


@dataclass(frozen=True, slots=True)
class SqlSlice:
    """The instants of the runs of a statement, and how many intervals its slice holds."""

    every: int
    reads_from: Instant
    judges_from: Instant
    judges_to: Instant
    told_by: int


# sqlglot has no grammar for a task of Snowflake.
TASK = re.compile(
    r"CREATE OR REPLACE TASK (?P<name>\w+)\nSCHEDULE = '(?P<schedule>[^']+)'\n"
    r"AS EXECUTE IMMEDIATE\n\$\$\nBEGIN\n(?P<body>.*)END;\n\$\$;\n\nALTER TASK (?P=name) RESUME;\n",
    re.DOTALL,
)

# Nor for an alert: https://docs.snowflake.com/en/sql-reference/sql/create-alert
ALERT = re.compile(
    r"(?P<tracked>ALTER TABLE (?P<table>\w+) SET CHANGE_TRACKING = TRUE);\n\n"
    r"CREATE OR REPLACE ALERT (?P<name>\w+)\nIF \(EXISTS \(\n(?P<condition>.*)\n\)\)\n"
    r"THEN\n(?P<action>CALL .*);\n\nALTER ALERT (?P=name) RESUME;\n$",
    re.DOTALL,
)


def statements_of(script: str, dialect: str) -> list[exp.Expr]:
    """The statements of a script, in place of a task those that it runs, and in place of an alert what it asks."""
    plain = TASK.sub(lambda task: task["body"], script)
    plain = ALERT.sub(lambda alert: f"{alert['tracked']};\n{alert['condition']};\n", plain)
    return [tree for tree in sqlglot.parse(plain, dialect=dialect) if tree is not None]


def slice_of(script: str, dialect: str) -> SqlSlice:
    """The slice of the statements: due is `now - now % every`, the rest is subtracted from it."""
    trees = statements_of(script, dialect)
    (every,) = {
        _number(each.expression)
        for tree in trees
        for each in tree.find_all(exp.Mod)
        if _is_now(each)
    }
    steps = {step.alias.lower(): step for tree in trees for step in tree.find_all(exp.CTE)}
    (reads,) = {back for _, _, back in _compared(steps["recent_events"])}
    judged = [
        (kind, back)
        for tree in trees
        for kind, moment, back in _compared(tree)
        if moment == "judged.event_time"
    ]
    (since,) = {back for kind, back in judged if kind is exp.GTE}
    (until,) = {back for kind, back in judged if kind is exp.LT}
    return SqlSlice(
        every=every,
        reads_from=before_slot(every, reads),
        judges_from=before_slot(every, since),
        judges_to=before_slot(every, until),
        told_by=-(-(since - until) // every),
    )


def _compared(tree: exp.Expr) -> Iterator[tuple[type, str, int]]:
    """The comparisons of a moment with an instant so many seconds before the run was due."""
    for each in tree.find_all(exp.GTE, exp.LT):
        if isinstance(each.this, exp.Column) and isinstance(each.expression, exp.Sub):
            due = each.expression.this
            if isinstance(due, exp.Column) and due.name.lower() != "due":
                continue
            yield type(each), each.this.sql().lower(), _number(each.expression.expression)


def _is_now(each: exp.Mod) -> bool:
    return not any(column.name.lower() == "event_time" for column in each.find_all(exp.Column))


def _number(literal: exp.Expr) -> int:
    while isinstance(literal, exp.Paren):
        literal = literal.this
    return int(literal.name)
