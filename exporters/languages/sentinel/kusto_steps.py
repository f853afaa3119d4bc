"""The steps of a query in Kusto: each a `let`, a table of events joined with the step above it.

A parent's table holds `ParentId` and `ParentTime`, `OriginId` and `OriginTime`, and whatever its effects are
compared with.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ....catalog.terms import Relation, format_duration
from ...query import Condition, Edge, Node, Pattern, Query, Spoiler, alike
from .kusto import pascal_name, text_literal, timespan_literal
from .kusto_fields import Fields
from .kusto_joins import (
    action_test,
    as_edge,
    attested,
    compared,
    list_steps,
    project_parent,
    window,
)

_RESERVED = (
    "Events",
    "Differing",
    "Explained",
    "Nearest",
    "Stricter",
    "Told",
    "Results",
    "Since",
    "Until",
    "Item",
    "AWSCloudTrail",
)


@dataclass(frozen=True, slots=True)
class Step:
    """A `let` that effects hang on, or that is itself an answer."""

    name: str
    lines: tuple[str, ...]
    comment: str


class Steps:
    """The steps so far, and what they have found to be explained.

    `fields` notes the columns that they ask for, `read` the actions; `labelled` keeps with each explained event
    the cascade, the relation and the origin.
    """

    def __init__(self, fields: Fields, *, labelled: bool) -> None:
        self.fields = fields
        self.labelled = labelled
        self.done: list[Step] = []
        self.explained: list[str] = []
        self.read: dict[str, None] = {}
        self._names = set(_RESERVED)

    def add(self, wanted: str, lines: Sequence[str], comment: str) -> str:
        """Add a step; returns its name, which is `wanted` where that is free."""
        name, number = pascal_name(wanted), 2
        while name in self._names:
            name, number = f"{pascal_name(wanted)}{number}", number + 1
        self._names.add(name)
        self.done.append(Step(name, tuple(lines), comment))
        return name


def add_steps(query: Query, steps: Steps) -> None:
    """Add the steps of one cascade: of a query itself, or of a rival."""
    _Cascade(query, steps, (query.root,)).build()


def add_vetoes(vetoes: Iterable[Query], steps: Steps) -> None:
    """Add the steps of the vetoes; those that differ in nothing but the action of the root share them."""
    shapes: dict[object, list[Query]] = {}
    for veto in vetoes:
        nodes = tuple(
            (node.name, node.pattern, node.edge, node.parent, node.policy) for node in veto.nodes
        )
        root = (veto.root.where, veto.root.may_fail, veto.root_policy)
        needs = (veto.required, veto.root_keys, veto.root_account)
        plain = not veto.spoilers and veto.root.action not in veto.actions
        shape = (nodes, root, needs) if plain and not veto.root_is_subject else veto
        shapes.setdefault(shape, []).append(veto)
    for alike_vetoes in shapes.values():
        roots = tuple(dict.fromkeys(veto.root for veto in alike_vetoes))
        _Cascade(alike_vetoes[0], steps, roots).build()


class _Cascade:
    """Builds the steps of one cascade, or of some that differ in their `roots` alone."""

    def __init__(self, query: Query, steps: Steps, roots: Sequence[Pattern]) -> None:
        self.query = query
        self.roots = roots
        self.steps = steps
        self.fields = steps.fields
        self.tables: dict[str | None, str] = {}

    def build(self) -> None:
        query = self.query
        self._origins()
        hops = {node.parent for node in query.nodes if node.parent is not None}
        grouped: dict[object, list[Node]] = {}
        for node in query.nodes:
            if node.name in hops:
                self._hop(node)
            elif node in query.subjects:
                told = (node.relation, node.rank) if self.steps.labelled else None
                again = (
                    node.pattern.action == self._parent_pattern(node).action,
                    query.repeated_above(node),
                )
                shape = (node.parent, node.edge, node.pattern.may_fail, told, again)
                grouped.setdefault(shape, []).append(node)
        for nodes in grouped.values():
            self._effects(nodes)

    # Origins

    def _origins(self) -> None:
        query = self.query
        root_name = query.root.event_name
        edges = [node.edge for node in query.nodes if node.parent is None]
        parents = [compared(self.fields, edge) for edge in edges]
        parents += [compared(self.fields, as_edge(spoiler)) for spoiler in query.spoilers]
        lines = ["Events", *self._fits(*self.roots), *self._judgeable(), *self._certain()]
        origin = "OriginId = EventId, OriginTime = TimeGenerated"
        lines.append(project_parent(parents, origin, joinless=bool(query.spoilers)))
        actions = " or ".join(root.action for root in self.roots)
        name = self.steps.add(root_name, lines, f"{actions} that succeeded")
        narrowing = [
            f"| join kind=leftanti {self._spoiled(spoilers, name)} on OriginId"
            for spoilers in _comparing_the_same(query.spoilers)
        ]
        if query.purpose == "alert" and query.spoilers:
            doubtful = action_test(spoiler.pattern.action for spoiler in query.spoilers)
            lines = ["toscalar(Events", f"| where {doubtful}", "| where EventId in (Differing)"]
            why = "Copies of what may void differ: nothing is silenced"
            doubts = self.steps.add(f"Doubts{root_name}", [*lines, "| count)"], why)
            narrowing.append(f"| where {doubts} == 0")
        narrowing += [
            f"| where OriginId in ({self._member(member, name)})" for member in query.members()
        ]
        if narrowing:
            word = "Complete" if query.required else "Unspoiled"
            why = "with all its members" if query.required else "that nothing voids"
            name = self.steps.add(
                word + root_name, [name, *narrowing], f"Only those {why} explain anything"
            )
        self.tables[None] = name
        if query.root_is_subject:
            self._explains(name, query)

    def _certain(self) -> list[str]:
        """What explains something that may be silenced is no event of which copies differ."""
        return ["| where EventId !in (Differing)"] if self.query.purpose == "alert" else []

    def _judgeable(self) -> list[str]:
        """What a root must say, since spoilers join on it."""
        keys = self.query.root_keys
        single = [self.fields.key(key) for key in keys if not key.many]
        if self.query.root_account:
            single.append("Account")
        lines = list_steps(self.fields, (key for key in keys if key.many))
        if single:
            lines.append("| where " + " and ".join(f"isnotempty({name})" for name in single))
        return lines

    def _spoiled(self, spoilers: Sequence[Spoiler], roots: str) -> str:
        """Add the steps of spoilers that compare the same of the root; returns the name of the last, which lists the
        roots that one of them voids: by its keys and account, or for what cannot be read of these."""
        first = spoilers[0]
        keys = [self.fields.key(pair.parent) for pair in first.join]
        against = self._against(spoilers, roots, keys)
        asked = [*(["Account"] if first.same_account else []), *keys]
        windows = {(each.before, each.after) for each in spoilers}
        anywhere = [f"{against} | extend All = true", f"| join kind=inner {roots} on All"]
        if asked:
            readable = " and ".join(f"isnotempty({name})" for name in asked)
            lacks = " or ".join(f"isempty({name})" for name in asked)
            anywhere.insert(1, f"| where {lacks}")
        if keys:
            lacks = " or ".join(f"isempty({name})" for name in keys)
            equal = " and ".join(f"{name} == {name}1" for name in keys)
            anywhere.append(f"| where {lacks} or ({equal})")
        if first.same_account:
            anywhere.append("| where isempty(Account) or Account == Account1")
        lines = anywhere
        if asked:
            lines = [
                f"union ({against} | where {readable}",
                f"| join kind=inner {roots} on {', '.join(asked)}),",
                f"({anywhere[0]}",
                *anywhere[1:],
            ]
            lines[-1] += ")"
        within = as_edge(first) if len(windows) == 1 else None
        lines.append(
            f"| where {window(within)}"
            if within
            else "| where TimeGenerated between (ParentTime - Back .. ParentTime + Ahead)"
        )
        lines += ["| where EventId != ParentId", "| project OriginId"]
        return self.steps.add(
            f"Spoiled{roots}", lines, "Void: one of these, or one that cannot be read"
        )

    def _against(self, spoilers: Sequence[Spoiler], roots: str, keys: Sequence[str]) -> str:
        """Add the step of the spoilers' events, with their keys under the names of the root's."""
        several = len({(each.before, each.after) for each in spoilers}) > 1
        parts: list[list[str]] = []
        for some in alike(spoilers):
            own = [self.fields.key(pair.own) for pair in some[0].join]
            columns = [
                name if name == mine else f"{name} = {mine}"
                for name, mine in zip(keys, own, strict=True)
            ]
            if several:
                columns += [
                    f"Back = {timespan_literal(some[0].before)}",
                    f"Ahead = {timespan_literal(some[0].after)}",
                ]
            shown = ", ".join(["EventId", "TimeGenerated", "Action", "Account", *columns])
            patterns = [each.pattern for each in some]
            parts.append(["Events", *self._fits(*patterns, lenient=True), f"| project {shown}"])
        lines = (
            [line for part in parts for line in _in_brackets(part)] if len(parts) > 1 else parts[0]
        )
        if len(parts) > 1:
            lines = ["union", *lines]
            lines[-1] = lines[-1].rstrip(",")
        reasons = "; ".join(dict.fromkeys(each.reason for each in spoilers))
        return self.steps.add(f"Against{roots}", lines, f"What may void it: {reasons}")

    def _member(self, node: Node, roots: str) -> str:
        lines = self._joined([node.pattern], node.edge, roots, node.pattern, [self.query.root])
        lines += [*self._certain(), "| project OriginId"]
        return self.steps.add(
            "With" + node.pattern.event_name, lines, "A member it cannot do without"
        )

    # Effects

    def _hop(self, node: Node) -> None:
        children = [each for each in self.query.nodes if each.parent == node.name]
        parents = [compared(self.fields, child.edge) for child in children]
        lines = [*self._under_parent([node]), *self._certain()]
        lines.append(
            project_parent(parents, ", ".join(("OriginId, OriginTime", *self._path(node))))
        )
        name = self.steps.add(node.pattern.event_name, lines, self._describe(node))
        self.tables[node.name] = name
        if node in self.query.subjects:
            self._explains(name, self.query, node)

    def _effects(self, nodes: list[Node]) -> None:
        lines = self._under_parent(nodes)
        if self.steps.labelled:
            first = nodes[0]
            label = _label("EventId", "TimeGenerated", self.query, first.relation, first.rank)
            lines.append(label)
        else:
            lines.append("| project EventId")
        name = self.steps.add(
            "Under" + self._parent_pattern(nodes[0]).event_name, lines, self._describe(nodes[0])
        )
        self.steps.explained.append(name)

    def _explains(self, table: str, query: Query, node: Node | None = None) -> None:
        if self.steps.labelled:
            relation = node.relation if node else query.root_relation or "companion"
            rank = node.rank if node else query.root_rank
            label = _label("ParentId", "ParentTime", query, relation, rank)
            self.steps.explained.append(f"({table} {label})")
        else:
            self.steps.explained.append(f"({table} | project EventId = ParentId)")

    def _under_parent(self, nodes: list[Node]) -> list[str]:
        node = nodes[0]
        chain = self.query.chain(node)
        above = [step.pattern for step in chain[1:2]] or [self.query.root]
        lines = self._joined(
            [each.pattern for each in nodes],
            node.edge,
            self.tables[node.parent],
            node.pattern,
            above,
        )
        repeated = (step for each in nodes for step in self.query.repeated_above(each))
        for step in dict.fromkeys(repeated):
            lines.append(f"| where EventId != {self._id_of(step)}")
        return lines

    def _path(self, node: Node) -> Iterator[str]:
        """The ids of the path of a hop that some effect below it must differ from, beside the root's."""
        asked = {step for each in self.query.nodes for step in self.query.repeated_above(each)}
        for step in self.query.chain(node):
            if step in asked:
                yield self._id_of(step) + (" = EventId" if step == node else "")

    def _id_of(self, node: Node | None) -> str:
        return "OriginId" if node is None else f"Hop{len(self.query.chain(node))}Id"

    def _parent_pattern(self, node: Node) -> Pattern:
        return self.query.root if node.parent is None else self.query.node(node.parent).pattern

    def _describe(self, node: Node) -> str:
        edge = node.edge
        keys = [pair.own.name for pair in edge.join]
        if edge.same_account:
            keys.append("account")
        if edge.actor == "same":
            keys.append("actor")
        if edge.actor == "same-role":
            keys.append("role")
        around = (
            f"{format_duration(edge.before)} before to {format_duration(edge.after)} after "
            f"{self._parent_pattern(node).event_name}"
        )
        if edge.actor == "service":
            around += f", called by {edge.service}"
        return f"{around}: same {', '.join(keys)}" if keys else around

    # Joins

    def _joined(
        self,
        patterns: Sequence[Pattern],
        edge: Edge,
        parents: str,
        own: Pattern,
        above: Sequence[Pattern],
        *,
        lenient: bool = False,
    ) -> list[str]:
        how = compared(self.fields, edge)
        lines = ["Events", *self._fits(*patterns, lenient=lenient)]
        lines += list_steps(self.fields, how.own_lists)
        if edge.actor == "service":
            lines.append(f"| where {attested(self.fields, edge.service or '')}")
        if how.guards:
            lines.append("| where " + " and ".join(f"isnotempty({name})" for name in how.guards))
        if not how.joined:
            lines.append("| extend All = true")
        on = ", ".join(
            left if left == right else f"$left.{left} == $right.{right}"
            for left, right in how.joined
        )
        lists = "".join(
            f" {line}" for line in list_steps(self.fields, how.parent_lists, prefix="Parent")
        )
        source = f"({parents}{lists})" if lists else parents
        lines.append(f"| join kind=inner {source} on {on or 'All'}")
        lines.append(f"| where {window(edge)}")
        if any(pattern.action == higher.action for pattern in patterns for higher in above):
            lines.append("| where EventId != ParentId")
        lines += [f"| where {test}" for test in how.tests]
        return lines

    def _fits(self, *patterns: Pattern, lenient: bool = False) -> list[str]:
        """The filters that let the patterns' events through. All of them may fail, or none.

        `lenient`: a condition holds, too, where the object that it reads is not in the record.
        """
        self.steps.read.update(dict.fromkeys(pattern.action for pattern in patterns))
        by_where: dict[tuple[Condition, ...], list[str]] = {}
        for pattern in patterns:
            by_where.setdefault(pattern.where, []).append(pattern.action)
        tests = []
        for where, actions in by_where.items():
            held = [self.fields.condition(test, lenient=lenient) for test in where]
            test = " and ".join([action_test(actions), *held])
            tests.append(f"({test})" if held and len(by_where) > 1 else test)
        lines = [f"| where {' or '.join(tests)}"]
        if not patterns[0].may_fail:
            lines.append("| where not(Failed)")
        return lines


# More seconds than lie between an event and any origin.
_NEXT_CLASS = 1_000_000_000


def _label(event_id: str, time: str, query: Query, relation: Relation, rank: int) -> str:
    own = "EventId" if event_id == "EventId" else f"EventId = {event_id}"
    worse = f"{rank * _NEXT_CLASS} + " if rank else ""
    return (
        f"| project {own}, OriginId, Cascade = {text_literal(query.cascade)}, "
        f"Relation = {text_literal(relation)}, "
        f'Distance = {worse}abs(datetime_diff("second", {time}, OriginTime))'
    )


def _comparing_the_same(spoilers: Iterable[Spoiler]) -> list[list[Spoiler]]:
    """The spoilers, together those that compare the same of the root."""
    found: dict[object, list[Spoiler]] = {}
    for spoiler in spoilers:
        shape = (spoiler.same_account, tuple(pair.parent for pair in spoiler.join))
        found.setdefault(shape, []).append(spoiler)
    return list(found.values())


def _in_brackets(lines: Sequence[str]) -> list[str]:
    return [f"({lines[0]}", *lines[1:-1], f"{lines[-1]}),"]
