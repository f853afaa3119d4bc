"""Sekoia's rules and filters: what fails closed is refused, and a filter mutes what matches."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cloudcascade.catalog import Controller
from cloudcascade.exporters.errors import CannotEncode, ExportError
from cloudcascade.exporters.languages.sol import quoted
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.servicecatalog.delete-portfolio")
ROLE = Controller(name="offboarding", arn="arn:aws:iam::111111111111:role/a\\b$(x)")
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x"


@pytest.mark.parametrize("style", ["rule", "filter"])
def test_it_is_refused_unless_it_is_asked_for(style: str) -> None:
    made = make_export("sekoia", SUPPRESSIBLE, style, controllers=(ROLE,))
    assert not made.artefacts
    assert {omission.cascade for omission in made.omitted} == set(SUPPRESSIBLE)


def test_a_rule_says_what_it_hides() -> None:
    made = make_export("sekoia", GOLDEN[:1], allow_fail_closed=True)
    assert made.artefacts
    for artefact in made.artefacts:
        assert "// loss, fails closed: nothing voids an explanation" in artefact.text
        assert artefact.text.endswith("| where effects > 0 and origins == 0\n")


def test_a_rule_counts_effects_in_the_slice_that_is_due_and_origins_around_it() -> None:
    made = make_export("sekoia", GOLDEN[:1], allow_fail_closed=True)
    (job,) = made.jobs
    due = f"timestamp >= ago({job.query.hold + 4 * 900}s) and timestamp < ago({job.query.hold}s)"
    for node, artefact in zip(job.query.subjects, made.artefacts, strict=True):
        name = node.pattern.event_name
        assert f'effects = countif(event.action == "{name}" and {due}),\n' in artefact.text
        read = job.query.hold + 4 * 900 + node.edge.after
        assert f"| where timestamp >= ago({read}s)\n" in artefact.text


def test_a_schedule_of_no_whole_minutes_is_refused_with_the_nearest() -> None:
    with pytest.raises(ExportError, match="the nearest: 1m or 2m"):
        make_export("sekoia", GOLDEN[:1], allow_fail_closed=True, every=90)


def test_a_filter_mutes_what_matches_and_ends() -> None:
    made = make_export("sekoia", GOLDEN[:1], "filter", allow_fail_closed=True, controllers=(ROLE,))
    (artefact,) = made.artefacts
    written = yaml.safe_load(artefact.text)
    assert written["detection"]["condition"] == "selection"
    assert written["expiration_date"] == "2027-05-20"
    assert written["detection"]["selection"][
        "action.properties.userIdentity.sessionContext.sessionIssuer.arn"
    ] == ["arn:aws:iam::111111111111:role/a\\\\b$(x)"]


def test_without_controllers_there_is_nothing_to_filter() -> None:
    made = make_export("sekoia", GOLDEN[:1], "filter", allow_fail_closed=True)
    assert "names no controllers" in made.omitted[0].reason


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=2_048))
@example(HOSTILE)
def test_a_quoted_text_ends_where_it_should(value: str) -> None:
    read, escaped = "", False
    for char in quoted(value)[1:-1]:
        assert escaped or char != '"'
        if char == "\\" and not escaped:
            escaped = True
        else:
            read, escaped = read + char, False
    assert not escaped
    assert read == value


def test_a_control_character_is_refused() -> None:
    with pytest.raises(CannotEncode):
        quoted("a\nb")


def test_golden_files() -> None:
    check_golden("sekoia", make_export("sekoia", GOLDEN, allow_fail_closed=True).artefacts)
