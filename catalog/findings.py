"""What is wrong with the catalogue, as values with a place, and the error that carries them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import CloudcascadeError, Place

Severity = Literal["error", "warning", "note"]


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

    def at(self, place: Place) -> "Finding":
        """The same, said of another place."""
        return replace(self, file=place.file, line=place.line, column=place.column)

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message} [{self.code}]"


class CatalogError(CloudcascadeError):
    """A catalogue, overlay or configuration that cannot be used; `findings` says where and why."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {finding}" for finding in findings)]))
        self.findings = tuple(findings)


class UnknownName(CatalogError):
    """No such action or cascade, or more than one; `candidates` are those it may have meant."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


# The codes of the findings that loading can give; `check.py` has those of its own.
LOAD_CODES: dict[str, str] = {
    "unreadable": "The file cannot be read, is too large, or is no UTF-8 text.",
    "yaml-syntax": "The file is no valid YAML, or is empty.",
    "yaml-feature": "The file uses YAML that the format leaves out: anchors, tags, several documents.",
    "yaml-duplicate-key": "A mapping has the same key twice.",
    "yaml-value": "A number that other tools read differently; put it in quotes.",
    "empty-field": "A field without a value.",
    "unknown-field": "A field that the format does not have.",
    "missing-field": "A field that the format requires.",
    "bad-value": "A value of the wrong kind or shape.",
    "structure": "Parts of the document refer to each other wrongly.",
    "id-path": "The id and the file's name or folder disagree.",
    "duplicate-id": "Two files have the same id.",
    "file-name": "A folder holds a file that is not read because of its name.",
    "config": "cascade.toml cannot be used.",
    "config-unknown": "cascade.toml names a cascade or an effect that is not there.",
    "config-looser": "cascade.toml makes a policy looser, which it may not.",
    "config-wider": "cascade.toml widens a window.",
    "config-window": "cascade.toml widens a window further than a silenced effect may have it.",
    "config-rival": "cascade.toml takes away what kept events of an action from being silenced.",
    "unsafe-overlay": "An overlay's cascade breaks rules of safety; `cascade check` on its file names each.",
}
