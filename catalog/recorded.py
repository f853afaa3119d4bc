"""What CloudTrail records have shown and no service model says: data/service_events.yaml, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from .record_facts import record_facts


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """An event that is no API call. `source` is a URL or a data set; `fields` are the known ones."""

    source: str
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The table: events that are no API call, fields of API calls, and data sets, each by name.

    A data set's value is its URL.
    """

    events: Mapping[str, ServiceEvent]
    fields: Mapping[str, frozenset[str]]
    datasets: Mapping[str, str]

    def fields_of(self, action: str) -> frozenset[str]:
        """The fields that records of the action have shown."""
        event = self.events.get(action)
        if event is not None:
            return event.fields
        return self.fields.get(action, frozenset()) | record_facts().fields_of(action)


@cache
def recorded() -> Recorded:
    """The table of the package."""
    file = resources.files(__package__) / "data" / "service_events.yaml"
    table: dict[str, Any] = yaml.load(
        file.read_text(encoding="utf-8"),
        Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),  # noqa: S506 - both are safe loaders
    )
    return Recorded(
        events=MappingProxyType(
            {
                action: ServiceEvent(event["source"], frozenset(event.get("fields", ())))
                for action, event in table["events"].items()
            }
        ),
        fields=MappingProxyType(
            {
                action: frozenset(path for paths in kinds.values() for path in paths)
                for action, kinds in table["fields"].items()
            }
        ),
        datasets=MappingProxyType(table["datasets"]),
    )
