"""What stands behind `search`, and behind `where` and `eval`, read into expressions.

The search command takes OR before AND: https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Search
In eval AND comes first, as elsewhere, and a name with a dot needs single quotation marks, since a dot joins texts:
https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Eval
"""

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, both, either, negated
from .fields import JSON, PLACES, RAW
from .functions import ARITY
from .patterns import regular
from .text import Text, masked, unquoted

if TYPE_CHECKING:
    from lark import Lark

Resolve = Callable[[str, int], Expression]
"""What a field of that name holds where it is read, in that line of the file."""

_SEARCH = r"""
?start: conj
?conj: disj (_AND? disj)*
?disj: neg (_OR neg)*
?neg: _NOT neg -> negation
    | atom
?atom: "(" conj ")"
    | name OP value -> compare
    | name _IN "(" value (","? value)* ")" -> member
    | (WORD | QUOTED) -> term
name: WORD | QUOTED
value: WORD | QUOTED
_AND.3: /AND(?=[\s(]|$)/
_OR.3: /OR(?=[\s(]|$)/
_NOT.3: /NOT(?=[\s(]|$)/
_IN.3: /IN(?=\s*\()/
OP: "!=" | "<=" | ">=" | "==" | "=" | "<" | ">"
WORD: /[^\s()=!<>"|,\[\]`]+/
QUOTED: /"(?:[^"\\]|\\.)*"/s
%ignore /\s+/
"""
_EVAL = r"""
?start: disj
?disj: conj (_OR conj)*
?conj: neg (_AND neg)*
?neg: _NOT neg -> negation
    | rel
?rel: sum
    | sum OP sum -> compare
    | sum _IN "(" disj ("," disj)* ")" -> member
    | sum _LIKE sum -> like
?sum: product
    | sum (PLUS | MINUS | DOT) product -> binary
?product: unary
    | product (STAR | SLASH | PERCENT) unary -> binary
?unary: MINUS unary -> minus
    | atom
?atom: NUMBER -> number
    | STRING -> string
    | QUOTED -> field
    | NAME -> field
    | NAME "(" [disj ("," disj)*] ")" -> call
    | "(" disj ")"
_AND.3: /AND(?=[\s('"]|$)/i
_OR.3: /OR(?=[\s('"]|$)/i
_NOT.3: /NOT(?=[\s('"]|$)/i
_IN.3: /IN(?=\s*\()/
_LIKE.3: /LIKE(?=[\s"])/i
OP: "!=" | "<=" | ">=" | "==" | "=" | "<" | ">"
PLUS: "+"
MINUS: "-"
DOT: "."
STAR: "*"
SLASH: "/"
PERCENT: "%"
NUMBER: /\d+(\.\d+)?/
STRING: /"(?:[^"\\]|\\.)*"/s
QUOTED: /'[^']*'/
NAME: /[A-Za-z_$][A-Za-z0-9_:$]*(\{\}[A-Za-z0-9_]*)*/
%ignore /\s+/
"""
_DEEPEST = 60
_LONGEST = 20_000
_MACRO = re.compile("`([^`]*)`")
_NETWORK = re.compile(r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}")
# They say when a search looks, not at what.
_TIMES = re.compile(
    r"_?(index_)?(earliest|latest)|(start|end)(time|timeu|(seconds|minutes|hours|days)ago)"
)


@cache
def _parser(grammar: str) -> "Lark":
    from lark import Lark

    return Lark(grammar, parser="lalr", propagate_positions=True)


def _tree(text: Text, grammar: str, what: str) -> Any:
    from lark.exceptions import LarkError, UnexpectedInput

    macro = _MACRO.search(text.value)
    if macro:
        raise NotJudged(f"the macro `{macro[1].partition('(')[0]}` is not among the files")
    if "[" in masked(text.value):
        raise NotJudged("a subsearch decides")
    if len(text.value) > _LONGEST:
        raise NotJudged(f"an expression of more than {_LONGEST} letters")
    try:
        tree = _parser(grammar).parse(text.value)
    except UnexpectedInput as wrong:
        at = wrong.pos_in_stream or 0
        near = text.value[max(at, 0) :][:20] if at >= 0 else ""
        raise NotJudged(f"{what} cannot be read{f' at {near!r}' if near else ''}") from None
    except LarkError as wrong:
        raise NotJudged(f"{what} cannot be read: {wrong}") from None
    _hold_flat(tree)
    return tree


def _hold_flat(tree: Any) -> None:
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEEPEST:
            raise NotJudged(f"an expression is nested more than {_DEEPEST} deep")
        waiting.extend((child, depth + 1) for child in getattr(node, "children", ()))


def read_search(
    text: Text, resolve: Resolve, places: set[str], at: int | None = None
) -> Expression:
    """The condition of a search command. `places` gets the names of index, source and host where they are taken
    to hold. `at` is the line of everything where the text is inside of another.

    Raises:
        NotJudged: it says what is not modelled, or cannot be read.
    """
    if not text.value.strip():
        return Literal(True)
    return _Search(text, resolve, places, at).of(_tree(text, _SEARCH, "the search"), True)


def read_eval(text: Text, resolve: Resolve, dotted: set[str]) -> Expression:
    """An expression of eval. `dotted` gets names with a dot that are not quoted, and so are no names.

    Raises:
        NotJudged: it says what is not modelled, or cannot be read.
    """
    return _Eval(text, resolve, dotted).of(_tree(text, _EVAL, "the expression"))


class _Search:
    def __init__(self, text: Text, resolve: Resolve, places: set[str], at: int | None) -> None:
        self._text, self._resolve, self._places, self._at = text, resolve, places, at

    def of(self, tree: Any, positive: bool) -> Expression:
        match tree.data:
            case "conj":
                return both(*(self.of(each, positive) for each in tree.children))
            case "disj":
                return either(*(self.of(each, positive) for each in tree.children))
            case "negation":
                return negated(self.of(tree.children[0], not positive))
            case "compare":
                name, sign, value = tree.children
                return self._compare(name.children[0], str(sign), [value.children[0]], positive)
            case "member":
                name, *values = tree.children
                return self._compare(
                    name.children[0], "=", [each.children[0] for each in values], positive
                )
        return self._term(tree.children[0])

    def _line(self, token: Any) -> int:
        return self._text.line(token.start_pos) if self._at is None else self._at

    def _compare(self, token: Any, sign: str, values: list[Any], positive: bool) -> Expression:
        name, line = unquoted(str(token)), self._line(token)
        if _TIMES.fullmatch(name):
            return Literal(True, line)
        if name in PLACES:
            if sign not in ("=", "==") or not positive:
                raise NotJudged(f"it excludes by `{name}`, which no record says")
            self._places.add(name)
            return Literal(True, line)
        field = self._resolve(name, line)
        return either(*(self._one(field, sign, each, line) for each in values))

    def _one(self, field: Expression, sign: str, token: Any, line: int) -> Expression:
        value = unquoted(str(token))
        literal = Literal(value, self._line(token))
        if sign in ("=", "=="):
            if value == "*":
                return Call("isnotnull", (field,), line)
            if _NETWORK.fullmatch(value):
                return Call("search network", (field, literal), line)
            return Call("search =", (field, literal), line)
        if sign == "!=" and _NETWORK.fullmatch(value):
            inside = Call("search network", (field, literal), line)
            return both(Call("isnotnull", (field,), line), negated(inside))
        return Call(f"search {sign}", (field, literal), line)

    def _term(self, token: Any) -> Expression:
        value, line = unquoted(str(token)), self._line(token)
        if value in ("CASE", "TERM"):
            raise NotJudged(f"{value}() is not modelled")
        if not value.strip("*"):
            return Literal(True, line)
        if value.strip("*").count("*") > 1:
            raise NotJudged(f"it looks for {value!r} in the raw text, with too many asterisks")
        if re.search(r'["\\{}\[\]]', value):
            raise NotJudged(
                f"it looks for {value!r} in the raw text, which may be laid out otherwise"
            )
        return Call("search word", (self._resolve(RAW, line), Literal(value, line)), line)


class _Eval:
    def __init__(self, text: Text, resolve: Resolve, dotted: set[str]) -> None:
        self._text, self._resolve, self._dotted = text, resolve, dotted

    def of(self, tree: Any) -> Expression:
        parts = tree.children
        match tree.data:
            case "disj":
                return either(*map(self.of, parts))
            case "conj":
                return both(*map(self.of, parts))
            case "negation":
                return negated(self.of(parts[0]))
            case "compare":
                sign = "=" if parts[1] == "==" else str(parts[1])
                return self._call(sign, self.of(parts[0]), self.of(parts[2]))
            case "member":
                return self._call("in", *map(self.of, parts))
            case "like":
                return self._call("like", *map(self.of, parts))
            case "binary":
                self._note(parts)
                made = self._call(str(parts[1]), self.of(parts[0]), self.of(parts[2]))
                return Literal(None, made.line) if _is_null(made) else made
            case "minus":
                return self._call("-", Literal(0), self.of(parts[1]))
            case "number":
                text = str(parts[0])
                number = int(text) if text.isdigit() and len(text) < 19 else float(text[:40])
                return Literal(number, self._line(parts[0]))
            case "string":
                return Literal(unquoted(str(parts[0])), self._line(parts[0]))
            case "field":
                return self._field(parts[0])
        return self._function(parts[0], [each for each in parts[1:] if each is not None])

    def _line(self, token: Any) -> int:
        return self._text.line(token.start_pos)

    def _call(self, name: str, *arguments: Expression) -> Expression:
        return Call(name, arguments, arguments[0].line if arguments else 0)

    def _note(self, parts: list[Any]) -> None:
        if parts[1] == "." and all(
            getattr(each, "data", "") == "field" and each.children[0].type == "NAME"
            for each in (parts[0], parts[2])
        ):
            self._dotted.add(f"{parts[0].children[0]}.{parts[2].children[0]}")

    def _field(self, token: Any) -> Expression:
        name = str(token)
        return self._resolve(name.strip("'") if token.type == "QUOTED" else name, self._line(token))

    def _function(self, token: Any, parts: list[Any]) -> Expression:
        name, line = str(token).lower(), self._line(token)
        constant = {"true": True, "false": False, "null": None}
        if name in constant and not parts:
            return Literal(constant[name], line)
        if name == "searchmatch" and len(parts) == 1 and parts[0].data == "string":
            inner = unquoted(str(parts[0].children[0]))
            found: set[str] = set()
            condition = read_search(Text(inner, [line] * len(inner)), self._resolve, found, line)
            if found:
                raise NotJudged(f"searchmatch() asks for `{min(found)}`, which no record says")
            return condition
        if name in ("json_extract", "spath") and len(parts) == 2:
            return self._extracted(name, parts, line)
        if name not in ARITY:
            raise NotJudged(f"the function {name}() is not modelled")
        fewest, most = ARITY[name]
        if not fewest <= len(parts) <= most or (name == "case" and len(parts) % 2):
            raise NotJudged(f"{name}() has {len(parts)} arguments")
        arguments = tuple(map(self.of, parts))
        pattern = {"match": 1, "replace": 1, "mvfind": 1}.get(name)
        if pattern is not None:
            held = arguments[pattern]
            if not isinstance(held, Literal) or not isinstance(held.value, str):
                # The field is the pattern: a null one gives null, and another cannot be bounded.
                if not _is_null(held):
                    raise NotJudged(f"{name}() takes its pattern from a field")
            else:
                regular(held.value)
        return Call(name, arguments, line)

    def _extracted(self, name: str, parts: list[Any], line: int) -> Expression:
        of, path = map(self.of, parts)
        at = path.value if isinstance(path, Literal) else None
        braces = name == "json_extract" and isinstance(at, str) and "{" in at
        if of == self._resolve(RAW, of.line) and isinstance(at, str) and not braces:
            return self._resolve(f"{JSON}{at}", line)
        raise NotJudged(f"{name}() of another text than the record is not modelled")


def _is_null(expression: Expression) -> bool:
    """Whether it is null whatever the record holds: a text joined with an object, which is no field."""
    if isinstance(expression, Literal):
        return expression.value is None
    return (
        isinstance(expression, Call)
        and expression.function == "."
        and any(
            (isinstance(each, Field) and each.name in _OBJECTS) or _is_null(each)
            for each in expression.arguments
        )
    )


_OBJECTS = frozenset(
    {"requestParameters", "responseElements", "userIdentity", "additionalEventData", "tlsDetails"}
)
