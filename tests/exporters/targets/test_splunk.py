"""Splunk's searches mark what the reference semantics explain, and their files are what Splunk reads."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudcascade.exporters.errors import CannotEncode, ExportError
from cloudcascade.exporters.fitting import fit
from cloudcascade.exporters.languages.splunk import conf
from cloudcascade.exporters.languages.splunk.spl import comment, field_name, quoted, searched
from cloudcascade.exporters.lower import lower
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.targets.splunk import TARGET, pipeline
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export
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
    rows = run(pipeline(query), rows_of(events, query.all_actions()))
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
        query = fit(lower(cascade, cascades), CAN).query
        if query is None or not query.actions or query.purpose != "alert":
            continue
        try:
            left = candidates(query, log) - explained(query, log)
        except ExportError:
            continue  # one action on two fields: refused, not wrong
        edges = [node.edge for each in (query, *query.rivals) for node in each.nodes]
        wanted = alerts(query, log, session_actor)
        if any(edge.actor == "same-role" for edge in edges):
            assert wanted <= left
        else:
            assert wanted == left


def test_every_suppressible_cascade_renders_or_says_why_not() -> None:
    made = make_export("splunk", SUPPRESSIBLE)
    assert made.artefacts
    assert all("list" in omission.reason for omission in made.omitted)


@pytest.mark.parametrize("style", ["search", "filter"])
def test_the_files_read_back_as_they_were_meant(style: str) -> None:
    made = {str(each.path): each.text for each in make_export("splunk", GOLDEN, style).artefacts}
    macros = conf.read(made["cloudcascade/default/macros.conf"])
    searches = conf.read(made["cloudcascade/default/savedsearches.conf"])
    assert "cascade_iam_delete_user" in macros
    assert "| streamstats" in macros["cascade_iam_delete_user"]["definition"]
    for settings_of in searches.values():
        macro = settings_of["search"].split("`")[1]
        assert macro in macros


def test_no_join_and_no_subsearch() -> None:
    for artefact in make_export("splunk", SUPPRESSIBLE).artefacts:
        assert "| join" not in artefact.text
        assert "[ search" not in artefact.text
        assert "[search" not in artefact.text


def test_the_filter_keeps_what_no_lookup_explains() -> None:
    made = {str(each.path): each.text for each in make_export("splunk", GOLDEN, "filter").artefacts}
    macros = conf.read(made["cloudcascade/default/macros.conf"])
    assert macros["cascade_explained_filter"]["definition"].endswith("| where isnull(explained_by)")
    assert "not explained" not in made["cloudcascade/default/savedsearches.conf"]


def test_the_first_attempt_is_refused_unless_it_is_asked_for() -> None:
    made = make_export("splunk", GOLDEN[:1], "join")
    assert not made.artefacts
    assert "anybody's origin explains" in made.omitted[0].reason
    made = make_export("splunk", GOLDEN[:1], "join", allow_fail_closed=True)
    assert all("| join type=left" in artefact.text for artefact in made.artefacts)
    assert all("fails closed" in artefact.text for artefact in made.artefacts)


def test_content_is_yaml_with_its_techniques() -> None:
    (artefact,) = make_export("splunk", GOLDEN[:1], "content").artefacts
    written = yaml.safe_load(artefact.text)
    assert written["tags"]["mitre_attack_id"] == ["T1098", "T1531", "T1556.006"]
    assert written["search"].startswith("`cloudtrail` ")


def test_an_index_takes_the_place_of_the_macro() -> None:
    (artefact,) = make_export("splunk", GOLDEN[:1], "content", index="aws-trail").artefacts
    assert yaml.safe_load(artefact.text)["search"].startswith('index="aws-trail" ')


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
