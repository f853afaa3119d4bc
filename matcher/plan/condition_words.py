"""A condition of a document in words, which follow the path that it is about."""

from collections.abc import Iterator

import msgspec

from ...catalog.models import Condition
from .found import cut

_MOST = 8


def in_words(condition: Condition | None) -> str:
    """What must hold of a field. None is the engine's own question, which parts of a call failed.

    >>> in_words(Condition(endswith="ReadOnlyAccess"))
    'ends with ReadOnlyAccess'
    >>> in_words(Condition.model_validate({"not": {"in": ["a", True]}}))
    'is there and not: is one of a, true'
    """
    if condition is None:
        return "says of each part that failed what it was about"
    return cut(" and ".join(_parts(condition)))


def _parts(condition: Condition) -> Iterator[str]:
    if condition.equals is not None:
        yield f"is {_text(condition.equals)}"
    if condition.in_ is not None:
        yield f"is one of {_listed(condition.in_)}"
    if condition.startswith is not None:
        yield f"begins with {condition.startswith}"
    if condition.endswith is not None:
        yield f"ends with {condition.endswith}"
    if condition.exists:
        yield "is there"
    if condition.absent:
        yield "is not there"
    if condition.grants is not None:
        yield "grants nothing to anybody outside of the account"
    if condition.only is not None:
        yield f"holds nothing but {_listed(condition.only)}"
    if condition.not_ is not None:
        yield (
            "is there" if condition.not_.absent else f"is there and not: {in_words(condition.not_)}"
        )


def _listed(values: tuple[object, ...]) -> str:
    told = ", ".join(map(_text, values[:_MOST]))
    beyond = len(values) - _MOST
    return f"{told} and {beyond} more" if beyond > 0 else told


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
