"""A query in Kusto: from the unspoiled origins by way of hops to the effects, then what none explains.

Each step is a `let`, a table of events joined with the step above it. A parent's table holds `ParentId` and
`ParentTime`, `OriginId` and `OriginTime`, and whatever its effects are compared with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ....catalog.terms import Relation, format_duration
from ...field_maps import FieldMap
from ...query import Edge, Node, Pattern, Query, Spoiler
from .kusto import pascal_name, table_name, text_list, text_literal, timespan_literal
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

_ACTOR = (
    'case(isempty(UserIdentityPrincipalid) or UserIdentityPrincipalid == "Anonymous", "",\n'
    '        UserIdentityType in ("IAMUser", "Root"), UserIdentityPrincipalid,\n'
    '        isempty(UserIdentityAccessKeyId), "",\n'
    '        strcat(UserIdentityPrincipalid, "|", UserIdentityAccessKeyId))'
)
_ROLE = (
    'iff(UserIdentityType == "AssumedRole", tostring(split(UserIdentityPrincipalid, ":")[0]), "")'
)
# A record without an id is named by its content.
_EVENT_ID = (
    'iff(isnotempty(AwsEventId), AwsEventId, strcat("no id ", hash_sha256(strcat_delim("|",\n'
    "        TimeGenerated, EventSource, EventName, UserIdentityPrincipalid, UserIdentityAccessKeyId,\n"
    "        RecipientAccountId, ErrorCode, RequestParameters, ResponseElements))))"
)
_SHOWN = ("UserIdentityArn", "SourceIpAddress", "AWSRegion", "ErrorCode", "RequestParameters")
_RESERVED = ("Events", "Explained", "Nearest", "Since", "Until", "Item", "AWSCloudTrail")


@dataclass(frozen=True, slots=True)
class _Step:
    """A `let` that effects hang on, or that is itself an answer."""

    name: str
    lines: tuple[str, ...]
    comment: str


def alert_query(query: Query, fields: FieldMap, table: str, every: int) -> str:
    """What nothing explains, of the slice of `every` seconds whose windows have passed."""
    built = _Built(query, fields, table, labelled=False)
    return built.text(
        every,
        (
            "| join kind=leftanti Explained on EventId",
            "| summarize arg_min(TimeGenerated, *) by EventId",
            f"| project TimeGenerated, EventId, Action, Account, Actor, {', '.join(_SHOWN)}",
        ),
        "// What none of it explains.",
    )


def silenced_query(query: Query, fields: FieldMap, table: str, every: int) -> str:
    """How many events the alert stays silent on, by action, actor and day."""
    built = _Built(query, fields, table, labelled=False)
    return built.text(
        every,
        (
            "| where EventId in (Explained)",
            "| summarize arg_min(TimeGenerated, *) by EventId",
            "| summarize Silenced = count(), First = min(TimeGenerated), Last = max(TimeGenerated)",
            "    by Day = startofday(TimeGenerated), Action, Account, Actor",
            "| order by Silenced desc",
        ),
        "// What the alert stays silent on.",
    )


def label_query(
    query: Query, fields: FieldMap, table: str, every: int, *, unexplained: bool = False
) -> str:
    """The explained events with cascade, relation and origin; with `unexplained` all, told apart."""
    built = _Built(query, fields, table, labelled=True)
    shown = f"TimeGenerated, EventId, Action, Account, Actor, {', '.join(_SHOWN)}"
    lines = [
        "| summarize arg_min(TimeGenerated, *) by EventId",
        f"| join kind={'leftouter' if unexplained else 'inner'} Nearest on EventId",
    ]
    if unexplained:
        lines.append('| extend CascadeExplained = iff(isnotempty(Cascade), "true", "false")')
        shown = f"CascadeExplained, {shown}"
    lines.append(f"| project {shown}, Cascade, Relation, OriginId")
    return built.text(every, lines, "// Every event in question, with what explains it.")


class _Built:
    """One query in the making. Columns are noted as expressions ask for them, the head is written last."""

    def __init__(self, query: Query, fields: FieldMap, table: str, *, labelled: bool) -> None:
        self.query = query
        self.table = table
        self.labelled = labelled
        self.fields = Fields(fields)
        self.parts = (query, *query.rivals)
        self.names = set(_RESERVED)
        self.steps: list[_Step] = []
        self.explained: list[str] = []
        self.read: dict[str, None] = {}
        self.failures = any(
            pattern.may_fail for part in self.parts for pattern in part.patterns()
        ) or bool(query.may_fail)
        for part in self.parts:
            _Part(self, part).build()

    def text(self, every: int, tail: Sequence[str], comment: str) -> str:
        judged = self._judged()
        lines = [*self.fields.functions(), *self._times(every), *self._events()]
        for step in self.steps:
            lines += [f"// {step.comment}", f"let {step.name} = {step.lines[0]}"]
            lines += [f"    {line}" for line in step.lines[1:]]
            lines[-1] += ";"
        lines += self._answer()
        lines += [comment, "Events", *judged, *tail]
        return "\n".join(lines) + "\n"

    def _times(self, every: int) -> list[str]:
        hold = timespan_literal(self.query.hold)
        return [
            f"// Judged once the windows ({format_duration(self.query.reach_after)}) and late events "
            f"({format_duration(self.query.lateness)}) are in.",
            f"let Until = ago({hold});",
            f"let Since = Until - {timespan_literal(every)};",
        ]

    def _events(self) -> list[str]:
        actions = [*self.read, *self.query.actions]
        sources = dict.fromkeys(action.partition(":")[0] + ".amazonaws.com" for action in actions)
        names = dict.fromkeys(action.partition(":")[2] for action in actions)
        back = self.query.reach_before
        since = f"Since - {timespan_literal(back)}" if back else "Since"
        lines = [
            "let Events = materialize(",
            f"    {table_name(self.table)}",
            f"    | where TimeGenerated >= {since}",
            f"    | where EventSource in {text_list(sources)}",
            f"    | where EventName in {text_list(names)}",
        ]
        if not self.failures:
            lines.append("    | where isempty(ErrorCode)")
        extended = [f"EventId = {_EVENT_ID}"]
        extended.append(
            'Action = strcat(replace_string(EventSource, ".amazonaws.com", ""), ":", EventName)'
        )
        extended.append(
            "Account = iff(isnotempty(RecipientAccountId), RecipientAccountId, UserIdentityAccountId)"
        )
        extended.append(f"Actor = {_ACTOR}")
        if self.fields.roles:
            extended.append(f"Role = {_ROLE}")
        parsed = self.fields.parsed
        extended += [f"{name} = parse_json({column})" for column, name in parsed.items()]
        lines.append("    | extend " + ",\n      ".join(extended))
        keys = self.fields.key_texts
        if keys:
            lines.append(
                "    | extend "
                + ",\n      ".join(f"{name} = {text}" for name, text in keys.items())
            )
        kept = ["EventId", "TimeGenerated", "Action", "Account", "Actor"]
        kept += ["Role"] if self.fields.roles else []
        kept += [*keys, *self.fields.columns, *_SHOWN]
        lines.append(f"    | project {', '.join(dict.fromkeys(kept))}")
        lines.append(");")
        return lines

    def _answer(self) -> list[str]:
        tables = ", ".join(self.explained)
        union = f"union {tables}" if len(self.explained) > 1 else tables
        if not self.labelled:
            return [f"let Explained = {union};"]
        return [
            "// Of several explanations the nearest origin counts.",
            f"let Nearest = {union}",
            "    | summarize arg_min(Distance, Cascade, Relation, OriginId) by EventId;",
        ]

    def _judged(self) -> list[str]:
        query = self.query
        lines = ["| where TimeGenerated >= Since and TimeGenerated < Until"]
        lines.append(f"| where {action_test(query.actions)}")
        if self.failures:
            if not query.may_fail:
                lines.append("| where isempty(ErrorCode)")
            elif query.may_fail != set(query.actions):
                failing = action_test(sorted(query.may_fail))
                lines.append(f"| where isempty(ErrorCode) or {failing}")
        return lines

    def name(self, wanted: str) -> str:
        name, number = pascal_name(wanted), 2
        while name in self.names:
            name, number = f"{pascal_name(wanted)}{number}", number + 1
        self.names.add(name)
        return name


class _Part:
    """The steps of one cascade: of the query itself, or of a rival."""

    def __init__(self, whole: _Built, query: Query) -> None:
        self.whole = whole
        self.query = query
        self.fields = whole.fields
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
                relation = node.relation if self.whole.labelled else None
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
        name = self._step(root_name, lines, f"{query.root.action} that succeeded")
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
            name = self._step(
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
        return self._step(word, lines, f"Void: {spoiler.reason}")

    def _member(self, node: Node, roots: str) -> str:
        lines = self._joined([node.pattern], node.edge, roots, node.pattern, [self.query.root])
        lines.append("| project OriginId")
        return self._step("With" + node.pattern.event_name, lines, "A member it cannot do without")

    # Effects

    def _hop(self, node: Node) -> None:
        children = [each for each in self.query.nodes if each.parent == node.name]
        parents = [compared(self.fields, child.edge) for child in children]
        lines = self._under_parent([node])
        lines.append(project_parent(parents, "OriginId, OriginTime"))
        name = self._step(node.pattern.event_name, lines, self._describe(node))
        self.tables[node.name] = name
        if node in self.query.subjects:
            self._explains(name, self.query, node.relation)

    def _effects(self, nodes: list[Node]) -> None:
        lines = self._under_parent(nodes)
        if self.whole.labelled:
            lines.append(_label("EventId", "TimeGenerated", self.query, nodes[0].relation))
        else:
            lines.append("| project EventId")
        name = self._step(
            "Under" + self._parent_pattern(nodes[0]).event_name, lines, self._describe(nodes[0])
        )
        self.whole.explained.append(name)

    def _explains(self, table: str, query: Query, relation: Relation | None = None) -> None:
        relation = relation or query.root_relation or "companion"
        if self.whole.labelled:
            label = _label("ParentId", "ParentTime", query, relation)
            self.whole.explained.append(f"({table} {label})")
        else:
            self.whole.explained.append(f"({table} | project EventId = ParentId)")

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
        self.whole.read.update(dict.fromkeys(pattern.action for pattern in patterns))
        plain = [pattern.action for pattern in patterns if not pattern.where]
        tests = [action_test(plain)] if plain else []
        for pattern in patterns:
            if pattern.where:
                where = " and ".join(self.fields.condition(test) for test in pattern.where)
                test = f"Action == {text_literal(pattern.action)} and {where}"
                tests.append(test if len(patterns) == 1 else f"({test})")
        lines = [f"| where {' or '.join(tests)}"]
        if self.whole.failures and not patterns[0].may_fail:
            lines.append("| where isempty(ErrorCode)")
        return lines

    def _step(self, wanted: str, lines: Sequence[str], comment: str) -> str:
        name = self.whole.name(wanted)
        self.whole.steps.append(_Step(name, tuple(lines), comment))
        return name


def _label(event_id: str, time: str, query: Query, relation: Relation) -> str:
    own = "EventId" if event_id == "EventId" else f"EventId = {event_id}"
    return (
        f"| project {own}, OriginId, Cascade = {text_literal(query.cascade)}, "
        f"Relation = {text_literal(relation)}, "
        f'Distance = abs(datetime_diff("second", {time}, OriginTime))'
    )
