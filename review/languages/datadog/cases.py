"""When a Datadog rule makes a signal: conditions on how many logs its queries found, as `a > 3 && b == 0`.

https://docs.datadoghq.com/security/cloud_siem/detect_and_monitor/custom_detection_rules/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from ...errors import NotJudged

if TYPE_CHECKING:
    from lark import Lark

MOST_WAYS = 64
_MOST_LENGTH = 2_000
_GRAMMAR = r"""
?start: disjunction
disjunction: conjunction ("||" conjunction)*
conjunction: atom ("&&" atom)*
?atom: "(" disjunction ")" | NAME OPERATOR NUMBER -> comparison
OPERATOR: ">=" | "<=" | "==" | ">" | "<"
NAME: /[A-Za-z_][\w.]*/
NUMBER: /\d+(\.\d+)?/
%ignore /\s+/
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to fulfil a condition: how many logs of which queries it takes, and of which it wants none or few."""

    needs: Mapping[str, float] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    limited: frozenset[str] = frozenset()

    @property
    def takes_one(self) -> bool:
        """Whether one log is enough."""
        return list(self.needs.values()) == [1] and not self.absent and not self.limited


def ways(condition: str) -> Sequence[Way]:
    """All ways to fulfil a case's condition.

    Raises:
        NotJudged: the condition is not modelled.
    """
    from lark.exceptions import LarkError

    if len(condition) > _MOST_LENGTH:
        raise NotJudged("a case's condition is too long")
    try:
        found: list[Way] = _parser().parse(condition)  # type: ignore[assignment]
    except LarkError as error:
        if isinstance(original := getattr(error, "orig_exc", None), NotJudged):
            raise original from None
        raise NotJudged(f"the case's condition {condition!r} is not modelled") from None
    return found


@cache
def _parser() -> "Lark":
    from lark import Lark, Transformer

    class _Tree(Transformer[Any, list[Way]]):
        def disjunction(self, children: Sequence[list[Way]]) -> list[Way]:
            return _few([way for each in children for way in each])

        def conjunction(self, children: Sequence[list[Way]]) -> list[Way]:
            size = 1
            for each in children:
                size *= len(each)
            if size > MOST_WAYS:
                raise NotJudged("a case's condition has too many ways")
            return [_together(each) for each in product(*children)]

        def comparison(self, children: Sequence[Any]) -> list[Way]:
            name, operator, number = str(children[0]), str(children[1]), float(children[2])
            return [_compared(name, operator, number)]

    return Lark(_GRAMMAR, parser="lalr", transformer=_Tree())


def _few(found: list[Way]) -> list[Way]:
    if len(found) > MOST_WAYS:
        raise NotJudged("a case's condition has too many ways")
    return found


def _compared(name: str, operator: str, number: float) -> Way:
    if operator == ">":
        return Way({name: 1 if number < 1 else number + 1})
    if operator in (">=", "==") and number > 0:
        # Equal is as many and no more.
        limited = frozenset({name}) if operator == "==" else frozenset()
        return Way({name: max(number, 1)}, limited=limited)
    if operator == "==" or (operator == "<" and number <= 1) or (operator == "<=" and number < 1):
        return Way(absent=frozenset({name}))
    return Way(limited=frozenset({name}))


def _together(parts: Sequence[Way]) -> Way:
    needs: dict[str, float] = {}
    for part in parts:
        for name, number in part.needs.items():
            needs[name] = max(number, needs.get(name, 0))
    return Way(
        needs,
        frozenset().union(*(part.absent for part in parts)),
        frozenset().union(*(part.limited for part in parts)),
    )
