"""The capability matrix says something of every capability, and the truth."""

from dataclasses import fields, replace
from typing import Any

import pytest

from cloudcascade.exporters import (
    Capabilities,
    Direction,
    Job,
    Loss,
    MatrixRow,
    Style,
    Survey,
    assess,
    find_target,
    header,
    lower,
    matrix,
    statements,
    survey,
)
from cloudcascade.exporters.capabilities import EVERY_CONDITION
from cloudcascade.exporters.matrix import as_data, short_reason, suppressible
from cloudcascade.tests.support.cascades import Document, cascade
from cloudcascade.tests.support.golden import CATALOG, SUPPRESSING, make_options

EVERYTHING = Capabilities(
    nested_lists=True,
    list_conditions=True,
    number_keys=True,
    repeated_actions=True,
    resource_name=True,
    conditions=EVERY_CONDITION,
    actor="initial-principal",
    expiry=True,
    finished_log=True,
)
# As far from everything as each capability goes, and what that costs.
LACKS: dict[str, tuple[Any, str, Direction | None]] = {
    "sides": ("origin-first", "before", Direction.UNCOVERED),
    "hold": (False, "no", Direction.OPEN),
    "finished_log": (False, "no", None),
    "same_second": (False, "no", Direction.OPEN),
    "sliding": (False, "no", Direction.OPEN),
    "hop": (False, "no", Direction.UNCOVERED),
    "spoilers": (False, "no", Direction.CLOSED),
    "between": (False, "no", Direction.OPEN),
    "unreadable_spoilers": (False, "no", Direction.OPEN),
    "root_keys": (False, "no", Direction.CLOSED),
    "copies": (False, "no", Direction.UNCOVERED),
    "undated": (False, "no", Direction.UNCOVERED),
    "log_ends": (False, "no", Direction.CLOSED),
    "ensembles": (False, "no", Direction.UNCOVERED),
    "rivals": (False, "no", Direction.OPEN),
    "vetoes": (False, "no", Direction.OPEN),
    "list_keys": (False, "no", Direction.UNCOVERED),
    "nested_lists": (False, "no", Direction.UNCOVERED),
    "list_conditions": (False, "no", Direction.UNCOVERED),
    "number_keys": (False, "no", Direction.OPEN),
    "distinct_keys": (False, "no", Direction.UNCOVERED),
    "repeated_actions": (False, "no", Direction.UNCOVERED),
    "case_fold": (False, "no", Direction.OPEN),
    "first_of": (False, "no", Direction.UNCOVERED),
    "arn_name": (False, "no", Direction.UNCOVERED),
    "resource_name": (False, "no", Direction.UNCOVERED),
    "conditions": (EVERY_CONDITION - {"grants", "in"}, "not grants, in", Direction.UNCOVERED),
    "actor": ("none", "none", Direction.CLOSED),
    "same_role": (False, "no", Direction.OPEN),
    "service_actor": (False, "no", Direction.UNCOVERED),
    "any_account": (False, "no", Direction.OPEN),
    "same_hand": (False, "no", Direction.CLOSED),
    "error_message": (False, "no", Direction.CLOSED),
    "same_tool": (False, "no", Direction.CLOSED),
    "tool_family": (False, "no", Direction.OPEN),
    "any_window": (False, "no", Direction.CLOSED),
    "max_window": (86_400, "1d", Direction.OPEN),
    "expiry": (False, "no", None),
}


def test_a_target_that_can_say_everything_lacks_nothing() -> None:
    assert all(each.kept and each.costs is None for each in statements(EVERYTHING))


@pytest.mark.parametrize("name", [field.name for field in fields(Capabilities)])
def test_every_capability_has_a_statement_of_its_own(name: str) -> None:
    value, mark, costs = LACKS[name]
    kept = statements(EVERYTHING)
    lacking = statements(replace(EVERYTHING, **{name: value}))
    (changed,) = [new for old, new in zip(kept, lacking, strict=True) if old != new]
    assert (changed.field, changed.kept, changed.mark, changed.costs) == (name, False, mark, costs)
    assert changed.words not in {each.words for each in kept}


def test_an_origin_that_is_found_after_its_effect_only() -> None:
    found = statements(replace(EVERYTHING, sides="effect-first"))[0]
    assert (found.mark, found.kept) == ("after", False)


def test_a_row_a_style() -> None:
    rows = matrix(["duckdb"])
    target = find_target("duckdb")
    assert [row.style for row in rows] == list(target.styles)
    assert rows[0].mark("actor") == "initial-principal"
    assert rows[1].mark("actor") == "session"
    with pytest.raises(KeyError):
        rows[0].mark("colour")


@pytest.mark.parametrize(
    ("target", "style", "mark", "costs"),
    [
        ("duckdb", "whole", "ended", None),
        ("duckdb", "scheduled", "yes", None),
        ("cloudwatch", "query", "schedule", None),
        ("cloudwatch", "verdict", "watch", None),
        ("datadog", "verdict", "watch", None),
        ("datadog", "rule", "no", Direction.OPEN),
        ("datadog", "threshold", "no", Direction.OPEN),
        ("datadog", "suppression", "-", None),
        ("secops", "verdict", "watch", None),
        ("secops", "rule", "no", Direction.OPEN),
        ("secops", "absence", "no", Direction.OPEN),
        ("secops", "exclusion", "-", None),
        ("suppression-list", "json", "reader", None),
    ],
)
def test_the_matrix_says_what_waits(
    target: str, style: str, mark: str, costs: Direction | None
) -> None:
    (row,) = [row for row in matrix([target]) if row.style.name == style]
    (hold,) = [each for each in row.statements if each.field == "hold"]
    assert (hold.mark, hold.costs) == (mark, costs)


SAYS = {
    "query": "waits ",
    "schedule": "by the offset of the platform's schedule",
    "watch": "judged by cascade watch --lateness 20m, which waits ",
    "log": "judges all that is there as a log that has ended",
    "reader": "whoever reads it lets ",
    "at-once": "waits for nothing: it judges each event by itself",
    "never": "waits for nothing: alerts before the window is over",
}


@pytest.mark.parametrize("row", matrix(), ids=lambda row: f"{row.target.name} {row.style.name}")
def test_the_header_agrees_with_the_matrix_on_what_waits(row: MatrixRow) -> None:
    query = lower(CATALOG.get("aws.iam.delete-user"), CATALOG.cascades)
    lines = header(Job(query, ()), row.target, row.style, make_options())
    (said,) = [
        line for line in lines if line.startswith(("waits ", "judged by ", "judges all that is "))
    ]
    assert SAYS[row.style.waiting] in said
    hold = row.mark("hold")
    assert ("waits for nothing: alerts" in said) is (hold == "no")


def test_what_waits_for_nothing_says_that_it_alerts_early() -> None:
    told = CATALOG.get("aws.iam.delete-user")
    for row in matrix(["datadog", "secops"]):
        if row.style.kind != "query":
            continue
        found = assess(told, CATALOG.cascades, row.style, make_options())
        early = [loss for loss in found.losses if "before the window is over" in loss.text]
        assert len(early) == (row.style.waits == "never")


def test_the_rows_as_data() -> None:
    (found,) = as_data(matrix(["duckdb"]))
    assert found["target"] == "duckdb"
    assert found["verification"] == "executed"
    first, second = found["styles"]
    assert (first["name"], second["name"]) == ("whole", "scheduled")
    assert set(first["capabilities"]) == {field.name for field in fields(Capabilities)}
    assert "grants" not in first["capabilities"]["conditions"]
    assert {
        "capability": "actor",
        "direction": "fails open",
        "text": "compares sessions: two sessions of one person are two actors",
    } in second["losses"]


def test_the_suppressible_cascades() -> None:
    assert tuple(suppressible(CATALOG.cascades)) == SUPPRESSING


STYLE = Style(
    name="rule",
    summary="a rule",
    kind="query",
    capabilities=EVERYTHING,
    render=lambda jobs, options: (),
)


USER = "requestParameters.userName"
EFFECT: Document = {"action": "iam:DeleteAccessKey", "keys": {"user": USER}, "join": ["user"]}


def counts(can: Capabilities, *effects: Document) -> Survey:
    """The survey of cascades of one effect each."""
    origin = {"action": "iam:DeleteUser", "keys": {"user": USER}}
    cascades = [
        cascade(cascade_id=f"aws.test.c{place}", origin=origin, effects=[{**EFFECT, **effect}])
        for place, effect in enumerate(effects)
    ]
    return survey(cascades, (), replace(STYLE, capabilities=can), make_options())


def test_a_survey_counts_what_is_made_what_fails_closed_and_what_is_refused() -> None:
    assert counts(EVERYTHING, {}, {"tool": "same"}) == Survey(2, 2, 0, (), ())
    can = replace(EVERYTHING, actor="none", service_actor=False)
    by_service = {"actor": "service:backup.amazonaws.com"}
    found = counts(can, {}, {}, {"actor": "any"}, by_service, {"policy": "annotate"})
    anybody = Loss(Direction.CLOSED, "actors are not compared: anybody's origin explains")
    service = Loss(
        Direction.UNCOVERED,
        "iam:DeleteAccessKey: asks for a call made by backup.amazonaws.com",
    )
    assert found == Survey(
        asked=5,
        made=1,
        closed=2,
        losses=((anybody, 2), (service, 1)),
        refusals=(
            ("its policy is annotate", 1),
            ("nothing of it can be said in this form", 1),
        ),
    )


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        ("its policy is never: Whoever does it gains nothing.", "its policy is never"),
        ("fails closed: iam:CreateUser is unseen", "fails closed"),
        ("iam:CreateUser is unseen", "iam:CreateUser is unseen"),
    ],
)
def test_a_reason_without_its_details(reason: str, short: str) -> None:
    assert short_reason(reason) == short
