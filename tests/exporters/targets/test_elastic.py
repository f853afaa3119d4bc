"""Elastic's queries never silence what the reference semantics leave unexplained, and parse."""

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudcascade.catalog import Controller
from cloudcascade.events import MAX_TOOL_TEXT
from cloudcascade.exporters.errors import CannotEncode, Refused
from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.languages.elastic.eql_query import sequences
from cloudcascade.exporters.languages.elastic.esql import column, quoted
from cloudcascade.exporters.languages.elastic.esql_query import pipeline, refuse_repeats
from cloudcascade.exporters.languages.one_pass import sayable
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import SAME_TOOL, Query
from cloudcascade.exporters.target import Job
from cloudcascade.exporters.targets.elastic import TARGET
from cloudcascade.tests.support import eql_model
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event, call
from cloudcascade.tests.support.esql_model import rows_of, run
from cloudcascade.tests.support.golden import CATALOG, SUPPRESSIBLE, check_golden, make_export
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import Scenario, deactivate, delete_user
from cloudcascade.tests.support.query_oracle import alerts, by_order, candidates, session_actor
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs
from cloudcascade.tests.support.sql_engines import spelt_out

CAN = TARGET.style("esql").capabilities
FIELDS = field_map("ecs")
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x"


def unexplained(query: Query, events: list[Event]) -> set[str]:
    asked = sayable(query, FIELDS)
    rows = run(pipeline(asked, FIELDS), rows_of(events, asked.all_actions()))
    explained = {row["event.id"] for row in rows if row["explained_by"] is not None}
    return candidates(query, events) - explained


def syntax_errors(text: str) -> list[str]:
    """What the parser of Elasticsearch's grammar says against the query."""
    antlr4 = pytest.importorskip("antlr4", reason="esql-parser is not installed")
    lexer_of = pytest.importorskip(
        "esql_parser.EsqlBaseLexer", reason="esql-parser is not installed"
    )
    parser_of = pytest.importorskip(
        "esql_parser.EsqlBaseParser", reason="esql-parser is not installed"
    )
    errors = pytest.importorskip("antlr4.error.ErrorListener")
    found: list[str] = []

    class Listener(errors.ErrorListener):  # type: ignore[misc, name-defined]
        def syntaxError(
            self, recognizer: Any, symbol: Any, line: int, at: int, message: str, error: Any
        ) -> None:
            found.append(f"{line}:{at} {message}")

    lexer = lexer_of.EsqlBaseLexer(antlr4.InputStream(text))
    parser = parser_of.EsqlBaseParser(antlr4.CommonTokenStream(lexer))
    for part in (lexer, parser):
        part.removeErrorListeners()
        part.addErrorListener(Listener())
    parser.singleStatement()
    return found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_whatever_alerts_by_the_reference_alerts_here(scenario: Scenario) -> None:
    query = fit(lower(DELETE_USER), CAN).query
    assert query is not None
    if "the name is" in scenario.name:
        return  # flattened fields keep leaves as texts: these names are others here
    events = spelt_out(scenario.events)
    for order in by_order(events):
        assert alerts(query, events, session_actor) <= unexplained(query, list(order))


def test_a_plain_offboarding_does_not_alert() -> None:
    query = fit(lower(DELETE_USER), CAN).query
    assert query is not None
    assert unexplained(query, [deactivate("mfa", 0), delete_user("gone", 60)]) == set()


def test_of_two_deletions_the_far_one_makes_it_alert() -> None:
    query = fit(lower(DELETE_USER), CAN).query
    assert query is not None
    log = [deactivate("mfa", 0), delete_user("gone", 60), delete_user("again", 7_000)]
    assert unexplained(query, log) == {"mfa"}


@settings(deadline=None)
@given(st.data())
def test_random_catalogues_and_logs(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    log = spelt_out(data.draw(logs(cascades)))
    log = [event for event in log if isinstance(event["requestParameters"], dict)]
    for event in log:
        parameters = event["requestParameters"]
        for name in ("userName", "serialNumber", "alias", "flag"):
            if not isinstance(parameters.get(name), str | None):
                parameters = {**parameters, name: None}
        event["requestParameters"] = parameters
    for cascade in cascades:
        whole = lower(cascade, cascades)
        query = fit(whole, CAN).query
        if query is None or not query.actions or query.purpose != "alert":
            continue
        try:
            refuse_repeats(query)
        except Refused:
            continue
        wanted = alerts(query, log, session_actor)
        left = unexplained(query, log)
        assert wanted <= left
        assert alerts(whole, log, session_actor) & candidates(query, log) <= left


def test_every_query_of_the_catalogue_parses() -> None:
    made = make_export("elastic", SUPPRESSIBLE).artefacts
    queries = [each.text for each in made if each.path.suffix == ".esql"]
    assert len(queries) > 20
    for query in queries:
        # The grammar of 9.1 does not know INLINE STATS yet; all but its verb is STATS.
        assert syntax_errors(query.replace("| INLINE STATS ", "| STATS ")) == []


@pytest.mark.parametrize(
    "broken", ["FROM x | WERE a == 1", 'FROM x | WHERE a == "', "FROM x | EVAL a ="]
)
def test_a_broken_query_does_not(broken: str) -> None:
    assert syntax_errors(broken)


@settings(deadline=None, max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=64))
@example(HOSTILE)
def test_any_text_is_one_literal(value: str) -> None:
    assert syntax_errors(f"ROW a = {quoted(value)} | WHERE a == {quoted(value)}") == []


@pytest.mark.parametrize("value", ["a\nb", "\x00"])
def test_a_control_character_is_refused(value: str) -> None:
    with pytest.raises(CannotEncode):
        quoted(value)


def test_an_odd_column_stands_between_backticks() -> None:
    assert column("a`b c") == "`a``b c`"


def test_rules_are_one_object_a_line_and_off() -> None:
    (rules,) = [
        each
        for each in make_export("elastic", GOLDEN).artefacts
        if each.path.name == "rules.ndjson"
    ]
    read = [json.loads(line) for line in rules.text.splitlines()]
    assert len(read) == len(GOLDEN)
    assert all(rule["type"] == rule["language"] == "esql" for rule in read)
    assert not any(rule["enabled"] for rule in read)
    assert len({rule["rule_id"] for rule in read}) == len(GOLDEN)


def test_the_exception_mutes_explained_event_ids_and_ends() -> None:
    (artefact,) = make_export("elastic", GOLDEN, "exception").artefacts
    container, item = (json.loads(line) for line in artefact.text.splitlines())
    assert item["list_id"] == container["list_id"]
    assert item["entries"] == [
        {
            "field": "event.id",
            "type": "list",
            "operator": "included",
            "list": {"id": "cascade-explained", "type": "keyword"},
        }
    ]
    assert item["expire_time"] == "2027-05-20T00:00:00.000Z"


def test_the_sequence_is_refused_since_nothing_would_void_it() -> None:
    made = make_export("elastic", ["aws.iam.delete-user"], "eql")
    assert not made.artefacts


def eql_rules(*cascades: str) -> list[dict[str, Any]]:
    made = make_export("elastic", cascades, "eql", allow_fail_closed=True).artefacts
    (rules,) = [each for each in made if each.path.name == "eql-rules.ndjson"]
    return [json.loads(line) for line in rules.text.splitlines()]


def test_no_sequence_asks_for_absence_on_both_sides() -> None:
    rules = eql_rules(*SUPPRESSIBLE)
    missing = [rule["query"].count("![") for rule in rules]
    assert set(missing) == {0, 1}
    assert all(rule["type"] == rule["language"] == "eql" for rule in rules)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_sequences_alert_on_what_the_reference_does_as_far_as_they_can(scenario: Scenario) -> None:
    query = fit(lower(DELETE_USER), TARGET.style("eql").capabilities).query
    assert query is not None
    if "the name is" in scenario.name:
        return  # the integration copies leaves as texts: these names are others there
    events = list(scenario.events)
    rows = rows_of(events, [*query.actions, query.root.action])
    names = {event["eventID"]: event["requestParameters"] for event in events}
    for row in rows:
        parameters = names[row["event.id"]]
        copied = parameters.get("userName") if isinstance(parameters, dict) else None
        row["user.target.name"] = copied or None
    found = {id_ for _, text in sequences(query, FIELDS) for id_ in eql_model.run(text, rows)}
    assert alerts(query, events, session_actor) <= found <= candidates(query, events)


def test_a_plain_offboarding_raises_no_sequence() -> None:
    query = fit(lower(DELETE_USER), TARGET.style("eql").capabilities).query
    assert query is not None
    rows = rows_of([deactivate("mfa", 0), delete_user("gone", 60)], query.all_actions())
    for row in rows:
        row["user.target.name"] = "bob"
        row["aws.cloudtrail.user_identity.access_key_id"] = "AKIA"
    assert not any(eql_model.run(text, rows) for _, text in sequences(query, FIELDS))


def test_a_sequence_waits_for_the_hold() -> None:
    (first, *_) = eql_rules("aws.iam.delete-user")
    (held,) = first["filters"]
    old, origin = held["query"]["bool"]["should"]
    assert old == {"range": {"@timestamp": {"lt": "now-4800s"}}}
    assert {"term": {"event.action": "DeleteUser"}} in origin["bool"]["filter"]


def test_controllers_are_excepted_in_both_places_of_an_arn_and_for_the_cascade_alone() -> None:
    role = Controller(name="offboarding", arn="arn:aws:iam::111111111111:role/offboarding")
    made = make_export(
        "elastic", GOLDEN[:1], "controllers", controllers=(role,), allow_fail_closed=True
    )
    (artefact,) = made.artefacts
    container, *items = (json.loads(line) for line in artefact.text.splitlines())
    assert {item["list_id"] for item in items} == {container["list_id"]}
    assert {item["entries"][0]["field"] for item in items} == {
        "aws.cloudtrail.user_identity.session_context.session_issuer.arn",
        "aws.cloudtrail.user_identity.arn",
    }
    for item in items:
        fields = [entry["field"] for entry in item["entries"]]
        assert fields[1:] == ["event.provider", "event.action", "event.outcome"]
        assert item["entries"][0]["value"] == role.arn
        assert item["expire_time"] == "2027-05-20T00:00:00.000Z"


def test_nobody_is_excepted_when_there_are_no_controllers() -> None:
    made = make_export("elastic", GOLDEN[:1], "controllers", allow_fail_closed=True)
    assert not made.artefacts
    assert "names no controllers" in made.omitted[0].reason


def test_an_index_that_is_none_is_refused() -> None:
    with pytest.raises(Refused):
        make_export("elastic", GOLDEN[:1], index="logs | DROP x")


def test_golden_eql() -> None:
    made = make_export("elastic", GOLDEN[:1], "eql", allow_fail_closed=True)
    check_golden("elastic-eql", made.artefacts)


def test_golden_files() -> None:
    check_golden("elastic", make_export("elastic", GOLDEN).artefacts)


def test_the_origin_alerts_each_time_and_by_a_new_caller() -> None:
    made = make_export("elastic", ["aws.iam.delete-user"], "origin").artefacts
    documents = [tomllib.loads(each.text) for each in made if each.path.suffix == ".toml"]
    assert [document["rule"]["type"] for document in documents] == ["query", "new_terms"]
    assert documents[1]["rule"]["new_terms"]["value"] == ["user.id"]
    assert {document["rule"]["query"] for document in documents} == {
        'data_stream.dataset: "aws.cloudtrail"\n  and event.provider: "iam.amazonaws.com"\n'
        '  and event.action: "DeleteUser"\n  and event.outcome: "success"'
    }
    (rules,) = [each.text for each in made if each.path.suffix == ".ndjson"]
    assert [json.loads(line)["type"] for line in rules.splitlines()] == ["query", "new_terms"]


def test_golden_origin() -> None:
    check_golden("elastic-origin", make_export("elastic", GOLDEN[:1], "origin").artefacts)


def test_golden_exception() -> None:
    check_golden("elastic-exception", make_export("elastic", GOLDEN[:1], "exception").artefacts)


def test_an_event_of_another_service_is_another_event() -> None:
    query = fit(lower(DELETE_USER), CAN).query
    assert query is not None
    log = [deactivate("mfa", 0), call("sso:DeleteUser", "other", 60, {"userName": "bob"})]
    assert unexplained(query, log) == {"mfa"}


def rules_of(*cascades: str, style: str | None = None, **options: Any) -> list[dict[str, Any]]:
    made = make_export("elastic", cascades, style, **options).artefacts
    (rules,) = [each for each in made if each.path.suffix == ".ndjson"]
    return [json.loads(line) for line in rules.text.splitlines()]


@pytest.mark.parametrize(
    ("every", "interval", "span"),
    [
        (60, "1m", "1 minute"),
        (90, "90s", "90 seconds"),
        (45 * 60, "45m", "45 minutes"),
        (90 * 60, "90m", "90 minutes"),
        (2 * 86_400, "48h", "48 hours"),
    ],
)
def test_every_interval_is_said_exactly(every: int, interval: str, span: str) -> None:
    (rule,) = rules_of(GOLDEN[0], every=every)
    assert rule["interval"] == interval
    assert rule["query"].count(f"DATE_TRUNC({span}, NOW())") == 3


def test_the_slice_is_that_of_the_instant_at_which_the_run_is_due() -> None:
    (rule,) = rules_of("aws.ec2.delete-vpc", lateness=1_200)
    query = lower(next(each for each in CATALOG.cascades if each.id == "aws.ec2.delete-vpc"))
    start = query.reach_after + 1_200 + 900 + 3 * 900
    assert rule["query"].split("// The slice of this run.")[1].splitlines()[1:3] == [
        f"| WHERE @timestamp >= DATE_TRUNC(15 minutes, NOW()) - {start} seconds",
        f"    AND @timestamp < DATE_TRUNC(15 minutes, NOW()) - {query.reach_after + 1_200} seconds",
    ]


@pytest.mark.parametrize("style", ["esql", "origin"])
def test_what_comes_late_is_read_in_the_order_of_arrival(style: str) -> None:
    assert {rule["timestamp_override"] for rule in rules_of(GOLDEN[0], style=style)} == {
        "event.ingested"
    }


def test_a_sequence_is_in_the_order_of_what_happened() -> None:
    for rule in eql_rules("aws.iam.delete-user"):
        held_back = "filters" in rule
        assert held_back == rule["query"].startswith("sequence")
        assert held_back != ("timestamp_override" in rule)


@pytest.mark.parametrize("style", ["esql", "origin"])
def test_more_lateness_looks_back_further(style: str) -> None:
    def back(lateness: int) -> int:
        rule = rules_of(GOLDEN[0], style=style, lateness=lateness)[0]
        return int(rule["from"].removeprefix("now-").removesuffix("m"))

    assert back(3_600) - back(1_200) >= 40


def test_a_query_of_an_index_of_ones_own_asks_for_no_dataset() -> None:
    (rule, _) = rules_of(GOLDEN[0], style="origin", index="filebeat-*")
    assert "data_stream" not in rule["query"]
    assert rule["index"] == ["filebeat-*"]


def test_alerts_are_told_apart_by_their_document() -> None:
    for rule in rules_of(*SUPPRESSIBLE):
        commands = [line for line in rule["query"].splitlines() if line.startswith(("FROM", "|"))]
        assert commands[0].endswith("METADATA _id, _version, _index")
        assert commands[-1].startswith("| KEEP _id, _version, _index,")
        # Kibana takes a query with this command for an aggregate, whose alerts it cannot tell apart.
        assert not any(command.startswith("| STATS") for command in commands)


def test_a_query_has_no_line_that_nobody_reads() -> None:
    made = make_export("elastic", SUPPRESSIBLE).artefacts
    texts = [each.text for each in made if each.path.suffix == ".esql"]
    assert max(len(line) for text in texts for line in text.splitlines()) < 140


# ES|QL cannot say what they need; the test below holds the list to what is exported.
WITHOUT_FORM = {
    "aws.acm.delete-certificate",
    "aws.ecs.delete-service-drained",
    "aws.kms.schedule-key-deletion",
    "aws.rds.delete-db-cluster",
    "aws.rds.delete-db-instance",
}


def made_of(cascade: str) -> Job:
    return make_export("elastic", [cascade]).jobs[0]


def test_only_these_have_no_form_in_elastic() -> None:
    made = {job.query.cascade for job in make_export("elastic", SUPPRESSIBLE).jobs}
    assert set(SUPPRESSIBLE) - made == WITHOUT_FORM


@pytest.mark.parametrize("cascade", sorted(set(SUPPRESSIBLE) - WITHOUT_FORM))
def test_the_sample_events_alert_and_are_silent_as_is_said_beside_them(cascade: str) -> None:
    job = made_of(cascade)
    assert any(case.positive for case in job.samples)
    for case in job.samples:
        found = unexplained(job.query, list(case.records))
        assert set(case.alerts) <= found
        widened = any("more counts as explained" in loss.text for loss in job.losses)
        if case.name == "explained" and not (widened and found):
            assert found == set()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("aws-cli/2.1 md/command#iam.a", "aws-cli/2.7 md/command#iam.b", True),
        ("aws-cli/2.1", "Boto3/1.34", False),
        ("my-tool/1 (x)", "My-Tool/2 (y)", True),
        ("123", "123", False),
        ("", "", False),
        ("x" * MAX_TOOL_TEXT + "aws-cli", "x" * MAX_TOOL_TEXT, True),
    ],
)
def test_a_tool_is_told_by_its_user_agent(one: str, other: str, same: bool) -> None:
    query = fit(lower(DELETE_USER), CAN).query
    assert query is not None
    removed, deleted = deactivate("mfa", 0), delete_user("gone", 60)
    log = [{**removed, "userAgent": one}, {**deleted, "userAgent": other}]
    node = query.subjects[0]
    asked = replace(
        query, nodes=(replace(node, edge=replace(node.edge, join=(*node.edge.join, SAME_TOOL))),)
    )
    assert unexplained(asked, log) == (set() if same else {"mfa"})
