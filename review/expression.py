"""What a rule asks of a record: an expression over the platform's fields, and how it is evaluated.

Every language here is parsed into it. A language brings its functions by name; `and`, `or` and `not` are the same in
all, and three-valued: None is "cannot be told", and a rule fires on True alone. A language whose `not` makes
True of a missing field has functions that answer False where a field is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Value = Any
"""A JSON value. None is a field that is missing or null."""
Function = Callable[..., Value]
Row = Sequence[Value]
Evaluate = Callable[[Row], Value]


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. `line` counts from 1 in the rule's file; 0 is unknown."""

    value: Value
    line: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """A field, as the platform spells it."""

    name: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function of expressions; `and`, `or` (any number) and `not` (one) among them."""

    function: str
    arguments: tuple["Expression", ...]
    line: int = 0


Expression = Literal | Field | Call


def both(*parts: Expression) -> Expression:
    """All of them; True where there is none."""
    return _joined("and", parts, empty=True)


def either(*parts: Expression) -> Expression:
    """One of them; False where there is none."""
    return _joined("or", parts, empty=False)


def negated(part: Expression) -> Expression:
    """The opposite."""
    return Call("not", (part,), part.line)


def _joined(name: str, parts: Sequence[Expression], *, empty: bool) -> Expression:
    if not parts:
        return Literal(empty)
    return parts[0] if len(parts) == 1 else Call(name, tuple(parts), parts[0].line)


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all below it, each before what it holds."""
    waiting = [expression]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, Call):
            waiting.extend(reversed(each.arguments))


def fields_of(expression: Expression) -> tuple[str, ...]:
    """The names of all fields in it, each once, sorted."""
    return tuple(sorted({each.name for each in walk(expression) if isinstance(each, Field)}))


def literals_of(expression: Expression) -> tuple[str, ...]:
    """The texts in it, each once, in order."""
    found = dict.fromkeys(
        text
        for each in walk(expression)
        if isinstance(each, Literal)
        for text in _texts(each.value)
    )
    return tuple(found)


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)


def excluded(expression: Expression) -> Iterator[Expression]:
    """What makes the expression false where it holds: the largest parts that stand below an odd number of `not`."""
    waiting = [(expression, False)]
    while waiting:
        each, inverted = waiting.pop()
        if not isinstance(each, Call):
            continue
        if each.function == "not":
            if inverted:
                waiting.append((each.arguments[0], False))
            else:
                yield each.arguments[0]
                waiting.append((each.arguments[0], True))
        elif each.function in ("and", "or"):
            waiting.extend((part, inverted) for part in reversed(each.arguments))


def compiled(
    expression: Expression, fields: Sequence[str], functions: Mapping[str, Function]
) -> Evaluate:
    """The expression as a function of a row: the values of `fields`, in that order.

    Raises:
        KeyError: a field is not among `fields`, or the language has no such function.
    """
    places = {name: at for at, name in enumerate(fields)}
    return _compiled(expression, places, functions)


def _compiled(
    expression: Expression, places: Mapping[str, int], functions: Mapping[str, Function]
) -> Evaluate:
    if isinstance(expression, Literal):
        value = expression.value
        return lambda row: value
    if isinstance(expression, Field):
        at = places[expression.name]
        return lambda row: row[at]
    parts = [_compiled(each, places, functions) for each in expression.arguments]
    if expression.function == "and":
        return lambda row: _all(parts, row)
    if expression.function == "or":
        return lambda row: _any(parts, row)
    if expression.function == "not":
        return lambda row: _not(parts[0](row))
    function = functions[expression.function]
    if len(parts) == 1:
        only = parts[0]
        return lambda row: function(only(row))
    if len(parts) == 2:
        first, second = parts
        return lambda row: function(first(row), second(row))
    return lambda row: function(*(part(row) for part in parts))


def _all(parts: Sequence[Evaluate], row: Row) -> bool | None:
    answer: bool | None = True
    for part in parts:
        value = part(row)
        if value is False:
            return False
        if value is not True:
            answer = None
    return answer


def _any(parts: Sequence[Evaluate], row: Row) -> bool | None:
    answer: bool | None = False
    for part in parts:
        value = part(row)
        if value is True:
            return True
        if value is not False:
            answer = None
    return answer


def _not(value: Value) -> bool | None:
    return not value if isinstance(value, bool) else None
