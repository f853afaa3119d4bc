"""Compiles the catalogue to a plan that is indexed by action, so that an event costs one look-up.

For every action the plan lists what any cascade wants to know of such an event: the keys to read
(`slots`) and the conditions to test (`bits`), each once, however many cascades ask.
"""

from collections.abc import Iterable, Sequence

from ...catalog.models import Cascade, Condition, Effect, KeySource, Origin, Spoiler, Window
from ...events import Brief
from .conditions import compile_condition, rests_on_caller
from .fields import RAW_MEMBERS, compile_key
from .nodes import ActionPlan, CascadePlan, NodePlan, Pairs, Plan, SpoilerPlan


def compile_catalog(
    cascades: Iterable[Cascade], controllers: Iterable[tuple[str, str]] = ()
) -> Plan:
    """Compile `cascades`; `controllers` are pairs of ARN and name.

    The documents must be sound (`catalog.structure`); the loader sees to that.
    """
    compiler = _Compiler()
    plans = tuple(
        compiler.cascade(cascade) for cascade in sorted(cascades, key=lambda each: each.id)
    )
    actions = tuple(action for sources in compiler.by_name.values() for action in sources.values())
    for number, action in enumerate(actions):
        action.number = number
        action.listed = bool(action.origins or action.effects)
        action.quiet = not (action.origins or action.orphans or action.partner)
    brief = frozenset(Brief.__struct_fields__)
    thorough = frozenset(
        name
        for name, sources in compiler.by_name.items()
        for action in sources.values()
        if not brief.issuperset(action.members)
    )
    return Plan(compiler.by_name, actions, plans, thorough, dict(controllers))


class _Compiler:
    """Collects the actions of all cascades, so that each key and condition is compiled once."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, ActionPlan]] = {}
        self._key_slots: dict[tuple[str, KeySource, bool], int] = {}
        self._condition_bits: dict[tuple[str, str, str], int] = {}

    def cascade(self, cascade: Cascade) -> CascadePlan:
        folded = _folded_keys(cascade)
        plan = CascadePlan(id=cascade.id, ensemble=cascade.ensemble is not None)
        nodes: dict[str, NodePlan] = {}
        root = cascade.root
        nodes[cascade.root_node] = plan.root = self._node(plan, cascade, root, None, folded)
        plan.root.action.partner = True
        effects = [effect for effect in cascade.effects if effect is not root]
        while effects:  # parents first; structure.py vouches that there is no cycle
            ready = [effect for effect in effects if cascade.parent_node(effect) in nodes]
            for effect in ready:
                parent = nodes[cascade.parent_node(effect)]
                nodes[effect.node] = node = self._node(plan, cascade, effect, parent, folded)
                plan.nodes.append(node)
                parent.action.partner = True
                node.action.effects.append(node)
                node.action.orphans |= effect.unexplained == "orphan"
            effects = [effect for effect in effects if effect.node not in nodes]
        if cascade.ensemble is None:
            plan.root.action.origins.append(plan.root)
        else:
            plan.root.action.effects.append(plan.root)
            plan.root.action.orphans |= cascade.effect(plan.root.name).unexplained == "orphan"
            plan.required = tuple(nodes[name] for name in cascade.ensemble.require[1:])
            for member in plan.required:
                member.action.partner = True
        plan.spoilers = tuple(
            self._spoiler(cascade, spoiler, plan.root, folded) for spoiler in cascade.spoilers
        )
        plan.inner = frozenset(
            node.parent for node in plan.nodes if node.parent and node.parent is not plan.root
        )
        plan.repeats = any(_repeats_an_action(node) for node in plan.nodes)
        return plan

    def _node(
        self,
        plan: CascadePlan,
        cascade: Cascade,
        node: Origin | Effect,
        parent: NodePlan | None,
        folded: frozenset[str],
    ) -> NodePlan:
        action = self._action(node.action)
        effect = node if isinstance(node, Effect) else None
        window = effect.within if effect else Window()
        actor = effect.actor if effect else "any"
        tool = effect is not None and effect.tool == "same"
        if tool:
            for each in (action, parent.action) if parent is not None else (action,):
                each.wants_agent = True
                _read(each, "userAgent")
        parent_keys = _keys_of(cascade, effect)

        def pairs(names: Sequence[str]) -> Pairs:
            if parent is None:
                return ()
            return self._pairs(names, action, node.keys, parent.action, parent_keys, folded)

        return NodePlan(
            cascade=plan,
            order=cascade.effects.index(effect) if effect else -1,
            name=effect.node if effect else node.action,
            action=action,
            mask=self._mask(action, node.where),
            any_outcome=effect is not None and effect.outcome == "any",
            parent=parent,
            join=pairs(effect.join if effect else ()),
            distinct=pairs(effect.distinct if effect else ()),
            before=window.before,
            after=window.after,
            actor=actor,
            service=actor.removeprefix("service:") if actor.startswith("service:") else None,
            same_account=effect is not None and effect.account == "same",
            same_tool=tool,
            relation=effect.relation if effect else None,
            policy=cascade.policy_of(effect) if effect else None,
            techniques=node.attack,
        )

    def _spoiler(
        self, cascade: Cascade, spoiler: Spoiler, root: NodePlan, folded: frozenset[str]
    ) -> SpoilerPlan:
        action = self._action(spoiler.action)
        action.partner = True
        return SpoilerPlan(
            action=action,
            mask=self._mask(action, spoiler.where),
            join=self._pairs(
                spoiler.join, action, spoiler.keys, root.action, cascade.root.keys, folded
            ),
            before=spoiler.within.before,
            after=spoiler.within.after,
            same_account=spoiler.account == "same",
            reason=spoiler.reason,
        )

    def _action(self, action: str) -> ActionPlan:
        service, _, name = action.partition(":")
        sources = self.by_name.setdefault(name, {})
        return sources.setdefault(f"{service}.amazonaws.com", ActionPlan(action))

    def _pairs(
        self,
        names: Sequence[str],
        action: ActionPlan,
        keys: dict[str, KeySource],
        parent: ActionPlan,
        parent_keys: dict[str, KeySource],
        folded: frozenset[str],
    ) -> Pairs:
        return tuple(
            (
                name,
                self._slot(action, keys[name], name in folded),
                self._slot(parent, parent_keys[name], name in folded),
            )
            for name in names
        )

    def _slot(self, action: ActionPlan, source: KeySource, fold: bool) -> int:
        wanted = (action.action, source, fold)
        if wanted not in self._key_slots:
            self._key_slots[wanted] = len(action.keys)
            action.keys.append(compile_key(source, fold))
            for path in source.paths:
                _read(action, path)
        return self._key_slots[wanted]

    def _mask(self, action: ActionPlan, where: dict[str, Condition]) -> int:
        mask = 0
        for path, condition in where.items():
            wanted = (action.action, path, condition.model_dump_json())
            if wanted not in self._condition_bits:
                self._condition_bits[wanted] = len(action.conditions)
                test = (1 << len(action.conditions), compile_condition(path, condition))
                if rests_on_caller(path, condition):
                    action.caller_tests.append(test)
                    action.caller_mask |= test[0]
                else:
                    action.tests.append(test)
                action.conditions.append(path)
                _read(action, path)
            mask |= 1 << self._condition_bits[wanted]
        return mask


def _read(action: ActionPlan, path: str) -> None:
    """Note which member of a record is read for `path`."""
    member = path.partition(".")[0].removesuffix("[]")
    if member in RAW_MEMBERS and member not in action.members:
        action.members += (member,)


def _keys_of(cascade: Cascade, effect: Effect | None) -> dict[str, KeySource]:
    """The keys of the node on which `effect` hangs."""
    if effect is None or effect is cascade.root:
        return {}
    parent = cascade.parent_node(effect)
    return cascade.root.keys if parent == cascade.root_node else cascade.effect(parent).keys


def _folded_keys(cascade: Cascade) -> frozenset[str]:
    """The key names that compare without case throughout the cascade.

    IAM names are unique without regard to case:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    nodes: list[Origin | Effect] = [*cascade.effects]
    if cascade.origin is not None:
        nodes.append(cascade.origin)
    return frozenset(
        name
        for node in nodes
        for name, source in node.keys.items()
        if source.transform == "lower" or node.action.startswith("iam:")
    )


def _repeats_an_action(node: NodePlan) -> bool:
    """Whether an action stands twice on the way from `node` to the root."""
    seen: set[str] = set()
    step: NodePlan | None = node
    while step is not None:
        if step.action.action in seen:
            return True
        seen.add(step.action.action)
        step = step.parent
    return False
