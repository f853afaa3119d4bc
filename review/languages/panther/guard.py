"""Writes a guard at the beginning of a function of a rule's module, and leaves every other byte as it is."""

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence

from ...errors import NoFix
from ...rule import Exclusion, Term
from .module import Module, bindings

_WIDE = 88
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def with_guard(module: Module, function: str, exclusions: Sequence[Exclusion], answer: str) -> str:
    """The module's text, in which the function answers at once where one of the exclusions holds.

    `answer` is Python source of what it returns there.

    Raises:
        NoFix: the function is none that a guard can be put into.
    """
    node = _plain(module, function)
    lines = _LINES.findall(module.source.text)
    about = _docstring(node)
    first = node.body[1] if about is not None and len(node.body) > 1 else node.body[0]
    if about is not None and first is about:
        raise NoFix(f"{function}() holds nothing but its docstring")
    start = _start(first)
    line = lines[start - 1]
    ending = _ending(lines)
    before = line.encode()[: first.col_offset].decode()
    if not before.strip():
        at = _after_header(lines, start, about.end_lineno if about is not None else node.lineno)
        guard = _guard(exclusions, _parameter(node), answer, before, ending)
        return "".join([*lines[: at - 1], guard, *lines[at - 1 :]])
    if about is not None or first.lineno != node.lineno:
        raise NoFix(f"{function}() begins on a line that holds something else, too: break the line")
    indent = " " * 4
    guard = _guard(exclusions, _parameter(node), answer, indent, ending)
    rest = line.encode()[first.col_offset :].decode()
    broken = [before.rstrip() + ending, guard, indent + rest]
    return "".join([*lines[: start - 1], *broken, *lines[start:]])


def with_function(
    module: Module, name: str, exclusions: Sequence[Exclusion], answer: str, otherwise: str
) -> str:
    """The module's text with a new function at its end.

    Raises:
        NoFix: the module uses the name already.
    """
    if bindings(module.tree, name):
        raise NoFix(f"its module uses the name {name} already, and not for a plain function")
    text = module.source.text
    ending = _ending(_LINES.findall(text))
    gap = "" if not text or text.endswith(("\n", "\r")) else ending
    guard = _guard(exclusions, "event", answer, " " * 4, ending)
    return f"{text}{gap}{ending}{ending}def {name}(event):{ending}{guard}    return {otherwise}{ending}"


def _plain(module: Module, name: str) -> ast.FunctionDef:
    node = module.function(name)
    if node is None:
        raise NoFix(f"its module has no function {name}(event) that is written out at its top")
    if bindings(module.tree, name) != 1:
        raise NoFix(f"its module gives the name {name} to more than one thing")
    if node.decorator_list:
        raise NoFix(f"{name}() has a decorator, which may turn its answer round")
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node)):
        raise NoFix(f"{name}() is a generator")
    return node


def _parameter(node: ast.FunctionDef) -> str:
    given = [*node.args.posonlyargs, *node.args.args]
    if not given:
        raise NoFix(f"{node.name}() has no parameter for the event")
    return given[0].arg


def _docstring(node: ast.FunctionDef) -> ast.stmt | None:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first if isinstance(first.value.value, str) else None
    return None


def _start(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _after_header(lines: Sequence[str], start: int, header: int | None) -> int:
    """The line of the first comment above the statement: a comment stays with what it is about."""
    at = start
    while at - 1 > (header or 0) and lines[at - 2].strip().startswith("#"):
        at -= 1
    return at


def _ending(lines: Sequence[str]) -> str:
    first = lines[0] if lines else ""
    return first[len(first.rstrip("\r\n")) :] or "\n"


def _guard(
    exclusions: Sequence[Exclusion], parameter: str, answer: str, indent: str, ending: str
) -> str:
    return "".join(
        f"{indent}{line}{ending}"
        for exclusion in exclusions
        for line in _lines(exclusion, parameter, answer)
    )


def _lines(exclusion: Exclusion, parameter: str, answer: str) -> Iterator[str]:
    if exclusion.explained:
        raise NoFix(
            "Panther enriches an event as it comes in, before anything can explain it, so that no lookup table holds "
            "its id then: use the scheduled queries of `cascade export panther` beside the rule"
        )
    if not exclusion.terms:
        raise NoFix("the exclusion names no condition: it would silence the rule altogether")
    about = "".join(each if each.isprintable() else " " for each in exclusion.why)
    yield from (f"# {line}" for line in textwrap.wrap(" ".join(about.split()), _WIDE))
    conditions = [_condition(term, parameter) for term in exclusion.terms]
    if len(conditions) == 1 and len(conditions[0]) < _WIDE:
        yield f"if {conditions[0]}:"
    else:
        yield "if ("
        for number, condition in enumerate(conditions):
            yield f"    {'and ' if number else ''}{condition}"
        yield "):"
    yield f"    return {answer}"


def _condition(term: Term, parameter: str) -> str:
    members = term.path.split(".")
    ask = "get" if len(members) == 1 else "deep_get"
    field = f"{parameter}.{ask}({', '.join(map(_text, members))})"
    if not term.values:
        return f"{field} is None"
    if len(term.values) == 1:
        choices = [f"{field} == {_text(term.values[0])}"]
    else:
        choices = [f"{field} in ({', '.join(map(_text, term.values))})"]
    # A record holds some of these as JSON's own truth values and numbers.
    for value in term.values:
        if value in ("true", "false"):
            choices.append(f"{field} is {value == 'true'}")
        elif re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value):
            choices.append(f"(type({field}) is int and {field} == {value})")
    return choices[0] if len(choices) == 1 else f"({' or '.join(choices)})"


def _text(value: str) -> str:
    written = ascii(value)
    plain = not set(written[1:-1]) & set("'\"\\")
    return f'"{written[1:-1]}"' if plain else written
