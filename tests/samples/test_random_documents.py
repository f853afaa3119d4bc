"""Any document: either it contradicts itself, or its instance is explained."""

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from cloudcascade.catalog import Cascade
from cloudcascade.samples import PROFILES, Unsatisfiable, instance
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
