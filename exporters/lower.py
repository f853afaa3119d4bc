"""Lowers cascade documents to the representation of `query`."""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import replace

from ..catalog.chains import made_by_service, reach
from ..catalog.failed_parts import failed_parts
from ..catalog.models import Cascade, Effect, KeySource, Origin
from ..catalog.models import Condition as Written
from ..catalog.models import Spoiler as WrittenSpoiler
from ..catalog.reasons import class_of
from ..catalog.terms import Policy
from .overlap import may_both_fit
from .query import (
    ONE_HAND,
    SAME_CREDENTIAL,
    SAME_REGION,
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
from .schedule import DEFAULT_LATENESS

KeyNames = Iterable[str]


def lower(
    cascade: Cascade,
    catalog: Iterable[Cascade] = (),
    *,
    window: int | None = None,
    lateness: int = DEFAULT_LATENESS,
    actions: Collection[str] | None = None,
) -> Query:
    """The query of `cascade`, or of no more than some of its `actions`.

    `catalog` are the cascades among which rivals and vetoes are looked for. `window` caps every window that
    explains, in seconds: it narrows and never widens, since the catalogue vouches for no more than it says.
    `lateness` in seconds.
    """
    query = _Lowering(cascade, window, lateness).query()
    if actions is not None:
        wanted = {node.name for node in query.subjects if node.pattern.action in actions}
        root_wanted = query.root_is_subject and query.root.action in actions
        query = _about(query, wanted, query.subject_policy, root_wanted)
    if query.purpose == "enrich" or not query.actions:
        return query
    others = sorted((each for each in catalog if each.id != cascade.id), key=lambda each: each.id)
    rivals = [
        rival
        for other in others
        if (rival := _only(_Lowering(other, window, lateness).query(), frozenset(query.actions)))
    ]
    silenced = [pattern for each in (query, *rivals) for pattern in _subjects(each)]
    vetoes = [
        veto
        for other in (cascade, *others)
        if (veto := _veto(_Lowering(other, None, lateness).query(one_hand=False), silenced))
    ]
    return replace(query, rivals=tuple(rivals), vetoes=tuple(vetoes))


def _subjects(query: Query) -> Iterable[Pattern]:
    if query.root_is_subject:
        yield query.root
    yield from (node.pattern for node in query.subjects)


def _only(query: Query, actions: frozenset[str]) -> Query | None:
    """`query` with what it takes to silence `actions`, and nothing else; None where it silences none."""
    if query.purpose == "enrich":
        return None
    wanted = {node.name for node in query.subjects if node.pattern.action in actions}
    root_wanted = query.root_is_subject and query.root.action in actions
    return _about(query, wanted, "suppress", root_wanted) if wanted or root_wanted else None


def _veto(query: Query, silenced: Sequence[Pattern]) -> Query | None:
    """`query` with what it takes to explain, by a stricter policy than suppress, what may also fit one of the
    `silenced`; None where it explains nothing of that."""

    def strict(policy: Policy | None, pattern: Pattern) -> bool:
        return policy not in (None, "suppress") and any(
            may_both_fit(pattern, other) for other in silenced
        )

    wanted = {node.name for node in query.nodes if strict(node.policy, node.pattern)}
    root_wanted = strict(query.root_policy, query.root)
    if not wanted and not root_wanted:
        return None
    return replace(_about(query, wanted, "annotate", root_wanted), purpose="enrich")


def _about(query: Query, wanted: Set[str], policy: Policy, root_wanted: bool) -> Query:
    """`query` with these nodes as its subjects, which alone have that policy, and what they rest on."""
    other: Policy = "annotate" if policy == "suppress" else "never"
    chains = (
        step.name for node in query.nodes if node.name in wanted for step in query.chain(node)
    )
    kept = {*chains, *query.required}
    nodes = tuple(
        replace(node, policy=policy if node.name in wanted else other)
        for node in query.nodes
        if node.name in kept
    )
    root_policy = None if query.root_policy is None else policy if root_wanted else other
    return replace(query, nodes=nodes, root_policy=root_policy)


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

    def query(self, *, one_hand: bool = True) -> Query:
        """The query. With `one_hand` what it may silence was done by the hand that did what explains it."""
        cascade = self.cascade
        root = cascade.root
        effect = root if isinstance(root, Effect) else None
        policies = {cascade.policy_of(each) for each in cascade.effects}
        spoilers = tuple(self._spoiler(spoiler) for spoiler in cascade.spoilers)
        # What vetoes explains all the more if it does not ask what failed.
        done = _done if one_hand else _pattern
        query = Query(
            cascade=cascade.id,
            title=cascade.title,
            description=cascade.description,
            root=done(root),
            root_name=cascade.root_node,
            root_techniques=root.attack,
            root_policy=cascade.policy_of(effect) if effect else None,
            root_relation=effect.relation if effect else None,
            root_rank=class_of(cascade, effect) if effect else 0,
            required=cascade.ensemble.require[1:] if cascade.ensemble else (),
            nodes=tuple(replace(node, pattern=done(effect)) for effect, node in self._nodes()),
            spoilers=spoilers,
            root_keys=tuple(
                dict.fromkeys(pair.parent for spoiler in spoilers for pair in spoiler.join)
            ),
            root_account=any(spoiler.same_account for spoiler in spoilers),
            residual_risk=cascade.suppression.residual_risk,
            references=tuple(
                dict.fromkeys(
                    proof.ref for proof in cascade.evidence if proof.ref.startswith("https://")
                )
            ),
            lateness=self.lateness,
            purpose="alert" if "suppress" in policies else "enrich",
        )
        if not one_hand or query.purpose != "alert":
            return query
        by_service = {effect.node for effect in cascade.effects if made_by_service(effect)}
        return _by_one_hand(query, by_service)

    def _nodes(self) -> Iterable[tuple[Effect, Node]]:
        placed = {self.cascade.root_node}
        left = [effect for effect in self.cascade.effects if effect is not self.cascade.root]
        while left:  # parents first; the loader vouches that there is no cycle
            ready = [effect for effect in left if self.cascade.parent_node(effect) in placed]
            yield from ((effect, self._node(effect)) for effect in ready)
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
            rank=class_of(self.cascade, effect),
            edge=Edge(
                join=(
                    *self._pairs(effect.join, effect, parent),
                    *([SAME_TOOL] if effect.tool == "same" else []),
                    *([SAME_REGION] if effect.region == "same" else []),
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
        window = spoiler.within or reach(self.cascade)
        return Spoiler(
            pattern=_pattern(spoiler),
            join=self._pairs(spoiler.join, spoiler, self.cascade.root),
            before=window.before,
            after=window.after,
            same_account=spoiler.account == "same",
            reason=spoiler.reason,
            between=spoiler.within is None,
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
            resource_name=source.transform == "resource-name",
            fold=name in self.folded,
        )

    def _capped(self, seconds: int) -> int:
        return seconds if self.window is None else min(seconds, self.window)


def _by_one_hand(query: Query, by_service: Set[str]) -> Query:
    """The query whose subjects' chains are of one hand, but for the calls whose caller AWS attests; the nodes
    `by_service` are called from the service's own address."""
    chains = {step.name for node in query.subjects for step in query.chain(node)}

    def hand(name: str) -> tuple[KeyPair, ...]:
        return (SAME_CREDENTIAL,) if name in by_service else ONE_HAND

    nodes = tuple(
        replace(node, edge=replace(node.edge, join=(*node.edge.join, *hand(node.name))))
        if node.name in chains and node.edge.actor in ("same", "same-role")
        else node
        for node in query.nodes
    )
    return replace(query, nodes=nodes)


def _pattern(node: Origin | Effect | WrittenSpoiler) -> Pattern:
    return Pattern(
        action=node.action,
        where=tuple(
            test for path, written in node.where.items() for test in _conditions(path, written)
        ),
        may_fail=isinstance(node, Effect) and node.outcome == "any",
    )


def _done(node: Origin | Effect) -> Pattern:
    """The pattern, for which no part of a call may have failed: which of them did cannot be asked of a field.

    docs/semantics.md, Success, takes the failed parts away and keeps the rest; this explains less.
    """
    pattern = _pattern(node)
    if pattern.may_fail or node.action not in failed_parts():
        return pattern
    holders = ["responseElements"]
    if node.action.startswith("ec2:"):
        holders.append(f"responseElements.{pattern.event_name}Response")
    paths = [f"{holder}.{name}" for holder in holders for name in failed_parts()[node.action]]
    absent = tuple(Test(path, "absent") for path in (*paths, "responseElements.omitted"))
    return replace(pattern, where=(*pattern.where, *absent))


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
    if written.only is not None:
        yield Test(path, "only", written.only)
    if written.not_ is not None:
        yield Denied(path, tuple(_conditions(path, written.not_)))
