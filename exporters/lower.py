"""Lowers cascade documents to the representation of `query`."""

from collections.abc import Iterable
from dataclasses import replace

from ..catalog.models import Cascade, Effect, KeySource, Origin
from ..catalog.models import Condition as Written
from ..catalog.models import Spoiler as WrittenSpoiler
from .query import (
    SAME_TOOL,
    Condition,
    Denied,
    Edge,
    Key,
    KeyPair,
    Node,
    Pattern,
    Query,
    Spoiler,
    Test,
)

DEFAULT_LATENESS = 20 * 60

KeyNames = Iterable[str]


def lower(
    cascade: Cascade,
    catalog: Iterable[Cascade] = (),
    *,
    window: int | None = None,
    lateness: int = DEFAULT_LATENESS,
) -> Query:
    """The query of `cascade`.

    `catalog` are the cascades among which rivals are looked for. `window` caps every window, in seconds:
    it narrows and never widens, since the catalogue vouches for no more than it says. `lateness` in seconds.
    """
    query = _Lowering(cascade, window, lateness).query()
    if query.purpose == "enrich":
        return query
    rivals = []
    for other in catalog:
        if other.id == cascade.id:
            continue
        rival = _only(_Lowering(other, window, lateness).query(), frozenset(query.actions))
        if rival is not None:
            rivals.append(rival)
    return replace(query, rivals=tuple(sorted(rivals, key=lambda rival: rival.cascade)))


def _only(query: Query, actions: frozenset[str]) -> Query | None:
    """`query` with what it takes to silence `actions`, and nothing else; None where it silences none."""
    if query.purpose == "enrich":
        return None
    wanted = [node for node in query.subjects if node.pattern.action in actions]
    root_wanted = query.root_is_subject and query.root.action in actions
    if not wanted and not root_wanted:
        return None
    kept = {step.name for node in wanted for step in query.chain(node)} | set(query.required)
    silenced = {node.name for node in wanted}
    nodes = tuple(
        node if node.name in silenced else replace(node, policy="annotate")
        for node in query.nodes
        if node.name in kept
    )
    policy = query.root_policy if root_wanted or not query.root_policy else "annotate"
    return replace(query, nodes=nodes, root_policy=policy)


class _Lowering:
    """Lowers one cascade; it holds which key names compare without case."""

    def __init__(self, cascade: Cascade, window: int | None, lateness: int) -> None:
        self.cascade = cascade
        self.window = window
        self.lateness = lateness
        nodes: list[Origin | Effect] = [*cascade.effects]
        if cascade.origin is not None:
            nodes.append(cascade.origin)
        # IAM names are unique without regard to case (docs/semantics.md, Keys).
        self.folded = {
            name
            for node in nodes
            for name, source in node.keys.items()
            if source.transform == "lower" or node.action.startswith("iam:")
        }

    def query(self) -> Query:
        cascade = self.cascade
        root = cascade.root
        effect = root if isinstance(root, Effect) else None
        policies = {cascade.policy_of(each) for each in cascade.effects}
        return Query(
            cascade=cascade.id,
            title=cascade.title,
            description=cascade.description,
            root=_pattern(root),
            root_name=cascade.root_node,
            root_techniques=root.attack,
            root_policy=cascade.policy_of(effect) if effect else None,
            root_relation=effect.relation if effect else None,
            required=cascade.ensemble.require[1:] if cascade.ensemble else (),
            nodes=tuple(self._nodes()),
            spoilers=tuple(self._spoiler(spoiler) for spoiler in cascade.spoilers),
            residual_risk=cascade.suppression.residual_risk,
            references=tuple(
                dict.fromkeys(
                    proof.ref for proof in cascade.evidence if proof.ref.startswith("https://")
                )
            ),
            lateness=self.lateness,
            purpose="alert" if "suppress" in policies else "enrich",
        )

    def _nodes(self) -> Iterable[Node]:
        placed = {self.cascade.root_node}
        left = [effect for effect in self.cascade.effects if effect is not self.cascade.root]
        while left:  # parents first; the loader vouches that there is no cycle
            ready = [effect for effect in left if self.cascade.parent_node(effect) in placed]
            yield from map(self._node, ready)
            placed.update(effect.node for effect in ready)
            left = [effect for effect in left if effect.node not in placed]

    def _node(self, effect: Effect) -> Node:
        parent_name = self.cascade.parent_node(effect)
        at_root = parent_name == self.cascade.root_node
        parent = self.cascade.root if at_root else self.cascade.effect(parent_name)
        rule, _, service = effect.actor.partition(":")
        return Node(
            name=effect.node,
            pattern=_pattern(effect),
            parent=None if at_root else parent_name,
            relation=effect.relation,
            policy=self.cascade.policy_of(effect),
            techniques=effect.attack,
            edge=Edge(
                join=(
                    *self._pairs(effect.join, effect, parent),
                    *([SAME_TOOL] if effect.tool == "same" else []),
                ),
                distinct=self._pairs(effect.distinct, effect, parent),
                before=self._capped(effect.within.before),
                after=self._capped(effect.within.after),
                actor=rule,  # type: ignore[arg-type]  # the model admits these four words and no others
                service=service or None,
                same_account=effect.account == "same",
            ),
        )

    def _spoiler(self, spoiler: WrittenSpoiler) -> Spoiler:
        # A spoiler's window is never capped: a narrower one would void fewer instances.
        return Spoiler(
            pattern=_pattern(spoiler),
            join=self._pairs(spoiler.join, spoiler, self.cascade.root),
            before=spoiler.within.before,
            after=spoiler.within.after,
            same_account=spoiler.account == "same",
            reason=spoiler.reason,
        )

    def _pairs(
        self,
        names: KeyNames,
        own: Effect | WrittenSpoiler,
        parent: Origin | Effect,
    ) -> tuple[KeyPair, ...]:
        return tuple(
            KeyPair(self._key(name, own.keys[name]), self._key(name, parent.keys[name]))
            for name in names
        )

    def _key(self, name: str, source: KeySource) -> Key:
        return Key(
            name=name,
            paths=source.paths,
            arn_name=source.transform == "arn-name",
            fold=name in self.folded,
        )

    def _capped(self, seconds: int) -> int:
        return seconds if self.window is None else min(seconds, self.window)


def _pattern(node: Origin | Effect | WrittenSpoiler) -> Pattern:
    return Pattern(
        action=node.action,
        where=tuple(
            test for path, written in node.where.items() for test in _conditions(path, written)
        ),
        may_fail=isinstance(node, Effect) and node.outcome == "any",
    )


def _conditions(path: str, written: Written) -> Iterable[Condition]:
    """The tests of one condition, all of which must hold."""
    if written.equals is not None:
        yield Test(path, "equals", (written.equals,))
    if written.in_ is not None:
        yield Test(path, "in", written.in_)
    if written.startswith is not None:
        yield Test(path, "startswith", (written.startswith,))
    if written.endswith is not None:
        yield Test(path, "endswith", (written.endswith,))
    if written.exists:
        yield Test(path, "exists")
    if written.absent:
        yield Test(path, "absent")
    if written.grants is not None:
        yield Test(path, "grants")
    if written.not_ is not None:
        yield Denied(path, tuple(_conditions(path, written.not_)))
