"""Preconditions on the simulator: refused first, accepted once what was in the way is gone."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cloudcascade.catalog import load_catalog
from cloudcascade.evidence import SCENARIOS, Scenario, simulate

pytest.importorskip("moto", reason="moto is not installed")


@pytest.mark.parametrize(
    "scenario", SCENARIOS.values(), ids=[" before ".join(each[::-1]) for each in SCENARIOS]
)
def test_the_origin_is_refused_until_the_effect_was_called(scenario: Scenario) -> None:
    outcome = simulate(scenario)
    assert outcome.refusal in ("DeleteConflict", "DependencyViolation")
    assert outcome.proved


def test_an_origin_that_is_accepted_at_once_proves_nothing() -> None:
    scenario = SCENARIOS["iam:DeleteUser", "iam:DetachUserPolicy"]

    def bare(aws: object) -> Mapping[str, str]:
        names = scenario.prepare(aws)  # type: ignore[arg-type]
        scenario.effect_call(aws, names)  # type: ignore[arg-type]
        return names

    outcome = simulate(replace(scenario, prepare=bare))
    assert outcome.refusal is None
    assert not outcome.proved


def test_an_effect_that_does_not_help_proves_nothing() -> None:
    scenario = SCENARIOS["iam:DeleteRole", "iam:DetachRolePolicy"]
    outcome = simulate(replace(scenario, effect_call=lambda aws, names: None))
    assert outcome.refusal == "DeleteConflict"
    assert not outcome.proved


def test_every_scenario_is_evidence_of_some_cascade() -> None:
    claimed = {
        (cascade.origin.action, cascade.effect(node).action)
        for cascade in load_catalog().cascades
        for evidence in cascade.evidence
        if evidence.kind == "simulated" and cascade.origin is not None
        for node in evidence.supports
    }
    assert claimed == set(SCENARIOS)
