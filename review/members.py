"""The members of a CloudTrail record by their path, lists on the way walked through."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..catalog.record_fields import ACTION_MEMBERS, RECORD_PATHS

ROOTS = ACTION_MEMBERS | {path.partition(".")[0].removesuffix("[]") for path in RECORD_PATHS}
"""What a record's outermost members are called."""
OBJECTS = ACTION_MEMBERS | {path for path, kind in RECORD_PATHS.items() if kind == "object"}
"""The paths that hold an object in every record that has them."""


def is_member(path: str) -> bool:
    """Whether CloudTrail writes a member of that path, or may write one.

    >>> is_member("requestParameters.userName"), is_member("geo.country_name")
    (True, False)
    """
    return _parts(path)[0] in ROOTS


def member(record: Mapping[str, Any], path: str) -> Any:
    """What stands at `path`: a list of all of it where a list lies on the way, None where nothing or null does.

    >>> member({"a": [{"b": 1}, {"b": [2, None]}]}, "a.b")
    [1, 2]
    """
    value: Any = record
    parts = _parts(path)
    for at, part in enumerate(parts):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list):
            return _all_of(value, parts[at:]) or None
        else:
            return None
        if value is None:
            return None
    return _all_of(value, ()) or None if isinstance(value, list) else value


@lru_cache(maxsize=8_192)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _all_of(listed: list[Any], parts: tuple[str, ...]) -> list[Any]:
    found = listed
    for part in parts:
        found = [each[part] for each in _flat(found) if isinstance(each, Mapping) and part in each]
    return [each for each in _flat(found) if each is not None]


def _flat(listed: list[Any]) -> list[Any]:
    flat: list[Any] = []
    waiting = list(reversed(listed))
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(reversed(each))
        else:
            flat.append(each)
    return flat


def leaves(record: Mapping[str, Any]) -> list[Any]:
    """All values in the record that are no object, list or null."""
    found: list[Any] = []
    waiting: list[Any] = [record]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting.extend(reversed(list(each.values())))
        elif isinstance(each, list):
            waiting.extend(reversed(each))
        elif each is not None:
            found.append(each)
    return found
