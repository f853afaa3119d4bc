"""What the attacker finds, as findings of `cascade check`."""

from collections.abc import Callable, Iterable

from ..catalog import CHECK_CODES, Cascade, Finding, Loc, ServiceModels, structure_problems
from ..errors import Place
from ..samples import Unsatisfiable
from .proof import Outcome, prove

CODE = "attack-succeeds"


def attack_findings(
    cascades: Iterable[Cascade],
    place_of: Callable[[str, Loc], Place],
    *,
    models: ServiceModels | None,
) -> list[Finding]:
    """A finding for each effect and family of which a sequence succeeds.

    Cascades that are broken, or contradict themselves, are left to the other checks.
    """
    found = []
    for cascade in cascades:
        if any(structure_problems(cascade)):
            continue
        try:
            proofs = prove(cascade, models)
        except Unsatisfiable:
            continue
        index = {effect.node: each for each, effect in enumerate(cascade.effects)}
        for proof in proofs:
            place = place_of(cascade.id, ("effects", index[proof.effect]))
            found += [
                Finding(
                    place.file,
                    place.line,
                    place.column,
                    CHECK_CODES[CODE].severity,
                    CODE,
                    f"{proof.effect} would be silenced ({outcome.family}): {_told(outcome)}",
                )
                for outcome in proof.succeeds
            ]
    return found


def _told(outcome: Outcome) -> str:
    attack = outcome.attack
    assert attack is not None
    calls = "1 call" if attack.calls == 1 else f"{attack.calls} calls"
    return f"{attack.story} ({calls}; see `cascade prove`)"
