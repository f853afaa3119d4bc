"""Rules that ask a table of explained event ids: their polarity, their companions, their encoders."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudcascade.exporters.errors import CannotEncode
from cloudcascade.exporters.languages import logscale, yaral
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|\\b$(x)`/x"
POLARITY = {
    "secops": (
        "not $event.metadata.product_log_id in %cascade_explained.event_id",
        "    $event.metadata.product_log_id in %cascade_explained.event_id",
    ),
    "logscale": ('| !match(file="cascade_explained.csv"', '| match(file="cascade_explained.csv"'),
}
by_target = pytest.mark.parametrize("target", POLARITY)


def texts(target: str, cascade: str) -> list[str]:
    made = make_export(target, [cascade]).artefacts
    return [each.text for each in made if each.path.suffix != ".csv"]


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
    made = make_export(target, SUPPRESSIBLE)
    assert not made.omitted
    assert len(made.artefacts) == 2 * len(SUPPRESSIBLE) + 1


@by_target
def test_the_table_has_its_columns_and_no_row(target: str) -> None:
    made = make_export(target, GOLDEN[:1]).artefacts
    (table,) = [each.text for each in made if each.path.suffix == ".csv"]
    assert table == "event_id,cascade,effect,origin_event_id\n"


@by_target
def test_only_successful_calls_alert(target: str) -> None:
    success = {"secops": 'security_result.action = "ALLOW"', "logscale": "Vendor.errorCode!=*"}
    assert success[target] in texts(target, GOLDEN[0])[0]


def test_a_rule_of_secops_has_its_sections_in_order_and_closes() -> None:
    for text in texts("secops", GOLDEN[0]):
        places = [
            text.index(f"  {name}:\n")
            for name in ("meta", "events", "match", "outcome", "condition")
        ]
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


def test_absence_in_secops_is_refused_unless_it_is_asked_for() -> None:
    assert not make_export("secops", GOLDEN[:1], "absence").artefacts
    made = make_export("secops", GOLDEN[:1], "absence", allow_fail_closed=True).artefacts
    assert made
    for artefact in made:
        assert "$effect and #origin = 0" in artefact.text
        assert "over 60m after $effect" in artefact.text
        assert "// loss, fails closed" in artefact.text


def test_a_key_without_a_field_in_the_data_model_is_refused() -> None:
    made = make_export("secops", GOLDEN[1:2], "absence", allow_fail_closed=True)
    assert "the data model has no field" in made.omitted[0].reason


def test_golden_absence() -> None:
    made = make_export("secops", GOLDEN[:1], "absence", allow_fail_closed=True)
    check_golden("secops-absence", made.artefacts[:1])


@by_target
def test_golden_files(target: str) -> None:
    check_golden(target, make_export(target, GOLDEN).artefacts)
