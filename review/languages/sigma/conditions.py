"""Sigma's conditions: `selection and not 1 of filter_*`.

https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html#condition
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ...errors import NotJudged, ReviewError
from ...expression import Expression, both, either, negated

if TYPE_CHECKING:
    from lark import Lark

MOST_LENGTH = 20_000
MOST_DEPTH = 60

_GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction ("or" conjunction)*
?conjunction: unary ("and" unary)*
?unary: "not" unary -> negation | atom
?atom: "(" disjunction ")"
     | QUANTIFIER "of" NAME -> selector
     | NAME -> name
QUANTIFIER.3: /(1|any|all)(?=\s+of\b)/
NAME: /[\w*-]+/
%ignore /\s+/
"""


@dataclass(frozen=True, slots=True)
class Name:
    """A detection, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Selector:
    """One, or all, of the detections that a pattern with `*` names; `them` are all."""

    every: bool
    pattern: str

    def selects(self, name: str) -> bool:
        """Whether the pattern names the detection. What begins with `_` is asked for as such alone."""
        if name.startswith("_") and not self.pattern.startswith("_"):
            return False
        if self.pattern == "them":
            return True
        wanted = ".*".join(re.escape(part) for part in re.split(r"\*+", self.pattern))
        return re.fullmatch(wanted, name) is not None


@dataclass(frozen=True, slots=True)
class Joined:
    """`and`, `or` or `not` of parts."""

    operator: str
    parts: tuple["Condition", ...]


Condition = Name | Selector | Joined


class Unparsable(ReviewError):
    """A condition that is none."""


def parse(text: str) -> Condition:
    """The condition.

    Raises:
        Unparsable: the text is no condition.
        NotJudged: it is one of the first specification, which counts, or is too long or nested too deeply.
    """
    from lark.exceptions import LarkError

    if "|" in text:
        raise NotJudged(
            "its condition counts behind a `|`, which Sigma has given up for correlations"
        )
    if len(text) > MOST_LENGTH or _depth(text) > MOST_DEPTH:
        raise NotJudged("its condition is too long or nested too deeply")
    try:
        found: Condition = _parser().parse(text)  # type: ignore[assignment]
    except LarkError as error:
        reason = str(error).strip().partition("\n")[0]
        raise Unparsable(f"{text.strip()!r} is no condition: {reason}") from None
    return found


def _depth(text: str) -> int:
    depth = most = 0
    for token in re.findall(r"[()]|\bnot\b", text):
        depth += {"(": 1, ")": -1}.get(token, 0)
        most = max(most, depth)
    return most + max(
        (run.count("not") for run in re.findall(r"(?:\bnot\b[\s(]*)+", text)), default=0
    )


@cache
def _parser() -> "Lark":
    from lark import Lark, Transformer

    class _Tree(Transformer[Any, Condition]):
        def name(self, children: Sequence[Any]) -> Condition:
            return Name(str(children[0]))

        def selector(self, children: Sequence[Any]) -> Condition:
            return Selector(str(children[0]) == "all", str(children[1]))

        def negation(self, children: Sequence[Any]) -> Condition:
            return Joined("not", (children[0],))

        def conjunction(self, children: Sequence[Any]) -> Condition:
            return Joined("and", tuple(children))

        def disjunction(self, children: Sequence[Any]) -> Condition:
            return Joined("or", tuple(children))

    return Lark(_GRAMMAR, parser="lalr", transformer=_Tree())


def names(condition: Condition) -> Iterator[Name | Selector]:
    """All that it names."""
    waiting = [condition]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Joined):
            waiting.extend(reversed(each.parts))
        else:
            yield each


def resolved(
    condition: Condition, among: Sequence[str], detection: Callable[[str], Expression]
) -> Expression:
    """The condition with its detections in their places; `among` are their names in order.

    Raises:
        Unparsable: there is no detection of a name.
    """
    if isinstance(condition, Name):
        if condition.name not in among:
            raise Unparsable(f"there is no detection {condition.name!r}")
        return detection(condition.name)
    if isinstance(condition, Selector):
        found = [detection(name) for name in among if condition.selects(name)]
        if not found:
            raise Unparsable(f"no detection is called {condition.pattern!r}")
        return both(*found) if condition.every else either(*found)
    parts = [resolved(part, among, detection) for part in condition.parts]
    if condition.operator == "not":
        return negated(parts[0])
    return both(*parts) if condition.operator == "and" else either(*parts)
