"""Reads values out of a record by the paths of a cascade document.

A path is compiled once to a function of a `View`; docs/semantics.md says what counts as a value.
"""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from operator import itemgetter

import msgspec

from ...catalog.models import KeySource
from ...catalog.resource_names import resource_name
from ...events import Brief, Record, object_in
from ..actors.callers import Caller, members

Scalar = str | int
KeyValue = Scalar | frozenset[Scalar] | None

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
MAX_ELEMENTS = 1_000
_SHORT = 512

# The members of a record that are not decoded with it; userIdentity is read through its Caller.
RAW_MEMBERS = frozenset(
    each.name for each in msgspec.structs.fields(Record) if each.type is msgspec.Raw
) - {"userIdentity"}

_decode = msgspec.json.Decoder().decode
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class View(dict[str, object]):
    """One record while its fields are read: `view[name]` is a member, decoded when first asked for.

    A member is None where it is missing, null or not decodable. `account` is the record's own. Made by `view_of`.
    """

    __slots__ = ("account", "caller", "record")

    account: str | None
    caller: Caller
    record: Brief

    def __missing__(self, name: str) -> object:
        value = self[name] = (
            members(self.caller.raw)
            if name == "userIdentity"
            else _decoded(getattr(self.record, name))
        )
        return value


def view_of(record: Brief, account: str | None, caller: Caller) -> View:
    """A view of `record`, whose `userIdentity` is that of `caller`."""
    view = View()  # without __init__, which would cost as much as two fields
    view.record = record
    view.account = account
    view.caller = caller
    return view


def _decoded(value: object) -> object:
    if not isinstance(value, msgspec.Raw):
        return value
    try:
        return object_in(_decode(value)) if value else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # the readers checked the record's syntax; what is odd inside is no value


class Path:
    """A compiled field path. `one` gives the value of a path without `[]`, None where nothing is there."""

    __slots__ = ("_rest", "_top", "_top_each", "many", "one", "text")

    def __init__(self, text: str) -> None:
        first, *rest = text.split(".")
        self.text = text
        self.many = "[]" in text
        self._top = first.removesuffix("[]")
        self._top_each = first.endswith("[]")
        self._rest = tuple((part.removesuffix("[]"), part.endswith("[]")) for part in rest)
        self.one = _descent(self._top, tuple(name for name, _ in self._rest))

    def each(self, view: View) -> Iterator[object]:
        """The value of every element of a path with `[]`, None for an element without one."""
        yield from _walk(view[self._top], self._top_each, self._rest)


def _descent(top: str, rest: tuple[str, ...]) -> Callable[[View], object]:
    """A function that goes down from a member by names. Most paths have one name below the member."""
    if not rest:
        return itemgetter(top)
    if len(rest) == 1:
        (only,) = rest

        def below(view: View) -> object:
            value = view[top]
            return value.get(only) if type(value) is dict else None

        return below

    def far_below(view: View) -> object:
        value = view[top]
        for name in rest:
            if type(value) is not dict:
                return None
            value = value.get(name)
        return value

    return far_below


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


def _shaped(text: str, transform: str | None, fold: bool) -> str | None:
    """What a text counts as; None where it is no value."""
    if not text or text == HIDDEN:
        return None
    if transform == "arn-name":
        text = arn_name(text)
    elif transform == "resource-name":
        text = resource_name(text)
    return (lower_ascii(text) if fold else text) or None


# The value of a spoiler's key that is there and cannot be read: it is among the values of every root.
UNREADABLE: frozenset[Scalar] = frozenset()

# Members in whose place CloudTrail writes null, or `{"omitted": true}` where they are too large.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_MAY_BE_OMITTED = frozenset(
    {"additionalEventData", "requestParameters", "responseElements", "serviceEventDetails"}
)


def omissible_member(path: str) -> str | None:
    """The member of a record that `path` names or leads into, if it is one of those that may be left out."""
    top = path.partition(".")[0]
    return top if top in _MAY_BE_OMITTED else None


def is_omitted(path: str, view: View) -> bool:
    """Whether the object that `path` names or leads into is not in the record."""
    top = omissible_member(path)
    if top is None:
        return False
    value = view[top]
    return type(value) is not dict or value.get("omitted") is True


def compile_spoiler_key(source: KeySource, fold: bool) -> Callable[[View], KeyValue]:
    """As `compile_key`; what is there, or may be, and cannot be read is `UNREADABLE`."""
    strict = compile_key(source, fold)
    paths = [Path(path) for path in source.paths]

    def read(view: View) -> KeyValue:
        value = strict(view)
        if value is None and any(_is_unreadable(path, view) for path in paths):
            return UNREADABLE
        return value

    return read


def _is_unreadable(path: Path, view: View) -> bool:
    if is_omitted(path.text, view):
        return True
    values = path.each(view) if path.many else (path.one(view),)
    return any(value is not None for value in values)


def compile_key(source: KeySource, fold: bool) -> Callable[[View], KeyValue]:
    """A function that reads the key's value from a record: a scalar, a set for `[]`, None when missing.

    `fold` compares texts without case.
    """
    # The names of one instance stand in several of its events, and those in many others.
    shape = shape_of(source.transform, fold)
    readers = [_reader(Path(path), shape) for path in source.paths]
    if len(readers) == 1:
        return readers[0]

    def read_first(view: View) -> KeyValue:
        for reader in readers:
            value = reader(view)
            if value is not None:
                return value
        return None

    return read_first


@cache
def shape_of(transform: str | None, fold: bool) -> Callable[[str], str | None]:
    """What a text counts as, None where it is no value: `_shaped` for one transform, with the texts that were asked for
    last, as far as they are short."""
    shaped = partial(_shaped, transform=transform, fold=fold)
    remembered = lru_cache(maxsize=4_096)(shaped)
    return lambda text: remembered(text) if len(text) <= _SHORT else shaped(text)


def _reader(path: Path, shape: Callable[[str], str | None]) -> Callable[[View], KeyValue]:
    one = path.one

    def read(view: View) -> KeyValue:
        value = one(view)
        if type(value) is str:
            return shape(value)
        return value if type(value) is int else None

    def read_set(view: View) -> KeyValue:
        values: set[Scalar] = set()
        for count, element in enumerate(path.each(view), 1):
            value = shape(element) if type(element) is str else element
            if type(value) is int or type(value) is str:
                values.add(value)
            else:
                return None
            if count > MAX_ELEMENTS:
                return None
        return frozenset(values) or None

    return read_set if path.many else read


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
