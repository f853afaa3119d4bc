"""The rules of a cascade document that span several of its fields.

A document that breaks one of them means nothing, so the loader refuses it; `check.py` holds the
rules about the world (does the action exist, is the technique current).
"""

from collections import Counter
from collections.abc import Iterator

from .everyday import is_everyday
from .models import Cascade, Condition, Effect, KeySource, Where
from .terms import POLICY_ORDER

Loc = tuple[str | int, ...]


def structure_problems(cascade: Cascade) -> Iterator[tuple[Loc, str]]:
    """Yield what is wrong with how the parts of `cascade` refer to each other.

    Each problem is the place in the document, as a path of keys and indices, and a sentence.
    """
    yield from _root_problems(cascade)
    yield from _name_problems(cascade)
    if any(True for _ in _root_problems(cascade)):
        return
    nodes = {effect.node: effect for effect in cascade.effects}
    root_keys = cascade.root.keys
    for index, effect in enumerate(cascade.effects):
        yield from _effect_problems(cascade, index, effect, nodes)
    yield from _cycle_problems(cascade, nodes)
    for index, spoiler in enumerate(cascade.spoilers):
        if (spoiler.within is None) == (spoiler.between is None):
            yield ("spoilers", index), "needs either within or between"
        for key in spoiler.join:
            if key not in spoiler.keys:
                yield (
                    ("spoilers", index, "join"),
                    f"joins {key!r}, which it does not declare in keys",
                )
            if key not in root_keys:
                yield (
                    ("spoilers", index, "join"),
                    f"joins {key!r}, which {cascade.root_node} does not declare",
                )
    for loc, keys in _all_keys(cascade):
        for name, source in keys.items():
            if (source.path is None) == (source.first_of is None):
                yield (*loc, name), "needs either path or first-of"
    for loc, where in _all_wheres(cascade):
        for path, condition in where.items():
            yield from _condition_problems((*loc, path), condition)


def _root_problems(cascade: Cascade) -> Iterator[tuple[Loc, str]]:
    if (cascade.origin is None) == (cascade.ensemble is None):
        yield (), "needs either origin or ensemble"
        return
    if cascade.ensemble is None:
        return
    names = {effect.node for effect in cascade.effects}
    for index, required in enumerate(cascade.ensemble.require):
        if required not in names:
            yield ("ensemble", "require", index), f"{required!r} is no effect of this cascade"
    if len(set(cascade.ensemble.require)) < len(cascade.ensemble.require):
        yield ("ensemble", "require"), "names a member twice"


def _name_problems(cascade: Cascade) -> Iterator[tuple[Loc, str]]:
    counts = Counter(effect.node for effect in cascade.effects)
    if cascade.origin is not None:
        counts[cascade.origin.action] += 1
    for index, effect in enumerate(cascade.effects):
        if counts[effect.node] > 1:
            yield (
                ("effects", index),
                f"the name {effect.node!r} is taken: give each a `name` of its own",
            )
    names = set(counts)
    effects = {effect.node for effect in cascade.effects}
    for index, harmless in enumerate(cascade.suppression.harmless):
        for position, node in enumerate(harmless.effects):
            if node not in effects:
                yield (
                    ("suppression", "harmless", index, "effects", position),
                    f"{node!r} is no effect of this cascade",
                )
    for index, evidence in enumerate(cascade.evidence):
        for position, supported in enumerate(evidence.supports):
            if supported not in names:
                yield (
                    ("evidence", index, "supports", position),
                    f"{supported!r} is no node of this cascade",
                )


def _effect_problems(
    cascade: Cascade, index: int, effect: Effect, nodes: dict[str, Effect]
) -> Iterator[tuple[Loc, str]]:
    loc: Loc = ("effects", index)
    if effect.policy is not None and POLICY_ORDER.index(effect.policy) < POLICY_ORDER.index(
        cascade.suppression.policy
    ):
        yield (*loc, "policy"), f"is looser than the cascade's {cascade.suppression.policy!r}"
    if (
        effect.unexplained == "unlisted"
        and cascade.policy_of(effect) == "suppress"
        and not is_everyday(effect.action)
    ):
        yield (*loc, "unexplained"), "what is suppressed when explained is an orphan when not"
    if set(effect.join) & set(effect.distinct):
        yield (*loc, "distinct"), "a key cannot be both joined and distinct"
    if cascade.ensemble is not None and effect.node == cascade.root_node:
        for field in ("parent", "join", "distinct", "within"):
            if field in effect.model_fields_set:
                yield (*loc, field), "the root of an ensemble hangs on nothing"
        return
    parent_name = cascade.parent_node(effect)
    if parent_name == cascade.root_node:
        parent_keys = cascade.root.keys
    elif parent_name in nodes:
        parent_keys = nodes[parent_name].keys
    else:
        yield (*loc, "parent"), f"{parent_name!r} is no node of this cascade"
        return
    if (
        cascade.ensemble is not None
        and effect.node in cascade.ensemble.require
        and parent_name != cascade.root_node
    ):
        yield (*loc, "parent"), "a required member must hang on the ensemble's root"
    for field, keys in (("join", effect.join), ("distinct", effect.distinct)):
        for key in keys:
            if key not in effect.keys:
                yield (*loc, field), f"names {key!r}, which it does not declare in keys"
            if key not in parent_keys:
                yield (
                    (*loc, field),
                    f"names {key!r}, which its parent {parent_name} does not declare",
                )


def _cycle_problems(cascade: Cascade, nodes: dict[str, Effect]) -> Iterator[tuple[Loc, str]]:
    for index, effect in enumerate(cascade.effects):
        seen = {effect.node}
        node = cascade.parent_node(effect)
        while node in nodes and node != cascade.root_node:
            if node in seen:
                yield ("effects", index, "parent"), "parents form a cycle"
                break
            seen.add(node)
            node = cascade.parent_node(nodes[node])


def _condition_problems(loc: Loc, condition: Condition) -> Iterator[tuple[Loc, str]]:
    if not condition.model_dump(exclude_none=True):
        yield loc, "needs an operator"
    if condition.exists and condition.absent:
        yield loc, "exists and absent cannot both hold"
    if condition.not_ is not None:
        yield from _condition_problems((*loc, "not"), condition.not_)


def _all_keys(cascade: Cascade) -> Iterator[tuple[Loc, dict[str, KeySource]]]:
    if cascade.origin is not None:
        yield ("origin", "keys"), cascade.origin.keys
    for index, effect in enumerate(cascade.effects):
        yield ("effects", index, "keys"), effect.keys
    for index, spoiler in enumerate(cascade.spoilers):
        yield ("spoilers", index, "keys"), spoiler.keys


def _all_wheres(cascade: Cascade) -> Iterator[tuple[Loc, Where]]:
    if cascade.origin is not None:
        yield ("origin", "where"), cascade.origin.where
    for index, effect in enumerate(cascade.effects):
        yield ("effects", index, "where"), effect.where
    for index, spoiler in enumerate(cascade.spoilers):
        yield ("spoilers", index, "where"), spoiler.where
