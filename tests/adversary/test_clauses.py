"""Every clause of a document that silences is there to stop something: without it the prover finds an attack.

In the default profile a clause of an effect is tried on that effect, and a spoiler on the first one; with
HYPOTHESIS_PROFILE=thorough on every effect that rests on it.
"""

import re
from collections.abc import Mapping

import pytest

from cloudcascade.adversary import prove
from cloudcascade.catalog import Cascade, load_catalog
from cloudcascade.catalog.chains import silenced
from cloudcascade.samples import installed_models
from cloudcascade.tests.support.profile import FACTOR
from cloudcascade.tests.support.weaken import Weakened, weakened, without_spoilers

CATALOG = load_catalog()
SILENCING = [each for each in CATALOG.cascades if silenced(each)]

# Clauses without which no attack is found: patterns of "cascade | effect or spoiler | clause", and why.
NEEDLESS = {
    r".* \| .* \| account": "where the key is an id or an ARN, which no other account has",
    r".* \| [\w-]+:Delete\w+ \| between: an earlier .*": "the return that lies after it cuts the path as well",
    r".* \| .* \| between: .* (re)?(created|replicated|made|restored) .*": "the removal before it cuts as well",
    r".* \| iam:UpdateUser \| between: .* renamed .*": "who gives a name away and who takes it each cut the path",
    r"aws\.rds\.delete-db-\w+ \| rds:\w+ \| between: \w+ renamed before the deletion": "the same",
    r"aws\.iam\.delete-user \| .* \| within after": "what is stripped after its removal was given the name anew",
    r"aws\.iam\.delete-service-linked-role \| .* \| within after": "nobody gains by asking later how a deletion went",
    r"aws\.kms\.schedule-key-deletion \| kms:DeleteKey \| within after": "AWS makes it, and for its origin",
    r"aws\.organizations\.close-account \| .* \| within (before|after)": "AWS makes it, and for its origin",
    r"aws\.iam\.delete-(role|user) \| iam:Detach(Role|User)Policy \| where requestParameters\.policyArn": (
        "the next effect annotates every other policy, and the strictest counts"
    ),
    r"aws\.secretsmanager\.(create|get|put)-secret(-value)? \| kms:\w+ \| (actor|within (before|after))": (
        "Secrets Manager makes it for a call on the same secret, which has an event of its own"
    ),
    r"aws\.secretsmanager\.delete-secret \| .* \| within after": "AWS makes it, and for its origin",
}

Successes = Mapping[tuple[str, str], int]


def successes(cascade: Cascade, effects: tuple[str, ...]) -> Successes:
    return {
        (proof.effect, outcome.family): outcome.successes
        for proof in prove(cascade, installed_models(), effects=effects)
        for outcome in proof.outcomes
    }


def looked_at(each: Weakened) -> tuple[str, ...]:
    if FACTOR > 1:
        return each.effects
    return (each.of,) if each.of in each.effects else each.effects[:1]


def unnoticed(cascade: Cascade) -> list[str]:
    """The clauses without which nothing more succeeds."""
    whole = successes(cascade, tuple(effect.node for effect in silenced(cascade)))
    return [
        each.name
        for each in weakened(cascade)
        if all(
            count <= whole[found]
            for found, count in successes(each.cascade, looked_at(each)).items()
        )
    ]


def is_idle(cascade: Cascade, name: str) -> bool:
    """Whether the clause is of an effect that is never silenced, with it or without."""
    proofs = prove(cascade, installed_models(), ["edge"])
    return any(proof.idle and f" | {proof.effect} | " in name for proof in proofs)


@pytest.mark.parametrize("cascade", SILENCING, ids=lambda each: each.id)
def test_every_clause_stops_an_attack(cascade: Cascade) -> None:
    missed = [
        name
        for name in unnoticed(cascade)
        if not any(re.fullmatch(pattern, name) for pattern in NEEDLESS)
        and not is_idle(cascade, name)
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("aws.iam.delete-role", ("iam:DeleteRole", "iam:CreateRole")),
        ("aws.iam.delete-user", ("iam:DeleteUser", "iam:CreateUser", "iam:UpdateUser")),
        ("aws.s3.delete-bucket", ("s3:DeleteBucket", "s3:CreateBucket")),
    ],
)
def test_of_clauses_that_stand_in_for_each_other_one_is_needed(
    name: str, actions: tuple[str, ...]
) -> None:
    cascade = CATALOG.get(name)
    effects = tuple(effect.node for effect in silenced(cascade)[:1])
    before = successes(cascade, effects)
    after = successes(without_spoilers(cascade, *actions), effects)
    assert after[effects[0], "recreated"] > before[effects[0], "recreated"]
