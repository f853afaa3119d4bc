"""Branches of a query: rows of one table on their way through its operators, and the condition they add up to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ...errors import NotJudged
from ...expression import (
    Call,
    Evaluate,
    Expression,
    Field,
    Function,
    Literal,
    Value,
    both,
    compiled,
    fields_of,
    literals_of,
)
from .table import columns
from .terms import Scalar, hidden
from .values import FUNCTIONS, expanded

CLOUDTRAIL: Final = "AWSCloudTrail"
EXPLAINED_ROWS: Final = "the watchlist of explained events"
_MOST_ROWS: Final = 1_000
ELEMENT: Final = "element "
"""How the pseudo-fields begin that stand for what `mv-expand` makes of a list."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a query names the table: from `start` to `end`. `after` is where an operator may be added behind it, None
    where the name stands alone, so that it takes parentheses."""

    start: int
    end: int
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """Lists that `mv-expand` takes apart side by side, and the pseudo-fields of their elements."""

    elements: tuple[str, ...]
    lists: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """Rows of `table`. `others` stands for every column that is not among `columns`. `shared` are references of which
    rows that a join drops on the other side, too."""

    table: str
    columns: Mapping[str, Scalar] = field(default_factory=dict)
    others: Scalar | None = None
    conditions: tuple[Scalar, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    counts: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    grouped: str | None = None
    references: tuple[Reference, ...] = ()
    denied: tuple[Reference, ...] = ()

    def where(self, part: Scalar, said: str) -> "Branch":
        """The rows for which it is true. `said` is how the query says it."""
        if part.hidden is None:
            return self if part.when else replace(self, conditions=(*self.conditions, part))
        kind, why = part.hidden
        if kind == "unknown":
            raise NotJudged(why)
        return self.counting(f"{said}, where {why}")

    def counting(self, sentence: str) -> "Branch":
        """The same rows; other records decide over them, too."""
        return replace(self, counts=tuple(dict.fromkeys((*self.counts, sentence))))


def cloudtrail(reference: Reference) -> Branch:
    """All rows of the table."""
    held = {}
    for name, column in columns().items():
        if column.path is None:
            held[name] = hidden("unknown", f"where the column {name} comes from is not documented")
        else:
            held[name] = Scalar(Field(name), column.type)
    return Branch(CLOUDTRAIL, held, references=(reference,))


def other_table(name: str) -> Branch:
    """The rows of a table that holds no CloudTrail."""
    return Branch(name, others=hidden("unknown", f"it reads {name}, which is not at hand"))


def condition_of(branch: Branch) -> tuple[Expression, dict[str, Function]]:
    """The condition under which a record leaves a row at the end of the branch, and the functions that it needs
    beside Kusto's own: one for each `mv-expand`."""
    parts = [part.expression for part in branch.conditions]
    functions: dict[str, Function] = {}
    for number, expansion in reversed(list(enumerate(branch.expansions, 1))):
        names = frozenset(expansion.elements)
        inside = [part for part in parts if names & set(fields_of(part))]
        if not inside and len(parts) + number == 1:
            continue
        body = both(*inside)
        taken = tuple(name for name in fields_of(body) if name not in names)
        name = f"{ELEMENT}{number}: any"
        functions[name] = _any_element(
            len(expansion.lists),
            compiled(body, (*expansion.elements, *taken), {**FUNCTIONS, **functions}),
        )
        line = expansion.lists[0].line or body.line
        call = Call(
            name,
            (
                *expansion.lists,
                Literal(literals_of(body), line),
                *(Field(each, line) for each in taken),
            ),
            line,
        )
        parts = [part for part in parts if part not in inside]
        parts.append(call)
    return both(*parts), functions


def _any_element(count: int, body: Evaluate) -> Function:
    """Whether the body holds for a row of the lists, of which the shorter ones are filled with nulls."""

    def answer(*values: Value) -> bool | None:
        rows = [expanded(each)[:_MOST_ROWS] for each in values[:count]]
        taken = values[count + 1 :]
        found: bool | None = False
        for at in range(max(map(len, rows))):
            elements = [row[at] if at < len(row) else None for row in rows]
            held = body((*elements, *taken))
            if held is True:
                return True
            if held is not False:
                found = None
        return found

    return answer


def kept(branch: Branch, names: Callable[[str], bool]) -> Branch:
    """The branch with the columns of those names."""
    return replace(
        branch, columns={name: each for name, each in branch.columns.items() if names(name)}
    )


def joined(left: Branch, right: Sequence[Branch], why: str) -> Branch:
    """The left side's rows, with what a join adds to them: columns of other rows."""
    added: dict[str, Scalar] = {}
    for each in right:
        secret = each.others or hidden("counts", why)
        for name in each.columns:
            added.setdefault(f"{name}1" if name in left.columns else name, secret)
    others = left.others or next((each.others for each in right if each.others), None)
    return replace(
        left,
        columns={**added, **left.columns},
        others=others,
        denied=(*left.denied, *(reference for each in right for reference in each.denied)),
    )


def spelled(query: str, node: Any) -> str:
    """What the query says there, on one line and not too long."""
    said = " ".join(query[node.meta.start_pos : node.meta.end_pos].split())
    return said if len(said) <= 80 else f"{said[:77]}..."
