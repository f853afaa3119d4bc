"""A rule's Python module as text: read as a syntax tree, never executed here."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from ....errors import Place
from ...errors import Unreadable
from ...rule import Source

MOST_CHARACTERS = 400_000
_NOW = frozenset({"now", "utcnow", "today", "time", "time_ns"})


@dataclass(frozen=True, slots=True)
class Module:
    """A module: its file, and the tree of it."""

    source: Source
    tree: ast.Module

    def function(self, name: str) -> ast.FunctionDef | None:
        """The function of this name at the top of the module; None where there is none."""
        found = [
            each
            for each in self.tree.body
            if isinstance(each, ast.FunctionDef) and each.name == name
        ]
        return found[-1] if found else None


def parsed(source: Source) -> Module:
    """The module of a file.

    Raises:
        Unreadable: the file is no Python, or larger or deeper than a rule is.
    """
    if len(source.text) > MOST_CHARACTERS:
        raise Unreadable(Place(source.path), "it is too large for a rule")
    try:
        with warnings.catch_warnings():
            # An escape that Python will refuse some day is the rule's affair.
            warnings.simplefilter("ignore")
            return Module(source, ast.parse(source.text))
    except SyntaxError as error:
        place = Place(source.path, error.lineno or 0, error.offset or 0)
        raise Unreadable(place, f"it is no Python: {error.msg}") from None
    except (RecursionError, MemoryError, ValueError):
        raise Unreadable(Place(source.path), "it is nested too deeply, or is no text") from None


def literals(module: Module) -> tuple[str, ...]:
    """The texts in it that are no docstrings, each once, in order."""
    about = set(_docstrings(module.tree))
    found = (
        each.value
        for each in ast.walk(module.tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in about
    )
    return tuple(dict.fromkeys(text for text in found if text))


def _docstrings(tree: ast.Module) -> Iterator[int]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = each.body[0] if each.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield id(first.value)


def imported(tree: ast.Module) -> Iterator[str]:
    """The names of the modules that it imports, wherever in it."""
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            yield from (name.name for name in each.names)
        elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
            yield each.module


def asks_the_time(module: Module) -> bool:
    """Whether it calls something that is named as what tells the time of day."""
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in _NOW
        for each in ast.walk(module.tree)
    )


def bindings(tree: ast.Module, name: str) -> int:
    """How often the module gives something this name, its functions' own names aside."""
    count = 0
    waiting: list[ast.AST] = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            count += each.name == name
            count += sum(
                name in part.names for part in ast.walk(each) if isinstance(part, ast.Global)
            )
            continue
        if isinstance(each, ast.Name):
            count += each.id == name and not isinstance(each.ctx, ast.Load)
        elif isinstance(each, ast.alias):
            count += (each.asname or each.name) in (name, "*")
        waiting.extend(ast.iter_child_nodes(each))
    return count
