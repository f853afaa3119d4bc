"""Of the bundled catalogue no attack succeeds."""

import pytest

from cloudcascade.adversary import FAMILIES, prove
from cloudcascade.catalog import Cascade, load_catalog
from cloudcascade.catalog.chains import silenced
from cloudcascade.samples import installed_models

SILENCING = [each for each in load_catalog().cascades if silenced(each)]


@pytest.mark.parametrize("cascade", SILENCING, ids=lambda each: each.id)
def test_no_attack_succeeds(cascade: Cascade) -> None:
    assert [
        (proof.effect, outcome.family, outcome.reasons)
        for proof in prove(cascade, installed_models())
        for outcome in proof.succeeds
    ] == []


@pytest.mark.parametrize("cascade", SILENCING, ids=lambda each: each.id)
def test_every_family_is_answered_with_a_reason(cascade: Cascade) -> None:
    for proof in prove(cascade, installed_models()):
        assert [outcome.family for outcome in proof.outcomes] == list(FAMILIES)
        assert all(outcome.reasons and outcome.answer != "untried" for outcome in proof.outcomes)
