"""Operators that look at one row at a time, or group rows, over the branches of a query."""

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Final

from ...errors import NotJudged
from ...expression import Expression, Field
from ...rule import EXPLAINED
from . import branches
from .branches import CLOUDTRAIL, EXPLAINED_ROWS, Branch, Expansion, spelled
from .literals import unquoted
from .scalars import Scalars
from .terms import Scalar, Scope, hidden

SAYS: Final = hidden("unknown", "it reads what the watchlist of explained events says of an event")
"""A column of the watchlist of explained events."""
ID: Final = Scalar(Field(EXPLAINED), "string")
"""Its column of ids."""
_AGGREGATE: Final = ("counts", "rows are grouped")
_NOTHING: Final = hidden("counts", "").expression


class Operators(ABC):
    """What operators make of a branch. `query` is what they stand in."""

    query: str
    scalars: Scalars

    @abstractmethod
    def step(self, node: Any, found: list[Branch], scope: Scope) -> list[Branch]:
        """What any operator makes of branches."""

    def scope_of(self, branch: Branch, scope: Scope) -> Scope:
        return Scope(scope.lets, branch.columns, branch.others)

    def _where(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        if branch.table == EXPLAINED_ROWS:
            return self.of_ids(node, branch)
        if branch.table != CLOUDTRAIL:
            return branch
        parts = node.children[0].children if node.children[0].data == "both" else node.children
        for each in parts:
            part = self.scalars.read(each, self.scope_of(branch, scope))
            if part.type not in ("bool", "dynamic") and part.hidden is None:
                raise NotJudged(f"where asks {spelled(self.query, each)!r}, which is no condition")
            branch = branch.where(part, spelled(self.query, each))
        return branch

    def _named(self, node: Any, branch: Branch, scope: Scope) -> dict[str, Scalar]:
        found: dict[str, Scalar] = {}
        for number, each in enumerate(node.children if node is not None else ()):
            target, value = each.children
            if value.data == "star":
                found.update(branch.columns)
                continue
            name = _target(target) if target is not None else self.implied(value, number)
            found[name] = self.value(value, branch, scope)
        return found

    def value(self, node: Any, branch: Branch, scope: Scope) -> Scalar:
        """A column's value. What cannot be read fails where it is asked for."""
        if branch.table == EXPLAINED_ROWS:
            plain = node.data == "call" and node.children[0] == "tostring" and node.children[1]
            node = node.children[1].children[0] if plain else node
            named = str(node.children[0]) if node.data == "name" else ""
            return branch.columns.get(named, SAYS)
        if branch.table != CLOUDTRAIL:
            return branch.others or hidden("unknown", f"it reads {branch.table}")
        return self.scalars.read(node, self.scope_of(branch, scope))

    def implied(self, node: Any, number: int) -> str:
        """The name that Kusto gives to a column without one."""
        if node.data == "name":
            return str(node.children[0])
        if node.data == "quoted":
            return unquoted(str(node.children[0]))
        if node.data == "call" and node.children[1] and node.children[1].children[0].data == "name":
            inner = str(node.children[1].children[0].children[0])
            return (
                inner
                if node.children[0] in ("bin", "tostring", "tolower")
                else f"{node.children[0]}_{inner}"
            )
        return f"{node.children[0]}_" if node.data == "call" else f"Column{number + 1}"

    def _extend(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        if not node.children:
            return branch
        columns = dict(branch.columns)
        for number, each in enumerate(node.children[0].children):
            target, value = each.children
            name = _target(target) if target is not None else self.implied(value, number)
            columns[name] = self.value(value, branch, scope)
        return replace(branch, columns=columns)

    def _project(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        columns = self._named(node.children[0], branch, scope)
        others = None if branch.table == CLOUDTRAIL else branch.others
        return replace(branch, columns=columns, others=others)

    _distinct = _project

    def _project_away(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        tests = [_pattern(each) for each in node.children]
        return branches.kept(branch, lambda name: not any(each(name) for each in tests))

    def _project_keep(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        tests = [_pattern(each) for each in node.children]
        return branches.kept(branch, lambda name: any(each(name) for each in tests))

    def _project_rename(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        names = [str(each) for each in node.children]
        columns = dict(branch.columns)
        for new, old in zip(names[::2], names[1::2], strict=True):
            if old in columns:
                columns[new] = columns.pop(old)
        return replace(branch, columns=columns)

    def _count(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        return self.grouped(branch, {}, "it counts all rows")

    def _make_series(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        found = self.grouped(branch, dict(branch.columns), "it makes a series of the rows")
        return replace(found, others=hidden("counts", "a series of rows decides"))

    def _summarize(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        groups: dict[str, Scalar] = {}
        made: dict[str, Scalar] = {}
        windows = []
        for part in node.children:
            if part is None:
                continue
            if part.data == "by":
                groups = self._named(part.children[0], branch, scope)
                windows = [name for name, each in groups.items() if each.type == "datetime"]
            else:
                made = self.aggregates(part, branch, scope)
        names = [name for name in groups if name not in windows]
        by = f"by {', '.join(names)}" if names else "over all rows"
        why = f"rows are grouped {by}"
        made = {
            name: replace(each, hidden=("counts", why)) if each.hidden == _AGGREGATE else each
            for name, each in made.items()
        }
        found = self.grouped(
            branch, {**made, **groups}, None if groups else f"{why}: one row is yielded always"
        )
        fields = [
            each.expression.name
            for name, each in groups.items()
            if name in names and isinstance(each.expression, Field) and not each.hidden
        ]
        return replace(found, group_by=tuple(fields), grouped=why)

    def grouped(self, branch: Branch, columns: dict[str, Scalar], counts: str | None) -> Branch:
        found = replace(branch, columns=columns, grouped=counts or "grouped")
        if branch.table == CLOUDTRAIL:
            found = replace(found, others=None)
        return found.counting(counts) if counts else found

    def aggregates(self, node: Any, branch: Branch, scope: Scope) -> dict[str, Scalar]:
        """The columns that an aggregation makes: of `arg_max` and the like those of one of the rows."""
        found: dict[str, Scalar] = {}
        for number, each in enumerate(node.children):
            target, value = each.children
            aggregate = Scalar(_NOTHING, hidden=_AGGREGATE)
            name = _target(target) if target is not None else self.implied(value, number)
            called = str(value.children[0]) if value.data == "call" else ""
            if (
                called in ("arg_max", "arg_min", "take_any", "any", "argmax", "argmin")
                and value.children[1]
            ):
                taken = value.children[1].children
                for inner in taken:
                    if inner.data == "star":
                        found |= {
                            key: one for key, one in branch.columns.items() if key not in found
                        }
                    elif inner.data == "name":
                        found[str(inner.children[0])] = self.value(inner, branch, scope)
                if target is not None:
                    found[name] = (
                        self.value(taken[0], branch, scope)
                        if taken[0].data != "star"
                        else aggregate
                    )
            else:
                found[name] = aggregate
        return found

    def _mv_expand(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        if branch.table != CLOUDTRAIL:
            return branch
        columns = dict(branch.columns)
        elements: list[str] = []
        lists: list[Expression] = []
        for each in node.children:
            if each.data == "setting" and str(each.children[0]) == "with_itemindex":
                columns[str(each.children[1])] = hidden(
                    "unknown", "the index of mv-expand is not executed"
                )
            if each.data != "expansion":
                continue
            target, value, *to = each.children
            whole = self.scalars.read(value, self.scope_of(branch, scope))
            name = str(target) if target is not None else self.implied(value, 0)
            if whole.hidden:
                columns[name] = whole
                continue
            element = f"{branches.ELEMENT}{len(branch.expansions) + 1}.{len(elements)}"
            if whole.type == "string":
                raise NotJudged("mv-expand takes a text that is not parsed")
            elements.append(element)
            lists.append(whole.expression)
            kind = (
                {"string": "string", "bool": "bool"}.get(str(to[0]), "dynamic") if to else "dynamic"
            )
            columns[name] = Scalar(Field(element), kind)
            if kind != "dynamic":
                converter = "tostring" if kind == "string" else "tobool"
                columns[name] = self.scalars.call(converter, [Scalar(Field(element))], value)
        found = replace(branch, columns=columns)
        if elements:
            expansion = Expansion(tuple(elements), tuple(lists))
            found = replace(found, expansions=(*found.expansions, expansion))
        return found

    def _mv_apply(self, node: Any, branch: Branch, scope: Scope) -> Branch:
        inner = [each for each in node.children if each.data not in ("setting", "expansion")]
        if any(
            each.data not in ("where", "extend", "project", "mv_expand", "mv_apply", "pass_by")
            for each in inner
        ):
            raise NotJudged("mv-apply with a grouping is not executed")
        found = self._mv_expand(node, branch, scope)
        for each in inner:
            kept = found.columns
            found = self.step(each, [found], scope)[0]
            found = replace(found, columns={**kept, **found.columns})
        return found

    def parsed(self, node: Any, branch: Branch) -> Branch:
        names = [str(each.children[0]) for each in node.children if each.data == "parse_column"]
        secret = hidden("unknown", "the operator parse is not executed")
        return replace(branch, columns={**branch.columns, **dict.fromkeys(names, secret)})

    def of_ids(self, node: Any, branch: Branch) -> Branch:
        """The watchlist's rows, where a condition asks for no more than an id and an end that lies ahead."""
        names = {str(each.children[0]) for each in node.find_data("name")}
        if all(name == "Expires" or branch.columns.get(name) == ID for name in names):
            return branch
        raise NotJudged(f"it asks the watchlist of explained events for {', '.join(sorted(names))}")


def _target(node: Any) -> str:
    child = node.children[0]
    return str(child) if not hasattr(child, "data") else unquoted(str(child.children[0]))


def _pattern(node: Any) -> Any:
    child = node.children[0]
    if hasattr(child, "data"):
        name = unquoted(str(child.children[0]))
        return lambda other: other == name
    test = re.compile(re.sub(r"\*+", ".*", str(child)))
    return lambda other: test.fullmatch(other) is not None
