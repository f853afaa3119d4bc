"""Reads and writes a record's fields by the paths of a cascade document."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..catalog import KeySource
from ..catalog.resource_names import resource_name
from .callers import Json

_MISSING = object()


def parts_of(path: str) -> list[tuple[str, bool]]:
    """The names along a path, each with whether it steps into the elements of a list."""
    return [(part.removesuffix("[]"), part.endswith("[]")) for part in path.split(".")]


def write(record: Json, path: str, value: object) -> None:
    """Put `value` at `path`. Lists on the way get one element, and what has no room for members gives way."""
    *way, (last, each) = parts_of(path)
    place: Json = record
    for name, spread in way:
        inner: Any = place.get(name)
        if spread:
            if not isinstance(inner, list) or not inner or not isinstance(inner[0], dict):
                inner = place[name] = [{}]
            place = inner[0]
        else:
            if not isinstance(inner, dict):
                inner = place[name] = {}
            place = inner
    place[last] = [value] if each else value


def read(record: object, path: str) -> object:
    """What stands at `path`, None where nothing does; of a list the first element."""
    value = record
    for name, spread in parts_of(path):
        value = value.get(name) if isinstance(value, dict) else None
        if spread:
            value = value[0] if isinstance(value, list) and value else None
    return value


def leaves(record: object, path: str) -> Iterator[object]:
    """Every value at `path`, None for an element that has none."""
    yield from _walk(record, parts_of(path))


def _walk(value: object, parts: list[tuple[str, bool]]) -> Iterator[object]:
    if not parts:
        yield value
        return
    (name, spread), *rest = parts
    inner = value.get(name) if isinstance(value, dict) else None
    if spread:
        for element in inner if isinstance(inner, list) and inner else [None]:
            yield from _walk(element, rest)
    else:
        yield from _walk(inner, rest)


def path_of(source: KeySource, refused: Iterable[str] = ()) -> str:
    """The field into which the value of a key is written: the first that may hold one."""
    closed = set(refused)
    return next((path for path in source.paths if path not in closed), source.paths[0])


def shortened(text: str, transform: str | None) -> str:
    """What a text counts as under a key's transform, as docs/cascade-file.md defines these.

    >>> shortened("arn:aws:iam::111122223333:role/team/deploy", "arn-name")
    'deploy'
    """
    if transform == "arn-name" and text.startswith("arn:"):
        parts = text.split(":", 5)
        if len(parts) == 6:
            resource = parts[5]
            return resource.rpartition("/")[2] if "/" in resource else resource.rpartition(":")[2]
    if transform == "resource-name":
        return resource_name(text)
    return text.lower() if transform == "lower" else text
