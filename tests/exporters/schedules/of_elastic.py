"""What Kibana does with Elastic's rules: `interval`, `from`, the filter of a rule and the slice in its query.

Kibana runs a rule an interval after its last run began, at no known second. It reads by the time of arrival where a
rule has `timestamp_override`, by `@timestamp` where it has none, and raises no second alert for the same document.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from cloudcascade.exporters.detections import DETECTIONS, Burst, FirstSeen
from cloudcascade.exporters.export import export_detections
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.target import Artefact
from cloudcascade.tests.support.golden import make_export, make_options
from cloudcascade.tests.support.schedule_simulator import (
    Run,
    ScheduledArtefact,
    before_slot,
    before_start,
)

SECONDS = {"s": 1, "m": 60, "h": 3_600, "second": 1, "minute": 60, "hour": 3_600}
SLICE = re.compile(r"(>=|<) DATE_TRUNC\((\d+) (\w+?)s?, NOW\(\)\) - (\d+) seconds")
CASCADES = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")


def rules(artefacts: Iterable[Artefact]) -> Iterator[dict[str, Any]]:
    for each in artefacts:
        if each.path.suffix == ".ndjson":
            yield from map(json.loads, each.text.splitlines())


def duration(text: str) -> int:
    return int(text[:-1]) * SECONDS[text[-1]]


def artefacts() -> Iterator[ScheduledArtefact]:
    for every in (900, 5_400):
        for cascade in CASCADES:
            made = make_export("elastic", [cascade], every=every)
            (rule,) = rules(made.artefacts)
            query = made.jobs[0].query
            yield in_query(rule, every, query.reach_before, query.reach_after)
    made = make_export("elastic", CASCADES[:1], "eql", allow_fail_closed=True)
    for number, rule in enumerate(rules(made.artefacts)):
        if "filters" in rule:
            yield after_hold(rule, number, made.jobs[0].query.reach_after)
        else:
            yield on_arrival(rule, f"eql {number}")
    for number, rule in enumerate(rules(make_export("elastic", CASCADES[:1], "origin").artefacts)):
        yield on_arrival(rule, f"origin {number}")
    for rule in rules(make_export("elastic", CASCADES[:1], "verdict").artefacts):
        yield on_arrival(rule, "verdicts")
    target = find_target("elastic")
    for detection in DETECTIONS:
        if isinstance(detection, Burst | FirstSeen):
            made_of_it = export_detections([detection], target, target.styles[0], make_options())
            (rule,) = rules(made_of_it)
            if isinstance(detection, Burst):
                yield whole_bursts(rule, detection.window)
            else:
                yield on_arrival(rule, detection.id)


def in_query(rule: dict[str, Any], every: int, before: int, after: int) -> ScheduledArtefact:
    """The query judges a slice of its own, and Kibana shows it what arrived since `from`."""
    assert duration(rule["interval"]) == every
    assert rule["timestamp_override"] == "event.ingested"
    back = duration(rule["from"].removeprefix("now-"))
    reads, *slice_ = [
        (sign, int(count) * SECONDS[unit], int(ago))
        for sign, count, unit, ago in SLICE.findall(rule["query"])
    ]
    (low, trunc, start), (high, trunc_too, hold) = slice_
    assert (reads[0], low, high) == (">=", ">=", "<")
    assert trunc == trunc_too == reads[1] == every

    def reads_from(run: Run) -> int:
        return max(before_slot(trunc, reads[2])(run), before_start(back)(run))

    return ScheduledArtefact(
        name=f"elastic esql: {rule['name']} every {every}s",
        every=every,
        anchored=False,
        reads_from=reads_from,
        reads_to=before_start(0),
        judges_from=before_slot(trunc, start),
        judges_to=before_slot(trunc, hold),
        needs_before=before,
        needs_after=after,
        deduplicates="METADATA _id, _version, _index" in rule["query"],
    )


def after_hold(rule: dict[str, Any], number: int, after: int) -> ScheduledArtefact:
    """A sequence, whose effects a filter of the rule keeps back."""
    assert "timestamp_override" not in rule
    back = duration(rule["from"].removeprefix("now-"))
    old = rule["filters"][0]["query"]["bool"]["should"][0]["range"]["@timestamp"]["lt"]
    return ScheduledArtefact(
        name=f"elastic eql {number}: {rule['name']}",
        every=duration(rule["interval"]),
        anchored=False,
        reads_from=before_start(back),
        reads_to=before_start(0),
        judges_from=before_start(back),
        judges_to=before_start(duration(old.removeprefix("now-"))),
        needs_after=after,
        deduplicates=True,
    )


def on_arrival(rule: dict[str, Any], name: str) -> ScheduledArtefact:
    """A rule that asks nothing but the event itself. What has come in since `from` may have happened before it."""
    assert rule["timestamp_override"] == "event.ingested"
    back = duration(rule["from"].removeprefix("now-"))
    lateness = make_options().lateness
    return ScheduledArtefact(
        name=f"elastic {name}",
        every=duration(rule["interval"]),
        anchored=False,
        by_arrival=True,
        reads_from=before_start(back + lateness),
        reads_to=before_start(0),
        judges_from=before_start(back),
        judges_to=before_start(0),
        deduplicates=True,
    )


def whole_bursts(rule: dict[str, Any], window: int) -> ScheduledArtefact:
    """The last call of a burst is judged by a run for which all of the burst has come in and is not too old."""
    back = duration(rule["from"].removeprefix("now-"))
    lateness = make_options().lateness
    return ScheduledArtefact(
        name="elastic burst",
        every=duration(rule["interval"]),
        anchored=False,
        reads_from=before_start(back),
        reads_to=before_start(0),
        judges_from=before_start(back - window),
        judges_to=before_start(lateness),
        needs_before=window,
        deduplicates=True,
    )
