"""Microsoft Sentinel: the queries mean what they say, and the artefacts around them load."""

import csv
import io
import json
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.catalog.models import Cascade
from cloudcascade.catalog.overlay import Controller
from cloudcascade.catalog.terms import Policy
from cloudcascade.exporters.capabilities import Direction
from cloudcascade.exporters.errors import ExportError, Refused
from cloudcascade.exporters.export import export, plan
from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.languages.sentinel.kusto import timespan_literal
from cloudcascade.exporters.languages.sentinel.kusto_limits import settle
from cloudcascade.exporters.languages.sentinel.kusto_query import (
    alert_query,
    label_query,
    silenced_query,
)
from cloudcascade.exporters.languages.sentinel.timing import Slice, timing
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import (
    Condition,
    Denied,
    Edge,
    Key,
    KeyPair,
    Node,
    Pattern,
    Query,
    Test,
)
from cloudcascade.exporters.schedule import overlap
from cloudcascade.exporters.targets.sentinel import QUERY, RULE, TARGET
from cloudcascade.tests.exporters.kusto.model import Row, run
from cloudcascade.tests.exporters.kusto.service import problems
from cloudcascade.tests.exporters.kusto.table import MONTH, answer, row
from cloudcascade.tests.oracle_fields import Event, action_of
from cloudcascade.tests.support.cascades import DELETE_USER as SMALL
from cloudcascade.tests.support.cascades import cascade as built_from
from cloudcascade.tests.support.cloudtrail import MALLORY, call, session
from cloudcascade.tests.support.golden import CATALOG, check_golden, make_export, make_options
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import Scenario, deactivate, delete_user, strip
from cloudcascade.tests.support.profile import tried
from cloudcascade.tests.support.query_oracle import alerts, candidates, explained, session_actor
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs

FIELDS = field_map("sentinel")
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
EVERYTHING = tuple(cascade.id for cascade in CATALOG.cascades)
CONTROLLERS = (
    Controller(name="pipeline", arn="arn:aws:iam::111111111111:role/deploy", note="=1+1"),
)


def settled(cascade: str) -> Query:
    """What the exporter renders of a bundled cascade."""
    job = plan(CATALOG.get(cascade), CATALOG.cascades, QUERY, make_options())
    found = settle(job.query, FIELDS).query
    assert found is not None
    return found


DELETE_USER = settled("aws.iam.delete-user")


def month_of(query: Query) -> Slice:
    """A month, as far as all of it is in."""
    return Slice(MONTH, query.hold)


def alerted(query: Query, events: list[Event]) -> set[str]:
    text = alert_query(query, FIELDS, "AWSCloudTrail", month_of(query))
    return {each["EventId"] for each in answer(text, events, query.hold)}


def texts(style: str, cascades: tuple[str, ...] = EVERYTHING, **options: Any) -> dict[str, str]:
    made = make_export("sentinel", cascades, style, allow_fail_closed=True, **options)
    return {str(artefact.path): artefact.text for artefact in made.artefacts}


def small_texts(style: str, **options: Any) -> dict[str, str]:
    """The artefacts of a cascade for which a rule has room."""
    made = export(
        [SMALL],
        [SMALL],
        TARGET,
        TARGET.style(style),
        make_options(**options),
        allow_fail_closed=True,
    )
    return {str(artefact.path): artefact.text for artefact in made.artefacts}


def queries_in(files: dict[str, str]) -> dict[str, str]:
    found = {name: text for name, text in files.items() if name.endswith(".kql")}
    for name, text in files.items():
        if name.endswith(".yaml"):
            found[name] = yaml.safe_load(text)["query"]
    return found


# What the queries mean


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_rule_alerts_on_what_nothing_explains(scenario: Scenario) -> None:
    events = [event for event in scenario.events if "eventID" in event]
    assert alerted(DELETE_USER, events) == alerts(DELETE_USER, events, session_actor)


def test_the_scenarios_tell_alerts_from_silence() -> None:
    """Without this the comparison above could agree on nothing at all."""
    found = [alerted(DELETE_USER, list(scenario.events)) for scenario in SCENARIOS]
    assert any(found)
    assert not all(found)


@given(st.data())
@tried(40)
def test_any_cascade_means_in_kusto_what_it_means(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    log = data.draw(logs(cascades))
    for cascade in cascades:
        query = lower(cascade, cascades)
        fitted = fit(query, QUERY.capabilities).query if query.actions else None
        cut = settle(fitted, FIELDS).query if fitted else None
        if cut is None:
            continue
        assert fitted is not None
        if cut.purpose == "alert":
            assert alerted(cut, log) == alerts(cut, log, session_actor)
            for whole in (query, fitted):
                assert alerts(whole, log, session_actor) & candidates(cut, log) <= alerted(cut, log)
            continue
        text = label_query(cut, FIELDS, "AWSCloudTrail", month_of(cut))
        found = {each["EventId"] for each in answer(text, log, cut.hold)}
        assert found == explained(cut, log, session_actor) & candidates(cut, log)


def test_silence_is_counted() -> None:
    scenario = SCENARIOS[0]
    text = silenced_query(DELETE_USER, FIELDS, "AWSCloudTrail", month_of(DELETE_USER))
    counted = answer(text, scenario.events, DELETE_USER.hold)
    silent = candidates(DELETE_USER, scenario.events) - alerted(DELETE_USER, list(scenario.events))
    assert silent
    assert sum(each["Silenced"] for each in counted) == len(silent)
    assert {each["Action"] for each in counted} == {
        action_of(event) for event in scenario.events if event["eventID"] in silent
    }


def test_an_explained_event_is_labelled_with_its_nearest_origin() -> None:
    events = [deactivate("mfa", 0), delete_user("near", 60), delete_user("far", 600)]
    query = lower(SMALL)
    (found,) = answer(
        label_query(query, FIELDS, "AWSCloudTrail", month_of(query)), events, query.hold
    )
    assert (found["EventId"], found["OriginId"]) == ("mfa", "near")
    assert (found["Cascade"], found["Relation"]) == ("aws.iam.delete-user", "precondition")


def test_nearness_decides_only_within_a_class() -> None:
    user = {"user": "requestParameters.userName"}
    effect = {"action": "iam:DeactivateMFADevice", "within": {"before": "1h"}, "keys": user}
    built = built_from(
        origin={"action": "iam:DeleteUser", "keys": user},
        effects=[
            {**effect, "name": "by-time", "relation": "companion"},
            {**effect, "name": "by-user", "relation": "precondition", "join": ["user"]},
        ],
    )
    events = [deactivate("mfa", 0), delete_user("near", 60, "carol"), delete_user("far", 600)]
    query = lower(built)
    (found,) = answer(
        label_query(query, FIELDS, "AWSCloudTrail", month_of(query)), events, query.hold
    )
    assert (found["OriginId"], found["Relation"]) == ("far", "precondition")


def test_an_event_without_an_id_alerts_and_two_of_them_are_two() -> None:
    events = [strip("DeleteLoginProfile", "x", at) for at in (0, 1)]
    for event in events:
        del event["eventID"]
    assert len(alerted(DELETE_USER, events)) == 2


def test_copies_of_one_event_alert_once() -> None:
    text = alert_query(DELETE_USER, FIELDS, "AWSCloudTrail", month_of(DELETE_USER))
    assert len(answer(text, [deactivate("mfa", 0)] * 3, DELETE_USER.hold)) == 1


def test_every_event_is_judged_by_each_run_whose_slice_holds_it() -> None:
    events = [deactivate("lost", 0), deactivate("kept", 899), deactivate("edge", 900)]
    events += [delete_user("gone", 4_000)]
    times = timing(DELETE_USER, 900)
    text = alert_query(DELETE_USER, FIELDS, "AWSCloudTrail", times.slice)
    rows = [row(event) for event in events]
    start = rows[0]["TimeGenerated"] - 2_000
    seen = [
        each["EventId"]
        for now in range(start, start + 30_000, times.every)
        for each in run(text, {"AWSCloudTrail": _arrived(rows, now)}, now)
    ]
    assert seen == ["lost"] * times.runs


def test_a_run_judges_the_same_slice_whenever_in_its_interval_it_starts() -> None:
    query = lower(SMALL)
    text = alert_query(query, FIELDS, "AWSCloudTrail", timing(query, 900).slice)
    rows = [row(deactivate(f"e{number}", 300 * number)) for number in range(40)]
    due = rows[0]["TimeGenerated"] + query.hold + 3_600
    due -= due % 900
    judged = [
        [each["EventId"] for each in run(text, {"AWSCloudTrail": rows}, due + late)]
        for late in (0, 1, 899)
    ]
    assert judged[0] == judged[1] == judged[2] != []


def _arrived(rows: list[Row], now: int) -> list[Row]:
    """The rows that are in the table at `now`, when each takes as long as it may."""
    return [each for each in rows if each["TimeGenerated"] + DELETE_USER.lateness <= now]


def test_the_period_of_a_rule_covers_all_that_its_query_reads() -> None:
    query = settled("aws.s3.delete-bucket")
    files = texts("rule", (query.cascade,))
    rule = yaml.safe_load(files["Detections/AWSCloudTrail/S3DeleteBucketUnexplained.yaml"])
    period = _seconds(rule["queryPeriod"])
    judged = 900 + overlap(900, query.lateness)
    assert rule["queryFrequency"] == "15m"
    # One interval more, by which the clock may be floored.
    assert period == query.hold + query.reach_before + judged + 900
    assert f"let Since = Until - {timespan_literal(judged)};" in rule["query"]


@pytest.mark.parametrize(("lateness", "hold"), [(0, "5m"), (60, "5m"), (1_800, "30m")])
def test_a_rule_waits_for_late_events_and_never_less_than_sentinel_looks_back(
    lateness: int, hold: str
) -> None:
    text = yaml.safe_load(small_texts("rule", lateness=lateness)[_RULE_FILE])["query"]
    assert f"late events ({hold})" in text


@pytest.mark.parametrize("style", ["rule", "automation"])
def test_a_rule_says_what_no_run_judges_and_how_often_an_event_is_told(style: str) -> None:
    (rule,) = [text for name, text in small_texts(style).items() if name.startswith("Detections/")]
    assert "# loss, not covered: an event that comes more than" in rule
    assert (
        "runs every 15m and judges 1h: events that are 20m late and 2 runs left out lose nothing"
        in rule
    )
    assert "up to 4 runs tell of an event, in one incident by AwsEventId" in rule


_RULE_FILE = "Detections/AWSCloudTrail/IamDeleteUserUnexplained.yaml"


# What random logs seldom hit

NAME = Key("name", ("requestParameters.name",))
ARN = replace(NAME, arn_name=True)
NAMES = Key("names", ("requestParameters.names[].name",))


def little(
    own: Key | None = None,
    parent: Key | None = None,
    *,
    distinct: bool = False,
    where: tuple[Condition, ...] = (),
    action: str = "s3:Effect",
) -> Query:
    """An effect that joins s3:Origin within 10 seconds on either side."""
    pairs = (KeyPair(own or NAME, parent or own or NAME),)
    edge = Edge(
        join=() if distinct else pairs, distinct=pairs if distinct else (), before=10, after=10
    )
    pattern = Pattern(action, where)
    node = Node("effect", pattern, edge, None, "precondition", "suppress")
    return Query("aws.s3.x", "X", "X", Pattern("s3:Origin"), "origin", (node,), "None.", 0)


def named(*names: object) -> Event:
    return {"names": [{"name": name} for name in names]}


@pytest.mark.parametrize(
    ("query", "own", "parent", "silent"),
    [
        pytest.param(little(), {"name": "a"}, {"name": "a"}, True, id="a text"),
        pytest.param(little(), {"name": 7}, {"name": 7}, True, id="a number"),
        pytest.param(little(), {"name": 7}, {"name": "7"}, False, id="a number is no text"),
        pytest.param(little(), {"name": True}, {"name": True}, False, id="a flag is no key"),
        pytest.param(little(), {"name": ["a"]}, {"name": ["a"]}, False, id="a list is no key"),
        pytest.param(little(), {}, {}, False, id="both missing"),
        pytest.param(little(), {"name": "A"}, {"name": "a"}, False, id="with case"),
        pytest.param(little(NAME, NAMES), {"name": "a"}, named("b", "a"), True, id="in a list"),
        pytest.param(little(NAME, NAMES), {"name": "a"}, named("b"), False, id="not in the list"),
        pytest.param(
            little(NAME, NAMES), {"name": "a"}, named("a", None), False, id="a hole in it"
        ),
        pytest.param(little(NAMES), named("a"), named("a", "b"), True, id="a list in a list"),
        pytest.param(little(NAMES), named("a", "c"), named("a", "b"), False, id="not all of it"),
        pytest.param(little(NAMES), named("a", ""), named("a"), False, id="a hole in its own"),
        pytest.param(little(NAMES), {"names": []}, named("a"), False, id="an empty list"),
        pytest.param(little(NAMES), {"names": []}, {"names": []}, False, id="two empty lists"),
        pytest.param(
            little(NAMES), named(*range(1_001)), named(*range(1_001)), False, id="a long list"
        ),
        pytest.param(
            little(ARN), {"name": "arn:aws:iam::1:role/x/y:z"}, {"name": "y:z"}, True, id="a path"
        ),
        pytest.param(
            little(ARN), {"name": "arn:aws:sns:r:1:t:s"}, {"name": "s"}, True, id="no path"
        ),
        pytest.param(little(ARN), {"name": "arn:s3/z"}, {"name": "z"}, False, id="no ARN"),
        pytest.param(
            little(ARN), {"name": "arn:aws:iam::1:user/"}, {"name": ""}, False, id="no name"
        ),
        pytest.param(
            little(ARN),
            {"name": "arn:aws:iam::1:role/a\n/b"},
            {"name": "b"},
            True,
            id="a line break",
        ),
        pytest.param(little(distinct=True), {"name": "a"}, {"name": "b"}, True, id="they differ"),
        pytest.param(little(distinct=True), {"name": "a"}, {"name": "a"}, False, id="they do not"),
        pytest.param(little(distinct=True), {"name": "a"}, {}, False, id="one is missing"),
        pytest.param(
            little(replace(NAME, fold=True)),
            {"name": "\u212aob"},
            {"name": "kob"},
            False,
            id="only ASCII letters fold",
        ),
    ],
)
def test_keys_compare_as_they_should(query: Query, own: Event, parent: Event, silent: bool) -> None:
    events = [call("s3:Effect", "effect", 0, own), call("s3:Origin", "origin", 5, parent)]
    assert alerts(query, events, session_actor) == (set() if silent else {"effect"})
    assert alerted(query, events) == (set() if silent else {"effect"})


@pytest.mark.parametrize("flag", [None, "", "x", [], {}, ["x"], {"x": 1}, 0, False, "[]", "{}"])
@pytest.mark.parametrize(
    "condition",
    [
        Test("requestParameters.flag", "exists"),
        Test("requestParameters.flag", "absent"),
        Test("requestParameters.flag", "equals", ("x",)),
        Test("requestParameters.flag", "equals", ("",)),
        Test("requestParameters.flag", "equals", (0,)),
        Test("requestParameters.flag", "equals", (False,)),
        Test("requestParameters.flag", "in", ("x", "", 0)),
        Test("requestParameters.flag", "startswith", ("x",)),
        Test("requestParameters.flag", "endswith", ("x",)),
        Denied("requestParameters.flag", (Test("requestParameters.flag", "equals", ("x",)),)),
        Test("userIdentity.userName", "equals", ("alice",)),
        Test("userIdentity.invokedBy", "absent"),
        Test("userIdentity.invokedBy", "startswith", ("x",)),
    ],
    ids=str,
)
def test_conditions_hold_when_they_should(condition: Condition, flag: object) -> None:
    query = little(where=(condition,))
    own = {"name": "a", "flag": flag}
    events = [call("s3:Effect", "effect", 0, own), call("s3:Origin", "origin", 5, {"name": "a"})]
    assert alerted(query, events) == alerts(query, events, session_actor)


def test_nobody_is_the_same_as_an_anonymous_caller() -> None:
    anonymous = {"type": "IAMUser", "principalId": "Anonymous"}
    events = [
        call("s3:Effect", "effect", 0, {"name": "a"}, by=anonymous),
        call("s3:Origin", "origin", 5, {"name": "a"}, by=anonymous),
    ]
    assert alerted(little(), events) == {"effect"}


def test_an_origin_is_not_its_own_grandchild() -> None:
    first = little()
    edge = first.nodes[0].edge
    below = Node("again", Pattern("s3:Origin"), edge, "effect", "precondition", "suppress")
    query = replace(first, nodes=(*first.nodes, below))
    events = [
        call("s3:Effect", "effect", 0, {"name": "a"}),
        call("s3:Origin", "origin", 5, {"name": "a"}),
    ]
    assert alerted(query, events) == alerts(query, events, session_actor) == {"origin"}


def test_an_event_takes_no_two_places_in_the_middle_of_its_path() -> None:
    first = little(action="s3:Again")
    edge = first.nodes[0].edge
    nodes = [replace(first.nodes[0], policy="annotate")]
    for name, action, parent in (("two", "s3:Two", "effect"), ("three", "s3:Again", "two")):
        policy: Policy = "annotate" if name == "two" else "suppress"
        nodes.append(Node(name, Pattern(action), edge, parent, "precondition", policy))
    query = replace(first, nodes=tuple(nodes))
    events = [
        call("s3:Again", "once", 0, {"name": "a"}),
        call("s3:Two", "two", 1, {"name": "a"}),
        call("s3:Origin", "origin", 5, {"name": "a"}),
    ]
    assert alerted(query, events) == alerts(query, events, session_actor) == {"once"}
    events.append(call("s3:Again", "twice", 0, {"name": "a"}))
    assert alerted(query, events) == alerts(query, events, session_actor) == set()


# What the language service says


@pytest.mark.parametrize("style", ["rule", "query", "watchlist", "automation", "allow-list"])
def test_every_query_of_the_catalogue_passes_the_language_service(style: str) -> None:
    files = queries_in(texts(style, controllers=CONTROLLERS))
    assert len(files) > 12
    found = problems(list(files.values()))
    assert {name: each for name, each in zip(files, found, strict=True) if each} == {}


def test_another_table_is_quoted() -> None:
    files = queries_in(texts("query", GOLDEN, table="My CloudTrail"))
    assert all('["My CloudTrail"]' in text for text in files.values())
    assert not any(problems(list(files.values())))


def test_queries_of_random_cascades_are_kusto() -> None:
    made: list[str] = []  # gathered, since the service takes a second to start

    @given(catalogues())
    def draw(cascades: list[Cascade]) -> None:
        for cascade in cascades:
            query = lower(cascade, ())
            fitted = fit(query, QUERY.capabilities).query if query.actions else None
            cut = settle(fitted, FIELDS).query if fitted else None
            if cut is not None:
                made.append(
                    label_query(cut, FIELDS, "AWSCloudTrail", month_of(cut), unexplained=True)
                )

    draw()
    several = made[:100]
    assert len(several) > 10
    assert problems(several) == [[] for _ in several]


# What surrounds the queries


def test_rules_have_the_keys_and_keep_the_limits_of_sentinel() -> None:
    files = {name: text for name, text in texts("rule").items() if name.startswith("Detections/")}
    assert len(files) > 12
    ids = set()
    for text in files.values():
        rule = yaml.safe_load(text)
        assert rule["kind"] == "Scheduled"
        assert (rule["triggerOperator"], rule["triggerThreshold"]) == ("gt", 0)
        assert len(rule["query"]) <= 10_000
        every, period = _seconds(rule["queryFrequency"]), _seconds(rule["queryPeriod"])
        assert 300 <= every <= period <= 14 * 86_400
        assert every >= 3_600 or period <= 2 * 86_400
        grouping = rule["incidentConfiguration"]["groupingConfiguration"]
        assert grouping["groupByCustomDetails"] == ["AwsEventId"]
        assert rule["customDetails"]["AwsEventId"] == "EventId"
        ids.add(rule["id"])
    assert len(ids) == len(files)


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"m": 60, "h": 3_600, "d": 86_400}[text[-1]]


@pytest.mark.parametrize(
    ("every", "nearest"),
    [(60, "5m"), (299, "5m"), (330, "5m or 6m"), (15 * 86_400, "14d")],
)
def test_a_schedule_that_sentinel_cannot_keep_is_refused_with_the_nearest(
    every: int, nearest: str
) -> None:
    with pytest.raises(ExportError, match=f"the nearest: {nearest}$"):
        small_texts("rule", every=every)


def test_a_rule_that_looks_back_two_days_runs_every_hour_and_judges_as_much() -> None:
    made = make_export("sentinel", ["aws.kms.schedule-key-deletion"], "rule").artefacts
    rule = next(yaml.safe_load(each.text) for each in made if each.path.parts[0] == "Detections")
    assert rule["queryFrequency"] == "1h"
    assert "bin(now(), 1h)" in rule["query"]
    assert "let Since = Until - 4h;" in rule["query"]


def test_a_window_beyond_14_days_is_cut_and_said() -> None:
    made = make_export("sentinel", ["aws.kms.schedule-key-deletion"], "rule")
    (job,) = made.jobs
    assert any(
        loss.direction is Direction.OPEN and "ends after 13d instead of 31d" in loss.text
        for loss in job.losses
    )
    whole = make_export("sentinel", ["aws.kms.schedule-key-deletion"], "query")
    assert not any("instead of" in loss.text for loss in whole.jobs[0].losses)


def test_a_schedule_that_leaves_no_room_is_refused() -> None:
    made = export([SMALL], [SMALL], TARGET, RULE, make_options(every=14 * 86_400))
    assert not made.artefacts
    assert "14 days" in made.omitted[0].reason


def test_a_query_too_long_for_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudcascade.exporters.targets.sentinel.MAX_QUERY", 1_000)
    with pytest.raises(Refused, match="characters"):
        tuple(RULE.losses(DELETE_USER, make_options()))


def test_what_a_rule_has_no_room_to_ask_is_not_covered_and_said() -> None:
    others = [each for each in CATALOG.cascades if each.id != SMALL.id]
    made = export([SMALL], [SMALL, *others], TARGET, RULE, make_options())
    (job,) = made.jobs
    (rule,) = [yaml.safe_load(each.text) for each in made.artefacts if str(each.path) == _RULE_FILE]
    assert any(
        loss.direction is Direction.UNCOVERED and "a rule has no room to ask" in loss.text
        for loss in job.losses
    )
    assert 'Action == "iam:DeleteAccessKey"' not in rule["query"]
    assert '"iam:DeleteLoginProfile"' in rule["query"]


def test_a_column_that_the_table_lacks_leaves_the_effect_uncovered() -> None:
    made = make_export("sentinel", ["aws.iam.view-user-in-console"], "query")
    assert not made.artefacts
    assert "no column for sessionCredentialFromConsole" in made.omitted[0].reason


def test_a_hostile_title_breaks_neither_comments_nor_documents() -> None:
    hostile = "x\"'\n| take 0 */ //\u2028: [concat('a')]\u202e"
    job = plan(SMALL, [SMALL], QUERY, make_options())
    job = replace(job, query=replace(job.query, title=hostile, residual_risk=hostile))
    options = make_options(owner=hostile, controllers=CONTROLLERS)
    plain: dict[str, str] = {}
    for style in TARGET.styles:
        files = {str(each.path): each.text for each in style.render([job], options)}
        assert not any(problems(list(queries_in(files).values())))
        plain |= files
    for name, text in plain.items():
        if name.endswith(".json"):
            assert json.loads(text)["resources"][0]["properties"]
        if name.endswith(".kql"):
            assert text.splitlines()[0].startswith("// ")


# Suppression


WATCHLIST = "Watchlists/cascade_explained/"


def muted(name: str, listed: list[Row], events: list[Event]) -> set[str]:
    """The ids that remain, or the counted rows, of a query that reads a watchlist."""
    tables = {
        "AWSCloudTrail": [row(event) for event in events],
        "cascade_explained": listed,
        "cascade_controllers": listed,
    }
    # The model compares dates as the texts that the watchlist holds.
    text = name.replace("todatetime(Expires) > now()", "isnotempty(Expires)")
    return {each["AwsEventId"] for each in run(text, tables, 0)}


def test_the_watchlist_mutes_the_listed_events_and_no_others() -> None:
    files = texts("watchlist", GOLDEN[:1])
    mute = files[WATCHLIST + "IamDeleteUserMute.kql"]
    listed = [{"AwsEventId": each, "Expires": "2027-05-20"} for each in ("one", "")]
    nameless = {**deactivate("", 0), "eventID": ""}
    events = [deactivate("one", 0), deactivate("two", 0), nameless]
    assert muted(mute, listed, events) == {"two", ""}


def test_the_fill_query_yields_the_columns_of_the_watchlist() -> None:
    files = texts("watchlist", GOLDEN[:1])
    columns = next(csv.reader(io.StringIO(files[WATCHLIST + "cascade_explained.csv"])))
    fill = files[WATCHLIST + "IamDeleteUserFill.kql"]
    events = [deactivate("mfa", 0), delete_user("gone", 60)]
    (found,) = answer(fill, events, DELETE_USER.hold)
    assert list(found) == columns
    assert (found["AwsEventId"], found["Expires"]) == ("mfa", "2027-05-20")


def test_the_watchlist_template_holds_the_file_and_its_key() -> None:
    files = texts("watchlist", GOLDEN[:1])
    (resource,) = json.loads(files[WATCHLIST + "watchlist.json"])["resources"]
    assert resource["properties"]["itemsSearchKey"] == "AwsEventId"
    assert resource["properties"]["rawContent"] == files[WATCHLIST + "cascade_explained.csv"]


def test_the_allow_list_is_refused_unless_failing_closed_is_allowed() -> None:
    made = make_export("sentinel", GOLDEN[:1], "allow-list", controllers=CONTROLLERS)
    assert not made.artefacts
    assert made.omitted[0].reason.startswith("fails closed")
    none = make_export("sentinel", GOLDEN[:1], "allow-list", allow_fail_closed=True)
    assert "no controllers" in none.omitted[0].reason


def test_the_allow_list_mutes_the_listed_principals_and_no_others() -> None:
    files = texts("allow-list", GOLDEN[:1], controllers=CONTROLLERS)
    folder = "Watchlists/cascade_controllers/"
    rows = list(csv.DictReader(io.StringIO(files[folder + "cascade_controllers.csv"])))
    assert [each["Arn"] for each in rows] == [CONTROLLERS[0].arn]
    events = [
        call("iam:DeleteLoginProfile", "listed", by=session("deploy", "run", "ASIA1")),
        call("iam:DeleteLoginProfile", "other", by=session("deployer", "run", "ASIA2")),
        call("iam:DeleteLoginProfile", "user", by=MALLORY),
    ]
    found = muted(files[folder + "IamDeleteUserMute.kql"], [dict(each) for each in rows], events)
    assert found == {"other", "user"}


def test_the_automation_rule_closes_only_what_the_query_found_explained() -> None:
    files = small_texts("automation")
    labelled = yaml.safe_load(files["Detections/AWSCloudTrail/IamDeleteUserLabelled.yaml"])
    # Whoever chose a detail's value could have an incident closed.
    assert labelled["customDetails"] == {
        "AwsEventId": "EventId",
        "CascadeExplained": "CascadeExplained",
    }
    template = json.loads(files["AutomationRules/IamDeleteUserClose.json"])
    (resource,) = template["resources"]
    logic = resource["properties"]["triggeringLogic"]
    assert logic["expirationTimeUtc"] == "2027-05-20T00:00:00Z"
    asked = {
        each["conditionProperties"]["propertyName"]: (
            each["conditionProperties"]["operator"],
            each["conditionProperties"]["propertyValues"],
        )
        for each in logic["conditions"]
    }
    assert asked["IncidentCustomDetailsKey"] == ("Equals", ["CascadeExplained"])
    assert asked["IncidentCustomDetailsValue"] == ("Equals", ["true"])
    operator, (rule,) = asked["IncidentRelatedAnalyticRuleIds"]
    assert operator == "Contains"
    assert labelled["id"] in rule


def test_the_labelling_rule_alerts_on_all_and_tells_them_apart() -> None:
    files = small_texts("automation")
    labelled = yaml.safe_load(files["Detections/AWSCloudTrail/IamDeleteUserLabelled.yaml"])
    events = [strip("DeleteLoginProfile", "kept", 0), delete_user("gone", 60)]
    events += [strip("DeleteLoginProfile", "lost", 0, by=MALLORY)]
    found = answer(labelled["query"], events, DELETE_USER.hold, later=900)
    assert {each["EventId"]: each["CascadeExplained"] for each in found} == {
        "kept": "true",
        "lost": "false",
    }


def test_more_results_than_alerts_close_nothing() -> None:
    files = small_texts("automation")
    labelled = yaml.safe_load(files["Detections/AWSCloudTrail/IamDeleteUserLabelled.yaml"])
    events = [strip("DeleteLoginProfile", "kept", 0), delete_user("gone", 60)]
    events += [strip("DeleteLoginProfile", f"lost{n}", 0, by=MALLORY) for n in range(149)]
    found = answer(labelled["query"], events, DELETE_USER.hold, later=900)
    assert {each["CascadeExplained"] for each in found} == {"false"}
    assert len(found) == 149


def test_documents_say_which_overlay_was_in_force() -> None:
    for style in ("rule", "query", "watchlist", "automation"):
        for name, text in texts(style, GOLDEN[:1], overlay="ours 1.2").items():
            # The watchlist's rows are said by the template beside them.
            assert "overlay in force: ours 1.2" in text or name.endswith(".csv")


def test_a_message_without_a_code_is_a_failed_call_and_alerts() -> None:
    failed = {**deactivate("mfa", 0), "errorMessage": "User is not authorized"}
    gone = delete_user("gone", 60)
    assert alerted(DELETE_USER, [failed, gone]) == {"mfa"}
    assert alerted(DELETE_USER, [deactivate("mfa", 0), {**gone, "errorMessage": "no"}]) == {"mfa"}


def test_an_annotate_cascade_is_labelled_and_never_silenced() -> None:
    enrich = ["aws.cloudformation.delete-stack"]
    for style in ("watchlist", "automation", "allow-list"):
        assert not make_export("sentinel", enrich, style, controllers=CONTROLLERS).artefacts
    (made,) = make_export("sentinel", enrich, "rule").artefacts
    assert made.path.parts[0] == "Hunting Queries"


# The whole


@pytest.mark.parametrize(
    ("folder", "style"),
    [
        ("sentinel", "rule"),
        ("sentinel-query", "query"),
        ("sentinel-watchlist", "watchlist"),
        ("sentinel-automation", "automation"),
    ],
)
def test_golden_files(folder: str, style: str) -> None:
    check_golden(folder, make_export("sentinel", GOLDEN, style).artefacts)


def test_an_export_is_the_same_twice_and_stays_in_its_folder() -> None:
    for style in TARGET.styles:
        files = texts(style.name, controllers=CONTROLLERS)
        assert files == texts(style.name, controllers=CONTROLLERS)
        for name, text in files.items():
            assert text.endswith("\n")
            assert not PurePosixPath(name).is_absolute()
