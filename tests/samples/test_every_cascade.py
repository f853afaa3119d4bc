"""The room's proof of itself, over the whole catalogue: instances are explained, twins are not."""

import pytest

from cloudcascade.catalog import Cascade, load_catalog
from cloudcascade.matcher import Plan, compile_catalog
from cloudcascade.samples import KINDS, PROFILES, START, Sample, inapplicable, instance, twins
from cloudcascade.tests.samples.judging import effects_of, explanations

# So far apart that no window reaches from one instance to the next.
APART = 200 * 86_400

# Effects of the catalogue that no event can be: (cascade, node) and why.
IMPOSSIBLE: dict[tuple[str, str], str] = {}


# Twins that the document tells apart at the node, but explains elsewhere: (cascade, node, kind) and why.
@pytest.fixture(scope="module")
def cascades() -> tuple[Cascade, ...]:
    return load_catalog().cascades


@pytest.fixture(scope="module")
def plan(cascades: tuple[Cascade, ...]) -> Plan:
    return compile_catalog(cascades)


def everything(cascades: tuple[Cascade, ...], profile: str, **settings: object) -> list[Sample]:
    return [
        instance(cascade, profile, start=START + number * APART, **settings)  # type: ignore[arg-type]
        for number, cascade in enumerate(cascades)
    ]


def unexplained(plan: Plan, samples: list[Sample]) -> set[tuple[str, str]]:
    found = explanations(plan, samples)
    return {
        (sample.cascade.id, node)
        for sample in samples
        for node in effects_of(sample)
        if (sample.cascade.id, sample.id_of(sample.cascade.root_node))
        not in found.get(sample.id_of(node), set())
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_every_effect_of_every_instance_is_explained_by_its_cascade(
    profile: str, cascades: tuple[Cascade, ...], plan: Plan
) -> None:
    samples = everything(cascades, profile)
    assert {(each.cascade.id, node) for each in samples for node in effects_of(each)} == {
        (cascade.id, effect.node) for cascade in cascades for effect in cascade.effects
    }
    assert unexplained(plan, samples) == set(IMPOSSIBLE)


@pytest.mark.parametrize("profile", ["console", "pipeline"])
def test_the_document_alone_is_enough(
    profile: str, cascades: tuple[Cascade, ...], plan: Plan
) -> None:
    samples = everything(cascades, profile, models=None)
    assert unexplained(plan, samples) == set(IMPOSSIBLE)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_seed_will_do(seed: int, cascades: tuple[Cascade, ...], plan: Plan) -> None:
    assert unexplained(plan, everything(cascades, "cli", seed=seed)) == set(IMPOSSIBLE)


@pytest.mark.parametrize("kind", KINDS)
def test_no_twin_is_explained_by_its_cascade(
    kind: str, cascades: tuple[Cascade, ...], plan: Plan
) -> None:
    explained = set()
    for cascade in cascades:
        for each in twins(instance(cascade, "pipeline"), kind):
            assert each.changed is not None
            found = explanations(plan, [each]).get(each.id_of(each.changed), set())
            # Of a call that is made twice either one may begin an instance: the twin concerns one of them.
            roots = {event.id for event in each.events if event.node == cascade.root_node}
            if any(id_ == cascade.id and (not roots or root in roots) for id_, root in found):
                explained.add((cascade.id, each.changed, kind))
    assert not explained


def test_a_twin_that_there_is_not_is_missing_for_a_rule_of_the_document(
    cascades: tuple[Cascade, ...],
) -> None:
    reasons = {
        (kind, reason)
        for cascade in cascades
        for effect in cascade.effects
        for kind in KINDS
        if (reason := inapplicable(cascade, kind, effect.node)) is not None
    }
    assert reasons <= {
        ("origin-failed", "the root may fail (outcome: any)"),
        ("other-account", "it may lie in any account (account: any)"),
        ("other-actor", "any actor may make the call (actor: any)"),
        ("other-region", "no key or rule speaks of the Region"),
        ("other-tool", "any tool may make the call (tool: any)"),
    }


@pytest.mark.parametrize("kind", ["alone", "outside-window"])
def test_some_twins_every_effect_has(kind: str, cascades: tuple[Cascade, ...]) -> None:
    assert all(
        inapplicable(cascade, kind, effect.node) is None
        for cascade in cascades
        for effect in cascade.effects
    )


def test_every_origin_must_succeed(cascades: tuple[Cascade, ...]) -> None:
    assert all(
        inapplicable(cascade, "origin-failed", effect.node) is None
        for cascade in cascades
        if cascade.origin is not None
        for effect in cascade.effects
    )
