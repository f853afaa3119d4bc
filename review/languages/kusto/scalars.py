"""Scalar expressions of a query, as expressions over the table's columns."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ...errors import NotJudged
from ...expression import Call, Field, Literal, Value, compiled, negated
from ...rule import EXPLAINED
from ..re2 import pattern
from .literals import json_value, number, unquoted
from .table import below, columns
from .terms import Function, Later, Scalar, Scope, hidden
from .values import FUNCTIONS

if TYPE_CHECKING:
    pass

MOST: Final = 20_000
"""Parts of an expression, and of what is read to make it."""
DEEPEST: Final = 120
"""Levels of an expression."""

_ALIASES: Final = {
    "array_strcat": "strcat_array", "array_index": "indexof", "iif": "iff", "notempty": "isnotempty",
    "notnull": "isnotnull", "pack": "bag_pack", "pack_dictionary": "bag_pack", "parsejson": "parse_json",
    "todynamic": "parse_json", "toobject": "parse_json", "tolong": "toint", "todouble": "toreal",
    "todecimal": "toreal", "toboolean": "tobool", "arraylength": "array_length",
    "ipv4_is_in_any_range": "ipv4_is_in_range", "base64_decodestring": "base64_decode_tostring",
}  # fmt: skip
_TYPES: Final = {
    "bool": ["explained", "isempty", "isnull", "ipv4_is_private", "ipv4_is_in_range", "tobool",
             "set_has_element", "bag_has_key"],
    "number": ["strlen", "indexof", "array_length", "toint", "toreal"],
    "dynamic": ["parse_json", "split", "pack_array", "bag_pack", "bag_keys", "array_concat"],
}  # fmt: skip
_RESULT: Final = {name: kind for kind, names in _TYPES.items() for name in names}
_MOMENTS: Final = frozenset(("ago", "now", "todatetime", "bin", "bin_at", "datetime_add", "ingestion_time",
    "startofday", "startofweek", "startofmonth", "endofday", "endofweek", "endofmonth", "make_datetime"))  # fmt: skip
_SPANS: Final = frozenset(("totimespan", "timespan", "datetime_diff"))


@dataclass(slots=True)
class Scalars:
    """Reads scalar expressions. `tables` tells the branches of a node that is a table, None of one that is none;
    `member_of` what it is to be among the rows of a table; `line` is where the query begins in its file."""

    line: int
    is_table: Callable[[Any, Scope], bool]
    member_of: Callable[[Scalar, Any, Scope], Scalar]
    steps: int = 0

    def read(self, node: Any, scope: Scope) -> Scalar:
        """The value of an expression's tree.

        Raises:
            NotJudged: it is too large, or breaks the language.
        """
        self.steps += 1
        if self.steps > MOST:
            raise NotJudged(f"the query says more than {MOST} things")
        found: Scalar = getattr(self, f"_{node.data}", self._unread)(node, scope)
        if found.size > MOST or found.depth > DEEPEST:
            raise NotJudged(
                f"an expression of the query has more than {MOST} parts or {DEEPEST} levels"
            )
        return found

    def _unread(self, node: Any, scope: Scope) -> Scalar:
        return hidden("unknown", f"{node.data.replace('_', ' ')} is not executed")

    def _at(self, node: Any) -> int:
        line = getattr(node.meta, "line", 0)
        return self.line + line - 1 if line else 0

    # Literals

    def _string(self, node: Any, scope: Scope) -> Scalar:
        value = "".join(unquoted(str(each)) for each in node.children)
        return Scalar(Literal(value, self._at(node)), "string")

    def _number(self, node: Any, scope: Scope) -> Scalar:
        return Scalar(Literal(number(str(node.children[0])), self._at(node)), "number")

    def _timespan(self, node: Any, scope: Scope) -> Scalar:
        return Scalar(Literal(str(node.children[0]), self._at(node)), "timespan", when=True)

    def _moment(self, node: Any, scope: Scope) -> Scalar:
        kind = "timespan" if str(node.children[0]).startswith("time") else "datetime"
        return Scalar(Literal(None, self._at(node)), kind, when=True)

    def _dynamic(self, node: Any, scope: Scope) -> Scalar:
        return Scalar(Literal(json_value(node.children[-1]), self._at(node)), "dynamic")

    # Names

    def _name(self, node: Any, scope: Scope) -> Scalar:
        return self.named(str(node.children[0]), node, scope)

    def _quoted(self, node: Any, scope: Scope) -> Scalar:
        return self.named(unquoted(str(node.children[0])), node, scope)

    def named(self, name: str, node: Any, scope: Scope) -> Scalar:
        """What a name means."""
        if scope.columns is not None and name in scope.columns:
            found = scope.columns[name]
            if isinstance(found.expression, Field):
                return replace(found, expression=Field(found.expression.name, self._at(node)))
            return found
        bound = scope.lets.get(name)
        if isinstance(bound, Scalar):
            return bound
        if isinstance(bound, Later):
            return self.read(bound.node, bound.scope)
        if name in ("true", "True", "false", "False"):
            return Scalar(Literal(name.lower() == "true", self._at(node)), "bool")
        if name.startswith("$"):
            raise NotJudged(f"{name} stands outside of a join's keys")
        if scope.others is not None:
            return scope.others
        raise NotJudged(f"there is no column {name!r}")

    def _member(self, node: Any, scope: Scope) -> Scalar:
        return self._below(node, str(node.children[1]), scope)

    def _index(self, node: Any, scope: Scope) -> Scalar:
        key = self.read(node.children[1], scope)
        if key.hidden:
            return key
        if key.constant and isinstance(key.expression, Literal):
            return self._below(node, key.expression.value, scope)
        return self.call("member", [self.read(node.children[0], scope), key], node)

    def _below(self, node: Any, key: Value, scope: Scope) -> Scalar:
        whole = self.read(node.children[0], scope)
        if whole.hidden:
            return whole
        if whole.type == "string":
            # "Path expression source must be of type dynamic": such a query is refused.
            raise NotJudged(f"it asks for {key!r} of a text that is not parsed")
        inner = whole.expression
        if isinstance(inner, Field) and isinstance(key, str | int) and "element " not in inner.name:
            return Scalar(Field(below(inner.name, key), self._at(node)), "dynamic")
        return self.call("member", [whole, Scalar(Literal(key, self._at(node)))], node)

    # Operators

    def _either(self, node: Any, scope: Scope) -> Scalar:
        return self.joined("or", [self.read(each, scope) for each in node.children], node)

    def _both(self, node: Any, scope: Scope) -> Scalar:
        return self.joined("and", [self.read(each, scope) for each in node.children], node)

    def joined(self, name: str, parts: Sequence[Scalar], node: Any) -> Scalar:
        """`and` or `or`. A time that the run's clock decides holds: it is left out of the one, and makes the other."""
        for part in parts:
            if part.hidden and part.hidden[0] == "unknown":
                return part
        for part in parts:
            if part.hidden:
                return part
        plain = [part for part in parts if not part.when]
        if not plain or (name == "or" and len(plain) < len(parts)):
            return Scalar(Literal(True), "bool", when=True)
        if len(plain) == 1:
            return plain[0]
        call = Call(name, tuple(part.expression for part in plain), self._at(node))
        return Scalar(call, "bool", size=_size(plain), depth=_depth(plain))

    def _compare(self, node: Any, scope: Scope) -> Scalar:
        left, sign, right = node.children
        operator = " ".join(str(sign).split())
        return self.compared(operator, self.read(left, scope), self.read(right, scope), node)

    def compared(self, operator: str, left: Scalar, right: Scalar, node: Any) -> Scalar:
        """The comparison of two values."""
        if operator in ("!=", "<>", "!~") or operator.startswith("!"):
            plain = {"!=": "==", "<>": "==", "!~": "=~"}.get(operator, operator.lstrip("!"))
            return self.denied(self.compared(plain, left, right, node))
        for side in (left, right):
            if side.hidden:
                return side
        if "datetime" in (left.type, right.type) or "timespan" in (left.type, right.type):
            return _clock(left, right)
        kinds = {left.type, right.type}
        if operator in ("==", "<", ">", "<=", ">=") and kinds in _UNLIKE:
            raise NotJudged(f"it compares a {left.type} with a {right.type}")
        if operator == "matches regex":
            self._pattern(right)
        return self.call(operator, [left, right], node)

    def _pattern(self, written: Scalar) -> None:
        if not (
            isinstance(written.expression, Literal) and isinstance(written.expression.value, str)
        ):
            raise NotJudged("a regular expression that is computed is not executed")
        pattern(written.expression.value)

    def denied(self, part: Scalar) -> Scalar:
        """`not`. What the run's clock decides holds either way."""
        if part.hidden or part.when:
            return part
        return Scalar(negated(part.expression), "bool", size=part.size + 1, depth=part.depth + 1)

    def _among(self, node: Any, scope: Scope) -> Scalar:
        left, sign, others = node.children
        return self._one_of(left, str(sign), list(others.children) if others else [], node, scope)

    def _among_name(self, node: Any, scope: Scope) -> Scalar:
        left, sign, other = node.children
        return self._one_of(left, str(sign), [other], node, scope)

    def _one_of(self, left: Any, sign: str, others: list[Any], node: Any, scope: Scope) -> Scalar:
        value = self.read(left, scope)
        if len(others) == 1 and self.is_table(others[0], scope):
            found = self.member_of(value, others[0], scope)
        else:
            operator = sign.lstrip("!")
            read = [value, *(self.read(each, scope) for each in others)]
            found = next((each for each in read if each.hidden), None) or (
                _clock(*read)
                if any(each.when for each in read)
                else self.call(operator, [value, *_merged(read[1:])], node)
            )
        return self.denied(found) if sign.startswith("!") else found

    def _between(self, node: Any, scope: Scope) -> Scalar:
        value, sign, first, last = node.children
        read = [self.read(each, scope) for each in (value, first, last)]
        sides = [
            self.compared(">=", read[0], read[1], node),
            self.compared("<=", read[0], read[2], node),
        ]
        found = self.joined("and", sides, node)
        return self.denied(found) if str(sign).startswith("!") else found

    def _compute(self, node: Any, scope: Scope) -> Scalar:
        left, sign, right = node.children
        parts = [self.read(left, scope), self.read(right, scope)]
        if any(part.type in ("datetime", "timespan") or part.when for part in parts):
            kinds = [part.type for part in parts]
            kind = "timespan" if kinds.count("datetime") != 1 else "datetime"
            return replace(
                next(part for part in parts if part.type in ("datetime", "timespan")), type=kind
            )
        return self.call(str(sign), parts, node)

    def _minus(self, node: Any, scope: Scope) -> Scalar:
        part = self.read(node.children[1], scope)
        return self.call("-", [Scalar(Literal(0), "number"), part], node)

    # Functions

    def _call(self, node: Any, scope: Scope) -> Scalar:
        written = str(node.children[0])
        nodes = list(node.children[1].children) if node.children[1] else []
        bound = scope.lets.get(written)
        if isinstance(bound, Function):
            return self._inlined(written, bound, nodes, scope)
        name = _ALIASES.get(written, written)
        if name == "toscalar":
            return hidden("counts", "it asks another query by toscalar")
        if name in ("column_ifexists", "columnifexists") and len(nodes) == 2:
            wanted = self.read(nodes[0], scope).expression
            known = isinstance(wanted, Literal) and wanted.value in (scope.columns or {})
            return (
                self.named(str(getattr(wanted, "value", "")), node, scope)
                if known
                else self.read(nodes[1], scope)
            )
        if any(each.data in ("named_argument", "star") for each in nodes):
            return hidden("unknown", f"the function {written} is not executed")
        parts = [self.read(each, scope) for each in nodes]
        return self.applied(written, name, parts, node)

    def applied(self, written: str, name: str, parts: list[Scalar], node: Any) -> Scalar:
        """A function of the language, of values."""
        if name == "not" and len(parts) == 1:
            return self.denied(parts[0])
        if name in ("isnotempty", "isnotnull") and len(parts) == 1:
            return self.denied(self.applied(written, name.replace("not", ""), parts, node))
        if secret := next((each for each in parts if each.hidden), None):
            return secret
        if name in _MOMENTS or name in _SPANS:
            kind = "timespan" if name in _SPANS else "datetime"
            inner = next((each for each in parts if each.type == "datetime"), None)
            if name in ("bin", "bin_at") and inner is None:
                return hidden("unknown", f"the function {written} is not executed")
            return inner or Scalar(Literal(None), kind, when=True)
        if name in ("has_any_index", "dynamic_to_json") or name not in FUNCTIONS:
            return hidden("unknown", f"the function {written} is not executed")
        if not re.fullmatch(r"[a-z0-9_]+", name) or name in ("in", "member", "explained"):
            return hidden("unknown", f"the function {written} is not executed")
        if any(each.when or each.type in ("datetime", "timespan") for each in parts):
            if name in ("isempty", "isnull"):
                return Scalar(Literal(False), "bool")
            return hidden("unknown", f"the function {written} of a time is not executed")
        if name == "parse_json" and parts and parts[0].type != "string":
            return parts[0]
        if name == "tostring" and parts and parts[0].type == "string":
            return parts[0]
        if name == "parse_json" and parts and isinstance(parts[0].expression, Field):
            inner_field = parts[0].expression
            column = columns().get(inner_field.name)
            if column is not None and column.json:
                return Scalar(Field(inner_field.name, self._at(node)), "dynamic")
        if name == "extract" and parts:
            self._pattern(parts[0])
        try:
            return self.call(name, parts, node)
        except TypeError:
            raise NotJudged(f"the function {written} takes no {len(parts)} arguments") from None

    def call(self, name: str, parts: Sequence[Scalar], node: Any) -> Scalar:
        """The call of a function of `FUNCTIONS`; of constants, what it yields."""
        for part in parts:
            if part.hidden:
                return part
        kind = _RESULT.get(name, "string")
        if name in ("iff", "case", "coalesce", "member"):
            kinds = {part.type for part in (parts[1::2] if name == "case" else parts[1:])}
            kind = kinds.pop() if len(kinds) == 1 and name != "member" else "dynamic"
        elif name in ("+", "-", "*", "/", "%"):
            kind = "number"
        elif not name[0].isalpha() or name in _TESTS:
            kind = "bool"
        call = Call(name, tuple(part.expression for part in parts), self._at(node))
        if all(part.constant for part in parts):
            value = compiled(call, (), FUNCTIONS)(())
            if len(json.dumps(value)) > MOST:
                raise NotJudged("a constant of the query is too long")
            return Scalar(Literal(value, self._at(node)), kind)
        return Scalar(call, kind, size=_size(parts), depth=_depth(parts))

    def _inlined(self, name: str, bound: Function, nodes: list[Any], scope: Scope) -> Scalar:
        if len(nodes) != len(bound.parameters):
            raise NotJudged(f"the function {name} takes {len(bound.parameters)} arguments")
        given = {
            key: self.read(each, scope) for key, each in zip(bound.parameters, nodes, strict=True)
        }
        lets: dict[str, Any] = {**bound.scope.lets, **given}
        for each in bound.body.children[:-1]:
            if each.data != "let":
                raise NotJudged(f"the function {name} says more than one thing")
            lets[str(each.children[0])] = Later(each.children[1], Scope(dict(lets)))
        if not bound.body.children:
            raise NotJudged(f"the function {name} says nothing")
        return self.read(bound.body.children[-1], Scope(lets, None))


_TESTS: Final = frozenset(
    ["has_any", "has_all", "in", "in~", "matches regex", "explained"]
    + [
        f"{name}{suffix}"
        for name in ("contains", "startswith", "endswith", "has", "hasprefix", "hassuffix")
        for suffix in ("", "_cs")
    ]
)
_UNLIKE: Final = ({"bool", "string"}, {"number", "string"}, {"bool", "number"})


def _size(parts: Sequence[Scalar]) -> int:
    return 1 + sum(part.size for part in parts)


def _depth(parts: Sequence[Scalar]) -> int:
    return 1 + max((part.depth for part in parts), default=0)


def _clock(*sides: Scalar) -> Scalar:
    """A comparison of times. Those of the record itself but TimeGenerated are no window of the run."""
    for side in sides:
        if isinstance(side.expression, Field) and side.expression.name != "TimeGenerated":
            return hidden("unknown", f"it compares the time {side.expression.name}")
    return Scalar(Literal(True), "bool", when=True)


def _merged(parts: Sequence[Scalar]) -> list[Scalar]:
    """Constants side by side as one list, for speed."""
    if not all(part.constant for part in parts):
        return list(parts)
    values: list[Value] = []
    line = 0
    for part in parts:
        if isinstance(part.expression, Literal):
            value = part.expression.value
            values += value if isinstance(value, list) else [value]
            line = line or part.expression.line
    return [Scalar(Literal(values, line), "dynamic")]


def explained(line: int) -> Scalar:
    """Whether the table of explained events holds the record's id."""
    return Scalar(Call("explained", (Field(EXPLAINED, line),), line), "bool")
