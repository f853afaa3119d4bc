"""Datadog's log search syntax: https://docs.datadoghq.com/logs/explorer/search_syntax/

Terms side by side stand for AND, which binds closer than OR; `-` and NOT exclude. Attributes are compared with case;
`*` and `?` are wildcards outside of quotation marks; of a list one element is enough.
"""

import re
from collections.abc import Sequence
from functools import cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, both, either, negated

if TYPE_CHECKING:
    from lark import Lark

MOST_LENGTH = 50_000
MOST_DEPTH = 60

# A space and what is special needs a `\` in front; `-` and its like only where a term begins.
_GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction (_OR conjunction)*
?conjunction: unary (_AND? unary)*
?unary: (_NOT | _MINUS) unary -> negation | atom
?atom: "(" disjunction ")"
     | CIDR -> cidr
     | ATTRIBUTE values -> attribute
     | TAG values -> attribute
     | EVERYTHING -> everything
     | FULL_TEXT values -> full_text
     | (TERM | QUOTED) -> free_text
?values: single | "(" value_disjunction ")"
?value_disjunction: value_conjunction (_OR value_conjunction)*
?value_conjunction: value_unary (_AND? value_unary)*
?value_unary: (_NOT | _MINUS) value_unary -> negation | single | "(" value_disjunction ")"
?single: EVERYTHING -> present
       | TERM -> term
       | QUOTED -> quoted
       | RANGE -> range
       | COMPARISON -> comparison

_AND.5: /AND(?=[ \t\r\n(])/
_OR.5: /OR(?=[ \t\r\n(])/
_NOT.5: /NOT(?=[ \t\r\n(])/
_MINUS.5: /-(?=[^ \t\r\n])/
EVERYTHING.4: /\*(?=[ \t\r\n)]|$)/
FULL_TEXT.6: "*:"
CIDR.6: /CIDR\([ \t\r\n]*@?[^ \t\r\n,()]+[ \t\r\n]*(,[ \t\r\n]*[0-9a-fA-F.:\/]+[ \t\r\n]*)+\)/
ATTRIBUTE.6: /@(\\.|[^ \t\r\n()"“”:\\])+:(?=[^ \t\r\n])/
TAG.5: /[A-Za-z_](\\.|[^ \t\r\n()"“”:\\@])*:(?=[^ \t\r\n])/
COMPARISON.5: /[<>]=?-?\d+(\.\d+)?(?=[ \t\r\n)]|$)/
RANGE.5: /[\[{][ \t\r\n]*(-?\d+(\.\d+)?|\*)[ \t\r\n]+TO[ \t\r\n]+(-?\d+(\.\d+)?|\*)[ \t\r\n]*[\]}]/
QUOTED: /"(\\.|[^"\\])*"/
TERM: /(\\.|[^ \t\r\n()\[\]{}"“”:\\<>!^~+\-=&|#@])(\\.|[^ \t\r\n()\[\]{}"“”:\\<>!^~=|#])*/
%ignore /[ \t\r\n]+/
"""


def parse(text: str, line: int = 0) -> Expression:
    """A search as an expression: a text `equals`, and `matches` where it has wildcards, its escapes kept.

    `line` is the line of the file on which the text begins.

    Raises:
        NotJudged: it is no search, is nested too deeply, or looks into the log's message.
    """
    from lark.exceptions import LarkError, VisitError

    if not text.strip():
        return Literal(True, line)
    if len(text) > MOST_LENGTH or _depth(text) > MOST_DEPTH:
        raise NotJudged("its search is too long or nested too deeply")
    try:
        found: _Part = _parser().parse(text)  # type: ignore[assignment]
    except VisitError as error:
        if isinstance(error.orig_exc, NotJudged):
            raise error.orig_exc from None
        raise
    except LarkError as error:
        at = getattr(error, "column", 0)
        raise NotJudged(f"its search cannot be read at character {at}: {text[:80]!r}") from None
    return found.on("", line)


def _depth(text: str) -> int:
    depth = most = run = longest = 0
    for mark in re.findall(r"\\.|[()]|\bNOT\b|-+|\S", text):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        most = max(most, depth)
        if mark == "NOT" or mark[0] == "-":
            run += len(mark)
        elif mark != "(":
            run = 0
        longest = max(longest, run)
    return most + longest


class _Part:
    """A part of a search, before it is known which attribute it is asked of."""

    def __init__(self, operator: str, parts: Sequence[Any] = (), name: str = "") -> None:
        self.operator, self.parts, self.name = operator, parts, name

    def on(self, name: str, line: int) -> Expression:
        """The part, asked of an attribute."""
        own = self.name or name
        if self.operator == "call":
            function, *arguments = self.parts
            values = (Literal(each, line) for each in arguments)
            return Call(function, (Field(own, line), *values), line)
        if self.operator == "everything":
            return Literal(True, line)
        inner = [each.on(own, line) for each in self.parts]
        if self.operator == "not":
            return negated(inner[0])
        return both(*inner) if self.operator == "and" else either(*inner)


@cache
def _parser() -> "Lark":
    from lark import Lark, Transformer

    class _Tree(Transformer[Any, _Part]):
        def disjunction(self, children: Sequence[Any]) -> _Part:
            return _Part("or", children)

        def conjunction(self, children: Sequence[Any]) -> _Part:
            return _Part("and", children)

        value_disjunction = disjunction
        value_conjunction = conjunction

        def negation(self, children: Sequence[Any]) -> _Part:
            return _Part("not", children)

        def everything(self, children: Sequence[Any]) -> _Part:
            return _Part("everything")

        def attribute(self, children: Sequence[Any]) -> _Part:
            return _Part("or", children[1:], name=plain(str(children[0])[:-1]))

        def cidr(self, children: Sequence[Any]) -> _Part:
            name, *blocks = (each.strip() for each in str(children[0])[5:-1].split(","))
            try:
                networks = [str(ip_network(each)) for each in blocks]
            except ValueError:
                raise NotJudged(f"{children[0]} has no blocks of addresses") from None
            name = name if name.startswith("@") else f"@{name}"
            return _Part("call", ("cidr", networks), name=plain(name))

        def free_text(self, children: Sequence[Any]) -> _Part:
            raise NotJudged(f"it looks for {children[0]} in the log's message")

        def full_text(self, children: Sequence[Any]) -> _Part:
            raise NotJudged("it looks into all of a log by `*:`, which rules cannot")

        def present(self, children: Sequence[Any]) -> _Part:
            return _Part("call", ("exists",))

        def term(self, children: Sequence[Any]) -> _Part:
            written = str(children[0])
            if re.search(r"(?<!\\)(\\\\)*[*?]", written):
                return _Part("call", ("matches", written))
            return _Part("call", ("equals", plain(written)))

        def quoted(self, children: Sequence[Any]) -> _Part:
            return _Part("call", ("equals", plain(str(children[0])[1:-1])))

        def comparison(self, children: Sequence[Any]) -> _Part:
            operator, number = re.fullmatch(r"([<>]=?)(.*)", str(children[0])).groups()  # type: ignore[union-attr]
            name = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[operator]
            return _Part("call", (name, float(number)))

        def range(self, children: Sequence[Any]) -> _Part:
            written = str(children[0])
            low, high = written[1:-1].split("TO")
            parts = [_Part("call", ("exists",))]
            if low.strip() != "*":
                name = "gte" if written[0] == "[" else "gt"
                parts.append(_Part("call", (name, float(low))))
            if high.strip() != "*":
                name = "lte" if written[-1] == "]" else "lt"
                parts.append(_Part("call", (name, float(high))))
            return _Part("and", parts)

    return Lark(_GRAMMAR, parser="lalr", transformer=_Tree())


def plain(written: str) -> str:
    """A text without its escapes."""
    return re.sub(r"\\(.)", r"\1", written, flags=re.DOTALL)
