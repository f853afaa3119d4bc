"""ES|QL's expressions: their grammar, and what they are here.

https://www.elastic.co/docs/reference/query-languages/esql/esql-syntax
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, both, either, negated
from . import kql
from .matching import lucene

if TYPE_CHECKING:
    from lark import Lark

_GRAMMAR = r"""
where: disjunction
eval: column ("," column)*
extract: sum text
column: (NAME "=")? disjunction ("where"i disjunction)?
disjunction: conjunction (OR conjunction)*
conjunction: negation (AND negation)*
negation: NOT* predicate
?predicate: sum
    | sum COMPARE sum -> compared
    | sum NOT? LIKE text -> like
    | sum NOT? LIKE "(" text ("," text)* ")" -> like
    | sum NOT? IN "(" disjunction ("," disjunction)* ")" -> among
    | sum IS NOT? "null"i -> missing
    | sum ":" atom -> match
sum: product (ADDED product)*
product: cast (TIMES cast)*
cast: atom ("::" NAME)*
?atom: text
    | ADDED? NUMBER -> number
    | ADDED? NUMBER NAME -> span
    | "true"i -> yes
    | "false"i -> no
    | "null"i -> null
    | name
    | FUNCTION "(" [arguments] ")" -> function
    | "(" disjunction ")" -> grouped
    | "[" disjunction ("," disjunction)* "]" -> list
    | PARAMETER -> parameter
arguments: STAR | disjunction ("," disjunction)*
text: STRING
name: NAME
AND.3: /and\b(?![.\w])/i
OR.3: /or\b(?![.\w])/i
NOT.3: /not\b(?![.\w])/i
IN.3: /in\b(?![.\w])/i
IS.3: /is\b(?![.\w])/i
LIKE.3: /r?like\b(?![.\w])/i
COMPARE: /==|!=|<=|>=|=~|<|>/
ADDED: /[+-]/
TIMES: "/" | "%" | STAR
STAR: "*"
NUMBER: /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+/
STRING: /"{3}.*?"{3,5}|"(?:\\.|[^"\\\r\n])*"/s
PARAMETER: /\?\w*/
FUNCTION.4: /(?!(?:and|or|not|in|like|rlike|by|where|on)\b)[A-Za-z_]\w*(?=\s*\()/i
NAME: /(?:[@A-Za-z_][\w@]*|`(?:[^`]|``)+`)(?:\.(?:[\w@*-]+?|`(?:[^`]|``)+`)(?![\w@*]))*/
%ignore /[ \t\r\n]+/
"""


@cache
def parser() -> "Lark":
    """Of WHERE, EVAL, and what GROK and DISSECT begin with."""
    from lark import Lark

    starts = ["where", "eval", "extract"]
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", start=starts)


class Reading:
    """Makes expressions of trees: `before` lines stand before them, and `columns` are those computed so far."""

    def __init__(self, before: int, columns: Mapping[str, Expression]) -> None:
        self.before = before
        self.columns = columns

    def column(self, tree: Any) -> tuple[str, Expression, bool]:
        """A column's name, its value, and whether the name is given to it."""
        children = tree.children
        named = getattr(children[0], "type", None) == "NAME"
        value = self.condition(children[1] if named else children[0])
        if named:
            return unquoted(str(children[0])), value, True
        return value.name if isinstance(value, Field) else "", value, False

    def condition(self, tree: Any) -> Expression:
        """The expression, to whose places the computed columns are put in."""
        children = tree.children
        plain = [each for each in children if getattr(each, "type", "") not in ("OR", "AND", "NOT")]
        match tree.data:
            case "disjunction":
                return either(*map(self.condition, plain))
            case "conjunction":
                return both(*map(self.condition, plain))
            case "negation":
                inner = self.condition(plain[-1])
                return negated(inner) if (len(children) - len(plain)) % 2 else inner
            case "compared":
                return self.compared(*children)
            case "like":
                return self.like(children)
            case "among":
                return self.among(children)
            case "missing":
                test = Call("esql:exists", (self.condition(children[0]),), self.line(children[1]))
                return test if len(plain) < len(children) else negated(test)
            case "match":
                return self.match(self.condition(children[0]), self.condition(children[1]))
            case "sum" | "product":
                return self.arithmetic(children)
            case "cast":
                found = self.condition(children[0])
                for name in children[1:]:
                    found = Call(f"esql:to_{str(name).lower()}", (found,), self.line(name))
                return found
            case "grouped":
                return self.condition(children[0])
            case "list":
                return Call("esql:list", tuple(map(self.condition, children)))
            case "function":
                return self.function(*children)
        return self.constant(tree)

    def line(self, token: Any) -> int:
        return self.before + int(getattr(token, "line", 1) or 1)

    def constant(self, tree: Any) -> Expression:
        children = tree.children
        match tree.data:
            case "text":
                return Literal(string(children[0]), self.line(children[0]))
            case "number":
                text = "".join(map(str, children))
                return Literal(float(text) if re.search("[.eE]", text) else int(text))
            case "span":
                return Call("esql:span", (Literal(" ".join(map(str, children))),))
            case "yes" | "no":
                return Literal(tree.data == "yes")
            case "null":
                return Literal(None)
            case "name":
                name = unquoted(str(children[0]))
                known = self.columns.get(name)
                return known if known is not None else Field(name, self.line(children[0]))
        raise NotJudged(f"the parameter {children[0]} is not known here")

    def compared(self, left: Any, operator: Any, right: Any) -> Expression:
        sides = (self.condition(left), self.condition(right))
        return Call(f"esql:{operator}", sides, self.line(operator))

    def like(self, children: Sequence[Any]) -> Expression:
        subject = self.condition(children[0])
        tokens = [each for each in children[1:] if getattr(each, "type", None)]
        operator = tokens[-1]
        tests: list[Expression] = []
        for each in children[1 + len(tokens) :]:
            pattern = string(each.children[0])
            if operator.lower() == "rlike":
                lucene(pattern)
            literal = Literal(pattern, self.line(each.children[0]))
            tests.append(Call(f"esql:{operator.lower()}", (subject, literal), self.line(operator)))
        test = either(*tests)
        return negated(test) if len(tokens) > 1 else test

    def among(self, children: Sequence[Any]) -> Expression:
        tokens = [each for each in children[1:] if getattr(each, "type", None)]
        subject, *choices = map(self.condition, [children[0], *children[1 + len(tokens) :]])
        test = either(
            *(Call("esql:==", (subject, choice), self.line(tokens[-1])) for choice in choices)
        )
        return negated(test) if len(tokens) > 1 else test

    def match(self, subject: Expression, wanted: Expression) -> Expression:
        if not isinstance(subject, Field) or not isinstance(wanted, Literal):
            raise NotJudged("a match of what is no field is not modelled")
        if not isinstance(wanted.value, str):
            raise NotJudged("a match of what is no text is not modelled")
        return Call("kql:is", (subject, wanted), subject.line)

    def arithmetic(self, children: Sequence[Any]) -> Expression:
        found = self.condition(children[0])
        for operator, operand in zip(children[1::2], children[2::2], strict=True):
            sides = (found, self.condition(operand))
            found = Call(f"esql:{operator}", sides, self.line(operator))
        return found

    def function(self, name: Any, arguments: Any) -> Expression:
        line = self.line(name)
        values = [self.condition(each) for each in _each(arguments)]
        plain = str(name).lower()
        if plain == "kql" and len(values) == 1 and isinstance(values[0], Literal):
            return kql.parsed(str(values[0].value), line)
        if plain == "match" and len(values) == 2:
            return self.match(*values)
        if plain == "field_extract" and len(values) == 2:
            return _leaf(*values)
        return Call(f"esql:{plain}", tuple(values), line)


def _leaf(flattened: Expression, path: Expression) -> Expression:
    if not isinstance(flattened, Field) or not isinstance(path, Literal):
        raise NotJudged("FIELD_EXTRACT of what is no field is not modelled")
    return Call("esql:leaf", (Field(f"{flattened.name}.{path.value}", flattened.line),))


def _each(arguments: Any) -> Iterator[Any]:
    for each in arguments.children if arguments is not None else ():
        if getattr(each, "type", None) != "STAR":
            yield each


def unquoted(name: str) -> str:
    """A column's name without its backticks."""
    return re.sub(r"`((?:[^`]|``)+)`", lambda found: found[1].replace("``", "`"), name)


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def string(token: Any) -> str:
    """What a string literal stands for."""
    text = str(token)
    if text.startswith('"""'):
        return text[3:-3]
    return re.sub(
        r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1], flags=re.DOTALL
    )
