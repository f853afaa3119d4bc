"""What is wrong with the catalogue, as values with a place, and the error that carries them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import CloudcascadeError, Place

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that `cascade check` says of one place. `code` is stable and listed in docs/checks.md."""

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.file, self.line, self.column)

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message} [{self.code}]"


class CatalogError(CloudcascadeError):
    """A catalogue, overlay or configuration that cannot be used; `findings` says where and why."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {finding}" for finding in findings)]))
        self.findings = tuple(findings)
