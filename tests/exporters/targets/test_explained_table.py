"""Rules that ask a table of explained event ids: their polarity, their companions, their encoders."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudcascade.catalog import Controller
from cloudcascade.exporters.errors import CannotEncode
from cloudcascade.exporters.languages import logscale, yaral
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export
from cloudcascade.tests.support.yaral_model import rule

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|\\b$(x)`/x"
POLARITY = {
    "secops": (
        "not $event.metadata.product_log_id in %cascade_explained.event_id",
        "    $event.metadata.product_log_id in %cascade_explained.event_id",
    ),
    "logscale": ('| !match(file="cascade_explained.csv"', '| match(file="cascade_explained.csv"'),
}
STYLES = {"secops": "rule", "logscale": "query"}
by_target = pytest.mark.parametrize("target", POLARITY)


def texts(target: str, cascade: str) -> list[str]:
    made = make_export(target, [cascade], STYLES[target]).artefacts
    return [each.text for each in made if each.path.suffix in (".yaral", ".logscale")]


@by_target
def test_a_rule_alerts_on_what_the_table_does_not_hold_and_its_companion_on_the_rest(
    target: str,
) -> None:
    alert, companion = texts(target, GOLDEN[0])
    outside, inside = POLARITY[target]
    assert outside in alert
    assert outside not in companion
    assert inside in companion


@by_target
def test_every_suppressible_cascade_is_made(target: str) -> None:
    made = make_export(target, SUPPRESSIBLE, STYLES[target])
    assert not made.omitted
    each = {"secops": 2, "logscale": 3}[target]
    assert len(made.artefacts) == each * len(SUPPRESSIBLE) + 2


@by_target
def test_the_table_has_its_columns_and_no_row(target: str) -> None:
    made = make_export(target, GOLDEN[:1], STYLES[target]).artefacts
    (table,) = [each.text for each in made if each.path.suffix == ".csv"]
    assert table == "event_id,cascade,effect,origin_event_id,event_time\n"


@by_target
def test_beside_the_table_stands_what_it_is(target: str) -> None:
    made = make_export(target, GOLDEN[:1], STYLES[target], overlay="ours 1.2").artefacts
    (about,) = [each.text for each in made if each.path.suffix == ".txt"]
    assert "overlay in force: ours 1.2\n" in about
    assert all(
        "overlay in force: ours 1.2" in each.text for each in made if each.path.suffix != ".csv"
    )


@by_target
def test_failed_calls_alert_too(target: str) -> None:
    success = {"secops": "security_result.action", "logscale": "Vendor.errorCode"}
    assert success[target] not in texts(target, GOLDEN[0])[0]


@pytest.mark.parametrize(
    ("known", "event_id", "alerted"),
    [((), "e1", True), (("e1",), "e1", False), (("e2",), "e1", True), (("e1",), None, True)],
    ids=["unknown", "explained", "another", "without an id"],
)
def test_a_rule_of_secops_detects_what_the_table_does_not_hold_and_its_companion_the_rest(
    known: tuple[str, ...], event_id: str | None, alerted: bool
) -> None:
    alert, companion = texts("secops", GOLDEN[0])
    metadata = {"log_type": "AWS_CLOUDTRAIL", "product_event_type": "DeactivateMFADevice"}
    event = {
        "metadata": metadata | ({"product_log_id": event_id} if event_id else {}),
        "target": {"application": "iam.amazonaws.com"},
    }
    tables = {"cascade_explained.event_id": known}
    assert rule(alert, tables)(event) is alerted
    assert rule(companion, tables)(event) is not alerted


def test_a_rule_of_secops_says_that_it_alerts_early() -> None:
    assert all(
        "// waits for nothing: alerts before the window" in text
        for text in texts("secops", GOLDEN[0])
    )


def test_a_rule_of_secops_has_its_sections_in_order_and_closes() -> None:
    for text in texts("secops", GOLDEN[0]):
        places = [text.index(f"  {name}:\n") for name in ("meta", "events", "outcome", "condition")]
        assert places == sorted(places)
        assert text.count("{") == text.count("}") == 1


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=2_048))
@example(HOSTILE)
def test_a_quoted_text_ends_where_it_should(value: str) -> None:
    for quoted in (yaral.quoted, logscale.quoted):
        if quoted is logscale.quoted and "*" in value:
            continue
        read, escaped = "", False
        for char in quoted(value)[1:-1]:
            assert escaped or char != '"'
            if char == "\\" and not escaped:
                escaped = True
            else:
                read, escaped = read + char, False
        assert not escaped
        assert read == value


@pytest.mark.parametrize("value", ["a\nb", "\x00"])
def test_a_control_character_is_refused(value: str) -> None:
    for quoted in (yaral.quoted, logscale.quoted):
        with pytest.raises(CannotEncode):
            quoted(value)


def test_logscale_cannot_compare_with_an_asterisk() -> None:
    with pytest.raises(CannotEncode):
        logscale.quoted("a*b")


def absence() -> dict[str, str]:
    made = make_export("secops", GOLDEN[:1], "absence", allow_fail_closed=True).artefacts
    return {each.path.stem: each.text for each in made}


def test_absence_in_secops_is_refused_unless_it_is_asked_for() -> None:
    assert not make_export("secops", GOLDEN[:1], "absence").artefacts
    assert all("// loss, fails closed" in text for text in absence().values())


@pytest.mark.parametrize(("side", "window"), [("after", "60m"), ("before", "2m")])
def test_each_side_of_an_effect_has_a_rule_that_alone_is_no_alert(side: str, window: str) -> None:
    text = absence()[f"aws_iam_delete_user_delete_login_profile_without_origin_{side}"]
    assert "$effect and #origin = 0" in text
    assert f"over {window} {side} $effect" in text
    assert 'severity = "Informational"' in text


def test_what_alerts_is_an_effect_without_an_origin_on_both_sides() -> None:
    rules = absence()
    name = "aws_iam_delete_user_delete_login_profile_without_origin"
    text = rules[name]
    assert 'severity = "Medium"' in text
    for side in ("after", "before"):
        assert f'${side}.detection.detection.rule_name = "{name}_{side}"' in text
        assert f'${side}.detection.detection.outcomes["event_id"] = $event_id' in text
        assert f"rule {name}_{side} {{" in rules[f"{name}_{side}"]
    assert "$after and $before" in text


CONTROLLERS = (
    Controller(name="offboarding", arn="arn:aws:iam::111111111111:role/it/off.boarding"),
    Controller(name="break-glass", arn="arn:aws:iam::111111111111:user/it/admin"),
)


def test_an_exclusion_is_of_the_controllers_and_of_the_cascades_calls() -> None:
    made = make_export(
        "secops", GOLDEN[:1], "exclusion", controllers=CONTROLLERS, allow_fail_closed=True
    ).artefacts
    written = json.loads(made[0].text)["findingsRefinement"]
    assert written["type"] == "DETECTION_EXCLUSION"
    assert "until 2027-05-20" in written["displayName"]
    who, what = written["query"].split(") and (", 1)
    user, session = 'userid = "arn:aws:iam::111111111111:user/it/admin"', "off\\.boarding\\/.*$/"
    assert user in who
    assert session in who
    assert "assumed-role\\/" in who
    assert 'metadata.product_event_type = "DeactivateMFADevice"' in what
    assert 'security_result.action = "ALLOW"' in what


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=64))
@example(HOSTILE)
def test_a_regular_expression_finds_what_begins_with_its_text_and_nothing_else(value: str) -> None:
    written = yaral.starting_with(value)
    assert written[0] == written[-1] == "/"
    assert re.search(r"(?<!\\)(?:\\\\)*/", written[1:-1]) is None
    found = re.compile(written[1:-1], re.DOTALL)
    assert found.search(f"{value}more")
    assert bool(found.search(f"x{value}")) is f"x{value}".startswith(value)


def test_nobody_is_excluded_when_there_are_no_controllers() -> None:
    made = make_export("secops", GOLDEN[:1], "exclusion", allow_fail_closed=True)
    assert "names no controllers" in made.omitted[0].reason


def test_golden_exclusion() -> None:
    made = make_export(
        "secops", GOLDEN, "exclusion", controllers=CONTROLLERS, allow_fail_closed=True
    )
    check_golden("secops-exclusion", made.artefacts)


def test_a_key_without_a_field_in_the_data_model_is_refused() -> None:
    made = make_export("secops", GOLDEN[1:2], "absence", allow_fail_closed=True)
    assert "the data model has no field" in made.omitted[0].reason


def test_golden_absence() -> None:
    made = make_export("secops", GOLDEN[:1], "absence", allow_fail_closed=True)
    check_golden("secops-absence", made.artefacts[:3])


@by_target
def test_golden_files(target: str) -> None:
    check_golden(target, make_export(target, GOLDEN, STYLES[target]).artefacts)
