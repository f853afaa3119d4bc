"""Kibana's query language (KQL), parsed into an expression and executed.

https://www.elastic.co/docs/reference/query-languages/kql ; its grammar:
https://github.com/elastic/kibana/blob/main/src/platform/packages/shared/kbn-es-query/grammar/grammar.peggy .
A keyword compares exactly and with case, between quotation marks a star is no wildcard, any value of several is
enough, and `not` holds where the field is missing.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Function, Literal, Value, both, either, negated
from . import ecs
from .matching import escaped, wildcard, within
from .parsing import executable, parse, texts

if TYPE_CHECKING:
    from lark import Lark

# One word of a literal without quotation marks, and the words that end one.
_WORD = r"""(?:\\.|[^\s\\():<>"{}])+"""
_JOINT = r"(?!(?:or|and|not)(?:[\s(]|$))"

_GRAMMAR = r"""
start: disjunction?
disjunction: conjunction (OR conjunction)*
conjunction: negation (AND negation)*
negation: NOT? part
?part: "(" disjunction ")" -> grouped
    | LITERAL ":" values -> held
    | LITERAL RANGE LITERAL -> ranged
    | LITERAL ":" "{" disjunction "}" -> nested
    | LITERAL -> anywhere
?values: "(" some ")" -> grouped
    | LITERAL -> one
some: all (OR all)*
all: no (AND no)*
no: NOT? values
OR.3: /or(?=[\s(])/i
AND.3: /and(?=[\s(])/i
NOT.3: /not(?=[\s(])/i
RANGE: /<=|>=|<|>/
LITERAL: /"(?:\\.|[^"\\])*"|WORDS/is
%ignore /[ \t\r\n\u00a0]+/
"""

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(or|and|not)|(.))", re.DOTALL | re.IGNORECASE)
_SPACES = {"t": "\t", "r": "\r", "n": "\n"}


@cache
def _parser() -> "Lark":
    from lark import Lark

    words = rf"{_JOINT}{_WORD}(?:[ \t\r\n\u00a0]+{_JOINT}{_WORD})*"
    return Lark(_GRAMMAR.replace("WORDS", words), parser="lalr", lexer="contextual")


def parsed(text: str, line: int = 1) -> Expression:
    """The query as an expression; `line` is where its text begins in the file.

    Raises:
        SyntaxProblem: it breaks the syntax.
        NotJudged: it cannot be executed faithfully.
    """
    condition = _Reading(line - 1).query(parse(_parser(), text))
    executable(condition, FUNCTIONS)
    return condition


class _Reading:
    def __init__(self, before: int) -> None:
        self.before = before

    def query(self, tree: Any) -> Expression:
        return self.condition(tree.children[0]) if tree.children else Literal(True)

    def condition(self, tree: Any) -> Expression:
        children = [each for each in tree.children if getattr(each, "type", None) not in _JOINTS]
        match tree.data:
            case "disjunction":
                return either(*map(self.condition, children))
            case "conjunction":
                return both(*map(self.condition, children))
            case "negation":
                inner = self.condition(children[-1])
                return negated(inner) if len(tree.children) > len(children) else inner
            case "grouped":
                return self.condition(children[0])
            case "held":
                return self.held(children[0], children[1])
            case "ranged":
                return self.ranged(*children)
            case "nested":
                raise NotJudged(f"a nested query below {children[0][:80]} is not modelled")
        raise NotJudged(f"a search for {children[0][:80]} in every field is not modelled")

    def held(self, field: Any, tree: Any) -> Expression:
        children = [each for each in tree.children if getattr(each, "type", None) not in _JOINTS]
        match tree.data:
            case "some":
                return either(*(self.held(field, each) for each in children))
            case "all":
                return both(*(self.held(field, each) for each in children))
            case "no":
                inner = self.held(field, children[-1])
                return negated(inner) if len(tree.children) > len(children) else inner
            case "grouped":
                return self.held(field, children[0])
        return self.one(field, children[0])

    def one(self, field: Any, token: Any) -> Expression:
        line = self.before + token.line
        name, pattern = _name(str(field))
        text, wild = _value(str(token))
        if pattern:
            return self.anywhere(name, text, wild, line)
        if wild and text == "*":
            return Call("kql:exists", (Field(name, line),), line)
        return _test(name, text, wild, line)

    def anywhere(self, pattern: str, text: str, wild: bool, line: int) -> Expression:
        if not (wild and text == "*"):
            raise NotJudged(f"a search for a value in the fields {pattern} is not modelled")
        if pattern == "*":
            return Literal(True, line)
        names = ecs.matching(pattern)
        return either(*(Call("kql:exists", (Field(name, line),), line) for name in names))

    def ranged(self, field: Any, operator: Any, token: Any) -> Expression:
        line = self.before + token.line
        name, pattern = _name(str(field))
        text, wild = _value(str(token))
        if pattern or wild:
            raise NotJudged("a range with a wildcard is not modelled")
        if ecs.kind(name) not in ("keyword", "member"):
            raise NotJudged(f"a range of {name} is not modelled")
        return Call(f"kql:{operator}", (Field(name, line), Literal(text, line)), line)


_JOINTS = ("OR", "AND", "NOT")


def _test(name: str, text: str, wild: bool, line: int) -> Expression:
    field = Field(name, line)
    kind = ecs.kind(name)
    if kind == "date":
        raise NotJudged(f"a test of the date {name} is not modelled")
    if wild:
        if kind in ("ip", "boolean"):
            raise NotJudged(f"a wildcard in {name} is not modelled: the field is no text")
        plain = text.endswith("*") and escaped(_unescaped(text[:-1])) == text[:-1]
        if kind in ("member", "flattened") and not plain:
            raise NotJudged(
                f"a wildcard in {name} is not judged: what it finds in a member of a flattened field "
                "differs by version of Elasticsearch"
            )
        return Call("kql:wildcard", (field, Literal(text, line)), line)
    return Call("kql:address" if kind == "ip" else "kql:is", (field, Literal(text, line)), line)


def _unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


def _plain(text: str, star: Callable[[str], str]) -> str:
    """An unquoted literal without its escapes; `star` writes each character that was escaped."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return star(chr(int(found[1], 16)))
        if found[2]:
            return found[2]
        return _SPACES.get(found[3]) or star(found[3])

    return _ESCAPE.sub(one, text)


def _value(token: str) -> tuple[str, bool]:
    """A value, and whether it is a pattern."""
    if token.startswith('"'):
        return _quoted(token), False
    if "*" in re.sub(r"\\.", "", token, flags=re.DOTALL):
        # What the language has no wildcard for is no wildcard.
        return _plain(re.sub(r"(?<!\\)\?", r"\\?", token.strip()), escaped), True
    return _plain(token.strip(), str), False


def _name(token: str) -> tuple[str, bool]:
    text, wild = _value(token)
    return text, wild


def _quoted(token: str) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[3] in ('"', "\\"):
            return found[3]
        return _SPACES.get(found[3] or "") or found[0]

    return _ESCAPE.sub(one, token[1:-1])


def _is(value: Value, wanted: str) -> bool:
    return value == wanted if isinstance(value, str) else wanted in texts(value)


def _wildcard(value: Value, pattern: str) -> bool:
    test = wildcard(pattern, single=False)
    if isinstance(value, str):
        return test(value) is True
    return any(test(text) for text in texts(value))


def _address(value: Value, wanted: str) -> bool:
    return any(within(text, wanted) for text in texts(value))


def _ranged(compare: Callable[[str, str], bool]) -> Function:
    return lambda value, bound: any(compare(text, bound) for text in texts(value))


FUNCTIONS: Mapping[str, Function] = {
    "kql:exists": lambda value: value is not None,
    "kql:is": _is,
    "kql:wildcard": _wildcard,
    "kql:address": _address,
    "kql:<": _ranged(lambda text, bound: text < bound),
    "kql:<=": _ranged(lambda text, bound: text <= bound),
    "kql:>": _ranged(lambda text, bound: text > bound),
    "kql:>=": _ranged(lambda text, bound: text >= bound),
}
"""What a KQL expression calls. None of them answers None, since a missing field holds no value."""
