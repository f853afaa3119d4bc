"""The products that CloudTrail records come out of, a module each; found by looking into this folder.

A module has a `CONTAINER`. To add one, add its module, and a sample of it to tests/events/containers.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from .container import Columns, Container, Inside, Members, Packed, Passed, Unusable, at

__all__ = [
    "Columns",
    "Container",
    "Inside",
    "Members",
    "Packed",
    "Passed",
    "Unusable",
    "containers",
    "documents",
    "inside",
]


@cache
def containers() -> tuple[Container, ...]:
    """All, those that are known by more members before those that are known by fewer."""
    found = [
        (-len(module.needs), name, module)
        for name in sorted(each.name for each in iter_modules(__path__))
        if (module := getattr(import_module(f"{__name__}.{name}"), "CONTAINER", None)) is not None
    ]
    return tuple(container for *_, container in sorted(found, key=lambda each: each[:2]))


@cache
def documents() -> tuple[tuple[bytes, ...], ...]:
    """The marks of files that have to be read as one value."""
    return tuple(marks for each in containers() for marks in each.document)


def inside(value: Members, *, first: bool = False) -> Iterable[Inside] | None:
    """What the object holds, if it is a container; None if not. `first`: only those that are looked for even in what
    looks like a record."""
    for container in containers():
        if (container.first or not first) and container.needs <= value.keys():
            found = container.open(value)
            if found is None:
                found = next(_at_paths(value, container), None)
            if found is not None:
                return found
    return None


def _at_paths(value: Members, container: Container) -> Iterator[Iterable[Inside]]:
    for path in container.paths:
        found = at(value, path)
        if isinstance(found, dict | list | Packed) or (isinstance(found, str) and "{" in found):
            yield (found,)
