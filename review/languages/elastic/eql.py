"""Elastic's Event Query Language (EQL): events of one query, and the steps of a sequence, as an expression.

https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax , and its functions:
https://www.elastic.co/docs/reference/query-languages/eql/eql-function-ref . A test of a field against constants becomes
a search, whose opposite holds where the field is missing, too; `stringContains` and `endsWith` become a search with
wildcards, so that a star in what they look for is one. Anything else becomes a script, in which what is missing makes
null, and so does its opposite:
https://github.com/elastic/elasticsearch/blob/main/x-pack/plugin/eql/src/main/java/org/elasticsearch/xpack/eql/planner/QueryTranslator.java
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, both, either, fields_of, negated
from . import ecs
from .eql_functions import FUNCTIONS, SCRIPTS
from .matching import has_wildcard, lucene
from .parsing import executable, parse

if TYPE_CHECKING:
    from lark import Lark

_GRAMMAR = r"""
start: (sequence | sample | event) pipe*
sequence: "sequence" head step+ until?
until: "until" step
sample: "sample" head step+
head: (by | maxspan)*
by: "by" FIELD ("," FIELD)*
maxspan: "with" "maxspan" "=" SPAN
step: MISSING? "[" event "]" ("with" "runs" "=" NUMBER)? by?
event: category "where" disjunction
category: FIELD | STRING
pipe: "|" FIELD (atom ("," atom)*)?
disjunction: conjunction ("or" conjunction)*
conjunction: negation ("and" negation)*
negation: NOT* comparison
?comparison: sum
    | sum COMPARE sum -> compared
    | sum TEST atom -> tested
    | sum TEST "(" atom ("," atom)+ ")" -> tested
    | sum NOT? IN "(" disjunction ("," disjunction)* ")" -> among
sum: product (ADDED product)*
product: atom (TIMES atom)*
?atom: STRING -> text
    | SPAN -> span
    | MINUS? NUMBER -> number
    | "true" -> yes
    | "false" -> no
    | "null" -> null
    | FIELD -> field
    | FUNCTION "(" (disjunction ("," disjunction)*)? ")" -> function
    | "(" disjunction ")" -> grouped
NOT: "not"
MISSING: "!"
COMPARE: /==|!=|<=|>=|<|>/
TEST: /:|(?:like|regex)(?:~|\b)(?![\w.])/
IN: /in~|in\b(?![\w.])/
MINUS: "-"
ADDED: /[+]|-(?=\s)/
TIMES: /[*\/%]/
NUMBER: /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/
SPAN.2: /\d+(?:\.\d+)?(?:ms|s|m|h|d)\b/
STRING: /"{3}.*?"{3,5}|"(?:\\.|[^"\\\r\n])*"/s
FUNCTION.3: /(?!(?:and|or|not|in|like|regex|where|by)\b)[A-Za-z]+~?(?=\s*\()/
FIELD: /\??(?:[@A-Za-z_][\w@]*|`(?:[^`]|``)+`)(?:\.(?:[\w@-]+|`(?:[^`]|``)+`)|\[\d+\])*/
%ignore /[ \t\r\n]+/
%ignore /\/\/[^\n]*/
%ignore /\/\*.*?\*\//s
"""

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_OPPOSITE = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Query:
    """What a query looks for in one event.

    `condition` is that of the event, or of any step of a sequence. `counts` says what a sequence asks beyond that, with
    `group_by` the fields that its events share. `condition_at` is where in the text the conditions begin and end.
    """

    condition: Expression
    counts: str | None = None
    group_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    condition_at: tuple[tuple[int, int], ...] = ()


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True)


def parsed(text: str, line: int = 1, category: str = "event.category") -> Query:
    """The query; `line` is where its text begins in the file, `category` the field of the event's category.

    Raises:
        SyntaxProblem: it breaks the syntax.
        NotJudged: it cannot be executed faithfully.
    """
    found = _Reading(line - 1, category).query(parse(_parser(), text))
    executable(found.condition, FUNCTIONS)
    for name in fields_of(found.condition):
        if ecs.kind(name) in ("member", "flattened"):
            raise NotJudged(f"EQL cannot read {name}, part of a flattened field")
    return found


class _Reading:
    def __init__(self, before: int, category: str) -> None:
        self.before = before
        self.category = category

    def query(self, tree: Any) -> Query:
        body, *pipes = tree.children
        for pipe in pipes:
            if str(pipe.children[0]) not in ("head", "tail"):
                raise NotJudged(f"the pipe {pipe.children[0]} is not modelled")
        remarks = ("The pipe at its end keeps some of the events alone.",) if pipes else ()
        if body.data == "event":
            return Query(self.event(body), remarks=remarks, condition_at=(_span(body),))
        return self.steps(body, remarks)

    def steps(self, tree: Any, remarks: tuple[str, ...]) -> Query:
        head, *steps = tree.children
        steps = [each for each in steps if each.data == "step"]
        shared = [name for each in head.children if each.data == "by" for name in _by(each)]
        span = [str(each.children[0]) for each in head.children if each.data == "maxspan"]
        tests, spans, fields = [], [], list(shared)
        for step in steps:
            event = next(each for each in step.children if getattr(each, "data", "") == "event")
            if not any(getattr(each, "type", "") == "MISSING" for each in step.children):
                tests.append(self.event(event))
                spans.append(_span(event))
            fields += [
                name
                for each in step.children
                if getattr(each, "data", "") == "by"
                for name in _by(each)
            ]
        if not tests:
            raise NotJudged("a sequence without a step that must happen is not modelled")
        fields = list(dict.fromkeys(fields))
        counts = f"a {tree.data} of {len(steps)} events"
        counts += f" by {', '.join(fields)}" if fields else ""
        counts += f" within {span[0]}" if span else ""
        if len(tests) < len(steps):
            counts += f", of which {len(steps) - len(tests)} must be missing"
        return Query(either(*tests), counts, tuple(fields), remarks, tuple(spans))

    def event(self, tree: Any) -> Expression:
        category, condition = tree.children
        token = category.children[0]
        name = _string(token) if token.type == "STRING" else str(token)
        test = self.condition(condition)
        if name == "any" and token.type == "FIELD":
            return test
        line = self.line(token)
        return both(Call("eql:==", (Field(self.category, line), Literal(name, line)), line), test)

    def line(self, token: Any) -> int:
        return self.before + int(getattr(token, "line", 0) or getattr(token.meta, "line", 0) or 1)

    def condition(self, tree: Any) -> Expression:
        children = tree.children
        match tree.data:
            case "disjunction":
                return either(*map(self.condition, children))
            case "conjunction":
                return both(*map(self.condition, children))
            case "negation":
                inner = self.condition(children[-1])
                return negated(inner) if len(children) % 2 == 0 else inner
            case "compared":
                left, operator, right = children
                return self.compared(self.condition(left), str(operator), self.condition(right))
            case "tested":
                subject, operator, *values = children
                tests = [self.condition(each) for each in values]
                return self.tested(self.condition(subject), str(operator), tests, operator)
            case "among":
                return self.among(children)
            case "sum" | "product":
                return self.arithmetic(children)
            case "grouped":
                return self.condition(children[0])
            case "function":
                name, *arguments = children
                return self.function(
                    str(name), [self.condition(each) for each in arguments], self.line(name)
                )
        return self.constant(tree)

    def constant(self, tree: Any) -> Expression:
        match tree.data:
            case "text":
                return Literal(_string(tree.children[0]), self.line(tree.children[0]))
            case "number":
                text = "".join(map(str, tree.children))
                return Literal(float(text) if re.search("[.eE]", text) else int(text))
            case "yes" | "no":
                return Literal(tree.data == "yes")
            case "null":
                return Literal(None)
            case "field":
                return Field(_field(tree.children[0]), self.line(tree.children[0]))
        raise NotJudged(f"{tree.children[0]} is not modelled there")

    def compared(self, left: Expression, operator: str, right: Expression) -> Expression:
        if isinstance(left, Literal) and not isinstance(right, Literal):
            return self.compared(right, _OPPOSITE[operator], left)
        if not isinstance(right, Literal):
            raise NotJudged("a comparison of two fields is not allowed in EQL")
        line = left.line
        if right.value is None:
            test = Call("eql:exists" if isinstance(left, Field) else "eql:isNotNull", (left,), line)
            if operator not in ("==", "!="):
                raise NotJudged("an order of null is not modelled")
            return negated(test) if operator == "==" else test
        if isinstance(right.value, bool) and not isinstance(left, Field):
            return left if right.value is (operator == "==") else negated(left)
        if isinstance(left, Field):
            kind = ecs.kind(left.name)
            if kind == "date" or (kind not in ("keyword", "ip") and operator not in ("==", "!=")):
                raise NotJudged(f"a comparison of {left.name} is not modelled")
            name = "eql:address" if kind == "ip" else "eql:=="
            if operator in ("==", "!="):
                test = Call(name, (left, right), line)
                return negated(test) if operator == "!=" else test
            return Call(f"eql:{operator}", (left, right), line)
        if operator == "!=":
            return negated(Call("eql:script ==", (left, right), line))
        return Call(f"eql:script {operator}", (left, right), line)

    def tested(
        self, subject: Expression, operator: str, values: Sequence[Expression], token: Any
    ) -> Expression:
        line = self.line(token)
        if not isinstance(subject, Field):
            raise NotJudged(f"{operator} of what is no field is not modelled")
        tests = []
        for value in values:
            if isinstance(value, Literal) and value.value is None:
                raise NotJudged(f"{operator} null is not modelled")
            if not isinstance(value, Literal) or not isinstance(value.value, str):
                tests.append(self.compared(subject, "==", value))
                continue
            if operator.startswith("regex"):
                lucene(value.value, operator.endswith("~"))
            name = operator
            if operator == ":":
                name = "like~" if has_wildcard(_unescapable(value.value)) else "=="
                name = "in~" if name == "==" and ecs.kind(subject.name) != "ip" else name
                name = "address" if name == "==" else name
            tests.append(Call(f"eql:{name}", (subject, value), line))
        return either(*tests)

    def among(self, children: Sequence[Any]) -> Expression:
        subject = self.condition(children[0])
        tokens = [each for each in children[1:] if getattr(each, "type", None) in ("NOT", "IN")]
        values = [self.condition(each) for each in children[1 + len(tokens) :]]
        if str(tokens[-1]) == "in":
            test = either(*(self.compared(subject, "==", value) for value in values))
        else:
            pairs = [
                Call("eql:in~" if isinstance(subject, Field) else "eql:script in~", (subject, each))
                for each in values
                if isinstance(each, Literal) and isinstance(each.value, str)
            ]
            if len(pairs) < len(values):
                raise NotJudged("in~ of what is no text is not modelled")
            test = either(*pairs)
        return negated(test) if len(tokens) > 1 else test

    def arithmetic(self, children: Sequence[Any]) -> Expression:
        found = self.condition(children[0])
        for operator, operand in zip(children[1::2], children[2::2], strict=True):
            found = Call(f"eql:script {operator}", (found, self.condition(operand)), found.line)
        return found

    def function(self, name: str, arguments: Sequence[Expression], line: int) -> Expression:
        plain = name.removesuffix("~")
        first, rest = (arguments[0], arguments[1:]) if arguments else (None, ())
        constants = all(isinstance(each, Literal) and each.value is not None for each in rest)
        if isinstance(first, Field) and rest and constants:
            if plain in ("wildcard", "match"):
                kind = "like" if plain == "wildcard" else "regex"
                mark = "~" if name.endswith("~") else ""
                for each in rest if plain == "match" else ():
                    if isinstance(each, Literal) and isinstance(each.value, str):
                        lucene(each.value, bool(mark))
                return either(*(Call(f"eql:{kind}{mark}", (first, each), line) for each in rest))
            if name in ("stringContains", "startsWith", "endsWith") and len(rest) == 1:
                return Call(f"eql:{name}", (first, *rest), line)
            if plain == "cidrMatch":
                return either(*(Call("eql:address", (first, each), line) for each in rest))
        found = f"eql:script {name}"
        if found not in FUNCTIONS:
            raise NotJudged(f"the function {name} is not modelled")
        if not SCRIPTS[found][0] <= len(arguments) <= SCRIPTS[found][1]:
            raise NotJudged(f"{len(arguments)} arguments of {name} are not modelled")
        return Call(found, tuple(arguments), line)


def _unescapable(pattern: str) -> str:
    # A backslash takes no meaning away there.
    return pattern.replace("\\", "")


def _span(tree: Any) -> tuple[int, int]:
    meta = tree.children[1].meta
    return meta.start_pos, meta.end_pos


def _by(tree: Any) -> list[str]:
    return [_field(token) for token in tree.children]


def _field(token: Any) -> str:
    name = str(token).removeprefix("?")
    return re.sub(r"`((?:[^`]|``)+)`", lambda found: found[1].replace("``", "`"), name)


def _string(token: Any) -> str:
    text = str(token)
    if text.startswith('"""'):
        return text[3:-3]
    return re.sub(
        r"\\(?:u\{([0-9a-fA-F]{2,8})\}|(.))",
        lambda found: _character(found[1]) if found[1] else _ESCAPES.get(found[2], found[2]),
        text[1:-1],
        flags=re.DOTALL,
    )


def _character(digits: str) -> str:
    code = int(digits, 16)
    if code > 0x10FFFF:
        raise NotJudged(f"there is no character \\u{{{digits}}}")
    return chr(code)
