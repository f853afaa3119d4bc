"""The capability matrix says something of every capability, and the truth."""

from dataclasses import fields, replace
from typing import Any

import pytest

from cloudcascade.exporters import (
    Capabilities,
    Direction,
    Loss,
    Style,
    Survey,
    find_target,
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
    conditions=EVERY_CONDITION,
    actor="initial-principal",
    expiry=True,
)
# As far from everything as each capability goes, and what that costs.
LACKS: dict[str, tuple[Any, str, Direction | None]] = {
    "sides": ("origin-first", "before", Direction.UNCOVERED),
    "hold": (False, "no", Direction.OPEN),
    "same_second": (False, "no", Direction.OPEN),
    "sliding": (False, "no", Direction.OPEN),
    "hop": (False, "no", Direction.UNCOVERED),
    "spoilers": (False, "no", Direction.CLOSED),
    "ensembles": (False, "no", Direction.UNCOVERED),
    "rivals": (False, "no", Direction.OPEN),
    "list_keys": (False, "no", Direction.UNCOVERED),
    "nested_lists": (False, "no", Direction.UNCOVERED),
    "list_conditions": (False, "no", Direction.UNCOVERED),
    "number_keys": (False, "no", Direction.OPEN),
    "distinct_keys": (False, "no", Direction.UNCOVERED),
    "repeated_actions": (False, "no", Direction.UNCOVERED),
    "case_fold": (False, "no", Direction.OPEN),
    "first_of": (False, "no", Direction.UNCOVERED),
    "arn_name": (False, "no", Direction.UNCOVERED),
    "conditions": (EVERY_CONDITION - {"grants", "in"}, "not grants, in", Direction.UNCOVERED),
    "actor": ("none", "none", Direction.CLOSED),
    "same_role": (False, "no", Direction.OPEN),
    "service_actor": (False, "no", Direction.UNCOVERED),
    "any_account": (False, "no", Direction.OPEN),
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
