"""Tries every family of attacks on every effect that may be silenced, and says what came of it."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..catalog import Cascade, Effect, Family, ServiceModels
from ..catalog.chains import silenced
from ..matcher import Plan, compile_catalog
from .attempt import Attempt, Barred, Step, Tried, Untried
from .chained import chained
from .copies import copies
from .decoy import decoy
from .edge import edge
from .guardrail import guardrails
from .hand import hand
from .recreated import recreated
from .smuggled import smuggled
from .stage import Stage, attempt, base, set_stage
from .trial import is_silenced, judged, smallest, stopped_by
from .used import used

FAMILIES: Mapping[Family, Callable[[Stage], Iterator[Tried]]] = MappingProxyType(
    {
        "recreated": recreated,
        "decoy": decoy,
        "chain": chained,
        "smuggled": smuggled,
        "used": used,
        "guardrail": guardrails,
        "edge": edge,
        "hand": hand,
        "copies": copies,
    }
)
"""What tries the attacks of a family on an effect, by the family's name."""

Answer = Literal["impossible", "harmless", "succeeds", "untried"]


@dataclass(frozen=True, slots=True)
class Attack:
    """A sequence that succeeds, without what it does as well without."""

    story: str
    steps: tuple[Step, ...]
    target: str
    loses: str

    @property
    def calls(self) -> int:
        """How many calls the attacker makes."""
        return len({step.id for step in self.steps if step.by == "attacker"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one family on one effect.

    `reasons` are the clauses that stop it, or what the document says of why it is harmless. `attack` is the smallest
    sequence that succeeds, harmless or not; `successes` of `tried` sequences do. `needless`: the document declares
    harmless what does not succeed, which would hide it if it did one day.
    """

    family: Family
    answer: Answer
    reasons: tuple[str, ...]
    attack: Attack | None = None
    tried: int = 0
    successes: int = 0
    needless: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of all families on one effect. `idle` says why not even an honest instance silences it, if so."""

    cascade: str
    effect: str
    idle: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def succeeds(self) -> tuple[Outcome, ...]:
        """The families of which a sequence succeeds."""
        return tuple(each for each in self.outcomes if each.answer == "succeeds")


def prove(
    cascade: Cascade,
    models: ServiceModels | None,
    families: Iterable[Family] = tuple(FAMILIES),
    effects: Container[str] | None = None,
) -> tuple[Proof, ...]:
    """A proof for each effect that the cascade silences, or of those the `effects`, by the document alone.

    Without `models` ways back, smuggled members and undoings are not looked for.

    Raises:
        Unsatisfiable: the document contradicts itself.
    """
    found = [each for each in silenced(cascade) if effects is None or each.node in effects]
    if not found:
        return ()
    plan = compile_catalog([cascade])
    return tuple(_proof(cascade, effect, plan, models, tuple(families)) for effect in found)


def _proof(
    cascade: Cascade,
    effect: Effect,
    plan: Plan,
    models: ServiceModels | None,
    families: tuple[Family, ...],
) -> Proof:
    stage = set_stage(cascade, effect, models)
    honest = attempt("nothing is attacked", base(stage).values(), base(stage)[effect.node], "")
    verdict = judged(plan, honest, honest.steps)
    idle = () if is_silenced(verdict) else stopped_by(cascade, effect, verdict)
    outcomes = tuple(_outcome(stage, plan, family) for family in families)
    return Proof(cascade.id, effect.node, idle, outcomes)


def _outcome(stage: Stage, plan: Plan, family: Family) -> Outcome:
    reasons: dict[str, None] = {}
    untried: dict[str, None] = {}
    succeeded: list[Attempt] = []
    tried = 0
    for each in FAMILIES[family](stage):
        if isinstance(each, Barred):
            reasons[each.clause] = None
            continue
        if isinstance(each, Untried):
            untried[each.reason] = None
            continue
        tried += 1
        verdict = judged(plan, each, each.steps)
        if is_silenced(verdict):
            succeeded.append(each)
        else:
            reasons.update(dict.fromkeys(stopped_by(stage.cascade, stage.effect, verdict)))
    declared = _declared(stage, family)
    if not succeeded:
        answer: Answer = "untried" if untried else "impossible"
        needless = bool(declared) and not untried
        return Outcome(family, answer, (*untried, *reasons), None, tried, needless=needless)
    best = min((smallest(plan, each) for each in succeeded), key=lambda each: len(each.steps))
    attack = Attack(best.story, best.steps, best.target, best.loses)
    answer = "harmless" if declared else "succeeds"
    return Outcome(family, answer, declared or (best.story,), attack, tried, len(succeeded))


def _declared(stage: Stage, family: Family) -> tuple[str, ...]:
    """Why the document says that the family gains nothing from the effect, if it does."""
    return tuple(
        each.reason
        for each in stage.cascade.suppression.harmless
        if each.family == family and (not each.effects or stage.effect.node in each.effects)
    )
