"""The grammar of a rule's events."""

from functools import cache
from typing import TYPE_CHECKING, Final

from ...errors import NotJudged

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

LONGEST: Final = 50_000
DEEPEST: Final = 100

# Predicates side by side hold together, whatever line breaks stand between them.
_GRAMMAR: Final = r"""
start: expression*
?expression: conjunction
    | conjunction ("or" conjunction)+ -> either
?conjunction: denial
    | denial ("and" denial)+ -> both
?denial: test
    | "not" denial -> denied
?test: operand
    | operand NOCASE -> folded
    | operand COMPARE operand NOCASE? -> compare
    | operand "in" KIND? LIST NOCASE? -> listed
    | "(" expression ")"
?operand: product
    | operand (PLUS | MINUS) product -> compute
?product: value
    | product TIMES value -> compute
?value: PATH -> path
    | QUANTITY PATH -> quantified
    | STRING -> string
    | RAW -> raw
    | REGEX -> regex
    | NUMBER -> number
    | WORD -> word
    | CALL [expression ("," expression)*] ")" -> call

QUANTITY.3: /(any|all)\b(?=\s+\$)/
NOCASE.3: "nocase"
KIND.3: /(regex|cidr)\b(?=\s*%)/
CALL.3: /(?!(?:not|and|or|in|any|all)\b)[A-Za-z_][\w.]*\s*\(/
COMPARE: /!=|<=|>=|=|<|>/
PATH: /\$\w+(?:\.\w+|\[\s*(?:\d+|"(?:[^"\\\n]|\\.)*")\s*\])*/
LIST: /%\w+(?:\.\w+)?/
STRING: /"(?:[^"\\\n]|\\.)*"/
RAW: /`[^`]*`/
REGEX: /\/(?![\/*])(?:[^\/\\\n]|\\.)+\//
NUMBER: /-?\d+(\.\d+)?/
WORD: /true|false/
PLUS: "+"
MINUS: "-"
TIMES: "*"
COMMENT: /\/\/[^\n]*|\/\*[\s\S]*?\*\//
%ignore /\s+/
%ignore COMMENT
"""


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def parse(events: str) -> "Tree[Token]":
    """The predicates of an events section.

    Raises:
        NotJudged: it says what this grammar does not know, or is too long or too deep.
    """
    from lark import Tree
    from lark.exceptions import UnexpectedInput

    if len(events) > LONGEST:
        raise NotJudged(f"its events have more than {LONGEST} characters")
    try:
        tree = _parser().parse(events)
    except UnexpectedInput as error:
        at = error.pos_in_stream
        at = len(events) if at is None or at < 0 else at
        near = events[at : at + 30].split("\n")[0].strip() or "their end"
        raise NotJudged(f"its events cannot be read, near {near!r}") from None
    waiting: list[tuple[object, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise NotJudged(f"its events nest more than {DEEPEST} levels")
        if isinstance(node, Tree):
            waiting.extend((child, depth + 1) for child in node.children)
    return tree
