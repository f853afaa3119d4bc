"""Sentinel's analytics rules, read out of their YAML.

A rule is due at any second of its interval. Its alerts say that `now()` is when a run begins (`query_now`) and that the
period ends then; by the reference a run sees nothing of the last five minutes. Each end is taken as it is worse.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import yaml

from cloudcascade.exporters.detections import DETECTIONS
from cloudcascade.exporters.export import export, export_detections
from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.languages.sentinel.kusto_limits import settle
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.target import Artefact
from cloudcascade.exporters.targets.sentinel import RULE, TARGET
from cloudcascade.tests.support.cascades import DELETE_USER as SMALL
from cloudcascade.tests.support.golden import make_export, make_options
from cloudcascade.tests.support.schedule_simulator import (
    ScheduledArtefact,
    before_slot,
    before_start,
)

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DELAY = 300
_CASCADES = ("aws.s3.delete-bucket", "aws.kms.schedule-key-deletion")


def seconds(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1]]


def artefacts() -> Iterator[ScheduledArtefact]:
    for every in (300, 900):
        # Of the first a rule has room for all.
        alone = export([SMALL], [SMALL], TARGET, RULE, make_options(every=every))
        for made in (alone, *(make_export("sentinel", [each], every=every) for each in _CASCADES)):
            query = settle(made.jobs[0].query, field_map("sentinel")).query
            assert query is not None
            yield from _read(made.artefacts, query, every)
    told = make_export("sentinel", _CASCADES[:1], "verdict")
    yield from map(_on_arrival, _read(told.artefacts, None, 900))
    made_detections = export_detections(DETECTIONS, TARGET, RULE, make_options())
    yield from _read(made_detections, None, 900)


def _on_arrival(rule: ScheduledArtefact) -> ScheduledArtefact:
    """A rule on verdicts, whose time is that of their arrival; what happened may be older."""
    lateness = make_options().lateness
    return replace(rule, by_arrival=True, reads_from=lambda run: rule.reads_from(run) - lateness)


def _read(
    made: tuple[Artefact, ...], query: Query | None, asked: int
) -> Iterator[ScheduledArtefact]:
    for artefact in made:
        rule: dict[str, Any] = yaml.safe_load(artefact.text)
        if rule.get("kind") != "Scheduled":
            continue
        every, period = seconds(rule["queryFrequency"]), seconds(rule["queryPeriod"])
        until = re.search(r"let Until = bin\(now\(\), (\w+)\)(?: - (\w+))?;", rule["query"])
        since = re.search(r"let Since = Until - (\w+);", rule["query"])
        assert until
        assert since
        hold = seconds(until[2]) if until[2] else 0
        floor = seconds(until[1])
        yield ScheduledArtefact(
            name=f"sentinel: {artefact.path.stem} every {asked}s",
            every=every,
            anchored=False,
            reads_from=before_start(period),
            reads_to=before_start(_DELAY),
            judges_from=before_slot(floor, hold + seconds(since[1])),
            judges_to=before_slot(floor, hold),
            # A detection tells at once, and again when more has come in; test_sentinel_schedule.py runs it.
            needs_before=query.reach_before if query else 0,
            needs_after=query.reach_after if query else 0,
            # Alerts are told again, and grouped to one incident an event.
            deduplicates=False,
            told_at_most=-(-seconds(since[1]) // every),
        )
