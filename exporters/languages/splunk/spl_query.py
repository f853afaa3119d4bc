"""A query as one pass of SPL: no join, no subsearch. Each step marks events that have a partner nearby.

For every edge the events are sorted by what must be equal and by time, once forwards and once backwards;
the nearest partner on each side decides. An event that lacks a key falls into no group and stays unmarked.
"""

from collections.abc import Iterable, Sequence

from ...errors import ExportError
from ...field_maps import FieldMap
from ...query import (
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
    may_be_omitted,
)
from ...sql.names import Names, snake_case
from ..expressions import NULL, Call, Expression, Field, Operation, Value, both, call, either, equal
from .spl import Command, Eval, Nearest
from .spl_keys import TOOL, folded, key, tool_macro
from .spl_reading import READ

EXPLAINED = "cascade"


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
    """The commands after which `cascade` names what explains an event; it is missing where nothing does, or where
    something explains it more strictly."""
    building = _Marking(fields)
    building.read_keys((query, *query.rivals, *query.vetoes))
    marks = [found for each in (query, *query.rivals) for found in building.query(each)]
    vetoed = [mark for each in query.vetoes for mark, _ in building.query(each)]
    named: list[Expression] = []
    if vetoed:
        named += [either(*(equal(Field(mark), Value(1)) for mark in vetoed)), NULL]
    for mark, cascade in marks:
        named += [equal(Field(mark), Value(1)), Value(cascade)]
    return [*building.commands, Eval(((EXPLAINED, Call("case", tuple(named))),))]


class _Marking:
    """Collects the commands, and gives each mark a name of its own."""

    def __init__(self, fields: FieldMap) -> None:
        self.fields = fields
        self.commands: list[Command] = []
        self._keys: dict[Key, str] = {}
        self._names = Names(reserved=(*READ, EXPLAINED))

    def read_keys(self, queries: Iterable[Query]) -> None:
        """Give each event the keys that some edge or spoiler compares, once and by name."""
        for query in queries:
            pairs = [pair for node in query.nodes for pair in node.edge.join]
            pairs += [pair for spoiler in query.spoilers for pair in spoiler.join]
            keys = [side for pair in pairs for side in (pair.own, pair.parent)]
            for each in (*keys, *query.root_keys):
                if each not in self._keys:
                    self._keys[each] = TOOL if each.tool else self._names.unique(each.name)
        read = [(name, key(of, self.fields)) for of, name in self._keys.items() if not of.tool]
        if read:
            self.commands.append(Eval(tuple(read)))
        small = [(name, folded(Field(name))) for of, name in self._keys.items() if of.fold]
        if small:
            self.commands.append(Eval(tuple(small)))
        tools = [each for each in self._keys if each.tool]
        self.commands += [tool_macro(each, self.fields) for each in tools]

    def query(self, query: Query) -> Iterable[tuple[str, str]]:
        """Mark what `query` explains; returns the marks of its subjects and its cascade's id."""
        there: list[Expression] = [
            call("isnotnull", Field(self._keys[each])) for each in query.root_keys
        ]
        if query.root_account:
            there.append(call("isnotnull", Field("account")))
        # Nothing is silenced through an event of which copies differ; a stricter cascade may explain either.
        there += [_ALONE] if query.purpose == "alert" else []
        root = self._mark(query.root.event_name, both(self._fits([query.root]), *there))
        for spoiler in query.spoilers:
            root = self._spoiled(root, query.root, spoiler)
        marks: dict[str | None, str] = {None: root}
        found = [(root, query.cascade)] if query.root_is_subject else []
        for nodes in query.groups():
            first = nodes[0]
            parent_pattern = query.node(first.parent).pattern if first.parent else query.root
            mark = self._hung(query, nodes, marks[first.parent], parent_pattern)
            marks.update((node.name, mark) for node in nodes)
            if first in query.subjects:
                found.append((mark, query.cascade))
        return found

    def _hung(
        self, query: Query, nodes: Sequence[Node], parent: str, parent_pattern: Pattern
    ) -> str:
        edge = nodes[0].edge
        label = nodes[0].pattern.event_name
        if len(nodes) > 1:
            label = f"EffectOf{parent_pattern.event_name}"
        fits = self._fits([node.pattern for node in nodes])
        own = self._mark(label, both(fits, _ALONE) if query.purpose == "alert" else fits)
        same = any(node.pattern.action == parent_pattern.action for node in nodes)
        hit = self._near(own, parent, _grouped(edge), edge.join, edge.after, edge.before, same)
        return self._mark(f"{label}Explained", both(equal(Field(own), Value(1)), hit))

    def _spoiled(self, root: str, pattern: Pattern, spoiler: Spoiler) -> str:
        label = spoiler.pattern.event_name
        other = self._mark(label, self._fits([spoiler.pattern], lenient=True))
        grouped = ("account",) if spoiler.same_account else ()
        same = spoiler.pattern.action == pattern.action
        # Seen from the root: the pair's own side is the spoiler's.
        join = tuple(KeyPair(pair.parent, pair.own) for pair in spoiler.join)
        hits = [self._near(root, other, grouped, join, spoiler.before, spoiler.after, same)]
        lacking = [call("isnull", Field(self._keys[pair.own])) for pair in spoiler.join]
        lacking += [call("isnull", Field(name)) for name in grouped]
        if lacking:
            unread = both(equal(Field(other), Value(1)), either(*lacking))
            blind = self._mark(f"Unreadable{label}", unread)
            hits.append(self._near(root, blind, (), (), spoiler.before, spoiler.after, same))
        kept = both(equal(Field(root), Value(1)), *(call("NOT", hit) for hit in hits))
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

    def _fits(self, patterns: Sequence[Pattern], *, lenient: bool = False) -> Expression:
        """Whether the event fits one of the patterns; where it cannot be read, only if `lenient`."""
        plain = [pattern for pattern in patterns if not pattern.where]
        found = []
        for may_fail in (False, True):
            actions = [pattern.action for pattern in plain if pattern.may_fail is may_fail]
            if actions:
                found.append(self._succeeded(is_one_of(actions), may_fail))
        for pattern in patterns:
            if pattern.where:
                tests = [_condition(condition, self.fields) for condition in pattern.where]
                if lenient:
                    tests = [
                        either(_left_out(condition.path), test)
                        for condition, test in zip(pattern.where, tests, strict=True)
                    ]
                found.append(
                    self._succeeded(both(is_action(pattern.action), *tests), pattern.may_fail)
                )
        return either(*found)

    def _succeeded(self, fits: Expression, may_fail: bool) -> Expression:
        return fits if may_fail else both(fits, equal(Field("succeeded"), Value(1)))


_ALONE = equal(Field("copies"), Value(1))


def _grouped(edge: Edge) -> tuple[str, ...]:
    account = ("account",) if edge.same_account else ()
    # Two sessions of one role stay two actors: a declared loss, which fails open.
    return (*account, "actor") if edge.actor in ("same", "same-role") else account


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


def _left_out(path: str) -> Expression:
    """Whether the object that the path leads into is not in the record."""
    top = may_be_omitted(path)
    if top is None:
        return Call("false")
    held = call("coalesce", call("json_extract", Field("_raw"), Value(top)), Value(""))
    omitted = call("json_extract", Field("_raw"), Value(f"{top}.omitted"))
    return either(
        call("NOT", call("match", held, Value("^[{]"))),
        equal(call("coalesce", omitted, Value("")), Value("true")),
    )


def _text(test: Test) -> str:
    return str(test.values[0])


def _spelt(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
