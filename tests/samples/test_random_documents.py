"""Any document: either it contradicts itself, or its instance is explained."""

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from cloudcascade.catalog import Cascade
from cloudcascade.samples import KINDS, PROFILES, Unsatisfiable, instance, twins
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.samples.test_rules import is_explained
from cloudcascade.tests.support.random_cascades import catalogues


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(catalogue=catalogues(), profile=st.sampled_from(sorted(PROFILES)), seed=st.integers(0, 9))
def test_an_instance_is_explained_unless_the_document_contradicts_itself(
    catalogue: list[Cascade], profile: str, seed: int
) -> None:
    for document in catalogue:
        # Of what voids an instance these documents ask for anything: also for the effects themselves.
        plain = document.model_copy(update={"spoilers": ()})
        try:
            sample = instance(plain, profile, seed=seed)
        except Unsatisfiable as error:
            event(str(error).partition(" of ")[0])
            continue
        assert is_explained(sample)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    catalogue=catalogues(),
    profile=st.sampled_from(sorted(PROFILES)),
    kind=st.sampled_from(sorted(KINDS)),
)
def test_a_twin_is_not_explained_where_no_other_effect_has_its_action(
    catalogue: list[Cascade], profile: str, kind: str
) -> None:
    for document in catalogue:
        plain = document.model_copy(update={"spoilers": ()})
        actions = [effect.action for effect in plain.effects]
        try:
            sample = instance(plain, profile)
        except Unsatisfiable:
            continue
        for other in twins(sample, kind):
            assert other.changed is not None
            if actions.count(plain.effect(other.changed).action) == 1:
                found = oracle_verdicts([plain], other.records)
                verdict = found.get(other.id_of(other.changed))
                assert verdict is None or verdict.verdict != "effect"
