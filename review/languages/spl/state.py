"""What is known between two commands of a search: what each field holds, and what filtered so far."""

from collections.abc import Callable
from dataclasses import dataclass

from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, both, walk
from .arguments import shown
from .fields import RAW, unknown
from .text import Text

UNKNOWN = "unknown"
"""A call that stands for what no record says; its argument is why."""
COUNTED = "counted"
"""A call that stands for what is counted over records; its argument is the field."""
_LARGEST = 4_000
_DEEPEST = 150


@dataclass(frozen=True, slots=True)
class Search:
    """A search read: `condition` on a record, and what it does beside."""

    condition: Expression
    counts: str | None
    group_by: tuple[str, ...]
    remarks: tuple[str, ...]


class State:
    """The state between two commands."""

    def __init__(self) -> None:
        self.closed = False
        self.held: dict[str, Expression] = {}
        # What a name holds that is not in `held`: its field, unless a command changed all of them.
        self.others: Callable[[str, int], Expression] = lambda name, line: Field(name, line)
        self.conditions: list[Expression] = []
        self.counts: list[str] = []
        self.group: tuple[str, ...] | None = None
        self.remarks: dict[str, None] = {}
        self.places: set[str] = set()
        self.dotted: set[str] = set()

    def result(self) -> Search:
        """What the search asks of a record."""
        condition = both(*self.conditions)
        remarks = list(self.remarks)
        if self.places:
            names = ", ".join(f"`{name}`" for name in sorted(self.places))
            remarks.append(f"{names} is taken to be where CloudTrail is")
        remarks += [
            f"{name} is not in single quotation marks: eval joins two fields, as Splunk does"
            for name in sorted(self.dotted)
        ]
        by = self.group or ()
        counts = None
        if self.counts:
            over = f" by {', '.join(by)}" if by else ""
            counts = f"counts{over}: {'; '.join(self.counts)}"
        return Search(condition, counts, by if counts else (), tuple(remarks))

    def keep(self, condition: Expression, text: Text, command: str) -> None:
        """Filters by the condition, or tells it where it is about what was counted.

        Raises:
            NotJudged: it asks for a field of which nothing can be said.
        """
        reason = _marked(condition, COUNTED)
        if reason is not None:
            self.counts.append(f"{command} {shown(text)}")
            return
        unclear = _marked(condition, UNKNOWN)
        if unclear is None:
            unclear = next(
                (
                    why
                    for each in walk(condition)
                    if isinstance(each, Field) and (why := unknown(each.name))
                ),
                None,
            )
        if unclear is not None:
            raise NotJudged(unclear)
        if _depth(condition) > _DEEPEST:
            raise NotJudged(f"`{command}` asks for what is nested too deeply")
        self.conditions.append(condition)

    def resolve(self, name: str, line: int) -> Expression:
        """What a field of that name holds here."""
        held = self.held.get(name)
        return held if held is not None else self.others(name, line)

    def set(self, name: str, held: Expression) -> None:
        """Puts it into the field."""
        if sum(1 for _ in walk(held)) > _LARGEST or _depth(held) > _DEEPEST:
            raise NotJudged(f"what `{name}` holds is too long to follow")
        self.held[name] = held

    def only(self, names: list[str]) -> None:
        """Drops all other fields."""
        if any("*" in name for name in names):
            return
        kept = {name: self.resolve(name, 0) for name in names}
        kept[RAW] = self.resolve(RAW, 0)
        self.held = kept
        self.others = lambda name, line: Literal(None, line)

    def present(self, names: list[str], text: Text) -> None:
        """Leaves out records that lack one of the fields."""
        for name in names:
            held = self.resolve(name, text.line())
            if name in ("_time", RAW, "_indextime") and held == Field(name, text.line()):
                continue
            if _marked(held, COUNTED) is not None:
                continue
            asked = [each.name for each in walk(held) if isinstance(each, Field)]
            if _marked(held, UNKNOWN) is not None or any(unknown(each) for each in asked):
                if not isinstance(held, Call) or held.function != "coalesce" or _unfilled(held):
                    self.remarks[
                        f"records without `{name}` are left out; it is taken to be there"
                    ] = None
                continue
            self.conditions.append(Call("isnotnull", (held,), text.line()))

    def own_name(self, name: str) -> str:
        """The platform's own name of the field, where it is one of a record."""
        held = self.resolve(name, 0)
        return held.name if isinstance(held, Field) else name


def _unfilled(held: Call) -> bool:
    last = held.arguments[-1]
    return not (isinstance(last, Literal) and last.value is not None)


def _depth(expression: Expression) -> int:
    deepest, level = 0, [expression]
    while level:
        deepest += 1
        level = [part for each in level if isinstance(each, Call) for part in each.arguments]
    return deepest


def _marked(expression: Expression, mark: str) -> str | None:
    for each in walk(expression):
        if isinstance(each, Call) and each.function == mark:
            told = each.arguments[0]
            return str(told.value) if isinstance(told, Literal) else mark
    return None
