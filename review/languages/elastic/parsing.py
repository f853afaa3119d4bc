"""What the parsers of Elastic's languages share: reading a text into a tree, and what cannot be executed in it."""

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ...errors import NotJudged
from ...expression import Call, Expression, Function, fields_of, walk
from . import ecs

if TYPE_CHECKING:
    from lark import Lark, Tree

_MOST_TEXT = 100_000
_MOST_COMMENTS = 500
_MOST_DEPTH = 60
_MOST_PARTS = 20_000


class SyntaxProblem(Exception):
    """The text breaks the language's syntax. `line` and `column` count from 1 in the text that was parsed."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column
        self.reason = reason


def parse(parser: "Lark", text: str, start: str | None = None) -> "Tree[object]":
    """The text's tree.

    Raises:
        SyntaxProblem: it breaks the syntax.
        NotJudged: it is too long, or nested too deeply.
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput

    readable(text)
    if _nesting(text) > _MOST_DEPTH:
        raise NotJudged("the query is nested too deeply to execute")
    try:
        return parser.parse(text, start=start)  # type: ignore[return-value]
    except UnexpectedInput as error:
        reason = "the query ends too early"
        if isinstance(error, UnexpectedCharacters):
            reason = f"unexpected {error.char!r}"
        elif not isinstance(error, UnexpectedEOF):
            token = getattr(error, "token", "")
            reason = f"unexpected {str(token)[:60]!r}" if token else reason
        raise SyntaxProblem(max(error.line, 1), max(error.column, 1), reason) from None


def readable(text: str) -> None:
    """Holds that the text is not too long to be read in a moment.

    Raises:
        NotJudged: it is.
    """
    if len(text) > _MOST_TEXT:
        raise NotJudged(f"a query of {len(text)} characters is too long to execute")
    # Each that is never closed is looked through to the end.
    if text.count("/*") > _MOST_COMMENTS:
        raise NotJudged("a query with so many comments is too long to execute")


def _nesting(text: str) -> int:
    plain = re.sub(r'"(?:\\.|[^"\\])*"', "", text, flags=re.DOTALL)
    depth = most = 0
    for found in re.finditer(r"[(){}\[\]]", plain):
        depth += 1 if found[0] in "({[" else -1
        most = max(most, depth)
    return most


def executable(condition: Expression, functions: Mapping[str, Function]) -> None:
    """Holds that all of the condition can be executed.

    Raises:
        NotJudged: it has a field or a function that is not modelled, or is too large.
    """
    bounded(condition)
    for call in walk(condition):
        if isinstance(call, Call) and call.function not in (*_LOGIC, *functions):
            raise NotJudged(f"the function {shown(call.function)} is not modelled")
    for name in fields_of(condition):
        ecs.kind(name)


_LOGIC = ("and", "or", "not")


def bounded(expression: Expression) -> Expression:
    """The expression, which is no larger than what can be executed: what is shared counts each time.

    Raises:
        NotJudged: it is larger.
    """
    waiting = [(expression, 1)]
    parts = 0
    while waiting:
        each, depth = waiting.pop()
        parts += 1
        if depth > _MOST_DEPTH or parts > _MOST_PARTS:
            raise NotJudged("the query is too large, or nested too deeply, to execute")
        if isinstance(each, Call):
            waiting.extend((inner, depth + 1) for inner in each.arguments)
    return expression


def shown(function: str) -> str:
    """A function's name as a person writes it."""
    return function.rpartition(":")[2]


def texts(values: object) -> Collection[str]:
    """The texts of a field: none, one, or all of a list; what is no text as one."""
    if values is None:
        return ()
    if isinstance(values, str):
        return (values,)
    if isinstance(values, bool):
        return ("true" if values else "false",)
    if isinstance(values, list | tuple):
        return [text for each in values for text in texts(each)]
    return (str(values),)
