"""Splunk's searches mark what the reference semantics explain, and their files are what Splunk reads."""

import json
import re
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudcascade.exporters.errors import CannotEncode, ExportError
from cloudcascade.exporters.field_maps import field_map
from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.languages.expressions import Value
from cloudcascade.exporters.languages.one_pass import sayable
from cloudcascade.exporters.languages.splunk import conf
from cloudcascade.exporters.languages.splunk.cascades_app import slice_commands
from cloudcascade.exporters.languages.splunk.spl import (
    Eval,
    Macro,
    Number,
    comment,
    field_name,
    quoted,
    searched,
)
from cloudcascade.exporters.languages.splunk.spl_reading import MOST_EVENTS
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.targets.splunk import TARGET, pipeline
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export, make_options
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import Scenario
from cloudcascade.tests.support.query_oracle import alerts, by_order, candidates, session_actor
from cloudcascade.tests.support.random_cascades import catalogues
from cloudcascade.tests.support.random_logs import logs
from cloudcascade.tests.support.spl_model import rows_of, run
from cloudcascade.tests.support.sql_engines import spelt_out

CAN = TARGET.style("search").capabilities
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x"


def explained(query: Query, events: list[Event]) -> set[str]:
    asked = sayable(query, field_map("splunk"))
    rows = run(pipeline(asked), rows_of(events, asked.all_actions()))
    return {row["event_id"] for row in rows if row["cascade"] is not None}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_an_offboarding_or_an_attack(scenario: Scenario) -> None:
    query = fit(lower(DELETE_USER), CAN).query
    assert query is not None
    # SPL knows numbers, truth values and lists only as the texts they are extracted to.
    if "the name is" in scenario.name:
        return
    events = spelt_out(scenario.events)
    wanted = alerts(query, events, session_actor)
    for order in by_order(events):
        left = candidates(query, order) - explained(query, list(order))
        assert left == wanted


def texts_only(value: Any) -> Any:
    """The event without what is neither text nor object where a key or a flag may stand."""
    if isinstance(value, dict):
        return {
            name: held if isinstance(held, str | dict) or name not in TEXTS else None
            for name, held in ((name, texts_only(held)) for name, held in value.items())
        }
    return value


TEXTS = ("userName", "serialNumber", "alias", "flag", "policy")


@settings(deadline=None)
@given(st.data())
def test_random_catalogues_and_logs(data: st.DataObject) -> None:
    cascades = data.draw(catalogues())
    log = [texts_only(event) for event in data.draw(logs(cascades))]
    # A name beyond ASCII compares with case here, which is a loss that the header declares.
    log = [event for event in log if "\u212a" not in str(event)]
    for cascade in cascades:
        whole = lower(cascade, cascades)
        query = fit(whole, CAN).query
        if query is None or not query.actions or query.purpose != "alert":
            continue
        try:
            left = candidates(query, log) - explained(query, log)
        except ExportError:
            continue  # one action on two fields: refused, not wrong
        queries = (query, *query.rivals)
        edges = [node.edge for each in queries for node in each.nodes]
        wanted = alerts(query, log, session_actor)
        assert wanted <= left
        assert alerts(whole, log, session_actor) & candidates(query, log) <= left
        # What these lose is declared, and fails open.
        spoiled = any(each.spoilers for each in queries)
        if not spoiled and not query.vetoes and all(edge.actor != "same-role" for edge in edges):
            assert wanted == left


def test_every_suppressible_cascade_renders_or_says_why_not() -> None:
    made = make_export("splunk", SUPPRESSIBLE)
    assert made.artefacts
    assert all(
        "list" in omission.reason or "'only'" in omission.reason for omission in made.omitted
    )


@cache
def files(style: str, cascades: tuple[str, ...] = GOLDEN, **options: Any) -> dict[str, str]:
    made = make_export("splunk", cascades, style, **options).artefacts
    return {str(each.path): each.text for each in made}


def stanzas(style: str, name: str, cascades: tuple[str, ...] = GOLDEN) -> dict[str, dict[str, str]]:
    return conf.read(files(style, cascades)[f"cloudcascade/default/{name}.conf"])


@pytest.mark.parametrize("style", ["search", "filter"])
def test_a_search_calls_macros_that_are_there(style: str) -> None:
    macros = stanzas(style, "macros")
    texts = [each["search"] for each in stanzas(style, "savedsearches").values()]
    texts += [each["definition"] for each in macros.values()]
    called = {name for text in texts for name in re.findall("`([a-z_]+)`", text)}
    assert called - {"cloudtrail"} <= set(macros)
    assert "cascade_iam_delete_user" in called


@pytest.mark.parametrize("style", ["search", "filter"])
def test_one_search_runs_the_pipeline_of_a_cascade(style: str) -> None:
    searches = stanzas(style, "savedsearches")
    for cascade in GOLDEN:
        macro = "cascade_" + cascade.removeprefix("aws.").replace(".", "_").replace("-", "_")
        assert sum(f"`{macro}`" in each["search"] for each in searches.values()) == 1


def test_what_all_pipelines_share_is_said_once() -> None:
    macros = files("search")["cloudcascade/default/macros.conf"]
    assert macros.count('"terraform"') == 2  # the mark, and the family it stands for
    assert macros.count("| eventstats dc(record) AS copies BY event_id") == 1


@pytest.mark.parametrize("style", ["search", "content"])
def test_no_line_of_spl_is_longer_than_is_read(style: str) -> None:
    for name, text in files(style, SUPPRESSIBLE).items():
        if not name.endswith(".ndjson"):
            spl = text.partition("how_to_implement:")[0]
            lines = [line for line in spl.split("\n") if not line.startswith("#")]
            assert max(map(len, lines)) <= 160


def test_more_events_than_the_commands_hold_explain_nothing() -> None:
    events = [event for scenario in SCENARIOS[:1] for event in spelt_out(scenario.events)]
    query = fit(lower(DELETE_USER), CAN).query
    assert query is not None
    assert explained(query, events)
    reads, *rest = pipeline(sayable(query, field_map("splunk")))
    assert isinstance(reads, Macro)
    crowded = [
        Eval(((command.name, Value(MOST_EVENTS + 1)),)) if isinstance(command, Number) else command
        for command in reads.commands
    ]
    rows = run([*crowded, *rest], rows_of(events, query.all_actions()))
    assert not [row for row in rows if row["cascade"] is not None]


def test_no_join_and_no_subsearch() -> None:
    for text in files("search", SUPPRESSIBLE).values():
        assert "| join" not in text
        assert "[ search" not in text
        assert "[search" not in text


def test_the_filter_keeps_what_no_lookup_explains() -> None:
    definition = stanzas("filter", "macros")["cascade_explained_filter"]["definition"]
    assert definition.startswith("lookup cascade_explained event_id AS eventID OUTPUT cascade AS")
    assert "| where isnull(explained_by) OR" in definition
    searches = stanzas("filter", "savedsearches").values()
    assert all("alert.track" not in each for each in searches)
    assert any("cascade_keep" in each["search"] for each in searches)


def test_the_filter_keeps_what_any_search_calls_unexplained() -> None:
    definition = stanzas("filter", "macros")["cascade_explained_filter"]["definition"]
    assert 'OR isnotnull(mvfind(verdicts_of, "^unexplained$"))' in definition
    keys = [each["search"] for each in stanzas("filter", "savedsearches").values()]
    assert sum('_key=asked . "|" . event_id' in text for text in keys) == len(GOLDEN)


def test_pruning_keeps_the_keys_of_rows_that_no_search_wrote() -> None:
    pruned = stanzas("search", "savedsearches")["Cascade - prune the lookup"]["search"]
    assert '| eval _key=coalesce(asked . "|", "") . event_id' in pruned
    assert pruned.splitlines()[-1] == "| outputlookup key_field=_key cascade_explained"


def test_a_run_keeps_every_verdict_before_it_tells_what_is_unexplained() -> None:
    text = stanzas("search", "savedsearches")[f"Cascade - {GOLDEN[0]} - not explained"]["search"]
    kept, told = text.index("| `cascade_keep`"), text.index('| where verdict == "unexplained"')
    assert text.index("| eval verdict=") < kept < told


def test_the_first_attempt_is_refused_unless_it_is_asked_for() -> None:
    made = make_export("splunk", GOLDEN[:1], "join")
    assert not made.artefacts
    assert "anybody's origin explains" in made.omitted[0].reason
    made = make_export("splunk", GOLDEN[:1], "join", allow_fail_closed=True)
    assert all("| join type=left" in artefact.text for artefact in made.artefacts)
    assert all("fails closed" in artefact.text for artefact in made.artefacts)


def test_content_is_yaml_with_its_techniques() -> None:
    written = detection()
    # contentctl takes a technique or its parts, not both.
    assert written["tags"]["mitre_attack_id"] == ["T1098.001", "T1531", "T1556.006"]
    assert written["search"].startswith("`cloudtrail` ")


def detection(**options: Any) -> dict[str, Any]:
    made = files("content", GOLDEN[:1], **options)
    text = made["detections/cloud/aws_iam_delete_user_unexplained.yml"]
    written: dict[str, Any] = yaml.safe_load(text)
    return written


def test_content_fires_on_its_sample_logs() -> None:
    made = files("content", GOLDEN[:1])
    (job,) = make_export("splunk", GOLDEN[:1], "content").jobs
    tested = [test["attack_data"][0]["data"] for test in detection()["tests"]]
    assert tested
    for path, case in zip(tested, [each for each in job.samples if each.positive], strict=True):
        events = [json.loads(line) for line in made[path].splitlines()]
        asked = sayable(job.query, field_map("splunk"))
        commands = (*pipeline(asked), *slice_commands(asked, make_options()))
        rows = run(commands, rows_of(events, asked.all_actions()), ended=2_000_000_000)
        alerted = {row["event_id"] for row in rows if row["cascade"] is None}
        assert set(case.alerts) <= alerted


def test_content_stays_silent_on_the_whole_cascade() -> None:
    (job,) = make_export("splunk", GOLDEN[:1], "content").jobs
    (whole,) = (case for case in job.samples if not case.positive)
    assert whole.explained
    assert set(whole.explained) <= explained(job.query, list(whole.records))


def test_an_index_takes_the_place_of_the_macro() -> None:
    assert detection(index="aws-trail")["search"].startswith('index="aws-trail" ')


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=2_048))
@example(HOSTILE)
def test_a_quoted_text_ends_where_it_should(value: str) -> None:
    inner, read, escaped = quoted(value)[1:-1], "", False
    for char in inner:
        assert escaped or char != '"'
        if char == "\\" and not escaped:
            escaped = True
        else:
            read, escaped = read + char, False
    assert not escaped
    assert read == value


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "\u2029"])
def test_a_control_character_is_refused(value: str) -> None:
    with pytest.raises(CannotEncode):
        quoted(value)


def test_the_search_command_cannot_hold_an_asterisk() -> None:
    with pytest.raises(CannotEncode, match="asterisk"):
        searched("a*b")


@pytest.mark.parametrize("name", ["a'b", "a\\b", "a\nb"])
def test_a_field_name_that_would_break_out_is_refused(name: str) -> None:
    with pytest.raises(CannotEncode):
        field_name(name)


def test_a_comment_ends_only_at_its_end() -> None:
    assert comment(["a ``` | delete"]) == "``` a ''' | delete ```"


@given(st.text(st.characters(exclude_characters="\\\r\0\v", exclude_categories=["Cs"])))
def test_a_setting_reads_back(value: str) -> None:
    value = "\n".join(line.strip() or "x" for line in value.split("\n"))
    assert conf.read(conf.stanza("name", [("key", value)])) == {"name": {"key": value}}


@pytest.mark.parametrize("name", ["a]b", "a\nb", "a[b"])
def test_a_stanza_that_would_break_out_is_refused(name: str) -> None:
    with pytest.raises(CannotEncode):
        conf.stanza(name, [])


def test_golden_files() -> None:
    check_golden("splunk", make_export("splunk", GOLDEN).artefacts)


def test_golden_join() -> None:
    made = make_export("splunk", GOLDEN[:1], "join", allow_fail_closed=True)
    check_golden("splunk-join", made.artefacts[:1])


def test_golden_content() -> None:
    made = make_export("splunk", GOLDEN[-1:], "content").artefacts
    check_golden("splunk-content", [each for each in made if each.path.suffix == ".yml"])


def test_every_file_says_which_overlay_was_in_force() -> None:
    for style in ("search", "filter"):
        for text in files(style, GOLDEN[:1], overlay="ours 1.2").values():
            assert "overlay in force: ours 1.2" in text
    assert "overlay in force: ours 1.2" in detection(overlay="ours 1.2")["how_to_implement"]


def test_a_schedule_of_seconds_is_refused() -> None:
    with pytest.raises(ExportError, match="at least a minute"):
        make_export("splunk", GOLDEN[:1], every=59)
