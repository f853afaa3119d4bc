"""Draws one cascade: what comes first on the left, its origin in the middle, what follows on the right."""

from collections import Counter
from collections.abc import Iterator

from ...catalog.models import Cascade, Effect, Origin, Spoiler, Window
from ...catalog.terms import NO_CASCADE, Relation
from .boxes import action_row
from .links import evidence_links
from .picture import EdgeStyle, Group, Picture, PictureEdge, PictureNode
from .wording import actor_words, where_words, window_words

# With more effects than this, those of one service that hang together share a box.
STACK_ABOVE = 12

# More spoilers than these that lie in one window share a box.
_FEW_SPOILERS = 3

_GROUP_TITLES: dict[EdgeStyle | str, str] = {
    "precondition": "First, by the caller",
    "consequence": "Afterwards, by AWS",
    "companion": "Alongside",
    "member": "Explain each other when all are there",
    "spoiler": "Voids the explanation",
}


def cascade_picture(cascade: Cascade) -> Picture:
    """The picture of one cascade.

    Effects are grouped by relation; one that hangs on another effect stands behind it. Of large
    cascades the effects of a service that hang on the same parent under the same terms share a box.
    """
    placed = _Placed(cascade)
    nodes = [_root_node(cascade)]
    edges: list[PictureEdge] = []
    for stack in _stacks(cascade, placed):
        nodes.append(_effect_node(cascade, stack, placed))
        edges.append(_effect_edge(cascade, stack[0], placed))
    for window, node in _spoiler_nodes(cascade):
        nodes.append(node)
        edges.append(
            PictureEdge(
                source=node.id,
                target=cascade.root_node,
                style="spoiler",
                label=window_words(window.before, window.after) if window else ("in between",),
                tooltip=node.tooltip,
            )
        )
    used = {node.group for node in nodes}
    policy = cascade.suppression.policy
    return Picture(
        title=cascade.title,
        subtitle=f"{cascade.id} · policy: {policy}",
        description=" ".join([cascade.description.strip(), *_sentences(cascade)]),
        nodes=tuple(nodes),
        edges=tuple(edges),
        groups=tuple(Group(name, title) for name, title in _GROUP_TITLES.items() if name in used),
    )


class _Placed:
    """Where effects stand: by the relation of the first effect on the way from the root."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self.parents = {cascade.parent_node(effect) for effect in cascade.effects}

    def group(self, effect: Effect) -> str:
        top = self._top(effect)
        ensemble = self._cascade.ensemble
        if ensemble is not None and top.node in ensemble.require:
            return "member"
        return top.relation

    def left(self, effect: Effect) -> bool:
        return self.group(effect) == "precondition"

    def _top(self, effect: Effect) -> Effect:
        cascade = self._cascade
        while (parent := cascade.parent_node(effect)) != cascade.root_node:
            effect = cascade.effect(parent)
        return effect


def _stacks(cascade: Cascade, placed: _Placed) -> list[list[Effect]]:
    """The effects that share a box, in the order of the document; usually each has its own."""
    effects = [effect for effect in cascade.effects if effect is not cascade.root]
    if len(cascade.effects) <= STACK_ABOVE:
        return [[effect] for effect in effects]
    terms = {effect.node: _terms(cascade, effect, placed) for effect in effects}
    crowds = Counter((terms[effect.node], _service(effect)) for effect in effects)
    stacks: dict[object, list[Effect]] = {}
    for effect in effects:
        same = terms[effect.node]
        alone = crowds[same, _service(effect)] == 1
        stacks.setdefault((same, None if alone else _service(effect)), []).append(effect)
    return list(stacks.values())


def _terms(cascade: Cascade, effect: Effect, placed: _Placed) -> object:
    """What effects in one box have in common; what others hang on keeps a box of its own."""
    if effect.node in placed.parents or effect.name is not None:
        return effect.node
    return (
        placed.group(effect),
        effect.relation,
        effect.parent,
        effect.within,
        cascade.policy_of(effect),
        _notes(cascade, effect, stacked=True),
    )


def _service(effect: Effect) -> str:
    return effect.action.partition(":")[0]


def _heading(stack: list[Effect]) -> str:
    if len(stack) == 1:
        return ""
    services = {_service(effect) for effect in stack}
    name = services.pop() if len(services) == 1 else "other services"
    return f"{name}: {len(stack)} actions"


def _root_node(cascade: Cascade) -> PictureNode:
    root = cascade.root
    effect = root if isinstance(root, Effect) else None
    return PictureNode(
        id=cascade.root_node,
        role="effect" if effect else "origin",
        rows=(action_row(root.action, root.attack, evidence_links(cascade, cascade.root_node)),),
        notes=(*where_words(root.where), *((_named(effect),) if effect and effect.name else ())),
        style=effect.relation if effect else None,
        policy=cascade.policy_of(effect) if effect else None,
        tooltip=root.note or cascade.title,
        group="member" if effect else None,
    )


def _effect_node(cascade: Cascade, stack: list[Effect], placed: _Placed) -> PictureNode:
    first = stack[0]
    return PictureNode(
        id=first.node,
        role="effect",
        rows=tuple(
            action_row(effect.action, effect.attack, evidence_links(cascade, effect.node))
            for effect in stack
        ),
        heading=_heading(stack),
        notes=_notes(cascade, first, stacked=len(stack) > 1),
        style=first.relation,
        policy=cascade.policy_of(first),
        tooltip=" ".join(_sentence(cascade, effect) for effect in stack),
        group=placed.group(first),
    )


def _effect_edge(cascade: Cascade, effect: Effect, placed: _Placed) -> PictureEdge:
    ensemble = cascade.ensemble
    return PictureEdge(
        source=cascade.parent_node(effect),
        target=effect.node,
        style=effect.relation,
        label=window_words(effect.within.before, effect.within.after),
        tooltip=_sentence(cascade, effect),
        target_first=placed.left(effect),
        mutual=ensemble is not None and effect.node in ensemble.require,
    )


def _spoiler_nodes(cascade: Cascade) -> Iterator[tuple[Window | None, PictureNode]]:
    """A box for each spoiler, with its window; many that lie in the same window share one."""
    stacks: dict[Window | None, list[Spoiler]] = {}
    for spoiler in cascade.spoilers:
        stacks.setdefault(spoiler.within, []).append(spoiler)
    number = 0
    for window, stack in stacks.items():
        for part in [stack] if len(stack) > _FEW_SPOILERS else [[each] for each in stack]:
            yield window, _spoiler_node(f"spoiler {number}", part)
            number += 1


def _spoiler_node(name: str, stack: list[Spoiler]) -> PictureNode:
    first = stack[0]
    reasons = list(dict.fromkeys(spoiler.reason for spoiler in stack))
    actions = dict.fromkeys(spoiler.action for spoiler in stack)
    return PictureNode(
        id=name,
        role="spoiler",
        rows=tuple(action_row(action, ()) for action in actions),
        notes=(first.reason, *where_words(first.where)) if len(stack) == 1 else (),
        style="spoiler",
        tooltip=f"{', '.join(actions)} voids the explanation: {'; '.join(reasons)}.",
        group="spoiler",
    )


def _notes(cascade: Cascade, effect: Effect, *, stacked: bool) -> tuple[str, ...]:
    notes = [*where_words(effect.where), actor_words(effect.actor)]
    if effect.occurs == "many" and not stacked:
        notes.append("may repeat")
    if effect.outcome == "any":
        notes.append("failed calls count, too")
    if effect.name is not None:
        notes.append(_named(effect))
    if (strongest := _strongest(cascade, effect)) in NO_CASCADE:
        notes.append(f"evidence: {strongest}")
    return tuple(note for note in notes if note)


def _strongest(cascade: Cascade, effect: Effect) -> str:
    return next(iter(cascade.evidence_for(effect)), "none")


def _named(effect: Effect) -> str:
    return f"here: {effect.name}"


_VERBS: dict[Relation, str] = {
    "precondition": "comes first",
    "consequence": "follows",
    "companion": "goes along",
}


def _sentence(cascade: Cascade, effect: Effect) -> str:
    window = ", ".join(window_words(effect.within.before, effect.within.after))
    joined = f"; same {', '.join(effect.join)}" if effect.join else ""
    note = f" {effect.note.strip()}" if effect.note else ""
    return (
        f"{effect.action} {_VERBS[effect.relation]} ({window} {cascade.parent_node(effect)}{joined}; "
        f"policy {cascade.policy_of(effect)}; evidence {_strongest(cascade, effect)}).{note}"
    )


def _sentences(cascade: Cascade) -> Iterator[str]:
    root = cascade.root
    if isinstance(root, Origin):
        yield f"Origin: {root.action}."
    for effect in cascade.effects:
        if effect is not root:
            yield _sentence(cascade, effect)
    for _, node in _spoiler_nodes(cascade):
        yield node.tooltip
