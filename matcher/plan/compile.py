"""Compiles the catalogue to a plan that is indexed by action, so that an event costs one look-up.

For every action the plan lists what any cascade wants to know of such an event: the keys to read
(`slots`) and the conditions to test (`bits`), each once, however many cascades ask.
"""

from collections.abc import Iterable, Sequence

from ...catalog.chains import made_by_service, reach
from ...catalog.controllers import attested_services
from ...catalog.everyday import is_everyday
from ...catalog.failed_parts import failed_parts
from ...catalog.models import Cascade, Condition, Effect, KeySource, Origin, Spoiler, Window
from ...catalog.reasons import class_of
from ...events import Brief
from .conditions import compile_condition, or_unreadable, rests_on_caller
from .failed_parts import Reader, compile_failed_parts, compile_told, without_failed
from .fields import RAW_MEMBERS, compile_key, compile_spoiler_key
from .found import KEPT_MEMBERS
from .nodes import REGION, ActionPlan, CascadePlan, NodePlan, Pairs, Plan, SpoilerPlan


def compile_catalog(
    cascades: Iterable[Cascade], controllers: Iterable[tuple[str, str]] = ()
) -> Plan:
    """Compile `cascades`; `controllers` are pairs of ARN and name. The services that AWS attests are named by the
    bundled table.

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
        action.orphans &= not is_everyday(action.action)
        action.quiet = not (action.origins or action.orphans or action.partner)
    brief = frozenset(Brief.__struct_fields__)
    by_name = _as_exported(compiler.by_name)
    thorough = frozenset(
        name
        for name, sources in by_name.items()
        for action in sources.values()
        if not brief.issuperset(action.members)
    )
    return Plan(by_name, actions, plans, thorough, dict(controllers), attested_services())


# Application Auto Scaling's calls are logged under the source of EC2 Auto Scaling; what rewrites logs names its own.
# https://docs.aws.amazon.com/autoscaling/application/userguide/logging-using-cloudtrail.html
_ALIASES = {"autoscaling.amazonaws.com": ("application-autoscaling.amazonaws.com",)}


def _as_exported(by_name: dict[str, dict[str, ActionPlan]]) -> dict[str, dict[str, ActionPlan]]:
    """The actions by the names that AWS writes, and by those that exports make of them: sources in capitals or without
    their suffix, event names in small letters. Found by look-up, a spelling costs an event nothing."""
    found: dict[str, dict[str, ActionPlan]] = {}
    for name, sources in by_name.items():
        spelt = {source.upper(): action for source, action in sources.items()}
        for source, action in sources.items():
            for alias in (source, *_ALIASES.get(source, ())):
                spelt[alias] = spelt[alias.removesuffix(".amazonaws.com")] = action
        found[name] = spelt | sources
    for name, sources in [*found.items()]:
        small = found.setdefault(name.lower(), {})
        if small is not sources:
            for source, action in sources.items():
                small.setdefault(source, action)
    return found


class _Compiler:
    """Collects the actions of all cascades, so that each key and condition is compiled once."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, ActionPlan]] = {}
        self._key_slots: dict[tuple[str, KeySource, bool, bool, bool], int] = {}
        self._condition_bits: dict[tuple[str, str, str, bool], int] = {}
        self._failed: dict[str, Reader] = {}

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
        spoilers = [
            self._spoiler(cascade, spoiler, plan.root, folded) for spoiler in cascade.spoilers
        ]
        plan.spoilers = tuple(each for each in spoilers if not each.between)
        plan.between = tuple(each for each in spoilers if each.between)
        plan.judged_by = tuple(sorted({ours for each in spoilers for _, _, ours in each.join}))
        plan.judged_by_account = any(each.same_account for each in spoilers)
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
        any_outcome = effect is not None and effect.outcome == "any"

        def pairs(names: Sequence[str]) -> Pairs:
            if parent is None:
                return ()
            return tuple(
                (
                    name,
                    self._slot(action, node.keys[name], name in folded, whole=any_outcome),
                    self._slot(
                        parent.action, parent_keys[name], name in folded, whole=parent.any_outcome
                    ),
                )
                for name in names
            )

        join = pairs(effect.join if effect else ())
        if parent is not None and effect is not None and effect.region == "same":
            join += ((REGION, self._region(action), self._region(parent.action)),)

        mask = self._mask(action, node.where)
        action.node_mask |= _unkept(action, mask)
        compiled = NodePlan(
            cascade=plan,
            order=cascade.effects.index(effect) if effect else -1,
            name=effect.node if effect else node.action,
            action=action,
            mask=mask,
            caller_mask=_of_caller(action, mask),
            told=0 if any_outcome else self._told(action, node.keys, folded),
            any_outcome=any_outcome,
            parent=parent,
            join=join,
            distinct=pairs(effect.distinct if effect else ()),
            before=window.before,
            after=window.after,
            actor=actor,
            service=actor.removeprefix("service:") if actor.startswith("service:") else None,
            same_account=effect is not None and effect.account == "same",
            same_tool=tool,
            by_service=effect is not None and made_by_service(effect),
            rank=0 if effect is None else class_of(cascade, effect),
            orphan=effect is not None and effect.unexplained == "orphan",
            relation=effect.relation if effect else None,
            policy=cascade.policy_of(effect) if effect else None,
            techniques=node.attack,
        )
        for name, ours, theirs in (*compiled.named, *compiled.distinct):
            _name(compiled, name, ours)
            if parent is not None:
                _name(parent, name, theirs)
        return compiled

    def _region(self, action: ActionPlan) -> int:
        return self._slot(action, KeySource(path="awsRegion"), False, whole=True)

    def _spoiler(
        self, cascade: Cascade, spoiler: Spoiler, root: NodePlan, folded: frozenset[str]
    ) -> SpoilerPlan:
        action = self._action(spoiler.action)
        action.spoils.append(root.cascade)
        window = spoiler.within or reach(cascade)
        return SpoilerPlan(
            action=action,
            mask=self._mask(action, spoiler.where, lenient=True),
            join=tuple(
                (
                    name,
                    self._slot(action, spoiler.keys[name], name in folded, lenient=True),
                    self._slot(
                        root.action, cascade.root.keys[name], name in folded, whole=root.any_outcome
                    ),
                )
                for name in spoiler.join
            ),
            before=window.before,
            after=window.after,
            same_account=spoiler.account == "same",
            reason=spoiler.reason,
            between=spoiler.within is None,
        )

    def _action(self, action: str) -> ActionPlan:
        service, _, name = action.partition(":")
        sources = self.by_name.setdefault(name, {})
        return sources.setdefault(f"{service}.amazonaws.com", ActionPlan(action))

    def _slot(
        self,
        action: ActionPlan,
        source: KeySource,
        fold: bool,
        *,
        lenient: bool = False,
        whole: bool = False,
    ) -> int:
        """The slot of a key. With `lenient` it is a spoiler's; with it, or `whole`, values of failed parts count."""
        failed = None if lenient or whole else self._failed_parts(action)
        wanted = (action.action, source, fold, lenient, failed is not None)
        if wanted not in self._key_slots:
            self._key_slots[wanted] = len(action.keys)
            key = (compile_spoiler_key if lenient else compile_key)(source, fold)
            action.keys.append(key if failed is None else without_failed(key, failed, source, fold))
            for path in source.paths:
                _read(action, path)
        return self._key_slots[wanted]

    def _failed_parts(self, action: ActionPlan) -> Reader | None:
        """What reads the failed parts of the action's calls; None where a call cannot fail in part."""
        lists = failed_parts().get(action.action)
        if lists is None:
            return None
        if action.action not in self._failed:
            self._failed[action.action] = compile_failed_parts(lists)
            _read(action, "responseElements")
        return self._failed[action.action]

    def _told(self, action: ActionPlan, keys: dict[str, KeySource], folded: frozenset[str]) -> int:
        """The bit that says of each failed part what it is about, by the keys of a node; 0 where none can fail."""
        failed = self._failed_parts(action)
        if failed is None:
            return 0
        bit = 1 << len(action.conditions)
        sources = [
            (compile_key(source, name in folded), source, name in folded)
            for name, source in keys.items()
        ]
        action.tests.append((bit, compile_told(sources, failed)))
        action.conditions.append("responseElements")
        action.asked.append(None)
        for source in keys.values():
            for path in source.paths:
                _read(action, path)
        return bit

    def _mask(
        self, action: ActionPlan, where: dict[str, Condition], *, lenient: bool = False
    ) -> int:
        mask = 0
        for path, condition in where.items():
            wanted = (action.action, path, condition.model_dump_json(), lenient)
            if wanted not in self._condition_bits:
                self._condition_bits[wanted] = len(action.conditions)
                holds = compile_condition(path, condition)
                if lenient:
                    holds = or_unreadable(path, holds)
                test = (1 << len(action.conditions), holds)
                if rests_on_caller(path, condition):
                    action.caller_tests.append(test)
                    action.caller_mask |= test[0]
                else:
                    action.tests.append(test)
                action.conditions.append(path)
                action.asked.append(condition)
                _read(action, path)
            mask |= 1 << self._condition_bits[wanted]
        return mask


def _unkept(action: ActionPlan, mask: int) -> int:
    """The bits of conditions on what an event does not keep in any case."""
    return sum(
        1 << bit
        for bit, path in enumerate(action.conditions)
        if mask >> bit & 1 and path not in KEPT_MEMBERS
    )


def _name(node: NodePlan, name: str, slot: int) -> None:
    """Note that events of the node are about what a key of theirs names."""
    node.names.setdefault(name, slot)
    if (name, slot) not in node.action.names:
        node.action.names.append((name, slot))


def _of_caller(action: ActionPlan, mask: int) -> int:
    """The bits of the conditions that say who calls, as AWS does."""
    return sum(
        1 << bit
        for bit, path in enumerate(action.conditions)
        if mask >> bit & 1 and path.startswith("userIdentity.")
    )


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
