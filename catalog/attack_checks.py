"""The rules about ATT&CK: the ids are current, can be about a cloud's control plane, and are those of like actions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from .attack import technique
from .check_codes import Problem
from .models import Cascade, Effect, Origin
from .structure import Loc
from .technique_table import technique_table


def attack_problems(cascade: Cascade) -> Iterator[Problem]:
    """Ids that are not current, that no control plane can be the target of, or that the table does not give."""
    for loc, node in _nodes(cascade):
        for index, id_ in enumerate(node.attack):
            yield from _id_problems((*loc, "attack", index), node.action, id_)
        given = technique_table().assigned(node.action)
        if given is not None and _unstated(node, given.ids):
            message = (
                f"{node.action} has {_listed(given.ids)} ({given.why}), not {_listed(node.attack)}; a node that "
                "differs says so in its `note`, by the ids"
            )
            yield Problem((*loc, "attack") if node.attack else loc, "attack-differs", message)


def unlike_attacks(cascades: Iterable[Cascade]) -> Iterator[tuple[Cascade, Problem]]:
    """Nodes whose ids differ from those that most others of their action have, where the table knows nothing of it."""
    found: dict[str, list[tuple[Cascade, Loc, Origin | Effect]]] = defaultdict(list)
    for cascade in cascades:
        for loc, node in _nodes(cascade):
            if technique_table().assigned(node.action) is None:
                found[node.action].append((cascade, loc, node))
    for action, nodes in found.items():
        sets = [frozenset(node.attack) for _, _, node in nodes]
        usual = max(sets, key=lambda each: (sets.count(each), sorted(each)))
        for cascade, loc, node in nodes:
            if _unstated(node, usual):
                other = next(each.id for each, _, like in nodes if frozenset(like.attack) == usual)
                message = (
                    f"{action} has {_listed(sorted(usual))} in {other}, not {_listed(node.attack)}"
                )
                yield cascade, Problem(loc, "attack-differs", message)


def _id_problems(loc: Loc, action: str, id_: str) -> Iterator[Problem]:
    known = technique(id_)
    if known is None:
        yield Problem(loc, "attack-unknown", f"ATT&CK has no technique {id_}")
    elif known.status == "revoked":
        message = f"{id_} {known.name} is revoked; use {known.revoked_by}"
        yield Problem(loc, "attack-revoked", message)
    elif known.status == "deprecated":
        yield Problem(loc, "attack-deprecated", f"{id_} {known.name} is deprecated")
    elif not known.platforms & technique_table().platforms(action):
        platforms = ", ".join(sorted(known.platforms)) or "hosts and networks only"
        message = (
            f"{id_} {known.full_name} is about {platforms}, and {action} is a call to the control plane "
            f"({', '.join(sorted(technique_table().platforms(action)))})"
        )
        yield Problem(loc, "attack-platform", message)


def _unstated(node: Origin | Effect, ids: Iterable[str]) -> bool:
    """Whether the node's ids differ from `ids` in one that its note does not name."""
    differing = set(node.attack) ^ set(ids)
    return any(id_ not in (node.note or "") for id_ in differing)


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(ids) or "no technique"


def _nodes(cascade: Cascade) -> Iterator[tuple[Loc, Origin | Effect]]:
    if cascade.origin is not None:
        yield ("origin",), cascade.origin
    for index, effect in enumerate(cascade.effects):
        yield ("effects", index), effect
