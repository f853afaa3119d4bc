"""A query of tables, read as the condition on one record under which it yields a row.

What filters is the condition. What groups, joins or compares with other records is told beside it (`counts`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ....exporters.languages.sentinel import watchlists
from ...errors import NotJudged
from ...expression import Call, Expression, Field, Literal, either
from ...expression import Function as Runnable
from . import branches
from .branches import CLOUDTRAIL, EXPLAINED_ROWS, Branch, Reference, spelled
from .grammar import parse
from .operators import ID, SAYS, Operators
from .scalars import Scalars, explained
from .table import column_of
from .terms import Function, Later, Scalar, Scope, hidden
from .values import FUNCTIONS

_TABLES: Final = frozenset(("pipeline", "union_of", "externaldata", "datatable"))
_WRAPPERS: Final = frozenset(("materialize", "view", "as"))
_COMMENT: Final = re.compile(r"//[^\n]*|@?\"(?:[^\"\\\n]|\\.)*\"|@?'(?:[^'\\\n]|\\.)*'")
_MOST_BRANCHES: Final = 64


@dataclass(frozen=True, slots=True)
class Judged:
    """What a query asks of a record. `functions` are Kusto's, and those of this query's `mv-expand`; `references` are
    where the judged branches name the table, `shared` is true where a join that drops rows by what it finds reads
    from one of them, too. `kept` are the columns that all branches keep as the table has them, None after grouping."""

    condition: Expression
    functions: Mapping[str, Runnable] = field(repr=False)
    counts: str | None
    group_by: tuple[str, ...]
    references: tuple[Reference, ...]
    shared: bool
    kept: frozenset[str] | None
    end: int


def about(query: str) -> bool:
    """Whether the query names the table of CloudTrail outside of comments and texts."""
    return re.search(rf"\b{CLOUDTRAIL}\b", _COMMENT.sub(" ", query)) is not None


def read(query: str, line: int = 1) -> Judged | None:
    """The condition of a query that begins on `line` of its file; None where it yields no row of CloudTrail.

    Raises:
        NotJudged: it cannot be executed on records alone.
    """
    try:
        return _Reader(query, line).judged()
    except RecursionError:
        raise NotJudged("the query nests too deeply") from None


def on_one_line(judged: Judged, line: int) -> Judged:
    """The same, of a query that its file writes on one line."""
    return replace(judged, condition=_moved(judged.condition, line))


def _moved(condition: Expression, line: int) -> Expression:
    if isinstance(condition, Call):
        arguments = tuple(_moved(each, line) for each in condition.arguments)
        return Call(condition.function, arguments, line)
    return replace(condition, line=line)


class _Reader(Operators):
    def __init__(self, query: str, line: int) -> None:
        self.query = query
        self.scalars = Scalars(line, self.is_table, self.member_of)
        self.depth = 0

    def judged(self) -> Judged | None:
        statements: list[Any] = list(parse(self.query).children)
        lets: dict[str, Any] = {}
        last: Any = None
        for each in statements:
            if each.data == "let":
                self.bind(each, lets)
            elif last is not None:
                raise NotJudged("the query yields more than one table")
            else:
                last = each
        if last is None:
            raise NotJudged("the query yields nothing")
        if not self.is_table(last, Scope(lets)):
            raise NotJudged("the query yields no table")
        found = [each for each in self.branches(last, Scope(lets)) if each.table == CLOUDTRAIL]
        if not found:
            return None
        conditions, functions = [], dict[str, Runnable]()
        for number, branch in enumerate(found, 1):
            condition, more = branches.condition_of(branch)
            renamed = {
                name: f"{name} of branch {number}" if len(found) > 1 else name for name in more
            }
            conditions.append(_renamed(condition, renamed))
            functions |= {renamed[name]: each for name, each in more.items()}
        counts = dict.fromkeys(sentence for branch in found for sentence in branch.counts)
        said = "; ".join(counts)
        if said and any(not branch.counts for branch in found):
            said = f"in a part of its union: {said}"
        references = dict.fromkeys(each for branch in found for each in branch.references)
        denied = {each.start for branch in found for each in branch.denied}
        plain = all(branch.grouped is None for branch in found)
        return Judged(
            either(*conditions),
            {**FUNCTIONS, **functions},
            said or None,
            tuple(dict.fromkeys(name for branch in found for name in branch.group_by)),
            tuple(references),
            any(each.start in denied for each in references),
            frozenset.intersection(*map(_unchanged, found)) if plain else None,
            getattr(last.meta, "container_end_pos", last.meta.end_pos),
        )

    def bind(self, node: Any, lets: dict[str, Any]) -> None:
        name, value = str(node.children[0]), node.children[1]
        scope = Scope(dict(lets))
        if value.data != "function":
            lets[name] = Later(value, scope)
            return
        given = [each for each in value.children if each is not None]
        parameters = [each for each in given if each.data == "parameters"]
        names = tuple(str(each.children[0]) for part in parameters for each in part.children)
        lets[name] = Function(names, given[-1], scope)

    # Tables

    def is_table(self, node: Any, scope: Scope) -> bool:
        """Whether the expression is a table."""
        kind = node.data
        if kind in _TABLES:
            return True
        if kind == "name":
            name = str(node.children[0])
            if scope.columns is not None and name in scope.columns:
                return False
            bound = scope.lets.get(name)
            if isinstance(bound, Later):
                return self.is_table(bound.node, bound.scope)
            return bound is None and scope.columns is None and name.lower() not in ("true", "false")
        if kind == "call":
            name, given = str(node.children[0]), node.children[1]
            if name in _WRAPPERS and given:
                return self.is_table(given.children[0], replace(scope, columns=None))
            bound = scope.lets.get(name)
            if isinstance(bound, Function) and not bound.parameters and bound.body.children:
                return self.is_table(bound.body.children[-1], bound.scope)
            return name == "_GetWatchlist" or name.startswith(
                ("_Im_", "_ASim_", "im", "ASim", "table")
            )
        # workspace("name").Table
        return kind == "member" and _of_workspace(node) and scope.columns is None

    def member_of(self, value: Scalar, node: Any, scope: Scope) -> Scalar:
        """Whether the value is among the first column of a table's rows."""
        found = self.branches(node, Scope(scope.lets))
        if all(each.table == EXPLAINED_ROWS for each in found):
            if any(next(iter(each.columns.values()), SAYS) != ID for each in found):
                raise NotJudged(
                    "it asks the watchlist of explained events for more than AwsEventId"
                )
            return self.explained_by(value)
        for each in found:
            if each.others and each.others.hidden and each.table != CLOUDTRAIL:
                return each.others
        return hidden("counts", "it is among what another query finds")

    def explained_by(self, value: Scalar) -> Scalar:
        if value.expression != Field(column_of()["eventID"], getattr(value.expression, "line", 0)):
            raise NotJudged(
                "it asks the watchlist of explained events for something other than AwsEventId"
            )
        return explained(getattr(value.expression, "line", 0))

    def branches(self, node: Any, scope: Scope) -> list[Branch]:
        """The branches of a table.

        Raises:
            NotJudged: it says what is not executed.
        """
        self.depth += 1
        self.scalars.steps += 1
        if self.depth > 60 or self.scalars.steps > 20_000:
            raise NotJudged("the query nests too many tables")
        try:
            found = self._branches(node, replace(scope, columns=None, others=None))
        finally:
            self.depth -= 1
        if len(found) > _MOST_BRANCHES:
            raise NotJudged(f"the query unites more than {_MOST_BRANCHES} tables")
        return found

    def _branches(self, node: Any, scope: Scope) -> list[Branch]:
        kind = node.data
        if kind == "pipeline":
            return self.pipeline(node, scope)
        if kind == "union_of":
            return self.united(node, scope)
        if kind == "externaldata":
            return [branches.other_table("externaldata")]
        if kind == "datatable":
            return [branches.other_table("a datatable")]
        if kind == "name":
            return self.named(node, scope)
        if kind == "member":
            name = str(node.children[1])
            return [self.table(name, node)]
        if kind == "call":
            return self.called(node, scope)
        raise NotJudged(f"{spelled(self.query, node)!r} is no table")

    def named(self, node: Any, scope: Scope) -> list[Branch]:
        name = str(node.children[0])
        bound = scope.lets.get(name)
        if isinstance(bound, Later):
            return self.branches(bound.node, bound.scope)
        if bound is not None:
            raise NotJudged(f"{name} is no table")
        return [self.table(name, node)]

    def table(self, name: str, node: Any, after: int | None = None) -> Branch:
        if name != CLOUDTRAIL:
            return branches.other_table(f"the table {name}")
        return branches.cloudtrail(Reference(node.meta.start_pos, node.meta.end_pos, after))

    def called(self, node: Any, scope: Scope) -> list[Branch]:
        name, given = str(node.children[0]), node.children[1]
        if name in _WRAPPERS and given:
            return self.branches(given.children[0], scope)
        bound = scope.lets.get(name)
        if isinstance(bound, Function):
            if bound.parameters:
                raise NotJudged(f"the function {name} of tables is not executed")
            lets: dict[str, Any] = dict(bound.scope.lets)
            for each in bound.body.children[:-1]:
                self.bind(each, lets)
            return self.branches(bound.body.children[-1], Scope(lets))
        if name == "_GetWatchlist" and given:
            alias = self.scalars.read(given.children[0], Scope(scope.lets)).expression
            if getattr(alias, "value", None) == watchlists.EXPLAINED:
                return [Branch(EXPLAINED_ROWS, _watchlist_columns())]
            return [branches.other_table(f"the watchlist {getattr(alias, 'value', '')!r}")]
        return [branches.other_table(f"the function {name}")]

    def united(self, node: Any, scope: Scope) -> list[Branch]:
        tables = [each for each in node.children if each.data != "setting"]
        return _level([branch for each in tables for branch in self.branches(each, scope)])

    def pipeline(self, node: Any, scope: Scope) -> list[Branch]:
        first, *steps = node.children
        direct = self._direct(first, scope)
        if direct is not None:
            after = steps[0].meta.end_pos if steps[0].data == "where" else first.meta.end_pos
            found = [self.table(direct, first, after)]
        else:
            found = self.branches(first, scope)
        for step in steps:
            found = self.step(step, found, scope)
        return found

    def _direct(self, node: Any, scope: Scope) -> str | None:
        """The name of a table that the pipeline itself begins with."""
        if node.data == "name" and str(node.children[0]) not in scope.lets:
            return str(node.children[0])
        if node.data == "member" and _of_workspace(node):
            return str(node.children[1])
        return None

    # Operators

    def step(self, node: Any, found: list[Branch], scope: Scope) -> list[Branch]:
        """What an operator makes of the branches."""
        kind = node.data
        if kind == "pass_by":
            return found
        if kind == "union":
            return _level([*found, *self.united(node, scope)])
        if kind in ("join", "lookup"):
            return self.join(node, found, scope)
        if kind == "parse":
            return [self.parsed(node, each) for each in found]
        operator = getattr(self, f"_{kind}", None)
        if operator is None:
            raise NotJudged(f"the operator {kind.replace('_', '-')} is not executed")
        return [operator(node, each, scope) for each in found]

    def join(self, node: Any, left: list[Branch], scope: Scope) -> list[Branch]:
        """The left side's rows. Where only the right side is of CloudTrail, the right side's."""
        settings = {
            str(each.children[0]): str(each.children[1])
            for each in node.children
            if each.data == "setting"
        }
        kind = settings.get("kind", "leftouter" if node.data == "lookup" else "innerunique")
        table, *keys = [each for each in node.children if each.data != "setting"]
        right = self.branches(table, scope)
        pairs = [_key(each) for each in keys]
        said = f"{node.data} {kind} on {', '.join(own for own, _ in pairs)}"
        if kind in (
            "rightsemi",
            "rightanti",
            "rightantisemi",
            "anti",
            "leftantisemi",
            "rightouter",
            "fullouter",
        ):
            kind = {"leftantisemi": "leftanti", "anti": "leftanti"}.get(kind, kind)
        if all(each.table == EXPLAINED_ROWS for each in right):
            return [self.by_explained(each, right, kind, pairs) for each in left]
        ours = any(each.table == CLOUDTRAIL for each in left)
        others = [each for each in right if each.table != CLOUDTRAIL]
        if not ours and all(each.table != CLOUDTRAIL for each in right):
            return left
        foreign = left if not ours else others if kind != "leftouter" else []
        if foreign:
            raise NotJudged(f"it joins {foreign[0].table}, which is not at hand")
        if kind not in ("inner", "innerunique", "leftouter", "leftanti", "leftsemi"):
            raise NotJudged(f"a {kind} join is not executed")
        why = f"rows of both sides meet ({said})"
        found = []
        for each in left:
            branch = each if kind in ("leftanti", "leftsemi") else branches.joined(each, right, why)
            if kind != "leftouter":
                fields = [
                    value.expression.name
                    for own, _ in pairs
                    if (value := each.columns.get(own))
                    and isinstance(value.expression, Field)
                    and not value.hidden
                ]
                branch = replace(
                    branch.counting(said),
                    group_by=tuple(dict.fromkeys((*branch.group_by, *fields))),
                )
            if kind == "leftanti":
                branch = replace(
                    branch,
                    denied=(*branch.denied, *(one for part in right for one in part.references)),
                )
            found.append(branch)
        return found

    def by_explained(
        self, branch: Branch, right: list[Branch], kind: str, pairs: list[tuple[str, str]]
    ) -> Branch:
        """The rows whose ids the watchlist of explained events holds, or does not hold."""
        if branch.table != CLOUDTRAIL or kind == "leftouter":
            return branches.joined(branch, right, "")
        asked = [each.columns.get(pairs[0][1]) for each in right]
        if (
            kind not in ("leftanti", "inner", "innerunique", "leftsemi")
            or len(pairs) > 1
            or set(asked) != {ID}
        ):
            raise NotJudged(f"a {kind} join with the watchlist of explained events is not executed")
        own = branch.columns.get(pairs[0][0])
        if own is None:
            raise NotJudged(f"there is no column {pairs[0][0]!r}")
        found = self.explained_by(own)
        kept = branch if kind in ("leftanti", "leftsemi") else branches.joined(branch, right, "")
        return kept.where(self.scalars.denied(found) if kind == "leftanti" else found, "")


def _watchlist_columns() -> dict[str, Scalar]:
    # A watchlist begins with columns of Sentinel's own.
    found = dict.fromkeys(("_DTItemId", *watchlists.EXPLAINED_COLUMNS), SAYS)
    return {**found, watchlists.EXPLAINED_COLUMNS[0]: ID}


def _level(found: list[Branch]) -> list[Branch]:
    """The branches of a union, each with the columns of all: what a table lacks is empty."""
    kinds = {name: each.type for branch in found for name, each in branch.columns.items()}
    empty = {
        name: Scalar(Literal("" if kind == "string" else None), kind)
        for name, kind in kinds.items()
    }
    return [
        replace(each, columns={**empty, **each.columns}) if each.table == CLOUDTRAIL else each
        for each in found
    ]


def _of_workspace(node: Any) -> bool:
    inner = node.children[0]
    while inner.data == "member":
        inner = inner.children[0]
    return inner.data == "call" and str(inner.children[0]) in (
        "workspace",
        "database",
        "cluster",
        "app",
    )


def _key(node: Any) -> tuple[str, str]:
    """The names of a join's key on its left and on its right side."""
    if node.data == "name":
        return str(node.children[0]), str(node.children[0])
    if node.data == "compare" and all(
        each.data == "member" for each in (node.children[0], node.children[2])
    ):
        sides = {}
        for each in (node.children[0], node.children[2]):
            if each.children[0].data == "name":
                sides[str(each.children[0].children[0])] = str(each.children[1])
        if {"$left", "$right"} == set(sides):
            return sides["$left"], sides["$right"]
    raise NotJudged("a join by more than equal columns is not executed")


def _unchanged(branch: Branch) -> frozenset[str]:
    return frozenset(
        name
        for name, value in branch.columns.items()
        if isinstance(value.expression, Field)
        and value.expression.name == name
        and not value.hidden
    )


def _renamed(condition: Expression, names: Mapping[str, str]) -> Expression:
    if not names or not isinstance(condition, Call):
        return condition
    arguments = tuple(_renamed(each, names) for each in condition.arguments)
    return Call(names.get(condition.function, condition.function), arguments, condition.line)
