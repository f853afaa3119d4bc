"""A query as ES|QL: each step finds, per group of equal keys, the first and last event to hang on.

ES|QL joins no two rows of one index. But an event hangs on a partner if all partners of its group lie
in its window; where some lie outside, it alerts. That errs on the side of the alert, and in a look-back of
hours there is hardly ever more than one deletion of one user.
"""

from collections.abc import Iterator, Sequence

from ..errors import Refused
from ..field_maps import FieldMap
from ..query import Condition, Denied, Edge, Key, Node, Pattern, Query, Spoiler
from ..sql.names import Names, snake_case
from .esql import Command, Eval, InlineStats, Where
from .spl import Call, Expression, Field, Operation, Value, both, call, either, equal

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
EXPLAINED = "explained_by"
MOMENT = "moment"
_COLUMNS = (MOMENT, EXPLAINED, "account", "actor", "known_id")


def pipeline(query: Query, fields: FieldMap) -> list[Command]:
    """The commands after which `explained_by` names the cascade that explains a row, or is null."""
    return _Building(fields).build(query)


def is_one_of(actions: Sequence[str], fields: FieldMap) -> Expression:
    """Whether the row is an event of one of these actions."""
    by_source: dict[str, list[Value]] = {}
    for pattern in map(Pattern, actions):
        by_source.setdefault(pattern.event_source, []).append(Value(pattern.event_name))
    provider, action = Field(fields.field("eventSource")), Field(fields.field("eventName"))
    return either(
        *(
            both(
                equal(provider, Value(source)),
                call("IN", action, *names) if len(names) > 1 else equal(action, names[0]),
            )
            for source, names in by_source.items()
        )
    )


def refuse_repeats(query: Query) -> None:
    """Refuse a query that ES|QL cannot answer: an action that hangs on its own kind.

    Raises:
        Refused: it is one.
    """
    for each in (query, *query.rivals):
        for node in each.nodes:
            parent = each.node(node.parent).pattern if node.parent else each.root
            if parent.action == node.pattern.action:
                raise Refused(f"an action hangs on its own kind: {parent.action}")
        for spoiler in each.spoilers:
            unequal = any(pair.own != pair.parent for pair in spoiler.join)
            if spoiler.pattern.action == each.root.action and unequal:
                raise Refused(f"an action voids its own kind by another field: {each.root.action}")


class _Building:
    """Collects the commands, and gives each column a name of its own."""

    def __init__(self, fields: FieldMap) -> None:
        self.fields = fields
        self.commands: list[Command] = []
        self._names = Names(reserved=_COLUMNS)
        self._keys: dict[Key, str] = {}

    def build(self, query: Query) -> list[Command]:
        queries = (query, *query.rivals)
        self._read(queries)
        marks = [(mark, each.cascade) for each in queries for mark in self._query(each)]
        named = [part for mark, name in marks for part in (Field(mark), Value(name))]
        self.commands.append(Eval(((EXPLAINED, Call("CASE", (*named, Call("NULL")))),)))
        return self.commands

    def _read(self, queries: Sequence[Query]) -> None:
        outcome = self.fields.success
        self.commands.append(
            Where(either(*(equal(Field(outcome.field), Value(each)) for each in outcome.values)))
        )
        principal = Field(self.fields.field("userIdentity.principalId"))
        access_key = Field(self.fields.field("userIdentity.accessKeyId"))
        lasting = call(
            "IN",
            Field(self.fields.field("userIdentity.type")),
            Value("IAMUser"),
            Value("Root"),
        )
        nobody = either(equal(principal, Value("")), equal(principal, Value("Anonymous")))
        columns: list[tuple[str, Expression]] = [
            (MOMENT, call("TO_LONG", Field(self.fields.field("eventTime")))),
            ("account", Field(self.fields.field("recipientAccountId"))),
            (
                "actor",
                call(
                    "CASE",
                    nobody,
                    Call("NULL"),
                    lasting,
                    principal,
                    call("CONCAT", principal, Value("|"), access_key),
                ),
            ),
        ]
        for query in queries:
            pairs = [pair for node in query.nodes for pair in node.edge.join]
            pairs += [pair for spoiler in query.spoilers for pair in spoiler.join]
            for key in (key for pair in pairs for key in (pair.own, pair.parent)):
                if key not in self._keys:
                    self._keys[key] = self._names.unique(key.name)
        read, shown, folded = [], [], []
        for key, name in self._keys.items():
            found = [self.value(path) for path in key.paths]
            if len(found) == 1:
                read.append((name, found[0]))
                shown.append((name, _shown(Field(name))))
            else:
                shown.append((name, call("COALESCE", *map(_shown, found))))
            if key.fold:
                # TO_LOWER knows more letters than ASCII's: a name that holds others stays as it is.
                plain = Operation("RLIKE", (Field(name), Value("[ -~]*")))
                lower = call("TO_LOWER", Field(name))
                folded.append((name, call("CASE", plain, lower, Field(name))))
        for step in ([*columns, *read], shown, folded):
            if step:
                self.commands.append(Eval(tuple(step)))

    def _query(self, query: Query) -> Iterator[str]:
        """Mark what `query` explains, and name the marks of its subjects."""
        root = self._mark(query.root.event_name, self._fits([query.root]))
        for spoiler in query.spoilers:
            root = self._kept(root, query.root, spoiler)
        marks: dict[str | None, str] = {None: root}
        for nodes in query.groups():
            parent = query.node(nodes[0].parent).pattern if nodes[0].parent else query.root
            mark = self._hung(nodes, marks[nodes[0].parent], parent)
            marks.update((node.name, mark) for node in nodes)
            if nodes[0] in query.subjects:
                yield mark

    def _hung(self, nodes: Sequence[Node], parent: str, pattern: Pattern) -> str:
        edge = nodes[0].edge
        label = nodes[0].pattern.event_name
        if len(nodes) > 1:
            label = f"EffectOf{pattern.event_name}"
        own = self._mark(label, self._fits([node.pattern for node in nodes]))
        keys = [
            self._common(own, self._keys[pair.own], self._keys[pair.parent]) for pair in edge.join
        ]
        by = (*_grouped(edge), *keys) or (self._everything(),)
        first, last = (self._names.unique(f"{which}_{parent[3:]}") for which in ("first", "last"))
        self.commands.append(InlineStats(((first, "MIN"), (last, "MAX")), MOMENT, parent, by))
        early = Operation("-", (Field(MOMENT), Value(edge.after * 1_000)))
        late = Operation("+", (Field(MOMENT), Value(edge.before * 1_000)))
        return self._mark(
            f"{label}Explained",
            both(
                Field(own),
                *(call("IS NOT NULL", Field(name)) for name in (*by, first)),
                Operation(">=", (Field(first), early)),
                Operation("<=", (Field(last), late)),
            ),
        )

    def _kept(self, root: str, pattern: Pattern, spoiler: Spoiler) -> str:
        """Mark the root's events in whose group there is no spoiler, however far away."""
        other = self._mark(spoiler.pattern.event_name, self._fits([spoiler.pattern]))
        keys = [
            self._common(root, self._keys[pair.parent], self._keys[pair.own])
            for pair in spoiler.join
        ]
        by = (*(("account",) if spoiler.same_account else ()), *keys) or (self._everything(),)
        count = self._names.unique(f"{other[3:]}_events")
        self.commands.append(InlineStats(((count, "COUNT"),), MOMENT, other, by))
        itself = call("CASE", Field(other), Value(1), Value(0))
        alone = Operation("<=", (call("COALESCE", Field(count), Value(0)), itself))
        present = [call("IS NOT NULL", Field(name)) for name in by]
        return self._mark(f"{pattern.event_name}Kept", both(Field(root), *present, alone))

    def _common(self, own: str, mine: str, theirs: str) -> str:
        """The column on which two kinds of events meet."""
        if mine == theirs:
            return mine
        name = self._names.unique(f"{mine}_or_{theirs}")
        value = call("CASE", Field(own), Field(mine), Field(theirs))
        self.commands.append(Eval(((name, value),)))
        return name

    def _everything(self) -> str:
        name = self._names.unique("everything")
        self.commands.append(Eval(((name, Value("")),)))
        return name

    def _mark(self, label: str, condition: Expression) -> str:
        name = self._names.unique(f"is_{snake_case(label)}")
        # A test of what is missing is null, and null is not true.
        held = call("COALESCE", condition, Call("FALSE"))
        self.commands.append(Eval(((name, held),)))
        return name

    def _fits(self, patterns: Sequence[Pattern]) -> Expression:
        plain = [pattern.action for pattern in patterns if not pattern.where]
        found = [is_one_of(plain, self.fields)] if plain else []
        for pattern in patterns:
            if pattern.where:
                tests = [self._condition(condition) for condition in pattern.where]
                found.append(both(is_one_of([pattern.action], self.fields), *tests))
        return either(*found)

    def _condition(self, condition: Condition) -> Expression:
        value = self.value(condition.path)
        if isinstance(condition, Denied):
            inner = both(*(self._condition(test) for test in condition.tests))
            unless = call("COALESCE", inner, Call("FALSE"))
            return both(_filled(value), call("NOT", unless))
        values = [Value(_spelt(each)) for each in condition.values]
        match condition.operator:
            case "startswith":
                return call("STARTS_WITH", value, values[0])
            case "endswith":
                return call("ENDS_WITH", value, values[0])
            case _:
                return equal(value, values[0]) if len(values) == 1 else call("IN", value, *values)

    def value(self, path: str) -> Expression:
        """The field at a path; a member of a flattened field is taken out of it."""
        whole = self.fields.fields.get(path)
        if whole is not None:
            return Field(whole)
        head, _, rest = path.partition(".")
        return call("FIELD_EXTRACT", Field(self.fields.below[head]), Value(rest))


def _grouped(edge: Edge) -> tuple[str, ...]:
    account = ("account",) if edge.same_account else ()
    return (*account, "actor") if edge.actor in ("same", "same-role") else account


def _filled(value: Expression) -> Expression:
    return both(call("IS NOT NULL", value), Operation("!=", (value, Value(""))))


def _shown(value: Expression) -> Expression:
    return call("CASE", call("IN", value, Value(""), Value(HIDDEN)), Call("NULL"), value)


def _spelt(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
