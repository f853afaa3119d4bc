"""What a proof says: the smallest log, what it costs, what is harmless, and what could not be tried."""

import msgspec
import pytest

from cloudcascade.adversary import FAMILIES, Attack, Outcome, Proof, attack_findings, prove
from cloudcascade.catalog import Cascade, Family, Harmless
from cloudcascade.errors import Place
from cloudcascade.events import decode_record
from cloudcascade.matcher import Engine, compile_catalog
from cloudcascade.samples import installed_models
from cloudcascade.tests.support.cascades import DELETE_USER, cascade

USER = {"user": "requestParameters.userName"}
EDGE = {"keys": USER, "join": ["user"], "within": {"before": "15m"}, "tool": "same"}
STRIPPED = cascade(
    origin={"action": "iam:DeleteUser", "keys": USER},
    effects=[
        {"action": "iam:DeactivateMFADevice", **EDGE},
        {"action": "iam:DeleteLoginProfile", **EDGE, "policy": "annotate"},
    ],
)


def proof(document: Cascade) -> Proof:
    return prove(document, installed_models())[0]


def outcome(document: Cascade, family: str) -> Outcome:
    return next(each for each in proof(document).outcomes if each.family == family)


def attack(document: Cascade, family: str) -> Attack:
    found = outcome(document, family).attack
    assert found is not None
    return found


def test_only_what_is_silenced_is_attacked() -> None:
    assert [each.effect for each in prove(STRIPPED, None)] == ["iam:DeactivateMFADevice"]


def test_a_cascade_that_silences_nothing_has_no_proof() -> None:
    only = STRIPPED.suppression.model_copy(update={"policy": "annotate"})
    assert prove(STRIPPED.model_copy(update={"suppression": only}), None) == ()


def test_every_attack_shown_is_silenced_by_an_engine_of_its_own() -> None:
    for each in prove(DELETE_USER, installed_models()):
        for found in each.succeeds:
            assert found.attack is not None
            engine = Engine(compile_catalog([DELETE_USER]), since=0, until=1 << 40)
            records = [msgspec.json.encode(step.record) for step in found.attack.steps]
            engine.feed([decode_record(record) for record in records])
            verdicts = {verdict.event_id: verdict for verdict in engine.verdicts()}
            told = verdicts[found.attack.target]
            assert (told.verdict, told.policy) == ("effect", "suppress")


def test_a_log_is_as_small_as_it_goes() -> None:
    steps = [step.what for step in attack(STRIPPED, "used").steps]
    assert len(steps) == 3
    assert steps[0] == "iam:DeactivateMFADevice"
    assert steps[-1] == "iam:DeleteUser"


def test_without_what_makes_it_an_attack_it_would_be_none() -> None:
    steps = [step.what.partition(" ")[0] for step in attack(STRIPPED, "recreated").steps]
    assert steps == ["iam:DeactivateMFADevice", "iam:DeleteUser", "iam:CreateUser"]


def test_the_attackers_calls_are_counted_and_the_owners_are_not() -> None:
    weak = STRIPPED.model_copy(
        update={"effects": (STRIPPED.effects[0].model_copy(update={"actor": "any"}),)}
    )
    assert attack(STRIPPED, "recreated").calls == 3
    assert attack(weak, "hand").calls == 1


def test_what_is_declared_harmless_keeps_its_attack() -> None:
    declared = Harmless(family="used", reason="Nobody signs in.")
    suppression = STRIPPED.suppression.model_copy(update={"harmless": (declared,)})
    found = outcome(STRIPPED.model_copy(update={"suppression": suppression}), "used")
    assert (found.answer, found.reasons) == ("harmless", ("Nobody signs in.",))
    assert found.attack is not None


def test_a_declaration_for_another_effect_does_not_count() -> None:
    declared = Harmless(family="used", effects=("iam:DeleteLoginProfile",), reason="Nobody.")
    suppression = STRIPPED.suppression.model_copy(update={"harmless": (declared,)})
    changed = STRIPPED.model_copy(update={"suppression": suppression})
    assert outcome(changed, "used").answer == "succeeds"


def test_a_declaration_that_is_not_needed_says_so() -> None:
    declared = Harmless(family="hand", reason="Nobody else can.")
    suppression = STRIPPED.suppression.model_copy(update={"harmless": (declared,)})
    changed = STRIPPED.model_copy(update={"suppression": suppression})
    assert outcome(changed, "hand").answer == "impossible"
    assert outcome(changed, "hand").needless
    assert not outcome(STRIPPED, "hand").needless


def test_without_the_service_models_it_is_said_what_was_not_tried() -> None:
    found = prove(STRIPPED, None, ["recreated"])[0].outcomes[0]
    assert found.answer == "untried"
    assert "service models" in found.reasons[0]


def test_an_effect_that_is_never_silenced_says_why() -> None:
    effect = STRIPPED.effects[0].model_copy(update={"actor": "service:sso.amazonaws.com"})
    through = {
        **EDGE,
        "action": "iam:TagUser",
        "where": {"sourceIPAddress": "x.amazonaws.com"},
    }
    idle = cascade(origin={"action": "iam:DeleteUser", "keys": USER}, effects=[through])
    assert proof(idle).idle == ("silencing: one hand (address)",)
    assert proof(STRIPPED.model_copy(update={"effects": (effect,)})).idle == ()


def test_the_same_document_gives_the_same_proof() -> None:
    assert prove(STRIPPED, installed_models()) == prove(STRIPPED, installed_models())


def test_a_finding_stands_at_its_effect() -> None:
    found = attack_findings(
        [STRIPPED],
        lambda cascade_id, loc: Place("x.yaml", len(loc), 1),
        models=installed_models(),
    )
    assert {(each.file, each.line, each.code, each.severity) for each in found} == {
        ("x.yaml", 2, "attack-succeeds", "error")
    }
    assert any("iam:DeactivateMFADevice would be silenced (used)" in each.message for each in found)


def test_what_contradicts_itself_is_left_to_the_other_checks() -> None:
    never = {"requestParameters.userName": {"absent": True}}
    broken = cascade(
        origin={"action": "iam:DeleteUser", "keys": USER},
        effects=[{"action": "iam:TagUser", **EDGE, "where": never}],
    )
    assert attack_findings([broken], lambda *_: Place("x.yaml", 1, 1), models=None) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_an_ensemble_is_attacked_like_any_other(family: Family) -> None:
    document = cascade(
        ensemble={"require": ["iam:CreateUser", "iam:CreateAccessKey"]},
        effects=[
            {"action": "iam:CreateUser", "keys": USER},
            {**EDGE, "action": "iam:CreateAccessKey", "within": {"after": "1m"}},
        ],
    )
    root, other = prove(document, installed_models(), [family])
    assert root.outcomes[0].reasons
    assert other.outcomes[0].reasons
