"""A query as ES|QL: each step finds, per group of equal keys, the first and last event to hang on.

ES|QL joins no two rows of one index. But an event hangs on a partner if all partners of its group lie
in its window; where some lie outside, it alerts. That errs on the side of the alert, and in a look-back of
hours there is hardly ever more than one deletion of one user. What voids or vetoes errs on that side, too: it counts
where the span from the first of the group to the last meets the window.
"""

from collections.abc import Iterable, Iterator, Sequence

from ....catalog.terms import format_duration
from ....events import MAX_TOOL_TEXT, TOOL_LETTERS
from ...errors import Refused
from ...field_maps import FieldMap
from ...query import Condition, Denied, Edge, Key, Node, Pattern, Query, Spoiler, may_be_omitted
from ...sql.names import Names, snake_case
from ...tool_marks import tool_patterns
from ..expressions import Call, Expression, Field, Operation, Value, both, call, either, equal
from .esql import Command, Comment, Eval, InlineStats, Where

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
EXPLAINED = "explained_by"
SUBJECT = "is_judged"
MOMENT = "moment"
_COLUMNS = (MOMENT, EXPLAINED, SUBJECT, "account", "actor", "succeeded")
_DATES = frozenset(("userIdentity.sessionContext.attributes.creationDate",))
_ASKED_OF_TEXT = frozenset(("equals", "in", "startswith", "endswith"))
_FALSE = Call("FALSE")
_NULL = Call("NULL")


def pipeline(query: Query, fields: FieldMap) -> list[Command]:
    """The commands after which `explained_by` names the cascade that explains a row, or is null.

    `is_judged` is true of the rows that the query is about; the others are there to explain them.
    """
    return _Building(query, fields).build()


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

    def __init__(self, query: Query, fields: FieldMap) -> None:
        self.query = query
        self.queries = (query, *query.rivals, *query.vetoes)
        self.fields = fields
        self.commands: list[Command] = []
        self._names = Names(reserved=_COLUMNS)
        self._keys: dict[Key, str] = {}
        self._all = ""
        self._nearest: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {}
        actions = query.all_actions()
        self._one_source = len({Pattern(action).event_source for action in actions}) == 1

    def build(self) -> list[Command]:
        self._say("All events that can decide: effects, what explains them, and what voids that.")
        self.commands.append(Where(self._is_one_of(self.query.all_actions(), everywhere=True)))
        self._read()
        query = self.query
        named: list[Expression] = []
        for each in (query, *query.rivals):
            for mark in self._query(each):
                named += [Field(mark), Value(each.cascade)]
        stricter = [
            Field(mark) for each in query.vetoes for mark in self._query(each, loosely=True)
        ]
        if stricter:
            named = [either(*stricter), _NULL, *named]
        judged = [Pattern(action, may_fail=True) for action in query.actions]
        self._say("The verdict.")
        self.commands.append(
            Eval(((EXPLAINED, Call("CASE", (*named, _NULL))), (SUBJECT, self._fits(judged))))
        )
        return self.commands

    def _say(self, text: str) -> None:
        self.commands.append(Comment(text))

    def _read(self) -> None:
        """Take out of each row its account, actor and keys. What is missing is null, and equals nothing."""
        outcome = self.fields.success
        success = either(*(equal(Field(outcome.field), Value(each)) for each in outcome.values))
        account = call(
            "COALESCE",
            Field(self.fields.field("recipientAccountId")),
            Field(self.fields.field("userIdentity.accountId")),
        )
        columns: list[tuple[str, Expression]] = [
            (MOMENT, call("TO_LONG", Field(self.fields.field("eventTime")))),
            ("account", account),
            ("actor", self._actor()),
            ("succeeded", call("COALESCE", success, _FALSE)),
        ]
        pairs = [pair for each in self.queries for node in each.nodes for pair in node.edge.join]
        pairs += [
            pair for each in self.queries for spoiler in each.spoilers for pair in spoiler.join
        ]
        read: list[tuple[str, Expression]] = []
        tidied: list[tuple[str, Expression]] = []
        tools: list[tuple[str, Expression]] = []
        keys = [key for pair in pairs for key in (pair.own, pair.parent)]
        keys += [key for each in self.queries for key in each.root_keys]
        for key in dict.fromkeys(keys):
            base = "tool" if key.tool else key.paths[0].rpartition(".")[2]
            name = self._names.unique(snake_case(base))
            self._keys[key] = name
            found = [self.value(path) for path in key.paths]
            if key.tool:
                agent = self._names.unique("agent")
                (whole,) = found
                read.append((agent, call("SUBSTRING", whole, Value(1), Value(MAX_TOOL_TEXT))))
                tidied.append((agent, _tidy(Field(agent), True)))
                tools.append((name, _tool(Field(agent))))
            elif len(found) == 1:
                read.append((name, found[0]))
                tidied.append((name, _tidy(Field(name), key.fold)))
            else:
                read.append((name, call("COALESCE", *(_tidy(value, False) for value in found))))
                if key.fold:
                    tidied.append((name, _tidy(Field(name), True)))
        self._say("Who did it, where, and to what. What is missing is null, and equals nothing.")
        self.commands.append(Eval((*columns, *read)))
        if tidied:
            self.commands.append(Eval(tuple(tidied)))
        if tools:
            self._say("The tool by a mark in its userAgent, or else by the first word.")
            self.commands.append(Eval(tuple(tools)))

    def _actor(self) -> Expression:
        principal = Field(self.fields.field("userIdentity.principalId"))
        access_key = Field(self.fields.field("userIdentity.accessKeyId"))
        kind = Field(self.fields.field("userIdentity.type"))
        return call(
            "CASE",
            either(
                equal(principal, Value("")),
                call("STARTS_WITH", call("TO_LOWER", principal), Value("anonymous")),
            ),
            _NULL,
            call("IN", kind, Value("IAMUser"), Value("Root")),
            principal,
            Operation("!=", (access_key, Value(""))),
            call("CONCAT", principal, Value("|"), access_key),
            _NULL,
        )

    def _query(self, query: Query, *, loosely: bool = False) -> Iterator[str]:
        """Mark what `query` explains, and name the marks of its subjects; `loosely`, what it may explain."""
        self._say(f"{query.cascade}: {query.root.event_name}.")
        there = [call("IS NOT NULL", Field(self._keys[key])) for key in query.root_keys]
        if query.root_account:
            there.append(call("IS NOT NULL", Field("account")))
        root = self._mark(query.root.event_name, both(self._fits([query.root]), *there))
        if query.root_is_subject:
            yield root
        if query.spoilers:
            root = self._unspoiled(root, query)
        marks: dict[str | None, str] = {None: root}
        for nodes in query.groups():
            parent = query.node(nodes[0].parent).pattern if nodes[0].parent else query.root
            mark = self._hung(nodes, marks[nodes[0].parent], parent, loosely)
            marks.update((node.name, mark) for node in nodes)
            if nodes[0] in query.subjects:
                yield mark

    def _hung(self, nodes: Sequence[Node], parent: str, pattern: Pattern, loosely: bool) -> str:
        """Mark the events that hang on `parent`: all of its group lie in the window, or `loosely`, one may."""
        edge = nodes[0].edge
        label = nodes[0].pattern.event_name
        if len(nodes) > 1:
            label = f"EffectOf{pattern.event_name}"
        self._say(
            f"Hangs on {pattern.event_name}: up to {format_duration(edge.before)} before it "
            f"and {format_duration(edge.after)} after it."
        )
        own = self._mark(label, self._fits([node.pattern for node in nodes]))
        keys = [
            self._common(own, self._keys[pair.own], self._keys[pair.parent]) for pair in edge.join
        ]
        by = (*_grouped(edge), *keys) or (self._everything(),)
        first, last = self._first_and_last(parent, by)
        early = Operation("-", (Field(MOMENT), Value(edge.after * 1_000)))
        late = Operation("+", (Field(MOMENT), Value(edge.before * 1_000)))
        return self._mark(
            f"{label}Explained",
            both(
                Field(own),
                *(call("IS NOT NULL", Field(name)) for name in (*by, first)),
                Operation(">=", (Field(last if loosely else first), early)),
                Operation("<=", (Field(first if loosely else last), late)),
            ),
        )

    def _first_and_last(self, parent: str, by: tuple[str, ...]) -> tuple[str, str]:
        """The columns of the first and the last moment of `parent` in the group."""
        if (parent, by) not in self._nearest:
            label = parent.removeprefix("is_")
            first, last = (self._names.unique(f"{which}_{label}") for which in ("first", "last"))
            self.commands.append(InlineStats(((first, "MIN"), (last, "MAX")), MOMENT, parent, by))
            self._nearest[parent, by] = (first, last)
        return self._nearest[parent, by]

    def _unspoiled(self, root: str, query: Query) -> str:
        """Mark the root's events around which there is no spoiler."""
        tests: list[Expression] = []
        for spoiler in query.spoilers:
            self._say(f"Voids it: {' '.join(spoiler.reason.split())}.")
            tests += self._no_other(root, spoiler)
        once = dict.fromkeys(tests)
        return self._mark(f"{query.root.event_name}Stands", both(Field(root), *once))

    def _no_other(self, root: str, spoiler: Spoiler) -> Iterator[Expression]:
        label = spoiler.pattern.event_name
        other = self._mark(label, self._fits([spoiler.pattern], lenient=True))
        keys = [
            self._common(root, self._keys[pair.parent], self._keys[pair.own])
            for pair in spoiler.join
        ]
        by = (*(("account",) if spoiler.same_account else ()), *keys) or (self._everything(),)
        yield from (call("IS NOT NULL", Field(name)) for name in by)
        yield self._far(other, by, spoiler)
        lacking = [call("IS NULL", Field(self._keys[pair.own])) for pair in spoiler.join]
        lacking += [call("IS NULL", Field("account"))] if spoiler.same_account else []
        if lacking:
            blind = self._mark(f"Unreadable{label}", both(Field(other), either(*lacking)))
            yield self._far(blind, (self._everything(),), spoiler)

    def _far(self, other: str, by: tuple[str, ...], spoiler: Spoiler) -> Expression:
        """Whether none of the events `other` of the group is in the window, other than the event itself."""
        if spoiler.pattern.action in {each.root.action for each in self.queries}:
            count = self._names.unique(f"{other.removeprefix('is_')}_events")
            self.commands.append(InlineStats(((count, "COUNT"),), MOMENT, other, by))
            itself = call("CASE", Field(other), Value(1), Value(0))
            return Operation("<=", (call("COALESCE", Field(count), Value(0)), itself))
        first, last = self._first_and_last(other, by)
        early = Operation("-", (Field(MOMENT), Value(spoiler.before * 1_000)))
        late = Operation("+", (Field(MOMENT), Value(spoiler.after * 1_000)))
        outside = either(
            call("IS NULL", Field(first)),
            Operation(">", (Field(first), late)),
            Operation("<", (Field(last), early)),
        )
        return call("COALESCE", outside, _FALSE)

    def _common(self, own: str, mine: str, theirs: str) -> str:
        """The column on which two kinds of events meet."""
        if mine == theirs:
            return mine
        name = self._names.unique(f"{mine}_or_{theirs}")
        value = call("CASE", Field(own), Field(mine), Field(theirs))
        self.commands.append(Eval(((name, value),)))
        return name

    def _everything(self) -> str:
        """The column in which all rows are equal."""
        if not self._all:
            self._all = self._names.unique("everything")
            self.commands.append(Eval(((self._all, Value("")),)))
        return self._all

    def _mark(self, label: str, condition: Expression) -> str:
        name = self._names.unique(f"is_{snake_case(label)}")
        self.commands.append(Eval(((name, condition),)))
        return name

    def _is_one_of(self, actions: Iterable[str], everywhere: bool = False) -> Expression:
        """Whether the row is an event of one of these actions."""
        by_source: dict[str, list[Value]] = {}
        for pattern in map(Pattern, actions):
            by_source.setdefault(pattern.event_source, []).append(Value(pattern.event_name))
        provider = Field(self.fields.field("eventSource"))
        action = Field(self.fields.field("eventName"))
        found = []
        for source, names in by_source.items():
            named = call("IN", action, *names) if len(names) > 1 else equal(action, names[0])
            # Only one source is left after the first WHERE: then the name will do.
            said = self._one_source and not everywhere
            found.append(named if said else both(equal(provider, Value(source)), named))
        return either(*found)

    def _fits(self, patterns: Iterable[Pattern], *, lenient: bool = False) -> Expression:
        """Whether the row fits one of the patterns: true or false, never null. `lenient`: also if it cannot be read."""
        alike: dict[tuple[object, ...], list[Pattern]] = {}
        for pattern in patterns:
            alike.setdefault((pattern.may_fail, pattern.where), []).append(pattern)
        found = []
        for some in alike.values():
            tests = [self._is_one_of(pattern.action for pattern in some)]
            if not some[0].may_fail:
                tests.append(Field("succeeded"))
            where = [self._condition(condition, lenient) for condition in some[0].where]
            if where:
                tests.append(call("COALESCE", both(*where), _FALSE))
            found.append(both(*tests))
        return either(*found)

    def _condition(self, condition: Condition, lenient: bool) -> Expression:
        top = may_be_omitted(condition.path)
        if lenient and top is not None:
            held = Field(self.fields.below[top])
            omitted = equal(call("FIELD_EXTRACT", held, Value("omitted")), Value("true"))
            held_back = (call("IS NULL", held), call("COALESCE", omitted, _FALSE))
            return either(*held_back, self._condition(condition, False))
        value = self.value(condition.path)
        if isinstance(condition, Denied) or condition.operator not in _ASKED_OF_TEXT:
            raise Refused(f"ES|QL cannot ask this of a flattened field: {condition.path}")
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
            return call("TO_STRING", Field(whole)) if path in _DATES else Field(whole)
        head, _, rest = path.partition(".")
        return call("FIELD_EXTRACT", Field(self.fields.below[head]), Value(rest))


def _grouped(edge: Edge) -> tuple[str, ...]:
    account = ("account",) if edge.same_account else ()
    return (*account, "actor") if edge.actor in ("same", "same-role") else account


def _tidy(value: Expression, fold: bool) -> Expression:
    """The value of a key: null where it is none, or several; in lower case where `fold` says so."""
    several = Operation(">", (call("MV_COUNT", value), Value(1)))
    none = either(several, call("IN", value, Value(""), Value(HIDDEN)))
    if not fold:
        return call("CASE", none, _NULL, value)
    # TO_LOWER knows more letters than ASCII's: a name that holds others stays as it is.
    plain = Operation("RLIKE", (value, Value("[ -~]*")))
    return call("CASE", none, _NULL, plain, call("TO_LOWER", value), value)


def _tool(agent: Expression) -> Expression:
    choices: list[Expression] = []
    for marks, tool in tool_patterns():
        choices += [Operation("RLIKE", (agent, Value(f".*({marks}).*"))), Value(tool)]
    word = call("REPLACE", agent, Value("^[^a-z]+"), Value(""))
    word = call("REPLACE", word, Value(f"(?s)[^{TOOL_LETTERS}].*$"), Value(""))
    return call("CASE", *choices, equal(word, Value("")), _NULL, word)


def _spelt(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
