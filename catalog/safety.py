"""What an overlay may not silence: the rules of safety, held against what it adds, changes and takes away.

A cascade of an overlay is held to the rules for any cascade. A window that it widens, to the rule that a silenced
effect wants a reason for more than 15 minutes: the reason in the file speaks of the file's window. And since the
strictest explanation of an event decides whether it is silenced, a cascade that only annotates keeps others from
silencing: what takes it away lets them silence more. An effect that is the origin of another cascade which silences is
no effect to silence.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from .chains import ground, resting_on, silenced
from .check_codes import CHECK_CODES, Problem
from .evidence_checks import missing_problems
from .models import Cascade, Effect, Spoiler
from .name_checks import silenced_origin, silenced_origins
from .overlay import with_policy
from .scaffold import placeholder_problems
from .suppression_checks import suppression_problems
from .terms import format_duration
from .window_checks import LONG_WINDOW, is_wide


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule of safety that silencing some effects would break; `nodes` are those of `cascade`, None all of them.

    `where` is the cascade whose file or entry in a configuration breaks it, and `problem.loc` a place in that.
    """

    cascade: str
    nodes: frozenset[str] | None
    problem: Problem
    where: str


def document_breaches(cascade: Cascade) -> Iterator[Breach]:
    """What makes it unsafe to silence what the cascade says, by the rules for any cascade."""
    if not silenced(cascade):
        return
    problems = (suppression_problems, placeholder_problems, missing_problems)
    for problem in (found for each in problems for found in each(cascade)):
        if CHECK_CODES[problem.code].severity != "error":
            continue
        nodes = None
        if problem.loc[0] == "effects":
            assert isinstance(problem.loc[1], int)
            nodes = resting_on(cascade, cascade.effects[problem.loc[1]].node)
        if nodes is None or nodes:
            yield Breach(cascade.id, nodes, problem, cascade.id)


def origin_breaches(cascades: Mapping[str, Cascade], own: Container[str]) -> Iterator[Breach]:
    """Silenced effects that are the origin of a cascade which silences, where one of the two cascades is of `own`."""
    for cascade, index, other in silenced_origins(cascades.values()):
        if cascade.id in own or other.id in own:
            effect = cascade.effects[index]
            problem = silenced_origin(effect, index, other)
            where = cascade.id if cascade.id in own else other.id
            loc = problem.loc if where == cascade.id else ("origin", "action")
            yield Breach(
                cascade.id, resting_on(cascade, effect.node), replace(problem, loc=loc), where
            )


def window_breaches(before: Cascade, after: Cascade) -> Iterator[Breach]:
    """What a change of windows lets be silenced that is further away than the catalogue vouches for."""
    for old, new in zip(before.effects, after.effects, strict=True):
        sides = [
            f"{side} {format_duration(now)} -> {format_duration(then)}"
            for side, now, then in (
                ("before", old.within.before, new.within.before),
                ("after", old.within.after, new.within.after),
            )
            if then > now
            and (then > LONG_WINDOW or (is_wide(new.within) and not is_wide(old.within)))
        ]
        nodes = resting_on(after, new.node)
        if sides and nodes:
            message = (
                f"the window of {new.node} becomes wider than the catalogue has a reason for: {', '.join(sides)}; "
                f"of more than {format_duration(LONG_WINDOW)} only a cascade file can give one"
            )
            problem = Problem(("effects", new.node), "config-window", message)
            yield Breach(after.id, nodes, problem, after.id)


def rival_breaches(before: Mapping[str, Cascade], after: Mapping[str, Cascade]) -> Iterator[Breach]:
    """What is silenced more often because a cascade that silences less explains less than it did."""
    for id_, old in before.items():
        new = after.get(id_)
        if new is old:
            continue
        lost = {
            effect.action
            for effect in old.effects
            if old.policy_of(effect) != "suppress"
            and (new is None or not _explains_as_much(old, new, effect))
        }
        if not lost:
            continue
        for other in after.values():
            freed = [effect for effect in silenced(other) if effect.action in lost]
            if freed:
                actions = ", ".join(sorted({effect.action for effect in freed}))
                problem = Problem((), "config-rival", f"{other.id} ({actions})")
                yield Breach(other.id, frozenset(effect.node for effect in freed), problem, id_)


def annotating(cascade: Cascade, breaches: Iterable[Breach]) -> Cascade:
    """The cascade with `annotate` where it would break a rule."""
    concerned = [breach.nodes for breach in breaches]
    if any(nodes is None for nodes in concerned):
        return with_policy(cascade, "annotate")
    nodes = frozenset().union(*(each for each in concerned if each is not None))
    effects = tuple(
        effect.model_copy(update={"policy": "annotate"}) if effect.node in nodes else effect
        for effect in cascade.effects
    )
    return cascade.model_copy(update={"effects": effects})


def _explains_as_much(old: Cascade, new: Cascade, effect: Effect) -> bool:
    """Whether `new` explains every event that `old` does by `effect`, and does not silence it either."""
    found = next((each for each in new.effects if each.node == effect.node), None)
    if found is None or new.policy_of(found) == "suppress":
        return False
    if _root(old) != _root(new) or _spoilers(old) != _spoilers(new):
        return False
    edges, kept = ground(old, effect), ground(new, found)
    return len(edges) == len(kept) and all(map(_admits_as_much, edges, kept))


def _admits_as_much(old: Effect, new: Effect) -> bool:
    said = {"within", "policy", "attack", "note", "occurs", "relation", "unexplained"}
    return (
        old.model_dump(exclude=said) == new.model_dump(exclude=said)
        and new.within.before >= old.within.before
        and new.within.after >= old.within.after
    )


def _root(cascade: Cascade) -> object:
    if cascade.origin is not None:
        return cascade.origin.model_dump(include={"action", "keys", "where"})
    root, required = cascade.root, cascade.ensemble.require if cascade.ensemble else ()
    return root.model_dump(include={"action", "keys", "where", "outcome"}), required


def _spoilers(cascade: Cascade) -> list[object]:
    return [_bare(spoiler) for spoiler in cascade.spoilers]


def _bare(spoiler: Spoiler) -> object:
    return spoiler.model_dump(exclude={"reason"})
