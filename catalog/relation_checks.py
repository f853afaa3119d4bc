"""The rule that one mechanism has one relation, whatever the document."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

from .chains import made_by_service
from .check_codes import Problem
from .models import Cascade, Effect

_SERVICE = ".amazonaws.com"


def unlike_relations(cascades: Iterable[Cascade]) -> Iterator[tuple[Cascade, Problem]]:
    """Effects whose relation differs from the one that most others of their mechanism have.

    An effect whose note names its relation has said why, and is left out.
    """
    found: dict[Hashable, list[tuple[Cascade, int, Effect]]] = defaultdict(list)
    for cascade in cascades:
        for index, effect in enumerate(cascade.effects):
            if effect is not cascade.root and effect.relation not in (effect.note or ""):
                found[_mechanism(cascade, effect)].append((cascade, index, effect))
    for alike in found.values():
        relations = [effect.relation for _, _, effect in alike]
        usual = max(relations, key=lambda each: (relations.count(each), each))
        for cascade, index, effect in alike:
            if effect.relation != usual:
                other = next(each.id for each, _, like in alike if like.relation == usual)
                message = (
                    f"{effect.node} is a {effect.relation} here and a {usual} in {other}; where it comes about in "
                    "another way, say so in its `note` and name the relation"
                )
                yield cascade, Problem(("effects", index, "relation"), "relation-differs", message)


def _mechanism(cascade: Cascade, effect: Effect) -> Hashable:
    """What tells how an effect comes about, apart from the document that it stands in.

    A call that a service makes is of one kind, whatever it was made for. Others are of a kind where the same conditions
    single them out on the same side of their parent, or, without conditions, where they hang on the same action.
    """
    if effect.actor.startswith("service:") or made_by_service(effect):
        return effect.action, "service"
    sides = (effect.within.before > 0, effect.within.after > 0)
    if effect.where:
        asked = tuple(
            (path, _without_names(condition.model_dump_json(exclude_none=True)))
            for path, condition in sorted(effect.where.items())
        )
        return effect.action, asked, effect.actor, effect.outcome, sides
    parent = cascade.parent_node(effect)
    action = cascade.root.action if parent == cascade.root_node else cascade.effect(parent).action
    return effect.action, action, effect.actor, effect.outcome, sides


def _without_names(condition: str) -> str:
    """The condition, with one word for all services: each makes the role that is linked to it in the same way."""
    return "service" if condition.endswith(f'{_SERVICE}"}}') else condition
