"""Reads values out of a record by the paths of a cascade document.

A path is compiled once to a function of a `View`; docs/semantics.md says what counts as a value.
"""

from collections.abc import Callable, Iterator

import msgspec

from ..catalog.models import KeySource
from ..events import Record

Scalar = str | int
KeyValue = Scalar | frozenset[Scalar] | None

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
MAX_ELEMENTS = 1_000

_decode = msgspec.json.Decoder().decode
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class View:
    """One record while its fields are read: each member is decoded once, when first asked for."""

    __slots__ = ("_members", "account", "record")

    def __init__(self, record: Record, account: str | None) -> None:
        self.record = record
        self.account = account
        self._members: dict[str, object] = {}

    def member(self, name: str) -> object:
        """The decoded member; None where it is missing, null or not decodable."""
        try:
            return self._members[name]
        except KeyError:
            value = self._members[name] = _decoded(getattr(self.record, name))
            return value


def _decoded(value: object) -> object:
    if not isinstance(value, msgspec.Raw):
        return value
    try:
        return _decode(value) if value else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # the readers checked the record's syntax; what is odd inside is no value


class Path:
    """A compiled field path."""

    __slots__ = ("_rest", "_top", "_top_each", "many", "text")

    def __init__(self, text: str) -> None:
        first, *rest = text.split(".")
        self.text = text
        self.many = "[]" in text
        self._top = first.removesuffix("[]")
        self._top_each = first.endswith("[]")
        self._rest = tuple((part.removesuffix("[]"), part.endswith("[]")) for part in rest)

    def one(self, view: View) -> object:
        """The value of a path without `[]`; None where nothing is there."""
        value = view.member(self._top)
        for name, _ in self._rest:
            if type(value) is not dict:
                return None
            value = value.get(name)
        return value

    def each(self, view: View) -> Iterator[object]:
        """The value of every element of a path with `[]`, None for an element without one."""
        yield from _walk(view.member(self._top), self._top_each, self._rest)


def _walk(value: object, spread: bool, rest: tuple[tuple[str, bool], ...]) -> Iterator[object]:
    if spread:
        if type(value) is list and value:
            for element in value:
                yield from _walk(element, False, rest)
        else:
            yield None  # no list, or an empty one, where elements were meant
        return
    if not rest:
        yield value
        return
    (name, each), *tail = rest
    inner = value.get(name) if type(value) is dict else None
    yield from _walk(inner, each, tuple(tail))


def lower_ascii(text: str) -> str:
    """`text` with A-Z lowered and nothing else touched: Unicode has letters that lower to ASCII ones.

    >>> lower_ascii("ALICE"), lower_ascii("\\u212aim")
    ('alice', '\u212aim')
    """
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def arn_name(text: str) -> str:
    """The name at the end of an ARN; anything that is no ARN as it is.

    >>> arn_name("arn:aws:iam::111111111111:role/team/deploy"), arn_name("deploy")
    ('deploy', 'deploy')
    """
    if not text.startswith("arn:"):
        return text
    parts = text.split(":", 5)
    if len(parts) < 6:
        return text
    resource = parts[5]
    return resource.rsplit("/", 1)[1] if "/" in resource else resource.rsplit(":", 1)[-1]


def _scalar(value: object, transform: str | None, fold: bool) -> Scalar | None:
    if type(value) is int:
        return value
    if type(value) is not str or not value or value == HIDDEN:
        return None
    text = arn_name(value) if transform == "arn-name" else value
    return (lower_ascii(text) if fold else text) or None


def compile_key(source: KeySource, fold: bool) -> Callable[[View], KeyValue]:
    """A function that reads the key's value from a record: a scalar, a set for `[]`, None when missing.

    `fold` compares texts without case.
    """
    transform = source.transform
    paths = tuple(Path(path) for path in source.paths)

    def read_path(path: Path, view: View) -> KeyValue:
        if not path.many:
            return _scalar(path.one(view), transform, fold)
        values: set[Scalar] = set()
        for count, element in enumerate(path.each(view), 1):
            value = _scalar(element, transform, fold)
            if value is None or count > MAX_ELEMENTS:
                return None
            values.add(value)
        return frozenset(values) or None

    if len(paths) == 1:
        only = paths[0]
        return lambda view: read_path(only, view)

    def read_first(view: View) -> KeyValue:
        for path in paths:
            value = read_path(path, view)
            if value is not None:
                return value
        return None

    return read_first


def covers(parent: KeyValue, child: KeyValue) -> bool:
    """Whether two keys are equal: where one is a set, every value of the child is among the parent's."""
    if parent is None or child is None:
        return False
    if not isinstance(child, frozenset):
        return child in parent if isinstance(parent, frozenset) else same(parent, child)
    return child <= elements(parent)


def differs(parent: KeyValue, child: KeyValue) -> bool:
    """Whether two keys are both present and have no value in common."""
    if parent is None or child is None:
        return False
    return not (elements(parent) & elements(child))


def elements(value: KeyValue) -> frozenset[Scalar]:
    """The values of a key, as a set; empty when it is missing."""
    if value is None:
        return frozenset()
    return value if isinstance(value, frozenset) else frozenset((value,))


def same(one: object, other: object) -> bool:
    """Equality that tells types apart."""
    return type(one) is type(other) and one == other
