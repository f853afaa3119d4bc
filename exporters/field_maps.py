"""How a platform spells CloudTrail's fields: data in `data/fields/`, one file a platform.

A path is looked up whole, then by its longest known beginning: where `requestParameters` is spelt
`aws.cloudtrail.flattened.request_parameters`, so begins every field below it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from .errors import ExportError

FOLDER = Path(__file__).parent / "data" / "fields"


@dataclass(frozen=True, slots=True)
class Success:
    """How a successful call looks: `field` is absent, or else one of `values`, and `message` is absent.

    `message` is where errorMessage stands; None where the platform keeps none, or `field` speaks for both.
    """

    field: str
    values: tuple[str, ...] = ()
    message: str | None = None

    @property
    def absent(self) -> bool:
        """Whether the field is missing on success."""
        return not self.values


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The spelling of one platform. `fields` and `below` lead from CloudTrail's paths to the platform's."""

    name: str
    title: str
    source: str
    success: Success
    fields: Mapping[str, str]
    below: Mapping[str, str]

    def find(self, path: str) -> str | None:
        """The platform's name of the field; None where it keeps no such field."""
        exact = self.fields.get(path)
        if exact is not None:
            return exact
        head = path
        while "." in head:
            head = head.rpartition(".")[0]
            if head in self.below:
                return self.below[head] + path[len(head) :]
        return None

    def field(self, path: str) -> str:
        """The platform's name of the field.

        Raises:
            ExportError: the platform keeps no such field.
        """
        found = self.find(path)
        if found is None:
            raise ExportError(f"{self.title} keeps no field for {path}")
        return found


@cache
def field_map(name: str) -> FieldMap:
    """The field map of that name, from `data/fields/`.

    Raises:
        ExportError: there is no such file.
    """
    file = FOLDER / f"{name}.yaml"
    if not file.is_file():
        raise ExportError(f"no field map is called {name!r}")
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    success = written["success"]
    return FieldMap(
        name=name,
        title=written["title"],
        source=written["source"],
        success=Success(success["field"], tuple(success.get("values", ())), success.get("message")),
        fields=written.get("fields", {}),
        below=written.get("below", {}),
    )
