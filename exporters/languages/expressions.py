"""Expressions of SPL and ES|QL as data: each language writes them its own way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A text or a number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language."""

    name: str
    arguments: "tuple[Expression, ...]" = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """Operands with an operator of the language between them: ==, <=, -, AND, OR."""

    operator: str
    operands: "tuple[Expression, ...]"


Expression = Field | Value | Call | Operation


def call(name: str, *arguments: Expression) -> Call:
    """A function of the language."""
    return Call(name, arguments)


def both(*operands: Expression) -> Expression:
    """All of them hold."""
    return operands[0] if len(operands) == 1 else Operation("AND", operands)


def either(*operands: Expression) -> Expression:
    """One of them holds."""
    return operands[0] if len(operands) == 1 else Operation("OR", operands)


def equal(one: Expression, other: Expression) -> Expression:
    """Equal, exactly: wildcards are letters."""
    return Operation("==", (one, other))


NULL = Call("null")
