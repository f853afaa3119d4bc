"""What a container is: an object in which some product keeps CloudTrail records, and where in it they stand."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Members = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Packed:
    """Base64 text of a record or of many, gzip or not."""

    text: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A record whose members stand in columns: by the dotted path of CloudTrail's member, such as `userIdentity.arn`.

    `unsure`: it does not say whether the call succeeded, or some of it may be read in more than one way.
    A member that is not there is one that nobody wrote, and what a verdict needs of them is asked for.
    """

    members: Members
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """No call by its nature, such as a message that only tests a connection: counted by this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """What is known, and does not hold what a verdict needs; the text says why, and what to export instead."""

    reason: str


Inside = object
"""A JSON value, text of one, or one of the above."""


def _nothing(value: Members) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A kind of object that holds records, by the members it is known by.

    `needs` are members that it has, all of them. What is inside stands at the first of `paths` that leads to
    something, in dotted names, of which each may hold dots itself; or `open` gives it, None where the object is
    none of these. `first`: it is looked for even in what looks like a record. `document`: what stands near the
    beginning of a file that has to be read as one value, since its parts say nothing alone: all of some bytes.
    """

    title: str
    needs: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    open: Callable[[Members], Iterable[Inside] | None] = _nothing
    first: bool = False
    document: tuple[tuple[bytes, ...], ...] = ()


def at(value: object, path: str) -> object:
    """What stands at a dotted path of nested objects, whose names may hold dots; None where nothing does.

    >>> at({"event.original": "a"}, "event.original"), at({"event": {"original": "b"}}, "event.original")
    ('a', 'b')
    """
    if not isinstance(value, Mapping):
        return None
    if path in value:
        return value[path]
    head = path
    while "." in head:
        head = head.rpartition(".")[0]
        if head in value:
            found = at(value[head], path[len(head) + 1 :])
            if found is not None:
                return found
    return None


def below(value: Members, path: str) -> object:
    """As `at`, or an object of what stands at dotted names that begin with the path.

    >>> below({"a.b.c": 1, "a.b.d": 2}, "a.b")
    {'c': 1, 'd': 2}
    """
    found = at(value, path)
    if found is not None:
        return found
    head = f"{path}."
    return {
        name[len(head) :]: each for name, each in value.items() if name.startswith(head)
    } or None


def columns_at(value: Members, columns: Mapping[str, str]) -> dict[str, object]:
    """The members of a record of which `columns` says where each stands, without those that are not there."""
    return {
        member: found for member, path in columns.items() if (found := at(value, path)) is not None
    }
