"""Reads out of a response which parts of a call failed although the call itself succeeded.

docs/semantics.md, Success, says what counts as a failed part; `catalog.failed_parts` which lists of which actions.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from ...catalog.models import KeySource
from .fields import HIDDEN, KeyValue, Scalar, View, elements, shape_of

Parts = tuple[frozenset[Scalar], ...]
"""The values that stand in each failed part; an empty set is a part of which nothing is told."""

Reader = Callable[[View], Parts]

_RESPONSE = "responseElements"
_MAX_PARTS = 1_000
_MAX_VALUES = 10_000
_UNTOLD: Parts = (frozenset(),)


def compile_failed_parts(lists: Sequence[str]) -> Reader:
    """A function that reads the failed parts from a record, given what the lists of them are called.

    It remembers in the view what it found, for all the keys and nodes that ask.
    """
    names = [spelt for name in lists for spelt in (name, name[0].upper() + name[1:])]
    kept = "\0" + "".join(lists)

    def read(view: View) -> Parts:
        if kept not in view:
            view[kept] = _read(view[_RESPONSE], names)
        return view[kept]  # type: ignore[return-value]  # put there above

    return read


def _read(response: object, names: Sequence[str]) -> Parts:
    if type(response) is not dict:
        return ()
    if response.get("omitted") is True:
        return _UNTOLD
    holders = [response]
    holders += [
        inner
        for name, inner in response.items()
        if name.endswith("Response") and type(inner) is dict
    ]
    found = [part for holder in holders for name in names for part in _parts(holder.get(name))]
    if len(found) > _MAX_PARTS:
        return _UNTOLD
    return tuple(frozenset(islice(_values(part), _MAX_VALUES)) for part in found)


def _parts(found: object) -> list[object]:
    while type(found) is dict and "item" in found:
        found = found["item"]
    if found in (None, "", [], {}):
        return []
    return found if type(found) is list else [found]


def _values(part: object) -> Iterator[Scalar]:
    left = [part]
    while left:
        value = left.pop()
        if type(value) is dict:
            left.extend(value.values())
        elif type(value) is list:
            left.extend(value)
        elif type(value) is int or (type(value) is str and value and value != HIDDEN):
            yield value


def without_failed(
    key: Callable[[View], KeyValue], failed: Reader, source: KeySource, fold: bool
) -> Callable[[View], KeyValue]:
    """The key, without the values of parts that failed: missing where none is left."""
    shape = shape_of(source.transform, fold)

    def read(view: View) -> KeyValue:
        value = key(view)
        parts = failed(view)
        if value is None or not parts:
            return value
        gone = {_shaped(each, shape) for part in parts for each in part}
        if type(value) is frozenset:
            return value - gone or None
        return None if value in gone else value

    return read


def compile_told(
    sources: Sequence[tuple[Callable[[View], KeyValue], KeySource, bool]], failed: Reader
) -> Callable[[View], bool]:
    """A test whether each part that failed is about a value of one of these keys: how it is read, where it stands, and
    whether case counts for nothing."""
    lists_what_was_done = any(
        "[]" in path and path.startswith(f"{_RESPONSE}.")
        for _, source, _ in sources
        for path in source.paths
    )
    shaped = [(key, shape_of(source.transform, fold)) for key, source, fold in sources]

    def told(view: View) -> bool:
        parts = failed(view)
        if not parts or lists_what_was_done:
            return True
        known = [
            (elements(value), shape) for key, shape in shaped if (value := key(view)) is not None
        ]
        return all(
            any(_shaped(each, shape) in values for values, shape in known for each in part)
            for part in parts
        )

    return told


def _shaped(value: Scalar, shape: Callable[[str], str | None]) -> Scalar | None:
    return shape(value) if type(value) is str else value
