"""The detections: what they say is what a plain reading of the log says, on every engine that runs here."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudcascade.exporters import DETECTIONS, find_detection, find_target, target_names
from cloudcascade.exporters.detections import (
    DISCOVERY,
    Detection,
)
from cloudcascade.exporters.detections import (
    DISCOVERY_BURST as BURST,
)
from cloudcascade.exporters.detections import (
    FIRST_CALLER_IDENTITY as FIRST,
)
from cloudcascade.exporters.detections import (
    SESSION_LINEAGE as LINEAGE,
)
from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.export import export_detections
from cloudcascade.exporters.sql.detections import detection_sql
from cloudcascade.exporters.sql.layout import layout
from cloudcascade.exporters.target import Artefact
from cloudcascade.tests.support.cloudtrail import (
    ALICE,
    MALLORY,
    OTHER_ACCOUNT,
    Event,
    assume_role,
    call,
    session,
    user,
)
from cloudcascade.tests.support.golden import check_golden, make_options
from cloudcascade.tests.support.sql_engines import ENGINES, TABLE, DuckDBEngine, Engine

DAY = 86_400
TERRAFORM = "arn:aws:iam::111111111111:role/terraform"
SQL = ("athena", "bigquery", "clickhouse", "duckdb", "postgresql", "snowflake", "spark")
Row = tuple[Any, ...]


def seconds_of(event: Event) -> int:
    return int(datetime.fromisoformat(event["eventTime"]).timestamp())


def at(event: Event, *path: str) -> str | None:
    value: Any = event
    for member in path:
        value = value.get(member) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None


def account_of(event: Event) -> str:
    return at(event, "recipientAccountId") or at(event, "userIdentity", "accountId") or ""


def action_of(event: Event) -> str:
    return f"{event['eventSource'].removesuffix('.amazonaws.com')}:{event['eventName']}"


def bursts(log: Sequence[Event], distinct: int = BURST.distinct) -> set[Row]:
    calls = [
        event
        for event in log
        if action_of(event) in BURST.actions
        and at(event, "userIdentity", "principalId")
        and not at(event, "userIdentity", "invokedBy")
    ]
    found: dict[Row, tuple[int, int]] = {}
    for event in calls:
        who = (account_of(event), at(event, "userIdentity", "principalId"))
        names = {
            other["eventName"]
            for other in calls
            if (account_of(other), at(other, "userIdentity", "principalId")) == who
            and 0 <= seconds_of(event) - seconds_of(other) <= BURST.window
        }
        if len(names) >= distinct:
            first, most = found.get(who, (seconds_of(event), 0))
            found[who] = (min(first, seconds_of(event)), max(most, len(names)))
    return {(*who, first, most) for who, (first, most) in found.items()}


def first_calls(log: Sequence[Event]) -> set[Row]:
    calls = {
        (account_of(event), at(event, "userIdentity", "arn"), seconds_of(event))
        for event in log
        if action_of(event) == FIRST.action
        and at(event, "userIdentity", "arn")
        and not at(event, "userIdentity", "invokedBy")
        and at(event, "userIdentity", "type") != FIRST.spared
    }
    return {
        (account, arn, moment)
        for account, arn, moment in calls
        if not any(
            other[:2] == (account, arn) and 0 < moment - other[2] <= FIRST.lookback
            for other in calls
        )
    }


def lineages(log: Sequence[Event]) -> set[Row]:
    made = [
        event
        for event in log
        if action_of(event) == LINEAGE.action
        and not at(event, "errorCode")
        and at(event, "responseElements", "credentials", "accessKeyId")
    ]

    def initial(event: Event, hop: int) -> set[tuple[str | None, int | None]]:
        arn = at(event, "userIdentity", "arn")
        if arn and at(event, "userIdentity", "type") != "AssumedRole":
            return {(arn, hop)}
        key = at(event, "userIdentity", "accessKeyId")
        makers = [
            other
            for other in made
            if key and at(other, "responseElements", "credentials", "accessKeyId") == key
        ]
        if hop == LINEAGE.hops or not makers:
            return {(None, None)}
        return {found for maker in makers for found in initial(maker, hop + 1)}

    return {
        (
            at(event, "responseElements", "credentials", "accessKeyId"),
            at(event, "requestParameters", "roleArn"),
            at(event, "requestParameters", "roleSessionName"),
            account_of(event),
            seconds_of(event),
            arn,
            hops,
        )
        for event in made
        for arn, hops in initial(event, 1)
    }


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    start, missing, _ = ENGINES[request.param]
    if reason := missing():
        pytest.skip(reason)
    running = start()
    yield running
    running.close()


def ask(engine: Engine, detection: Detection, log: Sequence[Event], **more: Any) -> set[Row]:
    engine.load(log)
    text = detection_sql(detection, engine.dialect, layout("raw"), TABLE, **more)
    rows = engine.run([text])
    assert len(rows) == len(set(rows))
    return set(rows)


def sweep(count: int, *, step: int = 60, by: Event | None = ALICE, start: int = 0) -> list[Event]:
    """The first `count` of the thirteen calls, `step` seconds apart."""
    return [
        call(action, f"{action}-{start}-{number}", start + number * step, by=by)
        for number, action in enumerate(DISCOVERY[:count])
    ]


BURSTS: dict[str, tuple[list[Event], int]] = {
    "ten in half an hour": (sweep(10), 1),
    "nine are too few": (sweep(9), 0),
    "the same call ten times": (
        [call(DISCOVERY[0], f"e{number}", number) for number in range(10)],
        0,
    ),
    "ten, the first just in the window": (sweep(10, step=200), 1),
    "ten, the first just out of it": ([*sweep(9, step=225), call(DISCOVERY[9], "z", 1_801)], 0),
    "five each by two people": ([*sweep(5), *sweep(5, by=MALLORY)], 0),
    "twice the same event": (sweep(9) + sweep(9), 0),
    "denied calls count": ([{**event, "errorCode": "AccessDenied"} for event in sweep(10)], 1),
    "a service does it": (
        sweep(13, by={**ALICE, "invokedBy": "config.amazonaws.com"}),
        0,
    ),
    "nobody does it": (sweep(13, by=None), 0),
    "in two accounts": (
        [*sweep(6), *({**event, "recipientAccountId": OTHER_ACCOUNT} for event in sweep(9)[6:])],
        0,
    ),
    "another service's calls": (
        [{**event, "eventSource": "rds.amazonaws.com"} for event in sweep(13)],
        0,
    ),
}


@pytest.mark.parametrize("name", BURSTS)
def test_a_burst_is_ten_kinds_of_calls_by_one_principal_in_half_an_hour(
    engine: Engine, name: str
) -> None:
    log, count = BURSTS[name]
    found = ask(engine, BURST, log)
    assert found == bursts(log)
    assert len(found) == count


def test_a_controller_may_take_inventory(engine: Engine) -> None:
    log = sweep(13, by=session("terraform", "run", "ASIATERRAFORM"))
    assert ask(engine, BURST, log, controllers=[TERRAFORM]) == set()
    assert len(ask(engine, BURST, log, controllers=[f"{TERRAFORM}-2"])) == 1


def asks(event_id: str, seconds: int, by: Event = ALICE) -> Event:
    return call("sts:GetCallerIdentity", event_id, seconds, by=by)


FIRSTS: dict[str, tuple[list[Event], int]] = {
    "never before": ([asks("a", 0)], 1),
    "a day later again": ([asks("a", 0), asks("b", DAY)], 1),
    "fifteen days later": ([asks("a", 0), asks("b", 15 * DAY)], 1),
    "a second more": ([asks("a", 0), asks("b", 15 * DAY + 1)], 2),
    "two people": ([asks("a", 0), asks("b", 60, MALLORY)], 2),
    "a role's session": ([asks("a", 0, session("ci", "run", "ASIA"))], 0),
    "twice the same event": ([asks("a", 0), asks("a", 0)], 1),
    "a service asks": ([asks("a", 0, {**ALICE, "invokedBy": "x.amazonaws.com"})], 0),
    "nobody asks": ([asks("a", 0, {"type": "IAMUser"})], 0),
}


@pytest.mark.parametrize("name", FIRSTS)
def test_a_first_call_is_one_after_fifteen_days_of_none(engine: Engine, name: str) -> None:
    log, count = FIRSTS[name]
    found = ask(engine, FIRST, log)
    assert found == first_calls(log)
    assert len(found) == count


def assumed(event_id: str, key: str, by: Event | None, role: str, seconds: int = 0) -> Event:
    names = {"roleArn": f"arn:aws:iam::111111111111:role/{role}", "roleSessionName": event_id}
    return {**assume_role(event_id, key, by=by, seconds=seconds), "requestParameters": names}


CHAIN = [
    assumed("one", "ASIA1", ALICE, "a"),
    assumed("two", "ASIA2", session("a", "one", "ASIA1"), "b", 60),
    assumed("three", "ASIA3", session("b", "two", "ASIA2"), "c", 120),
    assumed("four", "ASIA4", session("c", "three", "ASIA3"), "d", 180),
]
LINEAGES: dict[str, tuple[list[Event], dict[str, str | None]]] = {
    "a chain of four": (
        CHAIN,
        {"ASIA1": ALICE["arn"], "ASIA2": ALICE["arn"], "ASIA3": ALICE["arn"], "ASIA4": None},
    ),
    "its beginning is not in the log": (CHAIN[1:2], {"ASIA2": None}),
    "it failed": ([{**CHAIN[0], "errorCode": "AccessDenied"}], {}),
    "a service assumed it": (
        [assumed("one", "ASIA1", {"type": "AWSService", "invokedBy": "x.amazonaws.com"}, "a")],
        {"ASIA1": None},
    ),
    "twice the same event": ([CHAIN[0], CHAIN[0]], {"ASIA1": ALICE["arn"]}),
}


@pytest.mark.parametrize("name", LINEAGES)
def test_a_session_leads_back_to_who_began_the_chain(engine: Engine, name: str) -> None:
    log, initial = LINEAGES[name]
    found = ask(engine, LINEAGE, log)
    assert found == lineages(log)
    assert {row[0]: row[5] for row in found} == initial


PEOPLE = st.sampled_from(
    [
        ALICE,
        MALLORY,
        user("alice", access_key="AKIAALICE", account=OTHER_ACCOUNT),
        {**ALICE, "invokedBy": "config.amazonaws.com"},
        session("a", "one", "ASIA1"),
        session("b", "two", "ASIA2"),
        {"type": "AWSAccount", "principalId": ""},
    ]
)
KEYS = st.sampled_from(["ASIA1", "ASIA2", "ASIA3"])


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    made: list[Event] = []
    for number in range(draw(st.integers(0, 24))):
        moment = draw(st.integers(0, 2_400) | st.sampled_from([0, DAY, 15 * DAY, 15 * DAY + 1]))
        kind = draw(st.sampled_from(["burst", "ask", "assume"]))
        by = draw(PEOPLE)
        if kind == "burst":
            made.append(call(draw(st.sampled_from(DISCOVERY)), f"e{number}", moment, by=by))
        elif kind == "ask":
            made.append(asks(f"e{number}", moment, by))
        else:
            made.append(assumed(f"e{number}", draw(KEYS), by, "a", moment))
    return made + draw(st.lists(st.sampled_from(made), max_size=3)) if made else made


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(logs(), st.sampled_from([3, 10]))
def test_random_logs(log: list[Event], distinct: int) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed")
    engine = DuckDBEngine()
    assert ask(engine, replace(BURST, distinct=distinct), log) == bursts(log, distinct)
    assert ask(engine, FIRST, log) == first_calls(log)
    assert ask(engine, LINEAGE, log) == lineages(log)
    engine.close()


def rendered(name: str, *detections: Detection, **options: Any) -> tuple[Artefact, ...]:
    target = find_target(name)
    return export_detections(detections, target, target.style(None), make_options(**options))


@pytest.mark.parametrize("name", [*SQL, "splunk", "sentinel"])
def test_a_target_that_has_forms_has_one_for_each(name: str) -> None:
    made = rendered(name, *DETECTIONS)
    for detection in DETECTIONS:
        mine = [each.text for each in made if detection.id in each.text]
        assert mine
        assert all(miss in text for text in mine for miss in detection.misses)


@pytest.mark.parametrize(
    "name", sorted(set(target_names()) - {*SQL, "splunk", "sentinel", "elastic"})
)
def test_a_target_without_forms_says_so(name: str) -> None:
    with pytest.raises(ExportError, match="no form for detections"):
        rendered(name, BURST)


def test_kibana_has_a_threshold_and_new_terms_and_no_join() -> None:
    made = rendered("elastic", BURST, FIRST)
    burst, first = (
        tomllib.loads(each.text)["rule"] for each in made if each.path.suffix == ".toml"
    )
    assert burst["type"] == "threshold"
    assert burst["threshold"]["cardinality"] == [{"field": "event.action", "value": 10}]
    # The window, the lateness, an interval and the overlap: one run sees all of a burst, wherever it begins.
    assert burst["from"] == "now-110m"
    assert first["type"] == "new_terms"
    start = {"field": "history_window_start", "value": "now-15d"}
    assert first["new_terms"]["history_window_start"] == [start]
    with pytest.raises(ExportError, match="joins no two events"):
        rendered("elastic", LINEAGE)


@pytest.mark.parametrize("name", ["splunk", "sentinel", "elastic", "duckdb"])
def test_a_detection_says_which_overlay_was_in_force(name: str) -> None:
    for each in rendered(name, BURST, FIRST, overlay="ours 1.2"):
        assert "overlay in force: ours 1.2" in each.text


def test_a_detection_is_found_by_its_last_part_and_nothing_else_is_one() -> None:
    assert find_detection("Discovery_Burst") is BURST
    assert find_detection(LINEAGE.id) is LINEAGE
    assert find_detection("aws.iam.delete-user") is None


@pytest.mark.parametrize("name", ["duckdb", "splunk", "sentinel"])
def test_golden_files(name: str) -> None:
    check_golden(f"{name}-detections", rendered(name, *DETECTIONS))
