"""The events of a stream that may take part in an instance, filed so that what explains one is found at once.

It says of one event what `explain.Instances` says of all events of a log, from what it was given so far.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping

from .edges import PartnerIndex, edge_holds, fits, spoils
from .explain import MAX_INSTANCES, Found, Path, prolong
from .held import Held
from .plan import ActionPlan, CascadePlan, NodePlan, Pairs, Plan, SpoilerPlan


class _Index(PartnerIndex):
    """A partner index that takes events one by one and forgets them again."""

    __slots__ = ("_filed",)

    def __init__(self, pairs: Pairs, *, account: bool, actor: bool, of_parents: bool) -> None:
        super().__init__((), pairs, account=account, actor=actor, of_parents=of_parents)
        self._filed: deque[tuple[int, tuple[object, ...]]] = deque()

    def add(self, event: Held) -> None:
        self._filed.extend((event.time, place) for place in self.file(event))

    def forget(self, before: int) -> int:
        """Drop the events before an instant. Of one that came late, some later one keeps it a while."""
        gone: Counter[tuple[object, ...]] = Counter()
        while self._filed and self._filed[0][0] < before:
            gone[self._filed.popleft()[1]] += 1
        for place, count in gone.items():
            bucket = self._index[place]
            del bucket[:count]
            if not bucket:
                del self._index[place]
        return gone.total()

    def __len__(self) -> int:
        return len(self._filed)


class Partners:
    """Give it events in any order, best in that of time; ask it for the explanations of one.

    The answer is final when all events have been given that the explanation may rest on (`spans`).
    """

    def __init__(self, plan: Plan) -> None:
        self._parents: dict[NodePlan, _Index] = {}
        self._spoilers: dict[SpoilerPlan, _Index] = {}
        self._members: dict[NodePlan, _Index] = {}
        self._roles: dict[ActionPlan, list[tuple[NodePlan | SpoilerPlan, _Index]]] = {}
        for cascade in plan.cascades:
            self._file_roles(cascade)

    def _file_roles(self, cascade: CascadePlan) -> None:
        for node in cascade.nodes:
            assert node.parent is not None
            index = self._parents[node] = _index_of(node, of_parents=True)
            self._roles.setdefault(node.parent.action, []).append((node.parent, index))
        for spoiler in cascade.spoilers:
            index = self._spoilers[spoiler] = _Index(
                spoiler.join, account=spoiler.same_account, actor=False, of_parents=False
            )
            self._roles.setdefault(spoiler.action, []).append((spoiler, index))
        for member in cascade.required:
            index = self._members[member] = _index_of(member, of_parents=False)
            self._roles.setdefault(member.action, []).append((member, index))

    def __len__(self) -> int:
        """In how many places events are filed."""
        return sum(len(indexes) for _, indexes in self._everywhere())

    def add(self, event: Held) -> None:
        """File an event whose actor is settled wherever it may be somebody's partner."""
        for role, index in self._roles.get(event.action, ()):
            if fits(role, event):
                index.add(event)

    def forget(self, keep: Mapping[ActionPlan, int], now: int) -> None:
        """Drop the events that lie more than `keep` seconds, by action, before `now`."""
        for action, index in self._everywhere():
            index.forget(now - keep[action])

    def _everywhere(self) -> Iterator[tuple[ActionPlan, _Index]]:
        for action, roles in self._roles.items():
            for _, index in roles:
                yield action, index

    def found(self, event: Held) -> list[Found]:
        """Every explanation of the event, at most one for each node and instance."""
        found = []
        for node in event.action.effects:
            if not fits(node, event):
                continue
            if node.parent is None:
                if self._begins(node.cascade, event):
                    found.append(Found(node, (event,)))
                continue
            first: dict[str, Path] = {}
            for path in self._paths(node, event):
                first.setdefault(path[-1].id, path)
            found += (Found(node, path) for path in first.values())
        return found

    def _paths(self, node: NodePlan, event: Held) -> list[Path]:
        cascade = node.cascade
        paths: list[Path] = []
        roots: set[str] = set()
        near = self._parents[node].near(event, event.time - node.after, event.time + node.before)
        for parent in near:
            if not edge_holds(node, event, parent):
                continue
            prolong(event, self._onward(node, parent), paths, roots, repeats=cascade.repeats)
            if len(roots) >= MAX_INSTANCES:
                break
        return paths

    def _onward(self, node: NodePlan, parent: Held) -> Iterable[Path]:
        assert node.parent is not None
        if node.parent.parent is not None:
            return self._paths(node.parent, parent)
        return ((parent,),) if self._begins(node.cascade, parent) else ()

    def _begins(self, cascade: CascadePlan, root: Held) -> bool:
        """Whether an event that fits the root begins an instance."""
        for spoiler in cascade.spoilers:
            suspects = self._spoilers[spoiler].near(
                root, root.time - spoiler.before, root.time + spoiler.after
            )
            if any(spoils(spoiler, suspect, root) for suspect in suspects):
                return False
        for member in cascade.required:
            others = self._members[member].near(
                root, root.time - member.before, root.time + member.after
            )
            if not any(edge_holds(member, other, root) for other in others):
                return False
        return True


def _index_of(node: NodePlan, *, of_parents: bool) -> _Index:
    return _Index(
        node.join, account=node.same_account, actor=node.actor == "same", of_parents=of_parents
    )
