"""A query as one pass of SPL: no join, no subsearch. Each step marks events that have a partner nearby.

For every edge the events are sorted by what must be equal and by time, once forwards and once backwards;
the nearest partner on each side decides. An event that lacks a key falls into no group and stays unmarked.
"""

from collections.abc import Iterable, Iterator, Sequence

from ....events import MAX_TOOL_TEXT, TOOL_LETTERS
from ...errors import ExportError
from ...field_maps import FieldMap
from ...query import Condition, Denied, Edge, Key, KeyPair, Node, Pattern, Query, Spoiler, Test
from ...sql.names import Names, snake_case
from ...tool_marks import tool_patterns
from ..expressions import NULL, Call, Expression, Field, Operation, Value, both, call, either, equal
from .spl import Command, Dedup, Eval, Nearest, Where

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
EXPLAINED = "cascade"


def reading(query: Query, fields: FieldMap) -> Iterator[Command]:
    """The commands that give each event its id, account and actor, and drop copies."""
    event_id = Field(fields.field("eventID"))
    yield Eval((("event_id", call("coalesce", _filled(event_id), call("md5", Field("_raw")))),))
    yield Dedup("event_id")
    principal = _filled(Field(fields.field("userIdentity.principalId")))
    access_key = _filled(Field(fields.field("userIdentity.accessKeyId")))
    error = Field(fields.field("errorCode"))
    lasting = either(*(equal(Field("identity_type"), Value(kind)) for kind in ("IAMUser", "Root")))
    session = call(
        "if",
        call("isnull", Field("access_key")),
        NULL,
        Operation(".", (Field("principal"), Value("|"), Field("access_key"))),
    )
    yield Eval(
        (
            (
                "account",
                call(
                    "coalesce",
                    _filled(Field(fields.field("recipientAccountId"))),
                    _filled(Field(fields.field("userIdentity.accountId"))),
                ),
            ),
            ("principal", principal),
            ("access_key", access_key),
            (
                "identity_type",
                call("coalesce", Field(fields.field("userIdentity.type")), Value("")),
            ),
            (
                "actor",
                call(
                    "case",
                    either(
                        call("isnull", Field("principal")),
                        equal(Field("principal"), Value("Anonymous")),
                    ),
                    NULL,
                    lasting,
                    Field("principal"),
                    Call("true"),
                    session,
                ),
            ),
            (
                "action",
                Operation(
                    ".",
                    (
                        Field(fields.field("eventSource")),
                        Value(":"),
                        Field(fields.field("eventName")),
                    ),
                ),
            ),
            (
                "succeeded",
                call(
                    "if",
                    either(
                        call("isnull", error),
                        equal(error, Value("")),
                        equal(error, Value("success")),
                    ),
                    Value(1),
                    Value(0),
                ),
            ),
        )
    )
    if not some_may_fail(query):
        yield Where(equal(Field("succeeded"), Value(1)))


def some_may_fail(query: Query) -> bool:
    """Whether a failed call may count as anything: else all of them are left out at once."""
    queries = (query, *query.rivals)
    return any(pattern.may_fail for each in queries for pattern in each.patterns())


def is_action(action: str) -> Expression:
    """Whether the event is of this action."""
    pattern = Pattern(action)
    return equal(Field("action"), Value(f"{pattern.event_source}:{pattern.event_name}"))


def is_one_of(actions: Sequence[str]) -> Expression:
    """Whether the event is of one of these actions."""
    if len(actions) == 1:
        return is_action(actions[0])
    patterns = map(Pattern, actions)
    values = [Value(f"{each.event_source}:{each.event_name}") for each in patterns]
    return call("in", Field("action"), *values)


def marking(query: Query, fields: FieldMap) -> list[Command]:
    """The commands after which `cascade` names what explains an event; it is missing where nothing does."""
    building = _Marking(fields, some_may_fail(query))
    building.read_keys((query, *query.rivals))
    marks: list[tuple[str, str]] = []
    for each in (query, *query.rivals):
        marks += building.query(each)
    named = [
        part for mark, cascade in marks for part in (equal(Field(mark), Value(1)), Value(cascade))
    ]
    return [*building.commands, Eval(((EXPLAINED, Call("case", tuple(named))),))]


class _Marking:
    """Collects the commands, and gives each mark a name of its own."""

    def __init__(self, fields: FieldMap, some_may_fail: bool) -> None:
        self.fields = fields
        self.some_may_fail = some_may_fail
        self.commands: list[Command] = []
        self._keys: dict[Key, str] = {}
        self._names = Names(reserved=_FIELDS)

    def read_keys(self, queries: Iterable[Query]) -> None:
        """Give each event the keys that some edge or spoiler compares, once and by name."""
        for query in queries:
            pairs = [pair for node in query.nodes for pair in node.edge.join]
            pairs += [pair for spoiler in query.spoilers for pair in spoiler.join]
            for key in (key for pair in pairs for key in (pair.own, pair.parent)):
                if key not in self._keys:
                    self._keys[key] = self._names.unique(key.name)
        if self._keys:
            read = [(name, _key(key, self.fields)) for key, name in self._keys.items()]
            self.commands.append(Eval(tuple(read)))
            # lower() knows more letters than ASCII's: a name that holds others stays as it is.
            folded = [(name, _folded(Field(name))) for key, name in self._keys.items() if key.fold]
            if folded:
                self.commands.append(Eval(tuple(folded)))

    def query(self, query: Query) -> Iterable[tuple[str, str]]:
        """Mark what `query` explains; returns the marks of its subjects and its cascade's id."""
        root = self._mark(query.root.event_name, self._fits([query.root]))
        for spoiler in query.spoilers:
            root = self._spoiled(root, query.root, spoiler)
        marks: dict[str | None, str] = {None: root}
        found = []
        for nodes in query.groups():
            first = nodes[0]
            parent_pattern = query.node(first.parent).pattern if first.parent else query.root
            mark = self._hung(nodes, marks[first.parent], parent_pattern)
            marks.update((node.name, mark) for node in nodes)
            if first in query.subjects:
                found.append((mark, query.cascade))
        return found

    def _hung(self, nodes: Sequence[Node], parent: str, parent_pattern: Pattern) -> str:
        edge = nodes[0].edge
        label = nodes[0].pattern.event_name
        if len(nodes) > 1:
            label = f"EffectOf{parent_pattern.event_name}"
        own = self._mark(label, self._fits([node.pattern for node in nodes]))
        same = any(node.pattern.action == parent_pattern.action for node in nodes)
        hit = self._near(own, parent, _grouped(edge), edge.join, edge.after, edge.before, same)
        return self._mark(f"{label}Explained", both(equal(Field(own), Value(1)), hit))

    def _spoiled(self, root: str, pattern: Pattern, spoiler: Spoiler) -> str:
        other = self._mark(spoiler.pattern.event_name, self._fits([spoiler.pattern]))
        grouped = ("account",) if spoiler.same_account else ()
        same = spoiler.pattern.action == pattern.action
        # Seen from the root: the pair's own side is the spoiler's.
        join = tuple(KeyPair(pair.parent, pair.own) for pair in spoiler.join)
        hit = self._near(root, other, grouped, join, spoiler.before, spoiler.after, same)
        kept = both(equal(Field(root), Value(1)), call("NOT", hit))
        return self._mark(f"{pattern.event_name}Kept", kept)

    def _near(
        self,
        own: str,
        other: str,
        grouped: Sequence[str],
        join: Sequence[KeyPair],
        back: int,
        ahead: int,
        same_action: bool,
    ) -> Expression:
        """Whether an event marked `other` lies from `back` seconds before one marked `own` to `ahead` after it."""
        if same_action and any(pair.own != pair.parent for pair in join):
            raise ExportError("SPL cannot join events of one action on two different fields")
        moment, before, after = (
            self._names.unique(f"{which}_{other.removeprefix('is_')}")
            for which in ("time_of", "last", "next")
        )
        keys: list[str] = []
        settled: list[tuple[str, Expression]] = []
        for pair in join:
            mine, theirs = self._keys[pair.own], self._keys[pair.parent]
            if mine == theirs:
                keys.append(mine)
                continue
            keys.append(self._names.unique(f"{mine}_or_{theirs}"))
            value = call("if", equal(Field(own), Value(1)), Field(mine), Field(theirs))
            settled.append((keys[-1], value))
        if not keys and not grouped:
            keys.append(self._names.unique("everything"))
            settled.append((keys[-1], Value("")))
        settled.append((moment, call("if", equal(Field(other), Value(1)), Field("_time"), NULL)))
        by = (*grouped, *keys)
        self.commands += [
            Eval(tuple(settled)),
            Nearest(moment, before, by, backwards=False, own=not same_action),
            Nearest(moment, after, by, backwards=True, own=not same_action),
        ]
        behind = Operation("<=", (Operation("-", (Field("_time"), Field(before))), Value(back)))
        in_front = Operation("<=", (Operation("-", (Field(after), Field("_time"))), Value(ahead)))
        return either(
            both(call("isnotnull", Field(before)), behind),
            both(call("isnotnull", Field(after)), in_front),
        )

    def _mark(self, label: str, condition: Expression) -> str:
        name = self._names.unique(f"is_{snake_case(label)}")
        self.commands.append(Eval(((name, call("if", condition, Value(1), Value(0))),)))
        return name

    def _fits(self, patterns: Sequence[Pattern]) -> Expression:
        """Whether the event fits one of the patterns."""
        plain = [pattern for pattern in patterns if not pattern.where]
        found = []
        for may_fail in (False, True):
            actions = [pattern.action for pattern in plain if pattern.may_fail is may_fail]
            if actions:
                found.append(self._succeeded(is_one_of(actions), may_fail))
        for pattern in patterns:
            if pattern.where:
                tests = [_condition(condition, self.fields) for condition in pattern.where]
                found.append(
                    self._succeeded(both(is_action(pattern.action), *tests), pattern.may_fail)
                )
        return either(*found)

    def _succeeded(self, fits: Expression, may_fail: bool) -> Expression:
        if may_fail or not self.some_may_fail:
            return fits
        return both(fits, equal(Field("succeeded"), Value(1)))


_FIELDS = (
    "event_id",
    "account",
    "principal",
    "access_key",
    "identity_type",
    "actor",
    "action",
    "succeeded",
    "cascade",
)


def _grouped(edge: Edge) -> tuple[str, ...]:
    account = ("account",) if edge.same_account else ()
    # Two sessions of one role stay two actors: a declared loss, which fails open.
    return (*account, "actor") if edge.actor in ("same", "same-role") else account


def _key(key: Key, fields: FieldMap) -> Expression:
    found = [_shown(Field(fields.field(path))) for path in key.paths]
    value = found[0] if len(found) == 1 else call("coalesce", *found)
    if key.tool:
        return _tool_family(value)
    return _arn_name(value) if key.arn_name else value


def _tool_family(value: Expression) -> Expression:
    agent = _folded(call("substr", value, Value(1), Value(MAX_TOOL_TEXT)))
    word = call("replace", agent, Value("^[^a-z]+"), Value(""))
    word = call("replace", word, Value(f"[^{TOOL_LETTERS}]([^a]|a)*$"), Value(""))
    choices: list[Expression] = []
    for marks, tool in tool_patterns():
        choices += [call("match", agent, Value(marks)), Value(tool)]
    return _filled(call("case", *choices, Call("true"), word))


def _folded(value: Expression) -> Expression:
    plain = call("match", value, Value("^[ -~]*$"))
    return call("if", plain, call("lower", value), value)


def _arn_name(value: Expression) -> Expression:
    resource = call("replace", value, Value("^arn:(?:[^:]*:){4}"), Value(""))
    last = call(
        "if",
        call("match", resource, Value("/")),
        call("replace", resource, Value("^.*/"), Value("")),
        call("replace", resource, Value("^.*:"), Value("")),
    )
    return _filled(call("if", call("match", value, Value("^arn:(?:[^:]*:){4}")), last, value))


def _filled(value: Expression) -> Expression:
    return call("nullif", value, Value(""))


def _shown(value: Expression) -> Expression:
    return call("nullif", _filled(value), Value(HIDDEN))


def _condition(condition: Condition, fields: FieldMap) -> Expression:
    if isinstance(condition, Denied):
        inner = both(*(_condition(test, fields) for test in condition.tests))
        return both(_exists(condition.path), call("NOT", call("coalesce", inner, Call("false"))))
    name = Field(fields.field(condition.path))
    match condition.operator:
        case "exists":
            return _exists(condition.path)
        case "absent":
            return call("NOT", _exists(condition.path))
        case "equals" | "in":
            return either(*(equal(name, Value(_spelt(value))) for value in condition.values))
        case "startswith":
            head = _text(condition)
            return equal(call("substr", name, Value(1), Value(len(head))), Value(head))
        case "endswith":
            tail = _text(condition)
            return equal(call("substr", name, Value(-len(tail))), Value(tail))
        case _:
            raise ExportError(f"SPL cannot say {condition.operator!r} of {condition.path}")


def _exists(path: str) -> Expression:
    """An object or a list is no field of its own, so the record itself is asked."""
    held = call("coalesce", call("json_extract", Field("_raw"), Value(path)), Value(""))
    return call("NOT", call("in", held, *(Value(empty) for empty in ("", "[]", "{}", "null"))))


def _text(test: Test) -> str:
    return str(test.values[0])


def _spelt(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
