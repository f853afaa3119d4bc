"""Observed evidence found again: which of the records that the catalogue refers to a folder of logs holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..catalog import Cascade, Evidence
from ..events import expand_sources, read_batches


@dataclass(frozen=True, slots=True)
class Sighting:
    """One piece of observed evidence: what the logs hold of it.

    `found` are the supported actions that occur where the reference points, `missing` those that do not.
    With neither the logs do not hold the place at all.
    """

    cascade: str
    ref: str
    found: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def looked_at(self) -> bool:
        """Whether the logs hold what the reference points at."""
        return bool(self.found or self.missing)


@dataclass(slots=True)
class Sightings:
    """What a folder of logs holds: the actions of each file, by its name without ending, and of each event."""

    by_file: dict[str, set[str]] = field(default_factory=dict)
    by_event: dict[str, str] = field(default_factory=dict)
    file_of: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Sightings":
        """Read every log file below `folder`. Records that cannot be read are no evidence.

        Raises:
            EventsError: the folder cannot be read.
        """
        held = cls()
        for source in expand_sources([str(folder)]):
            name = Path(source.name).name.partition(".json")[0]
            for batch in read_batches([source], on_problem=lambda problem: None):
                for record in batch:
                    action = (
                        f"{record.eventSource.removesuffix('.amazonaws.com')}:{record.eventName}"
                    )
                    held.by_file.setdefault(name, set()).add(action)
                    if record.eventID:
                        held.by_event[record.eventID] = action
                        held.file_of[record.eventID] = name
        return held

    def actions_at(self, ref: str) -> set[str] | None:
        """The actions where `dataset:place` points: an event's file, or a file; None when it is not here."""
        place = ref.partition(":")[2]
        if place in self.file_of:
            return self.by_file[self.file_of[place]]
        return self.by_file.get(place)


def observe(cascades: Iterable[Cascade], held: Sightings) -> list[Sighting]:
    """Every piece of observed evidence, with what the logs hold of it."""
    return [
        _sighting(cascade, evidence, held)
        for cascade in cascades
        for evidence in cascade.evidence
        if evidence.kind == "observed"
    ]


def _sighting(cascade: Cascade, evidence: Evidence, held: Sightings) -> Sighting:
    there = held.actions_at(evidence.ref)
    if there is None:
        return Sighting(cascade.id, evidence.ref, (), ())
    actions = {effect.node: effect.action for effect in cascade.effects}
    wanted = [actions.get(node, node) for node in evidence.supports]
    return Sighting(
        cascade.id,
        evidence.ref,
        tuple(action for action in wanted if action in there),
        tuple(action for action in wanted if action not in there),
    )
