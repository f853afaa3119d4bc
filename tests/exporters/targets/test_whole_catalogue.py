"""What runs here of the other targets silences no event of any log of the catalogue that the matcher would not.

Sentinel's, Elastic's and Splunk's queries run in models of their languages. The logs are those of
tests/support/catalogue_logs.py; without CASCADE_FULL every few of the longest cascades.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from cloudcascade.exporters.capabilities import Direction, Loss
from cloudcascade.exporters.export import assess
from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.languages.elastic.esql_query import pipeline as esql
from cloudcascade.exporters.languages.one_pass import sayable
from cloudcascade.exporters.languages.sentinel.kusto_limits import settle
from cloudcascade.exporters.languages.sentinel.kusto_query import alert_query
from cloudcascade.exporters.languages.sentinel.timing import Slice
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.targets.splunk import pipeline as spl
from cloudcascade.tests.exporters.kusto.table import answer
from cloudcascade.tests.support import esql_model, spl_model
from cloudcascade.tests.support.catalogue_logs import (
    Log,
    Table,
    alone,
    attacks,
    honest,
    is_hazard,
    may_be_silent,
    readable_time,
    tables,
    unlike,
)
from cloudcascade.tests.support.cloudtrail import Event
from cloudcascade.tests.support.golden import CATALOG, SUPPRESSING, make_options
from cloudcascade.tests.support.query_oracle import candidates

FULL = bool(os.environ.get("CASCADE_FULL"))
MANY = 600  # logs of a cascade, of which every few do in the default profile
CENTURY = 100 * 366 * 86_400
IDS = tuple(cascade.id for cascade in SUPPRESSING)


def by_kusto(query: Query, events: Sequence[Event]) -> set[str]:
    fields = field_map("sentinel")
    asked = settle(query, fields).query
    if asked is None:
        return set()
    text = alert_query(asked, fields, "AWSCloudTrail", Slice(CENTURY, asked.hold))
    alerted = {row["EventId"] for row in answer(text, events, asked.hold)}
    return candidates(asked, events) - alerted


def by_esql(query: Query, events: Sequence[Event]) -> set[str]:
    fields = field_map("ecs")
    asked = sayable(query, fields)
    rows = esql_model.run(esql(asked, fields), esql_model.rows_of(events, asked.all_actions()))
    explained = {row["event.id"] for row in rows if row["explained_by"] is not None}
    return candidates(query, events) & explained


def by_spl(query: Query, events: Sequence[Event]) -> set[str]:
    asked = sayable(query, field_map("splunk"))
    rows = spl_model.run(spl(asked), spl_model.rows_of(events, asked.all_actions()))
    return candidates(query, events) & {row["event_id"] for row in rows if row["cascade"]}


@dataclass(frozen=True)
class Runs:
    """A style, and what of a log its artefacts silence. `apart`: the nearest event of all counts, so that each log
    needs a table of its own."""

    style: str
    silenced: Callable[[Query, Sequence[Event]], set[str]]
    apart: bool = False


TARGETS = {
    "sentinel": Runs("query", by_kusto),
    "elastic": Runs("esql", by_esql, apart=True),
    "splunk": Runs("search", by_spl),
}
# The cascades that a target does not cover, and what its losses say of that.
_LISTS = dict.fromkeys(
    ("aws.acm.delete-certificate", "aws.kms.schedule-key-deletion"), "joins on a list"
)
_ONLY = dict.fromkeys(
    ("aws.ecs.delete-service-drained", "aws.rds.delete-db-cluster", "aws.rds.delete-db-instance"),
    "the condition 'only'",
)
NOT_COVERED = {"sentinel": _ONLY, "elastic": _LISTS | _ONLY, "splunk": _LISTS | _ONLY}
# Where a stricter cascade is taken to explain all that the artefact could silence, and what the losses say of that.
ALL_ALERT = {
    ("elastic", "aws.secretsmanager.get-secret-value"): (
        "more counts as explained by aws.secretsmanager.get-secret-value-by-name than is"
    ),
}
# What a log may hold that a target cannot see, and what its losses then say.
UNDATED, DIFFERING = "without a readable eventTime", "that share an eventID and differ"


@cache
def planned(target: str, cascade: str) -> tuple[Query | None, tuple[Loss, ...]]:
    options = make_options()
    style = find_target(target).style(TARGETS[target].style)
    fitted = assess(CATALOG.get(cascade), CATALOG.cascades, style, options)
    return fitted.query, fitted.losses


def logs_of(cascade: str) -> list[Log]:
    plain, others = honest(cascade), [*unlike(cascade), *attacks(cascade)]
    return [*plain, *(others if FULL or len(others) < MANY else others[::7])]


def in_tables(target: str, query: Query, logs: Sequence[Log]) -> list[Table]:
    # These wait until the windows are over, and look back as far: where a log ends says nothing here.
    whole = [log for log in logs if log.whole]
    return [alone(log) for log in whole] if TARGETS[target].apart else list(tables(whole, query))


def seen(events: Sequence[Event]) -> list[Event]:
    """The events that lie where their time says."""
    return [event for event in events if readable_time(event)]


def excused(losses: Sequence[Loss], log: Log) -> bool:
    """Whether the losses say that the target does not see what the log holds."""
    texts = " ".join(loss.text for loss in losses)
    if any(not readable_time(event) for event in log.events):
        return UNDATED in texts
    return is_hazard(log) and DIFFERING in texts


@pytest.mark.parametrize("cascade", IDS)
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_more_is_silent(target: str, cascade: str) -> None:
    query, losses = planned(target, cascade)
    if query is None:
        assert any(NOT_COVERED[target][cascade] in loss.text for loss in losses)
        return
    assert not any(loss.direction is Direction.CLOSED for loss in losses)
    logs = [log for log in logs_of(cascade) if not excused(losses, log)]
    silent: set[str] = set()
    plain: set[str] = set()
    for table in in_tables(target, query, logs):
        allowed = may_be_silent(table)
        found = TARGETS[target].silenced(query, seen(table.events))
        assert table.told(found - allowed) == []
        action = {event["eventID"]: event["eventName"] for event in table.events}
        silent |= {action[each] for each in found & table.plain}
        plain |= {action[each] for each in allowed & candidates(query, table.events) & table.plain}
    assert plain
    # Of everything that it covers some honest call is silent: what is silent at all is what is tried here.
    if why := ALL_ALERT.get((target, cascade)):
        assert any(why in loss.text and loss.direction is Direction.OPEN for loss in losses)
        plain = set()
    assert silent == plain


@pytest.mark.parametrize("target", TARGETS)
def test_each_cascade_that_is_not_covered_says_so(target: str) -> None:
    left_out = {cascade for cascade in IDS if planned(target, cascade)[0] is None}
    assert left_out == set(NOT_COVERED[target])


def test_what_is_excused_is_little() -> None:
    for target in TARGETS:
        _, losses = planned(target, "aws.iam.delete-role")
        logs = attacks("aws.iam.delete-role")
        assert sum(excused(losses, log) for log in logs) * 3 < len(logs)
