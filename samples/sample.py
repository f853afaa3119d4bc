"""What a sample is: the events of one instance of a cascade, each with the node it stands at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..catalog import Cascade
from .callers import Json
from .keys import Values
from .shapes import Scene


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """A record, and the name of the node it stands at. `at`: UTC, seconds since 1970."""

    node: str
    at: int
    record: Json

    @property
    def id(self) -> str:
        """The record's eventID."""
        return str(self.record["eventID"])


@dataclass(frozen=True, slots=True)
class Sample:
    """The events of one instance in order of time, or of a twin of one.

    `keys` are the values of each node's keys. `twin` and `changed` say of a twin what it differs in, and at which
    node; both are None of an instance.
    """

    cascade: Cascade
    profile: str
    seed: int
    start: int
    events: tuple[SampleEvent, ...]
    keys: Mapping[str, Values] = field(repr=False)
    scene: Scene = field(repr=False)
    twin: str | None = None
    changed: str | None = None

    def event(self, node: str) -> SampleEvent:
        """The event at a node.

        Raises:
            KeyError: there is none.
        """
        for event in self.events:
            if event.node == node:
                return event
        raise KeyError(node)

    def id_of(self, node: str) -> str:
        """The eventID of the event at a node; the root's is the name of the instance."""
        return self.event(node).id

    @property
    def records(self) -> list[Json]:
        """The records in order of time."""
        return [event.record for event in self.events]
