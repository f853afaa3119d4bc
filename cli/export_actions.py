"""Which effects an export is about: those of `--action`, and those on which the rules of `--rule` fire."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..catalog import Cascade, Catalog


def asked_actions(
    typed: Sequence[str], rule: Path | None, known: "Catalog"
) -> frozenset[str] | None:
    """The actions that were asked for, None where nothing was."""
    from ..catalog import resolve_action

    if not typed and rule is None:
        return None
    effects = {effect.action for cascade in known.cascades for effect in cascade.effects}
    found = {resolve_action(text, effects) for text in typed}
    if rule is not None:
        found |= _fired_on(rule, known)
    return frozenset(found)


def _fired_on(rule: Path, known: "Catalog") -> set[str]:
    from ..review import Cases, EventNames, read_rules, review

    rules = read_rules([rule]).rules
    done = review(rules, Cases(known.cascades), EventNames(known.cascades, None))
    for each in done:
        if each.not_judged is not None:
            typer.echo(f"cascade: {each.rule.title}: not judged: {each.not_judged}", err=True)
    found = {effect.action for each in done for effect in each.side_effects}
    if not found:
        raise typer.BadParameter(f"no rule in {rule} fires on a side effect; see cascade review")
    return found


def about(actions: Collection[str], cascades: Iterable["Cascade"]) -> "list[Cascade]":
    """The cascades that have one of these effects. Of those that silence the same effects one is enough, since its
    artefact asks the others, too."""
    chosen: list[Cascade] = []
    silenced: set[str] = set()
    for cascade in cascades:
        mine = {effect.action for effect in cascade.effects if effect.action in actions}
        policies = {
            cascade.policy_of(effect) for effect in cascade.effects if effect.action in actions
        }
        if not mine:
            continue
        if policies == {"suppress"}:
            if mine <= silenced:
                continue
            silenced |= mine
        chosen.append(cascade)
    return chosen
