"""How CloudTrail writes what the service models write otherwise: data/spellings.yaml, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class LoggedAs:
    """The event source under which a service of the models is logged, and the field that tells it from others there.

    `source` is the page that shows it.
    """

    event_source: str
    field: str
    source: str


@dataclass(frozen=True, slots=True)
class Spellings:
    """The table, by service or action; the values are told in docs/checks.md and in the file itself."""

    capitals: frozenset[str]
    renamed: Mapping[str, Mapping[str, str]]
    logged_as: Mapping[str, LoggedAs]
    null: Mapping[str, Mapping[str, str]]
    either: Mapping[str, frozenset[str]]


@cache
def spellings() -> Spellings:
    """The table of the package."""
    file = resources.files(__package__) / "data" / "spellings.yaml"
    table: dict[str, Any] = yaml.load(
        file.read_text(encoding="utf-8"),
        Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),  # noqa: S506 - both are safe loaders
    )
    return Spellings(
        capitals=frozenset(table["capitals"]),
        renamed=MappingProxyType(
            {service: row["members"] for service, row in table["renamed"].items()}
        ),
        logged_as=MappingProxyType(
            {service: LoggedAs(**row) for service, row in table["logged_as"].items()}
        ),
        null=MappingProxyType(table["null"]),
        either=MappingProxyType(
            {service: frozenset(row["members"]) for service, row in table["either"].items()}
        ),
    )
