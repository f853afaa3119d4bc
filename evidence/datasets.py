"""Data sets that observed evidence refers to, and where they lie on this machine.

A reference is `<data set>`, `<data set>:<place>` or `<data set>:<file>:<event id>`, where a place is an event's id or
a file's name with or without what follows `.json`. The ids of data sets stand in `catalog/data/service_events.yaml`.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CloudcascadeError
from ..events import EventsError, Source, expand_sources

_DEPTH = 4


class LogsError(CloudcascadeError):
    """Logs that were named for a data set cannot be used."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where observed evidence points: a data set, and a file or an event of it where it names one.

    `place` is either; `event` is the event's id in a reference that names both.
    """

    dataset: str
    place: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """The files of a data set. `named`: somebody said so, or its folder's name does; otherwise it is a guess that
    only holds when what is cited of the data set is found there."""

    dataset: str
    path: str
    sources: tuple[Source, ...]
    named: bool


def reference(ref: str, datasets: Iterable[str]) -> Reference:
    """Read a reference. A name that none of `datasets` has ends at the first colon.

    >>> reference("sans-504:e1", ["sans-504"])
    Reference(dataset='sans-504', place='e1', event=None)
    >>> reference("stratus:run.json:e1", ["stratus"])
    Reference(dataset='stratus', place='run', event='e1')
    """
    known = [each for each in datasets if ref == each or ref.startswith(f"{each}:")]
    dataset = max(known, key=len, default=ref.partition(":")[0])
    place, _, event = ref.removeprefix(dataset).removeprefix(":").partition(":")
    return Reference(dataset, file_name(place) or None, event or None)


def file_name(path: str) -> str:
    """A file's name without its folder and without what follows `.json`."""
    return Path(path).name.partition(".json")[0]


def locate(datasets: Sequence[str], logs: Sequence[str]) -> Mapping[str, Located]:
    """Find each data set in what was given: folders to look in, or `<data set>=<path>`.

    A folder is a data set's when its name is the data set's id or a part of it, or begins with one:
    `invictus-ir/aws_dataset`, `aws_dataset`, `SANS-504-S3-ransomware-lab`, and `sans` for `sans-504`. The one nearest
    to the top counts, down to four folders deep. For a data set without such a folder everything that was given is
    looked through.

    Raises:
        LogsError: a data set is named that no evidence refers to.
        EventsError: a path leads to no file.
    """
    folders: list[str] = []
    said: dict[str, str] = {}
    for each in logs:
        name, equals, path = each.partition("=")
        if not equals or Path(each).exists():
            folders.append(each)
        elif name in datasets:
            said[name] = path
        else:
            known = ", ".join(datasets)
            raise LogsError(f"{each}: no evidence refers to a data set {name!r}; there are {known}")
    places = {
        dataset: place
        for dataset in datasets
        if (place := said.get(dataset) or _folder_of(dataset, folders)) is not None
    }
    found = {
        dataset: Located(dataset, place, tuple(expand_sources([place])), True)
        for dataset, place in places.items()
    }
    everything = tuple(_all_files(folders, places.values()))
    for dataset in datasets if everything else ():
        found.setdefault(dataset, Located(dataset, ", ".join(folders), everything, named=False))
    return found


def _all_files(folders: Iterable[str], places: Collection[str]) -> Iterator[Source]:
    for folder in folders:
        try:
            yield from expand_sources([folder])
        except EventsError:
            # A folder of links to data sets has no files of its own.
            if not any(Path(place).is_relative_to(folder) for place in places):
                raise


def _folder_of(dataset: str, folders: Iterable[str]) -> str | None:
    there = [each for folder in folders for each in _below(Path(folder)) if _is_of(each, dataset)]
    return min(there, default=(0, None))[1]


def _is_of(found: tuple[int, str], dataset: str) -> bool:
    name = Path(found[1]).absolute().name.lower()
    return any(
        name.startswith(part) or part.startswith(f"{name}-") for part in dataset.lower().split("/")
    )


def _below(folder: Path) -> Iterator[tuple[int, str]]:
    """The folder and those below it that hold something, each with its depth. A link to a folder is one, and is not
    followed further."""
    for parent, names, files in os.walk(folder):
        depth = len(Path(parent).relative_to(folder).parts)
        if files or names:
            yield depth, parent
        names[:] = sorted(each for each in names if not each.startswith("."))
        linked = [each for each in names if Path(parent, each).is_symlink()]
        yield from ((depth + 1, str(Path(parent, each))) for each in linked)
        if depth >= _DEPTH:
            names.clear()
