"""Panther's YAML, read safely: one analysis item a file.

https://docs.panther.com/panther-developer-workflows/detections-repo
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from ....errors import Place
from ...errors import Unreadable
from ...rule import Source

_LOADER: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)
_KIND = re.compile(r"""^["']?AnalysisType["']?\s*:\s*["']?([a-z_]+)["']?\s*(?:#.*)?$""", re.M)
_MOST_CHARACTERS = 2_000_000
_MOST_NODES = 300_000
_DEEPEST = 60


def kind_of(source: Source) -> str | None:
    """The `AnalysisType` that a file says it is of, found without reading it; None where it says none."""
    found = _KIND.search(source.text)
    return found[1] if found else None


def document(source: Source) -> Mapping[str, Any]:
    """The item of a file.

    Raises:
        Unreadable: it is no YAML, no mapping, or larger or deeper than a rule is.
    """
    if len(source.text) > _MOST_CHARACTERS or _nesting(source.text) > _DEEPEST * 4:
        raise Unreadable(Place(source.path), "it is too large or too deep for a rule")
    try:
        read = yaml.load(source.text, Loader=_LOADER)  # noqa: S506 - both are safe loaders
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source.path, mark.line + 1 if mark else 0, mark.column + 1 if mark else 0)
        raise Unreadable(place, error.problem or "it is no YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        reason = (str(error).splitlines() or ["it is no YAML"])[0]
        raise Unreadable(Place(source.path), reason) from None
    if not isinstance(read, dict):
        raise Unreadable(Place(source.path, 1, 1), "it is no mapping")
    _bounded(read, source)
    return read


def _nesting(text: str) -> int:
    """How many brackets are open at once at most, or dashes stand in a row: what a reader recurses by."""
    open_now = most = 0
    for mark in re.findall(r"[\[\]{}]", text):
        open_now = open_now + 1 if mark in "[{" else max(0, open_now - 1)
        most = max(most, open_now)
    dashes = max((len(each) // 2 for each in re.findall(r"(?:[-?] ){60,}", text)), default=0)
    return max(most, dashes)


def _bounded(read: Any, source: Source) -> None:
    """Count what aliases make of it: what follows is written out in full when it is sent to the sandbox."""
    waiting = [(read, 0)]
    count = 0
    while waiting:
        each, depth = waiting.pop()
        count += 1
        if count > _MOST_NODES or depth > _DEEPEST:
            raise Unreadable(Place(source.path), "it is too large or too deep for a rule")
        if isinstance(each, dict):
            waiting.extend((value, depth + 1) for value in each.values())
        elif isinstance(each, list):
            waiting.extend((value, depth + 1) for value in each)


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list; none where it is something else."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
