"""The steps of a query in Kusto: each a `let`, a table of events joined with the step above it.

A parent's table holds `ParentId` and `ParentTime`, `OriginId` and `OriginTime`, and whatever its effects are
compared with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ....catalog.terms import Relation, format_duration
from ...query import Edge, Node, Pattern, Query, Spoiler
from .kusto import pascal_name, text_literal
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

_RESERVED = ("Events", "Explained", "Nearest", "Since", "Until", "Item", "AWSCloudTrail")


@dataclass(frozen=True, slots=True)
class Step:
    """A `let` that effects hang on, or that is itself an answer."""

    name: str
    lines: tuple[str, ...]
    comment: str


class Steps:
    """The steps so far, and what they have found to be explained.

    `fields` notes the columns that they ask for, `read` the actions; `labelled` keeps with each explained event
    the cascade, the relation and the origin. `failures`: some pattern of the query may be a failed call.
    """

    def __init__(self, fields: Fields, *, labelled: bool, failures: bool) -> None:
        self.fields = fields
        self.labelled = labelled
        self.failures = failures
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
    _Cascade(query, steps).build()


class _Cascade:
    """Builds the steps of one cascade."""

    def __init__(self, query: Query, steps: Steps) -> None:
        self.query = query
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
                relation = node.relation if self.steps.labelled else None
                again = node.pattern.action in (
                    query.root.action,
                    self._parent_pattern(node).action,
                )
                shape = (node.parent, node.edge, node.pattern.may_fail, relation, again)
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
        lines = ["Events", *self._fits(query.root)]
        lines.append(project_parent(parents, "OriginId = EventId, OriginTime = TimeGenerated"))
        name = self.steps.add(root_name, lines, f"{query.root.action} that succeeded")
        narrowing = [
            f"| join kind=leftanti {self._spoiled(spoiler, name)} on OriginId"
            for spoiler in query.spoilers
        ]
        narrowing += [
            f"| where OriginId in ({self._member(query.node(member), name)})"
            for member in query.required
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

    def _spoiled(self, spoiler: Spoiler, roots: str) -> str:
        edge = as_edge(spoiler)
        lines = self._joined([spoiler.pattern], edge, roots, spoiler.pattern, [self.query.root])
        lines.append("| project OriginId")
        word = "SpoiledBy" + spoiler.pattern.event_name
        return self.steps.add(word, lines, f"Void: {spoiler.reason}")

    def _member(self, node: Node, roots: str) -> str:
        lines = self._joined([node.pattern], node.edge, roots, node.pattern, [self.query.root])
        lines.append("| project OriginId")
        return self.steps.add(
            "With" + node.pattern.event_name, lines, "A member it cannot do without"
        )

    # Effects

    def _hop(self, node: Node) -> None:
        children = [each for each in self.query.nodes if each.parent == node.name]
        parents = [compared(self.fields, child.edge) for child in children]
        lines = self._under_parent([node])
        lines.append(project_parent(parents, "OriginId, OriginTime"))
        name = self.steps.add(node.pattern.event_name, lines, self._describe(node))
        self.tables[node.name] = name
        if node in self.query.subjects:
            self._explains(name, self.query, node.relation)

    def _effects(self, nodes: list[Node]) -> None:
        lines = self._under_parent(nodes)
        if self.steps.labelled:
            lines.append(_label("EventId", "TimeGenerated", self.query, nodes[0].relation))
        else:
            lines.append("| project EventId")
        name = self.steps.add(
            "Under" + self._parent_pattern(nodes[0]).event_name, lines, self._describe(nodes[0])
        )
        self.steps.explained.append(name)

    def _explains(self, table: str, query: Query, relation: Relation | None = None) -> None:
        relation = relation or query.root_relation or "companion"
        if self.steps.labelled:
            label = _label("ParentId", "ParentTime", query, relation)
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
        if len(chain) > 1 and self.query.root.action in {each.pattern.action for each in nodes}:
            lines.append("| where EventId != OriginId")
        return lines

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
    ) -> list[str]:
        how = compared(self.fields, edge)
        lines = ["Events", *self._fits(*patterns)]
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

    def _fits(self, *patterns: Pattern) -> list[str]:
        """The filters that let the patterns' events through. All of them may fail, or none."""
        self.steps.read.update(dict.fromkeys(pattern.action for pattern in patterns))
        plain = [pattern.action for pattern in patterns if not pattern.where]
        tests = [action_test(plain)] if plain else []
        for pattern in patterns:
            if pattern.where:
                where = " and ".join(self.fields.condition(test) for test in pattern.where)
                test = f"Action == {text_literal(pattern.action)} and {where}"
                tests.append(test if len(patterns) == 1 else f"({test})")
        lines = [f"| where {' or '.join(tests)}"]
        if self.steps.failures and not patterns[0].may_fail:
            lines.append("| where isempty(ErrorCode)")
        return lines


def _label(event_id: str, time: str, query: Query, relation: Relation) -> str:
    own = "EventId" if event_id == "EventId" else f"EventId = {event_id}"
    return (
        f"| project {own}, OriginId, Cascade = {text_literal(query.cascade)}, "
        f"Relation = {text_literal(relation)}, "
        f'Distance = abs(datetime_diff("second", {time}, OriginTime))'
    )
