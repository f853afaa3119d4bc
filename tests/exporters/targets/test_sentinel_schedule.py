"""Sentinel's rules, run by the model of Kusto on their schedule while events come late and runs are left out."""

import json
import re
from collections.abc import Iterator
from random import Random

import pytest
import yaml

from cloudcascade.catalog.overlay import Controller
from cloudcascade.exporters.detections import (
    DETECTIONS,
    DISCOVERY,
    DISCOVERY_BURST,
    FIRST_CALLER_IDENTITY,
    SESSION_LINEAGE,
    Detection,
)
from cloudcascade.exporters.errors import ExportError, Refused
from cloudcascade.exporters.export import export, export_detections
from cloudcascade.exporters.targets.sentinel import QUERY, RULE, TARGET
from cloudcascade.tests.exporters.kusto.model import Row, run
from cloudcascade.tests.exporters.kusto.service import problems
from cloudcascade.tests.exporters.kusto.table import row
from cloudcascade.tests.oracle_fields import Event, time_of
from cloudcascade.tests.support.cascades import DELETE_USER as SMALL
from cloudcascade.tests.support.cloudtrail import call
from cloudcascade.tests.support.golden import make_options
from cloudcascade.tests.support.offboarding import deactivate, delete_user

_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
LATENESS = 20 * 60
LAGS = pytest.mark.parametrize("lag", [0, 300, 600, 900, LATENESS])


class Rule:
    """What Sentinel knows of a rule: its query and its two times, in seconds."""

    def __init__(self, text: str) -> None:
        rule = yaml.safe_load(text)
        self.query: str = rule["query"]
        self.every, self.period = map(_seconds, (rule["queryFrequency"], rule["queryPeriod"]))

    def alerts(self, events: list[Event], lag: int, seed: int = 1) -> Iterator[Row]:
        """The rows of all runs. Half the events come in `lag` seconds late, the others sooner; a run starts up to a
        minute late, and no more than two in a row are left out, a fifth of all."""
        random = Random(seed)
        moments = [time_of(event) for event in events]
        arrived = [(lag if random.random() < 0.5 else random.randint(0, lag)) for _ in events]
        rows = [row(event) for event in events]
        missing, first = 0, min(moments) + random.randrange(self.every)
        for due in range(first, max(moments) + self.period + 4 * self.every, self.every):
            missing = missing + 1 if random.random() < 0.2 and missing < 2 else 0
            if missing:
                continue
            now = due + random.randint(0, 60)
            seen = [
                each
                for each, moment, late in zip(rows, moments, arrived, strict=True)
                if now - self.period <= moment < now - 300 and moment + late <= now
            ]
            if seen:
                yield from run(self.query, {"AWSCloudTrail": seen}, now)


def _seconds(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1]]


def rule_of(detection: Detection, **options: int) -> Rule:
    (made,) = export_detections([detection], TARGET, RULE, make_options(**options))
    return Rule(made.text)


def user(number: int) -> Event:
    return {
        "type": "IAMUser",
        "principalId": f"AIDA{number}",
        "arn": f"arn:aws:iam::111111111111:user/u{number}",
        "accountId": "111111111111",
        "accessKeyId": f"AKIA{number}",
    }


@LAGS
def test_every_first_call_alerts_and_no_other(lag: int) -> None:
    events: list[Event] = []
    for number in range(60):
        moment = 997 * number
        events.append(call("sts:GetCallerIdentity", f"first{number}", moment, by=user(number)))
        # A second call, later than any lag, is no first one.
        events.append(
            call("sts:GetCallerIdentity", f"again{number}", moment + 40_000, by=user(number))
        )
    found = list(rule_of(FIRST_CALLER_IDENTITY).alerts(events, lag))
    first = {(f"arn:aws:iam::111111111111:user/u{n}", time_of(events[2 * n])) for n in range(60)}
    assert {(each["Arn"], each["Moment"]) for each in found} == first


@LAGS
@pytest.mark.parametrize("span", [0, 1_799, 1_800])
def test_every_burst_within_the_half_hour_of_the_title_alerts(lag: int, span: int) -> None:
    events = [
        call(action, f"b{number}-{place}", 613 * number + span * place // 9, by=user(number))
        for number in range(30)
        for place, action in enumerate(DISCOVERY[:10])
    ]
    found = list(rule_of(DISCOVERY_BURST).alerts(events, lag))
    assert {each["Principal"] for each in found} == {f"AIDA{number}" for number in range(30)}


@LAGS
def test_what_takes_longer_than_half_an_hour_is_no_burst(lag: int) -> None:
    events = [
        call(action, f"b{place}", 1_801 * place // 9, by=user(1))
        for place, action in enumerate(DISCOVERY[:10])
    ]
    assert list(rule_of(DISCOVERY_BURST).alerts(events, lag)) == []


@LAGS
def test_a_cascades_rule_tells_of_what_nothing_explains_and_of_nothing_else(lag: int) -> None:
    (made, *_) = export([SMALL], [SMALL], TARGET, RULE, make_options()).artefacts
    events: list[Event] = []
    for number in range(30):
        events.append(deactivate(f"lost{number}", 599 * number, f"lost{number}"))
        events.append(deactivate(f"kept{number}", 599 * number, f"kept{number}"))
        events.append(delete_user(f"gone{number}", 599 * number + 3_000, f"kept{number}"))
    found = [each["EventId"] for each in Rule(made.text).alerts(events, lag)]
    assert set(found) == {f"lost{number}" for number in range(30)}
    (most,) = re.findall(r"up to (\d+) runs tell of an event", made.text)
    assert max(map(found.count, found)) <= int(most)


@pytest.mark.parametrize(
    ("every", "nearest"), [(60, "5m"), (630, "10m or 11m"), (15 * 86_400, "14d")]
)
@pytest.mark.parametrize("detection", [DISCOVERY_BURST, FIRST_CALLER_IDENTITY])
def test_a_detection_refuses_a_schedule_that_sentinel_cannot_keep(
    detection: Detection, every: int, nearest: str
) -> None:
    with pytest.raises(ExportError, match=f"the nearest: {nearest}$"):
        rule_of(detection, every=every)


def test_a_detection_that_leaves_no_day_to_look_back_is_refused() -> None:
    with pytest.raises(Refused, match="14 days"):
        rule_of(FIRST_CALLER_IDENTITY, every=3 * 86_400)


def test_the_title_of_a_rule_says_how_many_days_it_asks() -> None:
    (made,) = export_detections([FIRST_CALLER_IDENTITY], TARGET, RULE, make_options())
    rule = yaml.safe_load(made.text)
    (days,) = re.findall(r"Moment - (\d+)d", rule["query"])
    assert rule["name"].endswith(f"has not called it in {days} days")
    assert (
        f"# loss, fails open: a rule sees 14 days: new is who has not called in {days}d"
        in made.text
    )


def test_every_query_of_a_detection_passes_the_language_service() -> None:
    hostile = Controller.model_construct(
        name="x", arn="arn:aws:iam::1:role/a\"'|*\\b`${x}", note=None
    )
    options = make_options(controllers=(hostile,))
    files = export_detections(DETECTIONS, TARGET, RULE, options)
    queries = [yaml.safe_load(each.text)["query"] for each in files]
    queries += [each.text for each in export_detections(DETECTIONS, TARGET, QUERY, options)]
    assert problems(queries) == [[] for _ in queries]
    assert sum(json.dumps(hostile.arn) in text for text in queries) == 2


def test_what_merely_tells_is_a_hunting_query_over_one_day() -> None:
    (made,) = export_detections([SESSION_LINEAGE], TARGET, RULE, make_options())
    document = yaml.safe_load(made.text)
    assert made.path.parts[0] == "Hunting Queries"
    assert "let Since = Until - 1d;" in document["query"]
    # As long before as the sessions that lead to it may have lasted.
    assert "TimeGenerated >= Since - 1d and TimeGenerated < Until" in document["query"]
    assert "kind" not in document
