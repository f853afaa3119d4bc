"""Where a table keeps the fields of a CloudTrail record: data in `data/layouts/`, one file a layout."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from ..errors import ExportError

FOLDER = Path(__file__).parents[1] / "data" / "layouts"
TimeForm = Literal["iso", "timestamp", "milliseconds"]
PartitionForm = Literal["day", "timestamp"]


@dataclass(frozen=True, slots=True)
class Column:
    """A field that is a column, or a member of a struct column, and holds text."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InDocument:
    """A field inside a column that holds JSON; `path` may end its members with `[]`."""

    parts: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InList:
    """A member of every struct in a list column."""

    parts: tuple[str, ...]
    member: str


Location = Column | InDocument | InList


@dataclass(frozen=True, slots=True)
class Layout:
    """A table layout. Keys are CloudTrail's paths; values are columns, dotted where they are structs.

    `time_form` is how the event's time is kept: ISO 8601 text, a timestamp, or milliseconds. `partition_form` is how
    a column is written that parts the table: a timestamp, or a day as text, such as 2026/03/17.
    """

    name: str
    title: str
    source: str
    table: str
    time_path: str
    time_form: TimeForm
    columns: Mapping[str, str]
    documents: Mapping[str, str]
    lists: Mapping[str, Mapping[str, str]]
    list_columns: Mapping[str, str]
    partition_form: PartitionForm

    def find(self, path: str) -> Location | None:
        """Where the field stands; None where the table does not keep it."""
        if path in self.columns:
            return Column(tuple(self.columns[path].split(".")))
        head, each, member = path.partition("[].")
        if each and head in self.lists:
            name = self.lists[head].get(member)
            return InList(tuple(self.list_columns[head].split(".")), name) if name else None
        parts = path.split(".")
        for length in range(len(parts), -1, -1):
            document = self.documents.get(".".join(parts[:length]))
            if document is not None:
                return InDocument(tuple(document.split(".")), tuple(parts[length:]))
        return None


@cache
def layout(name: str) -> Layout:
    """The layout of that name.

    Raises:
        ExportError: there is no such file.
    """
    file = FOLDER / f"{name}.yaml"
    if not file.is_file():
        raise ExportError(f"no table layout is called {name!r}")
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    lists = written.get("lists", {})
    return Layout(
        name=name,
        title=written["title"],
        source=written["source"],
        table=written["table"],
        time_path=written["time"]["path"],
        time_form=written["time"]["as"],
        columns=written.get("columns", {}),
        documents=written.get("documents", {}),
        lists={path: held["members"] for path, held in lists.items()},
        list_columns={path: held["column"] for path, held in lists.items()},
        partition_form=written.get("partition", "timestamp"),
    )
