"""A document without one of its clauses: what the prover is tried on, since every clause is there to stop something."""

from collections.abc import Iterator
from dataclasses import dataclass

from cloudcascade.catalog import Cascade, Effect
from cloudcascade.catalog.chains import ground, silenced

_DAY = 86_400
_LOOSE = ("actor", "tool", "region", "account")


@dataclass(frozen=True, slots=True)
class Weakened:
    """The cascade without `clause`, which is `of` this effect or spoiler; `effects` are silenced through it."""

    of: str
    clause: str
    cascade: Cascade
    effects: tuple[str, ...]

    @property
    def name(self) -> str:
        """How it is listed."""
        return f"{self.cascade.id} | {self.of} | {self.clause}"


def weakened(cascade: Cascade) -> Iterator[Weakened]:
    """The cascade without each clause on which something silenced rests, one at a time.

    Conditions of a spoiler are no such clauses: without them it voids more.
    """
    rests = {each.node: [step.node for step in ground(cascade, each)] for each in silenced(cascade)}
    for index, spoiler in enumerate(cascade.spoilers if rests else ()):
        when = "between" if spoiler.between else "within"
        left = (*cascade.spoilers[:index], *cascade.spoilers[index + 1 :])
        clause = f"{when}: {spoiler.reason}"
        looser = cascade.model_copy(update={"spoilers": left})
        yield Weakened(spoiler.action, clause, looser, tuple(rests))
    for index, effect in enumerate(cascade.effects):
        through = tuple(node for node, steps in rests.items() if effect.node in steps)
        for clause, loose in _looser(effect) if through else ():
            effects = (*cascade.effects[:index], loose, *cascade.effects[index + 1 :])
            looser = cascade.model_copy(update={"effects": effects})
            yield Weakened(effect.node, clause, looser, through)


def without_spoilers(cascade: Cascade, *actions: str) -> Cascade:
    """The cascade without the spoilers of these actions that lie between an effect and its origin."""
    left = [each for each in cascade.spoilers if not each.between or each.action not in actions]
    return cascade.model_copy(update={"spoilers": tuple(left)})


def _looser(effect: Effect) -> Iterator[tuple[str, Effect]]:
    for key in effect.join:
        left = tuple(each for each in effect.join if each != key)
        yield f"join {key}", effect.model_copy(update={"join": left})
    for side in ("before", "after"):
        if getattr(effect.within, side):
            window = effect.within.model_copy(update={side: _DAY})
            yield f"within {side}", effect.model_copy(update={"within": window})
    for path in effect.where:
        where = {other: test for other, test in effect.where.items() if other != path}
        yield f"where {path}", effect.model_copy(update={"where": where})
    for rule in _LOOSE:
        if getattr(effect, rule) != "any":
            yield rule, effect.model_copy(update={rule: "any"})
