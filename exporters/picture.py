"""What a diagram shows, before any drawing language: nodes, edges, and what they stand for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..catalog import Cascade, Effect, Origin, Policy, Window, format_duration, technique

NodeKind = Literal["root", "effect", "spoiler", "action"]
EdgeKind = Literal["precondition", "consequence", "companion", "spoiler"]


@dataclass(frozen=True, slots=True)
class PictureNode:
    """A box. `lines` are shown one under the other, the first in bold; `group` puts boxes together."""

    id: str
    lines: tuple[str, ...]
    kind: NodeKind
    policy: Policy | None = None
    url: str = ""
    tooltip: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class PictureEdge:
    """An arrow from what comes first in the document's tree to what hangs on it."""

    source: str
    target: str
    kind: EdgeKind
    label: str = ""
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A diagram."""

    title: str
    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]

    @property
    def kinds(self) -> tuple[EdgeKind, ...]:
        """The kinds of arrow that occur, for the legend."""
        order: tuple[EdgeKind, ...] = ("precondition", "consequence", "companion", "spoiler")
        return tuple(kind for kind in order if any(edge.kind == kind for edge in self.edges))


def cascade_picture(cascade: Cascade) -> Picture:
    """One cascade: its root, what hangs on it, and what voids it."""
    root = cascade.root
    nodes = [
        PictureNode(
            id=cascade.root_node,
            lines=(root.action, *_techniques(root.attack)),
            kind="root",
            policy=cascade.policy_of(root) if isinstance(root, Effect) else None,
            url=action_url(root.action),
            tooltip=cascade.title,
        )
    ]
    edges: list[PictureEdge] = []
    for effect in cascade.effects:
        if effect is root:
            continue
        nodes.append(_effect_node(cascade, effect))
        edges.append(
            PictureEdge(
                source=cascade.parent_node(effect),
                target=effect.node,
                kind=effect.relation,
                label=_window(effect.within),
                tooltip=_joined(effect),
            )
        )
    for index, spoiler in enumerate(cascade.spoilers):
        node = f"spoiler {index}"
        nodes.append(
            PictureNode(
                id=node,
                lines=(spoiler.action, spoiler.reason),
                kind="spoiler",
                url=action_url(spoiler.action),
                tooltip=f"voids the explanation: {spoiler.reason}",
            )
        )
        edges.append(
            PictureEdge(cascade.root_node, node, "spoiler", _window(spoiler.within), spoiler.reason)
        )
    return Picture(f"{cascade.id}: {cascade.title}", tuple(nodes), tuple(edges))


def neighbourhood_picture(cascades: Iterable[Cascade], action: str) -> Picture:
    """What an action emits and what emits it, over all cascades."""
    chosen = [
        cascade
        for cascade in cascades
        if cascade.root.action == action or any(each.action == action for each in cascade.effects)
    ]
    whole = catalog_picture(chosen, title=action)
    edges = tuple(edge for edge in whole.edges if action in (edge.source, edge.target))
    kept = {end for edge in edges for end in (edge.source, edge.target)} | {action}
    nodes = tuple(
        PictureNode(
            node.id,
            node.lines,
            "root" if node.id == action else "action",
            node.policy,
            node.url,
            node.tooltip,
        )
        for node in whole.nodes
        if node.id in kept
    )
    return Picture(action, nodes, edges)


def catalog_picture(cascades: Iterable[Cascade], title: str = "cloudcascade") -> Picture:
    """All actions, grouped by service, with an arrow for each relation between two of them."""
    actions: dict[str, set[str]] = {}
    reasons: dict[tuple[str, str, EdgeKind], list[str]] = {}
    for cascade in cascades:
        root: Origin | Effect = cascade.root
        actions.setdefault(root.action, set()).update(root.attack)
        for effect in cascade.effects:
            actions.setdefault(effect.action, set()).update(effect.attack)
            if effect is not root:
                parent = cascade.parent_node(effect)
                source = (
                    root.action if parent == cascade.root_node else cascade.effect(parent).action
                )
                reasons.setdefault((source, effect.action, effect.relation), []).append(cascade.id)
    nodes = tuple(
        PictureNode(
            id=action,
            lines=(action, *_techniques(tuple(sorted(found)))),
            kind="action",
            url=action_url(action),
            tooltip=action,
            group=action.partition(":")[0],
        )
        for action, found in sorted(actions.items())
    )
    edges = tuple(
        PictureEdge(source, target, kind, tooltip=", ".join(sorted(set(ids))))
        for (source, target, kind), ids in sorted(reasons.items())
    )
    return Picture(title, nodes, edges)


def action_url(action: str) -> str:
    """A page about the action: AWS's own search, which knows every API by name."""
    service, _, event = action.partition(":")
    return f"https://docs.aws.amazon.com/search/doc-search.html?searchQuery={service}+{event}"


def _effect_node(cascade: Cascade, effect: Effect) -> PictureNode:
    lines = [effect.action, *_techniques(effect.attack)]
    if effect.name and effect.name != effect.action:
        lines.insert(1, effect.name)
    policy = cascade.policy_of(effect)
    names = [known.name for each in effect.attack if (known := technique(each))]
    return PictureNode(
        id=effect.node,
        lines=tuple(lines),
        kind="effect",
        policy=policy,
        url=_technique_url(effect.attack) or action_url(effect.action),
        tooltip=f"{policy}; {'; '.join(names)}" if names else policy,
    )


def _techniques(identifiers: tuple[str, ...]) -> tuple[str, ...]:
    return (" ".join(identifiers),) if identifiers else ()


def _technique_url(identifiers: tuple[str, ...]) -> str:
    known = technique(identifiers[0]) if identifiers else None
    return known.url if known else ""


def _joined(effect: Effect) -> str:
    joined = f"same {', '.join(effect.join)}" if effect.join else "no joined key"
    return f"{joined}; actor {effect.actor}"


def _window(window: Window) -> str:
    before = f"≤ {format_duration(window.before)} before" if window.before else ""
    after = f"≤ {format_duration(window.after)} after" if window.after else ""
    return " / ".join(each for each in (before, after) if each) or "same second"
